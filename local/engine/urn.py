"""URNs, and the former URNs under which a resource may stand in the state.

The format is `urn:pulumi:<stack>::<project>::<parent type>$<type>::<name>`
(https://www.pulumi.com/docs/iac/concepts/resources/names/#urns).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

STACK_TYPE: Final = "pulumi:pulumi:Stack"
PROVIDER_PREFIX: Final = "pulumi:providers:"


def make_urn(stack: str, project: str, parent: str, type_: str, name: str) -> str:
    """The URN of a resource. A parent that is the stack adds nothing to it."""
    chain = qualified_type(parent) if parent else ""
    qualified = f"{chain}${type_}" if chain and chain != STACK_TYPE else type_
    return f"urn:pulumi:{stack}::{project}::{qualified}::{name}"


def qualified_type(urn: str) -> str:
    """The chain of types from the outermost parent, joined by `$`."""
    return urn.split("::", 3)[2]


def type_of(urn: str) -> str:
    """The resource's own type token."""
    return qualified_type(urn).rsplit("$", 1)[-1]


def name_of(urn: str) -> str:
    """The logical name; it may itself contain `::`."""
    return urn.split("::", 3)[3]


def label(urn: str) -> str:
    """How a message names a resource: `<type>::<name>`."""
    return f"{type_of(urn)}::{name_of(urn)}"


def is_provider(type_: str) -> bool:
    """Whether the type is that of a provider resource."""
    return type_.startswith(PROVIDER_PREFIX)


def provider_urn(reference: str) -> str:
    """The URN inside a provider reference `<urn>::<id>`; an empty reference has none."""
    return reference.rsplit("::", 1)[0] if reference else ""


def provider_id(reference: str) -> str:
    """The id inside a provider reference `<urn>::<id>`."""
    return reference.rpartition("::")[2]


@dataclass(frozen=True, kw_only=True)
class Alias:
    """A former identity: a whole URN, or what was different about it."""

    urn: str = ""
    name: str = ""
    type: str = ""
    stack: str = ""
    project: str = ""
    parent: str = ""
    no_parent: bool = False


@dataclass
class Aliases:
    """Former URNs of resources. A child inherits those of its parent: the SDK doesn't send them."""

    stack: str
    project: str
    matched: dict[str, str] = field(default_factory=dict)
    """From the URN of a resource of this run to the URN under which it was found in the state."""

    def candidates(self, type_: str, name: str, parent: str, aliases: Iterable[Alias]) -> list[str]:
        """Former URNs of a resource, own aliases first, without duplicates."""
        own = [self._collapse(type_, name, parent, alias) for alias in aliases]
        inherited = []
        if former_parent := self.matched.get(parent):
            identities = [(type_, name), *((type_of(urn), name_of(urn)) for urn in own)]
            inherited = [self._inherit(t, n, name_of(parent), former_parent) for t, n in identities]
        return list(dict.fromkeys([*own, *inherited]))

    def _collapse(self, type_: str, name: str, parent: str, alias: Alias) -> str:
        if alias.urn:
            return alias.urn
        former_parent = self.matched.get(alias.parent, alias.parent) if alias.parent else parent
        return make_urn(
            alias.stack or self.stack,
            alias.project or self.project,
            "" if alias.no_parent else former_parent,
            alias.type or type_,
            alias.name or name,
        )

    def _inherit(self, type_: str, name: str, parent_name: str, former_parent: str) -> str:
        """A child named after its parent (`posters-bucket` of `posters`) was named after the former parent."""
        if name.startswith(parent_name):
            name = name_of(former_parent) + name.removeprefix(parent_name)
        return make_urn(self.stack, self.project, former_parent, type_, name)
