"""The statements of a policy document, whichever of its many spellings it is written in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

Conditions = Mapping[str, Mapping[str, tuple[str, ...]]]

_ELEMENTS: Final = frozenset(
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"]
)
_ROOT: Final = re.compile(r"arn:[a-z-]+:iam::(\d{12}):root")


class MalformedDocument(ValueError):
    """A policy document that AWS would refuse, or that says something else to another reader."""


@dataclass(frozen=True)
class Statement:
    """One statement. Lists are tuples; a single string was a list of one."""

    effect: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    principals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    not_principals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    conditions: Conditions = field(default_factory=dict)
    sid: str = ""
    number: int = 1
    """Position in its document, from 1."""

    @property
    def label(self) -> str:
        """How a message names it."""
        return f"statement {self.number}" + (f" ({self.sid})" if self.sid else "")

    @property
    def allows(self) -> bool:
        """Whether it is an Allow."""
        return self.effect == "Allow"

    def meaning(self) -> tuple[Any, ...]:
        """What it says, whatever its order and spelling: equal meanings compare equal. Its Sid says nothing."""
        return (
            self.effect,
            frozenset(action.lower() for action in self.actions),
            frozenset(action.lower() for action in self.not_actions),
            frozenset(self.resources),
            frozenset(self.not_resources),
            _principals_meaning(self.principals),
            _principals_meaning(self.not_principals),
            frozenset(
                (operator.lower(), key.lower(), frozenset(values))
                for operator, keys in self.conditions.items()
                for key, values in keys.items()
            ),
        )


def parse(document: Any) -> tuple[Statement, ...]:
    """The statements of a document given as text or object; raises MalformedDocument."""
    return _parse_text(document) if isinstance(document, str) else _parse(document)


@lru_cache(4096)
def _parse_text(text: str) -> tuple[Statement, ...]:
    """Each of many rules asks for the same documents."""
    try:
        return _parse(json.loads(text, object_pairs_hook=_no_duplicates))
    except json.JSONDecodeError as error:
        raise MalformedDocument(f"is no JSON: {error}") from error


def _parse(document: Any) -> tuple[Statement, ...]:
    if not isinstance(document, Mapping) or "Statement" not in document:
        raise MalformedDocument("has no Statement")
    if strange := set(document) - {"Version", "Id", "Statement"}:
        raise MalformedDocument(f"has the element {min(strange)!r}, which no policy document has")
    statements = document["Statement"]
    if isinstance(statements, Mapping):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise MalformedDocument("has no Statement")
    return tuple(statement_of(body, number) for number, body in enumerate(statements, 1))


def statement_of(body: Any, number: int = 1) -> Statement:
    """One statement given as an object; raises MalformedDocument."""
    if not isinstance(body, Mapping):
        raise MalformedDocument(f"statement {number} is no object")
    if strange := set(body) - _ELEMENTS:
        raise MalformedDocument(f"statement {number} has the element {min(strange)!r}, which no statement has")
    if body.get("Effect") not in ("Allow", "Deny"):
        raise MalformedDocument(f"statement {number} has the Effect {body.get('Effect')!r}")
    if "Action" not in body and "NotAction" not in body:
        raise MalformedDocument(f"statement {number} has no Action")
    return Statement(
        effect=body["Effect"],
        actions=texts(body.get("Action", ())),
        not_actions=texts(body.get("NotAction", ())),
        resources=texts(body.get("Resource", ())),
        not_resources=texts(body.get("NotResource", ())),
        principals=_principals(body.get("Principal", {})),
        not_principals=_principals(body.get("NotPrincipal", {})),
        conditions=conditions_of(body.get("Condition", {})),
        sid=str(body.get("Sid", "")),
        number=number,
    )


def texts(value: Any) -> tuple[str, ...]:
    """One string or a list of them, as a tuple; booleans and numbers as JSON writes them."""
    values = (value,) if isinstance(value, str | bool | int | float) else value
    if not isinstance(values, Iterable) or isinstance(values, Mapping):
        raise MalformedDocument(f"has {value!r} where a string or a list of strings belongs")
    return tuple(_text(item) for item in values)


def conditions_of(value: Any) -> Conditions:
    """The condition block: operator → key → values."""
    if not isinstance(value, Mapping) or not all(isinstance(keys, Mapping) for keys in value.values()):
        raise MalformedDocument("has a Condition that is no object of objects")
    return {operator: {key: texts(values) for key, values in keys.items()} for operator, keys in value.items()}


def _text(item: Any) -> str:
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, str | int | float):
        return str(item)
    raise MalformedDocument(f"has {item!r} where a string belongs")


def _principals(value: Any) -> Mapping[str, tuple[str, ...]]:
    if value == "*":
        return {"AWS": ("*",)}
    if not isinstance(value, Mapping):
        raise MalformedDocument(f"has the Principal {value!r}")
    return {kind: texts(who) for kind, who in value.items()}


def _principals_meaning(principals: Mapping[str, tuple[str, ...]]) -> frozenset[tuple[str, frozenset[str]]]:
    return frozenset((kind, frozenset(_ROOT.sub(r"\1", name) for name in who)) for kind, who in principals.items())


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    if len(set(keys)) < len(keys):
        raise MalformedDocument(f"has an element twice: {', '.join(sorted({k for k in keys if keys.count(k) > 1}))}")
    return dict(pairs)
