"""Records of the log as Lambda hands them over: a Kinesis stream or an SQS FIFO queue, which differ here alone.

https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KINESIS, QUEUE = "aws:kinesis", "aws:sqs"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One record."""

    body: bytes
    identifier: str
    """What a partial batch response names it by."""

    position: Mapping[str, str]
    """Where in the log it stood, for whoever looks for it there."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What one invocation brings, in the log's order."""

    entries: list[Entry]
    resumes_at_failure: bool
    """Whether all from the first failure on comes again: so in a shard. A queue brings back what is named alone."""


def read(event: Mapping[str, Any]) -> Batch:
    """The records of an invocation; raises ValueError when it comes from elsewhere."""
    sources = {record.get("eventSource") for record in event["Records"]}
    if sources == {KINESIS}:
        return Batch(entries=[_of_shard(record) for record in event["Records"]], resumes_at_failure=True)
    if sources == {QUEUE}:
        return Batch(entries=[_of_queue(record) for record in event["Records"]], resumes_at_failure=False)
    raise ValueError(f"records of {sources}: the log is a Kinesis stream or an SQS queue")


def _of_shard(record: Mapping[str, Any]) -> Entry:
    data = record["kinesis"]
    shard = record["eventID"].partition(":")[0]
    position = {"log": record["eventSourceARN"], "shard": shard, "sequence_number": data["sequenceNumber"]}
    return Entry(body=base64.b64decode(data["data"]), identifier=data["sequenceNumber"], position=position)


def _of_queue(record: Mapping[str, Any]) -> Entry:
    attributes = record.get("attributes", {})
    position = {
        "log": record["eventSourceARN"],
        "message_id": record["messageId"],
        "group": attributes.get("MessageGroupId", ""),
        "sequence_number": attributes.get("SequenceNumber", ""),
    }
    body = record["body"].encode(errors="surrogatepass")
    return Entry(body=body, identifier=record["messageId"], position=position)
