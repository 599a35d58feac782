"""Rules of event buses on the local AWS reach a target only where they are let in."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.local.emulation import TRUST_ROOT, allow, document, unique

pytestmark = pytest.mark.local

TRUST_EVENTS = {"Service": "events.amazonaws.com"}


class Rule:
    """A bus and a rule that takes all its events."""

    def __init__(self, aws):
        self.aws, self.name = aws, unique("rule")
        self.bus = aws("events").create_event_bus(Name=self.name)["EventBusArn"]
        pattern = json.dumps({"source": ["shop"]})
        rule = aws("events").put_rule(Name=self.name, EventBusName=self.name, EventPattern=pattern)
        self.arn = rule["RuleArn"]

    def to(self, arn, **more):
        target = {"Id": "target", "Arn": arn, **more}
        self.aws("events").put_targets(Rule=self.name, EventBusName=self.name, Targets=[target])

    def put(self, **more):
        entry = {"EventBusName": self.name, "Source": "shop", "DetailType": "sold", "Detail": '{"a": 1}', **more}
        return self.aws("events").put_events(Entries=[entry])


@pytest.fixture
def rule(aws):
    return Rule(aws)


@pytest.fixture
def let_in(aws):
    """`let_in(url, arn, rule_arn)`: the queue takes what the rule sends."""

    def let(url, queue, source_arn):
        condition = {"ArnEquals": {"aws:SourceArn": source_arn}}
        statement = allow(["sqs:SendMessage"], [queue], Principal=TRUST_EVENTS, Condition=condition)
        aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": document(statement)})

    return let


def received(aws, url):
    call = {"QueueUrl": url, "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"]}
    return aws("sqs").receive_message(**call).get("Messages", [])


def test_a_queue_gets_events_only_from_the_rule_that_its_policy_names(aws, bench, rule, let_in, eventually):
    url, queue = bench.queue()
    letters_url, letters = bench.queue()
    let_in(letters_url, letters, rule.arn)
    rule.to(queue, DeadLetterConfig={"Arn": letters})

    let_in(url, queue, f"{rule.arn}-other")
    rule.put()
    [letter] = eventually(lambda: received(aws, letters_url))
    assert received(aws, url) == []
    assert json.loads(letter["Body"])["detail"] == {"a": 1}
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert (attributes["ERROR_CODE"], attributes["RULE_ARN"]) == ("NO_PERMISSIONS", rule.arn)
    assert attributes["TARGET_ARN"] == queue

    let_in(url, queue, rule.arn)
    rule.put()
    [message] = eventually(lambda: received(aws, url))
    assert json.loads(message["Body"])["detail-type"] == "sold"


def test_a_machine_is_started_under_the_targets_role(aws, bench, rule, let_in, eventually):
    definition = json.dumps({"StartAt": "Pass", "States": {"Pass": {"Type": "Pass", "End": True}}})
    trust = {"Service": "states.amazonaws.com"}
    machine = aws("stepfunctions").create_state_machine(
        name=unique("machine"), definition=definition, roleArn=bench.role(trust=trust)
    )["stateMachineArn"]
    letters_url, letters = bench.queue()
    let_in(letters_url, letters, rule.arn)
    role = bench.role(trust=TRUST_EVENTS)
    rule.to(machine, RoleArn=role, DeadLetterConfig={"Arn": letters})

    rule.put()
    assert eventually(lambda: received(aws, letters_url))
    assert aws("stepfunctions").list_executions(stateMachineArn=machine)["executions"] == []
    bench.grant(role, allow(["states:StartExecution"], [machine]))
    rule.put()
    assert eventually(lambda: aws("stepfunctions").list_executions(stateMachineArn=machine)["executions"])


def test_a_stream_gets_events_under_the_targets_role_by_the_key_that_they_hold(aws, bench, rule, let_in, eventually):
    kinesis, name = aws("kinesis"), unique("stream")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    stream = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    letters_url, letters = bench.queue()
    let_in(letters_url, letters, rule.arn)
    role = bench.role(trust=TRUST_EVENTS)
    transformer = {"InputPathsMap": {"all": "$.detail", "id": "$.id"}, "InputTemplate": '{"id": <id>, "all": <all>}'}
    target = {"RoleArn": role, "DeadLetterConfig": {"Arn": letters}, "InputTransformer": transformer}
    rule.to(stream, **target, KinesisParameters={"PartitionKeyPath": "$.detail.a"})

    def records():
        iterator = kinesis.get_shard_iterator(
            StreamName=name, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        return kinesis.get_records(ShardIterator=iterator)["Records"]

    rule.put()
    [letter] = eventually(lambda: received(aws, letters_url))
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    assert records() == []
    bench.grant(role, allow(["kinesis:PutRecord"], [stream]))
    rule.put(Detail='{"a": "key \\"1\\""}')
    [record] = eventually(records)
    assert record["PartitionKey"] == 'key "1"'
    sent = json.loads(record["Data"])
    assert sent["all"] == {"a": 'key "1"'}
    rule.to(stream, **target)
    rule.put()
    assert eventually(lambda: records()[1:])[0]["PartitionKey"] == json.loads(records()[1]["Data"])["id"]


def test_another_bus_gets_events_under_the_targets_role(aws, bench, rule, let_in, eventually):
    other = Rule(aws)
    url, queue = bench.queue()
    let_in(url, queue, other.arn)
    other.to(queue)
    role = bench.role(trust=TRUST_EVENTS)
    rule.to(other.bus, RoleArn=role)

    rule.put()
    assert received(aws, url) == []
    bench.grant(role, allow(["events:PutEvents"], [other.bus]))
    rule.put()
    assert eventually(lambda: received(aws, url))


@pytest.mark.parametrize(
    ("arn", "message"),
    [
        ("arn:aws:firehose:us-east-1:000000000000:deliverystream/x", "firehose is not available as a target"),
        ("arn:aws:kinesis:us-east-1:000000000000:stream/x", "RoleArn is required"),
        ("arn:aws:events:us-east-1:000000000000:api-destination/x/1", "API destinations are not available"),
        ("arn:aws:states:us-east-1:000000000000:stateMachine:x", "RoleArn is required"),
        ("arn:aws:sqs:us-east-1:000000000000:x.fifo", "SqsParameters must be specified"),
    ],
)
def test_a_target_that_could_not_be_reached_is_refused(rule, arn, message):
    with pytest.raises(ClientError, match=message):
        rule.to(arn)


def test_a_role_that_eventbridge_may_not_assume_is_refused(bench, rule):
    with pytest.raises(ClientError, match=r"cannot be assumed by principal 'events\.amazonaws\.com'"):
        rule.to(Rule(rule.aws).bus, RoleArn=bench.role())


def test_putting_events_is_judged_by_their_source(bench, rule, as_role):
    condition = {"StringEquals": {"events:source": "shop"}}
    role = bench.role(allow(["events:PutEvents"], [rule.bus], Condition=condition), trust=TRUST_ROOT)
    entry = {"EventBusName": rule.name, "DetailType": "sold", "Detail": "{}"}
    client = as_role(role)("events")

    assert client.put_events(Entries=[{**entry, "Source": "shop"}])["FailedEntryCount"] == 0
    for sources in (["bank"], ["shop", "bank"]):
        with pytest.raises(ClientError, match="events:PutEvents"):
            client.put_events(Entries=[{**entry, "Source": source} for source in sources])


def test_an_event_keeps_the_time_that_it_was_given(aws, bench, rule, let_in, eventually):
    url, queue = bench.queue()
    let_in(url, queue, rule.arn)
    rule.to(queue)

    rule.put(Time="2026-01-02T03:04:05Z")

    [message] = eventually(lambda: received(aws, url))
    assert json.loads(message["Body"])["time"] == "2026-01-02T03:04:05Z"


def test_an_event_whose_detail_is_no_object_is_not_taken_and_the_others_are(rule):
    details = ['{"a": 1}', "[1]", '"text"', "{", "{}"]
    entry = {"EventBusName": rule.name, "Source": "shop", "DetailType": "sold"}

    answer = rule.aws("events").put_events(Entries=[{**entry, "Detail": detail} for detail in details])

    assert answer["FailedEntryCount"] == 3
    codes = [one.get("ErrorCode") for one in answer["Entries"]]
    assert codes == [None, "MalformedDetail", "MalformedDetail", "MalformedDetail", None]
