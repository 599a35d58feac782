"""The request that goes to a backend: its template, parameters and overrides.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-integration-settings-integration-request.html
"""

from __future__ import annotations

from typing import Any

from local.emulator.apigateway import payload, templates
from local.emulator.apigateway.call import Call
from local.emulator.apigateway.mappings import mapped

DEFAULT_TYPE = "application/json"
DEFAULT_SECONDS = 29.0


def body_of(call: Call) -> bytes:
    """The body for the backend, by the template of the request's content type. Raises TemplateFailed."""
    template = template_of(call)
    if template is None:
        return payload.as_passed(call.body, call.header("content-type"), call)
    return templates.render(template, call, call.body.decode(errors="replace")).encode()


def template_of(call: Call) -> str | None:
    """The request template for the call's content type, if there is one."""
    wanted = content_type_of(call)
    by_type = call.integration.get("requestTemplates") or {}
    return next((text for name, text in by_type.items() if name.partition(";")[0].strip().lower() == wanted), None)


def content_type_of(call: Call) -> str:
    """The media type of the call's body, without parameters."""
    return (call.header("content-type") or DEFAULT_TYPE).partition(";")[0].strip().lower()


def headers_of(call: Call) -> dict[str, str]:
    """The headers for a backend that gets only what is mapped: the others are dropped."""
    headers = {"Content-Type": DEFAULT_TYPE, "Accept": DEFAULT_TYPE}
    parameters = call.integration.get("requestParameters")
    changes = [*mapped(parameters, "integration.request.header.", call)]
    changes += call.overrides["requestOverride"]["header"].items()
    for name, value in changes:
        for other in [existing for existing in headers if existing.lower() == name.lower()]:
            del headers[other]
        headers[name] = ",".join(value) if isinstance(value, list) else str(value)
    return headers


def query_of(call: Call) -> dict[str, Any]:
    """The mapped and overridden query parameters for the backend."""
    parameters = dict(mapped(call.integration.get("requestParameters"), "integration.request.querystring.", call))
    return {**parameters, **call.overrides["requestOverride"]["querystring"]}


def seconds_of(call: Call) -> float:
    """How long the backend may take."""
    return (call.integration.get("timeoutInMillis") or DEFAULT_SECONDS * 1000) / 1000
