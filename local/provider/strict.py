"""Hold every AWS call against the service model before it is sent.

botocore checks required members, types and some minima. AWS also checks enumerations, patterns, maxima and members
that it doesn't know; a value that AWS would refuse must fail here too.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import regex
from botocore.hooks import BaseEventHooks
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from local.provider.errors import RefusedError

UNREADABLE_PATTERNS: Final = frozenset(
    {
        # A character class over UTF-16 surrogates (\uD800\uDC00-\uDBFF\uDFFF), which no Python text contains.
        r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*",
    }
)
"""Patterns in the models that no Python expression is made of: not checked. A test holds the list complete."""

_NUMBERS = {"integer": int, "long": int, "float": (int, float), "double": (int, float)}


def hold(events: BaseEventHooks) -> None:
    """Check each call of each client that shares these events, before any other handler sees its parameters."""
    events.register_first("before-parameter-build", _check)


def _check(params: dict[str, Any], model: OperationModel, **_: Any) -> None:
    if model.input_shape is None:
        return
    generated = {member for member in model.idempotent_members if member not in params}
    problems = list(problems_of(params, model.input_shape, "", generated))
    if problems:
        call = f"{model.service_model.service_name}:{model.name}"
        raise RefusedError(f"{call} would be refused by AWS: " + "; ".join(problems))


def problems_of(
    value: Any, shape: Shape, path: str, generated: frozenset[str] | set[str] = frozenset()
) -> Iterator[str]:
    """What AWS would refuse in `value`, one sentence each. Values aren't quoted: they may be secret."""
    if isinstance(shape, StructureShape):
        yield from _structure(value, shape, path, generated)
    elif isinstance(shape, ListShape):
        yield from _list(value, shape, path)
    elif isinstance(shape, MapShape):
        yield from _map(value, shape, path)
    elif shape.type_name in ("string", "character"):
        yield from _string(value, shape, path)
    elif shape.type_name in _NUMBERS:
        yield from _number(value, shape, path)
    elif shape.type_name == "boolean" and not isinstance(value, bool):
        yield f"{path} must be true or false"
    elif shape.type_name == "timestamp" and not isinstance(value, datetime.datetime | str | int | float):
        yield f"{path} must be a time"
    elif shape.type_name == "blob":
        yield from _blob(value, shape, path)


def _structure(value: Any, shape: StructureShape, path: str, generated: frozenset[str] | set[str]) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path} must be a structure"
        return
    if getattr(shape, "is_document_type", False):
        return
    for name in shape.required_members:
        if name not in value and name not in generated:
            yield f"{_join(path, name)} is missing"
    if getattr(shape, "is_tagged_union", False) and len(value) != 1:
        yield f"{path or shape.name} must have exactly one of {', '.join(shape.members)}"
    for name, child in value.items():
        if name not in shape.members:
            yield f"{_join(path, name)} is unknown to AWS"
        else:
            yield from problems_of(child, shape.members[name], _join(path, name))


def _list(value: Any, shape: ListShape, path: str) -> Iterator[str]:
    if not isinstance(value, list | tuple):
        yield f"{path} must be a list"
        return
    yield from _size(len(value), shape, path, "entries")
    for index, child in enumerate(value):
        yield from problems_of(child, shape.member, f"{path}[{index}]")


def _map(value: Any, shape: MapShape, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path} must be a map"
        return
    yield from _size(len(value), shape, path, "entries")
    for key, child in value.items():
        yield from problems_of(key, shape.key, f"{path} key {key!r}")
        yield from problems_of(child, shape.value, f"{path}[{key!r}]")


def _string(value: Any, shape: Shape, path: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{path} must be a text"
        return
    allowed = getattr(shape, "enum", [])
    if allowed and value not in allowed:
        yield f"{path} must be one of {_some(allowed)}"
    yield from _size(len(value), shape, path, "characters")
    pattern = shape.metadata.get("pattern")
    if pattern and pattern not in UNREADABLE_PATTERNS and not compiled(pattern).fullmatch(value):
        yield f"{path} must match {pattern}"


def _number(value: Any, shape: Shape, path: str) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, _NUMBERS[shape.type_name]):
        yield f"{path} must be a number"
        return
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and value < low:
        yield f"{path} is {value}, at least {low}"
    if high is not None and value > high:
        yield f"{path} is {value}, at most {high}"


def _blob(value: Any, shape: Shape, path: str) -> Iterator[str]:
    if isinstance(value, bytes | bytearray | str):
        yield from _size(len(value), shape, path, "bytes")
    elif not hasattr(value, "read"):
        yield f"{path} must be bytes"


def _size(size: int, shape: Shape, path: str, unit: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield f"{path} has {size} {unit}, at least {low}"
    if high is not None and size > high:
        yield f"{path} has {size} {unit}, at most {high}"


@cache
def compiled(pattern: str) -> regex.Pattern[str]:
    """A model's pattern. The models are written for Java; it must match the whole text, as AWS has it."""
    return regex.compile(pattern, regex.VERSION1)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _some(values: list[str]) -> str:
    shown = 12
    return ", ".join(values[:shown]) + (f" … ({len(values)} in all)" if len(values) > shown else "")
