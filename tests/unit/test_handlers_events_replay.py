"""The projector and the replay: every event is taken in once, and a rebuilt projection is the live one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from handlers.environment import SettingsError
from handlers.events import contention
from handlers.events.contention import ATTEMPTS
from handlers.events.projections import PROJECTIONS, Projection, State
from handlers.events.replay import ReplayRefused
from handlers.events.tables import ProjectionTable
from tests.events import POINTERS, REPLAY, SEGMENTS, TABLES, EventLog, FakeQuarantine, load, message
from tests.fake_dynamodb import FakeDynamoDB, error, stream

DONE = {"batchItemFailures": []}
SALES = TABLES["daily_sales"]
START = {"projection": "daily_sales", "replay": REPLAY}


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> EventLog:
    monkeypatch.setattr(contention, "LONGEST_PAUSE_S", 0)
    return load(FakeDynamoDB(), FakeQuarantine(), {}, monkeypatch.setenv)


def playback(number: int, title: str = "Metropolis") -> dict[str, Any]:
    return message(number, type="playback.started", version=1, aggregate=f"viewer-{number}", payload={"title": title})


def states(events: EventLog, table: str) -> dict[str, Any]:
    items = events.dynamodb.items(table)
    return {key: json.loads(item["state"]["S"]) for (key, _), item in items.items() if key.startswith("state#")}


def live(events: EventLog) -> dict[str, Any]:
    """The states of the tables that are read."""
    found = {}
    for projection, tables in TABLES.items():
        pointer = events.dynamodb.items(POINTERS).get((projection, 0), {})
        found[projection] = states(events, tables[pointer.get("active", {"S": "a"})["S"]])
    return found


def expected(events: EventLog) -> dict[str, Any]:
    """What one pass over the appended events makes of them."""
    found: dict[str, Any] = {name: {} for name in TABLES}
    for record in stream(events.dynamodb.appended)["Records"]:
        event = events.modules["project"].appended(record)
        for name, projection in PROJECTIONS.items():
            key = projection.key_of(event)
            if key is not None:
                state = found[name].get(f"state#{key}")
                found[name][f"state#{key}"] = json.loads(json.dumps(projection.fold(state, [event])))
    return found


def project_all(events: EventLog) -> dict[str, Any]:
    return events.project(stream(events.dynamodb.appended))


def begin(events: EventLog) -> None:
    events.dynamodb.items(POINTERS)["#replay", 0] = {"projection": {"S": "#replay"}, "holder": {"S": REPLAY}}


def switch(events: EventLog, projection: str, side: str) -> None:
    pointer = events.dynamodb.items(POINTERS).setdefault((projection, 0), {"projection": {"S": projection}})
    pointer["active"] = {"S": side}


def test_appended_events_are_taken_into_every_projection_that_they_concern(events: EventLog) -> None:
    now = f"{datetime.now(UTC):%FT%TZ}"  # a sale of an earlier day would be late
    events.take("fifo", message(1, time=now), message(2, time=now), playback(3))
    assert project_all(events) == DONE
    sales = {"sales": {"count": 2, "total": {"EUR": 2500}}, "late": {"count": 0, "total": {}}, "closed": False}
    assert live(events) == {
        "daily_sales": {f"state#{now[:10]}": sales},
        "views_by_title": {"state#Metropolis": {"views": 1}},
    }


def test_records_that_come_again_change_nothing(events: EventLog) -> None:
    events.take("fifo", message(1), playback(2))
    doubled = stream(events.dynamodb.appended * 2)
    for _ in range(2):
        assert events.project(doubled) == DONE
    assert live(events) == expected(events)


def test_markers_of_ids_and_changes_other_than_inserts_are_no_events(events: EventLog) -> None:
    marker = {"aggregate": {"S": "id#1"}, "sequence": {"N": "0"}}
    inserted = {"aggregate": {"S": "order-1"}, "sequence": {"N": "1"}}
    removed = [{**record, "eventName": "REMOVE"} for record in stream([inserted])["Records"]]
    assert events.project({"Records": [*stream([marker])["Records"], *removed]}) == DONE
    assert live(events) == {"daily_sales": {}, "views_by_title": {}}


def test_a_large_batch_is_taken_in_by_few_transactions(events: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    events.take("fifo", *(message(n, aggregate=f"order-{n}") for n in range(250)))
    calls = []
    write = events.dynamodb.transact_write_items
    monkeypatch.setattr(events.dynamodb, "transact_write_items", lambda **call: (calls.append(1), write(**call)))
    assert project_all(events) == DONE
    assert (len(calls), live(events)) == (3, expected(events))


@pytest.mark.parametrize("before", [0, 1], ids=["new state", "old state"])
def test_a_state_written_meanwhile_by_another_shard_is_kept(events: EventLog, before: int) -> None:
    events.take("fifo", *(message(n, aggregate=f"order-{n}") for n in range(3)))
    events.project(stream(events.dynamodb.appended[:before]))
    first, second = (stream([item]) for item in events.dynamodb.appended[before : before + 2])
    events.dynamodb.before_write.append(lambda: events.project(second))
    assert events.project(first) == DONE
    project_all(events)
    assert live(events) == expected(events)


def test_a_failure_names_the_first_record_that_comes_again(events: EventLog) -> None:
    events.take("fifo", playback(1), message(2), playback(3))

    def throttled() -> None:
        raise error("ThrottlingException", "TransactWriteItems")

    events.dynamodb.before_write.append(throttled)  # daily_sales is the first to write
    assert project_all(events) == {"batchItemFailures": [{"itemIdentifier": "1001"}]}
    assert live(events)["views_by_title"] == {"state#Metropolis": {"views": 2}}
    assert project_all(events) == DONE
    assert live(events) == expected(events)


def test_endless_contention_leaves_the_records_to_the_stream(events: EventLog) -> None:
    events.take("fifo", message(1))

    def busy() -> None:
        raise error("TransactionCanceledException", "TransactWriteItems", ["TransactionConflict", "None"])

    events.dynamodb.before_write += [busy] * ATTEMPTS
    assert project_all(events) == {"batchItemFailures": [{"itemIdentifier": "1000"}]}


def test_a_projection_that_fails_stops_no_other(events: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> State:
        raise ZeroDivisionError

    events.take("fifo", message(1), playback(2))
    monkeypatch.setitem(
        events.modules["project"].PROJECTIONS,
        "daily_sales",
        Projection(name="daily_sales", key=lambda event: "x", apply=broken, initial={}),
    )
    assert project_all(events) == {"batchItemFailures": [{"itemIdentifier": "1000"}]}
    assert live(events)["views_by_title"] == {"state#Metropolis": {"views": 1}}


def test_the_pointer_says_how_far_the_projection_is(events: EventLog) -> None:
    events.take("fifo", message(1))
    events.take("fifo", message(2))
    project_all(events)
    newest = max(item["recorded"]["S"] for item in events.dynamodb.appended)
    pointers = events.dynamodb.items(POINTERS)
    assert pointers["daily_sales", 0]["as_of"] == {"S": newest}
    events.project(stream(events.dynamodb.appended[:1]))
    assert pointers["daily_sales", 0]["as_of"] == {"S": newest}


def test_the_pointer_stays_before_a_record_that_failed(events: EventLog) -> None:
    def throttled() -> None:
        raise error("ThrottlingException", "TransactWriteItems")

    events.take("fifo", *(message(n, time=f"2026-11-2{n}T09:30:00Z") for n in (1, 2, 3)))
    for day, item in enumerate(events.dynamodb.appended, 1):
        item["recorded"] = {"S": f"2026-11-2{day}T10:00:00.000Z"}
    events.dynamodb.before_write += [lambda: None, throttled]  # the second day's state
    assert project_all(events) == {"batchItemFailures": [{"itemIdentifier": "1001"}]}
    assert events.dynamodb.items(POINTERS)["daily_sales", 0]["as_of"] == {"S": "2026-11-21T10:00:00.000Z"}


def test_the_projector_follows_the_pointer(events: EventLog) -> None:
    switch(events, "daily_sales", "b")
    events.take("fifo", message(1))
    project_all(events)
    assert states(events, SALES["a"]) == {}
    assert states(events, SALES["b"]) == expected(events)["daily_sales"]


def test_a_replay_rebuilds_what_is_live(events: EventLog) -> None:
    events.take("fifo", *(message(n, aggregate=f"order-{n % 5}") for n in range(30)))
    project_all(events)
    events.dynamodb.items(SALES["b"]).update({("seen#old", 0): {"key": {"S": "seen#old"}}})
    begin(events)
    assert events.run("prepare", START) == {"side": "b", "done": True}
    assert events.dynamodb.items(SALES["b"]) == {}
    assert events.read_all("daily_sales", "b") == (30, 30)
    assert events.read_all("daily_sales", "b") == (30, 0)
    assert events.verify("daily_sales", "b", 30)["different"] == []
    assert states(events, SALES["b"]) == states(events, SALES["a"]) == expected(events)["daily_sales"]


def test_steps_that_run_out_of_time_go_on_where_they_were(events: EventLog) -> None:
    events.take("fifo", *(message(n, aggregate=f"order-{n % 5}") for n in range(30)))
    project_all(events)
    begin(events)
    for _ in range(2):
        events.run("prepare", START, left_ms=0)
        assert events.read_all("daily_sales", "b", left_ms=0) == (30, 30)
        assert events.verify("daily_sales", "b", 30, left_ms=0)["seen"] == 30


@pytest.mark.parametrize("step", ["prepare", "segment", "verify"])
def test_a_step_of_another_replay_is_refused(events: EventLog, step: str) -> None:
    begin(events)
    for replay in ("arn:aws:states:us-east-1:000000000000:execution:replay:2", ""):
        with pytest.raises(ReplayRefused, match="lease"):
            events.run(step, {**START, "replay": replay, "relevant": 0, "applied": 0, "start": None})


def test_nobody_replays_without_the_lease(events: EventLog) -> None:
    with pytest.raises(ReplayRefused, match="lease"):
        events.run("prepare", START)


def test_the_table_that_is_read_is_never_touched(events: EventLog) -> None:
    begin(events)
    with pytest.raises(ReplayRefused, match="side a of daily_sales is being read"):
        events.read_all("daily_sales", "a")


def test_an_unknown_projection_is_refused(events: EventLog) -> None:
    with pytest.raises(ReplayRefused, match="no projection"):
        events.run("prepare", {**START, "projection": "weekly_sales"})


def test_a_table_that_lacks_events_is_not_verified(events: EventLog) -> None:
    events.take("fifo", message(1), message(2))
    begin(events)
    events.read_all("daily_sales", "b")
    with pytest.raises(events.modules["replay_verify"].ReplayIncomplete, match="3 events were read, the table holds 2"):
        events.verify("daily_sales", "b", 3)


def test_states_that_differ_are_told(events: EventLog) -> None:
    events.take("fifo", message(1))
    begin(events)
    events.read_all("daily_sales", "b")
    with pytest.raises(events.modules["replay_verify"].ReplayDiffers, match="2026-11-22"):
        events.verify("daily_sales", "b", 1)


bodies = st.integers(0, 14).flatmap(
    lambda number: st.sampled_from(
        [
            message(number, aggregate=f"order-{number % 3}"),
            message(number, aggregate=f"order-{number % 3}", sequence=1 + number // 3),
            playback(number, f"title {number % 2}"),
            {"tick": "day.closed", "time": "2025-11-22T00:15:00Z"},
            {"poison": number},
        ]
    )
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.lists(bodies, min_size=1, max_size=5), st.integers(0, 4), st.booleans()),
        st.tuples(st.just("project"), st.integers(0, 20), st.integers(0, 4), st.booleans()),
        st.tuples(st.just("segment"), st.integers(0, SEGMENTS - 1), st.integers(0, 4), st.booleans()),
    ),
    max_size=14,
)


@given(steps=steps)
@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_replay_equals_live_under_duplicates_reordering_poison_crashes_and_lost_answers(
    events: EventLog, steps: list[Any]
) -> None:
    database = events.dynamodb
    database.tables.clear()
    database.appended.clear()
    begin(events)

    def crash() -> None:
        raise error("InternalServerError", "Write")

    for kind, what, writes_before_crash, is_written in steps:
        fate = [lambda: None] * writes_before_crash + [crash]
        database.before_write, database.after_write = ([], fate) if is_written else (fate, [])
        if kind == "take":
            events.take("kinesis", *what)
        elif kind == "project":  # from anywhere: shards run beside each other, and records come again
            events.project(stream(database.appended[what : what + 5]))
        else:
            common = {**START, "side": "b", "segment": what, "segments": SEGMENTS}
            try:
                events.run("segment", {**common, "start": None, "relevant": 0, "applied": 0})
            except Exception as problem:
                assert "InternalServerError" in repr(problem)
    database.before_write = database.after_write = []
    assert project_all(events) == DONE
    for projection, tables in TABLES.items():
        relevant, _ = events.read_all(projection, "b")
        assert events.verify(projection, "b", relevant)["different"] == []
        assert states(events, tables["a"]) == states(events, tables["b"]) == expected(events)[projection]


def test_events_appended_while_the_projector_is_paused_come_after_the_switch(events: EventLog) -> None:
    events.take("fifo", *(message(n, aggregate=f"order-{n}") for n in range(6)))
    events.project(stream(events.dynamodb.appended[:4]))
    begin(events)
    events.read_all("daily_sales", "b")
    events.take("fifo", message(7))  # paused: nobody projects it
    switch(events, "daily_sales", "b")
    assert project_all(events) == DONE
    assert live(events) == expected(events)


def test_a_key_is_read_as_it_was_taken_in(events: EventLog) -> None:
    events.take("fifo", playback(1, "Fräulein #1 ☂"))
    project_all(events)
    table = ProjectionTable(events.dynamodb, TABLES["views_by_title"]["a"], PROJECTIONS["views_by_title"])
    assert table.read("Fräulein #1 ☂").state == {"views": 1}


@pytest.mark.parametrize(
    "tables",
    [
        *(
            "",
            "{",
            "[]",
            "{}",
            '{"daily_sales": 1}',
            '{"daily_sales": {"a": "x"}}',
            '{"no_such": {"a": "x", "b": "y"}}',
        ),
        *('{"daily_sales": {"a": "x", "b": "x"}}', '{"daily_sales": {"a": "x", "b": 7}}'),
    ],
)
def test_a_wrong_deployment_fails_before_the_first_record(monkeypatch: pytest.MonkeyPatch, tables: str) -> None:
    with pytest.raises(SettingsError, match="PROJECTION_TABLES"):
        load(FakeDynamoDB(), FakeQuarantine(), {"PROJECTION_TABLES": tables}, monkeypatch.setenv)
