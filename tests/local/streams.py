"""Sources of records for contract tests, and functions that read them through mappings."""

import json

import pytest

from tests.local.emulation import allow, document, logs, unique

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
