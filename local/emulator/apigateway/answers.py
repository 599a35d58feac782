"""From what the backend answered to what the client gets, by the integration's responses.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-integration-settings-integration-response.html
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

from ministack.services import apigateway_v1

from local.emulator.apigateway import payload, templates
from local.emulator.apigateway.call import Answer, Call
from local.emulator.apigateway.mappings import Backend, mapped

JSON = "application/json"

log = logging.getLogger("apigateway")


def failure(call: Call, kind: str, reason: str, status: int | None = None, message: str = "") -> Any:
    """The gateway's own error of the type `kind`; the client learns no reason, the server's log does.

    `status` is for the errors whose type has another one by default.
    """
    log.warning(
        "API %s, %s %s, request %s: %s", call.api_id, call.method, call.path, call.request_id, reason.rstrip("\n")
    )
    error = apigateway_v1._GatewayError(kind, message or "Internal server error", "InternalServerErrorException")
    error.status = status
    return error


def answer(call: Call, backend: Backend, selected_by: str) -> Answer | Any:
    """The client's answer, or the gateway's error when no response is configured for `selected_by`."""
    response = _selected(call.integration.get("integrationResponses") or {}, selected_by)
    if response is None:
        return failure(call, "API_CONFIGURATION_ERROR", f"no integration response for {selected_by!r} and no default")
    media_type, template = _template(response.get("responseTemplates") or {}, call)
    if template is None:
        body = payload.as_passed(backend.body, media_type_of(backend.headers), call)
    else:
        try:
            body = templates.render(template, call, backend.text).encode()
        except templates.TemplateFailed as error:
            return failure(call, "DEFAULT_5XX", f"the response template failed: {error}", 500)
    headers: dict[str, Any] = {"Content-Type": media_type}
    for name, value in mapped(response.get("responseParameters"), "method.response.header.", call, backend):
        set_header(headers, name, value)
    override = call.overrides["responseOverride"]
    for name, value in override["header"].items():
        set_header(headers, name, str(value))
    return _status(override.get("status"), int(response["statusCode"])), headers, body


def set_header(headers: dict[str, Any], name: str, value: Any) -> None:
    """Set a header, replacing one whose name differs by case only."""
    for other in [existing for existing in headers if existing.lower() == name.lower()]:
        del headers[other]
    headers[name] = value


def media_type_of(headers: Mapping[str, Any]) -> str | None:
    """The content type among `headers`."""
    return next((value for name, value in headers.items() if name.lower() == "content-type"), None)


def _selected(responses: Mapping[str, dict[str, Any]], selected_by: str) -> dict[str, Any] | None:
    # A pattern matches the whole text; the response without one is the default.
    with_pattern = [response for response in responses.values() if response.get("selectionPattern")]
    matching = [r for r in with_pattern if re.fullmatch(r["selectionPattern"], selected_by, re.DOTALL)]
    default = [response for response in responses.values() if not response.get("selectionPattern")]
    return next(iter([*matching, *default]), None)


def _template(by_type: Mapping[str, str], call: Call) -> tuple[str, str | None]:
    """The media type and template for what the client accepts, else for JSON, else the first."""
    accepted = (call.header("accept") or "").partition(",")[0].partition(";")[0].strip()
    for media_type in (accepted, JSON, *by_type):
        if media_type in by_type:
            return media_type, by_type[media_type]
    return JSON, None


def _status(override: Any, configured: int) -> int:
    # AWS ignores an override that is no status.
    try:
        status = int(override)
    except (TypeError, ValueError):
        return configured
    return status if 100 <= status <= 599 else configured
