"""Cases of EventBridge Pipes: each kind of source and of target."""

from __future__ import annotations

from typing import Any

from tests.local.provider_cases import ACCOUNT, TAGS, World, case, unique
from tests.local.provider_cases_events_around import bus, fifo_queue, machine, role_for, stream, table_stream


def _stream_parameters(world: World) -> dict[str, Any]:
    return {
        "startingPosition": "TRIM_HORIZON",
        "batchSize": 10,
        "maximumBatchingWindowInSeconds": 1,
        "maximumRecordAgeInSeconds": 3600,
        "maximumRetryAttempts": 4,
        "onPartialBatchItemFailure": "AUTOMATIC_BISECT",
        "parallelizationFactor": 2,
        "deadLetterConfig": {"arn": world.queue().outputs["arn"]},
    }


def _read_parameters(given: dict[str, Any]) -> dict[str, Any]:
    return {
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 10,
        "MaximumBatchingWindowInSeconds": 1,
        "MaximumRecordAgeInSeconds": 3600,
        "MaximumRetryAttempts": 4,
        "OnPartialBatchItemFailure": "AUTOMATIC_BISECT",
        "ParallelizationFactor": 2,
        "DeadLetterConfig": {"Arn": given["deadLetterConfig"]["arn"]},
    }


def _pipe(aws: Any, name: str, inputs: dict[str, Any]) -> Any:
    found = aws("pipes").describe_pipe(Name=name)
    plain = [found[key] for key in ("Description", "DesiredState", "RoleArn", "Source", "Target")]
    return [plain, found.get("SourceParameters"), found["TargetParameters"], found["Tags"]]


def _parameters(aws: Any, name: str, inputs: dict[str, Any]) -> Any:
    return _pipe(aws, name, inputs)[1:3]


@case(
    "aws:pipes/pipe:Pipe",
    seen=_pipe,
    expected=lambda given: [
        ["Facts out", "STOPPED", given["roleArn"], given["source"], given["target"]],
        {
            "FilterCriteria": {"Filters": [{"Pattern": '{"eventName": ["INSERT"]}'}]},
            "DynamoDBStreamParameters": _read_parameters(given["sourceParameters"]["dynamodbStreamParameters"]),
        },
        {
            "InputTemplate": '{"id": <$.dynamodb.NewImage.id.S>}',
            "EventBridgeEventBusParameters": {
                "DetailType": "order",
                "Source": "shop",
                "Resources": [given["source"]],
                "Time": "$.dynamodb.ApproximateCreationDateTime",
            },
        },
        TAGS,
    ],
    update=lambda given: {
        **{name: value for name, value in given.items() if name != "description"},
        "desiredState": "RUNNING",
        "sourceParameters": {
            "dynamodbStreamParameters": {"startingPosition": "TRIM_HORIZON", "batchSize": 20},
        },
        "targetParameters": {"eventbridgeEventBusParameters": {"detailType": "facts", "source": "shop"}},
        "tags": {"owner": "me"},
    },
    replace={"source": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/another/stream/1"},
)
def pipe_to_a_bus(world: World) -> dict[str, Any]:
    source = table_stream(world)
    return {
        "name": unique("pipe"),
        "description": "Facts out",
        "desiredState": "STOPPED",
        "roleArn": role_for(world, "pipes"),
        "source": source,
        "sourceParameters": {
            "filterCriteria": {"filters": [{"pattern": '{"eventName": ["INSERT"]}'}]},
            "dynamodbStreamParameters": _stream_parameters(world),
        },
        "target": bus(world).outputs["arn"],
        "targetParameters": {
            "inputTemplate": '{"id": <$.dynamodb.NewImage.id.S>}',
            "eventbridgeEventBusParameters": {
                "detailType": "order",
                "source": "shop",
                "resources": [source],
                "time": "$.dynamodb.ApproximateCreationDateTime",
            },
        },
        "region": "us-east-1",
        "tags": TAGS,
    }


def _pipe_between(world: World, source: str, target: str, **parameters: Any) -> dict[str, Any]:
    ends = {"source": source, "target": target, "desiredState": "STOPPED"}
    return {"name": unique("pipe"), "roleArn": role_for(world, "pipes"), **ends, **parameters, "tags": TAGS}


@case(
    "aws:pipes/pipe:Pipe",
    seen=_parameters,
    expected=lambda given: [
        {"KinesisStreamParameters": _read_parameters(given["sourceParameters"]["kinesisStreamParameters"])},
        {"SqsQueueParameters": {"MessageGroupId": "$.partitionKey", "MessageDeduplicationId": "$.sequenceNumber"}},
    ],
    update=lambda given: {**given, "targetParameters": {"sqsQueueParameters": {"messageGroupId": "all"}}},
    replace={
        "sourceParameters": {"kinesisStreamParameters": {"startingPosition": "LATEST"}},
    },
)
def pipe_from_a_stream_to_a_fifo_queue(world: World) -> dict[str, Any]:
    ids = {"messageGroupId": "$.partitionKey", "messageDeduplicationId": "$.sequenceNumber"}
    return _pipe_between(
        world,
        stream(world),
        fifo_queue(world),
        sourceParameters={"kinesisStreamParameters": _stream_parameters(world)},
        targetParameters={"sqsQueueParameters": ids},
    )


@case(
    "aws:pipes/pipe:Pipe",
    seen=_parameters,
    expected=lambda given: [
        {"SqsQueueParameters": {"BatchSize": 20, "MaximumBatchingWindowInSeconds": 1}},
        {"StepFunctionStateMachineParameters": {"InvocationType": "FIRE_AND_FORGET"}},
    ],
    update=lambda given: {**given, "sourceParameters": {"sqsQueueParameters": {"batchSize": 5}}},
)
def pipe_from_a_queue_to_a_machine(world: World) -> dict[str, Any]:
    return _pipe_between(
        world,
        world.queue().outputs["arn"],
        machine(world),
        sourceParameters={"sqsQueueParameters": {"batchSize": 20, "maximumBatchingWindowInSeconds": 1}},
        targetParameters={"stepFunctionStateMachineParameters": {"invocationType": "FIRE_AND_FORGET"}},
    )


@case(
    "aws:pipes/pipe:Pipe",
    seen=lambda aws, name, inputs: _pipe(aws, name, inputs)[2],
    expected=lambda given: {"LambdaFunctionParameters": {"InvocationType": "REQUEST_RESPONSE"}},
    update=lambda given: {**given, "description": "Calls it"},
)
def pipe_to_a_function(world: World) -> dict[str, Any]:
    function = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{world.function()}"
    parameters = {"lambdaFunctionParameters": {"invocationType": "REQUEST_RESPONSE"}}
    return _pipe_between(world, world.queue().outputs["arn"], function, targetParameters=parameters)


@case(
    "aws:pipes/pipe:Pipe",
    seen=lambda aws, name, inputs: _pipe(aws, name, inputs)[2],
    expected=lambda given: {"KinesisStreamParameters": {"PartitionKey": "$.messageId"}},
    update=lambda given: {**given, "targetParameters": {"kinesisStreamParameters": {"partitionKey": "$.body.id"}}},
)
def pipe_to_a_stream(world: World) -> dict[str, Any]:
    parameters = {"kinesisStreamParameters": {"partitionKey": "$.messageId"}}
    return _pipe_between(world, world.queue().outputs["arn"], stream(world), targetParameters=parameters)


CASES = [
    pipe_to_a_bus,
    pipe_from_a_stream_to_a_fifo_queue,
    pipe_from_a_queue_to_a_machine,
    pipe_to_a_function,
    pipe_to_a_stream,
]
