"""Condition operators: whether a request's context meets one, as far as that can be known.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Final

from .documents import Conditions

Context = Mapping[str, tuple[str, ...]]
"""Condition key in lower case → its values. A key that isn't there isn't sent."""

Known = bool | None
"""`None`: it can't be said."""

_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")
_DEFAULTED: Final = re.compile(r"([^,]+?)\s*,\s*'([^']*)'")
_LITERAL: Final = {"*": "*", "?": "?", "$": "$"}
_SET: Final = re.compile(r"(forallvalues|foranyvalue):(.+)")
_ARN_PARTS: Final = 6


def every(answers: Iterable[Known]) -> Known:
    """True when all are, False when one isn't, else unknown."""
    seen = set(answers)
    return False if False in seen else None if None in seen else True


def some(answers: Iterable[Known]) -> Known:
    """True when one is, False when none is, else unknown."""
    seen = set(answers)
    return True if True in seen else None if None in seen else False


def all_met(conditions: Conditions, context: Context) -> Known:
    """Whether every condition of a statement is met: each operator and each of its keys."""
    return every(
        _met(operator.lower(), context.get(key.lower(), ()), values, context)
        for operator, keys in conditions.items()
        for key, values in keys.items()
    )


def matches(
    value: str,
    pattern: str,
    context: Context,
    *,
    wild: bool = True,
    crossing: bool = True,
    ignore_case: bool = False,
) -> Known:
    """Whether `value` is what a pattern of literals, `*`, `?` and policy variables says; `None` for a lost variable.

    A variable's value stands for itself, whatever it holds. `wild` says whether `*` and `?` are more than themselves.
    Without `crossing` one stays inside its part of an ARN, but for a `*` that ends the part.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    parts, start = [], 0
    for found in _VARIABLE.finditer(pattern):
        filled = _variable(found[1], context)
        if filled is None:
            return None
        parts += [_expression(pattern, start, found.start(), wild, crossing), re.escape(filled)]
        start = found.end()
    parts.append(_expression(pattern, start, len(pattern), wild, crossing))
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else re.NOFLAG)
    return re.fullmatch("".join(parts), value, flags) is not None


@lru_cache(4096)
def _expression(pattern: str, start: int, end: int, wild: bool, crossing: bool) -> str:
    """The regular expression of a part of a pattern without variables."""
    if not wild:
        return re.escape(pattern[start:end])
    inside, parts = "." if crossing else "[^:]", []
    for at in range(start, end):
        sign = pattern[at]
        if sign == "*":
            parts.append("." if pattern[at + 1 : at + 2] in ("", ":") else inside)
        parts.append(sign if sign == "*" else inside if sign == "?" else re.escape(sign))
    return "".join(parts)


def _variable(name: str, context: Context) -> str | None:
    if name in _LITERAL:
        return _LITERAL[name]
    defaulted = _DEFAULTED.fullmatch(name)
    key, default = (defaulted[1], defaulted[2]) if defaulted else (name, None)
    values = context.get(key.strip().lower(), ())
    return values[0] if len(values) == 1 else default if not values else None


def _met(operator: str, sent: tuple[str, ...], wanted: tuple[str, ...], context: Context) -> Known:
    """One operator on one key. A set operator speaks of the values that are sent, the others of the one value.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
    """
    if operator == "null":
        return some(_same_truth(value, not sent) for value in wanted)
    over, base = found.groups() if (found := _SET.fullmatch(operator)) else ("", operator)
    if_exists = base.endswith("ifexists")
    base = base.removesuffix("ifexists")
    if base not in _OPERATORS:
        return None
    test, negated = _OPERATORS[base]
    if over:
        sent = tuple(value for value in sent if value)  # an empty string is a null data set
    if not sent:
        return over == "forallvalues" or if_exists or (negated and not over)

    def holds(value: str) -> Known:
        met = some(test(value, one, context) for one in wanted)
        return met if not negated or met is None else not met

    if over == "forallvalues":
        return every(holds(value) for value in sent)
    if over == "foranyvalue":
        return some(holds(value) for value in sent)
    return holds(sent[0]) if len(sent) == 1 else None


Test = Callable[[str, str, Context], Known]


def _equal(value: str, wanted: str, context: Context) -> Known:
    return matches(value, wanted, context, wild=False)


def _equal_in_any_case(value: str, wanted: str, context: Context) -> Known:
    return matches(value, wanted, context, wild=False, ignore_case=True)


def _arn_like(value: str, wanted: str, context: Context) -> Known:
    """Each of the six parts is checked apart from the others; `ArnEquals` is the same."""
    given, patterns = value.split(":", _ARN_PARTS - 1), _split(wanted)
    if len(given) != _ARN_PARTS or len(patterns) != _ARN_PARTS:
        return None
    return every(matches(one, pattern, context) for one, pattern in zip(given, patterns, strict=True))


def _split(pattern: str) -> list[str]:
    """The six parts of a pattern; colons within a variable are its own."""
    hidden = _VARIABLE.sub(lambda found: found[0].replace(":", "\0"), pattern)
    return [part.replace("\0", ":") for part in hidden.split(":", _ARN_PARTS - 1)]


def _ip(value: str, wanted: str, _: Context) -> Known:
    try:
        address, network = ip_address(value), ip_network(wanted, strict=False)
    except ValueError:
        return None
    return address.version == network.version and address in network


def _same_truth(value: str, truth: bool) -> Known:
    return {"true": truth, "false": not truth}.get(value.lower())


def _bool(value: str, wanted: str, _: Context) -> Known:
    truth = {"true": True, "false": False}.get(value.lower())
    return None if truth is None else _same_truth(wanted, truth)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _moment(text: str) -> float | None:
    """Seconds since 1970, of an ISO 8601 date or of such seconds; without a zone it is UTC."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return _number(text)
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def _compared(read: Callable[[str], float | None], compare: Callable[[float, float], bool]) -> Test:
    def test(value: str, wanted: str, _: Context) -> Known:
        one, other = read(value), read(wanted)
        return None if one is None or other is None else compare(one, other)

    return test


def _ordered(kind: str, read: Callable[[str], float | None]) -> dict[str, tuple[Test, bool]]:
    equal = _compared(read, lambda one, other: one == other)
    return {
        f"{kind}equals": (equal, False),
        f"{kind}notequals": (equal, True),
        f"{kind}lessthan": (_compared(read, lambda one, other: one < other), False),
        f"{kind}lessthanequals": (_compared(read, lambda one, other: one <= other), False),
        f"{kind}greaterthan": (_compared(read, lambda one, other: one > other), False),
        f"{kind}greaterthanequals": (_compared(read, lambda one, other: one >= other), False),
    }


_OPERATORS: Final[dict[str, tuple[Test, bool]]] = {
    "stringequals": (_equal, False),
    "stringnotequals": (_equal, True),
    "stringequalsignorecase": (_equal_in_any_case, False),
    "stringnotequalsignorecase": (_equal_in_any_case, True),
    "stringlike": (matches, False),
    "stringnotlike": (matches, True),
    "arnequals": (_arn_like, False),
    "arnlike": (_arn_like, False),
    "arnnotequals": (_arn_like, True),
    "arnnotlike": (_arn_like, True),
    "bool": (_bool, False),
    "binaryequals": (lambda value, wanted, _: value == wanted, False),
    "ipaddress": (_ip, False),
    "notipaddress": (_ip, True),
    **_ordered("numeric", _number),
    **_ordered("date", _moment),
}
"""Operator → (test of one sent value against one wanted, whether the operator is the test's negation)."""
