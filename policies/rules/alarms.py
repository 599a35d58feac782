"""Alarms: what fails for good is told to somebody."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pulumi_policy.proxy import UnknownValueError

from ..framework.resources import Resource
from ..framework.rule import Context, Example, Severity, resources, rule
from ..framework.stack import Stack
from ..framework.types import METRIC_ALARM, QUEUE
from .queues import DLQ, dead_letter_queue

NAMESPACE = "AWS/SQS"
DEPTH = "ApproximateNumberOfMessagesVisible"


def _watched(queue_name: str) -> Example:
    redrive = json.dumps({"deadLetterTargetArn": DLQ, "maxReceiveCount": 5})
    return {
        f"{QUEUE} jobs": {"name": "jobs", "redrivePolicy": redrive},
        f"{QUEUE} jobs-dlq": {"name": "jobs-dlq"},
        f"{METRIC_ALARM} jobs-dlq": {
            "name": "jobs-dlq",
            "namespace": NAMESPACE,
            "metricName": DEPTH,
            "dimensions": {"QueueName": queue_name},
        },
    }


@rule(
    "dead-letter-queue-alarm",
    "An alarm goes off when a dead-letter queue gets a message",
    severity=Severity.MEDIUM,
    on=resources(QUEUE),
    judges={QUEUE: ("redrivePolicy",), METRIC_ALARM: ("namespace", "metricName", "dimensions")},
    why="Nobody looks into a queue that is empty for months; after 14 days what was in it is gone.",
    fix=f"Add an alarm on {DEPTH} of the dead-letter queue",
    page="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/dead-letter-queues-alarms-cloudwatch.html",
    frameworks=(
        "REL06-BP03",
        "OPS08-BP04",
    ),
    passes=_watched("jobs-dlq"),
    fails=_watched("jobs"),
)
def dead_letter_queue_alarm(queue: Resource, context: Context) -> Iterator[str]:
    """Judge a queue by the one that takes its dead letters."""
    target = dead_letter_queue(queue, context.stack)
    if target and not _is_watched(target, context.stack):
        yield f"no alarm looks at the depth of {target.name}"


def _is_watched(queue: Resource, stack: Stack) -> bool:
    doubt = None
    for alarm in stack.of(METRIC_ALARM):
        try:
            if _looks_at(alarm, queue, stack):
                return True
        except UnknownValueError as error:
            doubt = error
    if doubt:
        raise doubt
    return False


def _looks_at(alarm: Resource, queue: Resource, stack: Stack) -> bool:
    if alarm.known("namespace") != NAMESPACE or alarm.known("metricName") != DEPTH:
        return False
    name = (alarm.known("dimensions") or {}).get("QueueName")
    return isinstance(name, str) and stack.find(name, QUEUE) is queue
