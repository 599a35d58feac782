"""Who assumes each role, what functions do for their logs and traces, and which roles the deployer passes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from policies.framework.resources import Resource
from policies.framework.stack import Stack
from policies.framework.types import API_ACCOUNT, FUNCTION, ROLE, STATE_MACHINE
from policies.iam.evaluation import Request

from .deliveries import EVENT_TARGET, PIPE, SCHEDULE
from .need import SAMPLE, Need, arn_of, by_role, given, on_behalf, part
from .routes import INTEGRATION

_GUIDE: Final = "https://docs.aws.amazon.com/"
_LOGS: Final = _GUIDE + "lambda/latest/dg/monitoring-cloudwatchlogs.html"
_TRACES: Final = _GUIDE + "lambda/latest/dg/services-xray.html"
_PASSING: Final = _GUIDE + "IAM/latest/UserGuide/id_roles_use_passrole.html"


@dataclass(frozen=True)
class _User:
    """A kind of resource that runs under a role."""

    service: str
    prop: str
    page: str
    source: str = ""
    """Whether the service says for which resource it assumes the role: `itself`, `group`, or not documented."""


_USERS: Final = {
    FUNCTION: _User("lambda.amazonaws.com", "role", _GUIDE + "lambda/latest/dg/lambda-intro-execution-role.html"),
    STATE_MACHINE: _User(
        "states.amazonaws.com",
        "roleArn",
        _GUIDE + "step-functions/latest/dg/procedure-create-iam-role.html",
        "itself",
    ),
    PIPE: _User(
        "pipes.amazonaws.com",
        "roleArn",
        _GUIDE + "eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html",
        "itself",
    ),
    SCHEDULE: _User(
        "scheduler.amazonaws.com",
        "target.roleArn",
        _GUIDE + "scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html",
        "group",
    ),
    EVENT_TARGET: _User(
        "events.amazonaws.com", "roleArn", _GUIDE + "eventbridge/latest/userguide/eb-events-iam-roles.html"
    ),
    INTEGRATION: _User(
        "apigateway.amazonaws.com", "credentials", _GUIDE + "apigateway/latest/developerguide/permissions.html"
    ),
    API_ACCOUNT: _User(
        "apigateway.amazonaws.com",
        "cloudwatchRoleArn",
        _GUIDE + "apigateway/latest/developerguide/set-up-logging.html",
    ),
}


def needs(stack: Stack) -> Iterator[Need]:
    """What services need of roles, and functions of their logs and traces."""
    for user, row, role in _uses(stack):
        sent = on_behalf(_source(user, row)) if row.source else {}
        asked = Request(principal=row.service, action="sts:AssumeRole", resource=arn_of(role), context=sent)
        yield Need(source=user.key, target=role.key, request=asked, side="trust", page=row.page)
    for function in stack.of(FUNCTION):
        yield from _of_function(function, stack)


def passes(stack: Stack, deployer: str) -> Iterator[Request]:
    """What the one who deploys needs: each role, passed to the service that will run under it.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    """
    for _, row, role in _uses(stack):
        sent = {"iam:PassedToService": row.service}
        yield Request(principal=deployer, action="iam:PassRole", resource=arn_of(role), context=sent)


def _uses(stack: Stack) -> Iterator[tuple[Resource, _User, Resource]]:
    for type_, row in _USERS.items():
        for user in stack.of(type_):
            prop, _, inner = row.prop.partition(".")
            value = given(user, prop).get(inner) if inner else user.known(prop)
            role = stack.find(value, ROLE) if isinstance(value, str) else None
            if role:
                yield user, row, role


def _source(user: Resource, row: _User) -> str:
    arn = arn_of(user)
    if row.source == "itself":
        return arn
    group = part(arn, 5).split("/")[1]
    return ":".join([*arn.split(":")[:5], f"schedule-group/{group}"])


def _of_function(function: Resource, stack: Stack) -> Iterator[Need]:
    role, arn = function.known("role"), arn_of(function)
    group = given(function, "loggingConfig").get("logGroup") or f"/aws/lambda/{function.known('name')}"
    logs = ":".join([*arn.split(":")[:2], "logs", *arn.split(":")[3:5], f"log-group:{group}:log-stream:{SAMPLE}"])
    yield from by_role(stack, function, role, "logs:CreateLogStream logs:PutLogEvents", logs, page=_LOGS)
    if given(function, "tracingConfig").get("mode") == "Active":
        yield from by_role(stack, function, role, "xray:PutTraceSegments xray:PutTelemetryRecords", "*", page=_TRACES)
