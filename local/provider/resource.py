"""The base of every resource type: it declares its facts and speaks to AWS in AWS's terms."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from local.provider import schema
from local.provider.check import Failure
from local.provider.clients import Aws
from local.wire import UNKNOWN

Props = dict[str, Any]


class Resource(ABC):
    """One type. Inputs and state come without secrets and unknown values; answers go back as Pulumi properties."""

    token: ClassVar[str]

    @property
    def facts(self) -> schema.TypeFacts:
        """What is known of the type, from `facts/*.yaml`."""
        return schema.load()[self.token]

    def check(self, inputs: Props) -> Iterator[Failure]:
        """Rules that involve several inputs. A value may be `UNKNOWN` here: skip what it decides."""
        del inputs
        yield from ()

    @abstractmethod
    def create(self, aws: Aws, inputs: Props) -> str:
        """Make it and answer its id. If this raises, nothing exists."""

    def settle(self, aws: Aws, id_: str, inputs: Props) -> None:
        """What AWS takes in calls of their own, and waiting until it is usable.

        If this raises, the resource stands: the engine is told so with the reason, and updates it next time.
        """
        del aws, id_, inputs

    @abstractmethod
    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """What AWS has now, or None if it is gone. `state` only tells apart what AWS can't."""

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """Make the named inputs so. Every call sets a value, so that doing it again after a failure is right."""
        raise NotImplementedError(f"{self.token}: every change makes a new one, but {sorted(changed)} changed in place")

    @abstractmethod
    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """Remove it. One that is gone already is no error."""


def given(inputs: Props, *names: str) -> bool:
    """Whether all these inputs are there and known."""
    return all(inputs.get(name) is not None and inputs[name] is not UNKNOWN for name in names)


def present(**values: Any) -> Props:
    """Only the parameters that have a value."""
    return {name: value for name, value in values.items() if value is not None}


def tag_list(tags: dict[str, str] | None, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as most services take them."""
    return [{key: name, value: text} for name, text in (tags or {}).items()]


def tag_map(tags: Iterable[dict[str, str]], key: str = "Key", value: str = "Value") -> dict[str, str]:
    """Tags as Pulumi has them; AWS's own are left out, as the official provider does."""
    return {tag[key]: tag[value] for tag in tags if not tag[key].startswith("aws:")}


def tag_changes(old: dict[str, str] | None, new: dict[str, str] | None) -> tuple[list[str], dict[str, str]]:
    """The tag keys to remove and the tags to set."""
    before, after = old or {}, new or {}
    return sorted(before.keys() - after.keys()), {key: text for key, text in after.items() if before.get(key) != text}
