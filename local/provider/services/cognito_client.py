"""Cognito: the clients of a user pool."""

from __future__ import annotations

from collections.abc import Iterator

from local.provider.check import Failure
from local.provider.clients import Aws
from local.provider.errors import RefusedError
from local.provider.resource import Props, Resource, given
from local.provider.services.cognito import found, pools
from local.wire import UNKNOWN, Secret, contains_unknown

_MEMBERS = {
    "accessTokenValidity": "AccessTokenValidity",
    "allowedOauthFlows": "AllowedOAuthFlows",
    "allowedOauthFlowsUserPoolClient": "AllowedOAuthFlowsUserPoolClient",
    "allowedOauthScopes": "AllowedOAuthScopes",
    "authSessionValidity": "AuthSessionValidity",
    "callbackUrls": "CallbackURLs",
    "defaultRedirectUri": "DefaultRedirectURI",
    "enablePropagateAdditionalUserContextData": "EnablePropagateAdditionalUserContextData",
    "enableTokenRevocation": "EnableTokenRevocation",
    "explicitAuthFlows": "ExplicitAuthFlows",
    "idTokenValidity": "IdTokenValidity",
    "logoutUrls": "LogoutURLs",
    "name": "ClientName",
    "preventUserExistenceErrors": "PreventUserExistenceErrors",
    "readAttributes": "ReadAttributes",
    "refreshTokenValidity": "RefreshTokenValidity",
    "supportedIdentityProviders": "SupportedIdentityProviders",
    "writeAttributes": "WriteAttributes",
}
_UNITS = {"accessToken": "AccessToken", "idToken": "IdToken", "refreshToken": "RefreshToken"}
_DEFAULT_UNITS = {"accessToken": "hours", "idToken": "hours", "refreshToken": "days"}
_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
_LIFETIMES = {
    "accessToken": ("accessTokenValidity", 300, 86_400),
    "idToken": ("idTokenValidity", 300, 86_400),
    "refreshToken": ("refreshTokenValidity", 3_600, 315_360_000),
}
"""Seconds: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html"""
_STANDARD_SCOPES = frozenset({"phone", "email", "openid", "profile", "aws.cognito.signin.user.admin"})


class UserPoolClient(Resource):
    """https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html"""

    token = "aws:cognito/userPoolClient:UserPoolClient"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """Which flows go with what, and how long a token may live."""
        flows = inputs.get("allowedOauthFlows")
        if isinstance(flows, list) and not contains_unknown(flows):
            yield from _flow_failures(set(flows), inputs)
        units = {**_DEFAULT_UNITS, **(inputs["tokenValidityUnits"] if given(inputs, "tokenValidityUnits") else {})}
        for kind, (name, least, most) in _LIFETIMES.items():
            unit = units[kind]
            if given(inputs, name) and unit in _SECONDS and inputs[name] != 0:
                seconds = inputs[name] * _SECONDS[unit]
                if not least <= seconds <= most:
                    yield Failure(name, f"lives {seconds} seconds, {least} to {most}")

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateUserPoolClient."""
        _refuse_missing_scopes(aws, inputs)
        made = pools(aws).create_user_pool_client(
            UserPoolId=inputs["userPoolId"],
            GenerateSecret=bool(inputs.get("generateSecret")),
            **_sent(inputs),
        )
        return made["UserPoolClient"]["ClientId"]

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """DescribeUserPoolClient. Units are answered only where the program gave some: AWS has defaults."""
        answer = found(pools(aws).describe_user_pool_client, UserPoolId=state["userPoolId"], ClientId=id_)
        if answer is None:
            return None
        client = answer["UserPoolClient"]
        units = client.get("TokenValidityUnits") or {}
        read = {name: client.get(key) for name, key in _MEMBERS.items()}
        told = {name: units.get(key) or _DEFAULT_UNITS[name] for name, key in _UNITS.items()}
        return {
            **{name: value for name, value in read.items() if value not in ("", [])},
            "userPoolId": state["userPoolId"],
            "tokenValidityUnits": told if state.get("tokenValidityUnits") or told != _DEFAULT_UNITS else None,
            "clientSecret": Secret(client["ClientSecret"]) if client.get("ClientSecret") else "",
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateUserPoolClient with every setting: AWS brings those that are left out back to its defaults."""
        _refuse_missing_scopes(aws, new)
        kept = {name: value for name, value in old.items() if name in _MEMBERS}
        sent = _sent({**kept, **new})
        if "tokenValidityUnits" in changed and not new.get("tokenValidityUnits"):
            sent["TokenValidityUnits"] = {key: _DEFAULT_UNITS[name] for name, key in _UNITS.items()}
        pools(aws).update_user_pool_client(UserPoolId=new["userPoolId"], ClientId=id_, **sent)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteUserPoolClient."""
        found(pools(aws).delete_user_pool_client, UserPoolId=state["userPoolId"], ClientId=id_)


def _flow_failures(flows: set[str], inputs: Props) -> Iterator[Failure]:
    asked = inputs.get("allowedOauthFlowsUserPoolClient")
    if flows and asked is not UNKNOWN and asked is not True:
        yield Failure("allowedOauthFlowsUserPoolClient", "a client with OAuth flows needs this to be true")
    if flows and not inputs.get("allowedOauthScopes"):
        yield Failure("allowedOauthScopes", "a client with OAuth flows needs scopes")
    if "client_credentials" in flows:
        if len(flows) > 1:
            yield Failure(
                "allowedOauthFlows",
                "client_credentials flow can not be selected along with code flow or implicit flow",
            )
        if inputs.get("generateSecret") not in (True, UNKNOWN):
            yield Failure(
                "generateSecret", "client_credentials flow can not be selected if client does not have a client secret"
            )
    elif flows and not inputs.get("callbackUrls"):
        yield Failure("callbackUrls", "code flow and implicit flow need a callback URL")


def _refuse_missing_scopes(aws: Aws, inputs: Props) -> None:
    """Raise RefusedError for a scope that no resource server of the pool has."""
    for scope in inputs.get("allowedOauthScopes") or []:
        if scope in _STANDARD_SCOPES:
            continue
        server, _, name = scope.rpartition("/")
        pool = {"UserPoolId": inputs["userPoolId"]}
        answer = found(pools(aws).describe_resource_server, **pool, Identifier=server) if server else None
        known = (answer or {}).get("ResourceServer", {}).get("Scopes") or []
        if name not in {row["ScopeName"] for row in known}:
            raise RefusedError(f"Invalid scope requested: {scope}: no resource server of the pool has it")


def _sent(inputs: Props) -> Props:
    sent = {key: inputs[name] for name, key in _MEMBERS.items() if inputs.get(name) is not None}
    units = inputs.get("tokenValidityUnits")
    if units:
        sent["TokenValidityUnits"] = {key: units.get(name) or _DEFAULT_UNITS[name] for name, key in _UNITS.items()}
    return sent
