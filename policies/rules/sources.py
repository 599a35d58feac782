"""Resource policies: whom they let in is of this stack, or on its list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Final

from ..framework.ledger import AWAITED
from ..framework.rule import Context, Example, Option, Severity, Subject, rule
from ..framework.stack import Stack, physical_name
from ..framework.types import (
    ARN_SERVICE,
    DISTRIBUTION,
    KMS_KEY,
    QUEUE_POLICY,
    REST_API,
    ROLE,
    TOPIC,
    USER_POOL,
)
from ..iam.arns import has_wildcard
from ..iam.conditions import values_of
from ..iam.documents import Statement
from .resource_policies import DEPUTY
from .subjects import POLICY_DOCUMENT, RESOURCE_STATEMENTS, document

_MADE_BY_AWS: Final = (DISTRIBUTION, KMS_KEY, REST_API, USER_POOL)
"""Types whose ARNs AWS makes: while they are unknown, no text names one."""

_ACCOUNT: Final = re.compile(r"\d{12}")
_TEXTS: Final = {"type": "array", "items": {"type": "string"}}


def _fed_by(topic: str) -> Example:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "arn:aws:sqs:eu-west-1:111122223333:jobs",
        "Condition": {"ArnEquals": {"aws:SourceArn": f"arn:aws:sns:eu-west-1:111122223333:{topic}"}},
    }
    return {
        f"{TOPIC} arrivals": {"name": "arrivals"},
        f"{QUEUE_POLICY} jobs": {"queueUrl": "jobs", "policy": document(statement)},
    }


@rule(
    "resource-policy-known-source",
    "A service is let in on behalf of a resource of the stack",
    severity=Severity.HIGH,
    on=Subject(RESOURCE_STATEMENTS.types, RESOURCE_STATEMENTS.of),
    judges={QUEUE_POLICY: POLICY_DOCUMENT},
    why="A source that the stack doesn't make may be gone, and its name anybody's; nothing shows who owns it.",
    fix="Name a resource of the stack in aws:SourceArn, or put the other stack's ARN on the rule's list of sources",
    page=DEPUTY,
    same_as=("checkov CKV_AWS_364", "prowler awslambda_function_not_publicly_accessible"),
    frameworks=("SEC03-BP07", "SEC03-BP08"),
    passes=_fed_by("arrivals"),
    fails=_fed_by("gone"),
    options={"sources": Option([], "ARNs (`*` for any text) of sources that other stacks own", _TEXTS)},
)
def known_source(statement: Statement, context: Context) -> Iterator[str]:
    """Judge one statement that lets a service in."""
    if not statement.allows or not statement.principals.get("Service"):
        return
    for arn in values_of(statement, "aws:SourceArn"):
        if not _is_ours(arn, context.stack) and not _is_on(context.options["sources"], arn):
            yield f"{statement.label} lets a service in for {arn}, which the stack doesn't make"


def _is_ours(arn: str, stack: Stack) -> bool:
    if arn.startswith(AWAITED):
        return True
    service = next(iter(arn.split(":")[2:3]), "")
    types = [type_ for type_, own in ARN_SERVICE.items() if own == service]
    if stack.find(arn, *types):
        return True
    for candidate in stack.of(*types):
        if candidate.type not in _MADE_BY_AWS:
            physical_name(candidate)  # one whose name is unknown might be the one
    return False


@rule(
    "resource-policy-known-account",
    "A resource policy lets in no account or organisation that the stack doesn't list",
    severity=Severity.HIGH,
    on=RESOURCE_STATEMENTS,
    judges={QUEUE_POLICY: POLICY_DOCUMENT},
    why="Another account's administrators say who uses the grant; an organisation is every account in it, and next "
    "year's too.",
    fix="Name a role of the stack, or put the account or organisation on the rule's list",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
    same_as=(
        "checkov CKV_AWS_385",
        "prowler sqs_queues_not_publicly_accessible",
        "prowler s3_bucket_cross_account_access",
        "prowler eventbridge_bus_cross_account_access",
        "prowler dynamodb_table_cross_account_access",
    ),
    frameworks=("SEC03-BP07", "SEC03-BP08", "SEC03-BP09"),
    passes={"Principal": {"AWS": "arn:aws:iam::111122223333:role/reader"}},
    fails={"Principal": {"AWS": "arn:aws:iam::999999999999:root"}},
    options={
        "accounts": Option([], "Ids of other accounts that are let in", _TEXTS),
        "organisations": Option([], "Ids of organisations (`o-…`) that are let in", _TEXTS),
    },
)
def known_account(statement: Statement, context: Context) -> Iterator[str]:
    """Judge one statement. The resource that it speaks of says which account is the stack's own."""
    if not statement.allows:
        return
    own = {"".join(each.split(":")[4:5]) for each in statement.resources} - {""}
    if len(own) > 1:
        own = set()  # who names a second account's resource makes it no part of the stack
    allowed = own | set(context.options["accounts"])
    for kind, names in statement.principals.items():
        if kind not in ("AWS", "Service"):
            yield f"{statement.label} lets in {', '.join(names)} ({kind})"
        for name in names if kind == "AWS" else ():
            if not _is_named(name, allowed, context):
                yield f"{statement.label} lets in {name}"
    for key in ("aws:PrincipalAccount", "aws:PrincipalArn", "aws:SourceAccount"):
        for value in values_of(statement, key):
            if not _is_named(value, allowed, context) and (own or key != "aws:SourceAccount"):
                yield f"{statement.label} lets in {value} ({key})"
    for key in ("aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:SourceOrgID", "aws:SourceOrgPaths"):
        for value in values_of(statement, key):
            if value.split("/")[0] not in context.options["organisations"]:
                yield f"{statement.label} lets in the organisation {value} ({key})"


def _is_named(principal: str, accounts: set[str], context: Context) -> bool:
    """Whether it is a role of the stack or of a known account; `*` is another rule's to judge."""
    if principal == "*" or principal.startswith(AWAITED) or context.stack.find(principal, ROLE):
        return True
    account = principal if _ACCOUNT.fullmatch(principal) else "".join(principal.split(":")[4:5])
    return account in accounts or has_wildcard(account)


def _is_on(known: list[str], arn: str) -> bool:
    return any(fnmatchcase(arn, pattern) for pattern in known)
