"""A deployed event log, as the programs around it use it: one suite over both kinds."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

import urllib3

from local.settings import Settings
from tests.events import Log
from tests.local.grants import revoked

Client = Callable[..., Any]
Item = dict[str, Any]

_CONNECTIONS = urllib3.PoolManager(maxsize=4, retries=False, timeout=urllib3.Timeout(20))
_AT_ONCE = {"kinesis": 250, "fifo": 10}


@dataclass
class DeployedLog:
    """One log of the program `event_logs_program.py`."""

    kind: Log
    names: Item
    """What the program calls its parts."""

    url: str
    settings: Settings
    aws: Client
    _letters: dict[str, Item] = field(default_factory=dict)

    def post(self, event: Any) -> Any:
        """Send an event by the API."""
        return self._call("POST", "events", json=event)

    def read(self, projection: str, key: str) -> Any:
        """Read a state by the API."""
        return self._call("GET", f"{projection}/{quote(key)}")

    def append(self, bodies: Sequence[bytes | Item], group: str = "") -> list[str]:
        """Put records straight into the log, in this order, by their aggregate or all in one group; their sequence
        numbers.
        """
        raw = [body if isinstance(body, bytes) else json.dumps(body).encode() for body in bodies]
        groups = [group or str(body.get("aggregate") if isinstance(body, dict) else None) for body in bodies]
        parts, size = list(zip(raw, groups, strict=True)), _AT_ONCE[self.kind]
        return [number for at in range(0, len(parts), size) for number in self._put(parts[at : at + size])]

    def kept(self) -> list[Item]:
        """The event table's events."""
        return [item for item in self.rows("events") if item["sequence"]["N"] != "0"]

    def kept_of(self, aggregate: str) -> list[str]:
        """The ids of an aggregate's events in order; `conflict` for one of that type."""
        items = self._query(aggregate)
        assert [int(item["sequence"]["N"]) for item in items] == list(range(1, len(items) + 1))
        return [item["type" if item["type"]["S"] == "conflict" else "id"]["S"] for item in items]

    def letters(self) -> list[Item]:
        """Everything that came into quarantine until now."""
        url, sqs = self.names["quarantine"], self.aws("sqs")
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            self._letters |= {message["MessageId"]: json.loads(message["Body"]) for message in messages}
            entries = [{"Id": str(n), "ReceiptHandle": one["ReceiptHandle"]} for n, one in enumerate(messages)]
            sqs.delete_message_batch(QueueUrl=url, Entries=entries)
        return list(self._letters.values())

    def states(self, projection: str, side: str) -> Item:
        """The states in one of a projection's tables, by key."""
        return {
            row["key"]["S"].removeprefix("state#"): json.loads(row["state"]["S"])
            for row in self.projection_rows(projection, side)
            if "state" in row
        }

    def active(self, projection: str) -> str:
        """The side of a projection that is read."""
        key = {"projection": {"S": projection}}
        item = self.aws("dynamodb").get_item(TableName=self.names["pointers"], Key=key).get("Item", {})
        return item.get("active", {"S": "a"})["S"]

    def projection_rows(self, projection: str, side: str) -> list[Item]:
        """All that one of a projection's tables holds."""
        return list(self._scan(self.names["tables"][projection]["ab".index(side)]))

    def rows(self, table: str) -> list[Item]:
        """All that a table holds."""
        return list(self._scan(self.names[table]))

    def count(self, table: str) -> int:
        """How many items a table holds; cheaper than reading them."""
        return self.aws("dynamodb").describe_table(TableName=table)["Table"]["ItemCount"]

    def without(self, part: str, action: str) -> AbstractContextManager[int]:
        """Take an action away from the role of a part, for a while."""
        return revoked(self.aws, f"event-logs-local-{self.kind}-{part}-us-east-1", action)

    def said(self, part: str, text: str) -> list[Item]:
        """What a function has logged with this text in it."""
        group = f"/aws/lambda/event-logs-local-{self.kind}-{part}"
        pattern = {"logGroupName": group, "filterPattern": f'"{text}"'}
        pages = self.aws("logs").get_paginator("filter_log_events").paginate(**pattern)
        lines = [event["message"] for page in pages for event in page["events"]]
        return [json.loads(line) for line in lines if text in line]

    @property
    def log_url(self) -> str:
        """Of the FIFO queue."""
        return self.aws("sqs").get_queue_url(QueueName=self.names["log"])["QueueUrl"]

    def _put(self, part: list[tuple[bytes, str]]) -> list[str]:
        if self.kind == "kinesis":
            records = [{"Data": body, "PartitionKey": group} for body, group in part]
            answer = self.aws("kinesis").put_records(StreamName=self.names["log"], Records=records)
            assert answer["FailedRecordCount"] == 0
            return [record["SequenceNumber"] for record in answer["Records"]]
        entries = [
            {
                "Id": str(number),
                "MessageBody": body.decode(),
                "MessageGroupId": group,
                "MessageDeduplicationId": str(uuid.uuid4()),  # so that duplicates reach the function, too
            }
            for number, (body, group) in enumerate(part)
        ]
        answer = self.aws("sqs").send_message_batch(QueueUrl=self.log_url, Entries=entries)
        assert not answer.get("Failed")
        return [one["SequenceNumber"] for one in sorted(answer["Successful"], key=lambda one: int(one["Id"]))]

    def _query(self, aggregate: str) -> list[Item]:
        return self.aws("dynamodb").query(
            TableName=self.names["events"],
            KeyConditionExpression="#aggregate = :aggregate",
            ExpressionAttributeNames={"#aggregate": "aggregate"},  # a reserved word
            ExpressionAttributeValues={":aggregate": {"S": aggregate}},
            ConsistentRead=True,
        )["Items"]

    def _scan(self, table: str) -> Iterator[Item]:
        for page in self.aws("dynamodb").get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
            yield from page["Items"]

    def _call(self, method: str, path: str, **body: Any) -> Any:
        parts = urlsplit(self.url)
        where = f"{self.settings.endpoint}{parts.path}/{self.kind}/{path}"
        return _CONNECTIONS.request(method, where, headers={"Host": parts.netloc}, **body)


def purchase(aggregate: str, **fields: Any) -> Item:
    """A purchase of now."""
    return {
        "id": str(uuid.uuid4()),
        "type": "purchase.completed",
        "version": 2,
        "aggregate": aggregate,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "payload": {"title": "Metropolis", "amount_minor": 1250, "currency": "EUR"},
        **fields,
    }


def playback(aggregate: str, title: str) -> Item:
    """Somebody begins to watch."""
    return purchase(aggregate, type="playback.started", version=1, payload={"title": title})
