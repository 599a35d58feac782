"""Queues behind functions: timing, dead letters, partial batches."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ..framework.resources import Resource, unknown
from ..framework.rule import Context, Example, Option, Severity, resources, rule
from ..framework.stack import Stack
from ..framework.types import EVENT_SOURCE_MAPPING, FUNCTION, QUEUE, REDRIVE
from ..iam.arns import physical_name_in

ON_SQS = "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"
DEAD_LETTERS = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html"
DEFAULT_VISIBILITY_S = 30
DEFAULT_RETENTION_S = 4 * 24 * 3600
"""SQS's defaults: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html"""
DEFAULT_TIMEOUT_S = 3
"""Lambda's default: https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html"""

JOBS, DLQ = ("arn:aws:sqs:eu-west-1:111122223333:" + name for name in ("jobs", "jobs-dlq"))


def follows_a_stream(mapping: Resource) -> bool:
    """Whether a mapping reads a stream: AWS asks for a starting position there, and refuses it for queues.

    https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
    """
    return bool(mapping.known("startingPosition"))


def source_queue(mapping: Resource, stack: Stack) -> Resource | None:
    """The queue of this stack that a mapping reads, if it reads one."""
    return None if follows_a_stream(mapping) else stack.named_by(mapping, "eventSourceArn", QUEUE)


def reads_a_queue(mapping: Resource, stack: Stack) -> bool:
    """Whether a mapping reads a queue, of this stack or another."""
    if follows_a_stream(mapping):
        return False
    if source_queue(mapping, stack):
        return True
    return bool(physical_name_in(mapping.known("eventSourceArn") or "", "sqs"))


def policy_of(queue: Resource, prop: str, stack: Stack) -> dict[str, Any]:
    """A queue's `redrivePolicy` or `redriveAllowPolicy`, its own or from a resource beside it; `{}` for none."""
    beside = stack.naming(queue, REDRIVE[prop], "queueUrl")
    value = beside[0].known(prop) if beside else queue.given(prop)
    if not value:
        return {}
    try:
        policy = json.loads(value) if isinstance(value, str) else value
    except json.JSONDecodeError:
        policy = None
    if not isinstance(policy, dict):
        raise unknown(prop)
    return policy


def dead_letter_queue(queue: Resource, stack: Stack) -> Resource | None:
    """The queue of this stack that takes its dead letters."""
    target = policy_of(queue, "redrivePolicy", stack).get("deadLetterTargetArn")
    return stack.find(target, QUEUE) if isinstance(target, str) else None


def _polled(queue: dict[str, Any], mapping: dict[str, Any] | None = None, timeout: int = 30) -> Example:
    return {
        f"{QUEUE} jobs": {"name": "jobs", **queue},
        f"{QUEUE} jobs-dlq": {"name": "jobs-dlq", "messageRetentionSeconds": 1209600},
        f"{FUNCTION} worker": {"name": "worker", "timeout": timeout},
        f"{EVENT_SOURCE_MAPPING} worker": {"eventSourceArn": JOBS, "functionName": "worker", **(mapping or {})},
    }


@rule(
    "queue-visibility-timeout",
    "A queue hides a message for six timeouts of its function",
    severity=Severity.MEDIUM,
    on=resources(EVENT_SOURCE_MAPPING),
    judges={
        EVENT_SOURCE_MAPPING: ("eventSourceArn", "functionName"),
        QUEUE: ("visibilityTimeoutSeconds",),
        FUNCTION: ("timeout",),
    },
    why="A message that comes back while it is worked on, or while Lambda throttles, is worked on twice.",
    fix="Raise visibilityTimeoutSeconds, or lower the function's timeout",
    page=ON_SQS,
    same_as=("cdk-nag LambdaEventSourceSQSVisibilityTimeout",),
    frameworks=(
        "REL04-BP04",
        "REL05-BP05",
    ),
    passes=_polled({"visibilityTimeoutSeconds": 180}),
    fails=_polled({"visibilityTimeoutSeconds": 60}),
    options={
        "factor": Option(
            6, "Timeouts of the function that a message stays hidden, at least", {"type": "number", "minimum": 1}
        )
    },
)
def visibility_timeout(mapping: Resource, context: Context) -> Iterator[str]:
    """Judge one mapping by its queue and function. The batching window is time that a message waits in Lambda."""
    queue = source_queue(mapping, context.stack)
    if not queue:
        return
    function = context.stack.named_by(mapping, "functionName", FUNCTION)
    if not function:
        yield f"reads {queue.name} for a function of another stack, whose timeout can't be seen"
        return
    visibility = _number(queue, "visibilityTimeoutSeconds", DEFAULT_VISIBILITY_S)
    timeout = _number(function, "timeout", DEFAULT_TIMEOUT_S)
    window = _number(mapping, "maximumBatchingWindowInSeconds", 0)
    needed = context.options["factor"] * timeout + window
    if visibility < needed:
        yield f"{queue.name} hides a message for {visibility:g} s; {function.name}'s timeout asks for {needed:g} s"


@rule(
    "queue-dead-letters",
    "A queue behind a function gives up a message to a dead-letter queue",
    severity=Severity.HIGH,
    on=resources(EVENT_SOURCE_MAPPING),
    judges={EVENT_SOURCE_MAPPING: ("eventSourceArn",), QUEUE: ("redrivePolicy",)},
    why="Without one, a message that can't be worked on comes back until it expires, and is lost without a trace.",
    fix="Give the queue a redrivePolicy with a dead-letter queue of the stack and a maxReceiveCount of two or more",
    page=DEAD_LETTERS,
    same_as=("cdk-nag AwsSolutions-SQS3",),
    frameworks=(
        "REL05-BP04",
        "REL04-BP02",
    ),
    passes=_polled({"redrivePolicy": json.dumps({"deadLetterTargetArn": DLQ, "maxReceiveCount": 5})}),
    fails=_polled({}),
    options={
        "attempts": Option(2, "Deliveries before a message is given up, at least", {"type": "number", "minimum": 1})
    },
)
def dead_letters(mapping: Resource, context: Context) -> Iterator[str]:
    """Judge one mapping by its queue."""
    queue = source_queue(mapping, context.stack)
    if not queue:
        return
    redrive = policy_of(queue, "redrivePolicy", context.stack)
    if not redrive:
        yield f"{queue.name} has no dead-letter queue"
        return
    target = dead_letter_queue(queue, context.stack)
    if not target:
        yield f"{queue.name} gives up to {redrive.get('deadLetterTargetArn')}, which isn't in the stack"
    elif target is queue:
        yield f"{queue.name} gives up to itself"
    attempts = _count(redrive.get("maxReceiveCount"))
    if attempts < context.options["attempts"]:
        yield f"{queue.name} gives up after {attempts:g} deliveries"


def _guarded(allow: dict[str, Any], retention: int = 1209600) -> Example:
    redrive = json.dumps({"deadLetterTargetArn": DLQ, "maxReceiveCount": 5})
    return {
        f"{QUEUE} jobs": {"name": "jobs", "redrivePolicy": redrive, "messageRetentionSeconds": 604800},
        f"{QUEUE} jobs-dlq": {
            "name": "jobs-dlq",
            "redriveAllowPolicy": json.dumps(allow),
            "messageRetentionSeconds": retention,
        },
    }


_BY_JOBS = {"redrivePermission": "byQueue", "sourceQueueArns": [JOBS]}


@rule(
    "dead-letter-queue-guarded",
    "A dead-letter queue takes messages of its own source alone",
    severity=Severity.LOW,
    on=resources(QUEUE),
    judges={QUEUE: ("redrivePolicy", "redriveAllowPolicy")},
    why="By default any queue of the account may give up its messages there, and hide them among the others.",
    fix="Give the dead-letter queue a redriveAllowPolicy byQueue that names the source",
    page="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue.html",
    frameworks=("SEC03-BP02",),
    passes=_guarded(_BY_JOBS),
    fails=_guarded({"redrivePermission": "allowAll"}),
)
def dead_letter_queue_guarded(queue: Resource, context: Context) -> Iterator[str]:
    """Judge a queue by the one that takes its dead letters."""
    target = dead_letter_queue(queue, context.stack)
    if not target:
        return
    allow = policy_of(target, "redriveAllowPolicy", context.stack)
    sources = [context.stack.find(arn, QUEUE) for arn in allow.get("sourceQueueArns", ())]
    if allow.get("redrivePermission") != "byQueue":
        yield f"{target.name} takes the dead letters of {allow.get('redrivePermission') or 'any queue'}"
    elif queue not in sources:
        yield f"{target.name} doesn't take the dead letters of {queue.name}"


@rule(
    "dead-letter-queue-retention",
    "A dead-letter queue keeps messages at least as long as its source",
    severity=Severity.MEDIUM,
    on=resources(QUEUE),
    judges={QUEUE: ("redrivePolicy", "messageRetentionSeconds")},
    why="A message keeps the time at which it was first sent: with a shorter retention it may expire on arrival.",
    fix="Raise the dead-letter queue's messageRetentionSeconds; 1,209,600 (14 days) is the longest",
    page=DEAD_LETTERS,
    frameworks=("REL05-BP04",),
    passes=_guarded(_BY_JOBS),
    fails=_guarded(_BY_JOBS, retention=345600),
)
def dead_letter_queue_retention(queue: Resource, context: Context) -> Iterator[str]:
    """Judge a queue by the one that takes its dead letters."""
    target = dead_letter_queue(queue, context.stack)
    if not target:
        return
    source_s, target_s = (_number(each, "messageRetentionSeconds", DEFAULT_RETENTION_S) for each in (queue, target))
    if target_s < source_s:
        yield f"{target.name} keeps a message for {target_s:g} s, {queue.name} for {source_s:g} s"


@rule(
    "queue-partial-batches",
    "A function that reads a queue reports the messages that failed",
    severity=Severity.MEDIUM,
    on=resources(EVENT_SOURCE_MAPPING),
    judges={EVENT_SOURCE_MAPPING: ("eventSourceArn", "functionResponseTypes")},
    why="Otherwise one bad message brings back the whole batch, and takes good ones to the dead-letter queue with it.",
    fix='Set functionResponseTypes to ["ReportBatchItemFailures"] and return batchItemFailures',
    page="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html",
    frameworks=("REL05-BP03",),
    passes=_polled({}, {"functionResponseTypes": ["ReportBatchItemFailures"]}),
    fails=_polled({}),
)
def partial_batches(mapping: Resource, context: Context) -> Iterator[str]:
    """Judge one mapping of a queue."""
    if not reads_a_queue(mapping, context.stack):
        return
    if "ReportBatchItemFailures" not in (mapping.known("functionResponseTypes") or ()):
        yield "doesn't report which messages of a batch failed"


def _number(resource: Resource, prop: str, default: float) -> float:
    value = resource.known(prop)
    return default if value is None else float(value)


def _count(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0
