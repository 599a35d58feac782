"""Loops: what a bucket's events wake may not make those events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..framework.resources import Resource
from ..framework.rule import Context, Example, Severity, resources, rule
from ..framework.stack import Stack, physical_name
from ..framework.types import BUCKET, BUCKET_NOTIFICATION, EVENT_RULE, FUNCTION, QUEUE, ROLE, ROLE_POLICY, TOPIC
from ..iam.arns import overlap
from .reach import DEFAULT_BUS, grants_of, inner, pattern_of, reached, targets_of
from .roles import trust
from .subjects import document

_MAKES: Final = {
    "ObjectCreated": ("s3:PutObject",),
    "ObjectRestore": ("s3:RestoreObject",),
    "ObjectRemoved": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "ObjectTagging": ("s3:PutObjectTagging", "s3:DeleteObjectTagging"),
    "ObjectAcl": ("s3:PutObjectAcl",),
}
"""Kind of event → the actions that make it. The others (replication, life cycle) nobody's role makes.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html"""

_ON_THE_BUS: Final = {
    "Object Created": "ObjectCreated",
    "Object Deleted": "ObjectRemoved",
    "Object Restore Initiated": "ObjectRestore",
    "Object Tags Added": "ObjectTagging",
    "Object Tags Deleted": "ObjectTagging",
    "Object ACL Updated": "ObjectAcl",
}
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html"""

_TARGETS: Final = {
    "lambdaFunctions": (FUNCTION, "lambdaFunctionArn"),
    "queues": (QUEUE, "queueArn"),
    "topics": (TOPIC, "topicArn"),
}


@dataclass(frozen=True)
class _Watch:
    """Events of one kind of key, and what they go to."""

    keys: str
    """`bucket/prefix*suffix`"""
    actions: tuple[str, ...]
    target: Resource


def _triggered(output: str) -> Example:
    function_arn = "arn:aws:lambda:eu-west-1:111122223333:function:thumbnail"
    role = {"name": "thumbnail", "arn": "arn:aws:iam::111122223333:role/thumbnail"}
    write = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{output}"}
    return {
        f"{BUCKET} uploads": {"bucket": "uploads"},
        f"{BUCKET_NOTIFICATION} uploads": {
            "bucket": "uploads",
            "lambdaFunctions": [{"lambdaFunctionArn": function_arn, "filterPrefix": "raw/"}],
        },
        f"{ROLE} thumbnail": {**role, "assumeRolePolicy": trust("lambda.amazonaws.com")},
        f"{ROLE_POLICY} thumbnail": {"role": "thumbnail", "policy": document(write)},
        f"{FUNCTION} thumbnail": {"name": "thumbnail", "role": role["arn"]},
    }


@rule(
    "s3-no-notification-loop",
    "What a bucket's events wake can't make such events",
    severity=Severity.HIGH,
    on=resources(BUCKET_NOTIFICATION),
    judges={
        BUCKET_NOTIFICATION: ("bucket", "lambdaFunctions", "queues", "topics", "eventbridge"),
        FUNCTION: ("role",),
        ROLE_POLICY: ("policy",),
    },
    why="An object that wakes the function that wrote it runs, and is paid for, for ever. Topics, queues, streams, "
    "buses, machines and destinations between the two change nothing.",
    fix="Write to another bucket, or below a prefix that the notification's filter leaves out",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html",
    frameworks=("REL04-BP02",),
    passes=_triggered("uploads/small/*"),
    fails=_triggered("uploads/raw/*"),
)
def no_notification_loop(notification: Resource, context: Context) -> Iterator[str]:
    """Judge one notification by all that it wakes."""
    bucket = context.stack.named_by(notification, "bucket", BUCKET)
    name = physical_name(bucket) if bucket else notification.known("bucket")
    for watch in (*_notified(notification, name, context.stack), *_on_the_bus(notification, name, context.stack)):
        for runs in reached(watch.target, context.stack):
            for pattern in _made_by(runs, watch.actions, context.stack):
                if overlap(pattern, f"arn:{_partition(pattern)}:s3:::{watch.keys}"):
                    yield f"{runs.name} may write {pattern}, which triggers {runs.name} again"


def _notified(notification: Resource, bucket: str, stack: Stack) -> Iterator[_Watch]:
    for kind, (type_, prop) in _TARGETS.items():
        for given in notification.props.get(kind) or ():
            target = stack.named_by(inner(notification, given, kind), prop, type_)
            if target:
                keys = f"{bucket}/{given.get('filterPrefix') or ''}*{given.get('filterSuffix') or ''}"
                yield _Watch(keys, _actions(given.get("events")), target)


def _actions(events: Iterable[str] | None) -> tuple[str, ...]:
    """What makes events such as `s3:ObjectCreated:*`; everything, where they aren't said."""
    kinds = [str(event).removeprefix("s3:").partition(":")[0] for event in events or _MAKES]
    return tuple(action for kind in kinds for action in _MAKES.get(kind, ()))


def _on_the_bus(notification: Resource, bucket: str, stack: Stack) -> Iterator[_Watch]:
    """What rules on the account's default bus do with the events of a bucket that announces them."""
    if not notification.known("eventbridge"):
        return
    for event_rule in stack.of(EVENT_RULE):
        if (event_rule.given("eventBusName") or DEFAULT_BUS) != DEFAULT_BUS:
            continue
        pattern = pattern_of(event_rule)
        if not pattern or not _takes(pattern.get("source"), "aws.s3"):
            continue
        detail = pattern.get("detail") or {}
        if not _takes((detail.get("bucket") or {}).get("name"), bucket):
            continue
        kinds = [kind for name, kind in _ON_THE_BUS.items() if _takes(pattern.get("detail-type"), name)]
        actions = tuple(action for kind in kinds for action in _MAKES[kind])
        for target in targets_of(event_rule, stack):
            for keys in _keys((detail.get("object") or {}).get("key")):
                yield _Watch(f"{bucket}/{keys}", actions, target)


def _takes(wanted: Any, value: str) -> bool:
    """Whether a pattern's list may match `value`; content filters are taken to."""
    return not wanted or any(not isinstance(one, str) or one == value for one in wanted)


def _keys(wanted: Any) -> Iterator[str]:
    """The keys that a pattern's list may match, as patterns.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
    """
    for one in wanted or ("*",):
        if not isinstance(one, Mapping):
            yield str(one)
        elif isinstance(one.get("prefix"), str):
            yield f"{one['prefix']}*"
        elif isinstance(one.get("suffix"), str):
            yield f"*{one['suffix']}"
        else:
            yield one.get("wildcard") or "*"


def _partition(arn: str) -> str:
    return arn.split(":")[1] if arn.startswith("arn:") else "aws"


def _made_by(runs: Resource, actions: tuple[str, ...], stack: Stack) -> Iterator[str]:
    """ARN patterns of the objects of which a function or machine may make events."""
    for statement in grants_of(runs, stack):
        makes = any(overlap(own.lower(), action.lower()) for own in statement.actions for action in actions)
        if makes or statement.not_actions:
            yield from statement.resources or ("*",)
