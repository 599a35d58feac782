"""Errors that the gateway makes itself are answered by the API's gateway responses.

On AWS a gateway response has a status, headers (`gatewayresponse.header.Content-Type` among them) and a body template
with variables of `$context` and `$stageVariables`, which is not Velocity
(https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html); a type that
isn't configured takes the configured DEFAULT_4XX or DEFAULT_5XX.
The stock server knows five variables of `$context`, lets `content-type` stand beside `Content-Type`, and takes only few
sources of headers.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ministack.services import apigateway_v1

from local.emulator import frame
from local.emulator.apigateway import mappings
from local.emulator.apigateway.answers import JSON, set_header
from local.emulator.apigateway.call import Answer, Call, current
from local.emulator.frame import Server

NAME = "api_gateway_responses"

_VARIABLE = re.compile(r"\$(?:\{((?:context|stageVariables)(?:\.[\w-]+)+)\}|((?:context|stageVariables)(?:\.\w+)+))")
_NEEDED = (
    "_DEFAULT_GATEWAY_RESPONSE_TEMPLATE",
    "_GATEWAY_RESPONSE_ERROR_TYPES",
    "_deployed_gateway_responses",
    "_gateway_response_for_type",
    "_gateway_responses",
    "find_api_scope",
)
_HEADER = "gatewayresponse.header."

_ERROR_TYPES = {
    "INVALID_API_KEY": "ForbiddenException",
    "QUOTA_EXCEEDED": "LimitExceededException",
    "REQUEST_TOO_LARGE": "RequestTooLargeException",
}

# AWS renders the messages of these types after a blank.
_AFTER_BLANK = (
    "API_CONFIGURATION_ERROR",
    "AUTHORIZER_CONFIGURATION_ERROR",
    "BAD_REQUEST_BODY",
    "BAD_REQUEST_PARAMETERS",
    "DEFAULT_5XX",
)


def install(server: Server) -> None:
    for name in _NEEDED:
        frame.require(NAME, apigateway_v1, name)
    frame.replace(NAME, apigateway_v1, "_gateway_error_response", "error request", _rendered)


def substitute(template: str, variables: dict[str, Any], absent: str = "") -> str:
    """`template` with its `$context` and `$stageVariables` variables: plain substitution, without Velocity."""

    def value(found: re.Match[str]) -> str:
        node: Any = variables
        for name in (found[1] or found[2]).split("."):
            node = node.get(name) if isinstance(node, dict) else None
        if node is None or node == "":
            return absent
        return node if isinstance(node, str) else json.dumps(node)

    return _VARIABLE.sub(value, template)


def _rendered(original: Any) -> Any:
    def respond(error: Any, request: dict[str, Any]) -> Answer:
        return _response(error, current.get(None) or _unrouted(request))

    return respond


def _unrouted(request: dict[str, Any]) -> Call:
    """The call of which the server noted `request`: signatures are checked before it knows more."""
    account, region = apigateway_v1.find_api_scope(request["api_id"])
    return Call(
        api_id=request["api_id"],
        stage_name=request["stage_name"],
        account=account,
        region=region,
        method="",
        path="",
        headers={name.lower(): value for name, value in request["headers"].items()},
        query=request["query_params"],
        body=b"",
        request=request,
        request_id=request["request_id"],
    )


def _response(error: Any, call: Call) -> Answer:
    kind = error.response_type
    deployed = apigateway_v1._deployed_gateway_responses.get(call.api_id, {}).get(call.stage.get("deploymentId"))
    configured = deployed if deployed is not None else apigateway_v1._gateway_responses.get(call.api_id, {})
    response = apigateway_v1._gateway_response_for_type(configured, kind)
    call.error = _described(error)
    headers: dict[str, Any] = {"Content-Type": JSON, "x-amzn-requestid": call.request_id}
    known = {**_ERROR_TYPES, **apigateway_v1._GATEWAY_RESPONSE_ERROR_TYPES}
    error_type = error.error_type or known.get(kind)
    if error_type:
        headers["x-amzn-ErrorType"] = error_type
    for name, value in mappings.mapped(response.get("responseParameters"), _HEADER, call):
        set_header(headers, name, value)
    variables = {"context": call.context(), "stageVariables": call.stage_variables}
    body = substitute(_template(response, configured, kind), variables)
    return _status(error, response, configured), headers, body.encode()


def _described(error: Any) -> dict[str, str]:
    blank = " " if error.response_type in _AFTER_BLANK else ""
    described = {
        "message": error.message or "",
        "messageString": blank + json.dumps(error.message),
        "responseType": error.response_type,
    }
    reasons = getattr(error, "reasons", "")
    return {**described, "validationErrorString": reasons} if reasons else described


def _template(response: dict[str, Any], configured: dict[str, Any], kind: str) -> str:
    if kind == "ACCESS_DENIED" and not configured.keys() & {kind, "DEFAULT_4XX"}:
        return '{"Message":$context.error.messageString}'  # AWS's own, with a capital letter
    by_type = response.get("responseTemplates") or {}
    return by_type.get(JSON) or next(iter(by_type.values()), apigateway_v1._DEFAULT_GATEWAY_RESPONSE_TEMPLATE)


def _status(error: Any, response: dict[str, Any], configured: dict[str, Any]) -> int:
    kind = error.response_type
    own = getattr(error, "status", None)
    if own and "statusCode" not in configured.get(kind, {}):
        return own
    return int(response.get("statusCode") or own or (403 if kind == "DEFAULT_4XX" else 500))
