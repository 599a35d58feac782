"""Cases of EventBridge's buses, rules and targets."""

from __future__ import annotations

import json
from typing import Any

from tests.local.provider_cases import TAGS, World, case, unique
from tests.local.provider_cases_events_around import bus, fifo_queue, machine, role_for


def _tags(rows: list[dict[str, str]], key: str = "Key", value: str = "Value") -> dict[str, str]:
    return {row[key]: row[value] for row in rows}


def _bus(aws: Any, name: str, inputs: dict[str, Any]) -> Any:
    found = aws("events").describe_event_bus(Name=name)
    tags = aws("events").list_tags_for_resource(ResourceARN=found["Arn"])["Tags"]
    return [found["Description"], found["LogConfig"], _tags(tags)]


@case(
    "aws:cloudwatch/eventBus:EventBus",
    seen=_bus,
    expected=lambda given: ["Facts of the shop", {"Level": "ERROR", "IncludeDetail": "NONE"}, TAGS],
    update=lambda given: {"name": given["name"], "description": "Others", "tags": {"owner": "me"}},
    replace={"name": "another"},
)
def event_bus(world: World) -> dict[str, Any]:
    return {
        "name": unique("bus"),
        "description": "Facts of the shop",
        "logConfig": {"level": "ERROR", "includeDetail": "NONE"},
        "region": "us-east-1",
        "tags": TAGS,
    }


def _rule(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    found = aws("events").describe_rule(Name=inputs["name"], EventBusName=inputs["eventBusName"].rsplit("/", 1)[-1])
    tags = aws("events").list_tags_for_resource(ResourceARN=found["Arn"])["Tags"]
    pattern = json.loads(found.get("EventPattern", "null"))
    return [pattern, found.get("ScheduleExpression"), found["State"], found["Description"], _tags(tags)]


@case(
    "aws:cloudwatch/eventRule:EventRule",
    seen=_rule,
    expected=lambda given: [{"source": ["shop"]}, None, "DISABLED", "Everything of the shop", TAGS],
    update=lambda given: {
        **{name: value for name, value in given.items() if name != "description"},
        "eventPattern": '{"source": ["mail"]}',
        "state": "ENABLED",
        "tags": {},
    },
    replace={"eventBusName": "another"},
)
def event_rule(world: World) -> dict[str, Any]:
    return {
        "name": unique("rule"),
        "eventBusName": bus(world).id,
        "eventPattern": '{ "source": ["shop"] }',
        "state": "DISABLED",
        "description": "Everything of the shop",
        "forceDestroy": True,
        "region": "us-east-1",
        "tags": TAGS,
    }


@case(
    "aws:cloudwatch/eventRule:EventRule",
    seen=_rule,
    expected=lambda given: [None, "rate(5 minutes)", "ENABLED", "Now and then", TAGS],
    update=lambda given: {**given, "scheduleExpression": "rate(10 minutes)"},
)
def scheduled_rule(world: World) -> dict[str, Any]:
    return {
        "name": unique("rule"),
        "eventBusName": "default",
        "scheduleExpression": "rate(5 minutes)",
        "description": "Now and then",
        "tags": TAGS,
    }


@case(
    "aws:cloudwatch/eventRule:EventRule",
    seen=_rule,
    expected=lambda given: [{"source": ["shop"]}, None, "ENABLED", "By the bus's ARN", TAGS],
    update=lambda given: {**given, "description": "By another name"},
)
def rule_by_the_arn_of_the_bus(world: World) -> dict[str, Any]:
    return {
        "name": unique("rule"),
        "eventBusName": bus(world).outputs["arn"],
        "eventPattern": '{"source": ["shop"]}',
        "description": "By the bus's ARN",
        "tags": TAGS,
    }


def _rule_on(world: World, bus_name: str) -> str:
    pattern = '{"source": ["shop"]}'
    return world.make("aws:cloudwatch/eventRule:EventRule", eventBusName=bus_name, eventPattern=pattern).outputs["name"]


def _target(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    where = {"Rule": inputs["rule"], "EventBusName": inputs.get("eventBusName", "default")}
    [found] = aws("events").list_targets_by_rule(**where)["Targets"]
    return found


@case(
    "aws:cloudwatch/eventTarget:EventTarget",
    seen=_target,
    expected=lambda given: {
        "Id": "starts",
        "Arn": given["arn"],
        "RoleArn": given["roleArn"],
        "InputTransformer": {"InputPathsMap": {"order": "$.detail.order"}, "InputTemplate": '{"order": <order>}'},
        "DeadLetterConfig": {"Arn": given["deadLetterConfig"]["arn"]},
        "RetryPolicy": {"MaximumEventAgeInSeconds": 600, "MaximumRetryAttempts": 3},
    },
    update=lambda given: {
        **{name: value for name, value in given.items() if name not in ("inputTransformer", "deadLetterConfig")},
        "inputPath": "$.detail",
        "retryPolicy": {"maximumEventAgeInSeconds": 600, "maximumRetryAttempts": 0},
    },
    replace={"targetId": "another"},
)
def event_target(world: World) -> dict[str, Any]:
    on = bus(world).id
    return {
        "targetId": "starts",
        "rule": _rule_on(world, on),
        "eventBusName": on,
        "arn": machine(world),
        "roleArn": role_for(world, "events"),
        "inputTransformer": {"inputPaths": {"order": "$.detail.order"}, "inputTemplate": '{"order": <order>}'},
        "deadLetterConfig": {"arn": world.queue().outputs["arn"]},
        "retryPolicy": {"maximumEventAgeInSeconds": 600, "maximumRetryAttempts": 3},
        "forceDestroy": True,
        "region": "us-east-1",
    }


@case(
    "aws:cloudwatch/eventTarget:EventTarget",
    seen=_target,
    expected=lambda given: {
        "Id": "queue",
        "Arn": given["arn"],
        "Input": '{"kind": "tick"}',
        "SqsParameters": {"MessageGroupId": "ticks"},
    },
    update=lambda given: {**given, "input": '{"kind": "tock"}', "sqsTarget": {"messageGroupId": "tocks"}},
    replace={"rule": "another"},
)
def event_target_of_a_fifo_queue(world: World) -> dict[str, Any]:
    return {
        "targetId": "queue",
        "rule": _rule_on(world, "default"),
        "arn": fifo_queue(world),
        "input": '{"kind": "tick"}',
        "sqsTarget": {"messageGroupId": "ticks"},
    }


@case(
    "aws:cloudwatch/eventTarget:EventTarget",
    seen=_target,
    expected=lambda given: {
        "Id": "stream",
        "Arn": given["arn"],
        "RoleArn": given["roleArn"],
        "KinesisParameters": {"PartitionKeyPath": "$.detail.order"},
    },
    update=lambda given: {**given, "kinesisTarget": {"partitionKeyPath": "$.id"}},
    replace={"targetId": "another"},
)
def event_target_of_a_stream(world: World) -> dict[str, Any]:
    return {
        "targetId": "stream",
        "rule": _rule_on(world, "default"),
        "arn": world.make("aws:kinesis/stream:Stream", shardCount=1).outputs["arn"],
        "roleArn": role_for(world, "events"),
        "kinesisTarget": {"partitionKeyPath": "$.detail.order"},
    }


@case(
    "aws:cloudwatch/eventTarget:EventTarget",
    seen=lambda aws, id_, inputs: _target(aws, id_, inputs)["InputPath"],
    expected=lambda given: "$.detail",
    update=lambda given: {**given, "inputPath": "$.detail.order"},
)
def event_target_without_an_id(world: World) -> dict[str, Any]:
    return {"rule": _rule_on(world, "default"), "arn": world.queue().outputs["arn"], "inputPath": "$.detail"}


CASES = [
    event_bus,
    event_rule,
    scheduled_rule,
    rule_by_the_arn_of_the_bus,
    event_target,
    event_target_of_a_fifo_queue,
    event_target_of_a_stream,
    event_target_without_an_id,
]
