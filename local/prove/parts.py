"""A statement as the smallest statements that together say the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Final

from policies.iam.documents import Conditions, Statement

_ALL_TOGETHER: Final = ("not", "forallvalues:")
"""Marks operators whose values hold together: one of them alone would say something else."""


def parts_of(statement: Statement) -> Iterator[tuple[Statement, str]]:
    """One action, resource and principal each, and one value of each condition that is met by any of its values.

    With each comes to whom and for what it is, as far as the statement names several.
    """
    principals = [{kind: (name,)} for kind, names in statement.principals.items() for name in names]
    conditions = list(_conditions(statement.conditions))
    for action, resource, principal, condition in product(
        statement.actions or (None,), statement.resources or (None,), principals or [{}], conditions
    ):
        part = replace(
            statement,
            actions=(action,) if action else (),
            resources=(resource,) if resource else (),
            principals=principal,
            conditions=condition,
        )
        said = [
            *(_told(principal) if len(principals) > 1 else ()),
            *(_values(condition) if len(conditions) > 1 else ()),
        ]
        yield part, ", ".join(said)


def _conditions(conditions: Conditions) -> Iterator[Conditions]:
    tests = [(operator, key, values) for operator, keys in conditions.items() for key, values in keys.items()]
    for chosen in product(*(_alternatives(operator, values) for operator, _, values in tests)):
        split: dict[str, dict[str, tuple[str, ...]]] = {}
        for (operator, key, _), values in zip(tests, chosen, strict=True):
            split.setdefault(operator, {})[key] = values
        yield split


def _alternatives(operator: str, values: tuple[str, ...]) -> list[tuple[str, ...]]:
    together = any(mark in operator.lower() for mark in _ALL_TOGETHER)
    return [values] if together or not values else [(value,) for value in values]


def _told(principal: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    yield from (name for names in principal.values() for name in names)


def _values(conditions: Conditions) -> Iterator[str]:
    yield from (value for keys in conditions.values() for values in keys.values() for value in values)
