"""What the provider refuses of events' resources before it asks AWS."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.provider.servicer import AwsProvider
from local.wire import UNKNOWN
from tests.local.provider_cases import ACCOUNT
from tests.local.provider_cases_events_around import MINIMAL
from tests.local.provider_driver import Driver

STREAM = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/log"
TABLE_STREAM = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/events/stream/2026-01-01T00:00:00.000"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs"
FIFO = f"{QUEUE}.fifo"
BUS = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/facts"
MACHINE = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:close"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:close"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/any"
EVENTS_FOR_ME = '{"source": ["shop"]}'

MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
PIPE = "aws:pipes/pipe:Pipe"
SCHEDULE = "aws:scheduler/schedule:Schedule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
RULE = "aws:cloudwatch/eventRule:EventRule"
KINESIS = "aws:kinesis/stream:Stream"
SQS = "aws:sqs/queue:Queue"
SFN = "aws:sfn/stateMachine:StateMachine"


def mapping(source: Any, **more: Any) -> dict[str, Any]:
    return {"eventSourceArn": source, "functionName": "f", **more}


def pipe(source: Any = QUEUE, target: Any = BUS, **more: Any) -> dict[str, Any]:
    return {"roleArn": ROLE, "source": source, "target": target, **more}


def of_stream(**more: Any) -> dict[str, Any]:
    return {"kinesisStreamParameters": {"startingPosition": "LATEST", **more}}


def scheduled(target: dict[str, Any], **more: Any) -> dict[str, Any]:
    when = {"scheduleExpression": "rate(1 day)", "flexibleTimeWindow": {"mode": "OFF"}}
    return {**when, "target": {"roleArn": ROLE, **target}, **more}


def target(arn: Any, **more: Any) -> dict[str, Any]:
    return {"rule": "rule", "arn": arn, **more}


@pytest.mark.parametrize(
    ("token", "inputs", "property_"),
    [
        (SQS, {"name": "jobs", "fifoQueue": True}, "name"),
        (SQS, {"deduplicationScope": "messageGroup"}, "deduplicationScope"),
        (SQS, {"fifoThroughputLimit": "perQueue"}, "fifoThroughputLimit"),
        (SQS, {"fifoQueue": True, "fifoThroughputLimit": "perMessageGroupId"}, "fifoThroughputLimit"),
        (
            SQS,
            {"fifoQueue": True, "redrivePolicy": json.dumps({"deadLetterTargetArn": QUEUE, "maxReceiveCount": 3})},
            "redrivePolicy",
        ),
        (SQS, {"redrivePolicy": json.dumps({"deadLetterTargetArn": FIFO, "maxReceiveCount": 3})}, "redrivePolicy"),
        (KINESIS, {"name": "a b", "shardCount": 1}, "name"),
        (KINESIS, {}, "shardCount"),
        (KINESIS, {"shardCount": 1, "streamModeDetails": {"streamMode": "ON_DEMAND"}}, "shardCount"),
        (KINESIS, {"shardCount": 1, "retentionPeriod": 23}, "retentionPeriod"),
        (KINESIS, {"shardCount": 1, "encryptionType": "KMS"}, "kmsKeyId"),
        (KINESIS, {"shardCount": 1, "kmsKeyId": "alias/aws/kinesis"}, "kmsKeyId"),
        (KINESIS, {"shardCount": 1, "maxRecordSizeInKib": 2048}, "maxRecordSizeInKib"),
        (KINESIS, {"shardCount": 1, "shardLevelMetrics": ["IncomingBytes"]}, "shardLevelMetrics"),
        (MAPPING, mapping(BUS), "eventSourceArn"),
        (MAPPING, mapping(f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/events"), "eventSourceArn"),
        (MAPPING, mapping(STREAM), "startingPosition"),
        (MAPPING, mapping(TABLE_STREAM), "startingPosition"),
        (MAPPING, mapping(STREAM, startingPosition="AT_TIMESTAMP"), "startingPosition"),
        (MAPPING, mapping(STREAM, startingPosition="LATEST", parallelizationFactor=11), "parallelizationFactor"),
        (MAPPING, mapping(STREAM, startingPosition="LATEST", batchSize=10001), "batchSize"),
        (
            MAPPING,
            mapping(STREAM, startingPosition="LATEST", maximumRecordAgeInSeconds=59),
            "maximumRecordAgeInSeconds",
        ),
        (MAPPING, mapping(STREAM, startingPosition="LATEST", scalingConfig={"maximumConcurrency": 2}), "scalingConfig"),
        (MAPPING, mapping(STREAM, startingPosition="LATEST", tumblingWindowInSeconds=60), "tumblingWindowInSeconds"),
        (MAPPING, mapping(QUEUE, startingPosition="LATEST"), "startingPosition"),
        (MAPPING, mapping(QUEUE, bisectBatchOnFunctionError=True), "bisectBatchOnFunctionError"),
        (MAPPING, mapping(QUEUE, maximumRetryAttempts=3), "maximumRetryAttempts"),
        (MAPPING, mapping(FIFO, batchSize=11), "batchSize"),
        (MAPPING, mapping(FIFO, maximumBatchingWindowInSeconds=1), "maximumBatchingWindowInSeconds"),
        (PIPE, pipe("arn:aws:mq:us-east-1:000000000000:broker:b"), "source"),
        (PIPE, pipe(f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/events"), "source"),
        (PIPE, pipe(STREAM), "sourceParameters.kinesisStreamParameters"),
        (PIPE, pipe(QUEUE, sourceParameters=of_stream()), "sourceParameters.kinesisStreamParameters"),
        (
            PIPE,
            pipe(STREAM, sourceParameters=of_stream(parallelizationFactor=11)),
            "sourceParameters.kinesisStreamParameters.parallelizationFactor",
        ),
        (
            PIPE,
            pipe(STREAM, sourceParameters=of_stream(maximumRecordAgeInSeconds=1)),
            "sourceParameters.kinesisStreamParameters.maximumRecordAgeInSeconds",
        ),
        (
            PIPE,
            pipe(sourceParameters={"sqsQueueParameters": {"batchSize": 11}}),
            "sourceParameters.sqsQueueParameters.batchSize",
        ),
        (
            PIPE,
            pipe(FIFO, sourceParameters={"sqsQueueParameters": {"maximumBatchingWindowInSeconds": 1}}),
            "sourceParameters.sqsQueueParameters.maximumBatchingWindowInSeconds",
        ),
        (
            PIPE,
            pipe(sourceParameters={"filterCriteria": {"filters": [{"pattern": "{"}]}}),
            "sourceParameters.filterCriteria.filters[0].pattern",
        ),
        (PIPE, pipe(target=f"arn:aws:sns:us-east-1:{ACCOUNT}:topic"), "target"),
        (PIPE, pipe(target=STREAM), "targetParameters.kinesisStreamParameters"),
        (PIPE, pipe(target=FIFO), "targetParameters.sqsQueueParameters"),
        (
            PIPE,
            pipe(target=BUS, targetParameters={"sqsQueueParameters": {"messageGroupId": "a"}}),
            "targetParameters.sqsQueueParameters",
        ),
        (PIPE, pipe(enrichment=FUNCTION), "enrichment"),
        (PIPE, pipe(logConfiguration={"level": "ERROR"}), "logConfiguration"),
        (SCHEDULE, scheduled({"arn": QUEUE}, scheduleExpression="tomorrow"), "scheduleExpression"),
        (SCHEDULE, scheduled({"arn": QUEUE}, scheduleExpression="cron(0 0 * * ?)"), "scheduleExpression"),
        (SCHEDULE, scheduled({"arn": QUEUE}, flexibleTimeWindow={"mode": "FLEXIBLE"}), "flexibleTimeWindow.mode"),
        (SCHEDULE, scheduled({"arn": BUS}), "target.eventbridgeParameters"),
        (SCHEDULE, scheduled({"arn": QUEUE}, startDate="2030-01-31"), "startDate"),
        (SCHEDULE, scheduled({"arn": QUEUE}, kmsKeyArn="key"), "kmsKeyArn"),
        (SCHEDULE, scheduled({"arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage"}), "target.arn"),
        (SCHEDULE, scheduled({"arn": STREAM}), "target.kinesisParameters"),
        (SCHEDULE, scheduled({"arn": FIFO}), "target.sqsParameters"),
        (SCHEDULE, scheduled({"arn": QUEUE, "sqsParameters": {"messageGroupId": "a"}}), "target.sqsParameters"),
        (RULE, {}, "eventPattern"),
        (RULE, {"eventPattern": "{"}, "eventPattern"),
        (RULE, {"eventBusName": "facts", "scheduleExpression": "rate(1 hour)"}, "scheduleExpression"),
        (RULE, {"eventPattern": EVENTS_FOR_ME, "roleArn": ROLE}, "roleArn"),
        (TARGET, target("arn:aws:firehose:us-east-1:1:deliverystream/x"), "arn"),
        (TARGET, target(STREAM), "roleArn"),
        (TARGET, target(QUEUE, kinesisTarget={"partitionKeyPath": "$.id"}), "kinesisTarget"),
        (TARGET, target(MACHINE), "roleArn"),
        (TARGET, target(BUS), "roleArn"),
        (TARGET, target(QUEUE, roleArn=ROLE), "roleArn"),
        (TARGET, target(FIFO), "sqsTarget"),
        (TARGET, target(QUEUE, sqsTarget={"messageGroupId": "a"}), "sqsTarget"),
        (TARGET, target(QUEUE, input="{}", inputPath="$.detail"), "inputPath"),
        (TARGET, target(QUEUE, retryPolicy={"maximumEventAgeInSeconds": 59}), "retryPolicy.maximumEventAgeInSeconds"),
        ("aws:cloudwatch/eventBus:EventBus", {"name": "default"}, "name"),
        ("aws:cloudwatch/eventBus:EventBus", {"deadLetterConfig": {"arn": QUEUE}}, "deadLetterConfig"),
        (SFN, {"definition": "{}", "roleArn": ROLE}, "definition"),
        (SFN, {"definition": json.dumps(MINIMAL), "roleArn": ROLE, "publish": True}, "publish"),
        (
            SFN,
            {"definition": json.dumps(MINIMAL), "roleArn": ROLE, "loggingConfiguration": {"level": "ALL"}},
            "loggingConfiguration.logDestination",
        ),
        (
            SFN,
            {"definition": json.dumps(MINIMAL), "roleArn": ROLE, "loggingConfiguration": {"logDestination": "arn:a"}},
            "loggingConfiguration.logDestination",
        ),
        ("aws:lambda/permission:Permission", {"action": "s3:GetObject", "function": "f", "principal": "p"}, "action"),
        (
            "aws:lambda/permission:Permission",
            {"action": "lambda:InvokeFunction", "function": "f", "principal": "p", "qualifier": "1"},
            "qualifier",
        ),
    ],
)
def test_check_answers_what_is_wrong_and_where(token: str, inputs: dict[str, Any], property_: str) -> None:
    assert Driver(AwsProvider()).of(token).check(inputs).failures.keys() == {property_}


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        (SQS, {"fifoQueue": UNKNOWN, "name": "jobs.fifo", "deduplicationScope": "messageGroup"}),
        (KINESIS, {"shardCount": UNKNOWN, "streamModeDetails": {"streamMode": UNKNOWN}, "encryptionType": UNKNOWN}),
        (MAPPING, mapping(UNKNOWN, parallelizationFactor=2)),
        (MAPPING, mapping(STREAM, startingPosition=UNKNOWN, batchSize=UNKNOWN, maximumRecordAgeInSeconds=UNKNOWN)),
        (PIPE, pipe(UNKNOWN, UNKNOWN, sourceParameters=UNKNOWN, targetParameters=UNKNOWN)),
        (PIPE, pipe(STREAM, FIFO, sourceParameters=UNKNOWN, targetParameters=UNKNOWN)),
        (PIPE, pipe(sourceParameters={"sqsQueueParameters": UNKNOWN}, targetParameters={"inputTemplate": UNKNOWN})),
        (SCHEDULE, scheduled({"arn": UNKNOWN}, flexibleTimeWindow={"mode": UNKNOWN}, startDate=UNKNOWN)),
        (SCHEDULE, scheduled({"arn": FIFO, "sqsParameters": UNKNOWN}, scheduleExpression=UNKNOWN)),
        (RULE, {"eventPattern": UNKNOWN, "eventBusName": UNKNOWN, "scheduleExpression": UNKNOWN}),
        (TARGET, target(UNKNOWN, roleArn=UNKNOWN)),
        (TARGET, target(FIFO, sqsTarget=UNKNOWN)),
        (SFN, {"definition": UNKNOWN, "roleArn": UNKNOWN, "loggingConfiguration": {"level": UNKNOWN}}),
    ],
)
def test_what_a_preview_does_not_know_is_not_refused(token: str, inputs: dict[str, Any]) -> None:
    assert Driver(AwsProvider()).of(token).check(inputs).failures == {}
