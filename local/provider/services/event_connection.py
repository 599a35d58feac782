"""EventBridge: connections, which hold what an API is called with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from local.provider.check import Failure
from local.provider.clients import Aws
from local.provider.errors import is_missing
from local.provider.resource import Props, Resource, given, present
from local.wire import UNKNOWN

_GONE = ("ResourceNotFoundException",)
_BY_TYPE = {"API_KEY": "apiKey", "BASIC": "basic", "OAUTH_CLIENT_CREDENTIALS": "oauth"}
_PLACES = {"bodies": "BodyParameters", "headers": "HeaderParameters", "queryStrings": "QueryStringParameters"}


class EventConnection(Resource):
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateConnection.html"""

    token = "aws:cloudwatch/eventConnection:EventConnection"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """One way to authorize, and the one that is named."""
        if not given(inputs, "authParameters", "authorizationType") or UNKNOWN in inputs["authParameters"].values():
            return
        named = [name for name in _BY_TYPE.values() if inputs["authParameters"].get(name)]
        wanted = _BY_TYPE.get(inputs["authorizationType"])
        if wanted and named != [wanted]:
            yield Failure("authParameters", f"{inputs['authorizationType']} needs {wanted}, and no other way")

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateConnection."""
        aws.client("events").create_connection(**_sent(inputs))
        return inputs["name"]

    def settle(self, aws: Aws, id_: str, inputs: Props) -> None:
        """Wait until the connection is authorized, or known not to be."""
        aws.wait_until(lambda: _state(aws, id_) in ("AUTHORIZED", "DEAUTHORIZED"), f"the connection {id_}")

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """DescribeConnection, which doesn't answer what is secret."""
        try:
            found = aws.client("events").describe_connection(Name=id_)
        except ClientError as error:
            if is_missing(error, _GONE):
                return None
            raise
        return {
            "arn": found["ConnectionArn"],
            "secretArn": found["SecretArn"],
            "name": found["Name"],
            "description": found.get("Description") or None,
            "authorizationType": found["AuthorizationType"],
            "authParameters": _read(found["AuthParameters"]),
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateConnection with everything, and wait."""
        aws.client("events").update_connection(**{**_sent(new), "Description": new.get("description") or ""})
        self.settle(aws, id_, new)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteConnection, which takes the secret along."""
        try:
            aws.client("events").delete_connection(Name=id_)
        except ClientError as error:
            if not is_missing(error, _GONE):
                raise


def _state(aws: Aws, name: str) -> str:
    return aws.client("events").describe_connection(Name=name)["ConnectionState"]


def _sent(inputs: Props) -> dict[str, Any]:
    parameters = inputs["authParameters"]
    key, basic, oauth = (parameters.get(name) for name in _BY_TYPE.values())
    auth = present(
        ApiKeyAuthParameters={"ApiKeyName": key["key"], "ApiKeyValue": key["value"]} if key else None,
        BasicAuthParameters={"Username": basic["username"], "Password": basic["password"]} if basic else None,
        OAuthParameters=_oauth(oauth) if oauth else None,
        InvocationHttpParameters=_places(parameters.get("invocationHttpParameters")),
    )
    return {
        "Name": inputs["name"],
        "AuthorizationType": inputs["authorizationType"],
        "AuthParameters": auth,
        **present(Description=inputs.get("description")),
    }


def _oauth(oauth: Props) -> dict[str, Any]:
    client = oauth.get("clientParameters") or {}
    return {
        "AuthorizationEndpoint": oauth["authorizationEndpoint"],
        "HttpMethod": oauth["httpMethod"],
        "ClientParameters": {"ClientID": client["clientId"], "ClientSecret": client["clientSecret"]},
        **present(OAuthHttpParameters=_places(oauth.get("oauthHttpParameters"))),
    }


def _places(places: Props | None) -> dict[str, Any] | None:
    """The parameters in headers, query and body."""
    if not places:
        return None
    return {
        _PLACES[name]: [
            present(Key=row.get("key"), Value=row.get("value"), IsValueSecret=row.get("isValueSecret"))
            for row in places[name]
        ]
        for name in _PLACES
        if places.get(name)
    }


def _read(found: dict[str, Any]) -> Props:
    key, basic, oauth = (found.get(name) for name in ("ApiKeyAuthParameters", "BasicAuthParameters", "OAuthParameters"))
    return present(
        apiKey={"key": key["ApiKeyName"]} if key else None,
        basic={"username": basic["Username"]} if basic else None,
        oauth={
            "authorizationEndpoint": oauth["AuthorizationEndpoint"],
            "httpMethod": oauth["HttpMethod"],
            "clientParameters": {"clientId": oauth["ClientParameters"]["ClientID"]},
            "oauthHttpParameters": _read_places(oauth.get("OAuthHttpParameters")),
        }
        if oauth
        else None,
        invocationHttpParameters=_read_places(found.get("InvocationHttpParameters")),
    )


def _read_places(found: dict[str, Any] | None) -> Props | None:
    if not found:
        return None
    return {
        name: [
            present(key=row["Key"], value=row.get("Value"), isValueSecret=row.get("IsValueSecret", False))
            for row in found[member]
        ]
        for name, member in _PLACES.items()
        if found.get(member)
    }
