"""A secret whose value is made at run time."""

from __future__ import annotations

import pulumi_aws as aws

from .pattern import Pattern
from .permissions import Permission, placeholder

RECOVERY_DAYS = 30
"""How long a deleted secret can be restored where data is protected: 7-30 days, or 0 for not at all.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html"""


class Secret:
    """A secret that the program makes empty: no program, plan or state ever holds its value.

    Encrypted with `aws/secretsmanager`, which needs no grant. Its ARN ends with six characters of AWS's, so grants on
    it are known once it exists. https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
    """

    def __init__(self, owner: Pattern, name: str, *, description: str) -> None:
        self.tree_name = owner.tree_name(name)
        self.secret = aws.secretsmanager.Secret(
            self.tree_name,
            name=owner.physical("secret", name),
            description=description,
            recovery_window_in_days=RECOVERY_DAYS if owner.settings.protect_data else 0,
            tags=owner.tags,
            opts=owner.child(holds_data=True),
        )
        owner.may_lose(f"aws:secretsmanager/secret:Secret::{self.tree_name}")
        self.arn = self.secret.arn
        owner.ledger.awaited[self._arn_name] = self.arn

    @property
    def _arn_name(self) -> str:
        return f"{self.tree_name}.arn"

    def read(self) -> Permission:
        """Read its value."""
        return Permission(actions=("secretsmanager:GetSecretValue",), resources=(placeholder(self._arn_name),))

    def write(self) -> Permission:
        """Give it a new value."""
        return Permission(actions=("secretsmanager:PutSecretValue",), resources=(placeholder(self._arn_name),))
