"""Pipes on the local AWS: filter, template and delivery under the pipe's role."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.local.emulation import allow, document, unique

pytestmark = pytest.mark.local

TRUST_PIPES = {"Service": "pipes.amazonaws.com"}
READ_TABLE = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]
READ_STREAM = [
    *("kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator"),
    "kinesis:ListShards",
]
READ_QUEUE = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]

INSERTS = {
    "Filters": [
        {
            "Pattern": json.dumps(
                {"eventName": ["INSERT"], "dynamodb": {"Keys": {"id": {"S": [{"anything-but": ["hidden"]}]}}}}
            )
        }
    ]
}


@pytest.fixture
def table(aws):
    """The name of a table with a stream, and the ARN of the stream."""
    name = unique("events")
    made = aws("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]
    return name, made["LatestStreamArn"]


@pytest.fixture
def stream(aws):
    """The name and ARN of a Kinesis stream."""
    name = unique("stream")
    aws("kinesis").create_stream(StreamName=name, ShardCount=1)
    return name, aws("kinesis").describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]


@pytest.fixture
def bus(aws, bench):
    """The ARN of a bus, and the URL of a queue that gets all its events."""
    name = unique("bus")
    arn = aws("events").create_event_bus(Name=name)["EventBusArn"]
    url, queue = bench.queue()
    rule = aws("events").put_rule(Name=name, EventBusName=name, EventPattern=json.dumps({"account": ["000000000000"]}))
    statement = allow(["sqs:SendMessage"], [queue], Principal={"Service": "events.amazonaws.com"})
    statement["Condition"] = {"ArnEquals": {"aws:SourceArn": rule["RuleArn"]}}
    aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": document(statement)})
    aws("events").put_targets(Rule=name, EventBusName=name, Targets=[{"Id": "queue", "Arn": queue}])
    return arn, url


@pytest.fixture
def pipe(aws, bench):
    """`pipe(source, target, *grants, **settings)` makes a pipe with a role of its own and returns its name."""
    made = []

    def make(source, target, *grants, **more):
        name = unique("pipe")
        role = more.pop("RoleArn", None) or bench.role(*grants, trust=TRUST_PIPES)
        aws("pipes").create_pipe(Name=name, Source=source, Target=target, RoleArn=role, **more)
        made.append(name)
        return name

    yield make
    for name in made:
        aws("pipes").delete_pipe(Name=name)


def bodies(aws, url):
    found = aws("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"]) for message in found]


def put(aws, table, **item):
    aws("dynamodb").put_item(TableName=table, Item={name: {"S": value} for name, value in item.items()})


def from_start(kind="DynamoDBStreamParameters", **more):
    return {kind: {"StartingPosition": "TRIM_HORIZON", **more}}


def test_changes_of_a_table_become_events_through_filter_and_template(aws, table, bus, pipe, eventually):
    name, source = table
    target, url = bus
    pipe(
        source,
        target,
        allow(READ_TABLE, [f"{source.rpartition('/')[0]}/*"]),
        allow(["events:PutEvents"], [target], Condition={"StringEquals": {"events:source": "shop"}}),
        SourceParameters={**from_start(), "FilterCriteria": INSERTS},
        TargetParameters={
            "InputTemplate": '{"id": <$.dynamodb.NewImage.id.S>, "hello": "to <$.dynamodb.NewImage.who.S>!", '
            '"image": <$.dynamodb.NewImage>, "none": <$.dynamodb.OldImage>, "pipe": <aws.pipes.pipe-name>}',
            "EventBridgeEventBusParameters": {
                "DetailType": "$.dynamodb.NewImage.type.S",
                "Source": "shop",
                "Time": "$.dynamodb.NewImage.time.S",
                "Resources": ["$.eventSourceARN"],
            },
        },
    )

    put(aws, name, id="hidden", type="secret", time="2026-01-01T00:00:00Z", who="nobody")
    put(aws, name, id="1", type="sold", time="2026-01-02T03:04:05Z", who="you", payload='{"price": 7}')
    put(aws, name, id="1", type="changed", time="2026-01-02T03:04:05Z", who="you")

    [event] = eventually(lambda: bodies(aws, url))
    assert (event["source"], event["detail-type"], event["time"]) == ("shop", "sold", "2026-01-02T03:04:05Z")
    assert event["resources"] == [source]
    assert event["detail"]["id"] == "1"
    assert event["detail"]["hello"] == "to you!"
    assert event["detail"]["image"]["payload"] == {"S": '{"price": 7}'}
    assert event["detail"]["pipe"].startswith("pipe-")
    assert "none" not in event["detail"]
    assert bodies(aws, url) == []


def test_records_of_a_stream_reach_a_fifo_queue_in_order(aws, bench, stream, pipe, eventually):
    name, source = stream
    url, queue = fifo(aws)
    pipe(
        source,
        queue,
        allow(READ_STREAM, [source]),
        allow(["sqs:SendMessage"], [queue]),
        SourceParameters=from_start("KinesisStreamParameters"),
        TargetParameters={
            "InputTemplate": '{"number": <$.data.number>, "key": <$.partitionKey>}',
            "SqsQueueParameters": {"MessageGroupId": "$.partitionKey", "MessageDeduplicationId": "$.sequenceNumber"},
        },
    )

    for number in range(3):
        aws("kinesis").put_record(StreamName=name, Data=json.dumps({"number": number}), PartitionKey="k")

    got = []
    eventually(lambda: got.extend(bodies(aws, url)) or len(got) == 3)
    assert got == [{"number": number, "key": "k"} for number in range(3)]


def test_messages_of_a_queue_reach_a_stream_and_are_deleted(aws, bench, stream, pipe, eventually):
    name, target = stream
    url, source = bench.queue(VisibilityTimeout="1")
    wanted = {"Filters": [{"Pattern": json.dumps({"body": {"kind": ["wanted"]}})}]}
    pipe(
        source,
        target,
        allow(READ_QUEUE, [source]),
        allow(["kinesis:PutRecord"], [target]),
        SourceParameters={"SqsQueueParameters": {"BatchSize": 10}, "FilterCriteria": wanted},
        TargetParameters={
            "InputTemplate": '{"said": <$.body.text>}',
            "KinesisStreamParameters": {"PartitionKey": "$.body.kind"},
        },
    )

    for kind in ("other", "wanted"):
        aws("sqs").send_message(QueueUrl=url, MessageBody=json.dumps({"kind": kind, "text": f"I am {kind}"}))

    [record] = eventually(lambda: records(aws, name))
    assert json.loads(record["Data"]) == {"said": "I am wanted"}
    assert record["PartitionKey"] == "wanted"
    eventually(lambda: depth(aws, url) == 0)


def test_a_function_gets_a_batch_as_an_array_and_may_report_failures(aws, bench, stream, pipe, eventually):
    name, source = stream
    letters_url, letters = bench.queue()
    code = """
    def handler(event, context):
        assert isinstance(event, list)
        return {"batchItemFailures": [{"itemIdentifier": r["sequenceNumber"]} for r in event if r["data"] == "YmFk"]}
    """
    function = bench.function(code, bench.role())
    arn = aws("lambda").get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    aws("kinesis").put_record(StreamName=name, Data=b"good", PartitionKey="k")
    aws("kinesis").put_record(StreamName=name, Data=b"bad", PartitionKey="k")
    made = pipe(
        source,
        arn,
        allow(READ_STREAM, [source]),
        allow(["lambda:InvokeFunction"], [arn]),
        allow(["sqs:SendMessage"], [letters]),
        SourceParameters=from_start(
            "KinesisStreamParameters", MaximumRetryAttempts=1, DeadLetterConfig={"Arn": letters}
        ),
    )

    [letter] = eventually(lambda: bodies(aws, letters_url))
    pipe_arn = aws("pipes").describe_pipe(Name=made)["Arn"]
    assert letter["context"] == {"partnerResourceArn": pipe_arn, "condition": "RetryAttemptsExhausted"}
    assert letter["KinesisBatchInfo"]["batchSize"] == 1


def test_a_machine_is_started_with_the_batch(aws, bench, stream, pipe, eventually):
    name, source = stream
    definition = {"StartAt": "Pass", "States": {"Pass": {"Type": "Pass", "End": True}}}
    trust = {"Service": "states.amazonaws.com"}
    machine = aws("stepfunctions").create_state_machine(
        name=unique("machine"), definition=json.dumps(definition), roleArn=bench.role(trust=trust)
    )["stateMachineArn"]
    pipe(
        source,
        machine,
        allow(READ_STREAM, [source]),
        allow(["states:StartExecution"], [machine]),
        SourceParameters=from_start("KinesisStreamParameters"),
        TargetParameters={
            "InputTemplate": '{"key": <$.partitionKey>}',
            "StepFunctionStateMachineParameters": {"InvocationType": "FIRE_AND_FORGET"},
        },
    )
    aws("kinesis").put_record(StreamName=name, Data=b"x", PartitionKey="k")

    [execution] = eventually(lambda: aws("stepfunctions").list_executions(stateMachineArn=machine)["executions"])
    described = aws("stepfunctions").describe_execution(executionArn=execution["executionArn"])
    assert json.loads(described["input"]) == [{"key": "k"}]


def test_what_the_role_may_not_do_is_not_done(aws, bench, table, pipe, eventually):
    name, source = table
    url, queue = bench.queue()
    letters_url, letters = bench.queue()
    read = allow(READ_TABLE, [f"{source.rpartition('/')[0]}/*"])
    role = bench.role(read, allow(["sqs:SendMessage"], [letters]), trust=TRUST_PIPES)
    put(aws, name, id="lost")
    pipe(
        source,
        queue,
        RoleArn=role,
        SourceParameters=from_start(MaximumRetryAttempts=0, DeadLetterConfig={"Arn": letters}),
    )

    [letter] = eventually(lambda: bodies(aws, letters_url))
    assert letter["DDBStreamBatchInfo"]["batchSize"] == 1
    bench.grant(role, read, allow(["sqs:SendMessage"], [queue]))
    put(aws, name, id="sent")
    [change] = eventually(lambda: bodies(aws, url))
    assert change["dynamodb"]["NewImage"] == {"id": {"S": "sent"}}


def test_nothing_is_read_without_the_right_to_read(aws, bench, stream, pipe, eventually):
    name, source = stream
    url, queue = bench.queue()
    send = allow(["sqs:SendMessage"], [queue])
    role = bench.role(send, trust=TRUST_PIPES)
    pipe(source, queue, RoleArn=role, SourceParameters=from_start("KinesisStreamParameters"))
    aws("kinesis").put_record(StreamName=name, Data=b"x", PartitionKey="k")

    assert bodies(aws, url) == []
    bench.grant(role, send, allow(READ_STREAM, [source]))
    assert eventually(lambda: bodies(aws, url))[0]["partitionKey"] == "k"


def test_a_stopped_pipe_keeps_its_place(aws, bench, table, pipe, eventually):
    name, source = table
    url, queue = bench.queue()
    grants = allow(READ_TABLE, [f"{source.rpartition('/')[0]}/*"]), allow(["sqs:SendMessage"], [queue])
    one = pipe(source, queue, *grants, SourceParameters={"DynamoDBStreamParameters": {"StartingPosition": "LATEST"}})
    put(aws, name, id="a")
    eventually(lambda: bodies(aws, url))

    assert aws("pipes").stop_pipe(Name=one)["CurrentState"] in ("STOPPING", "STOPPED")
    put(aws, name, id="b")
    other_url, other = bench.queue()
    send = allow(["sqs:SendMessage"], [other])
    pipe(source, other, grants[0], send, SourceParameters=from_start())
    eventually(lambda: bodies(aws, other_url))
    assert bodies(aws, url) == []
    aws("pipes").start_pipe(Name=one)

    assert eventually(lambda: bodies(aws, url))[0]["dynamodb"]["Keys"] == {"id": {"S": "b"}}


def test_a_pipe_gives_all_its_settings_back_and_an_update_replaces_what_it_names(aws, bench, table, bus, pipe):
    _, source = table
    target, _ = bus
    first = {"InputTemplate": '{"a": 1}', "EventBridgeEventBusParameters": {"Source": "shop", "DetailType": "x"}}
    parameters = {**from_start(BatchSize=5, MaximumRetryAttempts=3), "FilterCriteria": INSERTS}
    one = pipe(source, target, SourceParameters=parameters, TargetParameters=first, DesiredState="STOPPED")
    described = aws("pipes").describe_pipe(Name=one)
    assert (described["SourceParameters"], described["TargetParameters"]) == (parameters, first)

    aws("pipes").update_pipe(
        Name=one,
        RoleArn=described["RoleArn"],
        SourceParameters={"DynamoDBStreamParameters": {"BatchSize": 9}},
        TargetParameters={"EventBridgeEventBusParameters": {"Source": "store"}},
    )

    described = aws("pipes").describe_pipe(Name=one)
    assert described["SourceParameters"] == {**from_start(BatchSize=9), "FilterCriteria": INSERTS}
    assert described["TargetParameters"] == {
        "InputTemplate": '{"a": 1}',
        "EventBridgeEventBusParameters": {"Source": "store"},
    }


def test_text_with_a_quote_in_it_makes_no_json_of_a_template(aws, bench, table, pipe, eventually):
    """AWS escapes nothing; an object that holds the text is the way."""
    name, source = table
    url, queue = bench.queue()
    letters_url, letters = bench.queue()
    put(aws, name, id="1", payload='{"a": 1}')
    pipe(
        source,
        queue,
        allow(READ_TABLE, [f"{source.rpartition('/')[0]}/*"]),
        allow(["sqs:SendMessage"], [queue, letters]),
        SourceParameters=from_start(MaximumRetryAttempts=0, DeadLetterConfig={"Arn": letters}),
        TargetParameters={"InputTemplate": '{"payload": <$.dynamodb.NewImage.payload.S>}'},
    )

    eventually(lambda: bodies(aws, letters_url))
    assert bodies(aws, url) == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"Enrichment": "arn:aws:lambda:us-east-1:000000000000:function:f"}, "Enrichment of a pipe is not available"),
        ({"Target": "arn:aws:firehose:us-east-1:000000000000:deliverystream/x"}, "is not available on the local AWS"),
        ({"TargetParameters": {"HttpParameters": {}}}, "HttpParameters don't fit the target"),
        ({"TargetParameters": {"InputTemplate": '{"a": <$.b[*]>}'}}, r"\$\.b\[\*\] is no path that pipes take"),
        ({"SourceParameters": {}}, "StartingPosition must be LATEST or TRIM_HORIZON"),
        ({"LogConfiguration": {"Level": "ERROR"}}, "LogConfiguration of a pipe is not available"),
    ],
)
def test_what_is_not_done_is_refused(aws, bench, table, settings, message):
    _, queue = bench.queue()
    given = {"Target": queue, "SourceParameters": from_start(), **settings}

    with pytest.raises(ClientError, match=message):
        aws("pipes").create_pipe(Name=unique("pipe"), Source=table[1], RoleArn=bench.role(trust=TRUST_PIPES), **given)


@pytest.mark.parametrize("trust", [{"Service": "lambda.amazonaws.com"}, {"Service": "events.amazonaws.com"}])
def test_a_role_that_pipes_may_not_assume_is_refused(aws, bench, table, trust):
    _, queue = bench.queue()
    with pytest.raises(ClientError, match=r"does not let pipes\.amazonaws\.com assume it"):
        aws("pipes").create_pipe(
            Name=unique("pipe"),
            Source=table[1],
            Target=queue,
            RoleArn=bench.role(trust=trust),
            SourceParameters=from_start(),
        )


def fifo(aws):
    """The URL and ARN of a FIFO queue."""
    attributes = {"FifoQueue": "true"}
    url = aws("sqs").create_queue(QueueName=f"{unique('queue')}.fifo", Attributes=attributes)["QueueUrl"]
    return url, aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def records(aws, stream):
    [shard] = aws("kinesis").list_shards(StreamName=stream)["Shards"]
    iterator = aws("kinesis").get_shard_iterator(
        StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    return aws("kinesis").get_records(ShardIterator=iterator)["Records"]


def depth(aws, url):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counts = aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(count) for count in counts.values())
