"""A resource as the state knows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from local.engine import properties
from local.engine.urn import provider_urn


@dataclass(frozen=True, kw_only=True, eq=False)
class Resource:
    """One entry of the state. Never changed, only replaced by another."""

    urn: str
    type: str
    custom: bool
    id: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    parent: str = ""
    provider: str = ""
    """`<urn of the provider resource>::<its id>`."""

    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    protect: bool = False
    retain_on_delete: bool = False
    external: bool = False
    """Read by the program, not made by it."""

    delete: bool = False
    """Replaced by another; still to be deleted."""

    pending_replacement: bool = False
    """Deleted, and to be created anew."""

    init_errors: tuple[str, ...] = ()
    """Why it exists but isn't as it should be; the next update goes on from there."""

    additional_secret_outputs: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    """The URN that it had in the last run, if another: the policies see it, the state doesn't hold it."""

    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    created: str = ""
    modified: str = ""

    def needs(self) -> set[str]:
        """URNs of what must exist while this exists."""
        names = {self.parent, provider_urn(self.provider), *self.dependencies}
        names.update(urn for urns in self.property_dependencies.values() for urn in urns)
        return names - {""}

    def renamed(self, names: Mapping[str, str]) -> Resource:
        """This resource with references to renamed resources brought up to date."""
        if not names or not names.keys() & self.needs():
            return self
        provider, _, identity = self.provider.rpartition("::")
        return replace(
            self,
            parent=names.get(self.parent, self.parent),
            provider=f"{names.get(provider, provider)}::{identity}" if provider else "",
            dependencies=tuple(names.get(urn, urn) for urn in self.dependencies),
            property_dependencies={
                key: tuple(names.get(urn, urn) for urn in urns) for key, urns in self.property_dependencies.items()
            },
        )


_KEYS: Final = {
    "urn": "urn",
    "custom": "custom",
    "delete": "delete",
    "id": "id",
    "type": "type",
    "inputs": "inputs",
    "outputs": "outputs",
    "parent": "parent",
    "protect": "protect",
    "external": "external",
    "dependencies": "dependencies",
    "init_errors": "initErrors",
    "provider": "provider",
    "property_dependencies": "propertyDependencies",
    "pending_replacement": "pendingReplacement",
    "additional_secret_outputs": "additionalSecretOutputs",
    "retain_on_delete": "retainOnDelete",
    "created": "created",
    "modified": "modified",
    "ignore_changes": "ignoreChanges",
    "replace_on_changes": "replaceOnChanges",
}
_BAGS: Final = ("inputs", "outputs")
_TUPLES: Final = (
    "dependencies",
    "init_errors",
    "additional_secret_outputs",
    "ignore_changes",
    "replace_on_changes",
)


def to_json(resource: Resource, seal: properties.Seal) -> dict[str, Any]:
    """The entry as `pulumi stack export` writes it."""
    entry: dict[str, Any] = {}
    for name, key in _KEYS.items():
        value = getattr(resource, name)
        if name in _BAGS:
            value = properties.to_json(dict(value), seal)
        elif name in _TUPLES:
            value = list(value)
        elif name == "property_dependencies":
            value = {prop: list(urns) for prop, urns in sorted(value.items())}
        if value or name in ("urn", "custom", "type"):
            entry[key] = value
    return entry


def from_json(entry: Mapping[str, Any], unseal: properties.Open) -> Resource:
    """Read an entry. Raises KeyError or ValueError for one that no engine wrote."""
    fields: dict[str, Any] = {}
    for name, key in _KEYS.items():
        if key not in entry:
            continue
        value = entry[key]
        if name in _BAGS:
            value = properties.from_json(value, unseal)
        elif name in _TUPLES:
            value = tuple(value)
        elif name == "property_dependencies":
            value = {prop: tuple(urns or ()) for prop, urns in value.items()}
        fields[name] = value
    return Resource(**fields)


def now() -> str:
    """The time as the state writes it."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
