"""FIFO queues: what keeps their order, and what breaks it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..framework.resources import Resource
from ..framework.rule import Context, Example, Severity, resources, rule
from ..framework.types import EVENT_SOURCE_MAPPING, QUEUE, SCHEDULE
from .queues import dead_letter_queue, source_queue

_SUFFIX = ".fifo"


def _ordered(**more: Any) -> Example:
    arn = "arn:aws:sqs:eu-west-1:111122223333:log.fifo"
    target = {"arn": arn, "sqsParameters": {"messageGroupId": "day"}}
    return {
        f"{QUEUE} log": {"name": "log.fifo", "fifoQueue": True, **more},
        f"{SCHEDULE} closing": {"name": "closing", "target": target},
    }


@rule(
    "fifo-queues",
    "A FIFO queue keeps its order to the end",
    severity=Severity.MEDIUM,
    on=resources(QUEUE, EVENT_SOURCE_MAPPING, SCHEDULE),
    judges={QUEUE: ("name", "fifoQueue"), SCHEDULE: ("target",)},
    why="Scheduler sends no deduplication id, so a queue without content-based deduplication refuses all its messages; "
    "a dead-letter queue of the other kind and a batching window are refused when the stack is deployed.",
    fix="Give the queue a name that ends with .fifo, content-based deduplication for schedules with a message group, "
    "and a FIFO dead-letter queue; leave the batching window out",
    page="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fifo-queues.html",
    frameworks=("REL04-BP04",),
    passes=_ordered(contentBasedDeduplication=True),
    fails=_ordered(),
)
def fifo_queues(resource: Resource, context: Context) -> Iterator[str]:
    """Judge a queue by its dead-letter queue; a mapping and a schedule by their queue."""
    if resource.type == QUEUE:
        yield from _queue(resource, context)
    elif resource.type == SCHEDULE:
        yield from _schedule(resource, context)
    else:
        queue = source_queue(resource, context.stack)
        if queue and _is_fifo(queue) and resource.known("maximumBatchingWindowInSeconds"):
            yield f"waits for a batch of {queue.name}, which FIFO queues don't do"


def _queue(queue: Resource, context: Context) -> Iterator[str]:
    fifo, name = _is_fifo(queue), queue.given("name")
    if name and fifo != name.endswith(_SUFFIX):
        yield f"is {'a FIFO' if fifo else 'a standard'} queue of the name {name}"
    target = dead_letter_queue(queue, context.stack)
    if target and _is_fifo(target) != fifo:
        yield f"gives up to {target.name}, a queue of the other kind"


def _schedule(schedule: Resource, context: Context) -> Iterator[str]:
    target = schedule.known("target") or {}
    queue = context.stack.find(target.get("arn", ""), QUEUE)
    if queue is None or not _is_fifo(queue):
        return
    if not (target.get("sqsParameters") or {}).get("messageGroupId"):
        yield f"sends to {queue.name} without a message group"
    if not queue.known("contentBasedDeduplication"):
        yield f"sends to {queue.name}, which doesn't deduplicate by content"


def _is_fifo(queue: Resource) -> bool:
    return bool(queue.known("fifoQueue"))
