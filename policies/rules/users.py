"""User pools: who signs in, how, and for how long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from ..framework.resources import Resource
from ..framework.rule import Context, Example, Option, Scope, Severity, resources, rule
from ..framework.stack import Stack
from ..framework.types import USER_POOL, USER_POOL_CLIENT

_MACHINES: Final = {"client_credentials"}
_UNITS_MIN: Final = {"seconds": 1 / 60, "minutes": 1, "hours": 60, "days": 24 * 60}
DEFAULT_TOKEN_MIN: Final = 60
"""https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-with-identity-providers.html"""


def _pool(**more: Any) -> Example:
    return {
        f"{USER_POOL} people": {"id": "eu_1", "adminCreateUserConfig": {"allowAdminCreateUserOnly": True}, **more},
        f"{USER_POOL_CLIENT} site": {"userPoolId": "eu_1", "allowedOauthFlows": ["code"]},
    }


@rule(
    "user-pool-sign-in",
    "Nobody signs up by himself, and people sign in with a long password and a second factor",
    severity=Severity.HIGH,
    on=resources(USER_POOL),
    judges={USER_POOL: ("adminCreateUserConfig", "passwordPolicy", "mfaConfiguration")},
    why="A pool for programs that lets people sign up hands out tokens to anybody; short passwords are guessed.",
    fix="Set allowAdminCreateUserOnly; where people sign in, a minimumLength of 12 and mfaConfiguration",
    page="https://docs.aws.amazon.com/cognito/latest/developerguide/managing-security.html",
    same_as=(
        "cdk-nag AwsSolutions-COG1",
        "cdk-nag AwsSolutions-COG2",
        "prowler cognito_user_pool_mfa_enabled",
        "prowler cognito_user_pool_password_policy_*",
        "prowler cognito_user_pool_self_registration_disabled",
        "prowler cognito_user_pool_account_recovery_sms_not_preferred",
    ),
    frameworks=("SEC02-BP01",),
    passes=_pool(passwordPolicy={"minimumLength": 12}, mfaConfiguration="OPTIONAL"),
    fails=_pool(passwordPolicy={"minimumLength": 8}),
    options={
        "length": Option(12, "Characters of a password, at least", {"type": "number", "minimum": 8, "maximum": 99})
    },
    acceptable=True,
)
def user_pool_sign_in(pool: Resource, context: Context) -> Iterator[str]:
    """Judge one pool: by its clients, people sign in there or programs do."""
    if (pool.given("adminCreateUserConfig") or {}).get("allowAdminCreateUserOnly") is not True:
        yield "lets anybody sign up"
    if not _takes_people(pool, context.stack):
        return
    length = (pool.given("passwordPolicy") or {}).get("minimumLength") or 0
    if length < context.options["length"]:
        yield (
            f"takes passwords of {length:g} characters"
            if length
            else "takes passwords of any length that Cognito takes"
        )
    if pool.given("mfaConfiguration") not in ("ON", "OPTIONAL"):
        yield "asks for no second factor"
    ways = (pool.given("accountRecoverySetting") or {}).get("recoveryMechanisms") or ()
    if any(way.get("name") == "verified_phone_number" and way.get("priority") == 1 for way in ways):
        yield "lets whoever takes over a phone number in"


def _takes_people(pool: Resource, stack: Stack) -> bool:
    """Whether a client of the pool does more than exchange its own credentials."""
    clients = stack.naming(pool, USER_POOL_CLIENT, "userPoolId")
    return any(_of_people(client.given("allowedOauthFlows"), client.given("explicitAuthFlows")) for client in clients)


def _of_people(flows: Sequence[str] | None, explicit: Sequence[str] | None) -> bool:
    return set(flows or ()) != _MACHINES or bool(explicit)


def _client(**more: Any) -> Example:
    flows = {"allowedOauthFlowsUserPoolClient": True, "allowedOauthFlows": ["client_credentials"]}
    return {f"{USER_POOL_CLIENT} shop": {"name": "shop", **flows, **more}}


@rule(
    "user-pool-clients",
    "A client's tokens are short-lived, and only a client with a secret gets them without a person",
    severity=Severity.MEDIUM,
    scope=Scope.RESOURCE,
    on=resources(USER_POOL_CLIENT),
    judges={USER_POOL_CLIENT: ("allowedOauthFlows", "generateSecret")},
    why="A token can't be called back before it ends; the implicit flow leaves it in the browser's history; an error "
    "that tells who exists is a list of names.",
    fix="Leave the implicit flow out, set generateSecret for client credentials, accessTokenValidity to an hour at "
    "most, and preventUserExistenceErrors to ENABLED where people sign in",
    page="https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-client-apps.html",
    same_as=("prowler cognito_user_pool_client_prevent_user_existence_errors",),
    frameworks=("SEC02-BP02", "SEC02-BP05"),
    passes=_client(generateSecret=True),
    fails=_client(generateSecret=False),
    options={
        "minutes": Option(60, "Minutes that an access token is good for, at most", {"type": "number", "minimum": 5})
    },
)
def user_pool_clients(client: Resource, context: Context) -> Iterator[str]:
    """Judge one client by its inputs."""
    flows = set(client.known("allowedOauthFlows") or ())
    if "implicit" in flows:
        yield "hands tokens to browsers in an address (implicit)"
    if _MACHINES & flows and client.known("generateSecret") is not True:
        yield "gets tokens without a person, and has no secret"
    if (
        _of_people(list(flows), client.known("explicitAuthFlows"))
        and client.known("preventUserExistenceErrors") != "ENABLED"
    ):
        yield "tells who has an account"
    unit = (client.known("tokenValidityUnits") or {}).get("accessToken") or "hours"
    given = client.known("accessTokenValidity")
    minutes = given * _UNITS_MIN[unit] if given else DEFAULT_TOKEN_MIN
    if minutes > context.options["minutes"]:
        yield f"gets access tokens for {minutes:g} minutes"
