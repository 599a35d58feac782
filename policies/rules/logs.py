"""Log groups: made by the program, and not kept for ever."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..framework.resources import Resource
from ..framework.rule import Context, Example, Option, Scope, Severity, resources, rule
from ..framework.stack import physical_name
from ..framework.types import FUNCTION, LOG_GROUP, STAGE, STATE_MACHINE

RETENTION = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html"
LOGGING = "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html"


POSSIBLE_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731)
POSSIBLE_DAYS += (1096, 1827, 2192, 2557, 2922, 3288, 3653)
"""https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""


def long_enough(group: Resource, context: Context) -> Mapping[str, Any]:
    """The shortest retention that will do; for a group that keeps events for ever a long one, lest any be missed."""
    asked, given = context.options["days"], group.known("retentionInDays") or 0
    least = asked if given > 0 else max(asked, context.options["given"])
    return next(({"retentionInDays": days} for days in POSSIBLE_DAYS if days >= least), {})


@rule(
    "log-retention",
    "Every log group has a retention",
    severity=Severity.MEDIUM,
    scope=Scope.RESOURCE,
    on=resources(LOG_GROUP),
    judges={LOG_GROUP: ("retentionInDays",)},
    why="By default CloudWatch Logs keeps events for ever: they cost more each month, and hold data past its time.",
    fix="Set retentionInDays",
    page=RETENTION,
    same_as=(
        "cdk-nag CloudWatchLogGroupRetentionPeriod",
        "checkov CKV_AWS_66",
        "prowler cloudwatch_log_group_retention_policy_specific_days_enabled",
    ),
    frameworks=(
        "SEC04-BP01",
        "COST04-BP05",
    ),
    passes={f"{LOG_GROUP} worker": {"name": "/aws/lambda/worker", "retentionInDays": 30}},
    fails={f"{LOG_GROUP} worker": {"name": "/aws/lambda/worker"}},
    remedy=long_enough,
    remedied={f"{LOG_GROUP} worker": {"name": "/aws/lambda/worker", "retentionInDays": 365}},
    options={
        "days": Option(1, "Days that events are kept, at least", {"type": "number", "minimum": 1}),
        "given": Option(365, "Days that a group without a retention is given", {"type": "number", "minimum": 1}),
    },
)
def log_retention(group: Resource, context: Context) -> Iterator[str]:
    """Judge one log group. Zero means for ever."""
    days = group.known("retentionInDays") or 0
    if days <= 0:
        yield "keeps events for ever"
    elif days < context.options["days"]:
        yield f"keeps events for {days:g} days, and {context.options['days']:g} are asked for"


def _logging(group: str) -> Example:
    return {
        f"{FUNCTION} worker": {"name": "worker"},
        f"{LOG_GROUP} worker": {"name": group, "retentionInDays": 30},
    }


def _arn(group: str) -> str:
    return f"arn:aws:logs:eu-west-1:123456789012:log-group:{group}"


def _group(name: str) -> Example:
    return {f"{LOG_GROUP} {name}": {"name": name, "retentionInDays": 30}}


def _machine(group: str, *, data: bool) -> dict[str, object]:
    return {
        "loggingConfiguration": {
            "level": "ERROR",
            "includeExecutionData": data,
            "logDestination": f"{_arn(group)}:*",
        }
    }


@rule(
    "function-log-group",
    "Every function's log group is made by the program",
    severity=Severity.MEDIUM,
    on=resources(FUNCTION),
    judges={FUNCTION: ("name", "loggingConfig"), LOG_GROUP: ("name",)},
    why="Lambda makes a missing group by itself: without retention, without tags, and it stays when the stack is gone.",
    fix="Make the LogGroup /aws/lambda/<name>, or name another one in loggingConfig",
    page=LOGGING,
    frameworks=(
        "SEC04-BP01",
        "OPS04-BP02",
    ),
    passes=_logging("/aws/lambda/worker"),
    fails=_logging("/aws/lambda/other"),
)
def function_log_group(function: Resource, context: Context) -> Iterator[str]:
    """Judge one function."""
    logging = function.given("loggingConfig") or {}
    name = logging.get("logGroup") or f"/aws/lambda/{physical_name(function)}"
    if not context.stack.find(name, LOG_GROUP):
        yield from _none_unknown(name, context)


@rule(
    "api-access-logs",
    "Every stage of an API logs its requests, as JSON, to a group of the stack",
    severity=Severity.MEDIUM,
    on=resources(STAGE),
    judges={STAGE: ("accessLogSettings",), LOG_GROUP: ("name",)},
    why="Without them nobody can say who called what, nor which request a caller complains about.",
    fix="Set accessLogSettings to a LogGroup of the program, with a format of JSON",
    page="https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html",
    same_as=("cdk-nag AwsSolutions-APIG1", "cdk-nag APIGWStructuredLogging", "checkov CKV_AWS_76"),
    frameworks=(
        "SEC04-BP01",
        "OPS04-BP02",
    ),
    passes={f"{STAGE} v1": {"accessLogSettings": {"destinationArn": _arn("api")}}, **_group("api")},
    fails={f"{STAGE} v1": {"accessLogSettings": {"destinationArn": _arn("other")}}, **_group("api")},
)
def api_access_logs(stage: Resource, context: Context) -> Iterator[str]:
    """Judge one stage."""
    settings = stage.known("accessLogSettings") or {}
    yield from _in_the_stack(settings.get("destinationArn", ""), context)
    if not _is_json(settings.get("format") or "{}"):
        yield "logs requests as text that no query reads"


def _is_json(template: str) -> bool:
    """Whether a format makes JSON. A variable may stand for a number, or within a text."""
    try:
        return isinstance(json.loads(re.sub(r"\$context[\w.]*", "0", template)), dict)
    except json.JSONDecodeError:
        return False


@rule(
    "machine-logs",
    "Every state machine logs its failures to a group of the stack, without the data of its executions",
    severity=Severity.MEDIUM,
    on=resources(STATE_MACHINE),
    judges={STATE_MACHINE: ("loggingConfiguration",), LOG_GROUP: ("name",)},
    why="An Express execution leaves nothing but its logs; the data of executions may hold task tokens.",
    fix="Set loggingConfiguration: a level, includeExecutionData=false, and a LogGroup of the program",
    page="https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html",
    same_as=("cdk-nag AwsSolutions-SF1",),
    frameworks=(
        "SEC04-BP01",
        "OPS04-BP02",
    ),
    passes={f"{STATE_MACHINE} work": _machine("api", data=False), **_group("api")},
    fails={f"{STATE_MACHINE} work": _machine("api", data=True), **_group("api")},
)
def machine_logs(machine: Resource, context: Context) -> Iterator[str]:
    """Judge one state machine."""
    logging = machine.known("loggingConfiguration") or {}
    if logging.get("level", "OFF") == "OFF":
        yield "logs nothing"
        return
    if logging.get("includeExecutionData"):
        yield "logs the data of its executions"
    yield from _in_the_stack(str(logging.get("logDestination", "")).removesuffix(":*"), context)


def _in_the_stack(arn: str, context: Context) -> Iterator[str]:
    if not arn:
        yield "logs nothing"
    elif not context.stack.find(arn, LOG_GROUP):
        yield from _none_unknown(arn, context)


def _none_unknown(name: str, context: Context) -> Iterator[str]:
    for group in context.stack.of(LOG_GROUP):
        group.known("name")  # one whose name is unknown might be the one
    yield f"logs to {name}, which the stack doesn't make"
