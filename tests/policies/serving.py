"""The served pack, asked as the engine asks it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import struct_pb2
from pulumi.runtime.proto import analyzer_pb2 as pb
from pulumi.runtime.proto.analyzer_pb2_grpc import AnalyzerStub

from policies.rules import RULES
from tests.policies.builders import Record

PACK = Path(__file__).resolve().parents[2] / "policies"
LEVELS = {"mandatory": pb.MANDATORY, "advisory": pb.ADVISORY}


@contextmanager
def serving(
    folder: Path, cwd: Path, *, without: tuple[str, ...] = (), config: Mapping[str, str] | None = None
) -> Generator[AnalyzerStub]:
    """The pack, started as the CLI does for a stack with this configuration; `without` can't be imported there."""
    (cwd / "sitecustomize.py").write_text(f"import sys\nsys.modules.update(dict.fromkeys({without!r}))\n")
    environment = {**os.environ, "PYTHONPATH": str(cwd), "PULUMI_PROJECT": "video", "PULUMI_STACK": "test"}
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(folder)],
        cwd=cwd,
        env=environment | {"PULUMI_DRY_RUN": "true", "PULUMI_CONFIG": json.dumps(config or {})},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        port = process.stdout.readline().strip()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield AnalyzerStub(channel)
    finally:
        process.kill()
        process.communicate()


def configuration(rules: Mapping[str, Mapping[str, Any]]) -> pb.ConfigureAnalyzerRequest:
    """What chooses the options of rules."""
    chosen = {
        rule: pb.PolicyConfig(enforcementLevel=pb.MANDATORY, properties=struct(dict(options)))
        for rule, options in rules.items()
        if options
    }
    return pb.ConfigureAnalyzerRequest(policyConfig=chosen)


def reported(stub: AnalyzerStub, records: list[Record]) -> set[tuple[str, str, str]]:
    """What the pack reports for a stack: rule, URN and message."""
    titles = {rule.id: rule.title for rule in RULES}
    answers = [stub.Analyze(question(each)) for each in records]
    answers.append(stub.AnalyzeStack(pb.AnalyzeStackRequest(resources=[_of_stack(each) for each in records])))
    diagnostics = [diagnostic for answer in answers for diagnostic in answer.diagnostics]
    # what a remedy leaves is reported as a violation like any other
    levels = {rule.id: LEVELS[rule.level] for rule in RULES}
    assert all(each.enforcementLevel == levels[each.policyName] for each in diagnostics)
    return {
        (each.policyName, each.urn, each.message.removeprefix(f"{titles[each.policyName]}\n")) for each in diagnostics
    }


def question(record: Record) -> pb.AnalyzeRequest:
    """The question about one resource."""
    return pb.AnalyzeRequest(
        type=record["type"], name=record["name"], urn=record["urn"], properties=struct(record["inputs"])
    )


def _of_stack(record: Record) -> pb.AnalyzerResource:
    dependencies = {
        prop: pb.AnalyzerPropertyDependencies(urns=urns)
        for prop, urns in record["propertyDependencies"].items()
        if urns
    }
    return pb.AnalyzerResource(
        type=record["type"],
        name=record["name"],
        urn=record["urn"],
        parent=record["parent"],
        properties=struct(record["props"]),
        propertyDependencies=dependencies,
    )


def struct(props: dict) -> struct_pb2.Struct:
    """Properties, as they are sent."""
    struct = struct_pb2.Struct()
    struct.update(props)
    return struct
