"""Event source mappings of streams that fail: what is tried again, given up, or refused, and under whose rights."""

import pytest
from botocore.exceptions import ClientError

from tests.local import streams
from tests.local.emulation import allow, logs, unique
from tests.local.streams import READ, WORK, Source, let_in, messages

pytestmark = pytest.mark.local

source, stream, reader = streams.source, streams.stream, streams.reader


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
    one = reader(source, Enabled=False)  # else a look by the old rights may still go on
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
