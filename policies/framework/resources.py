"""A resource as a rule sees it: plain properties, of which some may be known only after the update."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pulumi_policy import proxy
from pulumi_policy.proxy import UnknownValueError, unknown_checking_proxy

from .types import canonical

UNKNOWN: Final = proxy.UNKNOWN_STRING_VALUE
"""Stands for a value that is known only after the update, as on the wire."""

_UNKNOWNS: Final = frozenset(
    value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_") and name.endswith("_VALUE")
)

# Signatures of special values: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/properties.go
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - marks a secret, is none
_OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"


@dataclass(frozen=True)
class Resource:
    """One resource of a stack.

    Reading a property that is known only after the update raises `UnknownValueError`, at any depth; the framework
    turns that into a violation.
    """

    type: str
    name: str
    urn: str
    props: Mapping[str, Any] = field(repr=False)
    """Outputs for rules over the stack; checked inputs for rules over one resource."""

    inputs: Mapping[str, Any] | None = field(default=None, repr=False)
    """Checked inputs, where they are known apart from `props`."""

    parent: str = ""
    dependencies: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False)
    """Property → URNs of the resources whose outputs it was made of."""

    def __post_init__(self) -> None:
        """Let a type's older name not hide the resource."""
        object.__setattr__(self, "type", canonical(self.type))

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Resource:
        """From a record: `type`, `name`, `urn`, `props`, and if any `inputs`, `parent`, `propertyDependencies`."""
        inputs = record.get("inputs")
        return cls(
            type=record["type"],
            name=record["name"],
            urn=record["urn"],
            props=unknown_checking_proxy(_plain(record["props"])),
            inputs=None if inputs is None else unknown_checking_proxy(_plain(inputs)),
            parent=record.get("parent") or "",
            dependencies=record.get("propertyDependencies") or {},
        )

    @property
    def deployed_in(self) -> tuple[str, str]:
        """The project and the stack that it belongs to."""
        stack, project = self.urn.removeprefix("urn:pulumi:").split("::", 2)[:2]
        return project, stack

    @property
    def key(self) -> str:
        """How the ledger names it: `type::name`."""
        return f"{self.type}::{self.name}"

    def as_declared(self) -> Resource:
        """The same resource with its checked inputs as properties, as a rule over one resource sees it."""
        if self.inputs is None:
            return self
        return Resource(self.type, self.name, self.urn, self.inputs, None, self.parent, self.dependencies)

    def known(self, name: str) -> Any:
        """A property as plain Python, `None` when it is absent; raises UnknownValueError if any of it is unknown."""
        return known(self.props.get(name), name)

    def given(self, name: str) -> Any:
        """A property that the provider fills in when the program doesn't give it: `None` while it waits for that.

        An unknown value that the program gives is made of another resource's outputs; one of the provider's is not.
        """
        try:
            return self.known(name)
        except UnknownValueError:
            if self.dependencies.get(name):
                raise
            return None

    def is_unknown(self, name: str) -> bool:
        """Whether a property, or anything in it, is known only after the update."""
        try:
            self.known(name)
        except UnknownValueError:
            return True
        return False


def unknown(*path: str) -> UnknownValueError:
    """What reading the unknown property at `path` raises."""
    return UnknownValueError(UNKNOWN, list(path))


def known(value: Any, *path: str) -> Any:
    """`value` as plain Python, whole numbers as int; raises UnknownValueError if anything in it is unknown."""
    if isinstance(value, str):
        if any(mark in value for mark in _UNKNOWNS):
            raise unknown(*path)
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: known(_item(value, key, path), *path, key) for key in value}
    if isinstance(value, Sequence):
        return [known(_item(value, index, path), *path, str(index)) for index in range(len(value))]
    return value


def _item(holder: Any, key: Any, path: tuple[str, ...]) -> Any:
    try:
        return holder[key]
    except UnknownValueError:
        raise unknown(*path, str(key)) from None


def _plain(value: Any) -> Any:
    """Without the wire's marks: secrets opened, outputs replaced by what they hold. A stranger counts as unknown."""
    if isinstance(value, Mapping):
        if _SIGNATURE in value:
            return _marked(value)
        return {key: _plain(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(child) for child in value]
    return value if value is None or isinstance(value, str | bool | int | float) else UNKNOWN


def _marked(value: Mapping[str, Any]) -> Any:
    signature = value[_SIGNATURE]
    if signature == _SECRET and "plaintext" in value:
        return _plain(json.loads(value["plaintext"]))
    if signature in (_SECRET, _OUTPUT):
        return _plain(value.get("value", UNKNOWN))  # an encrypted secret can't be judged either
    return dict(value)
