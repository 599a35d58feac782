"""A KMS key that signs: what carries its code was made here, and nobody can make another."""

from __future__ import annotations

import pulumi_aws as aws

from .pattern import Pattern
from .permissions import Conditions, Permission

KEPT_DAYS = 30
SHORTEST_KEPT_DAYS = 7
"""How long a deleted key can be brought back: https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html"""


class MacKey:
    """A key for HMAC-SHA-256, which never leaves KMS. It is called by its alias, since AWS makes its id.

    It has the default key policy, by which the account's identity policies say who uses it:
    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """

    def __init__(self, owner: Pattern, name: str) -> None:
        self._owner, tree_name = owner, owner.tree_name(name)
        self.alias = f"alias/{owner.physical('key-alias', name)}"
        self.key = aws.kms.Key(
            tree_name,
            description=f"{owner.names.project} {owner.names.stack} {tree_name}",
            key_usage="GENERATE_VERIFY_MAC",
            customer_master_key_spec="HMAC_256",
            deletion_window_in_days=KEPT_DAYS if owner.settings.protect_data else SHORTEST_KEPT_DAYS,
            tags=owner.tags,
            opts=owner.child(can_exist_twice=True),
        )
        self.named = aws.kms.Alias(tree_name, name=self.alias, target_key_id=self.key.key_id, opts=owner.child())

    def sign(self) -> Permission:
        """Make codes."""
        return self._permission("kms:GenerateMac")

    def verify(self) -> Permission:
        """Check codes."""
        return self._permission("kms:VerifyMac")

    def _permission(self, action: str) -> Permission:
        """By the alias that a call names: https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html"""
        by_alias: Conditions = {"StringEquals": {"kms:RequestAlias": (self.alias,)}}
        keys = self._owner.names.arn("kms", "key/*")
        return Permission(actions=(action,), resources=(keys,), conditions=by_alias)
