"""Cases of streams, of what reads them, and of who may call a function."""

from __future__ import annotations

import json
from typing import Any

from tests.local.provider_cases import ACCOUNT, TAGS, World, case, unique
from tests.local.provider_cases_events_around import fifo_queue, reading_function, stream, table_stream


def _stream(aws: Any, arn: str, inputs: dict[str, Any]) -> Any:
    name = arn.rsplit("/", 1)[-1]
    found = aws("kinesis").describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    tags = {row["Key"]: row["Value"] for row in aws("kinesis").list_tags_for_stream(StreamName=name)["Tags"]}
    keys = ("OpenShardCount", "RetentionPeriodHours", "EncryptionType")
    return [found["StreamModeDetails"]["StreamMode"], [found[key] for key in keys], found.get("KeyId"), tags]


@case(
    "aws:kinesis/stream:Stream",
    seen=_stream,
    expected=lambda given: ["PROVISIONED", [2, 48, "KMS"], "alias/aws/kinesis", TAGS],
    update=lambda given: {
        **{name: value for name, value in given.items() if name != "kmsKeyId"},
        "shardCount": 3,
        "retentionPeriod": 24,
        "encryptionType": "NONE",
        "tags": {"owner": "me"},
    },
    replace={"name": "another"},
)
def provisioned_stream(world: World) -> dict[str, Any]:
    return {
        "name": unique("stream"),
        "shardCount": 2,
        "streamModeDetails": {"streamMode": "PROVISIONED"},
        "retentionPeriod": 48,
        "encryptionType": "KMS",
        "kmsKeyId": "alias/aws/kinesis",
        "enforceConsumerDeletion": True,
        "region": "us-east-1",
        "tags": TAGS,
    }


@case(
    "aws:kinesis/stream:Stream",
    seen=lambda aws, arn, inputs: _stream(aws, arn, inputs)[0],
    expected=lambda given: "ON_DEMAND",
    update=lambda given: {**given, "retentionPeriod": 72, "encryptionType": "KMS", "kmsKeyId": "alias/aws/kinesis"},
)
def stream_on_demand(world: World) -> dict[str, Any]:
    return {"name": unique("stream"), "streamModeDetails": {"streamMode": "ON_DEMAND"}, "tags": TAGS}


_MAPPING = (
    *("EventSourceArn", "StartingPosition", "BatchSize", "MaximumBatchingWindowInSeconds", "State"),
    *("BisectBatchOnFunctionError", "MaximumRecordAgeInSeconds", "MaximumRetryAttempts", "ParallelizationFactor"),
    *("FunctionResponseTypes", "DestinationConfig", "FilterCriteria"),
)


def _mapping(aws: Any, uuid: str, inputs: dict[str, Any]) -> Any:
    found = aws("lambda").get_event_source_mapping(UUID=uuid)
    tags = aws("lambda").list_tags(Resource=f"arn:aws:lambda:us-east-1:{ACCOUNT}:event-source-mapping:{uuid}")["Tags"]
    return {**{key: found[key] for key in _MAPPING}, "tags": tags}


@case(
    "aws:lambda/eventSourceMapping:EventSourceMapping",
    seen=_mapping,
    expected=lambda given: {
        "EventSourceArn": given["eventSourceArn"],
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 50,
        "MaximumBatchingWindowInSeconds": 2,
        "State": "Disabled",
        "BisectBatchOnFunctionError": True,
        "MaximumRecordAgeInSeconds": 3600,
        "MaximumRetryAttempts": 0,
        "ParallelizationFactor": 4,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "DestinationConfig": {"OnFailure": {"Destination": given["destinationConfig"]["onFailure"]["destinationArn"]}},
        "FilterCriteria": {"Filters": [{"Pattern": '{"data": {"kind": ["order"]}}'}]},
        "tags": TAGS,
    },
    update=lambda given: {
        **{name: value for name, value in given.items() if name not in ("destinationConfig", "filterCriteria")},
        "bisectBatchOnFunctionError": False,
        "maximumRecordAgeInSeconds": -1,
        "maximumRetryAttempts": 5,
        "parallelizationFactor": 2,
        "tags": {"owner": "me"},
    },
    replace={"startingPosition": "LATEST"},
)
def stream_mapping(world: World) -> dict[str, Any]:
    return {
        "eventSourceArn": stream(world),
        "functionName": reading_function(world),
        "startingPosition": "TRIM_HORIZON",
        "batchSize": 50,
        "maximumBatchingWindowInSeconds": 2,
        "enabled": False,
        "bisectBatchOnFunctionError": True,
        "maximumRecordAgeInSeconds": 3600,
        "maximumRetryAttempts": 0,
        "parallelizationFactor": 4,
        "functionResponseTypes": ["ReportBatchItemFailures"],
        "destinationConfig": {"onFailure": {"destinationArn": world.queue().outputs["arn"]}},
        "filterCriteria": {"filters": [{"pattern": '{"data": {"kind": ["order"]}}'}]},
        "region": "us-east-1",
        "tags": TAGS,
    }


@case(
    "aws:lambda/eventSourceMapping:EventSourceMapping",
    seen=lambda aws, uuid, inputs: aws("lambda").get_event_source_mapping(UUID=uuid)["BatchSize"],
    expected=lambda given: 100,
    update=lambda given: {**given, "bisectBatchOnFunctionError": True},
    replace={"eventSourceArn": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/another/stream/1"},
)
def table_mapping(world: World) -> dict[str, Any]:
    source = {"eventSourceArn": table_stream(world), "startingPosition": "LATEST"}
    return {**source, "functionName": reading_function(world), "tags": TAGS}


@case(
    "aws:lambda/eventSourceMapping:EventSourceMapping",
    seen=lambda aws, uuid, inputs: aws("lambda").get_event_source_mapping(UUID=uuid)["BatchSize"],
    expected=lambda given: 10,
    update=lambda given: {**given, "batchSize": 5, "functionResponseTypes": ["ReportBatchItemFailures"]},
)
def fifo_mapping(world: World) -> dict[str, Any]:
    return {"eventSourceArn": fifo_queue(world), "functionName": reading_function(world), "tags": TAGS}


def _permission(aws: Any, sid: str, inputs: dict[str, Any]) -> Any:
    [found] = json.loads(aws("lambda").get_policy(FunctionName=inputs["function"])["Policy"])["Statement"]
    return [found["Sid"], found["Action"], found["Principal"], found["Condition"]]


@case(
    "aws:lambda/permission:Permission",
    seen=_permission,
    expected=lambda given: [
        "bus",
        "lambda:InvokeFunction",
        {"Service": "events.amazonaws.com"},
        {
            "ArnLike": {"AWS:SourceArn": given["sourceArn"]},
            "StringEquals": {"AWS:SourceAccount": ACCOUNT},
        },
    ],
    replace={"sourceArn": f"arn:aws:events:us-east-1:{ACCOUNT}:rule/another"},
)
def permission(world: World) -> dict[str, Any]:
    return {
        "statementId": "bus",
        "action": "lambda:InvokeFunction",
        "function": world.function(),
        "principal": "events.amazonaws.com",
        "sourceArn": f"arn:aws:events:us-east-1:{ACCOUNT}:rule/rule",
        "sourceAccount": ACCOUNT,
        "region": "us-east-1",
    }


CASES = [provisioned_stream, stream_on_demand, stream_mapping, table_mapping, fifo_mapping, permission]
