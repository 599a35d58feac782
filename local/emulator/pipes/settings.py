"""What pipes of the local AWS can do, and the refusal of what they can't."""

from __future__ import annotations

import json
from typing import Any

from local.emulator.pipes import templates
from local.emulator.pipes.templates import TemplateError

Pipe = dict[str, Any]

SOURCES = {"dynamodb": "DynamoDBStreamParameters", "kinesis": "KinesisStreamParameters", "sqs": "SqsQueueParameters"}
TARGETS = {
    "events": "EventBridgeEventBusParameters",
    "kinesis": "KinesisStreamParameters",
    "lambda": "LambdaFunctionParameters",
    "sqs": "SqsQueueParameters",
    "states": "StepFunctionStateMachineParameters",
}
_UNAVAILABLE = ("Enrichment", "EnrichmentParameters", "KmsKeyIdentifier")
_NO_LOGS = ("OFF", None)


def problem(pipe: Pipe) -> str | None:
    """Why the pipe is refused: it asks for what isn't available here, or what AWS wouldn't take."""
    for name in _UNAVAILABLE:
        if pipe.get(name):
            return f"{name} of a pipe is not available on the local AWS."
    if (pipe.get("LogConfiguration") or {}).get("Level") not in _NO_LOGS:
        return "LogConfiguration of a pipe is not available on the local AWS."
    return _source_problem(pipe) or _target_problem(pipe)


def source_parameters(pipe: Pipe) -> dict[str, Any]:
    """What the pipe says about reading its source."""
    return (pipe.get("SourceParameters") or {}).get(SOURCES[service(pipe["Source"])]) or {}


def target_parameters(pipe: Pipe) -> dict[str, Any]:
    """What the pipe says about its target."""
    return (pipe.get("TargetParameters") or {}).get(TARGETS[service(pipe["Target"])]) or {}


def service(arn: str) -> str:
    """The service of an ARN, or nothing when it is none."""
    parts = arn.split(":", 5)
    return parts[2] if len(parts) == 6 else ""


def _source_problem(pipe: Pipe) -> str | None:
    kind, given = service(pipe.get("Source", "")), pipe.get("SourceParameters") or {}
    if kind not in SOURCES:
        return f"Source {pipe.get('Source')} is not available on the local AWS: it reads {', '.join(SOURCES)}."
    unknown = sorted(given.keys() - {"FilterCriteria", SOURCES[kind]})
    if unknown:
        return f"SourceParameters {', '.join(unknown)} don't fit the source {pipe['Source']}."
    parameters = given.get(SOURCES[kind]) or {}
    if kind != "sqs" and parameters.get("StartingPosition") not in ("LATEST", "TRIM_HORIZON"):
        return "StartingPosition must be LATEST or TRIM_HORIZON on the local AWS."
    letters = (parameters.get("DeadLetterConfig") or {}).get("Arn", "")
    if letters and (service(letters) not in ("sqs", "sns") or letters.endswith(".fifo")):
        return f"DeadLetterConfig {letters} must be a standard queue or topic."
    for one in (given.get("FilterCriteria") or {}).get("Filters") or []:
        try:
            json.loads(one["Pattern"])
        except (KeyError, ValueError):
            return f"Invalid filter pattern: {one.get('Pattern')}"
    return None


def _target_problem(pipe: Pipe) -> str | None:
    kind, given = service(pipe.get("Target", "")), pipe.get("TargetParameters") or {}
    if kind not in TARGETS or (kind == "events" and ":event-bus/" not in pipe["Target"]):
        return f"Target {pipe.get('Target')} is not available on the local AWS: it sends to {', '.join(TARGETS)}."
    unknown = sorted(given.keys() - {"InputTemplate", TARGETS[kind]})
    if unknown:
        return f"TargetParameters {', '.join(unknown)} don't fit the target {pipe['Target']}."
    parameters = given.get(TARGETS[kind]) or {}
    if kind == "kinesis" and "PartitionKey" not in parameters:
        return "PartitionKey is required for a Kinesis target."
    if "EndpointId" in parameters:
        return "EndpointId of a bus is not available on the local AWS."
    try:
        for text in [given.get("InputTemplate") or "", *(v for v in parameters.values() if isinstance(v, str))]:
            templates.check(text)
    except TemplateError as error:
        return str(error)
    return None
