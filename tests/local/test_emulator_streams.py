"""Event source mappings of streams on the local AWS: which records a function gets, and in which order."""

import json
import time

import pytest

from tests.local import streams
from tests.local.streams import Reader, Source

pytestmark = pytest.mark.local

source, stream, reader = streams.source, streams.stream, streams.reader


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


def test_a_mapping_shows_its_defaults_and_what_it_was_given(stream, reader):
    one = reader(stream, MaximumRecordAgeInSeconds=60).described()

    assert one["BatchSize"] == 100
    assert one["MaximumRetryAttempts"] == -1
    assert one["MaximumRecordAgeInSeconds"] == 60
    assert one["BisectBatchOnFunctionError"] is False
    assert one["ParallelizationFactor"] == 1
    assert one["StartingPosition"] == "TRIM_HORIZON"


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
