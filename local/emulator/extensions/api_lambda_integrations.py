"""The gateway invokes a function only if it may, and the function gets what the template makes.

On AWS it needs `lambda:InvokeFunction` on the integration's role, or without a role a permission in the function's
policy for `apigateway.amazonaws.com` whose `aws:SourceArn` matches the method
(https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html
and https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html); else it answers 500. A function that fails
behind a proxy integration answers 502 and nothing of the error; with a custom integration the error's message selects
the integration response
(https://docs.aws.amazon.com/apigateway/latest/developerguide/handle-errors-in-lambda-integration.html).
The stock server invokes whatever it is told, shows the client the function's error, and knows no templates here.
"""

from __future__ import annotations

import functools
import json
import time
from typing import Any

from ministack.core import responses
from ministack.services import apigateway_v1, lambda_svc

from local.emulator import frame
from local.emulator.apigateway import answers, integration, mappings, templates
from local.emulator.apigateway.call import Call, current
from local.emulator.apigateway.mappings import Backend
from local.emulator.apigateway.role import SERVICE, Role
from local.emulator.extensions import resource_policies
from local.emulator.extensions.api_service_integrations import INVOKED, is_function
from local.emulator.frame import Server

NAME = "api_lambda_integrations"
_ACTION = "lambda:InvokeFunction"


def install(server: Server) -> None:
    for name in ("_call_lambda_raw", "_extract_lambda_ref_from_integration_uri"):
        frame.require(NAME, apigateway_v1, name)
    frame.require(NAME, lambda_svc, "function_policy_for_arn")
    frame.replace(NAME, apigateway_v1, "_invoke_lambda_proxy_v1", INVOKED, _permitted)
    frame.replace(NAME, apigateway_v1, "_invoke_lambda_custom_v1", INVOKED, _custom)


def _permitted(original: Any) -> Any:
    async def invoke(settings: dict[str, Any], *where: Any, **known: Any) -> Any:
        call = current.get()
        refusal = _refusal(call)
        if refusal:
            return refusal
        began = time.monotonic()
        settings = {**settings, "uri": mappings.uri_of(call, settings.get("uri") or "")}
        answered = await original(settings, *where, **known)
        call.integration_ms = int((time.monotonic() - began) * 1000)
        if isinstance(answered, tuple):
            call.integration_status = 200
            if answered[0] == 502 and _is_error_of_the_gateway(answered):
                reason = f"the function failed: {answered[2].decode(errors='replace')}"
                return answers.failure(call, "INTEGRATION_FAILURE", reason, 502)
        return answered

    return invoke


def _custom(original: Any) -> Any:
    @functools.wraps(original)
    async def invoke(settings: dict[str, Any], *where: Any, **known: Any) -> Any:
        if not is_function(settings.get("uri") or ""):
            return await original(settings, *where, **known)
        return _refusal(current.get()) or await _invoke_custom(current.get())

    return invoke


def _is_error_of_the_gateway(answered: Any) -> bool:
    """Whether the server made this 502 of a function's failure, which has one key and one header."""
    _, headers, body = answered
    try:
        return set(json.loads(body)) == {"message"} and set(headers) == {"Content-Type"}
    except (ValueError, TypeError):
        return False


def _refusal(call: Call) -> Any:
    """The gateway's error if it may not invoke the function."""
    function = _function_arn(call)
    role_arn = call.integration.get("credentials")
    if role_arn:
        role = Role(role_arn, call.api_id)
        if not role.assumable():
            return answers.failure(call, "API_CONFIGURATION_ERROR", f"the gateway may not assume {role_arn}")
        permitted = role.allowed(_ACTION, function, function.split(":")[3])
    else:
        permitted = _policy_permits(function, call)
    if permitted:
        return None
    return answers.failure(call, "API_CONFIGURATION_ERROR", f"Invalid permissions on Lambda function {function}")


def _policy_permits(function: str, call: Call) -> bool:
    _, _, _, region, account, _ = function.split(":", 5)
    with responses.request_scope(account, region):
        policy = lambda_svc.function_policy_for_arn(function)
    question = resource_policies.Call(_ACTION, function, SERVICE, call.arn, call.account)
    return question.allowed_by((json.dumps(policy[0]), policy[1]) if policy else None)


def _function_arn(call: Call) -> str:
    uri = mappings.uri_of(call, call.integration.get("uri") or "")
    reference = apigateway_v1._extract_lambda_ref_from_integration_uri(uri)
    return (
        reference
        if reference.startswith("arn:")
        else (f"arn:aws:lambda:{call.region}:{call.account}:function:{reference}")
    )


async def _invoke_custom(call: Call) -> Any:
    try:
        event = json.loads(integration.body_of(call) or b"{}")
    except templates.TemplateFailed as error:
        return answers.failure(call, "DEFAULT_5XX", f"the request template failed: {error}", 500)
    except ValueError as error:
        return answers.failure(call, "INTEGRATION_FAILURE", f"Lambda takes JSON only: {error}", 500)
    began = time.monotonic()
    result, missing = await apigateway_v1._call_lambda_raw(
        _function_arn(call), event, account_id=call.account, region=call.region
    )
    call.integration_ms = int((time.monotonic() - began) * 1000)
    if missing or result.get("throttle"):
        return answers.failure(call, "INTEGRATION_FAILURE", missing or "the function is throttled", 500)
    call.integration_status = 200
    payload = result.get("body")
    body = payload if isinstance(payload, bytes) else b"" if payload is None else json.dumps(payload).encode()
    message = payload.get("errorMessage", "") if result.get("error") and isinstance(payload, dict) else ""
    return answers.answer(call, Backend(200, {}, body), message)
