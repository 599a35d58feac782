"""The corpus: small sets of resources, good and bad, each with what one rule finds in it.

`cases/<rule id>.yaml` is a list of

    - case: a queue that keeps its letters too short      # unique in the file
      like: checkov CKV_AWS_27                            # the published rule that it re-expresses, if any
      settings: {days: 14}                                # the rule's options, where they aren't the defaults
      exceptions: [{rule: tags, …}]                       # the stack's exceptions, on builders.TODAY
      resources:
        aws:sqs/queue:Queue jobs: {name: jobs, policy: {Version: …}}
      finds: {jobs: part of its message}                  # name → part, or a list with a part of each message;
                                                          # "type name" where two have one name

A policy document may be a mapping: it becomes JSON text, as programs give it. `!unknown` is a value that is known only
after the update; `!unknown aws:sqs/queue:Queue jobs` one that is made of that resource of the case; `!computed` one
that the program doesn't give and the provider answers after the update. Within braces they need a space after them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from policies.framework.resources import UNKNOWN
from tests.policies.builders import Record, record

FOLDER: Final = Path(__file__).parent / "cases"
_ELSEWHERE: Final = "aws:ssm/parameter:Parameter elsewhere"
_JSON_TEXTS: Final = frozenset(
    {
        "assumeRolePolicy",
        "definition",
        "eventPattern",
        "filterPolicy",
        "policy",
        "redriveAllowPolicy",
        "redrivePolicy",
        "resourcePolicy",
    }
)


@dataclass(frozen=True)
class Case:
    """Resources, and what one rule finds in them."""

    rule: str
    name: str
    records: list[Record] = field(repr=False)
    finds: Mapping[str, tuple[str, ...]]
    """URN → a part of each message about that resource, in their order."""

    like: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    exceptions: Any = ()

    def __str__(self) -> str:
        return f"{self.rule}: {self.name}"


@dataclass(frozen=True)
class _Unknown:
    source: str


class _Computed:
    """A value that the provider answers."""


class _Loader(yaml.CSafeLoader):
    """YAML with our tags; a key that stands twice is an error, as the first would be lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping = super().construct_mapping(node, deep)
        if len(mapping) != len(node.value):
            raise yaml.constructor.ConstructorError(None, None, "a key stands twice", node.start_mark)
        return mapping


_Loader.add_constructor("!unknown", lambda loader, node: _Unknown(loader.construct_scalar(node) or _ELSEWHERE))
_Loader.add_constructor("!computed", lambda loader, node: _Computed())


@cache
def cases() -> tuple[Case, ...]:
    """All cases, by rule. Raises ValueError, naming the file, for one that isn't as the module says."""
    return tuple(case for file in sorted(FOLDER.glob("*.yaml")) for case in _read(file))


def _read(file: Path) -> Iterator[Case]:
    entries = yaml.load(file.read_text(), _Loader)
    if len({entry["case"] for entry in entries}) != len(entries):
        raise ValueError(f"{file.name}: two cases have one name")
    for entry in entries:
        try:
            yield _case(file.stem, **entry)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{file.name}, {entry['case']}: {error}") from error


def _case(
    rule: str,
    *,
    case: str,
    resources: Mapping[str, Mapping[str, Any]],
    finds: Mapping[str, str | list[str]],
    like: str = "",
    settings: Mapping[str, Any] | None = None,
    exceptions: Any = (),
) -> Case:
    records = [_record(key, props or {}) for key, props in resources.items()]
    type_, _, name = _ELSEWHERE.partition(" ")
    elsewhere = record(type_, name, {})
    if any([elsewhere["urn"]] in each["propertyDependencies"].values() for each in records):
        records.append(elsewhere)
    parts = {_urn(key, records): (part,) if isinstance(part, str) else tuple(part) for key, part in finds.items()}
    return Case(rule, case, records, parts, like, settings or {}, exceptions)


def _urn(key: str, records: list[Record]) -> str:
    found = [each["urn"] for each in records if key in (each["name"], f"{each['type']} {each['name']}")]
    if len(found) != 1:
        raise ValueError(f"{key!r} in finds names {len(found)} resources")
    return found[0]


def _record(key: str, props: Mapping[str, Any]) -> Record:
    type_, _, name = key.partition(" ")
    made_of = {prop: source for prop, value in props.items() if (source := _source(value))}
    made = record(type_, name, {prop: _plain(value, prop) for prop, value in props.items()}, made_of)
    computed = [prop for prop, value in props.items() if isinstance(value, _Computed)]
    return made | {"inputs": {prop: value for prop, value in made["inputs"].items() if prop not in computed}}


def _source(value: Any) -> str:
    """The resource that an unknown in `value` is made of, if there is an unknown."""
    if isinstance(value, _Unknown):
        return value.source
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next(filter(None, map(_source, children)), "")


def _plain(value: Any, prop: str = "") -> Any:
    if isinstance(value, _Unknown | _Computed):
        return UNKNOWN
    if isinstance(value, list):
        return [_plain(child) for child in value]
    if not isinstance(value, dict):
        return value
    plain = {key: _plain(child, key) for key, child in value.items()}
    return json.dumps(plain) if prop in _JSON_TEXTS else plain
