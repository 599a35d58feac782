"""What the ledger grants, one right at a time: a role, an action, a resource."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from local.emulator.decision import Decision

_LIKE = ("StringLike", "ArnLike", "ArnEquals")
_JUDGED = (*_LIKE, "StringEquals")

Conditions = Mapping[str, Mapping[str, Sequence[str]]]


@dataclass(frozen=True, kw_only=True)
class Right:
    """One action of a grant on one of its resources: what can be taken away, and seen to be missed."""

    role: str
    action: str
    resource: str
    service: str = field(compare=False)
    """Who assumes the role: `lambda.amazonaws.com`."""
    pattern: str = field(compare=False)
    conditions: Conditions = field(compare=False, default_factory=dict)
    because: str = field(compare=False, default="")
    page: str = field(compare=False, default="")

    def __str__(self) -> str:
        return f"{self.role}: {self.action} on {self.resource}"

    def explains(self, decision: Decision) -> bool:
        """Whether the decision is on what this right grants."""
        return (
            decision.role == self.role
            and decision.action.lower() == self.action.lower()
            and self.covers(decision.resource)
            and self._meets(decision.keys)
        )

    def covers(self, resource: str) -> bool:
        """Whether the grant's pattern covers the resource."""
        return bool(_pattern(self.resource).fullmatch(resource))

    def _meets(self, keys: Mapping[str, Any]) -> bool:
        """Whether the request's keys are those of the conditions, as far as both are known here."""
        return all(
            _is_one_of(found, values, like=operator.rpartition(":")[2] in _LIKE)
            for operator, by_key in self.conditions.items()
            if operator.rpartition(":")[2] in _JUDGED
            for key, values in by_key.items()
            for found in _all(keys.get(key.lower(), ()))
        )


def rights(resources: Iterable[Mapping[str, Any]]) -> tuple[Right, ...]:
    """The rights of all patterns of a state, in the ledger's order, with what AWS has made filled in."""
    found: dict[Right, None] = {}
    for resource in resources:
        outputs = resource.get("outputs") or {}
        pattern = resource["urn"].rpartition("::")[-1]
        awaited = outputs.get("awaited") or {}
        for grant in outputs.get("grants") or ():
            for action in grant["actions"]:
                for where in grant["resources"]:
                    found[_right(grant, action, filled(where, awaited), pattern)] = None
    return tuple(found)


def filled(text: str, awaited: Mapping[str, str]) -> str:
    """The text with `${name}` replaced by what AWS made."""
    for name, value in awaited.items():
        text = text.replace(f"${{{name}}}", value)
    return text


def _right(grant: Mapping[str, Any], action: str, resource: str, pattern: str) -> Right:
    return Right(
        role=grant["principal"],
        action=action,
        resource=resource,
        service=grant["service"],
        pattern=pattern,
        conditions=grant["conditions"],
        because=grant["because"],
        page=grant["page"],
    )


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """An IAM pattern: `*` is any text, `?` any character."""
    return re.compile("".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in text), re.DOTALL)


def _all(found: str | Sequence[str]) -> Sequence[str]:
    return [found] if isinstance(found, str) else found


def _is_one_of(found: str, values: Sequence[str], *, like: bool) -> bool:
    return any(_pattern(value).fullmatch(found) if like else value == found for value in values)
