"""Each kind of flow, also those that no pattern has: who asks for what, and which condition keys are sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from local.prove.flows import needs
from local.prove.wiring.need import UnknownFlow
from policies.framework.resources import Resource
from policies.framework.stack import Stack
from policies.framework.types import (
    BUCKET,
    BUCKET_NOTIFICATION,
    EVENT_RULE,
    EVENT_SOURCE_MAPPING,
    EVENT_TARGET,
    FUNCTION,
    METRIC_ALARM,
    PIPE,
    QUEUE,
    REST_API,
    ROLE,
    SCHEDULE,
    STAGE,
    STATE_MACHINE,
    SUBSCRIPTION,
    TOPIC,
    USER_POOL,
)
from tests.policies.builders import ACCOUNT, arn, record

JOBS, NEWS, WORK = arn("sqs", "jobs"), arn("sns", "news"), arn("lambda", "function:work")
MACHINE, BUS, RULE = arn("states", "stateMachine:m"), arn("events", "event-bus/b"), arn("events", "rule/r")
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/acts"
AROUND = [
    record(QUEUE, "jobs", {"name": "jobs", "arn": JOBS}),
    record(TOPIC, "news", {"name": "news", "arn": NEWS}),
    record(FUNCTION, "work", {"name": "work", "arn": WORK, "role": ROLE_ARN}),
    record(BUCKET, "files", {"bucket": "files", "arn": "arn:aws:s3:::files"}),
    record(EVENT_RULE, "r", {"name": "r", "arn": RULE}),
    record(ROLE, "acts", {"name": "acts", "arn": ROLE_ARN}),
]
NOTIFIED = {"bucket": "files", "queues": [{"queueArn": JOBS}], "lambdaFunctions": [{"lambdaFunctionArn": WORK}]}
LETTERS = json.dumps({"deadLetterTargetArn": JOBS})
API = [
    record(REST_API, "api", {"id": "a1", "executionArn": arn("execute-api", "a1")}),
    record(STAGE, "v1", {"restApi": "a1", "stageName": "v1"}),
    record("aws:apigateway/resource:Resource", "items", {"id": "r1", "path": "/items"}),
]
INVOKED = f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{WORK}/invocations"
PIPED = {"arn": arn("pipes", "pipe/p"), "roleArn": ROLE_ARN, "source": JOBS, "target": BUS}
PROXY = {"type": "AWS_PROXY", "restApi": "a1", "resourceId": "r1", "httpMethod": "GET", "uri": INVOKED}


def _from(source: str) -> dict[str, str]:
    return {"aws:SourceArn": source, "aws:SourceAccount": ACCOUNT}


def _row(type_: str, props: Mapping[str, Any], *asked: Any, beside: Sequence[Any] = ()) -> Any:
    """A source, and who asks for which action, on what, with which keys."""
    principal, action, resource, *sent = asked
    records = [record(type_, "source", props), *beside]
    return pytest.param(records, (principal, action, resource), *(sent or [{}]), id=f"{type_} {action}")


KINDS = [
    _row(BUCKET_NOTIFICATION, NOTIFIED, "s3.amazonaws.com", "sqs:SendMessage", JOBS, _from("arn:aws:s3:::files")),
    _row(BUCKET_NOTIFICATION, NOTIFIED, "s3.amazonaws.com", "lambda:InvokeFunction", WORK, _from("arn:aws:s3:::files")),
    _row(
        SUBSCRIPTION,
        {"topic": NEWS, "protocol": "lambda", "endpoint": WORK},
        "sns.amazonaws.com",
        "lambda:InvokeFunction",
        WORK,
        _from(NEWS),
    ),
    _row(
        SUBSCRIPTION,
        {"topic": NEWS, "protocol": "https", "endpoint": "https://example.com", "redrivePolicy": LETTERS},
        "sns.amazonaws.com",
        "sqs:SendMessage",
        JOBS,
        _from(NEWS),
    ),
    _row(EVENT_TARGET, {"rule": "r", "arn": NEWS}, "events.amazonaws.com", "sns:Publish", NEWS, _from(RULE)),
    _row(EVENT_TARGET, {"rule": "r", "arn": BUS, "roleArn": ROLE_ARN}, ROLE_ARN, "events:PutEvents", BUS),
    _row(
        METRIC_ALARM,
        {"arn": arn("cloudwatch", "alarm:a"), "okActions": [NEWS]},
        "cloudwatch.amazonaws.com",
        "sns:Publish",
        NEWS,
        _from(arn("cloudwatch", "alarm:a")),
    ),
    _row(
        USER_POOL,
        {"arn": arn("cognito-idp", "userpool/u"), "lambdaConfig": {"preSignUp": WORK}},
        "cognito-idp.amazonaws.com",
        "lambda:InvokeFunction",
        WORK,
        _from(arn("cognito-idp", "userpool/u")),
    ),
    _row(PIPE, PIPED, ROLE_ARN, "sqs:GetQueueAttributes", JOBS),
    _row(PIPE, {**PIPED, "enrichment": MACHINE}, ROLE_ARN, "states:StartSyncExecution", MACHINE),
    _row(
        SCHEDULE,
        {
            "arn": arn("scheduler", "schedule/g/s"),
            "target": {"arn": BUS, "roleArn": ROLE_ARN, "eventbridgeParameters": {"source": "clock"}},
        },
        ROLE_ARN,
        "events:PutEvents",
        BUS,
        {"events:source": "clock"},
    ),
    _row(
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
        {"functionName": "work", "destinationConfig": {"onSuccess": {"destination": NEWS}}},
        ROLE_ARN,
        "sns:Publish",
        NEWS,
    ),
    _row(
        EVENT_SOURCE_MAPPING,
        {"functionName": "work", "eventSourceArn": JOBS, "destinationConfig": {"onFailure": {"destinationArn": NEWS}}},
        ROLE_ARN,
        "sns:Publish",
        NEWS,
    ),
    _row(
        "aws:apigateway/integration:Integration",
        PROXY,
        "apigateway.amazonaws.com",
        "lambda:InvokeFunction",
        WORK,
        _from(arn("execute-api", "a1/v1/GET/items")),
        beside=API,
    ),
    _row(
        "aws:apigateway/integration:Integration",
        {
            "type": "AWS",
            "uri": "arn:aws:apigateway:eu-west-1:s3:path/files/{key}",
            "integrationHttpMethod": "GET",
            "credentials": ROLE_ARN,
        },
        ROLE_ARN,
        "s3:GetObject",
        "arn:aws:s3:::files/flow",
    ),
    _row(
        STATE_MACHINE,
        {
            "arn": MACHINE,
            "roleArn": ROLE_ARN,
            "definition": json.dumps(
                {
                    "States": {
                        "Write": {
                            "Type": "Task",
                            "Resource": "arn:aws:states:::aws-sdk:s3:putObject",
                            "Arguments": {"Bucket": "files", "Key": "{% 'done/' & $id %}"},
                        }
                    }
                }
            ),
        },
        ROLE_ARN,
        "s3:putobject",
        "arn:aws:s3:::files/done/flow",
    ),
]


@pytest.mark.parametrize(("records", "asked", "sent"), KINDS)
def test_a_flow_says_who_asks_for_what(records: list[Any], asked: tuple[str, ...], sent: dict[str, str]) -> None:
    found = [need.request for need in needs(Stack(map(Resource.of, [*AROUND, *records])))]

    assert [dict(one.context) for one in found if (one.principal, one.action, one.resource) == asked] == [sent]


@pytest.mark.parametrize(
    ("type_", "props"),
    [
        (EVENT_TARGET, {"rule": "r", "arn": arn("ecs", "cluster/c"), "roleArn": ROLE_ARN}),
        (PIPE, {**PIPED, "source": arn("kafka", "cluster/c")}),
    ],
)
def test_a_flow_of_which_nothing_is_known_is_an_error(type_: str, props: dict[str, Any]) -> None:
    with pytest.raises(UnknownFlow, match="of which nothing is known"):
        list(needs(Stack(map(Resource.of, [*AROUND, record(type_, "source", props)]))))
