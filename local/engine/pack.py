"""One policy pack: a process of its own, spoken to over the analyzer protocol as the Pulumi CLI does it.

https://github.com/pulumi/pulumi/blob/master/proto/pulumi/analyzer.proto
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import grpc
import yaml
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2 as pb
from pulumi.runtime.proto.analyzer_pb2_grpc import AnalyzerStub

from local.engine.errors import EngineError, describe
from local.engine.observer import Observer
from local.engine.project import Config, interpreter
from local.engine.rpc import OPTIONS
from local.engine.streams import pump

_CALL_SECONDS: Final = 120
_LEVELS: Final = {
    "advisory": pb.ADVISORY,
    "mandatory": pb.MANDATORY,
    "remediate": pb.REMEDIATE,
    "disabled": pb.DISABLED,
}


@dataclass(frozen=True, kw_only=True)
class PackSettings:
    """What a pack's process is told about the run."""

    engine: str
    """Address of the engine's own service."""

    project: str
    stack: str
    config: Config
    preview: bool
    environment: Mapping[str, str]
    observer: Observer
    rules: Mapping[str, Any]
    """Policy configuration: a level, or an object with `enforcementLevel` and the rule's own settings."""


@dataclass(frozen=True, kw_only=True)
class Analyzer:
    """A pack that serves."""

    stub: AnalyzerStub
    name: str
    remediates: bool
    """Whether any of its rules may change a resource."""

    def ask(self, method: str, request: Any) -> Any:
        """Call it. Raises EngineError when the pack fails: a rule that ends with an exception lets nothing pass."""
        try:
            return getattr(self.stub, method)(request, timeout=_CALL_SECONDS)
        except grpc.RpcError as error:
            raise EngineError(f"the policy pack {self.name} failed: {describe(error)}") from error


class Pack:
    """A running policy pack."""

    def __init__(self, folder: Path, settings: PackSettings) -> None:
        """Start the process. Raises EngineError when the folder holds no pack for Python."""
        self.folder = folder
        self._settings = settings
        self._process = _start(folder, settings)
        self._readers = [pump(self._process.stderr, settings.observer, "warning")]
        self._channel: grpc.Channel | None = None

    def connect(self) -> Analyzer:
        """Wait until the pack serves, then shake hands and configure it.

        Raises EngineError when it ends instead, or when it has no policy that the configuration names.
        """
        port = _first_line(self._process)
        self._readers.append(pump(self._process.stdout, self._settings.observer, "info"))
        if not port.isdigit():
            self._readers[0].join(_CALL_SECONDS)
            raise EngineError(f"the policy pack {self.folder} ended before it served: see its output above")
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS)
        stub = AnalyzerStub(self._channel)
        _optional(stub.Handshake, self._handshake())
        _optional(stub.ConfigureStack, self._stack())
        info = stub.GetAnalyzerInfo(empty_pb2.Empty(), timeout=_CALL_SECONDS)
        configuration = self._rules(info)
        stub.Configure(configuration, timeout=_CALL_SECONDS)
        levels = {rule.enforcementLevel for rule in configuration.policyConfig.values()}
        return Analyzer(stub=stub, name=info.name, remediates=pb.REMEDIATE in levels)

    def close(self) -> None:
        """End the process."""
        if self._channel is not None:
            self._channel.close()
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for reader in self._readers:
            reader.join(5)

    def _handshake(self) -> pb.AnalyzerHandshakeRequest:
        folder = str(self.folder)
        return pb.AnalyzerHandshakeRequest(
            engine_address=self._settings.engine, root_directory=folder, program_directory=folder
        )

    def _stack(self) -> pb.AnalyzerStackConfigureRequest:
        settings = self._settings
        return pb.AnalyzerStackConfigureRequest(
            stack=settings.stack,
            project=settings.project,
            organization="organization",
            dry_run=settings.preview,
            config=dict(settings.config.values),
            config_secret_keys=sorted(settings.config.secret_keys),
        )

    def _rules(self, info: pb.AnalyzerInfo) -> pb.ConfigureAnalyzerRequest:
        """Every rule's configuration: what its schema gives by default, then the pack's, then the user's."""
        rules = {name: _rule(name, value) for name, value in self._settings.rules.items()}
        every, _ = rules.pop("all", (None, {}))
        if unknown := sorted(rules.keys() - {policy.name for policy in info.policies}):
            raise EngineError(f"the policy configuration names {', '.join(unknown)}, which {info.name} doesn't have")
        config = {}
        for policy in info.policies:
            schema = json_format.MessageToDict(policy.configSchema.properties)
            properties = {key: field["default"] for key, field in schema.items() if "default" in field}
            level = policy.enforcementLevel if every is None else every
            if policy.name in info.initialConfig:
                initial = info.initialConfig[policy.name]
                properties.update(json_format.MessageToDict(initial.properties))
                level = initial.enforcementLevel if every is None else every
            own_level, own = rules.get(policy.name, (None, {}))
            properties.update(own)
            if missing := sorted(set(policy.configSchema.required) - properties.keys()):
                raise EngineError(f"policy {policy.name} of {info.name} lacks the settings {', '.join(missing)}")
            struct = struct_pb2.Struct()
            struct.update(properties)
            config[policy.name] = pb.PolicyConfig(
                enforcementLevel=level if own_level is None else own_level, properties=struct
            )
        return pb.ConfigureAnalyzerRequest(policyConfig=config)


def _start(folder: Path, settings: PackSettings) -> subprocess.Popen[str]:
    manifest = folder / "PulumiPolicy.yaml"
    try:
        runtime = (yaml.safe_load(manifest.read_text()) or {}).get("runtime")
    except FileNotFoundError as error:
        raise EngineError(f"{folder} is no policy pack: it has no PulumiPolicy.yaml") from error
    runtime = {"name": runtime} if isinstance(runtime, str) else runtime or {}
    if runtime.get("name") != "python":
        raise EngineError(f"{manifest}: only packs for the python runtime run here")
    environment = {
        **os.environ,
        **settings.environment,
        "PULUMI_ORGANIZATION": "organization",
        "PULUMI_PROJECT": settings.project,
        "PULUMI_STACK": settings.stack,
        "PULUMI_DRY_RUN": "true" if settings.preview else "false",
        "PULUMI_CONFIG": json.dumps(dict(settings.config.values)),
    }
    return subprocess.Popen(
        [interpreter(folder, runtime), "-u", "-m", "pulumi.policy", settings.engine, str(folder)],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _first_line(process: subprocess.Popen[str]) -> str:
    stream: IO[str] | None = process.stdout
    return stream.readline().strip() if stream is not None else ""


def _optional(call: Any, request: Any) -> None:
    try:
        call(request, timeout=_CALL_SECONDS)
    except grpc.RpcError as error:
        # Older packs don't serve it; the CLI then goes on too.
        if error.code() != grpc.StatusCode.UNIMPLEMENTED:  # type: ignore[attr-defined]
            raise


def _rule(name: str, value: Any) -> tuple[pb.EnforcementLevel.ValueType | None, dict[str, Any]]:
    properties = dict(value) if isinstance(value, dict) else {"enforcementLevel": value}
    level = properties.pop("enforcementLevel", None)
    if level is not None and level not in _LEVELS:
        raise EngineError(f"policy {name}: {level!r} is no level; use {', '.join(_LEVELS)}")
    return (None if level is None else _LEVELS[level]), properties
