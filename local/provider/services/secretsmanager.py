"""Secrets Manager: secrets, whose values are put by others."""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import ClientError

from local.provider.check import Failure
from local.provider.clients import Aws
from local.provider.errors import is_missing
from local.provider.resource import Props, Resource, given, tag_changes, tag_list, tag_map

_GONE = ("ResourceNotFoundException",)
_SHORTEST_RECOVERY = 7


class Secret(Resource):
    """https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html"""

    token = "aws:secretsmanager/secret:Secret"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """A deleted secret can be had back for 7 days at least, or not at all."""
        if given(inputs, "recoveryWindowInDays") and 0 < inputs["recoveryWindowInDays"] < _SHORTEST_RECOVERY:
            yield Failure("recoveryWindowInDays", f"0, or at least {_SHORTEST_RECOVERY}")

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateSecret, without a value."""
        made = aws.client("secretsmanager").create_secret(
            Name=inputs["name"], Description=inputs.get("description") or "", Tags=tag_list(inputs.get("tags"))
        )
        return made["ARN"]

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """DescribeSecret. A secret that is scheduled for deletion is gone."""
        try:
            found = aws.client("secretsmanager").describe_secret(SecretId=id_)
        except ClientError as error:
            if is_missing(error, _GONE):
                return None
            raise
        if found.get("DeletedDate"):
            return None
        return {
            "arn": found["ARN"],
            "name": found["Name"],
            "description": found.get("Description") or None,
            "tags": tag_map(found.get("Tags", [])),
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateSecret, TagResource and UntagResource."""
        client = aws.client("secretsmanager")
        if "description" in changed:
            client.update_secret(SecretId=id_, Description=new.get("description") or "")
        if "tags" in changed:
            removed, added = tag_changes(old.get("tags"), new.get("tags"))
            if removed:
                client.untag_resource(SecretId=id_, TagKeys=removed)
            if added:
                client.tag_resource(SecretId=id_, Tags=tag_list(added))

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteSecret, at once when nobody may have it back."""
        days = state.get("recoveryWindowInDays", 30)
        how = {"RecoveryWindowInDays": int(days)} if days else {"ForceDeleteWithoutRecovery": True}
        try:
            aws.client("secretsmanager").delete_secret(SecretId=id_, **how)
        except ClientError as error:
            if not is_missing(error, _GONE):
                raise
