"""The ledger: what the patterns say that they grant, and why. Every pattern registers its part in its outputs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pulumi_policy.proxy import UnknownValueError

from ..iam.documents import MalformedDocument, Statement, conditions_of, texts
from .resources import Resource, known, unknown

AWAITED: Final = "arn:awaited:awaited:::"
"""Begins the stand-in for a value that AWS has yet to make; in ARNs and conditions it counts as written out."""


@dataclass(frozen=True)
class Grant:
    """One statement of one principal's identity policy, with what needs it."""

    principal: str
    service: str
    statement: Statement
    because: str
    pattern: Resource
    page: str = ""
    """AWS's page, where only that says that the grant is needed."""


@dataclass(frozen=True)
class PolicyEntry:
    """The statements of one resource policy."""

    pattern: Resource
    statements: tuple[Statement, ...]
    awaits: bool
    """Whether a statement names what AWS has yet to make, so that the document can't be known yet."""


@dataclass(frozen=True)
class Acceptance:
    """A rule that a resource of a pattern knowingly doesn't meet."""

    rule: str
    resource: str
    because: str
    pattern: Resource


@dataclass
class Ledger:
    """All ledgers of a stack, as one."""

    grants: dict[str, list[Grant]] = field(default_factory=lambda: defaultdict(list))
    """By principal: the name of a role."""

    awaiting: set[str] = field(default_factory=set)
    """Principals with a grant that names what AWS has yet to make, so that their document can't be known yet."""

    policies: dict[str, PolicyEntry] = field(default_factory=dict)
    """By resource policy: `type::name`."""

    accepted: list[Acceptance] = field(default_factory=list)
    definitions: dict[str, str] = field(default_factory=dict)
    """State machine (`type::name`) → definition with placeholders, where it names what AWS has yet to make."""

    @classmethod
    def of(cls, patterns: Iterable[Resource]) -> Ledger:
        """Read the outputs of the patterns; raises UnknownValueError, naming the pattern, when a ledger is unknown."""
        ledger = cls()
        for pattern in patterns:
            try:
                ledger._add(pattern)
            except UnknownValueError as error:
                raise unknown(f"the ledger of {pattern.name}", *error.props) from None
            except KeyError as error:
                raise MalformedDocument(f"of {pattern.name}'s ledger has an entry without {error}") from error
        return ledger

    def accepts(self, rule: str, resource: str) -> bool:
        """Whether a pattern accepts, with a reason, that `resource` (`type::name`) doesn't meet `rule`."""
        return any(entry.rule == rule and entry.resource == resource and entry.because for entry in self.accepted)

    def _add(self, pattern: Resource) -> None:
        values = _awaited(pattern)
        for entry in _entries(pattern, "grants"):
            of_principal, filled = self.grants[entry["principal"]], _fill(entry, values)
            statement = replace(_statement(filled), number=len(of_principal) + 1)
            if AWAITED in repr(filled):
                self.awaiting.add(entry["principal"])
            of_principal.append(
                Grant(
                    entry["principal"],
                    entry["service"],
                    statement,
                    entry.get("because", ""),
                    pattern,
                    entry.get("page", ""),
                )
            )
        for entry in _entries(pattern, "accepted"):
            self.accepted.append(Acceptance(entry["rule"], entry["resource"], entry.get("because", ""), pattern))
        self.definitions.update(known(pattern.props.get("definitions"), "definitions") or {})
        for entry in _entries(pattern, "statements"):
            self._add_statement(pattern, entry, values)

    def _add_statement(self, pattern: Resource, entry: Mapping[str, Any], values: Mapping[str, str]) -> None:
        filled = _fill(entry, values)
        before = self.policies.get(entry["policy"], PolicyEntry(pattern, (), awaits=False))
        statement = replace(_statement(filled), number=len(before.statements) + 1)
        awaits = before.awaits or AWAITED in repr(filled)
        self.policies[entry["policy"]] = PolicyEntry(before.pattern, (*before.statements, statement), awaits)


def _entries(pattern: Resource, part: str) -> list[dict[str, Any]]:
    """One part of a pattern's ledger. Outputs of a component have no dependencies to tell what is given."""
    return known(pattern.props.get(part), part) or []


def _statement(entry: Mapping[str, Any]) -> Statement:
    return Statement(
        effect=entry.get("effect", "Allow"),
        actions=texts(entry["actions"]),
        resources=texts(entry["resources"]),
        principals={kind: texts(who) for kind, who in entry.get("principals", {}).items()},
        conditions=conditions_of(entry.get("conditions", {})),
        sid=entry.get("sid", ""),
    )


def _awaited(pattern: Resource) -> dict[str, str]:
    """What each placeholder of the pattern stands for, or its stand-in."""
    values = {}
    for name in pattern.props.get("awaited") or ():
        try:
            values[name] = known(pattern.props["awaited"][name], name)
        except UnknownValueError:
            values[name] = AWAITED + name
    return values


def _fill(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for name, real in values.items():
            value = value.replace(f"${{{name}}}", real)
        return value
    if isinstance(value, Mapping):
        return {key: _fill(child, values) for key, child in value.items()}
    if isinstance(value, list):
        return [_fill(child, values) for child in value]
    return value
