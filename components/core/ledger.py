"""The ledger: every grant of a pattern with what needs it, in the pattern's outputs, there at the first preview."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pulumi

from .permissions import Permission, Statement, plain_conditions


@dataclass
class Ledger:
    """What one pattern grants. A policy pack holds the deployed documents against it, in both directions."""

    grants: list[dict[str, Any]] = field(default_factory=list)
    statements: list[dict[str, Any]] = field(default_factory=list)
    accepted: list[dict[str, str]] = field(default_factory=list)
    awaited: dict[str, pulumi.Output[str]] = field(default_factory=dict)
    definitions: dict[str, str] = field(default_factory=dict)

    def grant(self, principal: str, service: str, permissions: Iterable[Permission], because: str) -> None:
        """Enter what the role named `principal`, assumed by `service`, may do: one entry a statement, in its order.

        `because` is the reason of the permissions that have none of their own.
        """
        self.grants += [
            {
                "principal": principal,
                "service": service,
                "actions": list(permission.actions),
                "resources": list(permission.resources),
                "conditions": plain_conditions(permission.conditions),
                "because": permission.because or because,
                "page": permission.page,
            }
            for permission in permissions
        ]

    def state(self, policy: str, statements: Iterable[Statement]) -> None:
        """Enter the statements of the resource policy `policy` (`type::name`)."""
        self.statements += [
            {
                "policy": policy,
                "sid": statement.sid,
                "effect": statement.effect,
                "principals": {kind: list(who) for kind, who in statement.principals.items()},
                "actions": list(statement.actions),
                "resources": list(statement.resources),
                "conditions": plain_conditions(statement.conditions),
                "because": statement.because,
                "page": statement.page,
            }
            for statement in statements
        ]

    def accept(self, rule: str, resource: str, because: str) -> None:
        """Enter that `resource` (`type::name`) knowingly doesn't meet the policy rule `rule`."""
        self.accepted.append({"rule": rule, "resource": resource, "because": because})

    def define(self, machine: str, definition: str) -> None:
        """Enter the definition of a state machine (`type::name`) that names what AWS has yet to make by placeholders.

        A policy pack can't see such a definition before the update.
        """
        self.definitions[machine] = definition

    def outputs(self) -> dict[str, Any]:
        """What the pattern registers."""
        return {
            "grants": self.grants,
            "statements": self.statements,
            "accepted": self.accepted,
            "awaited": self.awaited,
            "definitions": self.definitions,
        }
