"""A projection's tables: each event is taken in once, whoever delivers it how often.

A table holds `state#<key>` (the state as JSON, its revision, when it was written) and `seen#<event id>` for each event
in it. A state and the markers of the events that made it are written in one transaction, if no marker was there and
the state was what it was when it was read.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from handlers.events.contention import CONFLICT, attempts, reasons
from handlers.events.envelope import Event, canonical, timestamp
from handlers.events.projections import Projection, State

STATE, SEEN = "state#", "seen#"

MAX_ITEMS = 100
"""Of one transaction: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html"""

_FAILED = "ConditionalCheckFailed"
_NEW = "attribute_not_exists(#key)"
_KEY = {"#key": "key"}


class Kept(NamedTuple):
    """A state as it is in the table."""

    state: State | None
    revision: int


class ProjectionTable:
    """One of a projection's two tables."""

    def __init__(
        self,
        dynamodb: Any,
        name: str,
        projection: Projection,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.name = name
        self._dynamodb, self._projection, self._now = dynamodb, projection, now

    def take(self, key: str, events: Iterable[Event]) -> int:
        """Take events of one key in, in this order; how many of them were new.

        Raises Contention when others write the same state all the time, and whatever DynamoDB raises; what was taken in
        until then stays.
        """
        each = iter({event.id: event for event in events}.values())
        return sum(self._take(key, part) for part in _parts(each, MAX_ITEMS - 1))

    def unseen(self, events: Iterable[Event]) -> list[Event]:
        """Those that are not in it yet."""
        found: list[Event] = []
        for part in _parts(iter(events), MAX_ITEMS):
            gets = [{"Get": {"TableName": self.name, "Key": _key(SEEN + event.id)}} for event in part]
            answer = self._dynamodb.transact_get_items(TransactItems=gets)
            found += [event for event, one in zip(part, answer["Responses"], strict=True) if "Item" not in one]
        return found

    def read(self, key: str) -> Kept:
        """The state of a key."""
        answer = self._dynamodb.get_item(TableName=self.name, Key=_key(STATE + key), ConsistentRead=True)
        item = answer.get("Item")
        return Kept(json.loads(item["state"]["S"]), int(item["revision"]["N"])) if item else Kept(None, 0)

    def _take(self, key: str, events: list[Event]) -> int:
        for _ in attempts(f"{self._projection.name} of {key}"):
            seen = self._write(key, events)
            while seen:  # each turn leaves fewer events, so it ends
                events = [event for place, event in enumerate(events) if place not in seen]
                seen = self._write(key, events)
            if seen is not None:
                return len(events)
        raise AssertionError("attempts() ends by itself")

    def _write(self, key: str, events: Sequence[Event]) -> set[int] | None:
        """Write what the events make of the state. The places of events that were in it before: then nothing is
        written. None when the state was written by others meanwhile.
        """
        if not events:
            return set()
        kept = self.read(key)
        state = canonical(self._projection.fold(kept.state, events))
        try:
            self._dynamodb.transact_write_items(
                TransactItems=[self._state(key, state, kept.revision), *(self._marker(event) for event in events)]
            )
        except ClientError as error:
            codes = reasons(error)
            seen = {place for place, code in enumerate(codes[1:]) if code == _FAILED}
            if seen or {_FAILED, CONFLICT} & set(codes):
                return seen or None
            raise
        return set()

    def _state(self, key: str, state: str, revision: int) -> dict[str, Any]:
        item = {
            **_key(STATE + key),
            "state": {"S": state},
            "revision": {"N": str(revision + 1)},
            "updated": {"S": timestamp(self._now())},
        }
        if not revision:
            return self._put(item, ConditionExpression=_NEW, ExpressionAttributeNames=_KEY)
        unchanged = {":revision": {"N": str(revision)}}
        return self._put(item, ConditionExpression="revision = :revision", ExpressionAttributeValues=unchanged)

    def _marker(self, event: Event) -> dict[str, Any]:
        return self._put(_key(SEEN + event.id), ConditionExpression=_NEW, ExpressionAttributeNames=_KEY)

    def _put(self, item: dict[str, Any], **condition: Any) -> dict[str, Any]:
        return {"Put": {"TableName": self.name, "Item": item, **condition}}


def _key(text: str) -> dict[str, Any]:
    return {"key": {"S": text}}


def _parts(events: Iterator[Event], size: int) -> Iterator[list[Event]]:
    while part := list(islice(events, size)):
        yield part
