"""Identity policies: what a principal may do is written out, action by action and resource by resource."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..framework.resources import Resource
from ..framework.rule import Context, Scope, Severity, resources, rule
from ..framework.types import API_ACCOUNT, ATTACHMENT, PATTERN, ROLE, ROLE_POLICY
from ..iam.arns import has_wildcard, is_pinned
from ..iam.conditions import holds_to
from ..iam.documents import Statement
from ..iam.facts import takes_no_resource
from .principals import MANAGED_POLICY
from .subjects import IDENTITY_STATEMENTS, POLICY_DOCUMENT, document, identity_statements

GRAMMAR = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html"
LEAST_PRIVILEGE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege"


def wide_actions(statement: Statement) -> Iterator[str]:
    """What an Allow says of actions or resources without naming them."""
    for action in statement.actions:
        if has_wildcard(action):
            yield f"{statement.label} allows {action}"
    if statement.not_actions:
        yield f"{statement.label} allows all but some actions (NotAction)"
    if statement.not_resources:
        yield f"{statement.label} allows all but some resources (NotResource)"


NARROWED_BY = {
    ":event-source-mapping:*": "lambda:functionarn",
    ":guardrail/*": "aws:resourcetag/component",
    ":key/*": "kms:requestalias",
}
"""How the ARN of a resource ends whose id AWS makes → condition key that names its owner, or itself.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html
https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
"""

_MADE_BY_RUNS = re.compile(r".+:transcription-job/[\w.-]+-\*")
"""What a workflow makes one of a run, under a name that begins with its own."""

ACCOUNT_LOGGING = frozenset(
    {
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
        "logs:FilterLogEvents",
        "logs:GetLogEvents",
        "logs:PutLogEvents",
    }
)
"""What API Gateway asks of the role by which it logs for all APIs of an account, on every log group.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
"""


@rule(
    "iam-no-wildcard-action",
    "An identity policy names each action",
    severity=Severity.HIGH,
    on=IDENTITY_STATEMENTS,
    judges={ROLE_POLICY: POLICY_DOCUMENT},
    why="A wildcard grants what the service adds next year; NotAction and NotResource grant what nobody listed.",
    fix="List the actions that the principal calls; the ledger shows them",
    page=GRAMMAR,
    same_as=(
        "cdk-nag AwsSolutions-IAM5",
        "checkov CKV_AWS_63",
        "cloudsplaining ServiceWildcard",
        "parliament NOTRESOURCE_WITH_ALLOW",
        "prowler iam_inline_policy_no_administrative_privileges",
    ),
    frameworks=("SEC03-BP02", "CIS 1.16"),
    passes={"Action": "sqs:SendMessage"},
    fails={"Action": "sqs:*"},
)
def no_wildcard_action(statement: Statement, _: Context) -> Iterator[str]:
    """Judge one statement."""
    if statement.allows:
        yield from wide_actions(statement)


def _traced(resource: str, because: str) -> dict[str, dict[str, object]]:
    actions = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
    grant = {
        "principal": "worker",
        "service": "lambda.amazonaws.com",
        "actions": actions,
        "resources": [resource],
        "because": because,
    }
    body = {"Effect": "Allow", "Action": actions, "Resource": [resource]}
    return {
        f"{PATTERN}Example posters": {"grants": [grant] if because else []},
        f"{ROLE_POLICY} worker": {"role": "worker", "policy": document(body)},
    }


@rule(
    "iam-no-wildcard-resource",
    "An identity policy names each resource",
    severity=Severity.HIGH,
    on=resources(*IDENTITY_STATEMENTS.types),
    judges={ROLE_POLICY: ("policy", "role")},
    why="A wildcard resource grants the resources of everybody else in the account, and those that are made later.",
    fix="Name the resource; `*` may stand below a name, or for actions that take none if the ledger gives the reason",
    page=LEAST_PRIVILEGE,
    same_as=(
        "cdk-nag AwsSolutions-IAM5",
        "checkov CKV_AWS_288",
        "checkov CKV_AWS_290",
        "checkov CKV_AWS_355",
        "cloudsplaining DataExfiltration",
        "cloudsplaining InfrastructureModification",
        "parliament RESOURCE_EFFECTIVELY_STAR",
        "parliament RESOURCE_STAR",
    ),
    frameworks=("SEC03-BP02",),
    passes=_traced("*", "handler convert.thumbnail"),
    fails=_traced("*", ""),
)
def no_wildcard_resource(policy: Resource, context: Context) -> Iterator[str]:
    """Judge one document."""
    for statement in identity_statements(policy, context.stack):
        if not statement.allows:
            continue
        if not statement.resources and not statement.not_resources:
            yield f"{statement.label} names no resource"
        for wide in (each for each in statement.resources if not is_pinned(each)):
            if not (_is_narrowed(wide, statement) or _logs_for_the_account(statement, policy, context)):
                yield from _why_not(statement, wide, policy, context)


def _is_narrowed(wide: str, statement: Statement) -> bool:
    """Whether the wildcard stands for an id that AWS or a run makes, and something else names the owner."""
    owned = next((key for end, key in NARROWED_BY.items() if wide.endswith(end)), "")
    return bool(owned and holds_to(statement, (owned,))) or bool(_MADE_BY_RUNS.fullmatch(wide))


def _logs_for_the_account(statement: Statement, policy: Resource, context: Context) -> bool:
    """Whether the statement is of API Gateway's one role that logs, with its reason in the ledger."""
    role = context.stack.named_by(policy, "role", ROLE)
    accounts = context.stack.of(API_ACCOUNT)
    used = [one for one in accounts if role and context.stack.named_by(one, "cloudwatchRoleArn", ROLE) is role]
    return bool(used) and set(statement.actions) <= ACCOUNT_LOGGING and _has_reason(statement, policy, context)


def _why_not(statement: Statement, wide: str, policy: Resource, context: Context) -> Iterator[str]:
    if wide != "*":
        yield f"{statement.label} allows {', '.join(statement.actions)} on {wide}"
        return
    scoped = [action for action in statement.actions if has_wildcard(action) or not takes_no_resource(action)]
    if scoped:
        yield f"{statement.label} allows {', '.join(scoped)} on every resource"
    elif not _has_reason(statement, policy, context):
        yield f"{statement.label} allows {', '.join(statement.actions)} on * without a reason in the ledger"


def _has_reason(statement: Statement, policy: Resource, context: Context) -> bool:
    role = context.stack.named_by(policy, "role", ROLE)
    principal = role.known("name") if role else policy.known("role")
    grants = context.stack.ledger.grants.get(principal, ())
    return any(grant.because and grant.statement.meaning() == statement.meaning() for grant in grants)


@rule(
    "iam-one-document",
    "A role's grants stand in its one inline document",
    severity=Severity.HIGH,
    scope=Scope.RESOURCE,
    on=resources(
        ROLE,
        ATTACHMENT,
        "aws:iam/policyAttachment:PolicyAttachment",
        "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
        "aws:iam/userPolicyAttachment:UserPolicyAttachment",
        "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
        MANAGED_POLICY,
    ),
    judges={ROLE: ("managedPolicyArns", "inlinePolicies")},
    why="A managed policy is written by somebody else, changes by itself, and stands in no ledger.",
    fix="Give the permissions to whatever runs; its one inline document holds them all",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html",
    same_as=("cdk-nag AwsSolutions-IAM4", "checkov CKV_AWS_274"),
    frameworks=("SEC03-BP02", "CIS 1.16"),
    passes={f"{ROLE} worker": {"name": "worker", "managedPolicyArns": [], "inlinePolicies": []}},
    fails={
        f"{ATTACHMENT} worker": {
            "role": "worker",
            "policyArn": "arn:aws:iam::aws:policy/AmazonSQSFullAccess",
        }
    },
)
def one_document(resource: Resource, _: Context) -> Iterator[str]:
    """Judge a role, or what attaches a managed policy."""
    if resource.type == MANAGED_POLICY:
        yield "is a managed policy, which anybody may attach"
        return
    if resource.type != ROLE:
        yield f"attaches the managed policy {resource.known('policyArn') or 'of another resource'}"
        return
    for arn in resource.known("managedPolicyArns") or ():
        yield f"attaches the managed policy {arn}"
    for inline in resource.known("inlinePolicies") or ():
        yield f"holds the inline policy {inline.get('name') or 'without a name'} beside its document"
