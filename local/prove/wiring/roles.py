"""Who assumes each role, what functions do for their logs and traces, and which roles the deployer passes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from policies.framework.resources import Resource
from policies.framework.stack import Stack
from policies.framework.types import (
    API_ACCOUNT,
    EVENT_RULE,
    EVENT_TARGET,
    FUNCTION,
    PIPE,
    ROLE,
    SCHEDULE,
    STATE_MACHINE,
)
from policies.iam.evaluation import Request

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
    source: Callable[[Resource, Stack], str] | None = None
    """The ARN of what the service assumes the role for, where it documents that it sends that."""


def _itself(user: Resource, _: Stack) -> str:
    return arn_of(user)


def _group(schedule: Resource, _: Stack) -> str:
    """https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html"""
    arn = arn_of(schedule)
    return ":".join([*arn.split(":")[:5], f"schedule-group/{part(arn, 5).split('/')[1]}"])


def _rule(target: Resource, stack: Stack) -> str:
    rule = stack.find(str(target.known("rule")), EVENT_RULE)
    return arn_of(rule) if rule else ""


_USERS: Final = {
    FUNCTION: _User("lambda.amazonaws.com", "role", _GUIDE + "lambda/latest/dg/lambda-intro-execution-role.html"),
    STATE_MACHINE: _User(
        "states.amazonaws.com",
        "roleArn",
        _GUIDE + "step-functions/latest/dg/procedure-create-iam-role.html",
        _itself,
    ),
    PIPE: _User(
        "pipes.amazonaws.com",
        "roleArn",
        _GUIDE + "eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html",
        _itself,
    ),
    SCHEDULE: _User(
        "scheduler.amazonaws.com",
        "target.roleArn",
        _GUIDE + "scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html",
        _group,
    ),
    EVENT_TARGET: _User(
        "events.amazonaws.com",
        "roleArn",
        _GUIDE + "eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html",
        _rule,
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
        sent = on_behalf(row.source(user, stack)) if row.source else {}
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


def _of_function(function: Resource, stack: Stack) -> Iterator[Need]:
    role, arn = function.known("role"), arn_of(function)
    group = given(function, "loggingConfig").get("logGroup") or f"/aws/lambda/{function.known('name')}"
    logs = ":".join([*arn.split(":")[:2], "logs", *arn.split(":")[3:5], f"log-group:{group}:log-stream:{SAMPLE}"])
    yield from by_role(stack, function, role, "logs:CreateLogStream logs:PutLogEvents", logs, page=_LOGS)
    if given(function, "tracingConfig").get("mode") == "Active":
        yield from by_role(stack, function, role, "xray:PutTraceSegments xray:PutTelemetryRecords", "*", page=_TRACES)
