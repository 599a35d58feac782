"""Log groups: made by the program, and not kept for ever."""

from __future__ import annotations

from collections.abc import Iterator

from ..framework.resources import Resource
from ..framework.rule import Context, Example, Option, Scope, Severity, resources, rule
from ..framework.stack import physical_name
from ..framework.types import FUNCTION, LOG_GROUP

RETENTION = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html"
LOGGING = "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html"


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
    passes={f"{LOG_GROUP} worker": {"name": "/aws/lambda/worker", "retentionInDays": 30}},
    fails={f"{LOG_GROUP} worker": {"name": "/aws/lambda/worker"}},
    options={"days": Option(1, "Days that events are kept, at least", {"type": "number", "minimum": 1})},
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


@rule(
    "function-log-group",
    "Every function's log group is made by the program",
    severity=Severity.MEDIUM,
    on=resources(FUNCTION),
    judges={FUNCTION: ("name", "loggingConfig"), LOG_GROUP: ("name",)},
    why="Lambda makes a missing group by itself: without retention, without tags, and it stays when the stack is gone.",
    fix="Make the LogGroup /aws/lambda/<name>, or name another one in loggingConfig",
    page=LOGGING,
    passes=_logging("/aws/lambda/worker"),
    fails=_logging("/aws/lambda/other"),
)
def function_log_group(function: Resource, context: Context) -> Iterator[str]:
    """Judge one function."""
    logging = function.given("loggingConfig") or {}
    name = logging.get("logGroup") or f"/aws/lambda/{physical_name(function)}"
    if not context.stack.find(name, LOG_GROUP):
        yield from _none_unknown(name, context)


def _none_unknown(name: str, context: Context) -> Iterator[str]:
    for group in context.stack.of(LOG_GROUP):
        group.known("name")  # one whose name is unknown might be the one
    yield f"logs to {name}, which the stack doesn't make"
