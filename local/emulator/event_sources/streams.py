"""A stream through the eyes of the role that reads it: Kinesis, or the changes of a DynamoDB table."""

from __future__ import annotations

import base64
import datetime
from dataclasses import dataclass
from typing import Any, Protocol

from ministack.services import dynamodb, kinesis

Record = dict[str, Any]
"""A record in the shape that functions get."""

Positions = dict[str, str | None]
"""The last sequence number read of each shard; None before its first record."""

TABLE_SHARD = "shardId-00000000000000000000-00000000"
_GET_AT_MOST = 1000


@dataclass(frozen=True)
class Page:
    """The next records of a shard, and the iterator behind them; None at the end of a closed one."""

    records: list[Record]
    next: str | None


class Stream(Protocol):
    """What pollers need of a stream."""

    arn: str

    def check(self) -> None:
        """Ask what the service asks before it reads; raises ClientError where the role may not."""

    def shards(self) -> list[str]:
        """The parts whose records are in order."""

    def iterator(self, shard: str, after: str | None) -> str:
        """Where to go on behind the sequence number `after`, or at the oldest record."""

    def page(self, shard: str, iterator: str, limit: int) -> Page:
        """At most `limit` records."""


class KinesisStream:
    """https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html#services-kinesis-event-example"""

    def __init__(self, arn: str, client: Any, role: str) -> None:
        self.arn = arn
        self._region = arn.split(":")[3]
        self._client = client
        self._role = role

    def check(self) -> None:
        self._client.describe_stream(StreamARN=self.arn, Limit=1)
        self._client.describe_stream_summary(StreamARN=self.arn)

    def shards(self) -> list[str]:
        return [shard["ShardId"] for shard in self._client.list_shards(StreamARN=self.arn)["Shards"]]

    def iterator(self, shard: str, after: str | None) -> str:
        where: dict[str, str] = {"ShardIteratorType": "TRIM_HORIZON"}
        if after:
            where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": after}
        return self._client.get_shard_iterator(StreamARN=self.arn, ShardId=shard, **where)["ShardIterator"]

    def page(self, shard: str, iterator: str, limit: int) -> Page:
        got = self._client.get_records(StreamARN=self.arn, ShardIterator=iterator, Limit=limit)
        return Page([self._record(shard, record) for record in got["Records"]], got.get("NextShardIterator"))

    def _record(self, shard: str, record: dict[str, Any]) -> Record:
        return {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": record["PartitionKey"],
                "sequenceNumber": record["SequenceNumber"],
                "data": base64.b64encode(record["Data"]).decode(),
                "approximateArrivalTimestamp": record["ApproximateArrivalTimestamp"].timestamp(),
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{shard}:{record['SequenceNumber']}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": self._role,
            "awsRegion": self._region,
            "eventSourceARN": self.arn,
        }


class TableStream:
    """https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html#events-sample-dynamodb"""

    def __init__(self, arn: str, client: Any) -> None:
        self.arn = arn
        self._client = client
        self._table = arn.split("/")[1]

    def check(self) -> None:
        self._client.list_streams(TableName=self._table)

    def shards(self) -> list[str]:
        described = self._client.describe_stream(StreamArn=self.arn)["StreamDescription"]
        return [shard["ShardId"] for shard in described["Shards"]]

    def iterator(self, shard: str, after: str | None) -> str:
        where: dict[str, str] = {"ShardIteratorType": "TRIM_HORIZON"}
        if after:
            where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": after}
        return self._client.get_shard_iterator(StreamArn=self.arn, ShardId=shard, **where)["ShardIterator"]

    def page(self, shard: str, iterator: str, limit: int) -> Page:
        got = self._client.get_records(ShardIterator=iterator, Limit=min(limit, _GET_AT_MOST))
        return Page([self._record(record) for record in got["Records"]], got.get("NextShardIterator"))

    def _record(self, record: dict[str, Any]) -> Record:
        change = {**record["dynamodb"]}
        change["ApproximateCreationDateTime"] = change["ApproximateCreationDateTime"].timestamp()
        return {**record, "dynamodb": _plain(change), "eventSourceARN": self.arn}


def open_stream(arn: str, client: Any, role: str) -> Stream:
    """The stream behind the ARN; `client` is one of `service_of(arn)`."""
    return KinesisStream(arn, client, role) if is_kinesis(arn) else TableStream(arn, client)


def is_kinesis(arn: str) -> bool:
    """Whether the ARN is of a Kinesis stream, not of a table's."""
    return arn.split(":")[2] == "kinesis"


def service_of(arn: str) -> str:
    """The boto3 client that reads the stream."""
    return "kinesis" if is_kinesis(arn) else "dynamodbstreams"


def sequence_number(record: Record) -> str:
    """The place of a record in its shard."""
    return record["kinesis"]["sequenceNumber"] if "kinesis" in record else record["dynamodb"]["SequenceNumber"]


def arrived(record: Record) -> float:
    """When the record came, in seconds since 1970."""
    if "kinesis" in record:
        return record["kinesis"]["approximateArrivalTimestamp"]
    return record["dynamodb"]["ApproximateCreationDateTime"]


def exists(arn: str) -> bool:
    """Whether there is such a stream."""
    if is_kinesis(arn):
        return bool(_kinesis_stream(arn)["shards"])
    _, _, _, region, account, rest = arn.split(":", 5)
    table = dynamodb._tables.get_scoped(account, region, rest.split("/")[1])
    return bool(table) and table.get("LatestStreamArn") == arn


def mark(arn: str) -> object:
    """What changes when the stream grows: looked up without a call, to know whether one is worth it."""
    if is_kinesis(arn):
        shards = _kinesis_stream(arn)["shards"]
        return [(name, _last(shard["records"], "SequenceNumber")) for name, shard in list(shards.items())]
    _, _, _, region, account, rest = arn.split(":", 5)
    return dynamodb.stream_end_position(rest.split("/")[1], account_id=account, region=region)


def beginning(arn: str, starting_position: str) -> Positions:
    """Where a reader of the stream begins: the place is fixed when it is made, so that nothing sent then is missed."""
    if starting_position != "LATEST":
        return {}
    if is_kinesis(arn):
        shards = _kinesis_stream(arn)["shards"]
        return {name: _last(shard["records"], "SequenceNumber") for name, shard in shards.items()}
    _, _, _, region, account, rest = arn.split(":", 5)
    records = dynamodb.stream_live_records(rest.split("/")[1], account_id=account, region=region)
    return {TABLE_SHARD: _last([record["dynamodb"] for record in records], "SequenceNumber")}


def _last(records: list[dict[str, Any]], name: str) -> str | None:
    return records[-1][name] if records else None


def _kinesis_stream(arn: str) -> dict[str, Any]:
    _, _, _, region, account, rest = arn.split(":", 5)
    stream = kinesis._streams.get_scoped(account, region, rest.removeprefix("stream/"))
    return stream if stream and stream["StreamARN"] == arn else {"shards": {}}


def _plain(value: Any) -> Any:
    """What JSON can hold: binary values are base64 in an event."""
    if isinstance(value, dict):
        return {name: _plain(content) for name, content in value.items()}
    if isinstance(value, (list, set)):
        return [_plain(content) for content in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    return value
