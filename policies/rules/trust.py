"""Trust policies: a service assumes a role on behalf of its one user, as far as the service says whom it acts for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ..framework.resources import Resource
from ..framework.rule import Context, Example, Option, Severity, resources, rule
from ..framework.types import EVENT_TARGET, FUNCTION, PIPE, ROLE, SCHEDULE, STATE_MACHINE
from ..iam.conditions import holds_to, values_of
from ..iam.documents import Statement, parse
from .roles import users_of_roles
from .subjects import document

_ARN: Final = "aws:SourceArn"
_ACCOUNT: Final = "aws:SourceAccount"


@dataclass(frozen=True)
class Sent:
    """The condition keys that a service sends with `sts:AssumeRole`, by its own page."""

    page: str
    keys: tuple[str, ...] = ()
    needed: bool = True
    """Whether the page asks for them in trust policies."""

    source: str = ".*"
    """What `aws:SourceArn` matches after the account."""


SENT: Final = {
    "events.amazonaws.com": Sent(
        "https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html",
        (_ARN, _ACCOUNT),
        source="rule/.+",
    ),
    "pipes.amazonaws.com": Sent(
        "https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html",
        (_ARN, _ACCOUNT),
        source="pipe/.+",
    ),
    "scheduler.amazonaws.com": Sent(
        "https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html",
        (_ARN, _ACCOUNT),
        source="schedule-group/.+",
    ),
    "states.amazonaws.com": Sent(
        "https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html",
        (_ARN, _ACCOUNT),
        source="stateMachine:.+",
    ),
    # AWS's samples narrow by the account; no page asks for it, and none says that the function's ARN is sent.
    "lambda.amazonaws.com": Sent(
        "https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html", (_ACCOUNT,), needed=False
    ),
    "apigateway.amazonaws.com": Sent(
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/integration-request-basic-setup.html",
        needed=False,
    ),
}
"""Service → what it sends. Of a service that isn't here nothing is asked, and no condition is believed."""

_NAMED_BY: Final = {STATE_MACHINE: "name", PIPE: "name", SCHEDULE: "groupName", EVENT_TARGET: "rule"}
"""What runs under a role → the property that its service's `aws:SourceArn` ends with."""


def _assumed(service: str, conditions: dict[str, dict[str, str]] | None, user: Example) -> Example:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    trust = document({**statement, **({"Condition": conditions} if conditions else {})})
    role = {"name": "work", "arn": "arn:aws:iam::111122223333:role/work"}
    return {f"{ROLE} work": {**role, "assumeRolePolicy": trust}, **user}


@rule(
    "iam-trust-conditions",
    "A service assumes a role for its one user, where the service says whom it acts for",
    severity=Severity.HIGH,
    on=resources(ROLE),
    judges={ROLE: ("assumeRolePolicy",)},
    why="Without the source, another machine, pipe, rule or schedule may act under the role. A condition on what the "
    "service doesn't send refuses everybody: the stack deploys and nothing in it runs.",
    fix="Hold the trust policy to aws:SourceArn and aws:SourceAccount for Step Functions, Pipes, Scheduler and "
    "EventBridge, and to nothing that the service isn't documented to send",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html",
    same_as=(
        "prowler iam_role_cross_service_confused_deputy_prevention",
        "prowler iam_role_service_trust_restricts_source_to_account",
    ),
    frameworks=("SEC03-BP02", "SEC03-BP07"),
    passes=_assumed(
        "states.amazonaws.com",
        {
            "ArnLike": {_ARN: "arn:aws:states:eu-west-1:111122223333:stateMachine:work"},
            "StringEquals": {_ACCOUNT: "111122223333"},
        },
        {f"{STATE_MACHINE} work": {"name": "work", "roleArn": "arn:aws:iam::111122223333:role/work"}},
    ),
    fails=_assumed(
        "lambda.amazonaws.com",
        {"ArnLike": {_ARN: "arn:aws:lambda:eu-west-1:111122223333:function:work"}},
        {f"{FUNCTION} work": {"name": "work", "role": "arn:aws:iam::111122223333:role/work"}},
    ),
    options={
        "sends": Option(
            {},
            "Service that isn't in the pack's table → condition keys that AWS documents for its trust policies",
            {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
        )
    },
)
def trust_conditions(role: Resource, context: Context) -> Iterator[str]:
    """Judge one role's trust policy by what its service sends, and by what runs under the role."""
    for statement in parse(role.known("assumeRolePolicy")):
        for service in statement.principals.get("Service", ()) if statement.allows else ():
            more = context.options["sends"].get(service)
            sent = Sent("", tuple(more), needed=False) if more else SENT.get(service, Sent("", needed=False))
            yield from _unsent(statement, service, sent)
            if sent.needed:
                yield from _missing(statement, service)
                yield from _source(statement, service, sent, role, context)


def _unsent(statement: Statement, service: str, sent: Sent) -> Iterator[str]:
    believed = {key.lower() for key in sent.keys}
    for key in sorted({key for keys in statement.conditions.values() for key in keys}):
        if key.lower() not in believed:
            yield f"{statement.label} asks for {key}, which {service} isn't documented to send"


def _missing(statement: Statement, service: str) -> Iterator[str]:
    for key in (_ARN, _ACCOUNT):
        if not holds_to(statement, (key,)):
            yield f"{statement.label} lets {service} assume the role for any source: no {key}"


def _source(statement: Statement, service: str, sent: Sent, role: Resource, context: Context) -> Iterator[str]:
    accounts = values_of(statement, _ACCOUNT)
    users = context.stack.once(users_of_roles).get(role.urn, [])
    names = {str(user.known(_NAMED_BY[user.type])): user for user in users if user.type in _NAMED_BY}
    for arn in values_of(statement, _ARN):
        parts = arn.split(":", 5)
        if len(parts) < 6 or not re.fullmatch(sent.source, parts[5]):
            yield f"{statement.label} names {arn}, and {service} sends another kind of source"
            continue
        if accounts and parts[4] not in accounts:
            yield f"{statement.label} names a source in {parts[4]} and {', '.join(accounts)} as its account"
        name = re.split("[/:]", parts[5])[-1]
        if names and name not in names:
            yield f"{statement.label} names {arn}, and {', '.join(names)} runs under the role"
