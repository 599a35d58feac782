"""Cognito: user pools, their domains and the scopes that they know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Any

from botocore.exceptions import ClientError

from local.provider.check import Failure
from local.provider.clients import Aws
from local.provider.errors import RefusedError, is_missing
from local.provider.resource import Props, Resource, given, present, tag_changes

_GONE = ("ResourceNotFoundException",)
_RESERVED = ("aws", "amazon", "cognito")
"""No domain may have these words: https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-assign-domain.html"""
_PASSWORD = {
    "minimumLength": "MinimumLength",
    "requireLowercase": "RequireLowercase",
    "requireNumbers": "RequireNumbers",
    "requireSymbols": "RequireSymbols",
    "requireUppercase": "RequireUppercase",
    "temporaryPasswordValidityDays": "TemporaryPasswordValidityDays",
}


class UserPool(Resource):
    """https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPool.html"""

    token = "aws:cognito/userPool:UserPool"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """What excludes each other."""
        if inputs.get("aliasAttributes") and inputs.get("usernameAttributes"):
            yield Failure("aliasAttributes", "a pool has aliasAttributes or usernameAttributes, not both")
        rated = given(inputs, "userPoolAddOns") and inputs["userPoolAddOns"].get("advancedSecurityMode") != "OFF"
        if rated and inputs.get("userPoolTier") in ("LITE", "ESSENTIALS"):
            yield Failure("userPoolAddOns", "threat protection needs the tier PLUS")

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateUserPool."""
        case = inputs.get("usernameConfiguration")
        made = pools(aws).create_user_pool(
            PoolName=inputs["name"],
            UserPoolTags=inputs.get("tags") or {},
            **_settings(inputs),
            **present(
                AliasAttributes=inputs.get("aliasAttributes"),
                UsernameAttributes=inputs.get("usernameAttributes"),
                UsernameConfiguration={"CaseSensitive": case["caseSensitive"]} if case else None,
            ),
        )
        return made["UserPool"]["Id"]

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """DescribeUserPool."""
        pool = found(pools(aws).describe_user_pool, UserPoolId=id_)
        return None if pool is None else _read_pool(aws, pool["UserPool"])

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateUserPool with every setting: AWS brings those that are left out back to its defaults."""
        if changed - {"tags"}:
            pools(aws).update_user_pool(UserPoolId=id_, **_settings(new))
        if "tags" in changed:
            arn = aws.arn("cognito-idp", f"userpool/{id_}")
            removed, added = tag_changes(old.get("tags"), new.get("tags"))
            if removed:
                pools(aws).untag_resource(ResourceArn=arn, TagKeys=removed)
            if added:
                pools(aws).tag_resource(ResourceArn=arn, Tags=added)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteUserPool; AWS refuses one that is protected or has a domain."""
        answer = found(pools(aws).describe_user_pool, UserPoolId=id_)
        if answer is None:
            return
        pool = answer["UserPool"]
        if pool.get("DeletionProtection") == "ACTIVE":
            raise RefusedError(
                "The user pool cannot be deleted because deletion protection is activated. Deletion protection must be "
                "inactivated first."
            )
        if pool.get("Domain") or pool.get("CustomDomain"):
            raise RefusedError("User pool cannot be deleted. It has a domain configured that should be deleted first.")
        found(pools(aws).delete_user_pool, UserPoolId=id_)


class UserPoolDomain(Resource):
    """https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolDomain.html"""

    token = "aws:cognito/userPoolDomain:UserPoolDomain"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """Words that AWS keeps for itself."""
        if given(inputs, "domain"):
            for word in _RESERVED:
                if word in inputs["domain"]:
                    yield Failure("domain", f"Domain cannot contain reserved word: {word}")

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateUserPoolDomain."""
        pools(aws).create_user_pool_domain(
            Domain=inputs["domain"],
            UserPoolId=inputs["userPoolId"],
            **present(ManagedLoginVersion=inputs.get("managedLoginVersion")),
        )
        return inputs["domain"]

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """DescribeUserPoolDomain: one that isn't there has no status."""
        domain = pools(aws).describe_user_pool_domain(Domain=id_)["DomainDescription"]
        if not domain.get("Status"):
            return None
        return {
            "domain": id_,
            "userPoolId": domain["UserPoolId"],
            "managedLoginVersion": domain.get("ManagedLoginVersion"),
            "awsAccountId": domain.get("AWSAccountId"),
            "cloudfrontDistribution": domain.get("CloudFrontDistribution") or "",
            "cloudfrontDistributionArn": domain.get("CloudFrontDistribution") or "",
            "cloudfrontDistributionZoneId": "Z2FDTNDATAQYW2",
            "s3Bucket": domain.get("S3Bucket") or "",
            "version": domain.get("Version"),
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateUserPoolDomain."""
        pools(aws).update_user_pool_domain(
            Domain=id_, UserPoolId=new["userPoolId"], **present(ManagedLoginVersion=new.get("managedLoginVersion"))
        )

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteUserPoolDomain, and wait until it is gone."""
        found(pools(aws).delete_user_pool_domain, Domain=id_, UserPoolId=state["userPoolId"])
        aws.wait_until(lambda: self.read(aws, id_, state) is None, f"the deletion of the domain {id_}")


class ResourceServer(Resource):
    """https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateResourceServer.html"""

    token = "aws:cognito/resourceServer:ResourceServer"  # noqa: S105 - a type token

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateResourceServer; an identifier that exists is refused by AWS."""
        pools(aws).create_resource_server(**_server(inputs))
        return f"{inputs['userPoolId']}|{inputs['identifier']}"

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """DescribeResourceServer."""
        pool, _, identifier = id_.partition("|")
        answer = found(pools(aws).describe_resource_server, UserPoolId=pool, Identifier=identifier)
        if answer is None:
            return None
        server = answer["ResourceServer"]
        scopes = [
            {"scopeName": row["ScopeName"], "scopeDescription": row["ScopeDescription"]}
            for row in server.get("Scopes") or []
        ]
        return {
            "userPoolId": pool,
            "identifier": identifier,
            "name": server["Name"],
            "scopes": scopes or None,
            "scopeIdentifiers": [f"{identifier}/{row['scopeName']}" for row in scopes],
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateResourceServer."""
        pools(aws).update_resource_server(**_server(new))

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteResourceServer."""
        pool, _, identifier = id_.partition("|")
        found(pools(aws).delete_resource_server, UserPoolId=pool, Identifier=identifier)


def pools(aws: Aws) -> Any:
    """The client."""
    return aws.client("cognito-idp")


def found(call: Any, **names: Any) -> Any:
    """What the call answers, None where there is nothing of this name."""
    try:
        return call(**names)
    except ClientError as error:
        if is_missing(error, _GONE):
            return None
        raise


def _settings(inputs: Props) -> Props:
    """What both CreateUserPool and UpdateUserPool take."""
    recovery, admin = inputs.get("accountRecoverySetting"), inputs.get("adminCreateUserConfig")
    password, add_ons = inputs.get("passwordPolicy"), inputs.get("userPoolAddOns")
    return {
        "AutoVerifiedAttributes": inputs.get("autoVerifiedAttributes") or [],
        "DeletionProtection": inputs["deletionProtection"],
        "MfaConfiguration": inputs["mfaConfiguration"],
        "UserPoolAddOns": {"AdvancedSecurityMode": (add_ons or {}).get("advancedSecurityMode", "OFF")},
        **present(
            AccountRecoverySetting={
                "RecoveryMechanisms": [
                    {"Name": row["name"], "Priority": row["priority"]} for row in recovery["recoveryMechanisms"]
                ]
            }
            if recovery and recovery.get("recoveryMechanisms")
            else None,
            AdminCreateUserConfig={"AllowAdminCreateUserOnly": bool(admin.get("allowAdminCreateUserOnly"))}
            if admin
            else None,
            Policies={
                "PasswordPolicy": {
                    key: password[name] for name, key in _PASSWORD.items() if password.get(name) is not None
                }
            }
            if password
            else None,
            UserPoolTier=inputs.get("userPoolTier"),
        ),
    }


def _read_pool(aws: Aws, pool: Props) -> Props:
    password = pool.get("Policies", {}).get("PasswordPolicy", {})
    mechanisms = (pool.get("AccountRecoverySetting") or {}).get("RecoveryMechanisms") or []
    admin, case = pool.get("AdminCreateUserConfig") or {}, pool.get("UsernameConfiguration")
    mode = (pool.get("UserPoolAddOns") or {}).get("AdvancedSecurityMode", "OFF")
    return {
        "name": pool["Name"],
        "accountRecoverySetting": {
            "recoveryMechanisms": [{"name": row["Name"], "priority": row["Priority"]} for row in mechanisms]
        }
        if mechanisms
        else None,
        "adminCreateUserConfig": {"allowAdminCreateUserOnly": admin.get("AllowAdminCreateUserOnly", False)},
        "aliasAttributes": pool.get("AliasAttributes") or None,
        "autoVerifiedAttributes": pool.get("AutoVerifiedAttributes") or None,
        "deletionProtection": pool.get("DeletionProtection"),
        "mfaConfiguration": pool.get("MfaConfiguration"),
        "passwordPolicy": {name: password.get(key) for name, key in _PASSWORD.items()},
        "usernameAttributes": pool.get("UsernameAttributes") or None,
        "usernameConfiguration": {"caseSensitive": case["CaseSensitive"]} if case else None,
        "userPoolAddOns": {"advancedSecurityMode": mode} if mode != "OFF" else None,
        "userPoolTier": pool.get("UserPoolTier"),
        "tags": pool.get("UserPoolTags") or {},
        "arn": pool["Arn"],
        "creationDate": _when(pool["CreationDate"]),
        "customDomain": pool.get("CustomDomain") or "",
        "domain": pool.get("Domain") or "",
        "endpoint": f"cognito-idp.{aws.region}.amazonaws.com/{pool['Id']}",
        "estimatedNumberOfUsers": pool.get("EstimatedNumberOfUsers", 0),
        "lastModifiedDate": _when(pool["LastModifiedDate"]),
    }


def _server(inputs: Props) -> Props:
    scopes = [
        {"ScopeName": row["scopeName"], "ScopeDescription": row["scopeDescription"]}
        for row in inputs.get("scopes") or []
    ]
    return {
        "UserPoolId": inputs["userPoolId"],
        "Identifier": inputs["identifier"],
        "Name": inputs["name"],
        "Scopes": scopes,
    }


def _when(moment: Any) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
