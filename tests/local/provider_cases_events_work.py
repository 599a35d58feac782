"""Cases of EventBridge Scheduler and Step Functions."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from tests.local.provider_cases import TAGS, World, case, unique
from tests.local.provider_cases_events_around import MINIMAL, bus, fifo_queue, role_for, stream


def _tags(rows: list[dict[str, str]], key: str = "Key", value: str = "Value") -> dict[str, str]:
    return {row[key]: row[value] for row in rows}


def _group(aws: Any, name: str, inputs: dict[str, Any]) -> Any:
    arn = aws("scheduler").get_schedule_group(Name=name)["Arn"]
    return _tags(aws("scheduler").list_tags_for_resource(ResourceArn=arn)["Tags"])


@case(
    "aws:scheduler/scheduleGroup:ScheduleGroup",
    seen=_group,
    expected=lambda given: TAGS,
    update=lambda given: {**given, "tags": {"owner": "me"}},
    replace={"name": "another"},
)
def schedule_group(world: World) -> dict[str, Any]:
    return {"name": unique("group"), "region": "us-east-1", "tags": TAGS}


_SCHEDULE = ("ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Description", "State")


def _schedule(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    group, name = id_.split("/")
    found = aws("scheduler").get_schedule(Name=name, GroupName=group)
    dates = [found.get("StartDate"), found.get("EndDate")]
    return [[found[key] for key in _SCHEDULE], dates, found["ActionAfterCompletion"], found["Target"]]


@case(
    "aws:scheduler/schedule:Schedule",
    seen=_schedule,
    expected=lambda given: [
        ["cron(0 0 * * ? *)", "Asia/Tokyo", {"Mode": "OFF"}, "Closes the day", "DISABLED"],
        [datetime(2031, 1, 1, 0, 0, tzinfo=UTC), datetime(2032, 1, 1, 0, 0, tzinfo=UTC)],
        "DELETE",
        {
            "Arn": given["target"]["arn"],
            "RoleArn": given["target"]["roleArn"],
            "Input": '{"type": "day.closed"}',
            "DeadLetterConfig": {"Arn": given["target"]["deadLetterConfig"]["arn"]},
            "RetryPolicy": {"MaximumEventAgeInSeconds": 600, "MaximumRetryAttempts": 3},
            "KinesisParameters": {"PartitionKey": "days"},
        },
    ],
    update=lambda given: {
        **{name: value for name, value in given.items() if name not in ("description", "startDate")},
        "scheduleExpression": "rate(1 day)",
        "state": "ENABLED",
        "target": {name: value for name, value in given["target"].items() if name != "deadLetterConfig"},
    },
    replace={"groupName": "another"},
)
def schedule(world: World) -> dict[str, Any]:
    return {
        "name": unique("schedule"),
        "groupName": world.make("aws:scheduler/scheduleGroup:ScheduleGroup").id,
        "description": "Closes the day",
        "scheduleExpression": "cron(0 0 * * ? *)",
        "scheduleExpressionTimezone": "Asia/Tokyo",
        "flexibleTimeWindow": {"mode": "OFF"},
        "startDate": "2031-01-01T09:00:00+09:00",
        "endDate": "2032-01-01T00:00:00Z",
        "state": "DISABLED",
        "actionAfterCompletion": "DELETE",
        "target": {
            "arn": stream(world),
            "roleArn": role_for(world, "scheduler"),
            "input": '{"type": "day.closed"}',
            "deadLetterConfig": {"arn": world.queue().outputs["arn"]},
            "retryPolicy": {"maximumEventAgeInSeconds": 600, "maximumRetryAttempts": 3},
            "kinesisParameters": {"partitionKey": "days"},
        },
        "region": "us-east-1",
    }


@case(
    "aws:scheduler/schedule:Schedule",
    seen=lambda aws, id_, inputs: _schedule(aws, id_, inputs)[3]["SqsParameters"],
    expected=lambda given: {"MessageGroupId": "days"},
    update=lambda given: {**given, "target": {**given["target"], "sqsParameters": {"messageGroupId": "nights"}}},
    replace={"name": "another"},
)
def schedule_of_a_fifo_queue(world: World) -> dict[str, Any]:
    role, parameters = role_for(world, "scheduler"), {"messageGroupId": "days"}
    return {
        "name": unique("schedule"),
        "scheduleExpression": "at(2031-01-31T09:00:00)",
        "flexibleTimeWindow": {"mode": "OFF"},
        "target": {"arn": fifo_queue(world), "roleArn": role, "sqsParameters": parameters},
    }


@case(
    "aws:scheduler/schedule:Schedule",
    seen=lambda aws, id_, inputs: _schedule(aws, id_, inputs)[3]["EventBridgeParameters"],
    expected=lambda given: {"DetailType": "day.closed", "Source": "clock"},
    update=lambda given: {**given, "scheduleExpression": "rate(2 days)"},
)
def schedule_of_a_bus(world: World) -> dict[str, Any]:
    target = {"arn": bus(world).outputs["arn"], "roleArn": role_for(world, "scheduler"), "input": "{}"}
    return {
        "scheduleExpression": "rate(1 day)",
        "flexibleTimeWindow": {"mode": "OFF"},
        "target": {**target, "eventbridgeParameters": {"detailType": "day.closed", "source": "clock"}},
    }


def _machine(aws: Any, arn: str, inputs: dict[str, Any]) -> Any:
    found = aws("stepfunctions").describe_state_machine(stateMachineArn=arn)
    tags = aws("stepfunctions").list_tags_for_resource(resourceArn=arn)["tags"]
    logging = found["loggingConfiguration"]
    definition = json.loads(found["definition"])
    return [found["name"], found["type"], definition, found["roleArn"], logging, _tags(tags, "key", "value")]


@case(
    "aws:sfn/stateMachine:StateMachine",
    seen=_machine,
    expected=lambda given: [
        given["name"],
        "EXPRESS",
        MINIMAL,
        given["roleArn"],
        {
            "level": "ERROR",
            "includeExecutionData": True,
            "destinations": [
                {"cloudWatchLogsLogGroup": {"logGroupArn": given["loggingConfiguration"]["logDestination"]}}
            ],
        },
        TAGS,
    ],
    update=lambda given: {
        **given,
        "definition": json.dumps({**MINIMAL, "Comment": "Does nothing else"}),
        "loggingConfiguration": {**given["loggingConfiguration"], "level": "ALL", "includeExecutionData": False},
        "tracingConfiguration": {"enabled": False},
        "tags": {"owner": "me"},
    },
    replace={"type": "STANDARD"},
)
def state_machine(world: World) -> dict[str, Any]:
    group = world.make("aws:cloudwatch/logGroup:LogGroup", name=f"/aws/vendedlogs/states/{unique('group')}")
    return {
        "name": unique("machine"),
        "definition": json.dumps(MINIMAL, indent=2),
        "roleArn": role_for(world, "states"),
        "type": "EXPRESS",
        "loggingConfiguration": {
            "level": "ERROR",
            "includeExecutionData": True,
            "logDestination": f"{group.outputs['arn']}:*",
        },
        "tracingConfiguration": {"enabled": True},
        "region": "us-east-1",
        "tags": TAGS,
    }


CASES = [schedule_group, schedule, schedule_of_a_fifo_queue, schedule_of_a_bus, state_machine]
