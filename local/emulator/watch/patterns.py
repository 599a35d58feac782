"""Filter patterns of CloudWatch Logs: terms of a line, or conditions on its JSON.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html. Space-delimited patterns
(`[ip, user, …]`) and regular expressions (`%…%`) are refused.
"""

from __future__ import annotations

import fnmatch
import json
import operator
import re
from collections.abc import Callable
from typing import Any

Matches = Callable[[str], bool]
_Test = Callable[[Any], bool]

_TERM = re.compile(r'([?-]?)("(?:[^"\\]|\\.)*"|\S+)')
_TOKEN = re.compile(r'\s*(&&|\|\||[()]|!=|<=|>=|=|<|>|\$[\w.\[\]"-]*|"(?:[^"\\]|\\.)*"|[^\s()=<>!&|"]+)')
_STEP = re.compile(r"\.?(\w+)|\[(\d+)\]")
_ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_ABSENT = object()


class BadPattern(ValueError):
    """CloudWatch Logs refuses the pattern, or nobody taught it to this server."""


def compiled(pattern: str) -> Matches:
    """What tells whether a line matches `pattern`. Raises BadPattern."""
    text = pattern.strip()
    if text.startswith("{"):
        if not text.endswith("}"):
            raise BadPattern("a pattern that begins with { ends with }")
        test = _Conditions(text[1:-1]).whole()
        return lambda line: _json_matches(test, line)
    if text.startswith("[") or "%" in text:
        raise BadPattern("space-delimited patterns and regular expressions are not available")
    return _terms(text)


def value(selector: str, line: str) -> Any:
    """The value that `selector` (`$.a.b[0]`) names in a line of JSON; None if there is none."""
    try:
        found = _select(json.loads(line), selector)
    except ValueError:
        return None
    return None if found is _ABSENT else found


def _terms(text: str) -> Matches:
    """All plain terms, one of those with `?`, none of those with `-`. Upper and lower case differ."""
    parts = [(sign, _unquoted(term)) for sign, term in _TERM.findall(text)]
    wanted, any_of, never = ([term for sign, term in parts if sign == kind] for kind in ("", "?", "-"))

    def matches(line: str) -> bool:
        if any(term in line for term in never) or not all(term in line for term in wanted):
            return False
        return not any_of or bool(wanted) or any(term in line for term in any_of)

    return matches


def _json_matches(test: _Test, line: str) -> bool:
    try:
        return test(json.loads(line))
    except ValueError:
        return False


class _Conditions:
    """Conditions joined by && and ||, with parentheses; && binds closer."""

    def __init__(self, text: str) -> None:
        self._tokens = self._split(text)

    def whole(self) -> _Test:
        test = self._joined("||", lambda: self._joined("&&", self._single, all), any)
        if self._tokens:
            raise BadPattern(f"{self._tokens[0]!r} was not expected")
        return test

    def _joined(self, sign: str, part: Callable[[], _Test], how: Callable[[Any], bool]) -> _Test:
        tests = [part()]
        while self._tokens[:1] == [sign]:
            self._take()
            tests.append(part())
        return lambda record: how(test(record) for test in tests)

    def _single(self) -> _Test:
        if self._tokens[:1] == ["("]:
            self._take()
            test = self._joined("||", lambda: self._joined("&&", self._single, all), any)
            self._take(")")
            return test
        selector = self._take()
        if not selector.startswith("$"):
            raise BadPattern(f"{selector!r} is no selector")
        sign = self._take()
        if sign in ("IS", "NOT"):
            return _stated(selector, sign, self._take())
        return _compared(selector, sign, self._take())

    def _take(self, expected: str | None = None) -> str:
        if not self._tokens or (expected and self._tokens[0] != expected):
            raise BadPattern(f"{expected or 'more'} was expected")
        return self._tokens.pop(0)

    @staticmethod
    def _split(text: str) -> list[str]:
        tokens, at = [], 0
        text = text.strip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if not found:
                raise BadPattern(f"{text[at:]!r} can't be read")
            tokens.append(found[1])
            at = found.end()
        return tokens


def _stated(selector: str, sign: str, what: str) -> _Test:
    states: dict[tuple[str, str], _Test] = {
        ("IS", "TRUE"): lambda found: found is True,
        ("IS", "FALSE"): lambda found: found is False,
        ("IS", "NULL"): lambda found: found is None,
        ("NOT", "EXISTS"): lambda found: found is _ABSENT,
    }
    if (sign, what) not in states:
        raise BadPattern(f"{sign} {what} is unknown")
    test = states[sign, what]
    return lambda record: test(_select(record, selector))


def _compared(selector: str, sign: str, given: str) -> _Test:
    """A number compares with numbers, anything else with strings, in which * stands for any text."""
    number = _number(given)
    if sign in _ORDER:
        if number is None:
            raise BadPattern(f"{sign} takes a number, not {given}")
        compare = _ORDER[sign]
        return lambda record: _is_number(found := _select(record, selector)) and bool(compare(found, number))
    if sign not in ("=", "!="):
        raise BadPattern(f"{sign!r} is no comparison")
    text = _unquoted(given)

    def equal(found: Any) -> bool:
        if number is not None:
            return _is_number(found) and found == number
        return isinstance(found, str) and fnmatch.fnmatchcase(found, text.replace("[", "[[]"))

    def test(record: Any) -> bool:
        found = _select(record, selector)
        return found is not _ABSENT and equal(found) == (sign == "=")

    return test


def _select(record: Any, selector: str) -> Any:
    for name, index in _STEP.findall(selector[1:]):
        if name:
            record = record.get(name, _ABSENT) if isinstance(record, dict) else _ABSENT
        else:
            record = record[int(index)] if isinstance(record, list) and int(index) < len(record) else _ABSENT
    return record


def _is_number(found: Any) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') and len(text) > 1 else text
