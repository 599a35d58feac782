"""Encryption in transit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..framework.resources import Resource
from ..framework.rule import Context, Scope, Severity, resources, rule
from ..framework.stack import Stack
from ..framework.types import BUCKET, BUCKET_POLICY, QUEUE, QUEUE_POLICY, SUBSCRIPTION, TOPIC, TOPIC_POLICY
from ..iam.arns import has_wildcard
from ..iam.conditions import applies_without_tls
from ..iam.documents import Statement
from .subjects import document, resource_statements

POLICY_OF = {BUCKET: (BUCKET_POLICY, "bucket"), QUEUE: (QUEUE_POLICY, "queueUrl"), TOPIC: (TOPIC_POLICY, "arn")}
"""The policy of each kind of resource, and the property by which it names the resource."""

REFUSED = {BUCKET: {"s3:*", "*"}, QUEUE: {"sqs:*", "*"}, TOPIC: {"sns:publish", "sns:*", "*"}}
"""What a Deny must refuse, one of each set. SNS takes no `sns:*` in a topic's policy; publishers bring the data:
https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html"""


def _bucket(*resources_: str) -> dict[str, dict[str, Any]]:
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": list(resources_),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {
        f"{BUCKET} uploads": {"bucket": "uploads"},
        f"{BUCKET_POLICY} uploads": {"bucket": "uploads", "policy": document(deny)},
    }


@rule(
    "tls-only",
    "Buckets, queues and topics refuse callers without TLS",
    severity=Severity.HIGH,
    on=resources(BUCKET, QUEUE, TOPIC),
    judges={BUCKET_POLICY: ("bucket", "policy"), QUEUE_POLICY: ("queueUrl", "policy"), TOPIC_POLICY: ("arn", "policy")},
    why="AWS's endpoints answer plain http too: what is sent so can be read and changed on the way.",
    fix="Deny everybody on the resource, and on what is below it, while aws:SecureTransport is false",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html",
    same_as=(
        "cdk-nag AwsSolutions-S10",
        "cdk-nag AwsSolutions-SQS4",
        "cdk-nag AwsSolutions-SNS3",
        "prowler s3_bucket_secure_transport_policy",
    ),
    frameworks=(
        "SEC09-BP02",
        "CIS 2.1.1",
    ),
    passes=_bucket("arn:aws:s3:::uploads", "arn:aws:s3:::uploads/*"),
    fails=_bucket("arn:aws:s3:::uploads"),
)
def tls_only(resource: Resource, context: Context) -> Iterator[str]:
    """Judge one bucket, queue or topic by its policy."""
    policies = context.stack.naming(resource, *POLICY_OF[resource.type])
    if not policies:
        yield "has no resource policy"
        return
    denials = [
        statement
        for policy in policies
        for statement in resource_statements(policy, context.stack)
        if _refuses_everybody(statement, resource.type)
    ]
    if not any(_itself(value, resource, context.stack) for each in denials for value in each.resources):
        yield "has a policy that doesn't refuse everybody without TLS"
    elif resource.type == BUCKET and not any(
        _below(value, resource, context.stack) for each in denials for value in each.resources
    ):
        yield "has a policy that refuses callers without TLS on the bucket, but not on its objects"


def _refuses_everybody(statement: Statement, type_: str) -> bool:
    actions = {action.lower() for action in statement.actions}
    everybody = "*" in statement.principals.get("AWS", ())
    return (
        statement.effect == "Deny" and everybody and bool(actions & REFUSED[type_]) and applies_without_tls(statement)
    )


def _itself(value: str, resource: Resource, stack: Stack) -> bool:
    if value == "*":
        return True
    whole = not has_wildcard(value) and "/" not in value.rsplit(":", 1)[-1]
    return whole and stack.find(value, resource.type) is resource


def _below(value: str, resource: Resource, stack: Stack) -> bool:
    return value == "*" or (value.endswith("/*") and _itself(value[:-2], resource, stack))


def _delivered(protocol: str) -> dict[str, dict[str, Any]]:
    topic = "arn:aws:sns:eu-west-1:111122223333:arrivals"
    endpoint = f"{protocol}://partner.example/arrivals"
    return {f"{SUBSCRIPTION} partner": {"topic": topic, "protocol": protocol, "endpoint": endpoint}}


@rule(
    "subscription-tls",
    "A topic delivers to web addresses by https",
    severity=Severity.HIGH,
    scope=Scope.RESOURCE,
    on=resources(SUBSCRIPTION),
    judges={SUBSCRIPTION: ("protocol",)},
    why="By plain http the message, and the token that confirms the subscription, can be read on the way.",
    fix="Subscribe by https",
    page="https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html",
    same_as=("prowler sns_subscription_not_using_http_endpoints",),
    frameworks=("SEC09-BP02",),
    passes=_delivered("https"),
    fails=_delivered("http"),
)
def subscription_tls(subscription: Resource, _: Context) -> Iterator[str]:
    """Judge one subscription."""
    if subscription.known("protocol") == "http":
        yield "delivers by plain http"
