"""APIs: what a route takes is checked and bounded before anything behind it is called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from ..framework.resources import Resource
from ..framework.rule import Context, Example, Option, Scope, Severity, resources, rule
from ..framework.stack import Stack
from ..framework.types import API_RESOURCE, METHOD, METHOD_SETTINGS, REQUEST_VALIDATOR, REST_API

_ALL: Final = "*/*"
_API: Final = {f"{REST_API} api": {"name": "api", "id": "a1b2"}}
_METHOD: Final = {"restApi": "a1b2", "resourceId": "root", "httpMethod": "GET"}


def _set(path: str, **settings: Any) -> Example:
    given = {"restApi": "a1b2", "stageName": "v1", "methodPath": path, "settings": settings}
    return {**_API, f"{METHOD} home": _METHOD, f"{METHOD_SETTINGS} home": given}


@rule(
    "api-throttling",
    "Every route has a rate of its own that the backend can bear",
    severity=Severity.MEDIUM,
    on=resources(METHOD),
    judges={METHOD_SETTINGS: ("methodPath", "settings"), METHOD: ("httpMethod",)},
    why="Without limits one client takes the account's 10,000 requests a second, and what is behind the route falls.",
    fix="Add MethodSettings for the route, or for */*, with throttlingRateLimit and throttlingBurstLimit",
    page="https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html",
    same_as=("cdk-nag APIGWDefaultThrottling",),
    frameworks=("REL05-BP02",),
    passes=_set("~1/GET", throttlingRateLimit=50, throttlingBurstLimit=100),
    fails=_set("~1/GET", metricsEnabled=True),
    options={"rate": Option(10_000, "Requests a second that a route takes, at most", {"type": "number", "minimum": 1})},
)
def api_throttling(method: Resource, context: Context) -> Iterator[str]:
    """Judge one method by the settings of its path, or of all paths."""
    stack = context.stack
    api = stack.named_by(method, "restApi", REST_API)
    settings = stack.once(_settings).get(api.urn, {}) if api else {}
    path = (
        f"{_path_of(method, 'resourceId', stack).lstrip('/').replace('/', '~1') or '~1'}/{method.known('httpMethod')}"
    )
    found = settings.get(path) or settings.get(_ALL)
    if found is None:
        yield "has no limits of its own"
        return
    rate, burst = (found.get(f"throttling{kind}Limit") for kind in ("Rate", "Burst"))
    if not _limits(rate) or not _limits(burst):
        yield "has no rate and burst that it takes at most"
    elif rate > context.options["rate"]:
        yield f"takes {rate:g} requests a second"


def _limits(value: Any) -> bool:
    """Zero refuses everything, less than zero nothing."""
    return value is not None and value >= 0


def _settings(stack: Stack) -> dict[str, dict[str, dict[str, Any]]]:
    """API → path of a method → its settings."""
    found: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for each in stack.of(METHOD_SETTINGS):
        if api := stack.named_by(each, "restApi", REST_API):
            found[api.urn][each.known("methodPath")] = each.known("settings") or {}
    return found


def _path_of(holder: Resource, prop: str, stack: Stack) -> str:
    """The path of a method's or resource's parent; what isn't a resource of the stack is the API's root."""
    above = stack.named_by(holder, prop, API_RESOURCE, REST_API)
    if above is None or above.type == REST_API:
        return ""
    return f"{_path_of(above, 'parentId', stack)}/{above.known('pathPart')}"


def _validated(**validator: bool) -> Example:
    given = {"restApi": "a1b2", "name": "everything", "id": "v1", **validator}
    return {f"{METHOD} home": {**_METHOD, "requestValidatorId": "v1"}, f"{REQUEST_VALIDATOR} everything": given}


@rule(
    "api-request-validation",
    "Every route checks its parameters and its body before anything behind it is called",
    severity=Severity.MEDIUM,
    on=resources(METHOD),
    judges={
        METHOD: ("requestValidatorId",),
        REQUEST_VALIDATOR: ("validateRequestBody", "validateRequestParameters"),
    },
    why="A queue or table behind a template takes whatever the caller sends; the poison shows up later, without him.",
    fix="Set requestValidatorId to a RequestValidator of the stack with validateRequestBody and "
    "validateRequestParameters",
    page="https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html",
    same_as=("cdk-nag AwsSolutions-APIG2", "checkov CKV2_AWS_53"),
    frameworks=("SEC05-BP03",),
    passes=_validated(validateRequestBody=True, validateRequestParameters=True),
    fails=_validated(validateRequestBody=True),
)
def api_request_validation(method: Resource, context: Context) -> Iterator[str]:
    """Judge one method by its validator."""
    validator = context.stack.named_by(method, "requestValidatorId", REQUEST_VALIDATOR)
    if validator is None:
        yield "checks nothing of a request"
        return
    for part in ("validateRequestBody", "validateRequestParameters"):
        if validator.known(part) is not True:
            yield f"has a validator without {part}"


@rule(
    "api-method-settings",
    "No route logs whole requests, or keeps answers in clear",
    severity=Severity.MEDIUM,
    scope=Scope.RESOURCE,
    on=resources(METHOD_SETTINGS),
    judges={METHOD_SETTINGS: ("settings",)},
    why="Data traces write bodies and headers to the log, tokens too; a cache in clear keeps them.",
    fix="Leave dataTraceEnabled out, and set cacheDataEncrypted with cachingEnabled",
    page="https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html",
    same_as=("checkov CKV_AWS_276", "checkov CKV_AWS_308", "prowler apigateway_restapi_cache_encrypted"),
    frameworks=("SEC08-BP02", "SEC04-BP01"),
    passes={
        f"{METHOD_SETTINGS} all": {"methodPath": _ALL, "settings": {"cachingEnabled": True, "cacheDataEncrypted": True}}
    },
    fails={
        f"{METHOD_SETTINGS} all": {"methodPath": _ALL, "settings": {"cachingEnabled": True, "dataTraceEnabled": True}}
    },
)
def api_method_settings(settings: Resource, _: Context) -> Iterator[str]:
    """Judge the settings of one path."""
    given = settings.known("settings") or {}
    if given.get("dataTraceEnabled"):
        yield "logs whole requests and answers"
    if given.get("cachingEnabled") and not given.get("cacheDataEncrypted"):
        yield "keeps answers in a cache that isn't encrypted"
