"""A call that a state makes, and the parameters that it makes it with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..naming import Names
from ..permissions import Conditions
from .definition import Expression


class Computed(Exception):
    """A parameter that decides what is called is known only while an execution runs."""

    def __init__(self, parameter: str, *, within: str = "") -> None:
        super().__init__(parameter)
        self.within = within
        """What the ARN begins with, as far as other parameters say."""


class Target(NamedTuple):
    """What an action is done to, and under which conditions."""

    arn: str
    conditions: Conditions = {}  # noqa: RUF012 - a NamedTuple's default is shared and frozen by type


@dataclass(frozen=True)
class Call:
    """A call of a service, by one state of the machine `machine` (an ARN)."""

    integration: str
    """As in the state's resource, without `arn:…:states:::` and pattern: `dynamodb:getItem`."""

    pattern: str
    """`.sync`, `.sync:2`, `.waitForTaskToken`, or "" for a call that is over with its answer."""

    arguments: Any = field(repr=False)
    names: Names
    machine: str

    def find(self, path: str) -> Any:
        """The parameter at `A.B`, or None. Raises Computed, naming the part that is."""
        value = self.arguments
        for name in ("", *path.split(".")):
            value = value.get(name) if name and isinstance(value, Mapping) else value
            if isinstance(value, Expression):
                raise Computed(path)
        return value

    def text(self, path: str) -> str:
        """A parameter that must be there. Raises Computed, and ValueError when it is missing."""
        value = self.find(path)
        if not isinstance(value, str) or not value:
            raise ValueError(f"{self.integration} needs {path}")
        return value

    def name(self, path: str) -> str:
        """A parameter that becomes part of an ARN, where `*` and `?` would stand for others."""
        name = self.text(path)
        if set(name) & set("*?"):
            raise ValueError(f"{self.integration} has {path} {name!r}: in a permission it would stand for others too")
        return name

    def rows(self, path: str) -> list[Mapping[str, Any]]:
        """A parameter that is a list of objects. Raises Computed, and ValueError for anything else."""
        rows = self.find(path)
        if not isinstance(rows, list) or not rows:
            raise ValueError(f"{self.integration} needs {path}")
        if any(isinstance(row, Expression) for row in rows):
            raise Computed(path)
        return rows

    def within(self, arguments: Any) -> Call:
        """The same call with a part of its parameters as if it were all."""
        return Call(self.integration, self.pattern, arguments, self.names, self.machine)

    def arn(self, service: str, prefix: str, name: str) -> str:
        """The ARN of a name; what is an ARN already stays."""
        return name if name.startswith("arn:") else self.names.arn(service, prefix + name)


Targets = Callable[[Call], Iterator[Target]]
"""Finds what a call's parameters name. Raises Computed when they don't say it before an execution runs."""


def at(arn: str) -> Iterator[Target]:
    """One target without conditions."""
    yield Target(arn)


def anything(_: Call) -> Iterator[Target]:
    """What actions that take no resource are done to."""
    yield Target("*")


def once(targets: Iterable[Target]) -> list[Target]:
    """Each target once, in order."""
    found: list[Target] = []
    for target in targets:
        if target not in found:
            found.append(target)
    return found
