"""One configured provider in this process: protobuf in and out, plain Python on this side."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2 as pb
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer

from local.engine.errors import ResourceError
from local.engine.resource import Resource
from local.engine.urn import name_of, type_of
from local.provider.errors import InitFailedError
from local.wire import UNKNOWN, Reference, Secret, contains_secret, from_struct, to_struct, without_secrets

INTERNAL: Final = "__internal"
"""The key under which a provider resource keeps what is the engine's own."""

_REPLACING: Final = (pb.PropertyDiff.ADD_REPLACE, pb.PropertyDiff.DELETE_REPLACE, pb.PropertyDiff.UPDATE_REPLACE)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What a provider says about new inputs."""

    changed: bool
    paths: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    delete_first: bool = False


@dataclass(frozen=True, kw_only=True)
class Made:
    """What a provider answers when it made, changed or read a resource."""

    id: str
    outputs: dict[str, Any]
    inputs: dict[str, Any] | None = None
    errors: tuple[str, ...] = ()
    """Why the resource exists, but not as it should."""


class ProviderHost:
    """Calls one provider. Every method raises what the provider raises."""

    def __init__(self, servicer: ResourceProviderServicer, configured: bool = True) -> None:
        # The generated stubs type every method as perhaps asynchronous; in-process calls never are.
        self._servicer: Any = servicer
        self._accepts_secrets = True
        self.configured = configured
        """False in a preview in which the provider's own configuration is unknown: nothing can be asked then."""

    def check_config(self, urn: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """The checked configuration. Raises ResourceError with each reason."""
        request = pb.CheckRequest(
            urn=urn,
            olds=self._send(_public(olds)),
            news=self._send(_public(news)),
            name=name_of(urn),
            type=type_of(urn),
        )
        response = self._servicer.CheckConfig(request, _CONTEXT)
        _raise_failures(response.failures)
        return {**from_struct(response.inputs), **{key: news[key] for key in (INTERNAL, "version") if key in news}}

    def diff_config(self, urn: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> Difference:
        """Whether a new configuration can manage what the old one made."""
        request = pb.DiffRequest(
            urn=urn,
            olds=self._send(_public(olds)),
            news=self._send(_public(news)),
            old_inputs=self._send(_public(olds)),
            name=name_of(urn),
            type=type_of(urn),
        )
        return _difference(self._servicer.DiffConfig(request, _CONTEXT), _public(olds) != _public(news))

    def configure(self, urn: str, id_: str, inputs: Mapping[str, Any]) -> None:
        """Give the provider its configuration; once, before everything but the two calls above."""
        args = _public(inputs)
        request = pb.ConfigureRequest(
            args=to_struct(args),
            variables={
                f"{type_of(urn).rsplit(':', 1)[-1]}:config:{k}": v for k, v in args.items() if isinstance(v, str)
            },
            acceptSecrets=True,
            acceptResources=False,
            sends_old_inputs=True,
            sends_old_inputs_to_delete=True,
            id=id_,
            urn=urn,
            name=name_of(urn),
            type=type_of(urn),
        )
        self._accepts_secrets = self._servicer.Configure(request, _CONTEXT).acceptSecrets

    def check(self, urn: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs with defaults. Raises ResourceError with each reason."""
        if not self.configured:
            return dict(news)
        request = pb.CheckRequest(
            urn=urn,
            olds=self._send(olds),
            news=self._send(news),
            randomSeed=os.urandom(32),
            name=name_of(urn),
            type=type_of(urn),
        )
        response = self._servicer.Check(request, _CONTEXT)
        _raise_failures(response.failures)
        return _secrets_kept(news, from_struct(response.inputs))

    def diff(self, old: Resource, news: Mapping[str, Any], ignore_changes: Iterable[str]) -> Difference:
        """What new inputs change, and whether that takes a replacement."""
        if not self.configured:
            return Difference(changed=True)
        request = pb.DiffRequest(
            id=old.id,
            urn=old.urn,
            olds=self._send(old.outputs),
            news=self._send(news),
            old_inputs=self._send(old.inputs),
            ignoreChanges=ignore_changes,
            name=name_of(old.urn),
            type=old.type,
        )
        plain = without_secrets(dict(old.inputs)) != without_secrets(dict(news))
        return _difference(self._servicer.Diff(request, _CONTEXT), plain)

    def create(self, entry: Resource, *, preview: bool) -> Made:
        """Make the resource, or in a preview say what would come out."""
        if not self.configured:
            return Made(id="", outputs=dict(entry.inputs))
        request = pb.CreateRequest(
            urn=entry.urn,
            properties=self._send(entry.inputs),
            preview=preview,
            name=name_of(entry.urn),
            type=entry.type,
        )
        try:
            response = self._servicer.Create(request, _CONTEXT)
        except InitFailedError as error:
            return _half_made(error, entry.inputs)
        return Made(id=response.id, outputs=_secrets_kept(entry.inputs, from_struct(response.properties)))

    def update(self, old: Resource, entry: Resource, *, preview: bool) -> Made:
        """Change the resource in place, or in a preview say what would come out."""
        if not self.configured:
            return Made(id=old.id, outputs=dict(entry.inputs))
        request = pb.UpdateRequest(
            id=old.id,
            urn=entry.urn,
            olds=self._send(old.outputs),
            news=self._send(entry.inputs),
            old_inputs=self._send(old.inputs),
            ignoreChanges=entry.ignore_changes,
            preview=preview,
            name=name_of(entry.urn),
            type=entry.type,
        )
        try:
            response = self._servicer.Update(request, _CONTEXT)
        except InitFailedError as error:
            return _half_made(error, entry.inputs)
        return Made(id=old.id, outputs=_secrets_kept(entry.inputs, from_struct(response.properties)))

    def read(self, entry: Resource) -> Made | None:
        """The resource as it is, or None when it doesn't exist."""
        request = pb.ReadRequest(
            id=entry.id,
            urn=entry.urn,
            properties=self._send(entry.outputs),
            inputs=self._send(entry.inputs),
            name=name_of(entry.urn),
            type=entry.type,
        )
        response = self._servicer.Read(request, _CONTEXT)
        if not response.id:
            return None
        return Made(
            id=response.id,
            outputs=_secrets_kept(entry.inputs, from_struct(response.properties)),
            inputs=_secrets_kept(entry.inputs, from_struct(response.inputs)),
        )

    def delete(self, entry: Resource) -> None:
        """Delete the resource; one that is gone already is no error."""
        request = pb.DeleteRequest(
            id=entry.id,
            urn=entry.urn,
            properties=self._send(entry.outputs),
            old_inputs=self._send(entry.inputs),
            name=name_of(entry.urn),
            type=entry.type,
        )
        self._servicer.Delete(request, _CONTEXT)

    def invoke(self, token: str, args: Mapping[str, Any], *, preview: bool) -> pb.InvokeResponse:
        """Call a function of the provider."""
        return self._servicer.Invoke(pb.InvokeRequest(tok=token, args=self._send(args), preview=preview), _CONTEXT)

    def _send(self, properties: Mapping[str, Any]) -> struct_pb2.Struct:
        plain = {key: _without_references(value) for key, value in properties.items()}
        return to_struct(plain if self._accepts_secrets else without_secrets(plain))


_CONTEXT: Any = None


def _difference(response: pb.DiffResponse, inputs_differ: bool) -> Difference:
    changed = response.changes == pb.DiffResponse.DIFF_SOME
    if response.changes == pb.DiffResponse.DIFF_UNKNOWN:
        changed = inputs_differ
    forcing = [path for path, detail in response.detailedDiff.items() if detail.kind in _REPLACING]
    return Difference(
        changed=changed,
        paths=tuple(sorted(response.detailedDiff) or response.diffs),
        replaces=tuple(dict.fromkeys([*response.replaces, *forcing])),
        delete_first=response.deleteBeforeReplace,
    )


def _half_made(error: InitFailedError, inputs: Mapping[str, Any]) -> Made:
    return Made(id=error.id, outputs=_secrets_kept(inputs, error.properties), errors=tuple(error.reasons))


def _raise_failures(failures: Iterable[pb.CheckFailure]) -> None:
    lines = [f"{failure.property}: {failure.reason}" if failure.property else failure.reason for failure in failures]
    if lines:
        raise ResourceError("\n".join(lines))


def _public(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in inputs.items() if key != INTERNAL}


def _secrets_kept(inputs: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer, where what went in as a secret stays one even if the provider forgot it."""
    return {
        key: Secret(value) if contains_secret(inputs.get(key)) and not contains_secret(value) else value
        for key, value in answer.items()
    }


def _without_references(value: Any) -> Any:
    """A resource as the provider takes it: its id, unknown while there is none, or the URN of a component."""
    match value:
        case Reference(urn, id_, _):
            return urn if id_ is None else id_ or UNKNOWN
        case dict():
            return {key: _without_references(child) for key, child in value.items()}
        case list():
            return [_without_references(child) for child in value]
        case Secret(inner):
            return Secret(_without_references(inner))
    return value
