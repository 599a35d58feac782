"""What the ingest promises about order, duplicates, conflicts, poison and failures: the same for both logs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from handlers.environment import SettingsError
from handlers.events import contention
from handlers.events.contention import ATTEMPTS
from handlers.events.envelope import parse
from handlers.events.store import EventStore
from tests.events import EVENTS, LOGS, EventLog, FakeQuarantine, Log, identifiers, identity, load, message
from tests.fake_aws import CONTEXT
from tests.fake_dynamodb import FakeDynamoDB, error

DONE = {"batchItemFailures": []}


@pytest.fixture
def quarantine() -> FakeQuarantine:
    return FakeQuarantine()


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch, quarantine: FakeQuarantine) -> EventLog:
    monkeypatch.setattr(contention, "LONGEST_PAUSE_S", 0)
    return load(FakeDynamoDB(), quarantine, {}, monkeypatch.setenv)


@pytest.fixture(params=LOGS)
def log(request: pytest.FixtureRequest) -> Log:
    return request.param


def kept(events: EventLog, aggregate: str = "order-1") -> list[tuple[int, str]]:
    """Sequence and type or id of an aggregate's events."""
    items = events.dynamodb.items(EVENTS)
    ordered = [items[key] for key in sorted(items) if key[0] == aggregate]
    return [
        (int(item["sequence"]["N"]), item["type" if "conflict" in item["type"]["S"] else "id"]["S"]) for item in ordered
    ]


def throttled() -> None:
    raise error("ThrottlingException", "ExecuteTransaction")


def test_events_are_kept_in_the_order_of_the_log(events: EventLog, log: Log) -> None:
    bodies = [message(n, aggregate=f"order-{n % 2}") for n in range(1, 6)]
    assert events.take(log, *bodies) == DONE
    assert kept(events, "order-1") == [(1, identity(1)), (2, identity(3)), (3, identity(5))]
    assert kept(events, "order-0") == [(1, identity(2)), (2, identity(4))]


def test_later_batches_go_on_where_others_ended(events: EventLog, log: Log) -> None:
    for n in range(1, 4):
        events.take(log, message(n))
    assert kept(events) == [(n, identity(n)) for n in range(1, 4)]


def test_an_event_is_kept_with_everything_that_it_said(events: EventLog, log: Log) -> None:
    events.take(log, message(1, causation="click-7", correlation="request-9"))
    item = events.dynamodb.items(EVENTS)["order-1", 1]
    recorded = item.pop("recorded")
    assert recorded["S"].endswith("Z")
    assert item == {
        "aggregate": {"S": "order-1"},
        "sequence": {"N": "1"},
        "id": {"S": identity(1)},
        "type": {"S": "purchase.completed"},
        "version": {"N": "2"},
        "time": {"S": "2026-11-22T09:30:00Z"},
        "causation": {"S": "click-7"},
        "correlation": {"S": "request-9"},
        "payload": {"S": '{"amount_minor":1250,"currency":"EUR","title":"Metropolis"}'},
    }


def test_a_duplicate_changes_nothing(events: EventLog, log: Log) -> None:
    events.take(log, message(1), message(1))
    before = dict(events.dynamodb.items(EVENTS))
    assert events.take(log, message(1, aggregate="order-2"), message(1, sequence=2)) == DONE
    assert events.dynamodb.items(EVENTS) == before


def test_an_event_takes_the_place_that_its_writer_expects(events: EventLog, log: Log) -> None:
    assert events.take(log, message(1, sequence=1), message(2, sequence=2)) == DONE
    assert kept(events) == [(1, identity(1)), (2, identity(2))]


@pytest.mark.parametrize("sequence", [1, 3, 17], ids=["taken", "gap", "far"])
def test_a_wrong_expectation_is_told_by_a_conflict_event(events: EventLog, log: Log, sequence: int) -> None:
    events.take(log, message(1))
    refused = message(2, sequence=sequence, correlation="request-9")
    assert events.take(log, refused) == DONE
    assert kept(events) == [(1, identity(1)), (2, "conflict")]
    item = events.dynamodb.items(EVENTS)["order-1", 2]
    assert json.loads(item["payload"]["S"]) == {"refused": refused, "next": 2}
    assert (item["causation"]["S"], item["correlation"]["S"]) == (identity(2), "request-9")


@pytest.mark.parametrize("sequence", [1, 3, 17], ids=["taken", "gap", "far"])
def test_a_refused_event_stays_refused_even_when_its_place_comes(events: EventLog, log: Log, sequence: int) -> None:
    events.take(log, message(1))
    for _ in range(3):
        assert events.take(log, message(2, sequence=sequence)) == DONE
    assert kept(events) == [(1, identity(1)), (2, "conflict")]


def test_an_event_that_was_kept_and_comes_again_is_no_conflict(events: EventLog, log: Log) -> None:
    events.take(log, message(1, sequence=1), message(2, sequence=2), message(1, sequence=1))
    assert kept(events) == [(1, identity(1)), (2, identity(2))]


def test_a_place_taken_meanwhile_by_another_writer_is_left_to_it(events: EventLog, log: Log) -> None:
    other = EventStore(events.dynamodb, EVENTS)
    events.dynamodb.before_write.append(lambda: other.append(parse(message(9))))
    assert events.take(log, message(1)) == DONE
    assert kept(events) == [(1, identity(9)), (2, identity(1))]


def test_an_expectation_that_another_writer_made_true_meanwhile_is_met(events: EventLog, log: Log) -> None:
    other = EventStore(events.dynamodb, EVENTS)
    events.dynamodb.before_write += [lambda: None, lambda: other.append(parse(message(2)))]
    events.take(log, message(1), message(9, aggregate="order-2"), message(3, sequence=3))
    assert kept(events) == [(1, identity(1)), (2, identity(2)), (3, identity(3))]


def test_endless_contention_leaves_the_record_to_the_log(events: EventLog, log: Log) -> None:
    def busy() -> None:
        raise error("TransactionCanceledException", "ExecuteTransaction", ["None", "TransactionConflict"])

    events.dynamodb.before_write += [busy] * ATTEMPTS
    assert events.take(log, message(1)) == identifiers(log, 0)
    assert events.take(log, message(1)) == DONE
    assert kept(events) == [(1, identity(1))]


def test_no_event_of_an_aggregate_is_kept_before_one_that_failed(events: EventLog, log: Log) -> None:
    events.dynamodb.before_write.append(throttled)
    bodies = [message(1), message(2, aggregate="order-2"), message(3)]
    answer = events.take(log, *bodies)
    assert kept(events) == []
    if log == "kinesis":  # all from the first failure on comes again
        assert answer == identifiers(log, 0)
    else:
        assert answer == identifiers(log, 0, 2)
        assert kept(events, "order-2") == [(1, identity(2))]
    events.take(log, *bodies)
    assert kept(events) == [(1, identity(1)), (2, identity(3))]
    assert kept(events, "order-2") == [(1, identity(2))]


def test_a_write_whose_answer_was_lost_is_not_done_twice(events: EventLog, log: Log) -> None:
    lost = events.dynamodb.execute_transaction

    def execute(**call: Any) -> None:
        lost(**call)
        events.dynamodb.execute_transaction = lost
        raise error("InternalServerError", "ExecuteTransaction")

    events.dynamodb.execute_transaction = execute
    assert events.take(log, message(1)) == identifiers(log, 0)
    assert events.take(log, message(1), message(2)) == DONE
    assert kept(events) == [(1, identity(1)), (2, identity(2))]


@pytest.mark.parametrize(
    ("poison", "reason"),
    [
        (b"\xff\x00", "not-json"),
        ([], "not-an-envelope"),
        (message(1, type="purchase.dreamt"), "unknown-type"),
        (message(1, payload={"title": 1}), "invalid-payload"),
        (
            message(1, type="conflict", version=1, payload={"refused": {"id": "x", "sequence": 1}, "next": 1}),
            "reserved-type",
        ),
        ({"tick": "day.opened"}, "not-a-tick"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_poison_goes_to_quarantine_and_stops_nothing(
    events: EventLog, quarantine: FakeQuarantine, log: Log, poison: Any, reason: str
) -> None:
    assert events.take(log, message(7), poison, message(8)) == DONE
    assert kept(events) == [(1, identity(7)), (2, identity(8))]
    assert [letter["reason"] for letter in quarantine.letters] == [reason]


def test_a_letter_says_where_the_record_stood_and_what_it_held(
    events: EventLog, quarantine: FakeQuarantine, log: Log
) -> None:
    events.take(log, message(1), {"odd": "ü"})
    letter = quarantine.letters[0]
    assert (json.loads(letter["body"]), letter["cut"]) == ({"odd": "ü"}, False)
    assert (
        letter["position"]
        == {
            "kinesis": {
                "log": "arn:aws:kinesis:us-east-1:000000000000:stream/log",
                "shard": "shardId-000000000000",
                "sequence_number": "49-1",
            },
            "fifo": {
                "log": "arn:aws:sqs:us-east-1:000000000000:log.fifo",
                "message_id": "message-1",
                "group": "order-1",
                "sequence_number": "1",
            },
        }[log]
    )


def test_a_record_that_is_too_large_for_a_letter_is_quoted_in_part(
    events: EventLog, quarantine: FakeQuarantine, log: Log
) -> None:
    assert events.take(log, b"\x00" * 300_000) == DONE
    assert (quarantine.letters[0]["reason"], quarantine.letters[0]["cut"]) == ("too-large", True)


def test_poison_that_quarantine_does_not_take_comes_again(
    events: EventLog, quarantine: FakeQuarantine, log: Log
) -> None:
    quarantine.failures.append(error("ServiceUnavailable", "SendMessage"))
    assert events.take(log, message(1), {}, message(2, aggregate="order-2")) == identifiers(log, 1)
    events.take(log, {}, message(2, aggregate="order-2"))
    assert len(quarantine.letters) == 1
    assert kept(events, "order-2") == [(1, identity(2))]


def test_a_day_is_closed_once_however_often_the_schedule_says_so(events: EventLog, log: Log) -> None:
    ticks = [{"tick": "day.closed", "time": f"2025-11-22T0{hour}:15:00Z"} for hour in range(3)]
    assert events.take(log, *ticks, ticks[0]) == DONE
    assert len(kept(events, "day-2025-11-21")) == 1


def test_an_expectation_that_contends_for_its_place_loses_as_a_conflict(events: EventLog, log: Log) -> None:
    place = {"aggregate": {"S": "order-1"}, "sequence": {"N": "1"}}
    winner = {**place, "id": {"S": identity(9)}, "type": {"S": "purchase.completed"}}
    events.dynamodb.before_write.append(lambda: events.dynamodb.items(EVENTS).update({("order-1", 1): winner}))
    events.take(log, message(1, sequence=1))
    assert kept(events) == [(1, identity(9)), (2, "conflict")]


def test_records_from_elsewhere_are_refused(events: EventLog) -> None:
    with pytest.raises(ValueError, match="aws:sns"):
        events.modules["ingest"].handler({"Records": [{"eventSource": "aws:sns"}]}, CONTEXT)


@pytest.mark.parametrize("variable", ["EVENTS_TABLE", "QUARANTINE_URL"])
def test_a_wrong_deployment_fails_before_the_first_event(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        load(FakeDynamoDB(), FakeQuarantine(), {variable: ""}, monkeypatch.setenv)
