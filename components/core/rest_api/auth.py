"""Who may call a route. Each route says; there is no open default."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Public:
    """Everybody, for a reason that reviewers read."""

    reason: str


@dataclass(frozen=True)
class Iam:
    """Callers in AWS who may `execute-api:Invoke` this route; requests are signed (SigV4) for the API's own host.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html
    """


@dataclass(frozen=True)
class ApiKey:
    """Holders of an API key of the API's usage plan. A key tells clients apart and limits them; it is no identity.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html
    """


@dataclass(frozen=True)
class Scopes:
    """Holders of an access token of the API's Cognito user pool with one of these scopes, such as `events/write`.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-enable-cognito-user-pool.html
    """

    scopes: tuple[str, ...]

    def __init__(self, *scopes: str) -> None:
        object.__setattr__(self, "scopes", scopes)


Auth = Public | Iam | ApiKey | Scopes
