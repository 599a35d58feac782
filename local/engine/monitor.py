"""The two services that a program and a policy pack talk to, on loopback gRPC: ResourceMonitor and Engine.

https://github.com/pulumi/pulumi/blob/master/proto/pulumi/resource.proto
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NoReturn, TypeVar

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, resource_pb2_grpc
from pulumi.runtime.proto import resource_pb2 as pb

from local.engine.deployment import Deployment, Registered
from local.engine.errors import CancelledError, UnsupportedError, describe
from local.engine.goal import Goal, read_goal
from local.engine.observer import Observer, Severity
from local.engine.rpc import OPTIONS
from local.wire import UNKNOWN, from_struct, to_struct

THREADS: Final = 96
"""More than the program's SDK uses, so that a registration never waits for a thread."""

_FEATURES: Final = {
    "secrets": pb.RESOURCE_MONITOR_FEATURE_SECRETS,
    "resourceReferences": pb.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    "aliasSpecs": pb.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
}
_SEVERITIES: Final[dict[int, Severity]] = {
    engine_pb2.INFO: "info",
    engine_pb2.WARNING: "warning",
    engine_pb2.ERROR: "error",
}
_Answer = TypeVar("_Answer")


class EngineService(engine_pb2_grpc.EngineServicer):
    """Log messages, and the stack's URN for whoever asks."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._root = ""
        self.errors = 0
        """How many errors were logged: any makes the run fail."""

    def Log(self, request: engine_pb2.LogRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        severity = _SEVERITIES.get(request.severity)
        if severity is not None and not request.ephemeral:
            self.errors += severity == "error"
            self._observer.message(severity, request.message, request.urn)
        return empty_pb2.Empty()

    def GetRootResource(
        self, request: engine_pb2.GetRootResourceRequest, context: grpc.ServicerContext
    ) -> engine_pb2.GetRootResourceResponse:
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    def SetRootResource(
        self, request: engine_pb2.SetRootResourceRequest, context: grpc.ServicerContext
    ) -> engine_pb2.SetRootResourceResponse:
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()

    def RequirePulumiVersion(self, request: Any, context: grpc.ServicerContext) -> NoReturn:
        _refuse(context, f"asking for the CLI's version {request.pulumi_version_range!r}")


class MonitorService(resource_pb2_grpc.ResourceMonitorServicer):
    """Registrations, reads and invokes. What isn't served is refused by name."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def SupportsFeature(
        self, request: pb.SupportsFeatureRequest, context: grpc.ServicerContext
    ) -> pb.SupportsFeatureResponse:
        return pb.SupportsFeatureResponse(hasSupport=request.id in _FEATURES)

    def GetDeploymentInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> pb.DeploymentInfo:
        scope = self._deployment.scope
        return pb.DeploymentInfo(
            project=scope.project,
            stack=scope.stack,
            organization="organization",
            config=dict(scope.config.values),
            configSecretKeys=sorted(scope.config.secret_keys),
            dryRun=scope.preview,
            supportedFeatures=list(_FEATURES.values()),
        )

    def RegisterResource(
        self, request: pb.RegisterResourceRequest, context: grpc.ServicerContext
    ) -> pb.RegisterResourceResponse:
        registered = _answered(context, lambda: self._deployment.register(read_goal(request)))
        resource = registered.resource
        if resource is None:
            if not request.supportsResultReporting:
                context.abort(grpc.StatusCode.ABORTED, f"{registered.urn} failed")
            return pb.RegisterResourceResponse(urn=registered.urn, result=pb.FAIL)
        return pb.RegisterResourceResponse(
            urn=registered.urn, id=resource.id, object=to_struct(dict(resource.outputs)), result=pb.SUCCESS
        )

    def RegisterResourceOutputs(
        self, request: pb.RegisterResourceOutputsRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        _answered(context, lambda: self._deployment.set_outputs(request.urn, from_struct(request.outputs)))
        return empty_pb2.Empty()

    def ReadResource(self, request: pb.ReadResourceRequest, context: grpc.ServicerContext) -> pb.ReadResourceResponse:
        if request.packageRef or request.pluginDownloadURL:
            _refuse(context, f"{request.type} {request.name!r}: a parameterized package, or one from a URL")
        goal = Goal(
            type=request.type,
            name=request.name,
            custom=True,
            parent=request.parent,
            inputs=from_struct(request.properties),
            provider=request.provider,
            version=request.version,
            dependencies=tuple(sorted(request.dependencies)),
            additional_secret_outputs=tuple(request.additionalSecretOutputs),
        )
        id_ = UNKNOWN if request.id in ("", rpc.UNKNOWN) else request.id
        registered: Registered = _answered(context, lambda: self._deployment.read(goal, id_))
        resource = registered.resource
        if resource is None:
            return pb.ReadResourceResponse(urn=registered.urn, unknown=True, result=pb.FAIL)
        return pb.ReadResourceResponse(
            urn=registered.urn, id=resource.id, properties=to_struct(dict(resource.outputs)), result=pb.SUCCESS
        )

    def Invoke(self, request: pb.ResourceInvokeRequest, context: grpc.ServicerContext) -> pb.ResourceInvokeResponse:
        response: provider_pb2.InvokeResponse = _answered(context, lambda: self._invoke(request))
        result: dict[str, Any] = {"return": getattr(response, "return")}
        return pb.ResourceInvokeResponse(failures=response.failures, **result)

    def SignalAndWaitForShutdown(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def ExistsResource(self, request: Any, context: grpc.ServicerContext) -> NoReturn:
        _refuse(context, f"asking whether {request.type} {request.id!r} exists")

    def Call(self, request: pb.ResourceCallRequest, context: grpc.ServicerContext) -> NoReturn:
        _refuse(context, f"the method {request.tok}")

    def RegisterPackage(self, request: pb.RegisterPackageRequest, context: grpc.ServicerContext) -> NoReturn:
        _refuse(context, f"the package {request.name!r}: parameterized packages")

    def RegisterStackTransform(self, request: Any, context: grpc.ServicerContext) -> NoReturn:
        _refuse(context, "transforms of the stack's resources")

    def RegisterStackInvokeTransform(self, request: Any, context: grpc.ServicerContext) -> NoReturn:
        _refuse(context, "transforms of invokes")

    def RegisterResourceHook(self, request: Any, context: grpc.ServicerContext) -> NoReturn:
        _refuse(context, f"the resource hook {request.name!r}")

    def RegisterErrorHook(self, request: Any, context: grpc.ServicerContext) -> NoReturn:
        _refuse(context, f"the error hook {request.name!r}")

    def _invoke(self, request: pb.ResourceInvokeRequest) -> provider_pb2.InvokeResponse:
        if request.packageRef:
            raise UnsupportedError(f"{request.tok}: a parameterized package")
        deployment = self._deployment
        reference = deployment.provider_for(request.tok, request.provider, request.version)
        args = from_struct(request.args)
        return deployment.providers.find(reference).invoke(request.tok, args, preview=deployment.scope.preview)


class Server:
    """Both services on one free port of the loopback interface. The address is known before they are."""

    def __init__(self) -> None:
        self._server = grpc.server(ThreadPoolExecutor(THREADS, thread_name_prefix="monitor"), options=OPTIONS)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def start(self, engine: EngineService, monitor: MonitorService) -> None:
        """Begin to answer."""
        engine_pb2_grpc.add_EngineServicer_to_server(engine, self._server)
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitor, self._server)
        self._server.start()

    def stop(self) -> None:
        """End, at once."""
        self._server.stop(grace=None).wait()


def _answered(context: grpc.ServicerContext, work: Callable[[], _Answer]) -> _Answer:
    """What `work` returns; an error ends the call with its message."""
    try:
        return work()
    except CancelledError as error:
        context.abort(grpc.StatusCode.UNAVAILABLE, str(error))
    except UnsupportedError as error:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, str(error))
    except Exception as error:
        context.abort(grpc.StatusCode.UNKNOWN, describe(error))
    raise AssertionError("abort raises")


def _refuse(context: grpc.ServicerContext, feature: str) -> NoReturn:
    context.abort(grpc.StatusCode.UNIMPLEMENTED, str(UnsupportedError(feature)))
    raise AssertionError("abort raises")
