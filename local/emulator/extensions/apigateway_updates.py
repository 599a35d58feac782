"""What a change of a REST API's parts writes, and the tags of its resources.

On AWS a patch path is a JSON pointer (`~1` stands for a slash), a list takes and gives up single members, and a value
keeps its type: "true" becomes a boolean where one stands
(https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html). Tags given at creation and tags set later are
the same tags. A throttling limit of -1 is none.
The stock server splits at every slash, stores each value as text (a method whose `apiKeyRequired` becomes "false" still
asks for a key), turns lists into objects, knows no update of a method's response, keeps two sets of tags, and refuses
every request of a method whose limits are -1.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ministack.services import apigateway_v1

from local.emulator import frame
from local.emulator.frame import Server

NAME = "apigateway_updates"
_METHOD_RESPONSE = re.compile(r"/restapis/([^/]+)/resources/([^/]+)/methods/([^/]+)/responses/(\d{3})")
_FLAGS = frozenset({"apiKeyRequired", "enabled", "disableExecuteApiEndpoint", "tracingEnabled"})
_NUMBERS = {
    "authorizerResultTtlInSeconds": int,
    "burstLimit": int,
    "limit": int,
    "minimumCompressionSize": int,
    "offset": int,
    "rateLimit": float,
    "timeoutInMillis": int,
}
_STAGES = "apiStages"


def install(server: Server) -> None:
    for name in ("_resources", "_rest_apis", "_api_keys", "_usage_plans", "_stages_v1", "_v1_response", "_v1_error"):
        frame.require(NAME, apigateway_v1, name)
    frame.replace(NAME, apigateway_v1, "_apply_patch", "obj patch_ops", lambda original: apply)
    frame.replace(NAME, apigateway_v1, "handle_request", "method path headers body query_params", _with_responses)
    frame.replace(NAME, apigateway_v1, "_get_v1_tags", "resource_arn", _get_tags)
    frame.replace(NAME, apigateway_v1, "_tag_v1_resource", "resource_arn data", _tag)
    frame.replace(NAME, apigateway_v1, "_untag_v1_resource", "resource_arn tag_keys", _untag)
    frame.replace(NAME, apigateway_v1, "_take_token", "slot limits", _with_no_limit)


def apply(target: dict[str, Any], operations: list[dict[str, Any]]) -> dict[str, Any]:
    """Apply patch operations to a resource, in place and in order."""
    for operation in operations:
        path = [_decoded(token) for token in operation.get("path", "").split("/")[1:]]
        if path and path[0] == _STAGES:
            _change_stages(target, operation, path[1:])
        elif path:
            _change(target, operation, path)
    return target


def _change(target: Any, operation: dict[str, Any], path: list[str]) -> None:
    removing = operation.get("op") == "remove"
    for key in path[:-1]:
        if not isinstance(target.get(key), dict | list):
            if removing:
                return
            target[key] = {}
        target = target[key]
    last, value = path[-1], operation.get("value")
    if isinstance(target, list):
        _change_member(target, last, value, removing=removing)
    elif isinstance(target.get(last), list) and value is not None:
        _change_member(target[last], value, value, removing=removing)
    elif removing:
        target.pop(last, None)
    else:
        target[last] = _typed(last, value)


def _change_member(members: list[Any], name: str, value: Any, *, removing: bool) -> None:
    if removing:
        members[:] = [member for member in members if member != name]
    elif name.isdigit() and int(name) < len(members):
        members[int(name)] = value
    elif name not in members:
        members.append(name)


def _change_stages(plan: dict[str, Any], operation: dict[str, Any], path: list[str]) -> None:
    """A usage plan names its stages as `<api>:<stage>`, and their throttles by path and method."""
    stages = plan.setdefault(_STAGES, [])
    name = path[0] if path else operation.get("value") or ""
    api, _, stage = name.partition(":")
    found = next((row for row in stages if row["apiId"] == api and row["stage"] == stage), None)
    if path and found is not None:
        throttles = found.setdefault("throttle", {})
        if len(path) > 2:
            limits = throttles.setdefault("/".join(path[2:-1]), {})
            limits[path[-1]] = _typed(path[-1], operation.get("value"))
    elif operation.get("op") == "remove":
        stages[:] = [row for row in stages if row is not found]
    elif not path and found is None:
        stages.append({"apiId": api, "stage": stage})


def _typed(name: str, value: Any) -> Any:
    if value in ("true", "false") and (name in _FLAGS or name.startswith("method.")):
        return value == "true"
    if name in _NUMBERS and value is not None:
        return _NUMBERS[name](value)
    return value


def _decoded(token: str) -> str:
    return token.replace("~1", "/").replace("~0", "~")


def _with_responses(original: Any) -> Any:
    async def handle_request(method: str, path: str, headers: dict, body: bytes, query_params: dict) -> Any:
        names = _METHOD_RESPONSE.fullmatch(path) if method == "PATCH" else None
        if names is None:
            return await original(method, path, headers, body, query_params)
        api, resource, verb, status = names.groups()
        methods = apigateway_v1._resources.get(api, {}).get(resource, {}).get("resourceMethods", {})
        response = methods.get(verb, {}).get("methodResponses", {}).get(status)
        if response is None:
            return apigateway_v1._v1_error("NotFoundException", "Invalid Response status code specified", 404)
        return apigateway_v1._v1_response(apply(response, json.loads(body).get("patchOperations", [])))

    return handle_request


def _record(arn: str) -> dict[str, Any]:
    """The resource that the ARN of a valid tag request names."""
    kind, name, *rest = arn.split("::/", 1)[1].split("/")
    if rest:
        return apigateway_v1._stages_v1.get(name, {})[rest[1]]
    stores = {
        "restapis": apigateway_v1._rest_apis,
        "apikeys": apigateway_v1._api_keys,
        "usageplans": apigateway_v1._usage_plans,
    }
    return stores[kind].get(name) if kind in stores else {}


def _get_tags(original: Any) -> Any:
    def get_tags(resource_arn: str) -> Any:
        status, headers, body = original(resource_arn)
        if status >= 400 or "/domainnames/" in resource_arn:
            return status, headers, body
        return apigateway_v1._v1_response({"tags": _record(resource_arn).get("tags") or {}})

    return get_tags


def _tag(original: Any) -> Any:
    def tag(resource_arn: str, data: dict[str, Any]) -> Any:
        answer = original(resource_arn, data)
        if answer[0] < 400:
            record = _record(resource_arn)
            record["tags"] = {**(record.get("tags") or {}), **data.get("tags", {})}
        return answer

    return tag


def _untag(original: Any) -> Any:
    def untag(resource_arn: str, tag_keys: list[str]) -> Any:
        answer = original(resource_arn, tag_keys)
        if answer[0] < 400:
            record = _record(resource_arn)
            record["tags"] = {key: text for key, text in (record.get("tags") or {}).items() if key not in tag_keys}
        return answer

    return untag


def _with_no_limit(original: Any) -> Any:
    def take_token(slot: Any, limits: dict[str, Any]) -> bool:
        if any(float(limit) < 0 for limit in limits.values() if limit is not None):
            return True
        return original(slot, limits)

    return take_token
