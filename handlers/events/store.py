"""The event table, as those see it who may add to it and read it. Nobody may change or remove what it holds.

An event is one item under (aggregate, sequence). A second item, (`id#<event id>`, 0), stands for its id, so that an id
is settled once. Both are INSERTed in one transaction: an INSERT fails on an existing key.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.insert.html
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from botocore.exceptions import ClientError

from handlers.events.contention import CONFLICT, attempts, reasons
from handlers.events.envelope import Event, timestamp
from handlers.events.ticks import NAMESPACE

MARKER = "id#"
"""What partition keys begin with that stand for an event's id. No aggregate holds a `#`."""

CONFLICT_TYPE = "conflict"

Outcome = Literal["stored", "duplicate", "conflict"]

_EXISTS = {"DuplicateItem", "DuplicateItemException", "ConditionalCheckFailed"}
"""Reasons for which an INSERT in a transaction fails on an existing key. DynamoDB's reference names the first for
statements in a batch and the last for transactions, and shows no INSERT in one. Here none of them can mean else.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchStatementError.html
"""


class EventStore:
    """Appends events, in order for each aggregate and without gaps."""

    def __init__(self, dynamodb: Any, table: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._dynamodb, self._table, self._now = dynamodb, table, now
        self._last: dict[str, int] = {}

    def begin(self) -> None:
        """Forget what is known of the table: others may have written since."""
        self._last.clear()

    def append(self, event: Event) -> Outcome:
        """Keep the event at the place that it expects, else at the next.

        Where its place is not the next, a `conflict` event is appended that holds it, and its id is settled: delivered
        again, it changes nothing, and its writer tries again with a new id.
        Raises Contention, and whatever DynamoDB raises.
        """
        for _ in attempts(f"append to {event.aggregate}"):
            free = self._next(event.aggregate)
            misplaced = event.sequence is not None and event.sequence > free
            if not misplaced:
                kept = dataclasses.replace(event, sequence=event.sequence or free)
                refused = self._insert(kept, event.id)
                if refused is None:
                    return "stored"
                if refused == "id":
                    return "duplicate"
                misplaced = refused == "place" and event.sequence is not None
            if misplaced and (outcome := self._record_conflict(event)):
                return outcome
            self._last.pop(event.aggregate, None)
        raise AssertionError("attempts() ends by itself")

    def _record_conflict(self, event: Event) -> Outcome | None:
        """Append a conflict; None when there is none after all, or another writer took its place."""
        self._last.pop(event.aggregate, None)
        free = self._next(event.aggregate)
        if event.sequence == free:
            return None
        conflict = Event(
            id=str(uuid.uuid5(NAMESPACE, f"conflict {event.id}")),
            type=CONFLICT_TYPE,
            version=1,
            aggregate=event.aggregate,
            sequence=free,
            time=timestamp(self._now()),
            correlation=event.correlation,
            causation=event.id,
            payload={"refused": event.message(), "next": free},
        )
        refused = self._insert(conflict, event.id, conflict.id)
        if refused == "id":
            return "duplicate"
        return "conflict" if refused is None else None

    def _insert(self, event: Event, *ids: str) -> Literal["id", "place", "busy"] | None:
        """Add the event and settle the ids; else what stands in the way."""
        event = dataclasses.replace(event, recorded=timestamp(self._now()))
        markers = [{"aggregate": {"S": MARKER + one}, "sequence": {"N": "0"}} for one in ids]
        statements = [self._statement(item) for item in (*markers, event.item())]
        try:
            self._dynamodb.execute_transaction(TransactStatements=statements)
        except ClientError as error:
            codes = reasons(error)
            if _EXISTS & set(codes[: len(ids)]):
                return "id"
            if _EXISTS & set(codes):
                return "place"
            if CONFLICT in codes:
                return "busy"
            raise
        self._last[event.aggregate] = event.sequence or 0
        return None

    def _statement(self, item: Mapping[str, Any]) -> dict[str, Any]:
        fields = ", ".join(f"'{name}': ?" for name in item)
        return {"Statement": f'INSERT INTO "{self._table}" VALUE {{{fields}}}', "Parameters": list(item.values())}

    def _next(self, aggregate: str) -> int:
        if aggregate not in self._last:
            answer = self._dynamodb.query(
                TableName=self._table,
                KeyConditionExpression="#aggregate = :aggregate",
                ExpressionAttributeValues={":aggregate": {"S": aggregate}},
                ProjectionExpression="#sequence",
                ExpressionAttributeNames={"#aggregate": "aggregate", "#sequence": "sequence"},
                ScanIndexForward=False,
                ConsistentRead=True,
                Limit=1,
            )
            found = answer["Items"]
            self._last[aggregate] = int(found[0]["sequence"]["N"]) if found else 0
        return self._last[aggregate] + 1
