"""Streams before functions: what fails must not stop a shard, and must not be lost."""

from __future__ import annotations

from collections.abc import Iterator

from ..framework.resources import Resource
from ..framework.rule import Context, Severity, resources, rule
from ..framework.types import EVENT_SOURCE_MAPPING, QUEUE, TOPIC
from .queues import follows_a_stream

DISCARDED = "arn:aws:sqs:eu-west-1:111122223333:discarded"
_GOOD = {
    "eventSourceArn": "arn:aws:kinesis:eu-west-1:111122223333:stream/log",
    "functionName": "worker",
    "startingPosition": "TRIM_HORIZON",
    "maximumRetryAttempts": 10,
    "functionResponseTypes": ["ReportBatchItemFailures"],
    "destinationConfig": {"onFailure": {"destinationArn": DISCARDED}},
}


@rule(
    "stream-failures",
    "A function that follows a stream names what it gives up, after a number of attempts",
    severity=Severity.MEDIUM,
    on=resources(EVENT_SOURCE_MAPPING),
    judges={
        EVENT_SOURCE_MAPPING: ("startingPosition", "maximumRetryAttempts", "functionResponseTypes", "destinationConfig")
    },
    why="By default a record that fails stops its shard until it is too old, and is then dropped without a word.",
    fix="Set maximumRetryAttempts, destinationConfig.onFailure and functionResponseTypes",
    page="https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html",
    frameworks=(
        "REL05-BP03",
        "REL05-BP04",
    ),
    passes={f"{EVENT_SOURCE_MAPPING} worker": _GOOD, f"{QUEUE} discarded": {"name": "discarded"}},
    fails={
        f"{EVENT_SOURCE_MAPPING} worker": {**_GOOD, "destinationConfig": {}},
        f"{QUEUE} discarded": {"name": "discarded"},
    },
)
def stream_failures(mapping: Resource, context: Context) -> Iterator[str]:
    """Judge one mapping of a stream."""
    if not follows_a_stream(mapping):
        return
    attempts = mapping.known("maximumRetryAttempts")
    if attempts is None or attempts < 0:
        yield "tries a record again until it is too old"
    if "ReportBatchItemFailures" not in (mapping.known("functionResponseTypes") or ()):
        yield "doesn't report which record of a batch failed"
    destination = (mapping.known("destinationConfig") or {}).get("onFailure") or {}
    arn = destination.get("destinationArn", "")
    if not arn:
        yield "drops what it gives up"
    elif not context.stack.find(arn, QUEUE, TOPIC):
        yield f"names what it gives up to {arn}, which the stack doesn't make"
