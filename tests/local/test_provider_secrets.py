"""Keys, secrets and connections in the provider: what is refused, and that nothing secret stands in the state."""

from __future__ import annotations

from typing import Any

import pytest

from local.wire import UNKNOWN, Secret, leaves
from tests.local.provider_cases import World
from tests.local.provider_cases_secrets import connection_by_tokens, keyed_connection
from tests.local.provider_driver import Driver

pytestmark = pytest.mark.local

CONNECTION = "aws:cloudwatch/eventConnection:EventConnection"
KEY = "aws:kms/key:Key"
CLEAR = "give it as a Pulumi secret"


def _clear_leaves(value: Any) -> list[Any]:
    """All values that aren't inside a secret."""
    if isinstance(value, Secret):
        return []
    if isinstance(value, dict):
        return [leaf for child in value.values() for leaf in _clear_leaves(child)]
    if isinstance(value, list):
        return [leaf for child in value for leaf in _clear_leaves(child)]
    return [value]


@pytest.mark.parametrize("case", [keyed_connection, connection_by_tokens], ids=lambda case: case.label)
def test_nothing_secret_of_a_connection_stands_in_the_state_in_clear(provider: Driver, case: Any) -> None:
    kind = provider.of(CONNECTION)

    state = kind.create(case.inputs(World(provider)))
    read = kind.read(state)

    for kept in (state.inputs, state.outputs, read.inputs, read.outputs):
        assert not {"k3y", "s3cret", "hidden"} & set(_clear_leaves(kept))
        assert "hidden" in set(leaves(Secret(kept)))


@pytest.mark.parametrize(
    ("kind", "parameters", "path"),
    [
        ("API_KEY", {"apiKey": {"key": "X-Key", "value": "k3y"}}, "authParameters.apiKey.value"),
        ("BASIC", {"basic": {"username": "me", "password": "pass"}}, "authParameters.basic.password"),
        (
            "BASIC",
            {
                "basic": {"username": "me", "password": UNKNOWN},
                "invocationHttpParameters": {"headers": [{"key": "X", "value": "y", "isValueSecret": True}]},
            },
            "authParameters.invocationHttpParameters.headers[0].value",
        ),
    ],
)
def test_a_secret_in_clear_is_refused(provider: Driver, kind: str, parameters: dict[str, Any], path: str) -> None:
    checked = provider.of(CONNECTION).check({"authorizationType": kind, "authParameters": parameters})

    assert CLEAR in checked.failures[path]


def test_secrets_may_be_given_together(provider: Driver) -> None:
    parameters = Secret({"basic": {"username": "me", "password": "pass"}})

    assert not provider.of(CONNECTION).check({"authorizationType": "BASIC", "authParameters": parameters}).failures


@pytest.mark.parametrize(
    ("token", "inputs", "path", "reason"),
    [
        (
            CONNECTION,
            {"authorizationType": "BASIC", "authParameters": {"apiKey": {"key": "X", "value": Secret("y")}}},
            "authParameters",
            "BASIC needs basic",
        ),
        (
            CONNECTION,
            {"authorizationType": "BASIC", "invocationConnectivityParameters": {}},
            "invocationConnectivityParameters",
            "not available locally",
        ),
        (KEY, {"customerMasterKeySpec": "HMAC_256"}, "keyUsage", "GENERATE_VERIFY_MAC alone"),
        (KEY, {"keyUsage": "GENERATE_VERIFY_MAC"}, "keyUsage", "for other uses"),
        (KEY, {"keyUsage": "SIGN_VERIFY"}, "keyUsage", "a symmetric key can't sign"),
        (
            KEY,
            {"customerMasterKeySpec": "RSA_2048", "keyUsage": "SIGN_VERIFY", "enableKeyRotation": True},
            "enableKeyRotation",
            "only symmetric keys",
        ),
        ("aws:kms/alias:Alias", {"name": "alias/aws/s3", "targetKeyId": UNKNOWN}, "name", "must match"),
        ("aws:kms/alias:Alias", {"name": "alias/x", "targetKeyId": "alias/y"}, "targetKeyId", "must match"),
        ("aws:secretsmanager/secret:Secret", {"recoveryWindowInDays": 3}, "recoveryWindowInDays", "0, or at least 7"),
        ("aws:secretsmanager/secret:Secret", {"policy": "{}"}, "policy", "not available locally"),
    ],
)
def test_what_aws_refuses_is_refused(
    provider: Driver, token: str, inputs: dict[str, Any], path: str, reason: str
) -> None:
    assert reason in provider.of(token).check(inputs).failures[path]
