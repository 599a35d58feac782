"""Resource policies: who else may use a resource, and on whose behalf."""

from __future__ import annotations

from collections.abc import Iterator

from ..framework.resources import Resource
from ..framework.rule import Context, Scope, Severity, resources, rule
from ..framework.types import BUCKET, KMS_KEY, QUEUE, QUEUE_POLICY, REST_API, TOPIC
from ..iam.arns import has_wildcard
from ..iam.conditions import holds_to
from ..iam.documents import Statement
from .identity import wide_actions
from .subjects import POLICY_DOCUMENT, RESOURCE_STATEMENTS

DEPUTY = "https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html"
WHO = ("aws:SourceArn", "aws:SourceAccount", "aws:PrincipalOrgID", "aws:PrincipalArn", "aws:PrincipalAccount")

ACCOUNTLESS_ARNS = frozenset({"s3.amazonaws.com"})
"""Services whose ARNs hold no account, so that the ARN's owner may change.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
"""

_SNS = {"Service": "sns.amazonaws.com"}
_FROM_TOPIC = {"ArnEquals": {"aws:SourceArn": "arn:aws:sns:eu-west-1:111122223333:arrivals"}}


@rule(
    "resource-policy-no-wildcard-action",
    "A resource policy names each action that it allows",
    severity=Severity.HIGH,
    on=RESOURCE_STATEMENTS,
    judges={QUEUE_POLICY: POLICY_DOCUMENT},
    why="A wildcard lets the other side delete the resource, or change this very policy.",
    fix="List the actions that the other side calls",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html",
    frameworks=("SEC03-BP02",),
    passes={"Action": "sqs:SendMessage", "Principal": _SNS},
    fails={"Action": "sqs:*", "Principal": _SNS},
)
def no_wildcard_action(statement: Statement, _: Context) -> Iterator[str]:
    """Judge one statement."""
    if statement.allows:
        yield from wide_actions(statement)


@rule(
    "resource-policy-no-public-principal",
    "No resource policy allows everybody",
    severity=Severity.CRITICAL,
    on=RESOURCE_STATEMENTS,
    judges={QUEUE_POLICY: POLICY_DOCUMENT},
    why="The principal * is anybody with any AWS account, and often anybody at all.",
    fix="Name the service or account, or hold the statement to a source ARN, source account or organisation",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
    same_as=(
        "checkov CKV_AWS_168",
        "checkov CKV_AWS_169",
        "checkov CKV_AWS_387",
        "prowler sqs_queues_not_publicly_accessible",
        "prowler sns_topics_not_publicly_accessible",
        "prowler s3_bucket_policy_public_write_access",
    ),
    frameworks=(
        "SEC03-BP07",
        "SEC08-BP04",
    ),
    passes={"Principal": {"AWS": "arn:aws:iam::111122223333:root"}},
    fails={"Principal": {"AWS": "*"}},
)
def no_public_principal(statement: Statement, _: Context) -> Iterator[str]:
    """Judge one statement."""
    if not statement.allows:
        return
    if statement.not_principals:
        yield f"{statement.label} allows all but some principals (NotPrincipal)"
    if not statement.principals and not statement.not_principals:
        yield f"{statement.label} names no principal"
    for kind, names in statement.principals.items():
        for name in names:
            if _is_public(name) and not holds_to(statement, WHO):
                yield f"{statement.label} allows {', '.join(statement.actions)} to {name} ({kind})"


def _is_public(principal: str) -> bool:
    """Whether it stands for principals of accounts that nobody named."""
    if has_wildcard(principal):
        return True
    parts = principal.split(":", 5)
    return len(parts) == 6 and parts[2] in ("iam", "sts") and not parts[4]


@rule(
    "resource-policy-confused-deputy",
    "A service may use a resource only on behalf of a named source",
    severity=Severity.HIGH,
    on=RESOURCE_STATEMENTS,
    judges={QUEUE_POLICY: POLICY_DOCUMENT},
    why="A service acts for every customer: without aws:SourceArn, anybody's topic or bucket reaches the resource.",
    fix="Add ArnEquals aws:SourceArn with the source's ARN, and aws:SourceAccount where the source is a bucket",
    page=DEPUTY,
    same_as=("checkov CKV_AWS_364",),
    frameworks=(
        "SEC03-BP07",
        "SEC03-BP08",
    ),
    passes={"Principal": _SNS, "Condition": _FROM_TOPIC},
    fails={"Principal": _SNS},
)
def confused_deputy(statement: Statement, _: Context) -> Iterator[str]:
    """Judge one statement."""
    if not statement.allows:
        return
    for service in statement.principals.get("Service", ()):
        if not holds_to(statement, ("aws:SourceArn",)):
            yield f"{statement.label} lets {service} act for any source: no aws:SourceArn"
        if service in ACCOUNTLESS_ARNS and not holds_to(statement, ("aws:SourceAccount",)):
            yield f"{statement.label} lets {service} act for a bucket of any account: no aws:SourceAccount"


@rule(
    "resource-policy-apart",
    "A resource policy is a resource of its own",
    severity=Severity.MEDIUM,
    scope=Scope.RESOURCE,
    on=resources(
        QUEUE,
        TOPIC,
        BUCKET,
        REST_API,
        "aws:secretsmanager/secret:Secret",
        "aws:s3/accessPoint:AccessPoint",
        KMS_KEY,
        "aws:kms/replicaKey:ReplicaKey",
    ),
    judges={QUEUE: ("policy",)},
    why="A policy inside its queue, topic, bucket or key stands in no ledger, and fights with the resource beside it.",
    fix="Use QueuePolicy, TopicPolicy, BucketPolicy or their like",
    page="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-creating-custom-policies.html",
    frameworks=("SEC03-BP04",),
    passes={f"{QUEUE} jobs": {"name": "jobs"}},
    fails={f"{QUEUE} jobs": {"name": "jobs", "policy": '{"Version": "2012-10-17", "Statement": []}'}},
)
def policy_apart(resource: Resource, _: Context) -> Iterator[str]:
    """Judge one resource by its inputs."""
    if resource.known("policy"):
        yield "has a policy of its own"
