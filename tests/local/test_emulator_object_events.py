"""Uploads start machines on the local AWS: from the bucket by EventBridge, transformed, under the target's role."""

import json

import pytest

from tests.local.emulation import allow, document, unique

pytestmark = pytest.mark.local

TRUST_EVENTS = {"Service": "events.amazonaws.com"}
OF_VIDEOS = {
    "source": ["aws.s3"],
    "detail-type": ["Object Created"],
    "detail": {"object": {"key": [{"prefix": "videos/"}]}},
}


@pytest.fixture
def upload(aws, bucket):
    """`upload(key)` puts an object into a bucket that tells EventBridge."""
    aws("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    return lambda key: aws("s3").put_object(Bucket=bucket, Key=key, Body=b"film")


@pytest.fixture
def rule(aws, bucket):
    """The name and ARN of a rule on the default bus for the bucket's videos; gone after the test."""
    name = unique("rule")
    pattern = {**OF_VIDEOS, "detail": {**OF_VIDEOS["detail"], "bucket": {"name": [bucket]}}}
    arn = aws("events").put_rule(Name=name, EventPattern=json.dumps(pattern))["RuleArn"]
    yield name, arn
    aws("events").remove_targets(Rule=name, Ids=["machine"])
    aws("events").delete_rule(Name=name)


def test_an_upload_starts_a_machine_with_what_the_transformer_makes(
    aws, bench, bucket, machines, rule, upload, eventually
):
    name, arn = rule
    url, letters = bench.queue()
    allowed = {"Effect": "Allow", "Principal": TRUST_EVENTS, "Action": "sqs:SendMessage", "Resource": letters}
    only = {"ArnEquals": {"aws:SourceArn": arn}}
    aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": document({**allowed, "Condition": only})})
    machine = machines.make({"Done": {"Type": "Succeed"}})
    role = bench.role(trust=TRUST_EVENTS)
    transformer = {
        "InputPathsMap": {"bucket": "$.detail.bucket.name", "key": "$.detail.object.key", "id": "$.id"},
        "InputTemplate": '{"bucket": <bucket>, "key": <key>, "event": <id>}',
    }
    target = {"Id": "machine", "Arn": machine, "RoleArn": role, "InputTransformer": transformer}
    aws("events").put_targets(Rule=name, Targets=[{**target, "DeadLetterConfig": {"Arn": letters}}])

    upload("videos/denied.mp4")
    letter = eventually(lambda: aws("sqs").receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages"))
    bench.grant(role, allow(["states:StartExecution"], [machine]))
    upload("pictures/other.png")
    upload("videos/talk 1.mp4")
    started = eventually(lambda: aws("stepfunctions").list_executions(stateMachineArn=machine)["executions"])

    detail = json.loads(letter[0]["Body"])["detail"]
    assert (detail["object"]["key"], detail["reason"]) == ("videos/denied.mp4", "PutObject")
    assert letter[0]["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    assert len(started) == 1
    given = aws("stepfunctions").describe_execution(executionArn=started[0]["executionArn"])["input"]
    assert json.loads(given) == {"bucket": bucket, "key": "videos/talk 1.mp4", "event": json.loads(given)["event"]}
