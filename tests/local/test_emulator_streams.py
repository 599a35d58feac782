"""Event source mappings of streams on the local AWS: under the function's role, with what they do about failures."""

import json
import time

import pytest
from botocore.exceptions import ClientError

from tests.local.emulation import allow, document, logs, unique

pytestmark = pytest.mark.local

READ = {
    "kinesis": ["DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards"],
    "dynamodb": ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"],
}

WORK = """
import base64
import json
import os

def handler(event, context):
    records = [(value(record), number(record)) for record in event["Records"]]
    print("batch", json.dumps([name for name, _ in records]))
    if any(name.startswith("raise") for name, _ in records):
        raise ValueError("raised")
    if any(name.startswith("malformed") for name, _ in records):
        return {"batchItemFailures": [{"itemIdentifier": "of another batch"}]}
    return {"batchItemFailures": [{"itemIdentifier": n} for name, n in records if name.startswith("bad")]}

def value(record):
    if "kinesis" in record:
        return base64.b64decode(record["kinesis"]["data"]).decode()
    return record["dynamodb"]["NewImage"]["name"]["S"]

def number(record):
    return record["kinesis"]["sequenceNumber"] if "kinesis" in record else record["dynamodb"]["SequenceNumber"]
"""


class Source:
    """A Kinesis stream of one shard, or a table with a stream, whose records are names."""

    def __init__(self, aws, kind, shards=1):
        self.aws, self.kind, self.name = aws, kind, unique(kind)
        if kind == "kinesis":
            aws("kinesis").create_stream(StreamName=self.name, ShardCount=shards)
            self.arn = aws("kinesis").describe_stream_summary(StreamName=self.name)["StreamDescriptionSummary"][
                "StreamARN"
            ]
            self.readable = self.arn
            return
        table = aws("dynamodb").create_table(
            TableName=self.name,
            KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )["TableDescription"]
        self.arn = table["LatestStreamArn"]
        self.readable = f"{table['TableArn']}/stream/*"

    def put(self, *names, key="one"):
        if self.kind == "kinesis":
            records = [{"Data": name.encode(), "PartitionKey": key} for name in names]
            self.aws("kinesis").put_records(StreamName=self.name, Records=records)
            return
        for name in names:
            self.aws("dynamodb").put_item(TableName=self.name, Item={"name": {"S": name}})

    def delete(self):
        if self.kind == "kinesis":
            self.aws("kinesis").delete_stream(StreamName=self.name)
        else:
            self.aws("dynamodb").delete_table(TableName=self.name)

    def read(self, *but):
        """The statement that lets a role read it, without the actions `but`."""
        return allow([f"{self.kind}:{action}" for action in READ[self.kind] if action not in but], [self.readable])


class Reader:
    """A function that reads a source through a mapping, and logs the batches that it gets."""

    def __init__(self, aws, bench, source, code=WORK, grants=(), **mapping):
        self.aws, self.bench, self.source = aws, bench, source
        self.group = unique("/reader")
        aws("logs").create_log_group(logGroupName=self.group)
        self.role = bench.role(logs(self.group), source.read(), *grants)
        self.function = bench.function(code, self.role, LoggingConfig={"LogGroup": self.group})
        self.mapping = aws("lambda").create_event_source_mapping(
            EventSourceArn=source.arn,
            FunctionName=self.function,
            **{"StartingPosition": "TRIM_HORIZON", "FunctionResponseTypes": ["ReportBatchItemFailures"], **mapping},
        )["UUID"]

    def batches(self):
        lines = self.bench.log_lines(self.group)
        return [json.loads(line.removeprefix("batch ")) for line in lines if line.startswith("batch ")]

    def seen(self):
        return [name for batch in self.batches() for name in batch]

    def described(self):
        return self.aws("lambda").get_event_source_mapping(UUID=self.mapping)

    def update(self, **changes):
        self.aws("lambda").update_event_source_mapping(UUID=self.mapping, **changes)


@pytest.fixture(params=["kinesis", "dynamodb"])
def source(aws, request):
    return Source(aws, request.param)


@pytest.fixture
def stream(aws):
    return Source(aws, "kinesis")


@pytest.fixture
def reader(aws, bench):
    made = []

    def make(source, **options):
        made.append(Reader(aws, bench, source, **options))
        return made[-1]

    yield make
    for each in made:
        aws("lambda").delete_event_source_mapping(UUID=each.mapping)


def let_in(aws, url, queue, service, source_arn):
    """Let a service send to the queue in the name of `source_arn`."""
    condition = {"ArnEquals": {"aws:SourceArn": source_arn}}
    statement = {**allow(["sqs:SendMessage"], [queue]), "Principal": {"Service": service}, "Condition": condition}
    aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": document(statement)})


def messages(aws, url):
    found = aws("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"]) for message in found]


def test_records_come_in_order_from_the_oldest_on(source, reader, eventually):
    source.put("a", "b")
    one = reader(source)
    source.put("c")

    eventually(lambda: one.seen() == ["a", "b", "c"])
    eventually(lambda: one.described()["LastProcessingResult"] == "OK")


def test_a_mapping_from_the_latest_record_on_begins_where_it_was_made(source, reader, eventually):
    source.put("before")
    one = reader(source, StartingPosition="LATEST")
    source.put("after")

    eventually(lambda: one.seen() == ["after"])


def test_reading_goes_on_at_the_lowest_reported_record_until_it_is_given_up(aws, bench, source, reader, eventually):
    url, queue = bench.queue()
    source.put("a", "b", "bad", "c")
    one = reader(
        source,
        grants=[allow(["sqs:SendMessage"], [queue])],
        MaximumRetryAttempts=2,
        DestinationConfig={"OnFailure": {"Destination": queue}},
    )

    told = eventually(lambda: messages(aws, url))[0]
    assert one.batches() == [["a", "b", "bad", "c"], ["bad", "c"], ["bad", "c"]]
    source.put("d")
    eventually(lambda: one.seen()[-1] == "d")
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert told["requestContext"]["approximateInvokeCount"] == 3
    assert told["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}
    batch = told["KinesisBatchInfo" if source.kind == "kinesis" else "DDBStreamBatchInfo"]
    assert (batch["batchSize"], batch["streamArn"]) == (2, source.arn)
    assert batch["startSequenceNumber"] < batch["endSequenceNumber"]
    assert set(batch) == {
        *("shardId", "startSequenceNumber", "endSequenceNumber", "approximateArrivalOfFirstRecord"),
        *("approximateArrivalOfLastRecord", "batchSize", "streamArn"),
    }


@pytest.fixture
def topic_queue(aws, bench):
    """A topic, and the URL of a queue that gets its messages."""
    topic = aws("sns").create_topic(Name=unique("topic"))["TopicArn"]
    url, queue = bench.queue()
    let_in(aws, url, queue, "sns.amazonaws.com", topic)
    aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    return topic, url


@pytest.mark.parametrize("trouble", ["raise", "malformed"])
def test_splitting_a_failed_batch_isolates_the_record_that_fails(stream, reader, topic_queue, eventually, trouble):
    topic, url = topic_queue
    stream.put("a", "b", trouble, "c")
    one = reader(
        stream,
        grants=[allow(["sns:Publish"], [topic])],
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": topic}},
    )

    assert eventually(lambda: messages(stream.aws, url))[0]["KinesisBatchInfo"]["batchSize"] == 1
    eventually(lambda: one.seen()[-1] == "c")
    assert one.batches() == [["a", "b", trouble, "c"], ["a", "b"], [trouble, "c"], [trouble], ["c"]]


def test_what_is_given_up_without_the_right_to_send_it_shows_in_the_mapping(bench, stream, reader, eventually):
    _, queue = bench.queue()
    stream.put("raise")
    one = reader(stream, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": queue}})

    eventually(lambda: "sqs:SendMessage" in one.described()["LastProcessingResult"])


def test_a_record_that_blocks_its_shard_for_ever_blocks_no_other_shard(aws, reader, eventually):
    wide = Source(aws, "kinesis", shards=2)
    shards = aws("kinesis").list_shards(StreamName=wide.name)["Shards"]
    first, second = (shard["HashKeyRange"]["StartingHashKey"] for shard in shards)
    put = aws("kinesis").put_record
    put(StreamName=wide.name, Data=b"raise", PartitionKey="x", ExplicitHashKey=first)
    one = reader(wide)
    eventually(lambda: one.seen().count("raise") > 1)

    put(StreamName=wide.name, Data=b"fine", PartitionKey="x", ExplicitHashKey=second)

    eventually(lambda: "fine" in one.seen())


def test_a_disabled_mapping_keeps_its_place(source, reader, eventually):
    one = reader(source, StartingPosition="LATEST")
    source.put("a")
    eventually(lambda: one.seen() == ["a"])

    one.update(Enabled=False)
    assert one.described()["State"] == "Disabled"
    source.put("b", "c")
    quiet = Reader(one.aws, one.bench, source)
    eventually(lambda: quiet.seen() == ["a", "b", "c"])
    assert one.seen() == ["a"]
    one.update(Enabled=True)

    eventually(lambda: one.seen() == ["a", "b", "c"])


def test_a_mapping_that_is_disabled_amid_a_batch_reads_its_rest_again(stream, reader, eventually):
    stream.put("a", "bad", "b")
    one = reader(stream)
    eventually(lambda: len(one.batches()) > 2)

    one.update(Enabled=False)
    one.update(Enabled=True, FunctionResponseTypes=[])

    eventually(lambda: one.described()["LastProcessingResult"] == "OK")
    assert one.seen().count("a") == 1
    assert one.batches()[-1] == ["bad", "b"]


def test_records_that_no_filter_wants_are_passed_by(stream, reader, eventually):
    wanted = {"Filters": [{"Pattern": json.dumps({"partitionKey": ["wanted"]})}]}
    one = reader(stream, FilterCriteria=wanted)

    stream.put("a", key="other")
    stream.put("b", key="wanted")

    eventually(lambda: one.seen() == ["b"])


def test_a_batching_window_fills_the_batch(stream, reader, eventually):
    one = reader(stream, MaximumBatchingWindowInSeconds=2, BatchSize=20)
    for number in range(20):
        stream.put(f"{number:02}")

    eventually(lambda: len(one.seen()) == 20)
    assert len(one.batches()) <= 2


def test_batches_of_one_shard_run_side_by_side_in_order_for_each_key(stream, reader, eventually):
    code = """
    import base64
    import json
    import time
    def handler(event, context):
        print("from", time.time())
        time.sleep(0.2)
        keys = [record["kinesis"]["partitionKey"] for record in event["Records"]]
        values = [base64.b64decode(record["kinesis"]["data"]).decode() for record in event["Records"]]
        print("batch", json.dumps(list(zip(keys, values))))
        print("until", time.time())
    """
    for number in range(3):
        for key in "abcdefgh":
            stream.put(str(number), key=key)
    one = reader(stream, code=code, ParallelizationFactor=4)

    eventually(lambda: len(one.seen()) == 24)
    for key in "abcdefgh":
        assert [value for name, value in one.seen() if name == key] == ["0", "1", "2"]
    lines = [line.split() for line in one.bench.log_lines(one.group) if line.startswith(("from", "until"))]
    moments = sorted((float(moment), 1 if kind == "from" else -1) for kind, moment in lines)
    assert max(sum(change for _, change in moments[: n + 1]) for n in range(len(moments))) > 1


@pytest.mark.parametrize(("kind", "missing"), [(kind, action) for kind, actions in READ.items() for action in actions])
def test_a_mapping_is_refused_when_its_role_may_not_read(aws, bench, kind, missing):
    source = Source(aws, kind)
    function = bench.function(WORK, bench.role(source.read(missing)))

    with pytest.raises(ClientError, match=f"Cannot access stream {source.arn}") as error:
        aws("lambda").create_event_source_mapping(
            EventSourceArn=source.arn, FunctionName=function, StartingPosition="LATEST"
        )
    assert error.value.response["Error"]["Code"] == "InvalidParameterValueException"


@pytest.mark.parametrize(("kind", "missing"), [(kind, action) for kind, actions in READ.items() for action in actions])
def test_a_right_that_is_lost_later_shows_in_the_mapping_and_stops_it(aws, reader, eventually, kind, missing):
    source = Source(aws, kind)
    one = reader(source)
    one.update(Enabled=False)
    one.bench.grant(one.role, logs(one.group), source.read(missing))
    one.update(Enabled=True)
    source.put("a")

    eventually(lambda: f"{kind}:{missing}" in one.described()["LastProcessingResult"])
    assert one.seen() == []
    one.bench.grant(one.role, logs(one.group), source.read())
    eventually(lambda: one.seen() == ["a"])


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"TumblingWindowInSeconds": 30}, "TumblingWindowInSeconds of a stream's mapping is not available"),
        ({"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": 0}, "AT_TIMESTAMP is not available"),
        ({"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:s3:::bucket"}}}, "sends to standard queues"),
    ],
)
def test_what_the_local_aws_lacks_is_refused(aws, bench, stream, setting, message):
    function = bench.function(WORK, bench.role(stream.read()))

    with pytest.raises(ClientError, match=message):
        aws("lambda").create_event_source_mapping(
            EventSourceArn=stream.arn, FunctionName=function, **{"StartingPosition": "LATEST", **setting}
        )


def test_a_mapping_shows_its_defaults_and_what_it_was_given(stream, reader):
    one = reader(stream, MaximumRecordAgeInSeconds=60).described()

    assert one["BatchSize"] == 100
    assert one["MaximumRetryAttempts"] == -1
    assert one["MaximumRecordAgeInSeconds"] == 60
    assert one["BisectBatchOnFunctionError"] is False
    assert one["ParallelizationFactor"] == 1
    assert one["StartingPosition"] == "TRIM_HORIZON"


def test_a_source_that_is_deleted_is_a_problem_of_its_mapping_alone(aws, source, reader, eventually):
    one, other = reader(source), Source(aws, "kinesis")
    two = reader(other)
    source.put("a")
    eventually(lambda: one.seen() == ["a"])

    source.delete()
    one.update(Enabled=False)
    one.update(Enabled=True)

    if source.kind == "kinesis":  # the stream of a deleted table can be read for another day
        eventually(lambda: "PROBLEM" in one.described()["LastProcessingResult"])
    other.put("b")
    eventually(lambda: two.seen() == ["b"])


def test_a_record_has_the_shape_that_lambda_gives(aws, reader, eventually):
    code = """
    import json
    def handler(event, context):
        print("batch", json.dumps(event["Records"]))
    """
    stream, table = Source(aws, "kinesis"), Source(aws, "dynamodb")
    readers = reader(stream, code=code), reader(table, code=code)
    stream.put("a")
    table.put("a")

    from_stream, from_table = (eventually(one.seen)[0] for one in readers)
    assert set(from_stream) == {
        *("kinesis", "eventSource", "eventVersion", "eventID", "eventName", "invokeIdentityArn", "awsRegion"),
        "eventSourceARN",
    }
    assert set(from_stream["kinesis"]) == {
        *("kinesisSchemaVersion", "partitionKey", "sequenceNumber", "data", "approximateArrivalTimestamp"),
    }
    assert from_stream["invokeIdentityArn"] == readers[0].role
    assert abs(from_stream["kinesis"]["approximateArrivalTimestamp"] - time.time()) < 60
    assert set(from_table) == {
        *("eventID", "eventName", "eventVersion", "eventSource", "awsRegion", "dynamodb", "eventSourceARN"),
    }
    assert from_table["dynamodb"]["NewImage"] == {"name": {"S": "a"}}
    assert from_table["eventSourceARN"] == table.arn
