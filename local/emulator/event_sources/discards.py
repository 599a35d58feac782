"""What a destination is told about stream records that were given up: where they are, not what they hold.

https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html and
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

from __future__ import annotations

import datetime
import json
from typing import Any

from local.emulator.event_sources.batches import Discarded
from local.emulator.event_sources.streams import arrived, is_kinesis, sequence_number


def message(who: dict[str, Any], stream_arn: str, shard: str, discarded: Discarded) -> str:
    """The message about `discarded`; `who` is the part that differs between event source mappings and pipes."""
    first, last = discarded.records[0], discarded.records[-1]
    batch = {
        "shardId": shard,
        "startSequenceNumber": sequence_number(first),
        "endSequenceNumber": sequence_number(last),
        "approximateArrivalOfFirstRecord": _iso(arrived(first)),
        "approximateArrivalOfLastRecord": _iso(arrived(last)),
        "batchSize": len(discarded.records),
        "streamArn": stream_arn,
    }
    now = datetime.datetime.now(datetime.UTC).timestamp()
    name = "KinesisBatchInfo" if is_kinesis(stream_arn) else "DDBStreamBatchInfo"
    return json.dumps({**who, "version": "1.0", "timestamp": _iso(now), name: batch})


def send(client_of: Any, endpoint: str, destination: str, text: str) -> None:
    """Send to a queue or topic; `client_of(service)` gives the clients. Raises ClientError when it may not."""
    service, _, _, name = destination.split(":", 5)[2:]
    account = destination.split(":")[4]
    if service == "sns":
        client_of("sns").publish(TopicArn=destination, Message=text)
    else:
        client_of("sqs").send_message(QueueUrl=f"{endpoint}/{account}/{name}", MessageBody=text)


def _iso(seconds: float) -> str:
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
