"""The facts about each type, read from `facts/*.yaml`: what the official provider would do, as data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

try:
    from yaml import CSafeLoader as SafeLoader  # eight times as fast, where PyYAML was built with libyaml
except ImportError:
    from yaml import SafeLoader

FACTS = Path(__file__).parent / "facts"
DEFAULTS: Final = "__defaults"
"""Where Check lists the properties that it filled in, as the official provider's bridge does."""

KINDS = frozenset(
    {"string", "integer", "number", "boolean", "json", "policy"}
    | {"map", "tags", "list", "set", "object", "archive", "asset", "any"}
)


@dataclass(frozen=True, kw_only=True)
class Property:
    """One input property, or one inside another."""

    kind: str
    required: bool = False
    replace: bool = False
    """A change makes a new resource."""
    computed: bool = False
    """AWS chooses a value where the program gives none; its absence is no change."""
    default: Any = None
    """What Check fills in."""
    enum: tuple[Any, ...] = ()
    pattern: str = ""
    """Rule for the whole text, where the service model has none."""
    minimum: float | None = None
    maximum: float | None = None
    unread: str = ""
    """Why AWS doesn't answer it; the state keeps what was given."""
    unenforced: str = ""
    """What the local AWS does with it: it keeps the value and nothing else. A row of the fidelity page."""
    unavailable: str = ""
    """Why it is refused, but for the values in `available`."""
    available: tuple[Any, ...] = ()
    secret: bool | str = False
    """Whether the program must give it as a Pulumi secret; a text names the boolean beside it that says so."""
    items: str = ""
    """Kind of the elements of a list or set that holds no objects, or of a map's values where they are no texts."""
    properties: dict[str, Property] = field(default_factory=dict)
    """Of an object, or of each object in a list or set."""

    @property
    def element(self) -> Property:
        """What a list or set holds."""
        if self.items:
            return Property(kind=self.items, enum=self.enum, pattern=self.pattern)
        return Property(kind="object", properties=self.properties)


@dataclass(frozen=True, kw_only=True)
class AutoName:
    """How a name is made where the program gives none: `<resource>-<7 hex digits><ending>`."""

    property: str
    maximum: int
    lower: bool = False
    endings: dict[str, str] = field(default_factory=dict)
    """Ending of the name by the boolean property that asks for it."""


@dataclass(frozen=True, kw_only=True)
class UnknownOnUpdate:
    """Outputs that a preview can't know once one of these inputs changes (any input, if none is named)."""

    outputs: tuple[str, ...]
    when: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TypeFacts:
    """One resource type."""

    token: str
    file: str
    """The facts' file, for messages."""
    source: tuple[str, ...]
    """Where the facts were read: file@commit in hashicorp/terraform-provider-aws.

    The copies are of several ages, some older than the release that this provider stands for. What they lack (`region`,
    `deletionProtectionEnabled` and a few outputs) is from the documentation in pulumi_aws 7.51.1.
    """
    id: str
    """What the resource's id is."""
    inputs: dict[str, Property]
    outputs: tuple[str, ...] = ()
    """Computed; unknown until the resource exists."""
    echoes: dict[str, str] = field(default_factory=dict)
    """Outputs that always equal an input, known at preview."""
    unknown_on_update: tuple[UnknownOnUpdate, ...] = ()
    auto_name: AutoName | None = None
    delete_before_replace: bool = False
    """The official provider's bridge says so of this type (pulumi/pulumi-aws, provider/resources.go)."""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Unenforced:
    """A row for the fidelity page: accepted here, without effect."""

    token: str
    path: str
    why: str


@cache
def load() -> dict[str, TypeFacts]:
    """All types by token. Raises ValueError for a fact that no reader of it understands."""
    found: dict[str, TypeFacts] = {}
    for path in sorted(FACTS.glob("*.yaml")):
        for token, row in yaml.load(path.read_text(), Loader=SafeLoader).items():
            if token.startswith("."):
                continue
            found[token] = _type(token, path.name, row)
    return found


def unenforced() -> list[Unenforced]:
    """Every property that the local AWS keeps without acting on it."""
    rows = []
    for token, facts in sorted(load().items()):
        for path, prop in _walk(facts.inputs):
            if prop.unenforced:
                rows.append(Unenforced(token=token, path=path, why=prop.unenforced))
    return rows


def _walk(properties: dict[str, Property], prefix: str = "") -> Iterator[tuple[str, Property]]:
    for name, prop in properties.items():
        yield prefix + name, prop
        yield from _walk(prop.properties, f"{prefix}{name}.")


def _type(token: str, file: str, row: dict[str, Any]) -> TypeFacts:
    row = dict(row)
    inputs = {name: _property(f"{token} {name}", value) for name, value in row.pop("inputs").items()}
    name = row.pop("auto_name", None)
    later = tuple(
        UnknownOnUpdate(outputs=tuple(entry["outputs"]), when=tuple(entry.get("when", ())))
        for entry in row.pop("unknown_on_update", [])
    )
    source = row.pop("source")
    return TypeFacts(
        token=token,
        file=f"local/provider/facts/{file}",
        source=(source,) if isinstance(source, str) else tuple(source),
        inputs=inputs,
        outputs=tuple(row.pop("outputs", ())),
        unknown_on_update=later,
        auto_name=AutoName(**name) if name else None,
        **row,
    )


def _property(where: str, row: dict[str, Any]) -> Property:
    row = dict(row)
    kind = row.pop("type", "any")
    if kind not in KINDS:
        raise ValueError(f"{where}: no kind of property is called {kind!r}")
    children = {name: _property(f"{where}.{name}", child) for name, child in row.pop("properties", {}).items()}
    for listed in ("enum", "available"):
        row[listed] = tuple(row.get(listed, ()))
    return Property(kind=kind, properties=children, **row)
