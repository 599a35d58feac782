"""The base of every pattern: names, tags, children, and the ledger in its outputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pulumi
from pulumi import ResourceOptions

from .ledger import Ledger
from .metric import Watch
from .naming import Names, check_component_name
from .settings import StackSettings


class NotYet(ValueError):
    """An argument that a later version will take."""

    def __init__(self, where: str, what: str, page: str) -> None:
        super().__init__(f"{where}: {what} is not available yet; leave it out ({page} lists what is to come)")


class Pattern(pulumi.ComponentResource):
    """A reusable component. Its parts are plain objects that make their resources directly below it."""

    def __init__(self, type_: str, name: str, *, physical_name: str | None, opts: ResourceOptions | None) -> None:
        super().__init__(type_, name, None, opts)
        self.name = name
        self.physical_name = physical_name or name
        self.names = Names.of(self)
        self.settings = StackSettings.of_stack(self.names.region)
        self.ledger = Ledger()
        self.watch = Watch()

    def physical(self, kind: Any, *parts: str, suffix: str = "") -> str:
        """The physical name of a part; pinned by the argument `physical_name` when the component is renamed."""
        return self.names.physical(kind, self.physical_name, *parts, suffix=suffix)

    def tree_name(self, part: str) -> str:
        """The name of a part's resources in the tree that the user sees."""
        return f"{self.name}-{part}"

    @property
    def tags(self) -> dict[str, str]:
        """Tags of every resource that takes tags."""
        return {
            "project": self.names.project,
            "stack": self.names.stack,
            "component": self.physical_name,
            "owner": self.settings.owner,
            "cost-centre": self.settings.cost_centre,
        }

    def child(
        self, *, after: Sequence[pulumi.Resource] = (), holds_data: bool = False, can_exist_twice: bool = False
    ) -> ResourceOptions:
        """Options of a leaf.

        A fixed name or a unique key can't exist twice, so by default a leaf is deleted before it is replaced.
        `can_exist_twice` is for what has no fixed name, and for what AWS doesn't delete while it is used.
        """
        return ResourceOptions(
            parent=self,
            depends_on=list(after) or None,
            delete_before_replace=None if can_exist_twice else True,
            protect=True if holds_data and self.settings.protect_data else None,
        )

    def may_lose(self, resource: str) -> None:
        """Enter that `resource` (`type::name`) isn't protected against deletion, where the stack's data isn't."""
        if not self.settings.protect_data:
            because = "serviceful:protectData is off: the stack may be thrown away with its data"
            self.ledger.accept("deletion-protection", resource, because)

    def publish(self, **outputs: pulumi.Input[Any]) -> None:
        """Register the outputs and the ledger: the last step of every pattern."""
        self.register_outputs({**outputs, **self.ledger.outputs()})


def outside(what: str, value: float, low: float, high: float) -> Iterator[str]:
    """The problem with an argument that is under `low` or over `high`, if it is."""
    if not low <= value <= high:
        yield f"{what}={value} is not within {low:,}-{high:,}"


def check_name(pattern: str, name: str, physical_name: str | None) -> None:
    """Refuse a component whose names can't be made."""
    check_component_name(pattern, name)
    if physical_name is not None:
        check_component_name(f'{pattern}("{name}").physical_name', physical_name)
