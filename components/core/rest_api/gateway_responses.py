"""What the gateway itself answers, as problem documents: nothing of AWS shows, and each has the request's id."""

from __future__ import annotations

import pulumi_aws as aws

from . import defaults
from .integration import template
from .scope import Scope

# https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
_TITLES: dict[str, tuple[int, str]] = {
    "ACCESS_DENIED": (403, "You may not do this"),
    "AUTHORIZER_FAILURE": (500, "Who you are could not be found out"),
    "BAD_REQUEST_BODY": (400, "The body is not what this route takes"),
    "BAD_REQUEST_PARAMETERS": (400, "A parameter is missing"),
    "DEFAULT_4XX": (400, "The request can't be served"),
    "DEFAULT_5XX": (500, "Something failed here"),
    "EXPIRED_TOKEN": (403, "Your credentials are no longer valid"),
    "INTEGRATION_FAILURE": (504, "The service behind this route can't be reached"),
    "INTEGRATION_TIMEOUT": (504, "The service behind this route took too long"),
    "INVALID_API_KEY": (403, "A valid key is needed"),
    "INVALID_SIGNATURE": (403, "The signature is wrong"),
    "MISSING_AUTHENTICATION_TOKEN": (404, "There is no such route, or its requests are signed"),
    "QUOTA_EXCEEDED": (429, "Your quota is used up"),
    "REQUEST_TOO_LARGE": (413, "The body is too large"),
    "RESOURCE_NOT_FOUND": (404, "There is no such route"),
    "THROTTLED": (429, "Too many requests"),
    "UNAUTHORIZED": (401, "Say who you are"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "This content type is not taken"),
}
_RETRY = {"THROTTLED", "QUOTA_EXCEEDED"}


def gateway_responses(scope: Scope, api: aws.apigateway.RestApi) -> list[aws.apigateway.Response]:
    """One for each kind of refusal."""
    return [_response(scope, api, kind, status, title) for kind, (status, title) in sorted(_TITLES.items())]


def _response(scope: Scope, api: aws.apigateway.RestApi, kind: str, status: int, title: str) -> aws.apigateway.Response:
    headers = {"gatewayresponse.header.Content-Type": "'application/problem+json'"}
    if kind in _RETRY:
        headers["gatewayresponse.header.Retry-After"] = f"'{defaults.RETRY_AFTER_S}'"
    body = template("problem.vtl", Status=str(status), Title=title)
    # The defaults keep the status that each refusal has of its own.
    own_status = None if kind.startswith("DEFAULT_") else str(status)
    if own_status is None:
        body = template("default_problem.vtl", Title=title)
    return aws.apigateway.Response(
        scope.tree(kind.lower().replace("_", "-")),
        rest_api_id=api.id,
        response_type=kind,
        status_code=own_status,
        response_templates={"application/json": body},
        response_parameters=headers,
        opts=scope.owner.child(),
    )
