"""The event log's functions before the local AWS's DynamoDB, each under a role with its own rights alone."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from handlers.events import contention
from tests.events import LOGS, MODULES, REPLAY, TABLES, EventLog, Log, history, load, message
from tests.fake_dynamodb import stream
from tests.local.conftest import Client
from tests.local.emulation import TRUST_ROOT, Workbench, allow, unique

pytestmark = pytest.mark.local

EVENTS = 500
WRITES = ("execute_transaction", "transact_write_items", "update_item")
Item = dict[str, Any]


@dataclass
class Deployed:
    """The functions, their tables and their roles."""

    log: EventLog
    aws: Client
    names: dict[str, str]
    """What the tables of `tests.events` are called here."""
    roles: dict[str, Callable[[str], Any]]
    letters: str
    """URL of the quarantine."""

    def appended(self) -> list[Item]:
        """The items of the event table, markers included, in the order of each aggregate."""
        pages = self.aws("dynamodb").get_paginator("scan").paginate(TableName=self.names["events"])
        return [item for page in pages for item in page["Items"]]

    def quarantined(self) -> int:
        """How many letters lie in quarantine."""
        name = "ApproximateNumberOfMessages"
        answer = self.aws("sqs").get_queue_attributes(QueueUrl=self.letters, AttributeNames=[name])
        return int(answer["Attributes"][name])

    def states(self, table: str) -> dict[str, Any]:
        """The states in a projection's table."""
        pages = self.aws("dynamodb").get_paginator("scan").paginate(TableName=self.names[table])
        items = [item for page in pages for item in page["Items"]]
        return {item["key"]["S"]: json.loads(item["state"]["S"]) for item in items if "state" in item}

    def begin_replay(self) -> None:
        item = {"projection": {"S": "#replay"}, "holder": {"S": REPLAY}}
        self.aws("dynamodb").put_item(TableName=self.names["pointers"], Item=item)


@dataclass
class Unreliable:
    """A client some of whose writes fail, half of them after they were done."""

    client: Any
    chance: random.Random
    share: float = 0.0

    def __getattr__(self, name: str) -> Any:
        call = getattr(self.client, name)
        return self._failing(call) if name in WRITES else call

    def _failing(self, call: Any) -> Any:
        def write(**arguments: Any) -> Any:
            if self.chance.random() >= self.share:
                return call(**arguments)
            if self.chance.random() < 0.5:
                call(**arguments)
            raise ClientError({"Error": {"Code": "InternalServerError"}}, "Write")  # pyrefly: ignore[bad-argument-type]

        return write


def table(aws: Client, keys: dict[str, str], *, stream: bool = False) -> str:
    name = unique("table")
    kinds = zip(keys, ("HASH", "RANGE"), strict=False)
    aws("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in kinds],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": type_} for key, type_ in keys.items()],
        **({"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}} if stream else {}),
    )
    return name


def grants(names: dict[str, str]) -> dict[str, list[Item]]:
    """What each function does on tables: nothing else is granted."""

    def on(table: str, *actions: str) -> Item:
        arn = f"arn:aws:dynamodb:us-east-1:000000000000:table/{names[table]}"
        return allow([f"dynamodb:{action}" for action in actions], [arn])

    projections = [side for tables in TABLES.values() for side in tables.values()]
    return {
        "ingest": [on("events", "PartiQLInsert", "Query")],
        "project": [on("pointers", "GetItem", "UpdateItem"), *(on(one, "GetItem", "PutItem") for one in projections)],
        "replay_prepare": [on("pointers", "GetItem"), *(on(one, "Scan", "DeleteItem") for one in projections)],
        "replay_segment": [
            *(on("events", "Scan"), on("pointers", "GetItem")),
            *(on(one, "GetItem", "PutItem") for one in projections),
        ],
        "replay_verify": [on("pointers", "GetItem"), *(on(one, "GetItem", "Scan") for one in projections)],
    }


@pytest.fixture
def events(
    aws: Client, as_role: Callable[[str], Client], bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Deployed, list[Unreliable]]]:
    monkeypatch.setattr(contention, "LONGEST_PAUSE_S", 0.01)
    names = {"events": table(aws, {"aggregate": "S", "sequence": "N"}, stream=True)}
    names["pointers"] = table(aws, {"projection": "S"})
    names |= {side: table(aws, {"key": "S"}) for tables in TABLES.values() for side in tables.values()}
    url, queue = bench.queue()
    rights = grants(names)
    rights["ingest"].append(allow(["sqs:SendMessage"], [queue]))
    roles = {name: as_role(bench.role(*rights[name], trust=TRUST_ROOT)) for name in MODULES}
    clients = {name: Unreliable(roles[name]("dynamodb"), random.Random(4)) for name in MODULES}
    tables = {projection: {side: names[one] for side, one in sides.items()} for projection, sides in TABLES.items()}
    environment = {
        "EVENTS_TABLE": names["events"],
        "POINTERS_TABLE": names["pointers"],
        "PROJECTION_TABLES": json.dumps(tables),
        "QUARANTINE_URL": url,
    }
    log = load(clients.__getitem__, roles["ingest"]("sqs"), environment, monkeypatch.setenv)
    yield Deployed(log, aws, names, roles, url), list(clients.values())
    for name in names.values():
        aws("dynamodb").delete_table(TableName=name)


def deliver(deployed: Deployed, log: Log, bodies: list[Item], size: int = 50) -> None:
    """Deliver like Lambda: what the answer names comes again; from a shard all behind it, too."""
    for start in range(0, len(bodies), size):
        left = bodies[start : start + size]
        for _ in range(200):
            failed = [one["itemIdentifier"] for one in deployed.log.take(log, *left)["batchItemFailures"]]
            places = [int(name.rsplit("-", 1)[1]) for name in failed]
            if not places:
                break
            left = left[places[0] :] if log == "kinesis" else [left[place] for place in places]
        else:
            raise AssertionError("the batch was never done")


def interleaved(chance: random.Random, items: list[Item]) -> list[Item]:
    """In another order of aggregates, each in its own."""
    queues: dict[str, list[Item]] = {}
    for item in items:
        queues.setdefault(item["aggregate"]["S"], []).append(item)
    order = [item["aggregate"]["S"] for item in items]
    chance.shuffle(order)
    return [queues[aggregate].pop(0) for aggregate in order]


def project(deployed: Deployed, items: list[Item], size: int = 60) -> None:
    """Deliver like Lambda: from the first failure on all comes again."""
    changes = stream(items)["Records"]
    for start in range(0, len(changes), size):
        left = changes[start : start + size]
        for _ in range(200):
            failed = deployed.log.project({"Records": left})["batchItemFailures"]
            if not failed:
                break
            sequence = failed[0]["itemIdentifier"]
            left = left[[change["dynamodb"]["SequenceNumber"] for change in left].index(sequence) :]
        else:
            raise AssertionError("the batch was never done")


@pytest.mark.parametrize("log", LOGS)
def test_replay_equals_live_after_duplicates_reordering_failures_and_poison(
    events: tuple[Deployed, list[Unreliable]], log: Log
) -> None:
    deployed, clients = events
    chance = random.Random(20261122)
    bodies = history(chance, EVENTS)
    for client in clients:
        client.share = 0.05
    deliver(deployed, log, bodies)
    items = interleaved(chance, deployed.appended())
    project(deployed, items[: len(items) * 2 // 3])
    project(deployed, items[len(items) // 3 :])  # a third of them again
    for client in clients:
        client.share = 0.0

    kept = [item for item in items if item["sequence"]["N"] != "0"]
    types = Counter(item["type"]["S"] for item in kept)
    assert len(kept) == EVENTS
    assert len({item["id"]["S"] for item in kept}) == EVENTS
    assert types["conflict"] > 0
    assert deployed.quarantined() >= sum("poison" in body for body in bodies) > 0

    deployed.begin_replay()
    for projection, tables in TABLES.items():
        side = deployed.log.run("prepare", {"projection": projection, "replay": REPLAY})["side"]
        relevant, applied = deployed.log.read_all(projection, side)
        assert relevant == applied > 0
        assert deployed.log.verify(projection, side, relevant)["different"] == []
        assert deployed.states(tables["a"]) == deployed.states(tables["b"])
    assert sum(state["views"] for state in deployed.states("views-b").values()) == types["playback.started"]


def test_a_used_table_is_emptied_and_rebuilt(events: tuple[Deployed, list[Unreliable]]) -> None:
    deployed, _ = events
    deliver(deployed, "fifo", [message(n, aggregate=f"order-{n}") for n in range(130)])
    deployed.begin_replay()
    for _ in range(2):
        deployed.log.run("prepare", {"projection": "daily_sales", "replay": REPLAY})
        assert deployed.states("sales-b") == {}
        assert deployed.log.read_all("daily_sales", "b") == (130, 130)
        assert deployed.log.read_all("daily_sales", "b") == (130, 0)


def test_nobody_who_appends_can_change_or_remove_what_was_appended(
    events: tuple[Deployed, list[Unreliable]],
) -> None:
    deployed, _ = events
    deliver(deployed, "fifo", [message(1)])
    name, key = deployed.names["events"], {"aggregate": {"S": "order-1"}, "sequence": {"N": "1"}}
    for role in deployed.roles.values():
        client = role("dynamodb")
        for attempt in (
            lambda client=client: client.put_item(TableName=name, Item=key),
            lambda client=client: client.delete_item(TableName=name, Key=key),
            lambda client=client: client.update_item(TableName=name, Key=key),
            lambda client=client: client.execute_statement(
                Statement=f"DELETE FROM \"{name}\" WHERE aggregate = 'order-1' AND sequence = 1"
            ),
        ):
            with pytest.raises(ClientError, match="AccessDenied"):
                attempt()
    kept = deployed.aws("dynamodb").get_item(TableName=name, Key=key)["Item"]
    assert kept["id"]["S"] == message(1)["id"]
