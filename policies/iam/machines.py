"""What the states of a state machine do, in IAM's words: read from its definition, apart from whoever wrote its role.

https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from .documents import MalformedDocument

_INTEGRATION: Final = re.compile(r"arn:[\w-]+:states:::(?:aws-sdk:)?(\w+):(\w+?)(\.sync(?::2)?|\.waitForTaskToken)?")
_FUNCTION: Final = re.compile(r"arn:[\w-]+:lambda:[\w-]+:\d{12}:function:[\w-]+(?::[\w$-]+)?")
_ACTIVITY: Final = re.compile(r"arn:[\w-]+:states:[\w-]+:\d{12}:activity:\S+")
_CALLS_NOTHING: Final = frozenset({"Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel"})

_PREFIXES: Final = {
    "bedrock": "bedrock",
    "bedrockruntime": "bedrock",
    "cloudwatch": "cloudwatch",
    "dynamodb": "dynamodb",
    "eventbridge": "events",
    "events": "events",
    "kinesis": "kinesis",
    "kms": "kms",
    "lambda": "lambda",
    "s3": "s3",
    "sfn": "states",
    "sns": "sns",
    "sqs": "sqs",
    "states": "states",
    "transcribe": "transcribe",
}
"""Service in a state's resource → IAM's prefix of its actions. Others can't be judged."""

_PARTIQL: Final = "dynamodb:PartiQLInsert dynamodb:PartiQLSelect dynamodb:PartiQLUpdate dynamodb:PartiQLDelete"
_WRITES: Final = "dynamodb:PutItem dynamodb:UpdateItem dynamodb:DeleteItem dynamodb:ConditionCheckItem"
_GUARDED: Final = "bedrock:ApplyGuardrail"

# Actions that the name of a call doesn't tell: (those that it always needs, those of which it may need some).
_OTHERWISE: Final = {
    "bedrock:invokeModel": ("bedrock:InvokeModel", f"{_GUARDED} s3:GetObject s3:PutObject s3:ListBucket"),
    "bedrockruntime:invokeModel": ("bedrock:InvokeModel", _GUARDED),
    "bedrockruntime:converse": ("bedrock:InvokeModel", _GUARDED),
    "dynamodb:transactGetItems": ("dynamodb:GetItem", ""),
    "dynamodb:transactWriteItems": ("", _WRITES),
    "dynamodb:executeStatement": ("", _PARTIQL),
    "dynamodb:batchExecuteStatement": ("", _PARTIQL),
    "dynamodb:executeTransaction": ("", _PARTIQL),
    "http:invoke": (
        "states:InvokeHTTPEndpoint events:RetrieveConnectionCredentials "
        "secretsmanager:GetSecretValue secretsmanager:DescribeSecret",
        "",
    ),
    "lambda:invoke": ("lambda:InvokeFunction", ""),
    "s3:copyObject": ("s3:GetObject s3:PutObject", "s3:ListBucket"),
    "s3:deleteObject": ("", "s3:DeleteObject s3:DeleteObjectVersion"),
    "s3:getObject": ("", "s3:GetObject s3:GetObjectVersion s3:ListBucket"),
    "s3:headBucket": ("s3:ListBucket", ""),
    "s3:headObject": ("", "s3:GetObject s3:GetObjectVersion s3:ListBucket"),
    "s3:listBuckets": ("s3:ListAllMyBuckets", ""),
    "s3:listObjectsV2": ("s3:ListBucket", ""),
    "sns:publishBatch": ("sns:Publish", ""),
    "sqs:deleteMessageBatch": ("sqs:DeleteMessage", ""),
    "sqs:sendMessageBatch": ("sqs:SendMessage", ""),
    "transcribe:startTranscriptionJob": (
        "transcribe:StartTranscriptionJob",
        "s3:GetObject s3:PutObject s3:ListBucket",
    ),
}
_NESTED_JOB: Final = (
    "states:StartExecution states:DescribeExecution states:StopExecution "
    "events:PutTargets events:PutRule events:DescribeRule"
)
_DISTRIBUTED: Final = "states:StartExecution states:DescribeExecution states:StopExecution"
_MAP_PARTS: Final = {
    "ItemReader": {"s3:getObject": "s3:GetObject", "s3:listObjectsV2": "s3:ListBucket"},
    "ResultWriter": {"s3:putObject": "s3:PutObject s3:GetObject s3:ListMultipartUploadParts s3:AbortMultipartUpload"},
}


class UnknownCall(LookupError):
    """A state does what nothing is known of."""


@dataclass(frozen=True)
class Calls:
    """What one state needs of IAM, in lower case."""

    state: str
    needs: frozenset[str]
    some: frozenset[str] = frozenset()
    """Actions that its parameters may ask for; where it `needs` nothing, at least one of them."""

    body: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """The state, or the part of it that makes the call, as the definition has it."""


def calls(definition: str) -> Iterator[Calls]:
    """What each state does, at every level. Raises MalformedDocument, and UnknownCall for what can't be judged."""
    try:
        machine = json.loads(definition)
    except ValueError as error:
        raise MalformedDocument(f"is no JSON: {error}") from error
    yield from _of_machine(machine)


def _of_machine(machine: Any) -> Iterator[Calls]:
    states = machine.get("States") if isinstance(machine, Mapping) else None
    if not isinstance(states, Mapping) or not states:
        raise MalformedDocument("has no States")
    for name, state in states.items():
        if not isinstance(state, Mapping):
            raise MalformedDocument(f"has a state {name} that is no object")
        yield from _of_state(name, state)
        for branch in state.get("Branches", ()):
            yield from _of_machine(branch)
        for processor in ("ItemProcessor", "Iterator"):
            if processor in state:
                yield from _of_machine(state[processor])


def _of_state(name: str, state: Mapping[str, Any]) -> Iterator[Calls]:
    kind = state.get("Type")
    if kind == "Task":
        yield replace(_of_task(name, state), body=state)
    elif kind == "Map":
        yield from _of_map(name, state)
    elif kind not in _CALLS_NOTHING:
        raise UnknownCall(f"{name} is a state of the type {kind!r}")


def _of_task(name: str, state: Mapping[str, Any]) -> Calls:
    resource = str(state.get("Resource", ""))
    if "Credentials" in state:
        raise UnknownCall(f"{name} works under another role")
    if _FUNCTION.fullmatch(resource):
        return _calls(name, "lambda:InvokeFunction")
    if _ACTIVITY.fullmatch(resource):
        return _calls(name)
    found = _INTEGRATION.fullmatch(resource)
    if found is None:
        raise UnknownCall(f"{name} calls {resource}, which is no integration")
    service, action, pattern = found[1], found[2], found[3] or ""
    call = f"{service}:{action}"
    if pattern.startswith(".sync"):
        if call != "states:startExecution":
            raise UnknownCall(f"{name} waits for {resource}, of which nothing is known")
        return _calls(name, _NESTED_JOB)
    if call in _OTHERWISE:
        return _calls(name, *_OTHERWISE[call])
    if service not in _PREFIXES:
        raise UnknownCall(f"{name} calls {resource}, of which nothing is known")
    return _calls(name, f"{_PREFIXES[service]}:{action}")


def _of_map(name: str, state: Mapping[str, Any]) -> Iterator[Calls]:
    processor = state.get("ItemProcessor")
    config = processor.get("ProcessorConfig") if isinstance(processor, Mapping) else None
    if isinstance(config, Mapping) and config.get("Mode") == "DISTRIBUTED":
        yield _calls(name, _DISTRIBUTED)
    for part, known in _MAP_PARTS.items():
        resource = (state.get(part) or {}).get("Resource")
        if resource:
            found = _INTEGRATION.fullmatch(resource)
            call = f"{found[1]}:{found[2]}" if found else resource
            if call not in known:
                raise UnknownCall(f"{name} has the {part} {resource}, of which nothing is known")
            of_part = _calls(name, known[call], "s3:ListBucket" if part == "ItemReader" else "")
            yield replace(of_part, body=state[part])


def _calls(state: str, needs: str = "", some: str = "") -> Calls:
    return Calls(state, frozenset(needs.lower().split()), frozenset(some.lower().split()))
