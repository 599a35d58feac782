"""A deployed event log, as its operator sees it: its parts, its pointers, and whether its functions keep up."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from local.prove import decisions
from local.prove.component import Component, Item
from local.prove.removal import without
from local.tour.executions import follow
from local.tour.guide import Guide, TourError

PATIENCE_S: Final = 10
"""For what takes a second when all is well."""

REPLAY_S: Final = 60
_LEASE = {"projection": {"S": "#replay"}}
_PROBLEM = "PROBLEM"
_BLOCKED_S = 60
"""Longer than it takes to give up what blocks a shard."""

Found = TypeVar("Found")


class EventLog(Component):
    """The EventSourcedBatch of the stack."""

    def __init__(self, guide: Guide) -> None:
        super().__init__(guide, guide.outputs["events_replay"], "replay")

    def append(self, *events: Item) -> list[str]:
        """Put events into the log, in this order; their places in it."""
        kinesis, stream = self.guide.aws("kinesis"), self.part("log")
        return [
            kinesis.put_record(StreamName=stream, PartitionKey=one["aggregate"], Data=json.dumps(one).encode())[
                "SequenceNumber"
            ]
            for one in events
        ]

    def tail(self) -> Callable[..., bool | None]:
        """Begin to read the log: the answer says whether a record with all of some words has come since."""
        kinesis, stream = self.guide.aws("kinesis"), self.part("log")
        where = [
            {"StreamName": stream, "ShardId": one["ShardId"]}
            for one in kinesis.list_shards(StreamName=stream)["Shards"]
        ]
        iterators = [kinesis.get_shard_iterator(**one, ShardIteratorType="LATEST")["ShardIterator"] for one in where]

        def come(*words: str) -> bool | None:
            pages = [kinesis.get_records(ShardIterator=iterator) for iterator in iterators]
            iterators[:] = [page["NextShardIterator"] for page in pages]
            texts = (record["Data"].decode() for page in pages for record in page["Records"])
            return any(all(word in text for word in words) for text in texts) or None

        return come

    def place(self, identifier: str) -> str | None:
        """Where in the stream of the event table an event is."""
        streams, table = self.guide.aws("dynamodbstreams"), self.table("events")
        (stream,) = streams.list_streams(TableName=table)["Streams"]
        (shard,) = streams.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["Shards"]
        where = {"StreamArn": stream["StreamArn"], "ShardId": shard["ShardId"]}
        iterator = streams.get_shard_iterator(**where, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        while (page := streams.get_records(ShardIterator=iterator))["Records"]:
            for change in (record["dynamodb"] for record in page["Records"]):
                if change.get("NewImage", {}).get("id") == {"S": identifier}:
                    return change["SequenceNumber"]
            iterator = page["NextShardIterator"]
        return None

    def read(self, projection: str, key: str) -> Item | None:
        """What the projection's reader answers; None when it has nothing under the key."""
        answer = self.ask(f"read-{projection.replace('_', '-')}", {"key": key}, "NotFound")
        return None if isinstance(answer, str) else answer

    def active(self, projection: str) -> str:
        """The side of a projection that is read: `a` or `b`."""
        key = {"projection": {"S": projection}}
        found = self.guide.aws("dynamodb").get_item(TableName=self.table("pointers"), Key=key, ConsistentRead=True)
        return found.get("Item", {}).get("active", {}).get("S", "a")

    def activate(self, projection: str, side: str) -> None:
        """Let a side be read, by a replay if it isn't."""
        if self.active(projection) != side:
            self.rebuild(projection)

    def rebuild(self, projection: str) -> Item:
        """Rebuild a projection into its idle table; the replay's result."""
        started = self.guide.aws("stepfunctions").start_execution(
            stateMachineArn=self.machine, input=json.dumps({"projection": projection})
        )
        ended = follow(self.guide, started["executionArn"], f"no replay of {projection}", seconds=REPLAY_S)
        return json.loads(ended["output"])

    def abandon_replays(self) -> None:
        """What an operator does about a replay that is stuck: stop it, let the projector go on, take its lease back."""
        machines, dynamodb = self.guide.aws("stepfunctions"), self.guide.aws("dynamodb")
        running = machines.list_executions(stateMachineArn=self.machine, statusFilter="RUNNING")
        for execution in running["executions"]:
            machines.stop_execution(executionArn=execution["executionArn"])
        mapping = self.mapping("projector")
        if mapping["State"] != "Enabled":
            self.guide.aws("lambda").update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
        dynamodb.delete_item(TableName=self.table("pointers"), Key=_LEASE)

    def mapping(self, function: str) -> Item:
        """The event source mapping of a function."""
        answer = self.guide.aws("lambda").list_event_source_mappings(FunctionName=self.part(function))
        (mapping,) = answer["EventSourceMappings"]
        return mapping

    @contextmanager
    def retries(self, function: str, number: int) -> Iterator[None]:
        """Let a function give records up after so many more attempts, for a while."""
        mapping, functions = self.mapping(function), self.guide.aws("lambda")
        functions.update_event_source_mapping(UUID=mapping["UUID"], MaximumRetryAttempts=number)
        try:
            yield
        finally:
            before = mapping["MaximumRetryAttempts"]
            functions.update_event_source_mapping(UUID=mapping["UUID"], MaximumRetryAttempts=before)

    @contextmanager
    def shut_out(self, reader: str, service: str, stream: str) -> Iterator[None]:
        """Let a reader of a stream have no right to read records, for a while that lasts until it has tried."""
        number, role = decisions.last(self.guide.settings), self.role(reader)
        actions = [f"{service}:GetRecords", f"{service}:GetShardIterator"]

        def refused() -> bool | None:
            made = decisions.since(self.guide.settings, number)
            return any(one.role == role and one.action in actions and not one.allowed for one in made) or None

        with without(self.guide, role, actions[0], stream):
            yield
            self.guide.await_(f"{reader} was not refused what it may not read", refused, PATIENCE_S)

    def settle(self) -> None:
        """Wait until events get through again: what had to wait comes before them."""
        title = f"After a fault, {uuid.uuid4()}"
        self.append(event("playback.started", 1, {"title": title}))
        self.guide.await_("events don't get through any more", lambda: self.read("views_by_title", title), _BLOCKED_S)


@dataclass
class Watch:
    """Looks at functions from now on, while one waits for what they do."""

    log: EventLog
    functions: tuple[str, ...]
    _known: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._known = {function: self._result(function) for function in self.functions}

    def await_(self, what: str, look: Callable[[], Found | None], seconds: float = PATIENCE_S) -> Found:
        """Look until something is found. Raises TourError when time is over, or as soon as a function fails anew."""

        def either() -> Found | None:
            if (found := look()) is None:
                self._check(what)
            return found

        return self.log.guide.await_(what, either, seconds)

    def _check(self, what: str) -> None:
        for function in self.functions:
            result = self._result(function)
            if result.startswith(_PROBLEM) and result != self._known[function]:
                raise TourError(f"{what}: the mapping of {function} says {result}")
            self._known[function] = result

    def _result(self, function: str) -> str:
        return self.log.mapping(function)["LastProcessingResult"]


def event(kind: str, version: int, payload: Item, **fields: Any) -> Item:
    """An event of now and of an aggregate of its own."""
    return {
        "id": str(uuid.uuid4()),
        "type": kind,
        "version": version,
        "aggregate": f"prove-{uuid.uuid4()}",
        "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "payload": payload,
        **fields,
    }
