"""Mapping templates are Velocity, on both ways, also for integrations without a backend.

On AWS the request template of a MOCK integration says the status (`{"statusCode": 200}`), the response template makes
the body, and a content type that no template takes is refused with 415 if the integration says NEVER, or
WHEN_NO_TEMPLATES and has any
(https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-mock-integration.html and
integration-passthrough-behaviors.html beside it). A template that fails answers 500.
The stock server sends MOCK's templates as they are, has a few of `$input`'s and `$util`'s functions, no `#if` and
no `#foreach`, and drops what it doesn't know.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.services import apigateway_v1

from local.emulator import frame
from local.emulator.apigateway import answers, integration, templates
from local.emulator.apigateway.call import Call, current
from local.emulator.apigateway.mappings import Backend
from local.emulator.frame import Server

NAME = "api_templates"


def install(server: Server) -> None:
    frame.require(NAME, apigateway_v1, "_GATEWAY_ERROR_MESSAGES")
    frame.replace(NAME, apigateway_v1, "_invoke_mock_v1", "integration", lambda original: _mock)
    frame.replace(
        NAME, apigateway_v1, "_check_passthrough_behavior", "integration headers", lambda original: _media_type_error
    )


def _mock(settings: dict[str, Any]) -> Any:
    call = current.get()
    try:
        status = _status(call)
    except (templates.TemplateFailed, ValueError, TypeError, AttributeError) as error:
        return answers.failure(call, "DEFAULT_5XX", f"the request template of a MOCK integration: {error}", 500)
    call.integration_status = status
    return answers.answer(call, Backend(status), str(status))


def _status(call: Call) -> int:
    """The status that the request template says. Raises TemplateFailed, or ValueError for what is no such object."""
    if integration.template_of(call) is None:
        raise ValueError(f"no request template for {integration.content_type_of(call)}")
    return int(json.loads(integration.body_of(call)).get("statusCode", 200))


def _media_type_error(settings: dict[str, Any], headers: dict[str, str]) -> Any:
    if settings.get("type") not in ("AWS", "HTTP", "MOCK"):
        return None
    behavior = (settings.get("passthroughBehavior") or "WHEN_NO_MATCH").upper()
    refuses = behavior == "NEVER" or (behavior == "WHEN_NO_TEMPLATES" and settings.get("requestTemplates"))
    if not refuses or integration.template_of(current.get()) is not None:
        return None
    message = apigateway_v1._GATEWAY_ERROR_MESSAGES["UNSUPPORTED_MEDIA_TYPE"]
    return apigateway_v1._GatewayError("UNSUPPORTED_MEDIA_TYPE", message, "BadRequestException")
