"""Integrations of the type AWS call any service, in the name of their role.

On AWS such an integration must name a role that the gateway may assume, and the service answers by what that role may
do (https://docs.aws.amazon.com/apigateway/latest/developerguide/getting-started-aws-proxy.html); the status selects
the integration response. The gateway asks for JSON, so SQS and SNS answer with it.
The stock server knows SQS paths only, asks no role, and answers 504 for the rest.
"""

from __future__ import annotations

import functools
import re
import time
from typing import Any

from ministack.core.concurrency import run_reentrant
from ministack.services import apigateway_v1, iam, sts

from local.emulator import frame
from local.emulator.apigateway import answers, integration, mappings, service, templates
from local.emulator.apigateway.call import Call, current
from local.emulator.apigateway.role import Role
from local.emulator.frame import Server

NAME = "api_service_integrations"
INVOKED = (
    "integration api_id stage_name stage resource request_path method headers body query_params path_params "
    "owner_account_id owner_region binary_media_types authorizer_context caller_identity"
)
_OF_A_FUNCTION = re.compile(r"arn:[\w-]+:apigateway:[\w-]+:lambda:path/.*")


def install(server: Server) -> None:
    frame.require(NAME, iam, "_roles")
    frame.require(NAME, sts, "register_session")

    async def invoke(settings: dict[str, Any], *where: Any, **known: Any) -> Any:
        return await _invoke(current.get(), server.endpoint)

    frame.replace(NAME, apigateway_v1, "_invoke_sqs_v1", INVOKED, lambda original: invoke)
    frame.replace(
        NAME, apigateway_v1, "_invoke_lambda_custom_v1", INVOKED, lambda original: _unless_function(original, invoke)
    )
    frame.replace(NAME, apigateway_v1, "_put_integration", "api_id resource_id http_method data", _with_role)


def is_function(uri: str) -> bool:
    """Whether an integration's URI names a Lambda function."""
    return bool(_OF_A_FUNCTION.match(uri)) or uri.startswith("arn:aws:lambda:")


def _unless_function(original: Any, invoke: Any) -> Any:
    @functools.wraps(original)
    async def custom(settings: dict[str, Any], *where: Any, **known: Any) -> Any:
        chosen = original if is_function(settings.get("uri") or "") else invoke
        return await chosen(settings, *where, **known)

    return custom


def _with_role(original: Any) -> Any:
    def put_integration(api_id: str, resource_id: str, http_method: str, data: dict[str, Any]) -> Any:
        if data.get("type") == "AWS" and not is_function(data.get("uri") or ""):
            try:
                service.Target.of(data.get("uri") or "")
            except ValueError:
                message = "AWS ARN for integration must contain path or action"
                return apigateway_v1._v1_error("BadRequestException", message, 400)
            if not data.get("credentials"):
                message = "Role ARN must be specified for AWS integrations"
                return apigateway_v1._v1_error("BadRequestException", message, 400)
        return original(api_id, resource_id, http_method, data)

    return put_integration


async def _invoke(call: Call, endpoint: str) -> Any:
    role = Role(call.integration["credentials"], call.api_id)
    if not role.assumable():
        reason = f"the gateway may not assume {role.arn}"
        return answers.failure(call, "API_CONFIGURATION_ERROR", reason)
    try:
        body = integration.body_of(call)
    except templates.TemplateFailed as error:
        return answers.failure(call, "DEFAULT_5XX", f"the request template failed: {error}", 500)
    target = service.Target.of(mappings.uri_of(call, call.integration["uri"]))
    method = call.integration.get("httpMethod") or call.method
    request = service.Request(
        method=call.method if method == "ANY" else method,
        headers=integration.headers_of(call),
        query=integration.query_of(call),
        body=body,
    )
    began, seconds = time.monotonic(), integration.seconds_of(call)
    try:
        # The service is this server: the call back needs a thread of its own.
        backend = await run_reentrant(service.send, target, request, role, endpoint, seconds)
    except (TimeoutError, service.TimedOut):
        message = "Endpoint request timed out"
        return answers.failure(call, "INTEGRATION_TIMEOUT", f"{target} took over {seconds} s", message=message)
    call.integration_ms, call.integration_status = int((time.monotonic() - began) * 1000), backend.status
    return answers.answer(call, backend, str(backend.status))
