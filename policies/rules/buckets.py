"""Buckets: closed to the public, and never their own input."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..framework.resources import Resource
from ..framework.rule import Context, Example, Scope, Severity, resources, rule
from ..framework.stack import Stack, physical_name
from ..framework.types import (
    BUCKET,
    BUCKET_NOTIFICATION,
    EVENT_SOURCE_MAPPING,
    FUNCTION,
    PUBLIC_ACCESS_BLOCK,
    QUEUE,
    ROLE,
    ROLE_POLICY,
    SUBSCRIPTION,
    TOPIC,
)
from ..iam.arns import overlap
from .roles import trust
from .subjects import document, identity_statements

SWITCHES = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
WRITES = ("s3:PutObject", "s3:RestoreObject")
"""Actions that make objects, and so S3's `ObjectCreated` and restore events:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html"""


def _closed(*switches: str) -> Example:
    block = {"bucket": "uploads", **{switch: switch in switches for switch in SWITCHES}}
    return {f"{BUCKET} uploads": {"bucket": "uploads"}, f"{PUBLIC_ACCESS_BLOCK} uploads": block}


@rule(
    "s3-public-access-block",
    "Every bucket blocks public access in all four ways",
    severity=Severity.CRITICAL,
    on=resources(BUCKET),
    judges={PUBLIC_ACCESS_BLOCK: ("bucket", *SWITCHES)},
    why="The block holds whatever an object's ACL or a later policy says.",
    fix="Add a BucketPublicAccessBlock with all four settings on",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
    same_as=("cdk-nag AwsSolutions-S2", "checkov CKV2_AWS_6", "prowler s3_bucket_level_public_access_block"),
    passes=_closed(*SWITCHES),
    fails=_closed(*SWITCHES[1:]),
)
def public_access_block(bucket: Resource, context: Context) -> Iterator[str]:
    """Judge one bucket by its block."""
    blocks = context.stack.naming(bucket, PUBLIC_ACCESS_BLOCK, "bucket")
    if not blocks:
        yield "has no public access block"
    for block in blocks:
        if off := [switch for switch in SWITCHES if block.known(switch) is not True]:
            yield f"has a public access block without {', '.join(off)}"


@rule(
    "s3-no-acls",
    "No bucket grants anything by an ACL",
    severity=Severity.HIGH,
    scope=Scope.RESOURCE,
    on=resources(BUCKET, OWNERSHIP, "aws:s3/bucketAcl:BucketAcl", "aws:s3/bucketAclV2:BucketAclV2"),
    judges={OWNERSHIP: ("rule",), BUCKET: ("acl", "grants")},
    why="An ACL grants to other accounts and to everybody beside the bucket's policy, and stands in no ledger.",
    fix="Leave ACLs out; objects belong to the bucket's owner (BucketOwnerEnforced), which turns them off",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html",
    same_as=("checkov CKV2_AWS_65", "prowler s3_bucket_acl_prohibited"),
    passes={
        f"{BUCKET} uploads": {"bucket": "uploads", "acl": "private", "grants": []},
        f"{OWNERSHIP} uploads": {"bucket": "uploads", "rule": {"objectOwnership": "BucketOwnerEnforced"}},
    },
    fails={f"{OWNERSHIP} uploads": {"bucket": "uploads", "rule": {"objectOwnership": "ObjectWriter"}}},
)
def no_acls(resource: Resource, _: Context) -> Iterator[str]:
    """Judge one bucket, its ownership controls or an ACL."""
    if resource.type == OWNERSHIP:
        ownership = (resource.known("rule") or {}).get("objectOwnership")
        if ownership != "BucketOwnerEnforced":
            yield f"has the object ownership {ownership}, which leaves ACLs on"
    elif resource.type != BUCKET:
        yield "is an ACL"
    elif (resource.known("acl") or "private") != "private" or resource.known("grants"):
        yield "has an ACL of its own"


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
    "What a bucket's notification triggers can't write where it notifies",
    severity=Severity.HIGH,
    on=resources(BUCKET_NOTIFICATION),
    judges={
        BUCKET_NOTIFICATION: ("bucket", "lambdaFunctions", "queues", "topics"),
        FUNCTION: ("role",),
        ROLE_POLICY: ("policy",),
    },
    why="An object that triggers the function that wrote it runs, and is paid for, for ever.",
    fix="Write to another bucket, or below a prefix that the notification's filter leaves out",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html",
    passes=_triggered("uploads/small/*"),
    fails=_triggered("uploads/raw/*"),
)
def no_notification_loop(notification: Resource, context: Context) -> Iterator[str]:
    """Judge one notification by what it triggers, over topics and queues."""
    bucket = context.stack.named_by(notification, "bucket", BUCKET)
    name = physical_name(bucket) if bucket else notification.known("bucket")
    for target in _targets(notification):
        watched = f"{name}/{target.get('filterPrefix') or ''}*{target.get('filterSuffix') or ''}"
        for function in _functions_of(notification, target, context.stack):
            for pattern in _written_by(function, context.stack):
                if overlap(pattern, f"arn:{_partition(pattern)}:s3:::{watched}"):
                    yield f"{function.name} may write {pattern}, which triggers {function.name} again"


def _partition(arn: str) -> str:
    return arn.split(":")[1] if arn.startswith("arn:") else "aws"


def _targets(notification: Resource) -> Iterator[dict[str, Any]]:
    """The notification's filters with their targets; the target itself may be unknown."""
    for kind in ("lambdaFunctions", "queues", "topics"):
        for target in notification.props.get(kind) or ():
            filters = {key: target.get(key) for key in ("filterPrefix", "filterSuffix")}
            yield {**filters, "target": target, "kind": kind}


def _functions_of(notification: Resource, target: dict[str, Any], stack: Stack) -> list[Resource]:
    kind, property_ = {
        "lambdaFunctions": (FUNCTION, "lambdaFunctionArn"),
        "queues": (QUEUE, "queueArn"),
        "topics": (TOPIC, "topicArn"),
    }[target["kind"]]
    inner = Resource(
        notification.type,
        notification.name,
        notification.urn,
        target["target"],
        dependencies={property_: notification.dependencies.get(target["kind"], ())},
    )
    first = stack.named_by(inner, property_, kind)
    return _functions_behind(first, stack) if first else []


def _functions_behind(resource: Resource, stack: Stack) -> list[Resource]:
    """The functions that a topic's or queue's messages reach; the function itself."""
    if resource.type == FUNCTION:
        return [resource]
    if resource.type == QUEUE:
        mappings = stack.naming(resource, EVENT_SOURCE_MAPPING, "eventSourceArn")
        found = [stack.named_by(mapping, "functionName", FUNCTION) for mapping in mappings]
        return [function for function in found if function]
    subscriptions = stack.naming(resource, SUBSCRIPTION, "topic")
    subscribers = [stack.named_by(subscription, "endpoint", QUEUE, FUNCTION) for subscription in subscriptions]
    return [function for each in subscribers if each for function in _functions_behind(each, stack)]


def _written_by(function: Resource, stack: Stack) -> Iterator[str]:
    """ARN patterns of the objects that a function may make."""
    role = stack.named_by(function, "role", ROLE)
    for policy in stack.naming(role, ROLE_POLICY, "role") if role else ():
        for statement in identity_statements(policy, stack):
            writes = any(overlap(action.lower(), write.lower()) for action in statement.actions for write in WRITES)
            if statement.allows and (writes or statement.not_actions):
                yield from statement.resources or ("*",)
