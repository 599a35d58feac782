"""The role of one principal, with one policy: what it does, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

import pulumi_aws as aws

from .pattern import Pattern
from .permissions import Conditions, Permission, identity_document, trust_document


class Role:
    """A role that one service assumes for one principal (a function, a route, a pipe, a schedule, a machine).

    Whatever uses it waits for `policy`: the role's ARN is there before its permissions are. `conditions` narrow the
    trust policy where the service documents that it sends them.
    """

    def __init__(
        self,
        owner: Pattern,
        name: str,
        *,
        service: str,
        permissions: Iterable[Permission],
        because: str,
        conditions: Conditions | None = None,
    ) -> None:
        self.permissions = tuple(permissions)
        self.physical_name = owner.physical("role", name)
        self.arn = owner.names.arn("iam", f"role/{self.physical_name}")
        tree_name = owner.tree_name(name)
        self.role = aws.iam.Role(
            tree_name,
            name=self.physical_name,
            assume_role_policy=trust_document(service, conditions),
            tags=owner.tags,
            opts=owner.child(),
        )
        self.policy = aws.iam.RolePolicy(
            tree_name,
            name="ledger",
            role=self.role.name,
            policy=identity_document(self.permissions, owner.ledger.awaited),
            opts=owner.child(),
        )
        owner.ledger.grant(self.physical_name, service, self.permissions, because)
