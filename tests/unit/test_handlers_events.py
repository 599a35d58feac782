"""What an event is: its envelope, its schemas, its versions, and the ticks that stand for one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.events import schemas
from handlers.events.envelope import MAX_BYTES, Event, canonical, decode, moment, parse, timestamp
from handlers.events.invalid import Invalid
from handlers.events.ticks import tick
from handlers.events.upcasters import UPCASTERS, upcast
from tests.events import identity, message

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
GOOD_PAYLOADS: dict[tuple[str, int], dict[str, Any]] = {
    ("purchase.completed", 1): {"title": "Metropolis", "amount": "12.50", "currency": "EUR"},
    ("purchase.completed", 2): {"title": "Metropolis", "amount_minor": 1250, "currency": "EUR"},
    ("playback.started", 1): {"title": "Metropolis"},
    ("day.closed", 1): {"day": "2026-11-22"},
    ("video.published", 1): {"version": 1, "run": "a" * 64, "title": "The launch talk"},
    ("conflict", 1): {"refused": {"id": identity(1), "sequence": 3}, "next": 2},
}

OTHER_DOMAINS = ("video.published",)
"""Types that another domain may add to within a version; of them only what is read here is held."""


def refused(body: Any) -> Invalid:
    with pytest.raises(Invalid) as caught:
        event = parse(decode(body if isinstance(body, bytes) else json.dumps(body).encode()))
        schemas.check(event)
    return caught.value


def test_an_envelope_is_read_as_it_was_written() -> None:
    written = message(1, sequence=3, causation="click-7", correlation="request-9")
    assert parse(decode(json.dumps(written).encode())).message() == written


def test_an_event_that_began_something_correlates_with_itself() -> None:
    assert parse(message(1)).correlation == identity(1)


def test_ids_are_the_same_whatever_their_case() -> None:
    written = "AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE"
    assert parse(message(1, id=written)).id == written.lower()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("id", bad) for bad in (7, "", "17", "{00000000-0000-0000-0000-000000000001}", identity(1) + "\n")),
        *(("type", bad) for bad in (None, "", "Purchase", "purchase..completed", "../secret", "a" + "\n")),
        *(("version", bad) for bad in (0, -1, 1.0, "1", True, None, 10_000)),
        *(("aggregate", bad) for bad in (None, "", "id#1", "order 1", "a" * 129, "-a", "ordér")),
        *(("sequence", bad) for bad in (0, -1, 1.5, "1", True, 2**53)),
        *(("time", bad) for bad in (None, 0, "2026-11-22", "2026-11-22T09:30:00", "2026-11-22T09:30:00+01:00")),
        *(("time", bad) for bad in ("2026-02-30T00:00:00Z", "2026-11-22T24:00:01Z", "2026-11-22T09:30:00Z ")),
        *(("causation", bad) for bad in (7, "", "a b", "x" * 129)),
        ("correlation", "ü"),
        *(("payload", bad) for bad in (None, [], "text")),
    ],
)
def test_a_wrong_field_is_refused_by_name(field: str, value: Any) -> None:
    invalid = refused(message(1, **{field: value}))
    assert invalid.reason == "not-an-envelope"
    assert invalid.detail.startswith(f"{field}: ")


@pytest.mark.parametrize("field", ["id", "type", "version", "aggregate", "time", "payload"])
def test_a_missing_field_is_refused_by_name(field: str) -> None:
    written = message(1)
    del written[field]
    assert refused(written).detail == f"{field}: missing"


def test_a_field_that_the_envelope_lacks_is_refused_by_name() -> None:
    assert refused(message(1, recorded="2026-11-22T09:30:00Z")).detail.startswith("recorded: ")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b'{"a": NaN}', b'{"a": 1, "a": 1}', b'{"a": "\\ud800"}', b"[" * 200_000, b"\x1f\x8b\x08"],
    ids=["empty", "cut", "bytes", "nan", "twice", "surrogate", "deep", "gzip"],
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    assert refused(body).reason == "not-json"


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"7"])
def test_json_that_is_no_object_is_refused(body: bytes) -> None:
    assert refused(body).reason == "not-an-envelope"


def test_an_event_that_is_too_large_is_refused_as_it_comes_and_as_it_would_be_kept() -> None:
    assert refused(b" " * (MAX_BYTES + 1)).reason == "too-large"
    grows = b'{"numbers": [' + b",".join([b"1e15"] * 40_000) + b"]}"
    written = json.dumps(message(1, payload="<>")).encode().replace(b'"<>"', grows)
    assert len(written) <= MAX_BYTES
    assert refused(written).reason == "too-large"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_an_item_keeps_the_whole_event(payload: dict[str, Any]) -> None:
    event = Event(
        id=identity(1),
        type="anything",
        version=3,
        aggregate="order-1",
        sequence=7,
        time="2026-11-22T09:30:00Z",
        recorded="2026-11-22T09:30:01.000Z",
        correlation="x",
        payload=payload,
    )
    assert Event.from_item(event.item()) == event


@given(st.dictionaries(st.text(), st.integers(), max_size=6), st.randoms())
def test_canonical_json_is_the_same_for_equal_values(value: dict[str, int], random: Any) -> None:
    pairs = list(value.items())
    random.shuffle(pairs)
    assert canonical(dict(pairs)) == canonical(value)


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1)))
def test_timestamps_are_read_as_they_were_written_to_the_millisecond(naive: datetime) -> None:
    written = naive.replace(tzinfo=UTC)
    assert timedelta(0) <= written - moment(timestamp(written)) < timedelta(milliseconds=1)


@pytest.mark.parametrize(("type_", "version"), sorted(schemas.SCHEMAS))
def test_each_schema_takes_a_good_payload_and_refuses_what_it_does_not_know(type_: str, version: int) -> None:
    good = GOOD_PAYLOADS[type_, version]
    schemas.check(parse(message(1, type=type_, version=version, payload=good)))
    assert refused(message(1, type=type_, version=version, payload={})).reason == "invalid-payload"
    more = message(1, type=type_, version=version, payload={**good, "more": 1})
    if type_ in OTHER_DOMAINS:
        schemas.check(parse(more))
    else:
        assert refused(more).reason == "invalid-payload"


@pytest.mark.parametrize(
    ("changed", "detail"),
    [
        ({"amount_minor": -1}, "payload.amount_minor must be bigger than or equal to 0"),
        ({"amount_minor": 12.5}, "payload.amount_minor must be integer"),
        ({"currency": "EUR\n"}, "payload.currency must match pattern"),
        ({"title": ""}, "payload.title must be longer than or equal to 1 characters"),
    ],
)
def test_a_wrong_payload_is_refused_with_its_place(changed: dict[str, Any], detail: str) -> None:
    good = GOOD_PAYLOADS["purchase.completed", 2]
    assert detail in refused(message(1, payload={**good, **changed})).detail


def test_unknown_types_and_versions_are_refused() -> None:
    assert refused(message(1, type="purchase.dreamt")).reason == "unknown-type"
    invalid = refused(message(1, version=9))
    assert (invalid.reason, invalid.detail) == ("unknown-version", "purchase.completed has the versions 1, 2")


@pytest.mark.parametrize(("type_", "version"), sorted(UPCASTERS))
def test_an_upcast_event_is_a_valid_one_of_the_newest_version(type_: str, version: int) -> None:
    event = parse(message(1, type=type_, version=version, payload=GOOD_PAYLOADS[type_, version]))
    newest = upcast(event)
    assert newest.version == schemas.newest(type_)
    schemas.check(newest)


@pytest.mark.parametrize(("type_", "version"), sorted(schemas.SCHEMAS))
def test_every_old_version_has_an_upcaster(type_: str, version: int) -> None:
    assert version == schemas.newest(type_) or (type_, version) in UPCASTERS


def test_the_first_version_of_a_purchase_is_read_in_minor_units() -> None:
    old = parse(message(1, version=1, payload=GOOD_PAYLOADS["purchase.completed", 1]))
    assert upcast(old).payload == GOOD_PAYLOADS["purchase.completed", 2]


def test_a_tick_closes_the_day_before_it() -> None:
    event = tick({"tick": "day.closed", "time": "2026-11-22T00:15:00Z"}, NOON)
    schemas.check(event)
    assert (event.payload, event.aggregate) == ({"day": "2026-11-21"}, "day-2026-11-21")
    assert parse(event.message()) == event


def test_ticks_of_one_day_are_one_event() -> None:
    ids = {
        tick({"tick": "day.closed", "time": time}, NOON).id for time in ("2026-11-22T00:15:00Z", "2026-11-22T08:00:00Z")
    }
    assert len(ids) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"tick": "day.opened", "time": "2026-11-22T00:15:00Z"},
        {"tick": "day.closed"},
        {"tick": "day.closed", "time": None},
        {"tick": "day.closed", "time": "0001-01-01T00:00:00Z"},
        {"tick": "day.closed", "time": "2026-11-22T12:00:01Z"},
        {"tick": "day.closed", "time": "2026-11-22T00:15:00Z", "payload": {}},
    ],
    ids=["type", "no time", "null", "old", "future", "more"],
)
def test_what_is_no_tick_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="not-a-tick"):
        tick(wrong, NOON)
