"""What several rules judge: the statements of identity and of resource policies, however they are given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pulumi_policy.proxy import UnknownValueError

from ..framework.ledger import AWAITED
from ..framework.resources import Resource
from ..framework.rule import Context, Example, Subject
from ..framework.stack import Stack
from ..framework.types import (
    BUCKET_POLICY,
    FUNCTION_URL,
    LAMBDA_PERMISSION,
    QUEUE_POLICY,
    ROLE,
    ROLE_POLICY,
    TOPIC_POLICY,
)
from ..iam.documents import Statement, parse
from .openings import OPENINGS

IDENTITY_POLICIES: Final = (
    ROLE_POLICY,
    "aws:iam/policy:Policy",
    "aws:iam/userPolicy:UserPolicy",
    "aws:iam/groupPolicy:GroupPolicy",
)
RESOURCE_POLICIES: Final = (
    BUCKET_POLICY,
    QUEUE_POLICY,
    TOPIC_POLICY,
    "aws:apigateway/restApiPolicy:RestApiPolicy",
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy",
    "aws:dynamodb/resourcePolicy:ResourcePolicy",
    "aws:kinesis/resourcePolicy:ResourcePolicy",
    "aws:kms/keyPolicy:KeyPolicy",
    "aws:s3control/accessPointPolicy:AccessPointPolicy",
    "aws:secretsmanager/secretPolicy:SecretPolicy",
)
POLICY_DOCUMENT: Final = ("policy",)


def document(*statements: Mapping[str, Any]) -> dict[str, Any]:
    """A policy document of these statements, for an example."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def resource_statements(policy: Resource, stack: Stack) -> tuple[Statement, ...]:
    """The statements of a resource policy.

    A document that waits for what AWS makes is judged by its statements in the ledger; raises UnknownValueError when
    it is unknown for another reason.
    """
    if policy.type == LAMBDA_PERMISSION:
        return (_permission_statement(policy),)
    if policy.type == FUNCTION_URL:
        return _url_statements(policy)
    if policy.type in OPENINGS:
        return OPENINGS[policy.type](policy)
    try:
        return parse(policy.known("policy"))
    except UnknownValueError:
        entry = stack.ledger.policies.get(policy.key)
        if entry is None or not entry.awaits:
            raise
        return entry.statements


def _permission_statement(permission: Resource) -> Statement:
    """A Lambda permission as the statement that it adds to the function's policy."""
    principal = permission.known("principal")
    by_service = "." in principal and not principal.startswith("arn:")
    conditions = {}
    for property_, operator, key in (
        ("sourceArn", "ArnLike", "aws:SourceArn"),
        ("sourceAccount", "StringEquals", "aws:SourceAccount"),
        ("principalOrgId", "StringEquals", "aws:PrincipalOrgID"),
    ):
        if value := _known_or_wired(permission, property_):
            conditions.setdefault(operator, {})[key] = (value,)
    return Statement(
        effect="Allow",
        actions=(permission.known("action"),),
        resources=(AWAITED + "function",),
        principals={"Service" if by_service else "AWS": (principal,)},
        conditions=conditions,
    )


def _url_statements(url: Resource) -> tuple[Statement, ...]:
    """What a function's URL allows by itself: without IAM's authorization, everybody.

    https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
    """
    if url.known("authorizationType") == "AWS_IAM":
        return ()
    return (Statement(effect="Allow", actions=("lambda:InvokeFunctionUrl",), principals={"AWS": ("*",)}),)


def _known_or_wired(resource: Resource, property_: str) -> str:
    """The value, or a stand-in while it is the unknown output of one resource of the stack."""
    try:
        return resource.known(property_) or ""
    except UnknownValueError:
        if len(resource.dependencies.get(property_, ())) != 1:
            raise
        return AWAITED + property_


def principal_of(policy: Resource, stack: Stack) -> str:
    """The name of the role that an inline document belongs to."""
    role = stack.named_by(policy, "role", ROLE)
    return role.known("name") if role else policy.known("role")


def waits(policy: Resource, stack: Stack) -> bool:
    """Whether the document of a role is unknown since a grant in the ledger names what AWS has yet to make."""
    if policy.type != ROLE_POLICY or not policy.is_unknown("policy"):
        return False
    return principal_of(policy, stack) in stack.ledger.awaiting


def identity_statements(policy: Resource, stack: Stack) -> tuple[Statement, ...]:
    """The statements of an identity policy: the ledger's while the document waits, see `waits`."""
    if waits(policy, stack):
        return tuple(grant.statement for grant in stack.ledger.grants[principal_of(policy, stack)])
    return parse(policy.known("policy"))


def trust_statements(role: Resource) -> tuple[Statement, ...]:
    """The statements of a role's trust policy."""
    return parse(role.known("assumeRolePolicy"))


def _statements_of_identity_policy(policy: Resource, context: Context) -> tuple[Statement, ...]:
    return identity_statements(policy, context.stack)


def _statements_of_resource_policy(policy: Resource, context: Context) -> Iterator[Statement]:
    yield from resource_statements(policy, context.stack)


def _statements(holder: Resource, context: Context) -> tuple[Statement, ...]:
    if holder.type == ROLE:
        return trust_statements(holder)
    if holder.type in IDENTITY_POLICIES:
        return identity_statements(holder, context.stack)
    return resource_statements(holder, context.stack)


def _in_role_policy(statement: Mapping[str, Any]) -> Example:
    body = {"Effect": "Allow", "Resource": "arn:aws:sqs:eu-west-1:111122223333:jobs", **statement}
    return {f"{ROLE_POLICY} worker": {"role": "worker", "policy": document(body)}}


def _in_queue_policy(statement: Mapping[str, Any]) -> Example:
    arn = "arn:aws:sqs:eu-west-1:111122223333:jobs"
    body = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn, **statement}
    return {f"{QUEUE_POLICY} jobs": {"queueUrl": "jobs", "policy": document(body)}}


IDENTITY_STATEMENTS: Final = Subject(IDENTITY_POLICIES, _statements_of_identity_policy, _in_role_policy)
"""Each statement of an identity policy. An example is a statement."""

RESOURCE_STATEMENTS: Final = Subject(
    (*RESOURCE_POLICIES, LAMBDA_PERMISSION, FUNCTION_URL, *OPENINGS), _statements_of_resource_policy, _in_queue_policy
)
"""Each statement of a resource policy. An example is a statement."""

STATEMENTS: Final = Subject(
    (ROLE, *IDENTITY_STATEMENTS.types, *RESOURCE_STATEMENTS.types), _statements, _in_role_policy
)
"""Each statement of an identity, resource or trust policy. An example is a statement of an identity policy."""
