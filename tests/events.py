"""Events, the logs that bring them, and the event log's functions deployed before a fake or a local AWS."""

from __future__ import annotations

import base64
import importlib
import json
import random
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Literal

from handlers.events.quarantine import Quarantine
from handlers.events.store import EventStore
from tests.fake_aws import CONTEXT

Log = Literal["kinesis", "fifo"]
LOGS: tuple[Log, ...] = ("kinesis", "fifo")

EVENTS, POINTERS = "events", "pointers"
TABLES = {
    "daily_sales": {"a": "sales-a", "b": "sales-b"},
    "views_by_title": {"a": "views-a", "b": "views-b"},
}
QUARANTINE = "https://sqs.us-east-1.amazonaws.com/000000000000/quarantine"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "POWERTOOLS_SERVICE_NAME": "events",
    "POWERTOOLS_LOG_LEVEL": "CRITICAL",
    "EVENTS_TABLE": EVENTS,
    "POINTERS_TABLE": POINTERS,
    "PROJECTION_TABLES": json.dumps(TABLES),
    "QUARANTINE_URL": QUARANTINE,
}
MODULES = ("ingest", "project", "replay_prepare", "replay_segment", "replay_verify")
REPLAY = "arn:aws:states:us-east-1:000000000000:execution:replay:1"
SEGMENTS = 3
RECORDED = datetime(2026, 11, 22, 9, 30, 1, tzinfo=UTC)
"""When events are kept: on the day that `message` says they happened, whatever day the tests run on."""


def identity(number: int) -> str:
    """An event id; the same for the same number."""
    return str(uuid.UUID(int=number))


def message(number: int, **fields: Any) -> dict[str, Any]:
    """A purchase."""
    return {
        "id": identity(number),
        "type": "purchase.completed",
        "version": 2,
        "aggregate": "order-1",
        "time": "2026-11-22T09:30:00Z",
        "payload": {"title": "Metropolis", "amount_minor": 1250, "currency": "EUR"},
        **fields,
    }


def history(chance: random.Random, count: int, aggregates: int = 40) -> list[dict[str, Any]]:
    """`count` events of many aggregates, with duplicates, conflicts, late ones and poison between them."""
    bodies: list[dict[str, Any]] = []
    for number in range(count):
        day = 20 + number % 4
        fields: dict[str, Any] = {
            "aggregate": f"order-{chance.randrange(aggregates)}",
            "time": f"2026-11-{day}T09:30:00Z",
        }
        if number % 3:
            payload = {"title": f"title {number % 7}"}
            fields |= {"type": "playback.started", "version": 1, "payload": payload}
        if not number % 25:
            fields["sequence"] = 1 + chance.randrange(20)
        bodies.append(message(number, **fields))
        if chance.random() < 0.2:
            bodies.append(chance.choice(bodies))
        if chance.random() < 0.05:
            bodies.append({"poison": number})
    return bodies


def batch(log: Log, *bodies: Any) -> dict[str, Any]:
    """What Lambda hands over from either log; bodies that are no bytes become JSON."""
    raw = [body if isinstance(body, bytes) else json.dumps(body).encode() for body in bodies]
    make = _kinesis if log == "kinesis" else _fifo
    return {"Records": [make(number, body) for number, body in enumerate(raw)]}


def identifiers(log: Log, *numbers: int) -> dict[str, Any]:
    """The answer that names these records of a batch."""
    names = [f"49-{number}" if log == "kinesis" else f"message-{number}" for number in numbers]
    return {"batchItemFailures": [{"itemIdentifier": name} for name in names]}


def _kinesis(number: int, body: bytes) -> dict[str, Any]:
    return {
        "eventSource": "aws:kinesis",
        "eventSourceARN": "arn:aws:kinesis:us-east-1:000000000000:stream/log",
        "eventID": f"shardId-000000000000:49-{number}",
        "kinesis": {"sequenceNumber": f"49-{number}", "data": base64.b64encode(body).decode(), "partitionKey": "x"},
    }


def _fifo(number: int, body: bytes) -> dict[str, Any]:
    return {
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:log.fifo",
        "messageId": f"message-{number}",
        "body": body.decode(errors="replace"),
        "attributes": {"MessageGroupId": "order-1", "SequenceNumber": str(number)},
    }


@dataclass
class FakeQuarantine:
    """An SQS that keeps what is sent. `failures` are raised before, one each."""

    letters: list[dict[str, Any]] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> None:
        assert QueueUrl
        if self.failures:
            raise self.failures.pop(0)
        self.letters.append(json.loads(MessageBody))


@dataclass
class EventLog:
    """The functions, as their deployment calls them."""

    modules: dict[str, Any]
    dynamodb: Any

    def take(self, log: Log, *bodies: Any) -> dict[str, Any]:
        return self.modules["ingest"].handler(batch(log, *bodies), CONTEXT)

    def project(self, event: dict[str, Any]) -> dict[str, Any]:
        return self.modules["project"].handler(event, CONTEXT)

    def run(self, step: str, event: dict[str, Any], left_ms: int = 900_000) -> dict[str, Any]:
        """Call a replay's step until it is done."""
        context = SimpleNamespace(**vars(CONTEXT), get_remaining_time_in_millis=lambda: left_ms)
        while True:
            answer = self.modules[f"replay_{step}"].handler(event, context)
            if answer["done"]:
                return answer
            event = {**event, **answer}

    def read_all(self, projection: str, side: str, left_ms: int = 900_000) -> tuple[int, int]:
        """Every segment once: how many events were relevant, and how many new."""
        common = {"projection": projection, "replay": REPLAY, "side": side, "segments": SEGMENTS}
        fresh = {"start": None, "relevant": 0, "applied": 0, "done": False}
        answers = [self.run("segment", {**common, **fresh, "segment": n}, left_ms) for n in range(SEGMENTS)]
        return sum(answer["relevant"] for answer in answers), sum(answer["applied"] for answer in answers)

    def verify(self, projection: str, side: str, relevant: int, left_ms: int = 900_000) -> dict[str, Any]:
        event = {"projection": projection, "replay": REPLAY, "side": side, "relevant": relevant, "require_same": True}
        return self.run("verify", {**event, "start": None, "seen": 0, "sample": [], "different": []}, left_ms)


def load(clients: Any, sqs: Any, environment: Mapping[str, str], setenv: Any) -> EventLog:
    """Import the functions afresh with these variables, and put them before this AWS.

    `clients` is one DynamoDB for all, or a function that takes a module's name.
    """
    for variable, value in {**ENVIRONMENT, **environment}.items():
        setenv(variable, value)
    modules: dict[str, Any] = {}
    for name in MODULES:
        sys.modules.pop(f"handlers.events.{name}", None)
        module: Any = importlib.import_module(f"handlers.events.{name}")
        modules[name] = module
        dynamodb = clients(name) if callable(clients) else clients
        if name == "ingest":
            store = EventStore(dynamodb, module.settings.events_table, now=lambda: RECORDED)
            module.ingest = module.Ingest(store, Quarantine(sqs, module.settings.quarantine_url), module.logger)
        elif name == "project":
            module.projector = module.Projector(dynamodb, module.settings, module.logger)
        else:
            module.dynamodb = dynamodb
    return EventLog(modules, clients)
