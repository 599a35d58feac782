"""KMS: keys and their aliases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from local.provider.check import Failure
from local.provider.clients import Aws
from local.provider.errors import is_missing
from local.provider.resource import Props, Resource, present, tag_changes, tag_list, tag_map
from local.wire import UNKNOWN

_GONE = ("NotFoundException",)
_POLICY = "default"


class Key(Resource):
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html"""

    token = "aws:kms/key:Key"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """What a key is used for fits what it is made of, and only symmetric keys for encryption rotate."""
        usage, spec = inputs.get("keyUsage"), inputs.get("customerMasterKeySpec")
        if UNKNOWN in (usage, spec) or not isinstance(spec, str):
            return
        mac = spec.startswith("HMAC_")
        if mac is not (usage == "GENERATE_VERIFY_MAC"):
            yield Failure("keyUsage", f"{spec} is for {'GENERATE_VERIFY_MAC alone' if mac else 'other uses'}")
        if spec == "SYMMETRIC_DEFAULT" and usage == "SIGN_VERIFY":
            yield Failure("keyUsage", "a symmetric key can't sign")
        if spec.startswith("ECC_") and usage == "ENCRYPT_DECRYPT":
            yield Failure("keyUsage", f"{spec} can't encrypt")
        if inputs.get("enableKeyRotation") is True and spec != "SYMMETRIC_DEFAULT":
            yield Failure("enableKeyRotation", "only symmetric keys for encryption rotate")

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateKey."""
        made = aws.client("kms").create_key(
            KeyUsage=inputs["keyUsage"],
            KeySpec=inputs["customerMasterKeySpec"],
            BypassPolicyLockoutSafetyCheck=bool(inputs.get("bypassPolicyLockoutSafetyCheck")),
            Tags=tag_list(inputs.get("tags"), "TagKey", "TagValue"),
            **present(Description=inputs.get("description"), Policy=inputs.get("policy")),
        )
        return made["KeyMetadata"]["KeyId"]

    def settle(self, aws: Aws, id_: str, inputs: Props) -> None:
        """EnableKeyRotation, and DisableKey last: a disabled key takes no other change."""
        if inputs.get("enableKeyRotation"):
            aws.client("kms").enable_key_rotation(KeyId=id_)
        if inputs.get("isEnabled") is False:
            aws.client("kms").disable_key(KeyId=id_)

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """DescribeKey, GetKeyPolicy, GetKeyRotationStatus and ListResourceTags. A key to be deleted is gone."""
        found = _key(aws, id_)
        if found is None:
            return None
        client = aws.client("kms")
        rotates = found["KeySpec"] == "SYMMETRIC_DEFAULT"
        return {
            "arn": found["Arn"],
            "keyId": found["KeyId"],
            "description": found.get("Description") or None,
            "keyUsage": found["KeyUsage"],
            "customerMasterKeySpec": found["KeySpec"],
            "isEnabled": found["Enabled"],
            "multiRegion": found.get("MultiRegion", False),
            "policy": client.get_key_policy(KeyId=id_, PolicyName=_POLICY)["Policy"],
            "enableKeyRotation": rotates and client.get_key_rotation_status(KeyId=id_)["KeyRotationEnabled"],
            "tags": tag_map(client.list_resource_tags(KeyId=id_)["Tags"], "TagKey", "TagValue"),
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """One call for each: a key is enabled before its other changes, and disabled after them."""
        client = aws.client("kms")
        if "isEnabled" in changed and new["isEnabled"]:
            client.enable_key(KeyId=id_)
        if "enableKeyRotation" in changed:
            switch = client.enable_key_rotation if new["enableKeyRotation"] else client.disable_key_rotation
            switch(KeyId=id_)
        if "description" in changed:
            client.update_key_description(KeyId=id_, Description=new.get("description") or "")
        if "policy" in changed and new.get("policy"):
            bypass = bool(new.get("bypassPolicyLockoutSafetyCheck"))
            client.put_key_policy(
                KeyId=id_, PolicyName=_POLICY, Policy=new["policy"], BypassPolicyLockoutSafetyCheck=bypass
            )
        if "tags" in changed:
            removed, added = tag_changes(old.get("tags"), new.get("tags"))
            if removed:
                client.untag_resource(KeyId=id_, TagKeys=removed)
            if added:
                client.tag_resource(KeyId=id_, Tags=tag_list(added, "TagKey", "TagValue"))
        if "isEnabled" in changed and not new["isEnabled"]:
            client.disable_key(KeyId=id_)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """ScheduleKeyDeletion; until then the key can be had back, and nothing can be done with it."""
        if _key(aws, id_):
            days = state.get("deletionWindowInDays")
            aws.client("kms").schedule_key_deletion(KeyId=id_, **present(PendingWindowInDays=days))


class Alias(Resource):
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html"""

    token = "aws:kms/alias:Alias"  # noqa: S105 - a type token

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateAlias."""
        aws.client("kms").create_alias(AliasName=inputs["name"], TargetKeyId=inputs["targetKeyId"])
        return inputs["name"]

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """ListAliases."""
        pages = aws.client("kms").get_paginator("list_aliases").paginate()
        found = next((row for page in pages for row in page["Aliases"] if row["AliasName"] == id_), None)
        if found is None:
            return None
        key = found["TargetKeyId"]
        return {
            "arn": found["AliasArn"],
            "name": id_,
            "targetKeyId": key,
            "targetKeyArn": aws.arn("kms", f"key/{key}"),
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateAlias."""
        aws.client("kms").update_alias(AliasName=id_, TargetKeyId=new["targetKeyId"])

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteAlias."""
        try:
            aws.client("kms").delete_alias(AliasName=id_)
        except ClientError as error:
            if not is_missing(error, _GONE):
                raise


def _key(aws: Aws, id_: str) -> dict[str, Any] | None:
    try:
        found = aws.client("kms").describe_key(KeyId=id_)["KeyMetadata"]
    except ClientError as error:
        if is_missing(error, _GONE):
            return None
        raise
    return None if found["KeyState"] == "PendingDeletion" else found
