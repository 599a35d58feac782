"""Replay equals live, on the deployed log: thousands of events in parallel, and much that goes wrong between them."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.events import history
from tests.local.conftest import Client
from tests.local.event_logs import DeployedLog

pytestmark = [pytest.mark.local, pytest.mark.slow, pytest.mark.xdist_group("event-logs")]

EVENTS = {"kinesis": 2000, "fifo": 500}
"""The local AWS takes a FIFO queue's batches of ten one at a time."""

WRITERS = 3
SECONDS = 120
"""For each thing that is waited for: what a slow machine may take, not what it takes."""

READ = (("daily_sales", "2026-11-21"), ("views_by_title", "title 1"))

Eventually = Callable[..., Any]
Item = dict[str, Any]


def test_replay_equals_live_after_duplicates_reordering_failures_and_poison(
    log: DeployedLog, aws: Client, eventually: Eventually
) -> None:
    bodies = history(random.Random(4), EVENTS[log.kind], aggregates=200)
    late = len(bodies) * 3 // 4
    with ThreadPoolExecutor(WRITERS) as writers:
        sent = _send(log, bodies[:late], writers)
        for part, action, sign in (
            ("ingest", "dynamodb:PartiQLInsert", "comes again"),
            ("projector", "dynamodb:PutItem", "not projected"),
        ):
            with log.without(part, action):
                eventually(lambda one=part, text=sign: log.said(one, text), SECONDS)
        eventually(lambda: all(log.read(projection, key).status == 200 for projection, key in READ), SECONDS)
        replay = _start(log, aws, "daily_sales")
        sent += _send(log, bodies[late:], writers)
        _ended(log, aws, replay, eventually)
        assert all(future.result() for future in sent)
    kept = _as_sent(log, bodies, eventually)
    for projection, side, wanted in (("daily_sales", "b", _sales(kept)), ("views_by_title", "a", _views(kept))):
        eventually(lambda one=projection, at=side, to=wanted: log.states(one, at) == to, SECONDS)
        output = _ended(log, aws, _start(log, aws, projection, require_same=True), eventually)
        assert output["different"] == []
        assert log.states(projection, "a") == log.states(projection, "b") == wanted
        assert _markers(log, projection, "a") == _markers(log, projection, "b")
        assert len(_markers(log, projection, "a")) == output["events"] > EVENTS[log.kind] // 4


def _send(log: DeployedLog, bodies: list[Item], writers: ThreadPoolExecutor) -> list[Future[list[str]]]:
    """Side by side, each aggregate's events in order."""
    parts: defaultdict[int, list[Item]] = defaultdict(list)
    for body in bodies:
        parts[int(body.get("aggregate", "-0").split("-")[1]) % WRITERS].append(body)
    return [writers.submit(log.append, part) for part in parts.values()]


def _start(log: DeployedLog, aws: Client, projection: str, **request: Any) -> str:
    given = json.dumps({"projection": projection, **request})
    return aws("stepfunctions").start_execution(stateMachineArn=log.names["replay"], input=given)["executionArn"]


def _ended(log: DeployedLog, aws: Client, execution: str, eventually: Eventually) -> Item:
    """The replay's output. Until it ends reads go on, and no total is ever less than it was."""
    most: Counter[str] = Counter()

    def found() -> Item | None:
        for projection, key in READ:
            answer = log.read(projection, key)
            assert answer.status == 200, answer.data
            state = answer.json()["state"]
            total = state["views"] if "views" in state else state["sales"]["count"] + state["late"]["count"]
            assert total >= most[projection], "a replay took something back"
            most[projection] = total
        described = aws("stepfunctions").describe_execution(executionArn=execution)
        return None if described["status"] == "RUNNING" else described

    ended = eventually(found, SECONDS)
    assert ended["status"] == "SUCCEEDED", ended
    return json.loads(ended["output"])


def _as_sent(log: DeployedLog, bodies: list[Item], eventually: Eventually) -> list[Item]:
    """The kept events, each of which was sent: all are there, once and in order, as events or within conflicts."""
    poison = {body["poison"] for body in bodies if "poison" in body}
    events = [body for body in bodies if "poison" not in body]
    ids = {event["id"] for event in events}
    # Each is an event and a marker of its id: counting them costs less than reading them again and again.
    eventually(lambda: log.count(log.names["events"]) >= 2 * len(ids), SECONDS)
    eventually(lambda: ids <= {item["id"]["S"] for item in log.kept()} | _refused(log.kept()), SECONDS)
    kept = sorted(log.kept(), key=lambda item: int(item["sequence"]["N"]))
    refused, found, sent = _refused(kept), defaultdict(list), defaultdict(dict)
    for item in kept:
        if item["type"]["S"] != "conflict":
            found[item["aggregate"]["S"]].append(item["id"]["S"])
    for event in events:
        if event["id"] not in refused:
            sent[event["aggregate"]][event["id"]] = True
    assert refused & ids
    assert {aggregate: found[aggregate] for aggregate in sent} == {one: list(known) for one, known in sent.items()}
    eventually(lambda: poison == _quarantined(log), SECONDS)
    return kept


def _refused(kept: list[Item]) -> set[str]:
    """The ids of what stands in conflicts."""
    payloads = [json.loads(item["payload"]["S"]) for item in kept if item["type"]["S"] == "conflict"]
    return {payload["refused"]["id"] for payload in payloads}


def _quarantined(log: DeployedLog) -> set[int]:
    """Which poison lies in quarantine."""
    letters = [json.loads(letter["body"]) for letter in log.letters() if letter["body"].startswith('{"poison"')]
    return {letter["poison"] for letter in letters}


def _sales(kept: list[Item]) -> Item:
    """Plain sums over purchases, without a line of the handlers'."""
    days: defaultdict[str, Item] = defaultdict(
        lambda: {"sales": {"count": 0, "total": {}}, "late": {"count": 0, "total": {}}, "closed": False}
    )
    for item in kept:
        payload = json.loads(item["payload"]["S"])
        if item["type"]["S"] == "day.closed":
            days[payload["day"]]["closed"] = True
        if item["type"]["S"] == "purchase.completed":
            day = item["time"]["S"][:10]
            end = datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=1, minutes=15)
            part = days[day]["late" if datetime.fromisoformat(item["recorded"]["S"]) > end else "sales"]
            part["count"] += 1
            part["total"][payload["currency"]] = part["total"].get(payload["currency"], 0) + payload["amount_minor"]
    return dict(days)


def _views(kept: list[Item]) -> Item:
    titles = [json.loads(item["payload"]["S"])["title"] for item in kept if item["type"]["S"] == "playback.started"]
    return {title: {"views": views} for title, views in Counter(titles).items()}


def _markers(log: DeployedLog, projection: str, side: str) -> set[str]:
    """The events that a table has taken in."""
    return {row["key"]["S"] for row in log.projection_rows(projection, side) if "state" not in row}
