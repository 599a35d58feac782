"""EventBridge: what a rule calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from local.provider.check import Failure
from local.provider.clients import Aws
from local.provider.errors import RefusedError, is_missing
from local.provider.resource import Props, Resource, given, present
from local.provider.services.events import DEFAULT_BUS, GONE, bus_name
from local.provider.services.trust import require_trust
from local.wire import UNKNOWN

_TARGETS = frozenset({"events", "kinesis", "lambda", "sns", "sqs", "states"})
_BY_ROLE = frozenset({"events", "kinesis", "states"})
"""Services that a rule calls by the target's role; the others let it in by their resource policies.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html
"""
_INPUTS = ("input", "inputPath", "inputTransformer")


class EventTarget(Resource):
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html"""

    token = "aws:cloudwatch/eventTarget:EventTarget"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """What each kind of target needs, and one input at most."""
        several = [name for name in _INPUTS if inputs.get(name) is not None]
        if len(several) > 1:
            yield Failure(several[1], f"a target has one of {', '.join(_INPUTS)}")
        if not given(inputs, "arn"):
            return
        arn = inputs["arn"]
        service, fifo = arn.split(":")[2] if arn.count(":") >= 5 else "", arn.endswith(".fifo")
        if service not in _TARGETS or (service == "events" and ":event-bus/" not in arn):
            yield Failure(
                "arn", "not available locally: rules reach buses, functions, machines, queues, streams and topics only"
            )
            return
        if service in _BY_ROLE and inputs.get("roleArn") is None:
            yield Failure("roleArn", f"RoleArn is required for the target {arn}")
        elif service not in _BY_ROLE and inputs.get("roleArn") is not None:
            yield Failure("roleArn", f"not available locally: {arn} lets rules in by its own policy")
        queue = inputs.get("sqsTarget")
        if service == "sqs" and fifo and queue is not UNKNOWN and not (queue or {}).get("messageGroupId"):
            yield Failure("sqsTarget", "a FIFO queue needs a message group")
        elif queue and not (service == "sqs" and fifo):
            yield Failure("sqsTarget", f"sqsTarget is not for {arn}")
        if inputs.get("kinesisTarget") and service != "kinesis":
            yield Failure("kinesisTarget", f"kinesisTarget is not for {arn}")

    def create(self, aws: Aws, inputs: Props) -> str:
        """PutTargets makes it or, on AWS too, takes over one of this id."""
        _put(aws, inputs)
        return f"{_prefix(inputs)}{inputs['targetId']}"

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """ListTargetsByRule, and the one of this id."""
        found = _find(aws, state, id_.removeprefix(_prefix(state)))
        if found is None:
            return None
        transformer, retry = found.get("InputTransformer"), found.get("RetryPolicy") or {}
        letters = (found.get("DeadLetterConfig") or {}).get("Arn")
        group = (found.get("SqsParameters") or {}).get("MessageGroupId")
        key = (found.get("KinesisParameters") or {}).get("PartitionKeyPath")
        return {
            "targetId": found["Id"],
            "rule": state["rule"],
            "eventBusName": state.get("eventBusName") or DEFAULT_BUS,
            "arn": found["Arn"],
            "roleArn": found.get("RoleArn"),
            "input": found.get("Input"),
            "inputPath": found.get("InputPath"),
            "inputTransformer": {
                "inputTemplate": transformer["InputTemplate"],
                **present(inputPaths=transformer.get("InputPathsMap") or None),
            }
            if transformer
            else None,
            "sqsTarget": {"messageGroupId": group} if group else None,
            "kinesisTarget": {"partitionKeyPath": key} if key else None,
            "deadLetterConfig": {"arn": letters} if letters else None,
            "retryPolicy": present(
                maximumEventAgeInSeconds=retry.get("MaximumEventAgeInSeconds"),
                maximumRetryAttempts=retry.get("MaximumRetryAttempts"),
            )
            or None,
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """PutTargets replaces the whole target."""
        if changed - {"forceDestroy"}:
            _put(aws, {**new, "targetId": old["targetId"]})

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """RemoveTargets."""
        try:
            answer = aws.client("events").remove_targets(
                Rule=state["rule"],
                EventBusName=bus_name(state.get("eventBusName") or DEFAULT_BUS),
                Ids=[state["targetId"]],
                Force=bool(state.get("forceDestroy")),
            )
        except ClientError as error:
            if not is_missing(error, GONE):
                raise
            return
        _require_success(answer)


def _put(aws: Aws, inputs: Props) -> None:
    if inputs.get("roleArn"):
        require_trust(aws, inputs["roleArn"], "events")
    transformer, retry = inputs.get("inputTransformer"), inputs.get("retryPolicy") or {}
    letters, queue = inputs.get("deadLetterConfig") or {}, inputs.get("sqsTarget")
    stream = inputs.get("kinesisTarget") or {}
    target = present(
        Id=inputs["targetId"],
        Arn=inputs["arn"],
        RoleArn=inputs.get("roleArn"),
        Input=inputs.get("input"),
        InputPath=inputs.get("inputPath"),
        InputTransformer={
            "InputTemplate": transformer["inputTemplate"],
            "InputPathsMap": transformer.get("inputPaths") or {},
        }
        if transformer
        else None,
        SqsParameters={"MessageGroupId": queue["messageGroupId"]} if queue else None,
        KinesisParameters={"PartitionKeyPath": stream["partitionKeyPath"]} if stream else None,
        DeadLetterConfig={"Arn": letters["arn"]} if letters.get("arn") else None,
        RetryPolicy=present(
            MaximumEventAgeInSeconds=retry.get("maximumEventAgeInSeconds"),
            MaximumRetryAttempts=retry.get("maximumRetryAttempts"),
        )
        or None,
    )
    bus = bus_name(inputs["eventBusName"])
    _require_success(aws.client("events").put_targets(Rule=inputs["rule"], EventBusName=bus, Targets=[target]))


def _require_success(answer: dict[str, Any]) -> None:
    """AWS answers what it refuses of a list inside a success."""
    for entry in answer.get("FailedEntries", []):
        raise RefusedError(f"{entry.get('ErrorCode')}: {entry.get('ErrorMessage')}")


def _find(aws: Aws, state: Props, target: str) -> dict[str, Any] | None:
    bus = bus_name(state.get("eventBusName") or DEFAULT_BUS)
    try:
        pages = (
            aws.client("events").get_paginator("list_targets_by_rule").paginate(Rule=state["rule"], EventBusName=bus)
        )
        return next((row for page in pages for row in page["Targets"] if row["Id"] == target), None)
    except ClientError as error:
        if is_missing(error, GONE):
            return None
        raise


def _prefix(values: Props) -> str:
    bus = values.get("eventBusName") or DEFAULT_BUS
    return f"{values['rule']}-" if bus == DEFAULT_BUS else f"{bus}-{values['rule']}-"
