"""Asynchronous hops: what can't be delivered waits in a queue of the stack, and nothing is dropped without a word."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..framework.resources import Resource, unknown
from ..framework.rule import Context, Example, Option, Severity, resources, rule
from ..framework.stack import Stack
from ..framework.types import EVENT_TARGET, FUNCTION, LAMBDA_PERMISSION, PIPE, QUEUE, SCHEDULE, SUBSCRIPTION, TOPIC
from .queues import policy_of
from .reach import INVOKE_CONFIG, TARGETS, inner

_ARNS: Final = "arn:aws:sqs:eu-west-1:111122223333:"
_LOST: Final = {"arn": _ARNS + "lost"}

ASYNCHRONOUS: Final = frozenset(
    f"{service}.amazonaws.com" for service in ("config", "events", "iot", "logs", "s3", "ses", "sns")
)
"""Services that invoke a function and don't wait for it.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html"""

_KEEPS_FAILURES: Final = frozenset({"sqs", "lambda", "http", "https", "firehose"})
"""Protocols to which SNS delivers machine to machine."""

WAYS: Final = "https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"


def _delivered(**more: Any) -> Example:
    target = {"rule": "sales", "targetId": "jobs", "arn": _ARNS + "jobs", **more}
    return {f"{EVENT_TARGET} sales": target, f"{QUEUE} lost": {"name": "lost"}}


@rule(
    "undelivered-events",
    "What a rule or schedule can't deliver waits in a queue of the stack",
    severity=Severity.MEDIUM,
    on=resources(EVENT_TARGET, SCHEDULE),
    judges={EVENT_TARGET: ("deadLetterConfig",), SCHEDULE: ("target",)},
    why="EventBridge and Scheduler drop an event after their last attempt: at once where the target or the right is "
    "gone, else after a day.",
    fix="Set deadLetterConfig to a standard queue of the stack whose policy lets the service in, and leave retries on",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html",
    same_as=("cdk-nag EventBusDLQ",),
    frameworks=("REL05-BP04", "REL04-BP02"),
    passes=_delivered(deadLetterConfig=_LOST),
    fails=_delivered(),
    options={
        "attempts": Option(1, "Attempts after the first, at least", {"type": "number", "minimum": 0, "maximum": 185})
    },
    acceptable=True,
)
def undelivered_events(source: Resource, context: Context) -> Iterator[str]:
    """Judge one target of a rule, or one schedule."""
    target = source if source.type == EVENT_TARGET else inner(source, source.props.get("target") or {}, "target")
    yield from _waits_in_a_queue(target, context.stack)
    attempts = (target.known("retryPolicy") or {}).get("maximumRetryAttempts")
    if attempts is not None and attempts < context.options["attempts"]:
        yield f"gives up after {attempts:g} retries"


def _waits_in_a_queue(holder: Resource, stack: Stack) -> Iterator[str]:
    """What is wrong with its `deadLetterConfig`."""
    given = inner(holder, holder.props.get("deadLetterConfig") or {}, "deadLetterConfig")
    queue = stack.named_by(given, "arn", QUEUE)
    if queue is None:
        arn = given.known("arn")
        yield f"gives up to {arn}, which the stack doesn't make" if arn else "has no dead-letter queue"
    elif queue.known("fifoQueue"):
        yield f"gives up to {queue.name}, and takes no FIFO queue"


_STREAM: Final = {"startingPosition": "TRIM_HORIZON", "maximumRetryAttempts": 10, "deadLetterConfig": _LOST}


def _piped(**stream: Any) -> Example:
    source = "arn:aws:dynamodb:eu-west-1:111122223333:table/events/stream/2026"
    parameters = {"dynamodbStreamParameters": stream}
    return {
        f"{PIPE} changes": {"name": "changes", "source": source, "sourceParameters": parameters},
        f"{QUEUE} lost": {"name": "lost"},
    }


@rule(
    "pipe-failures",
    "A pipe gives up what fails to a queue of the stack, after a number of attempts",
    severity=Severity.MEDIUM,
    on=resources(PIPE),
    judges={PIPE: ("sourceParameters",)},
    why="By default a pipe tries a record of a stream until it is too old: nothing behind it moves, then it is lost.",
    fix="Set maximumRetryAttempts and deadLetterConfig for the stream; give a queue a redrivePolicy",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-batching-concurrency.html",
    frameworks=("REL05-BP04", "REL04-BP02"),
    passes=_piped(**_STREAM),
    fails=_piped(startingPosition="LATEST"),
)
def pipe_failures(pipe: Resource, context: Context) -> Iterator[str]:
    """Judge one pipe by its source."""
    parameters = pipe.props.get("sourceParameters") or {}
    for kind in ("dynamodbStreamParameters", "kinesisStreamParameters"):
        if stream := parameters.get(kind):
            holder = inner(pipe, stream, "sourceParameters")
            yield from _waits_in_a_queue(holder, context.stack)
            attempts = holder.known("maximumRetryAttempts")
            if attempts is None or attempts < 0:
                yield "tries a record again until it is too old"
            return
    queue = context.stack.named_by(pipe, "source", QUEUE)
    if queue is None:
        yield "reads a source whose failures can't be judged"
    elif not policy_of(queue, "redrivePolicy", context.stack):
        yield f"reads {queue.name}, which has no dead-letter queue"


def _subscribed(redrive: Mapping[str, str] | None) -> Example:
    subscription = {"topic": "arn:aws:sns:eu-west-1:111122223333:arrivals", "protocol": "sqs", "endpoint": "jobs"}
    return {
        f"{SUBSCRIPTION} jobs": subscription | ({"redrivePolicy": json.dumps(redrive)} if redrive else {}),
        f"{QUEUE} lost": {"name": "lost"},
    }


@rule(
    "subscription-dead-letters",
    "What a topic can't deliver to a subscriber waits in a queue of the stack",
    severity=Severity.MEDIUM,
    on=resources(SUBSCRIPTION),
    judges={SUBSCRIPTION: ("protocol", "redrivePolicy")},
    why="Where the endpoint or the right is gone, SNS doesn't try again: the message is dropped at the first attempt.",
    fix="Set redrivePolicy to a queue of the stack whose policy lets the topic in",
    page="https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html",
    same_as=("cdk-nag SNSRedrivePolicy",),
    frameworks=("REL05-BP04", "REL04-BP02"),
    passes=_subscribed({"deadLetterTargetArn": _ARNS + "lost"}),
    fails=_subscribed(None),
)
def subscription_dead_letters(subscription: Resource, context: Context) -> Iterator[str]:
    """Judge one subscription of a program; people read their mail or don't."""
    if subscription.known("protocol") not in _KEEPS_FAILURES:
        return
    policy = _json(subscription, "redrivePolicy")
    target = policy.get("deadLetterTargetArn")
    if not target:
        yield "has no dead-letter queue"
    elif not context.stack.find(target, QUEUE):
        yield f"gives up to {target}, which the stack doesn't make"


def _json(resource: Resource, prop: str) -> dict[str, Any]:
    text = resource.known(prop)
    try:
        value = json.loads(text) if isinstance(text, str) and text else text or {}
    except json.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise unknown(prop)
    return value


def _woken(**more: Any) -> Example:
    source = "arn:aws:sns:eu-west-1:111122223333:arrivals"
    permission = {"action": "lambda:InvokeFunction", "function": "worker", "principal": "sns.amazonaws.com"}
    return {
        f"{FUNCTION} worker": {"name": "worker", **more},
        f"{LAMBDA_PERMISSION} worker": {**permission, "sourceArn": source},
        f"{QUEUE} lost": {"name": "lost"},
    }


@rule(
    "function-async-failures",
    "A function that nobody waits for keeps the events on which it failed",
    severity=Severity.MEDIUM,
    on=resources(FUNCTION),
    judges={FUNCTION: ("deadLetterConfig",), LAMBDA_PERMISSION: ("principal", "function")},
    why="Lambda tries an asynchronous event twice more, and drops it after six hours at most; the sender is long gone.",
    fix="Set deadLetterConfig, or an on-failure destination in a FunctionEventInvokeConfig, to a queue or topic of the "
    "stack; or put a queue in between",
    page=WAYS,
    same_as=("cdk-nag LambdaAsyncFailureDestination",),
    frameworks=("REL05-BP04", "REL04-BP02"),
    passes=_woken(deadLetterConfig={"targetArn": _ARNS + "lost"}),
    fails=_woken(),
    acceptable=True,
)
def function_async_failures(function: Resource, context: Context) -> Iterator[str]:
    """Judge one function by who may invoke it, and by what takes its failures."""
    stack = context.stack
    callers = {
        permission.known("principal") for permission in stack.naming(function, LAMBDA_PERMISSION, "function")
    } & ASYNCHRONOUS
    if not callers:
        return
    given = inner(function, function.props.get("deadLetterConfig") or {}, "deadLetterConfig")
    if stack.named_by(given, "targetArn", QUEUE, TOPIC):
        return
    if arn := given.known("targetArn"):
        yield f"gives up to {arn}, which the stack doesn't make"
        return
    for config in stack.naming(function, INVOKE_CONFIG, "functionName"):
        failures = (config.props.get("destinationConfig") or {}).get("onFailure") or {}
        if failures and stack.named_by(inner(config, failures, "destinationConfig"), "destination", *TARGETS):
            return
    yield f"is invoked by {', '.join(sorted(callers))}, and what fails is dropped"
