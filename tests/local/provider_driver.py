"""Drive the provider as the engine does: the same requests, over gRPC or in this process."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from local.provider.servicer import AwsProvider
from local.settings import REPO, Settings
from local.wire import from_struct, to_struct

PLUGIN = REPO / "local" / "bin" / "pulumi-resource-aws"
_PARENT = "serviceful:index:FanOutConverter"


@dataclass
class Checked:
    inputs: dict[str, Any]
    failures: dict[str, str]


@dataclass
class State:
    """What the engine keeps of one resource."""

    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]


@dataclass
class Driver:
    """`provider` is a stub of the plugin, or the servicer itself."""

    provider: Any
    type: str = ""
    name: str = "it"
    made: list[tuple[str, State]] = field(default_factory=list)

    def of(self, token: str, name: str = "it") -> Driver:
        """The same provider, for resources of one type."""
        return Driver(self.provider, token, name, self.made)

    @property
    def about(self) -> dict[str, Any]:
        urn = f"urn:pulumi:local::tests::{_PARENT}${self.type}::{self.name}"
        return {"urn": urn, "type": self.type, "name": self.name}

    def check(self, news: dict[str, Any], olds: dict[str, Any] | None = None, seed: bytes = b"seed") -> Checked:
        request = provider_pb2.CheckRequest(
            **self.about, news=to_struct(news), olds=to_struct(olds or {}), randomSeed=seed
        )
        answer = self.provider.Check(request)
        return Checked(from_struct(answer.inputs), {row.property: row.reason for row in answer.failures})

    def diff(self, state: State, news: dict[str, Any], ignore: list[str] | None = None) -> provider_pb2.DiffResponse:
        checked = self.accepted(news, state.inputs)
        return self.provider.Diff(
            provider_pb2.DiffRequest(
                **self.about,
                id=state.id,
                olds=to_struct(state.outputs),
                old_inputs=to_struct(state.inputs),
                news=to_struct(checked),
                ignoreChanges=ignore or [],
            )
        )

    def preview(self, news: dict[str, Any]) -> dict[str, Any]:
        request = provider_pb2.CreateRequest(**self.about, properties=to_struct(self.accepted(news)), preview=True)
        return from_struct(self.provider.Create(request).properties)

    def create(self, news: dict[str, Any]) -> State:
        inputs = self.accepted(news)
        answer = self.provider.Create(provider_pb2.CreateRequest(**self.about, properties=to_struct(inputs)))
        state = State(answer.id, inputs, from_struct(answer.properties))
        self.made.append((self.type, state))
        return state

    def update(self, state: State, news: dict[str, Any], preview: bool = False) -> dict[str, Any]:
        inputs = self.accepted(news, state.inputs)
        request = provider_pb2.UpdateRequest(
            **self.about,
            id=state.id,
            olds=to_struct(state.outputs),
            old_inputs=to_struct(state.inputs),
            news=to_struct(inputs),
            preview=preview,
        )
        outputs = from_struct(self.provider.Update(request).properties)
        if not preview:
            state.inputs, state.outputs = inputs, outputs
        return outputs

    def read(self, state: State) -> State:
        answer = self.provider.Read(
            provider_pb2.ReadRequest(
                **self.about, id=state.id, properties=to_struct(state.outputs), inputs=to_struct(state.inputs)
            )
        )
        return State(answer.id, from_struct(answer.inputs), from_struct(answer.properties))

    def delete(self, state: State) -> None:
        request = provider_pb2.DeleteRequest(**self.about, id=state.id, properties=to_struct(state.outputs))
        self.provider.Delete(request)
        self.made[:] = [entry for entry in self.made if entry[1] is not state]

    def invoke(self, token: str) -> dict[str, Any]:
        answer = self.provider.Invoke(provider_pb2.InvokeRequest(tok=token))
        return from_struct(getattr(answer, "return"))

    def accepted(self, news: dict[str, Any], olds: dict[str, Any] | None = None) -> dict[str, Any]:
        checked = self.check(news, olds)
        assert not checked.failures, checked.failures
        return checked.inputs

    def clean_up(self) -> None:
        """Delete what this driver made, the newest first."""
        for token, state in list(reversed(self.made)):
            self.of(token).delete(state)


def configure(provider: Any, **config: Any) -> Driver:
    """Configure it, as the engine does before anything else."""
    provider.Configure(provider_pb2.ConfigureRequest(args=to_struct(config), acceptSecrets=True, acceptResources=True))
    return Driver(provider)


@contextmanager
def plugin(endpoint: str, **environment: str) -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    """The executable as a child, with a stub connected to it."""
    child = subprocess.Popen(
        [str(PLUGIN)],
        env={**os.environ, "AWS_ENDPOINT_URL": endpoint, **environment},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    try:
        port = int(child.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            stub.GetPluginInfo(empty_pb2.Empty())
            yield stub
    finally:
        child.terminate()
        child.wait(timeout=10)
        child.stdout.close()


@contextmanager
def driver(settings: Settings, **config: Any) -> Iterator[Driver]:
    """The provider in this process, configured; what it makes is deleted at the end."""
    made = configure(AwsProvider(settings.endpoint), **config)
    try:
        yield made
    finally:
        made.clean_up()
