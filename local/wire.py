"""Property values as Pulumi's protocols carry them, and as plain Python.

A property bag is a `dict` of `None`, `bool`, `int`, `float`, `str`, `list` and `dict`, and of the few values below
that JSON lacks. On the wire these are strings and objects with a signature
(https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/plugin/rpc.go).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from google.protobuf import struct_pb2
from pulumi.runtime import rpc

SIGNATURE: Final = rpc._special_sig_key
_SECRET: Final = rpc._special_secret_sig
_ASSET: Final = rpc._special_asset_sig
_ARCHIVE: Final = rpc._special_archive_sig
_RESOURCE: Final = rpc._special_resource_sig
_OUTPUT: Final = rpc._special_output_value_sig


class Unknown:
    """A value that exists only after the update. There is one, `UNKNOWN`; test with `is`."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __deepcopy__(self, memo: object) -> Unknown:
        return self

    def __copy__(self) -> Unknown:
        return self


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Secret:
    """A value that is encrypted at rest and never shown."""

    value: Any

    def __repr__(self) -> str:
        return "Secret(…)"


@dataclass(frozen=True)
class Asset:
    """A file: by path, text or uri. One out of a state may hold its hash only."""

    path: str = ""
    text: str | None = None
    uri: str = ""
    hash: str = ""


@dataclass(frozen=True)
class Archive:
    """A bundle of files: by path, by named assets, or by uri. One out of a state may hold its hash only."""

    path: str = ""
    assets: dict[str, Any] | None = field(default=None)
    uri: str = ""
    hash: str = ""


@dataclass(frozen=True)
class Reference:
    """A resource passed as a value. `id` is None for a component."""

    urn: str
    id: Any = None
    package_version: str = ""


def from_struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Read a property bag off the wire. Whole numbers become `int`."""
    return {key: _read(value) for key, value in struct.fields.items()}


def to_struct(properties: dict[str, Any]) -> struct_pb2.Struct:
    """Write a property bag for the wire. Raises TypeError for a value that no property can have."""
    return struct_pb2.Struct(fields={key: _write(value) for key, value in properties.items()})


def contains_unknown(value: Any) -> bool:
    """Whether anything inside `value` is known only after the update."""
    return any(leaf is UNKNOWN for leaf in leaves(value))


def contains_secret(value: Any) -> bool:
    """Whether anything inside `value` is a secret."""
    if isinstance(value, Secret):
        return True
    return any(contains_secret(child) for child in _children(value))


def without_secrets(value: Any) -> Any:
    """`value` with each secret replaced by what it holds."""
    if isinstance(value, Secret):
        return without_secrets(value.value)
    if isinstance(value, dict):
        return {key: without_secrets(child) for key, child in value.items()}
    if isinstance(value, list):
        return [without_secrets(child) for child in value]
    if isinstance(value, Archive) and value.assets:
        return replace(value, assets=without_secrets(value.assets))
    return value


def leaves(value: Any) -> Iterator[Any]:
    """Every value inside `value` that holds no others; a secret's content included."""
    children = list(_children(value))
    if children:
        for child in children:
            yield from leaves(child)
    elif not isinstance(value, dict | list):
        yield value


def _children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value
    elif isinstance(value, Secret):
        yield value.value
    elif isinstance(value, Archive) and value.assets:
        yield from value.assets.values()


def _read(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _read_object({key: _read(child) for key, child in value.struct_value.fields.items()})
    if kind == "list_value":
        return [_read(child) for child in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "string_value":
        return UNKNOWN if value.string_value == rpc.UNKNOWN else value.string_value
    return value.bool_value if kind == "bool_value" else None


def _read_object(fields: dict[str, Any]) -> Any:
    signature = fields.get(SIGNATURE)
    if signature is None:
        return fields
    if signature == _SECRET:
        return Secret(fields["value"])
    if signature == _ASSET:
        return Asset(fields.get("path", ""), fields.get("text"), fields.get("uri", ""), fields.get("hash", ""))
    if signature == _ARCHIVE:
        return Archive(fields.get("path", ""), fields.get("assets"), fields.get("uri", ""), fields.get("hash", ""))
    if signature == _RESOURCE:
        return Reference(fields["urn"], fields.get("id"), fields.get("packageVersion", ""))
    if signature == _OUTPUT:
        inner = fields.get("value", UNKNOWN)
        return Secret(inner) if fields.get("secret") else inner
    raise ValueError(f"a property value has the signature {signature!r}, which this engine doesn't know")


def _write(value: Any) -> struct_pb2.Value:
    match value:
        case None:
            return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
        case bool():
            return struct_pb2.Value(bool_value=value)
        case int() | float():
            return struct_pb2.Value(number_value=value)
        case str():
            return struct_pb2.Value(string_value=value)
        case Unknown():
            return struct_pb2.Value(string_value=rpc.UNKNOWN)
        case list() | tuple():
            return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[_write(child) for child in value]))
        case dict():
            return struct_pb2.Value(struct_value=to_struct(value))
        case _:
            return struct_pb2.Value(struct_value=to_struct(_signed(value)))


def _signed(value: Any) -> dict[str, Any]:
    match value:
        case Secret(inner):
            return {SIGNATURE: _SECRET, "value": inner}
        case Asset(path, text, uri, digest):
            content = {"path": path or None, "text": text, "uri": uri or None, "hash": digest or None}
            return {SIGNATURE: _ASSET, **{k: v for k, v in content.items() if v is not None}}
        case Archive(path, assets, uri, digest):
            content = {"path": path or None, "assets": assets, "uri": uri or None, "hash": digest or None}
            return {SIGNATURE: _ARCHIVE, **{k: v for k, v in content.items() if v is not None}}
        case Reference(urn, id_, version):
            content = {"id": id_, "packageVersion": version or None}
            return {SIGNATURE: _RESOURCE, "urn": urn, **{k: v for k, v in content.items() if v is not None}}
    raise TypeError(f"no property can hold a {type(value).__name__}")
