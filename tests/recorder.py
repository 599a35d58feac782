"""Run a Pulumi program in this process against a monitor that records what it registers: a first preview, in memory."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime import Settings, configure, run_in_stack
from pulumi.runtime import config as runtime_config
from pulumi.runtime.proto import engine_pb2, resource_pb2

from local.wire import UNKNOWN, from_struct, to_struct

INVOKES = {
    "aws:index/getCallerIdentity:getCallerIdentity": {
        "accountId": "123456789012",
        "arn": "a",
        "id": "i",
        "userId": "u",
    },
    "aws:index/getRegion:getRegion": {"region": "eu-west-1", "name": "eu-west-1", "id": "eu-west-1"},
    "aws:index/getPartition:getPartition": {"partition": "aws", "dnsSuffix": "amazonaws.com", "id": "aws"},
}


@dataclass
class Registration:
    """One resource as the program registered it."""

    urn: str
    type: str
    name: str
    custom: bool
    inputs: dict[str, Any]
    parent: str
    dependencies: list[str]
    property_dependencies: dict[str, list[str]]
    delete_before_replace: bool
    protect: bool
    aliases: list[str]
    outputs: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """`type::name`, as the ledger names resources."""
        return f"{self.type}::{self.name}"


@dataclass
class Plan:
    """All that a program registered, in that order."""

    resources: list[Registration] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)

    def of_type(self, type_: str) -> list[Registration]:
        """The resources of one type."""
        return [resource for resource in self.resources if resource.type == type_]

    def one(self, type_: str, name: str) -> Registration:
        """The resource of this type and name."""
        (found,) = [resource for resource in self.of_type(type_) if resource.name == name]
        return found

    @property
    def leaves(self) -> list[Registration]:
        """What exists on AWS."""
        return [resource for resource in self.resources if resource.custom]

    @property
    def components(self) -> list[Registration]:
        """The patterns."""
        return [resource for resource in self.resources if resource.type.startswith("serviceful:")]

    def ledger(self, part: str) -> list[dict[str, Any]]:
        """`grants`, `statements` or `accepted` of all patterns."""
        return [entry for component in self.components for entry in component.outputs[part]]

    def exported(self) -> list[dict[str, Any]]:
        """The resources in the shape of `pulumi stack export`."""
        return [
            {
                "urn": one.urn,
                "type": one.type,
                "custom": one.custom,
                "parent": one.parent,
                "inputs": one.inputs,
                "outputs": {**one.inputs, **one.outputs},
                "propertyDependencies": one.property_dependencies,
            }
            for one in self.resources
        ]

    def dependencies_of(self, resource: Registration) -> set[str]:
        """URNs that `resource` waits for, directly or through others."""
        by_urn = {one.urn: one for one in self.resources}
        seen: set[str] = set()
        waiting = [resource.urn]
        while waiting:
            for urn in by_urn[waiting.pop()].dependencies:
                if urn not in seen:
                    seen.add(urn)
                    waiting.append(urn)
        return seen


Made = Callable[[Registration], dict[str, Any]]
"""What AWS answers for a resource, beside its inputs."""


class _Monitor:
    def __init__(self, stack: str, project: str, made: Made | None) -> None:
        self.plan, self._stack, self._project, self._made = Plan(), stack, project, made
        self._lock = threading.Lock()

    def SupportsFeature(self, request: Any) -> resource_pb2.SupportsFeatureResponse:
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in ("secrets", "resourceReferences"))

    def GetDeploymentInfo(self, _request: Any) -> resource_pb2.DeploymentInfo:
        features = (
            resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
            resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
        )
        return resource_pb2.DeploymentInfo(supportedFeatures=features)

    def Invoke(self, request: Any) -> resource_pb2.ResourceInvokeResponse:
        answer = resource_pb2.ResourceInvokeResponse()
        getattr(answer, "return").CopyFrom(to_struct(INVOKES[request.tok]))
        return answer

    def RegisterPackage(self, _request: Any) -> resource_pb2.RegisterPackageResponse:
        return resource_pb2.RegisterPackageResponse(ref="aws")

    def RegisterResource(self, request: Any) -> resource_pb2.RegisterResourceResponse:
        parent_type = request.parent.split("::")[2] if request.parent else ""
        chain = f"{parent_type}${request.type}" if parent_type not in ("", "pulumi:pulumi:Stack") else request.type
        urn = f"urn:pulumi:{self._stack}::{self._project}::{chain}::{request.name}"
        registration = Registration(
            urn=urn,
            type=request.type,
            name=request.name,
            custom=request.custom,
            inputs=from_struct(request.object),
            parent=request.parent,
            dependencies=list(request.dependencies),
            property_dependencies={key: list(value.urns) for key, value in request.propertyDependencies.items()},
            delete_before_replace=request.deleteBeforeReplace,
            protect=request.protect,
            aliases=[alias.spec.name or alias.urn for alias in request.aliases],
        )
        if self._made and request.custom:
            registration.outputs = {"id": request.name, **self._made(registration)}
        with self._lock:
            self.plan.resources.append(registration)
        answer = to_struct({**registration.inputs, **registration.outputs})
        return resource_pb2.RegisterResourceResponse(urn=urn, id=registration.outputs.get("id", ""), object=answer)

    def RegisterResourceOutputs(self, request: Any) -> empty_pb2.Empty:
        (resource,) = [one for one in self.plan.resources if one.urn == request.urn]
        resource.outputs = from_struct(request.outputs)
        if resource.type == "pulumi:pulumi:Stack":
            self.plan.outputs = resource.outputs
        return empty_pb2.Empty()

    def SignalAndWaitForShutdown(self, _request: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()


class _Engine:
    def __init__(self) -> None:
        self.root = ""

    def Log(self, request: Any) -> None:
        if request.severity == engine_pb2.ERROR:
            raise RuntimeError(request.message)

    def GetRootResource(self, _request: Any) -> engine_pb2.GetRootResourceResponse:
        return engine_pb2.GetRootResourceResponse(urn=self.root)

    def SetRootResource(self, request: Any) -> engine_pb2.SetRootResourceResponse:
        self.root = request.urn
        return engine_pb2.SetRootResourceResponse()


def record(
    program: Callable[[], Any],
    *,
    config: dict[str, str] | None = None,
    stack: str = "test",
    project: str = "serviceful",
    made: Made | None = None,
) -> Plan:
    """Preview `program` as if nothing existed; functions are bundled for this machine unless `config` differs.

    With `made` it is updated rather than previewed: outputs are known.
    """
    settings = {"serviceful:platform": "host", **(config or {})}
    runtime_config.set_all_config(settings)
    monitor = _Monitor(stack, project, made)
    configure(
        Settings(project=project, stack=stack, monitor=monitor, engine=_Engine(), dry_run=made is None, parallel=8)
    )
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(run_in_stack(lambda: program() and None))
    finally:
        loop.close()
    return monitor.plan


def documents(plan: Plan, types: Iterable[str], key: str) -> list[tuple[Registration, Any]]:
    """Each policy document in the plan: parsed, or UNKNOWN."""
    found = []
    for type_ in types:
        for resource in plan.of_type(type_):
            text = resource.inputs[key]
            found.append((resource, text if text is UNKNOWN else json.loads(text)))
    return found
