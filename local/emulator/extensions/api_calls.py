"""A call of a REST API has one identity, from the first check to the log.

On AWS `$context.requestId` and the response header `x-amzn-RequestId` are the same, `x-amz-apigw-id` is
`$context.extendedRequestId`
(https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html), and a body
of more than 10 MB is refused (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html).
A function behind a proxy integration gets the same ids in its event.
The stock server makes a new id for every purpose, and takes bodies of any size.
"""

from __future__ import annotations

from typing import Any

from ministack.services import apigateway_v1

from local.emulator import frame
from local.emulator.apigateway.answers import set_header
from local.emulator.apigateway.call import Answer, Call, current
from local.emulator.frame import Server

NAME = "api_calls"
MAX_BODY_BYTES = 10 * 1024 * 1024

_NEEDED = (
    "_GatewayError",
    "_execute_in_scope",
    "_gateway_error_response",
    "_iam_caller_identity",
    "_media_type_matches",
    "_rest_apis",
)
_HANDLED = "api_id stage_name method path headers body query_params owner_account_id owner_region"
_BUILT = (
    "api_id stage_name stage resource request_path method headers body query_params path_params binary_media_types "
    "authorizer_context caller_identity"
)
_AUTHORIZED = (
    "api_id stage_name method_obj method request_path resource headers body query_params path_params stage "
    "owner_account_id owner_region"
)


def install(server: Server) -> None:
    for name in _NEEDED:
        frame.require(NAME, apigateway_v1, name)
    frame.replace(NAME, apigateway_v1, "_handle_execute_in_scope", _HANDLED, lambda original: _handle)
    frame.replace(NAME, apigateway_v1, "_authorize_request_v1", _AUTHORIZED, _noting)
    frame.replace(NAME, apigateway_v1, "_build_lambda_event_v1", _BUILT, _identified)


async def _handle(api_id: str, stage_name: str, method: str, path: str, *received: Any) -> Answer:
    headers, body, query, account, region = received
    call = Call(
        api_id=api_id,
        stage_name=stage_name,
        account=account,
        region=region,
        method=method,
        path=path,
        headers={name.lower(): value for name, value in (headers or {}).items()},
        query=query or {},
        body=body or b"",
    )
    call.request = {
        "api_id": api_id,
        "stage_name": stage_name,
        "stage": None,
        "headers": call.headers,
        "query_params": call.query,
        "path_params": {},
        "resource_path": "",
        "request_id": call.request_id,
    }
    token = current.set(call)
    try:
        return await _answer(call)
    finally:
        current.reset(token)


async def _answer(call: Call) -> Answer:
    response = await apigateway_v1._execute_in_scope(
        call.request,
        call.api_id,
        call.stage_name,
        call.method,
        call.path,
        call.headers,
        call.body,
        call.query,
        call.account,
        call.region,
    )
    if isinstance(response, apigateway_v1._GatewayError):
        response = apigateway_v1._gateway_error_response(response, call.request)
    status, headers, body = response
    set_header(headers, "x-amzn-requestid", call.request_id)
    set_header(headers, "x-amz-apigw-id", call.extended_request_id)
    return status, headers, body


def _noting(original: Any) -> Any:
    async def authorize(api_id: str, stage_name: str, method_obj: dict, method: str, path: str, *rest: Any) -> Any:
        call, resource = current.get(), rest[0]
        call.operation, call.resource_id = method_obj, resource["id"]
        if len(call.body) > MAX_BODY_BYTES:
            return apigateway_v1._GatewayError("REQUEST_TOO_LARGE", "Request Too Long"), None
        refusal, context = await original(api_id, stage_name, method_obj, method, path, *rest)
        call.authorizer = context or {}
        if refusal is None and (method_obj.get("authorizationType") or "").upper() == "AWS_IAM":
            call.caller = apigateway_v1._iam_caller_identity(call.headers, call.query) or {}
        return refusal, context

    return authorize


def _identified(original: Any) -> Any:
    def build(*where: Any, **known: Any) -> dict[str, Any]:
        event, call = original(*where, **known), current.get()
        context = call.context()
        names = ("deploymentId", "domainName", "domainPrefix", "extendedRequestId", "requestId", "requestTimeEpoch")
        event["requestContext"].update({name: context[name] for name in names})
        return event

    return build
