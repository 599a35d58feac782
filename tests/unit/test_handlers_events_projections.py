"""Projections are pure, and end the same in whatever order the events of different aggregates come."""

from __future__ import annotations

import dataclasses
import json
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.events.envelope import Event, parse
from handlers.events.projections import DAILY_SALES, PROJECTIONS, VIEWS_BY_TITLE, Projection
from tests.events import message

DAYS = ("2026-11-21", "2026-11-22")


def purchase(number: int = 1, *, recorded: str = "2026-11-22T09:30:01.000Z", **fields: Any) -> Event:
    return dataclasses.replace(parse(message(number, **fields)), sequence=1, recorded=recorded)


def closing(number: int = 99, day: str = "2026-11-22") -> Event:
    return purchase(number, type="day.closed", version=1, aggregate=f"day-{day}", payload={"day": day})


def playback(number: int, title: str) -> Event:
    return purchase(number, type="playback.started", version=1, aggregate=f"viewer-{number}", payload={"title": title})


def fold(projection: Projection, events: list[Event]) -> dict[str, Any]:
    groups: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        key = projection.key_of(event)
        if key is not None:
            groups[key].append(event)
    return {key: projection.fold(None, group) for key, group in groups.items()}


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Aggregates' events, in the order of each aggregate, one after the other."""
    events: list[Event] = []
    for number in range(draw(st.integers(1, 12))):
        day, hour = draw(st.sampled_from(DAYS)), draw(st.integers(0, 23))
        kind = draw(st.sampled_from(["v1", "v2", "closed", "played"]))
        fields: dict[str, Any] = {"aggregate": f"order-{draw(st.integers(1, 4))}", "time": f"{day}T{hour:02}:00:00Z"}
        recorded = f"2026-11-{draw(st.integers(21, 24))}T{draw(st.integers(0, 23)):02}:20:00.000Z"
        currency, amount = draw(st.sampled_from(["EUR", "USD"])), draw(st.integers(0, 999))
        match kind:
            case "v1":
                payload = {"title": "M", "amount": f"{amount}.05", "currency": currency}
                events.append(purchase(number, recorded=recorded, **fields, version=1, payload=payload))
            case "v2":
                payload = {"title": "M", "amount_minor": amount, "currency": currency}
                events.append(purchase(number, recorded=recorded, **fields, payload=payload))
            case "closed":
                events.append(closing(number, day))
            case _:
                events.append(playback(number, draw(st.sampled_from(["Metropolis", "M"]))))
    return events


@pytest.mark.parametrize("projection", PROJECTIONS.values(), ids=lambda projection: projection.name)
@given(data=st.data())
def test_any_interleaving_of_aggregates_leaves_the_same_states(projection: Projection, data: st.DataObject) -> None:
    events = data.draw(histories())
    queues: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        queues[event.aggregate].append(event)
    interleaved: list[Event] = []
    while queues:
        aggregate = data.draw(st.sampled_from(sorted(queues)))
        interleaved.append(queues[aggregate].pop(0))
        if not queues[aggregate]:
            del queues[aggregate]
    assert fold(projection, interleaved) == fold(projection, events)


@pytest.mark.parametrize("projection", PROJECTIONS.values(), ids=lambda projection: projection.name)
@given(events=histories())
def test_states_are_json_and_are_never_changed_in_place(projection: Projection, events: list[Event]) -> None:
    initial = json.dumps(projection.initial)
    states = fold(projection, events)
    assert json.loads(json.dumps(states)) == states
    assert json.dumps(projection.initial) == initial


def test_sales_are_summed_by_day_and_currency() -> None:
    dollars = {"title": "M", "amount_minor": 5, "currency": "USD"}
    state = DAILY_SALES.fold(None, [purchase(1), purchase(2), purchase(3, payload=dollars)])
    assert state["sales"] == {"count": 3, "total": {"EUR": 2500, "USD": 5}}
    assert DAILY_SALES.key_of(purchase(1, time="2026-11-21T23:59:59.9Z")) == "2026-11-21"


def test_old_and_new_versions_of_a_purchase_are_summed_alike() -> None:
    old = {"title": "M", "amount": "12.50", "currency": "EUR"}
    assert fold(DAILY_SALES, [purchase(1, version=1, payload=old)]) == fold(DAILY_SALES, [purchase(1)])


def test_closing_a_day_twice_is_closing_it_once() -> None:
    once = DAILY_SALES.fold(None, [purchase(), closing()])
    assert once["closed"]
    assert DAILY_SALES.fold(once, [closing(98)]) == once


@pytest.mark.parametrize(
    ("recorded", "part"),
    [("2026-11-23T00:15:00.000Z", "sales"), ("2026-11-23T00:15:00.001Z", "late"), ("2026-12-24T00:00:00.000Z", "late")],
)
@pytest.mark.parametrize("closed_first", [True, False])
def test_what_was_recorded_after_the_days_grace_is_late_whether_or_not_its_closing_was_seen(
    recorded: str, part: str, closed_first: bool
) -> None:
    sale = purchase(recorded=recorded)
    state = DAILY_SALES.fold(None, [closing(), sale] if closed_first else [sale, closing()])
    assert {name: state[name]["count"] for name in ("sales", "late")} == {"sales": 0, "late": 0, part: 1}


def test_views_are_counted_by_title() -> None:
    states = fold(VIEWS_BY_TITLE, [playback(1, "Metropolis"), playback(2, "M"), playback(3, "Metropolis")])
    assert states == {"Metropolis": {"views": 2}, "M": {"views": 1}}


def test_events_of_no_concern_have_no_key() -> None:
    assert DAILY_SALES.key_of(playback(1, "M")) is None
    assert VIEWS_BY_TITLE.key_of(purchase()) is None
