"""A provider that lives in memory and programs that use it, to run the whole engine with."""

from __future__ import annotations

import itertools
import json
import textwrap
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2 as pb
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer

from local.engine import run as operations
from local.engine.observer import Finding, Severity
from local.engine.project import load_project
from local.engine.report import Report
from local.engine.steps import Step
from local.provider.errors import ProviderError
from local.wire import UNKNOWN, from_struct, to_struct, without_secrets

LIBRARY = """
import pulumi

class Thing(pulumi.CustomResource):
    def __init__(self, name, /, opts=None, **props):
        opts = pulumi.ResourceOptions.merge(pulumi.ResourceOptions(version="1.2.3"), opts)
        super().__init__("fake:index/thing:Thing", name, {"arn": None, **props}, opts)

    @property
    def arn(self):
        return pulumi.get(self, "arn")

class Group(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("test:index:Group", name, {}, opts)

class Provider(pulumi.ProviderResource):
    def __init__(self, name, opts=None, **props):
        opts = pulumi.ResourceOptions.merge(pulumi.ResourceOptions(version="1.2.3"), opts)
        super().__init__("fake", name, props, opts)
"""


@dataclass
class World:
    """What exists, what was called, and how the provider behaves."""

    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    configs: list[dict[str, Any]] = field(default_factory=list)
    forces: set[str] = field(default_factory=lambda: {"name"})
    delete_first: bool = False
    create_errors: dict[str, str] = field(default_factory=dict)
    delete_errors: dict[str, str] = field(default_factory=dict)
    undying: set[str] = field(default_factory=set)
    before: Callable[[str, str], None] = lambda method, name: None
    lock: threading.Lock = field(default_factory=threading.Lock)
    numbers: Any = field(default_factory=itertools.count)

    def of(self, method: str) -> list[str]:
        """Names of the resources that a method was called for."""
        return [name for called, name in self.calls if called == method]


class FakeProvider(ResourceProviderServicer):
    """Things with an id, whatever inputs, and an ARN made of the id."""

    def __init__(self, world: World) -> None:
        self.world = world

    def CheckConfig(self, request, context):
        return pb.CheckResponse(inputs=request.news)

    def DiffConfig(self, request, context):
        old, new = from_struct(request.old_inputs), from_struct(request.news)
        return pb.DiffResponse(
            changes=pb.DiffResponse.DIFF_SOME if old != new else pb.DiffResponse.DIFF_NONE,
            replaces=["region"] if old.get("region") != new.get("region") else [],
        )

    def Configure(self, request, context):
        self.world.configs.append(from_struct(request.args))
        return pb.ConfigureResponse(acceptSecrets=True)

    def Check(self, request, context):
        if "invalid" in request.news.fields:
            return pb.CheckResponse(failures=[pb.CheckFailure(property="invalid", reason="is not accepted")])
        return pb.CheckResponse(inputs=request.news)

    def Diff(self, request, context):
        old, new = without_secrets(from_struct(request.old_inputs)), without_secrets(from_struct(request.news))
        changed = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
        return pb.DiffResponse(
            changes=pb.DiffResponse.DIFF_SOME if changed else pb.DiffResponse.DIFF_NONE,
            diffs=changed,
            replaces=[key for key in changed if key in self.world.forces],
            deleteBeforeReplace=self.world.delete_first,
        )

    def Create(self, request, context):
        inputs = from_struct(request.properties)
        if request.preview:
            return pb.CreateResponse(properties=to_struct({**inputs, "arn": UNKNOWN}))
        self._note("create", request.name)
        if message := self.world.create_errors.get(request.name):
            raise ProviderError(grpc.StatusCode.UNKNOWN, message)
        with self.world.lock:
            id_ = without_secrets(inputs.get("name")) or f"{request.name}-{next(self.world.numbers)}"
            self.world.things[id_] = {**inputs, "arn": f"arn:{id_}"}
            return pb.CreateResponse(id=id_, properties=to_struct(self.world.things[id_]))

    def Update(self, request, context):
        inputs = from_struct(request.news)
        outputs = {**inputs, "arn": f"arn:{request.id}"}
        if not request.preview:
            self._note("update", request.name)
            self.world.things[request.id] = outputs
        return pb.UpdateResponse(properties=to_struct(outputs))

    def Read(self, request, context):
        self._note("read", request.name)
        thing = self.world.things.get(request.id)
        if thing is None:
            return pb.ReadResponse()
        inputs = {key: value for key, value in thing.items() if key != "arn"}
        return pb.ReadResponse(id=request.id, properties=to_struct(thing), inputs=to_struct(inputs))

    def Delete(self, request, context):
        self._note("delete", request.name)
        if message := self.world.delete_errors.get(request.name):
            raise ProviderError(grpc.StatusCode.UNKNOWN, message)
        if request.name not in self.world.undying:
            self.world.things.pop(request.id, None)
        return empty_pb2.Empty()

    def Invoke(self, request, context):
        response = pb.InvokeResponse()
        getattr(response, "return").CopyFrom(to_struct({"token": request.tok, **from_struct(request.args)}))
        return response

    def _note(self, method: str, name: str) -> None:
        self.world.before(method, name)
        with self.world.lock:
            self.world.calls.append((method, name))


@dataclass
class Recorder:
    """An observer that remembers."""

    on_message: Callable[[str], object] = str
    lines: list[str] = field(default_factory=list)

    def heading(self, text: str) -> None:
        self.lines.append(f"== {text}")

    def started(self, step: Step) -> None: ...

    def finished(self, step: Step, seconds: float) -> None:
        self.lines.append(f"{step.op} {step.urn} {step.changes}")

    def failed(self, step: Step, message: str) -> None:
        self.lines.append(f"failed {step.urn}: {message}")

    def message(self, severity: Severity, text: str, urn: str = "") -> None:
        self.lines.append(f"{severity} {urn}: {text}")
        self.on_message(text)

    def finding(self, finding: Finding) -> None:
        self.lines.append(f"policy {finding}")

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@dataclass
class Stack:
    """A project in a folder, and the world that it deploys into."""

    root: Path
    world: World = field(default_factory=World)
    instance: str = "server-1"
    packs: list[Path] = field(default_factory=list)
    rules: dict[str, Any] = field(default_factory=dict)
    told: Recorder = field(default_factory=Recorder)
    on_message: Callable[[str], object] = str

    def write(self, program: str, config: str = "") -> None:
        """Write the program, and its stack's settings."""
        self.root.mkdir(exist_ok=True)
        (self.root / "Pulumi.yaml").write_text("name: proj\nruntime: python\n")
        (self.root / "things.py").write_text(LIBRARY)
        (self.root / "__main__.py").write_text(
            "import pulumi\nfrom pulumi import ResourceOptions\nfrom things import Group, Provider, Thing\n"
            + textwrap.dedent(program)
        )
        if config:
            (self.root / "Pulumi.test.yaml").write_text(textwrap.dedent(config))

    def run(self) -> operations.Run:
        self.told = Recorder(self.on_message)
        self.world.calls.clear()
        return operations.Run(
            project=load_project(self.root),
            stack="test",
            home=self.root / "home",
            instance=self.instance,
            providers={"fake": lambda: FakeProvider(self.world)},
            observer=self.told,
            packs=self.packs,
            rules=self.rules,
        )

    def preview(self, program: str = "") -> Report:
        if program:
            self.write(program)
        return operations.preview(self.run())

    def up(self, program: str = "") -> Report:
        if program:
            self.write(program)
        return operations.up(self.run())

    @property
    def file(self) -> Path:
        return self.root / "home" / "state" / "proj" / "test.json"

    def document(self) -> dict[str, Any]:
        return json.loads(self.file.read_text())

    def entries(self) -> dict[str, dict[str, Any]]:
        """The state's resources that the fake provider made, by name; replaced ones with a mark."""
        return {
            entry["urn"].rsplit("::", 1)[1] + ("!" if entry.get("delete") else ""): entry
            for entry in self.document()["deployment"]["resources"]
            if entry["type"] == "fake:index/thing:Thing"
        }


def ops(report: Report) -> dict[str, str]:
    """What a run did to each resource, by name."""
    return {step.urn.rsplit("::", 1)[1]: step.op for step in report.steps}
