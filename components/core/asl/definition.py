"""A definition in Amazon States Language: its substitutions filled in, its states at every level.

https://states-language.net/spec.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class Expression:
    """Stands for a value that is known only while an execution runs, or after the update."""

    text: str = ""


@dataclass(frozen=True)
class State:
    """One state, and the query language that it is written in."""

    name: str
    body: Mapping[str, Any]
    language: str

    @property
    def type(self) -> str:
        """`Task`, `Map` and so on."""
        return self.body.get("Type", "")

    @property
    def distributed(self) -> bool:
        """Whether it is a Map whose items run as executions of their own."""
        processor = self.body.get("ItemProcessor") or {}
        return self.type == "Map" and (processor.get("ProcessorConfig") or {}).get("Mode") == "DISTRIBUTED"

    def arguments(self, part: str = "") -> Any:
        """What it gives to the service that it calls: an `Expression` stands where the program can't know a value.

        `part` is a field that calls for itself (`ItemReader`). Without Arguments or Parameters the input is passed.
        """
        body = self.body.get(part, {}) if part else self.body
        field_name = "Arguments" if self.language == "JSONata" else "Parameters"
        return _plain(body[field_name], self.language) if field_name in body else Expression()


@dataclass(frozen=True)
class Definition:
    """A machine whose substitutions are filled in, but for those that are known after the update only."""

    label: str
    """How messages call it: the name of its file."""

    machine: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(
        cls, source: Path | Mapping[str, Any], known: Mapping[str, str], awaited: Collection[str], label: str
    ) -> Definition:
        """Read a definition. `awaited` names substitutions whose values AWS has yet to make: they stay as they are.

        Raises ValueError when it is no JSON, names a field twice, or doesn't use exactly these substitutions.
        """
        label = source.name if isinstance(source, Path) else label
        machine = _read(source, label)
        used = set(_placeholders(machine))
        given = known.keys() | set(awaited)
        if missing := used - given:
            raise ValueError(f"{label} uses {', '.join(sorted(missing))}, which substitutions lack")
        if idle := given - used:
            raise ValueError(f"{label} doesn't use the substitutions {', '.join(sorted(idle))}")
        return cls(label, fill(machine, known))

    def states(self) -> Iterator[State]:
        """Every state, those of branches and item processors after the one that holds them."""
        yield from _states(self.machine, "JSONPath")


def fill(value: Any, values: Mapping[str, str]) -> Any:
    """`value` with `${Name}` replaced in all its texts, keys included; other names stay."""
    if isinstance(value, str):
        return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), value)
    if isinstance(value, Mapping):
        return {fill(key, values): fill(item, values) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, values) for item in value]
    return value


def texts(value: Any) -> Iterator[str]:
    """Every text in it, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield key
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def inner(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The machines inside a state: branches, or what a Map runs."""
    yield from body.get("Branches", ())
    yield from (body[name] for name in ("ItemProcessor", "Iterator") if name in body)


def _read(source: Path | Mapping[str, Any], label: str) -> Mapping[str, Any]:
    text = source.read_text(encoding="utf-8") if isinstance(source, Path) else json.dumps(source)
    try:
        machine = json.loads(text, object_pairs_hook=_no_duplicates)
    except ValueError as error:
        raise ValueError(f"{label}: {error}") from None
    if not isinstance(machine, dict):
        raise ValueError(f"{label} is no JSON object")
    return machine


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON's own reader keeps the last of two fields or states of one name, without a word."""
    names = [name for name, _ in pairs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{', '.join(twice)} stands twice in one object")
    return dict(pairs)


def _placeholders(machine: Any) -> Iterator[str]:
    for text in texts(machine):
        yield from PLACEHOLDER.findall(text)


def _states(machine: Mapping[str, Any], language: str) -> Iterator[State]:
    language = machine.get("QueryLanguage", language)
    for name, body in (machine.get("States") or {}).items():
        own = body.get("QueryLanguage", language)
        yield State(name, body, own)
        for nested in inner(body):
            yield from _states(nested, language)


def _plain(value: Any, language: str) -> Any:
    rule: Callable[[Any], Any] = _of_jsonata if language == "JSONata" else _of_jsonpath
    return rule(value)


def _of_jsonata(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _of_jsonata(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_of_jsonata(item) for item in value]
    return Expression(value) if is_expression(value) or _awaits(value) else value


def _of_jsonpath(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key.removesuffix(".$"): Expression(str(item)) if key.endswith(".$") else _of_jsonpath(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_of_jsonpath(item) for item in value]
    return Expression(value) if _awaits(value) else value


def is_expression(value: Any) -> bool:
    """Whether it is a JSONata expression: `{% … %}`."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def _awaits(value: Any) -> bool:
    return isinstance(value, str) and bool(PLACEHOLDER.search(value))
