"""What a condition holds a request to, and what it lets pass."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from .arns import is_pinned
from .documents import Statement

# Operators that refuse a request without the key, or with another value. Not `…IfExists`, `ForAllValues:…` or `Null`,
# which let a request without the key pass:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
_HOLDING: Final = frozenset(
    {
        "arnequals",
        "arnlike",
        "stringequals",
        "stringequalsignorecase",
        "stringlike",
        "foranyvalue:stringequals",
        "foranyvalue:stringlike",
    }
)
_PATTERNS: Final = frozenset({"arnequals", "arnlike", "stringlike", "foranyvalue:stringlike"})


def holds_to(statement: Statement, keys: Iterable[str]) -> bool:
    """Whether the statement applies only to requests in which one of `keys` has a value that is written out.

    A pattern counts when it names one resource, with a wildcard at most in the path below its name.
    """
    wanted = {key.lower() for key in keys}
    return any(
        operator.lower() in _HOLDING and key.lower() in wanted and bool(values) and _narrow(operator, values)
        for operator, conditions in statement.conditions.items()
        for key, values in conditions.items()
    )


def values_of(statement: Statement, key: str) -> list[str]:
    """All values that its conditions compare `key` with, by whatever operator."""
    return [
        value
        for conditions in statement.conditions.values()
        for name, values in conditions.items()
        if name.lower() == key.lower()
        for value in values
    ]


def applies_without_tls(statement: Statement) -> bool:
    """Whether it applies to every request that came without TLS, and to no other condition's liking."""
    if len(statement.conditions) != 1:
        return False
    (operator, keys), *_ = statement.conditions.items()
    if operator.lower() not in ("bool", "boolifexists") or len(keys) != 1:
        return False
    (key, values), *_ = keys.items()
    return key.lower() == "aws:securetransport" and [value.lower() for value in values] == ["false"]


def _narrow(operator: str, values: Iterable[str]) -> bool:
    return operator.lower() not in _PATTERNS or all(is_pinned(value) for value in values)
