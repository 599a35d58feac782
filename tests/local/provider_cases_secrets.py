"""Cases of keys, secrets and connections."""

from __future__ import annotations

import json
from typing import Any

from local.wire import Secret
from tests.local.provider_cases import ACCOUNT, TAGS, World, case, document, unique

OWNED = document(
    {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
)


def _key(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    found = aws("kms").describe_key(KeyId=id_)["KeyMetadata"]
    tags = aws("kms").list_resource_tags(KeyId=id_)["Tags"]
    policy = json.loads(aws("kms").get_key_policy(KeyId=id_, PolicyName="default")["Policy"])
    shown = [found["KeyUsage"], found["KeySpec"], found["Description"], found["Enabled"]]
    return [*shown, policy, {row["TagKey"]: row["TagValue"] for row in tags}]


@case(
    "aws:kms/key:Key",
    seen=_key,
    expected=lambda given: ["GENERATE_VERIFY_MAC", "HMAC_256", "Links", False, json.loads(OWNED), TAGS],
    update=lambda given: {**given, "description": "Others", "isEnabled": True, "tags": {"owner": "me"}},
    replace={"customerMasterKeySpec": "HMAC_512"},
)
def mac_key(world: World) -> dict[str, Any]:
    return {
        "description": "Links",
        "keyUsage": "GENERATE_VERIFY_MAC",
        "customerMasterKeySpec": "HMAC_256",
        "policy": OWNED,
        "bypassPolicyLockoutSafetyCheck": False,
        "deletionWindowInDays": 7,
        "isEnabled": False,
        "region": "us-east-1",
        "tags": TAGS,
    }


@case(
    "aws:kms/key:Key",
    seen=lambda aws, id_, inputs: aws("kms").get_key_rotation_status(KeyId=id_)["KeyRotationEnabled"],
    expected=lambda given: True,
    update=lambda given: {**given, "enableKeyRotation": False},
)
def rotating_key(world: World) -> dict[str, Any]:
    return {"enableKeyRotation": True, "tags": TAGS}


def _another_key(world: World) -> str:
    return world.make("aws:kms/key:Key").id


@case(
    "aws:kms/alias:Alias",
    seen=lambda aws, id_, inputs: aws("kms").describe_key(KeyId=id_)["KeyMetadata"]["KeyId"],
    expected=lambda given: given["targetKeyId"],
    replace={"name": "alias/another"},
)
def key_alias(world: World) -> dict[str, Any]:
    return {"name": f"alias/{unique('key')}", "targetKeyId": _another_key(world), "region": "us-east-1"}


def _secret(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    found = aws("secretsmanager").describe_secret(SecretId=id_)
    return [found["Name"], found["Description"], {row["Key"]: row["Value"] for row in found["Tags"]}]


@case(
    "aws:secretsmanager/secret:Secret",
    seen=_secret,
    expected=lambda given: [given["name"], "Keys of the room", TAGS],
    update=lambda given: {**given, "description": "Others", "tags": {"owner": "me"}},
    replace={"name": "another"},
)
def secret(world: World) -> dict[str, Any]:
    return {
        "name": unique("secret"),
        "description": "Keys of the room",
        "recoveryWindowInDays": 0,
        "forceOverwriteReplicaSecret": False,
        "region": "us-east-1",
        "tags": TAGS,
    }


def _connection(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    found = aws("events").describe_connection(Name=id_)
    secret = json.loads(aws("secretsmanager").get_secret_value(SecretId=found["SecretArn"])["SecretString"])
    return [found.get("Description"), found["AuthorizationType"], secret]


def _rows(**values: Any) -> dict[str, Any]:
    """One open and one secret parameter in each place."""
    rows = [{"key": "open", "value": "1"}, {"key": "closed", "value": Secret("hidden"), "isValueSecret": True}]
    return {"bodies": rows, "headers": rows, "queryStrings": rows}


_SENT = [
    {"Key": "open", "Value": "1", "IsValueSecret": False},
    {"Key": "closed", "Value": "hidden", "IsValueSecret": True},
]
_PLACES = {"BodyParameters": _SENT, "HeaderParameters": _SENT, "QueryStringParameters": _SENT}


@case(
    "aws:cloudwatch/eventConnection:EventConnection",
    seen=_connection,
    expected=lambda given: [
        "The publisher",
        "API_KEY",
        {
            "ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": "k3y"},
            "InvocationHttpParameters": _PLACES,
        },
    ],
    update=lambda given: {
        "name": given["name"],
        "authorizationType": "BASIC",
        "authParameters": {"basic": {"username": "me", "password": Secret("pass")}},
    },
    replace={"name": "another"},
)
def keyed_connection(world: World) -> dict[str, Any]:
    return {
        "name": unique("connection"),
        "description": "The publisher",
        "authorizationType": "API_KEY",
        "authParameters": {
            "apiKey": {"key": "X-Key", "value": Secret("k3y")},
            "invocationHttpParameters": _rows(),
        },
        "region": "us-east-1",
    }


@case(
    "aws:cloudwatch/eventConnection:EventConnection",
    seen=_connection,
    expected=lambda given: [
        "",
        "OAUTH_CLIENT_CREDENTIALS",
        {
            "OAuthParameters": {
                "AuthorizationEndpoint": "https://example.com/token",
                "HttpMethod": "POST",
                "ClientParameters": {"ClientID": "me", "ClientSecret": "s3cret"},
                "OAuthHttpParameters": _PLACES,
            }
        },
    ],
)
def connection_by_tokens(world: World) -> dict[str, Any]:
    client = {"clientId": "me", "clientSecret": Secret("s3cret")}
    oauth = {"authorizationEndpoint": "https://example.com/token", "httpMethod": "POST", "clientParameters": client}
    return {
        "authorizationType": "OAUTH_CLIENT_CREDENTIALS",
        "authParameters": {"oauth": {**oauth, "oauthHttpParameters": _rows()}},
    }


@case(
    "aws:cloudwatch/eventConnection:EventConnection",
    seen=_connection,
    expected=lambda given: ["", "BASIC", {"BasicAuthParameters": {"Username": "me", "Password": "pass"}}],
)
def connection_by_password(world: World) -> dict[str, Any]:
    basic = {"username": "me", "password": Secret("pass")}
    return {"authorizationType": "BASIC", "authParameters": {"basic": basic}}


CASES = [
    mac_key,
    rotating_key,
    key_alias,
    secret,
    keyed_connection,
    connection_by_tokens,
    connection_by_password,
]
