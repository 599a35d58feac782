"""Routes of APIs."""

from __future__ import annotations

from collections.abc import Iterator

from ..framework.resources import Resource
from ..framework.rule import Context, Severity, resources, rule
from ..framework.types import METHOD


@rule(
    "auth-on-every-route",
    "Every route says who may call it",
    severity=Severity.HIGH,
    on=resources(METHOD),
    judges={METHOD: ("authorization",)},
    why="A route that nobody thought about is open to everybody; an API key tells clients apart and is no identity.",
    fix="Give the route an authorizer or IAM, or accept it as public, with the reason, in the ledger",
    page="https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-to-api.html",
    same_as=("cdk-nag AwsSolutions-APIG4", "checkov CKV_AWS_59"),
    frameworks=(
        "SEC03-BP01",
        "SEC02-BP01",
    ),
    passes={f"{METHOD} orders": {"httpMethod": "POST", "authorization": "AWS_IAM"}},
    fails={f"{METHOD} orders": {"httpMethod": "POST", "authorization": "NONE"}},
    acceptable=True,
)
def auth_on_every_route(method: Resource, context: Context) -> Iterator[str]:
    """Judge one method."""
    authorization = method.known("authorization")
    if authorization == "NONE":
        yield "is open to everybody"
    elif authorization in ("COGNITO_USER_POOLS", "CUSTOM") and not _has_authorizer(method):
        yield f"has {authorization} as its authorization and no authorizer"


def _has_authorizer(method: Resource) -> bool:
    """An authorizer's id is made by AWS: unknown at the first preview, but given."""
    return bool(method.dependencies.get("authorizerId")) or bool(method.given("authorizerId"))
