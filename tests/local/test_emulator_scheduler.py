"""Schedules on the local AWS: in time, in their zone, under their role."""

import datetime
import json
import time
import zoneinfo

import pytest
from botocore.exceptions import ClientError

from tests.local.emulation import allow, document, unique

pytestmark = pytest.mark.local

TRUST_SCHEDULER = {"Service": "scheduler.amazonaws.com"}


@pytest.fixture
def schedule(aws, bench):
    """`schedule(expression, target, *grants)` makes a schedule with a role of its own and returns its name."""
    made = []

    def make(expression, target, *grants, trust=None, **more):
        name = unique("schedule")
        role = bench.role(*grants, trust=trust or TRUST_SCHEDULER)
        aws("scheduler").create_schedule(
            Name=name,
            ScheduleExpression=expression,
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"RoleArn": role, **target},
            **more,
        )
        made.append((name, more.get("GroupName", "default")))
        return name

    yield make
    for name, group in made:
        if name in names(aws, group):
            aws("scheduler").delete_schedule(Name=name, GroupName=group)


def names(aws, group="default"):
    return [one["Name"] for one in aws("scheduler").list_schedules(GroupName=group)["Schedules"]]


def at(seconds=1, zone="UTC"):
    moment = datetime.datetime.now(zoneinfo.ZoneInfo(zone)) + datetime.timedelta(seconds=seconds)
    return f"at({moment:%Y-%m-%dT%H:%M:%S})"


def received(aws, url):
    call = {"QueueUrl": url, "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"]}
    found = aws("sqs").receive_message(**call, MessageSystemAttributeNames=["All"])
    return found.get("Messages", [])


@pytest.fixture
def fifo(aws):
    """The URL and ARN of a FIFO queue that tells duplicates by their content."""
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url = aws("sqs").create_queue(QueueName=f"{unique('queue')}.fifo", Attributes=attributes)["QueueUrl"]
    return url, aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def test_a_record_is_put_with_the_time_that_was_scheduled(aws, schedule, eventually):
    name = unique("stream")
    aws("kinesis").create_stream(StreamName=name, ShardCount=1)
    arn = aws("kinesis").describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    attributes = ("schedule-arn", "scheduled-time", "execution-id", "attempt-number")
    given = json.dumps({attribute: f"<aws.scheduler.{attribute}>" for attribute in attributes})
    expression = at()

    one = schedule(
        expression,
        {"Arn": arn, "Input": given, "KinesisParameters": {"PartitionKey": "day"}},
        allow(["kinesis:PutRecord"], [arn]),
    )

    [shard] = aws("kinesis").list_shards(StreamName=name)["Shards"]
    iterator = aws("kinesis").get_shard_iterator(
        StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    [record] = eventually(lambda: aws("kinesis").get_records(ShardIterator=iterator)["Records"], seconds=5)
    data = json.loads(record["Data"])
    assert record["PartitionKey"] == "day"
    assert data["scheduled-time"] == f"{expression[3:-1]}Z"
    assert data["schedule-arn"].endswith(f"schedule/default/{one}")
    assert data["attempt-number"] == "1"


def test_a_fifo_queue_gets_a_message_of_its_group_and_a_done_schedule_is_deleted(aws, fifo, schedule, eventually):
    url, queue = fifo
    aws("scheduler").create_schedule_group(Name=(group := unique("group")))
    schedule(
        at(),
        {"Arn": queue, "Input": '{"closed": true}', "SqsParameters": {"MessageGroupId": "day"}},
        allow(["sqs:SendMessage"], [queue]),
        ActionAfterCompletion="DELETE",
        GroupName=group,
    )

    [message] = eventually(lambda: received(aws, url))
    assert (json.loads(message["Body"]), message["Attributes"]["MessageGroupId"]) == ({"closed": True}, "day")
    eventually(lambda: names(aws, group) == [])


def test_an_event_is_put_on_a_bus_under_the_schedules_role(aws, bench, schedule, eventually):
    name = unique("bus")
    bus = aws("events").create_event_bus(Name=name)["EventBusArn"]
    arrivals_url, arrivals = bench.queue()
    rule = aws("events").put_rule(Name=name, EventBusName=name, EventPattern='{"source": ["day"]}')["RuleArn"]
    condition = {"ArnEquals": {"aws:SourceArn": rule}}
    sender = {"Principal": {"Service": "events.amazonaws.com"}, "Condition": condition}
    policy = document(allow(["sqs:SendMessage"], [arrivals], **sender))
    aws("sqs").set_queue_attributes(QueueUrl=arrivals_url, Attributes={"Policy": policy})
    aws("events").put_targets(Rule=name, EventBusName=name, Targets=[{"Id": "queue", "Arn": arrivals}])
    letters_url, letters = bench.queue()
    target = {
        "Arn": bus,
        "Input": '{"day": 1}',
        "EventBridgeParameters": {"DetailType": "closed", "Source": "day"},
        "DeadLetterConfig": {"Arn": letters},
    }
    give_up = allow(["sqs:SendMessage"], [letters])
    put = allow(["events:PutEvents"], [bus], Condition={"StringEquals": {"events:source": "day"}})

    schedule(at(), target, give_up)
    [letter] = eventually(lambda: received(aws, letters_url))
    assert received(aws, arrivals_url) == []
    attributes = {key: value["StringValue"] for key, value in letter["MessageAttributes"].items()}
    assert (attributes["ERROR_CODE"], attributes["TARGET_ARN"]) == ("AccessDeniedException", bus)
    schedule(at(), target, give_up, put)
    [message] = eventually(lambda: received(aws, arrivals_url))
    event = json.loads(message["Body"])
    assert (event["source"], event["detail-type"], event["detail"]) == ("day", "closed", {"day": 1})


def test_a_rate_begins_at_once_and_a_one_time_schedule_counts_in_its_zone(aws, bench, schedule, eventually):
    url, queue = bench.queue()
    grant = allow(["sqs:SendMessage"], [queue])

    schedule("rate(1 hour)", {"Arn": queue, "Input": "rate"}, grant)
    schedule(at(zone="Asia/Tokyo"), {"Arn": queue, "Input": "zone"}, grant, ScheduleExpressionTimezone="Asia/Tokyo")
    schedule("cron(0 0 1 1 ? 2099)", {"Arn": queue, "Input": "never"}, grant)
    schedule(at(), {"Arn": queue, "Input": "disabled"}, grant, State="DISABLED")

    got = []
    eventually(lambda: got.extend(m["Body"] for m in received(aws, url)) or len(got) == 2)
    assert sorted(got) == ["rate", "zone"]
    deadline = time.time() + 2
    eventually(lambda: time.time() > deadline)
    assert received(aws, url) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5}}, "flexible time window"),
        ({"ScheduleExpression": "cron(* * * * * *)"}, "Invalid Schedule Expression"),
        ({"ScheduleExpressionTimezone": "Mars/Olympus"}, "Invalid ScheduleExpressionTimezone"),
        ({"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage"}}, "is not available on the local AWS"),
        (
            {"Target": {"Arn": "arn:aws:sqs:us-east-1:000000000000:x.fifo"}},
            "SqsParameters is required for the target",
        ),
    ],
)
def test_what_is_not_done_is_refused(aws, bench, change, message):
    target = {"Arn": "arn:aws:sqs:us-east-1:000000000000:x", **change.pop("Target", {})}
    role = bench.role(trust=TRUST_SCHEDULER)
    given = {"ScheduleExpression": at(), "FlexibleTimeWindow": {"Mode": "OFF"}, **change}

    with pytest.raises(ClientError, match=message):
        aws("scheduler").create_schedule(Name=unique("schedule"), Target={**target, "RoleArn": role}, **given)


def test_a_role_that_does_not_trust_the_schedules_group_is_refused(bench, schedule):
    _, queue = bench.queue()
    with pytest.raises(ClientError, match="must allow AWS EventBridge Scheduler to assume the role"):
        schedule(at(), {"Arn": queue}, trust={"Service": "lambda.amazonaws.com"})
