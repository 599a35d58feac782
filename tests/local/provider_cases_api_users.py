"""Cases of Cognito."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.local.provider_cases import TAGS, World, case, unique

REGION = "us-east-1"
SCOPES = [
    {"scopeName": "read", "scopeDescription": "See pictures"},
    {"scopeName": "write", "scopeDescription": "Upload pictures"},
]


def pool(world: World) -> str:
    return world.make("aws:cognito/userPool:UserPool").id


def _user_pool(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    found = aws("cognito-idp").describe_user_pool(UserPoolId=id_)["UserPool"]
    return {
        "plain": [found[name] for name in ("Name", "AutoVerifiedAttributes", "DeletionProtection", "UserPoolTier")],
        "names": [
            found["AliasAttributes"],
            found["UsernameAttributes"],
            found["UsernameConfiguration"]["CaseSensitive"],
        ],
        "recovery": found["AccountRecoverySetting"]["RecoveryMechanisms"],
        "admin": found["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"],
        "password": found["Policies"]["PasswordPolicy"],
        "security": found["UserPoolAddOns"]["AdvancedSecurityMode"],
        "tags": found["UserPoolTags"],
    }


@case(
    "aws:cognito/userPool:UserPool",
    seen=_user_pool,
    expected=lambda given: {
        "plain": [given["name"], ["email"], "INACTIVE", "PLUS"],
        "names": [given.get("aliasAttributes", []), given.get("usernameAttributes", []), False],
        "recovery": [{"Name": "verified_email", "Priority": 1}],
        "admin": True,
        "password": {
            "MinimumLength": 12,
            "RequireLowercase": True,
            "RequireNumbers": True,
            "RequireSymbols": False,
            "RequireUppercase": True,
            "TemporaryPasswordValidityDays": 3,
        },
        "security": "ENFORCED",
        "tags": TAGS,
    },
    update=lambda given: {
        **given,
        "autoVerifiedAttributes": [],
        "adminCreateUserConfig": {"allowAdminCreateUserOnly": False},
        "passwordPolicy": {**given["passwordPolicy"], "minimumLength": 14},
        "userPoolAddOns": {"advancedSecurityMode": "AUDIT"},
        "tags": {"owner": "me"},
    },
    replace={"usernameAttributes": ["phone_number"]},
)
def user_pool(world: World) -> dict[str, Any]:
    return {
        "name": unique("users"),
        "accountRecoverySetting": {"recoveryMechanisms": [{"name": "verified_email", "priority": 1}]},
        "adminCreateUserConfig": {"allowAdminCreateUserOnly": True},
        "autoVerifiedAttributes": ["email"],
        "deletionProtection": "INACTIVE",
        "passwordPolicy": {
            "minimumLength": 12,
            "requireLowercase": True,
            "requireNumbers": True,
            "requireSymbols": False,
            "requireUppercase": True,
            "temporaryPasswordValidityDays": 3,
        },
        "usernameAttributes": ["email"],
        "usernameConfiguration": {"caseSensitive": False},
        "userPoolAddOns": {"advancedSecurityMode": "ENFORCED"},
        "userPoolTier": "PLUS",
        "region": REGION,
        "tags": TAGS,
    }


@case(
    "aws:cognito/userPool:UserPool",
    seen=lambda aws, id_, given: aws("cognito-idp").describe_user_pool(UserPoolId=id_)["UserPool"]["AliasAttributes"],
    expected=lambda given: ["email", "preferred_username"],
)
def user_pool_with_aliases(world: World) -> dict[str, Any]:
    return {"aliasAttributes": ["email", "preferred_username"], "tags": TAGS}


def _client(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    found = aws("cognito-idp").describe_user_pool_client(UserPoolId=inputs["userPoolId"], ClientId=id_)[
        "UserPoolClient"
    ]
    return {
        "flows": [found["AllowedOAuthFlows"], found["AllowedOAuthFlowsUserPoolClient"], found["AllowedOAuthScopes"]],
        "urls": [found["CallbackURLs"], found["LogoutURLs"], found["DefaultRedirectURI"]],
        "lives": [found[name] for name in ("AccessTokenValidity", "IdTokenValidity", "RefreshTokenValidity")],
        "units": found["TokenValidityUnits"],
        "session": found["AuthSessionValidity"],
        "signs": [found["ExplicitAuthFlows"], found["SupportedIdentityProviders"]],
        "attributes": [found["ReadAttributes"], found["WriteAttributes"]],
        "guards": [
            found[name]
            for name in (
                "PreventUserExistenceErrors",
                "EnableTokenRevocation",
                "EnablePropagateAdditionalUserContextData",
            )
        ],
        "secret": bool(found.get("ClientSecret")),
        "name": found["ClientName"],
    }


@case(
    "aws:cognito/userPoolClient:UserPoolClient",
    seen=_client,
    expected=lambda given: {
        "flows": [["code"], True, ["openid", "pictures/read"]],
        "urls": [["https://example.com/in"], ["https://example.com/out"], "https://example.com/in"],
        "lives": [30, 2, 7],
        "units": {"AccessToken": "minutes", "IdToken": "hours", "RefreshToken": "days"},
        "session": 5,
        "signs": [["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"], ["COGNITO"]],
        "attributes": [["email"], ["email", "name"]],
        "guards": ["ENABLED", True, True],
        "secret": True,
        "name": given["name"],
    },
    update=lambda given: {
        **given,
        "name": unique("renamed"),
        "allowedOauthScopes": ["openid"],
        "accessTokenValidity": 45,
        "logoutUrls": ["https://example.com/bye"],
    },
    replace={"generateSecret": False},
)
def user_pool_client(world: World) -> dict[str, Any]:
    inside = {"userPoolId": pool(world)}
    world.make("aws:cognito/resourceServer:ResourceServer", **inside, identifier="pictures", scopes=SCOPES)
    return {
        **inside,
        "name": unique("client"),
        "generateSecret": True,
        "explicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"],
        "allowedOauthFlows": ["code"],
        "allowedOauthFlowsUserPoolClient": True,
        "allowedOauthScopes": ["openid", "pictures/read"],
        "callbackUrls": ["https://example.com/in"],
        "logoutUrls": ["https://example.com/out"],
        "defaultRedirectUri": "https://example.com/in",
        "supportedIdentityProviders": ["COGNITO"],
        "accessTokenValidity": 30,
        "idTokenValidity": 2,
        "refreshTokenValidity": 7,
        "tokenValidityUnits": {"accessToken": "minutes", "idToken": "hours", "refreshToken": "days"},
        "authSessionValidity": 5,
        "enablePropagateAdditionalUserContextData": True,
        "enableTokenRevocation": True,
        "preventUserExistenceErrors": "ENABLED",
        "readAttributes": ["email"],
        "writeAttributes": ["email", "name"],
        "region": REGION,
    }


def _domain(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    found = aws("cognito-idp").describe_user_pool_domain(Domain=id_)["DomainDescription"]
    return [found["UserPoolId"], found["ManagedLoginVersion"]]


@case(
    "aws:cognito/userPoolDomain:UserPoolDomain",
    seen=_domain,
    expected=lambda given: [given["userPoolId"], 2],
    update=lambda given: {**given, "managedLoginVersion": 1},
    replace={"domain": "another"},
)
def user_pool_domain(world: World) -> dict[str, Any]:
    return {
        "domain": f"pictures-{uuid4().hex[:8]}",
        "userPoolId": pool(world),
        "managedLoginVersion": 2,
        "region": REGION,
    }


def _resource_server(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    named = {"UserPoolId": inputs["userPoolId"], "Identifier": inputs["identifier"]}
    found = aws("cognito-idp").describe_resource_server(**named)["ResourceServer"]
    return [found["Name"], {row["ScopeName"]: row["ScopeDescription"] for row in found["Scopes"]}]


@case(
    "aws:cognito/resourceServer:ResourceServer",
    seen=_resource_server,
    expected=lambda given: ["Pictures", {"read": "See pictures", "write": "Upload pictures"}],
    update=lambda given: {**given, "scopes": SCOPES[:1]},
    replace={"identifier": "posters"},
)
def resource_server(world: World) -> dict[str, Any]:
    return {
        "userPoolId": pool(world),
        "identifier": "pictures",
        "name": "Pictures",
        "scopes": SCOPES,
        "region": REGION,
    }


CASES = [user_pool, user_pool_with_aliases, user_pool_client, user_pool_domain, resource_server]
