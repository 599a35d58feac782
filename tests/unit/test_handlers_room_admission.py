"""Admission is exact: whatever comes between, and wherever a function dies."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.waiting_room.admission import LEASE_S, Admitted, Refused, Room, Terms, admit, window_of
from tests.rooms import NOW, Died, FakePlaces, ticket

TERMS = Terms(session_s=300, renewals=True, retry_s=20)
OPEN = Room(watermark=NOW, per_window=3, total=10)


def ask(places: FakePlaces, number: int = 1, *, at: float = NOW, terms: Terms = TERMS, **given: Any) -> Any:
    return admit(ticket(number, **given), f"request-{number}-{at}", at, places, terms)


def test_a_visitor_whose_turn_it_is_gets_a_pass_for_one_session() -> None:
    assert ask(FakePlaces(OPEN)) == Admitted(NOW + 300)


def test_the_same_ticket_gets_the_same_pass_and_takes_one_place() -> None:
    places = FakePlaces(OPEN)
    first = ask(places)
    assert [ask(places, at=NOW + later) for later in (0, 1, 100)] == [Admitted(first.expires, again=True)] * 3
    assert places.counters.active == 1


def test_whoever_came_after_the_watermark_waits() -> None:
    places = FakePlaces(replace(OPEN, watermark=NOW - 700))
    assert ask(places) == Refused("early", 20)
    assert places.records == {}


def test_a_full_window_turns_away_and_the_next_one_admits() -> None:
    places = FakePlaces(OPEN)
    outcomes = [ask(places, number) for number in range(5)]
    assert Counter(type(one).__name__ for one in outcomes) == {"Admitted": 3, "Refused": 2}
    assert outcomes[4] == Refused("full", 20)
    assert places.turned == 2
    assert isinstance(ask(places, 4, at=NOW + 60), Admitted)


def test_the_total_holds_over_windows_and_ended_sessions_give_their_places_back() -> None:
    places = FakePlaces(replace(OPEN, per_window=10, total=4))
    early = [ask(places, number, at=NOW + 60 * number) for number in range(5)]
    assert [type(one) for one in early] == [Admitted] * 4 + [Refused]
    assert ask(places, 9, at=NOW + 299) == Refused("full", 20)
    assert isinstance(ask(places, 9, at=NOW + 360), Admitted)


def test_a_room_that_is_not_opened_yet_admits_nobody() -> None:
    assert ask(FakePlaces(Room())) == Refused("early", 20)
    assert ask(FakePlaces(replace(OPEN, per_window=0))) == Refused("full", 20)


def test_a_visitor_with_a_pass_keeps_it_while_the_room_is_full_or_closed() -> None:
    places = FakePlaces(OPEN)
    first = ask(places)
    for closed in (replace(places.counters, per_window=0), replace(places.counters, watermark=0)):
        places.counters = closed
        assert ask(places, at=NOW + 1) == Admitted(first.expires, again=True)


def test_a_renewal_takes_a_place_like_an_admission() -> None:
    places = FakePlaces(OPEN)
    ask(places)
    assert ask(places, at=NOW + 250) == Admitted(NOW + 550)
    assert places.counters.admitted == 2
    assert ask(places, at=NOW + 1000) == Admitted(NOW + 1300)


def test_without_renewals_a_ticket_is_good_once() -> None:
    places, once = FakePlaces(OPEN), replace(TERMS, renewals=False)
    ask(places, terms=once)
    assert ask(places, at=NOW + 299, terms=once) == Admitted(NOW + 300, again=True)
    assert ask(places, at=NOW + 300, terms=once) == Refused("used", 0)
    places.counters = replace(places.counters, total=0)
    assert ask(places, at=NOW + 300, terms=once) == Refused("used", 0)


@pytest.mark.parametrize("step", ["claim", "take", "took", "finish"])
def test_a_function_that_dies_never_admits_twice(step: str) -> None:
    places = FakePlaces(replace(OPEN, total=2))

    def die(at: str) -> None:
        if at == step:
            raise Died

    places.between = die
    with pytest.raises(Died):
        ask(places)
    places.between = lambda _step: None
    held = step != "claim"
    assert ask(places, at=NOW + 1) == (Refused("busy", 2) if held else Admitted(NOW + 301))
    if held:
        assert isinstance(ask(places, at=NOW + LEASE_S + 1), Admitted)
    lost = step in ("took", "finish")
    assert places.counters.active == 1 + lost


def test_one_who_was_taken_for_dead_finishes_nothing() -> None:
    places = FakePlaces(OPEN)
    answers: list[Any] = []

    def sleep(step: str) -> None:
        if step == "finish":
            places.between = lambda _step: None
            answers.append(ask(places, at=NOW + LEASE_S + 1))

    places.between = sleep
    answers.append(ask(places))
    assert answers == [Admitted(NOW + LEASE_S + 1 + 300), Refused("busy", 2)]


@given(data=st.data())
def test_no_order_of_requests_and_deaths_admits_one_too_many(data: st.DataObject) -> None:
    """Requests come between the steps of others, to any depth; some die at some step; time goes on."""
    room = replace(OPEN, per_window=data.draw(st.integers(0, 3)), total=data.draw(st.integers(0, 4)))
    places, passes = FakePlaces(room), dict[tuple[int, int], float]()
    at = [float(NOW)]

    def request(depth: int) -> None:
        number, began = data.draw(st.integers(0, 4)), at[0]

        def between(_step: str) -> None:
            if depth < 3 and data.draw(st.integers(0, 9)) == 0:
                request(depth + 1)
            if data.draw(st.integers(0, 19)) == 0:
                raise Died
            places.between = between

        outer, places.between = places.between, between
        try:
            outcome = admit(ticket(number), f"{number}-{len(passes)}-{depth}-{began}", began, places, TERMS)
            if isinstance(outcome, Admitted):
                passes[number, outcome.expires] = began
        except Died:
            pass
        finally:
            places.between = outer

    for _ in range(data.draw(st.integers(1, 12))):
        request(0)
        at[0] += data.draw(st.sampled_from([0, 1, 20, 61, 290, 400]))
        alive = [expires for (_, expires) in passes if expires > at[0]]
        assert len(alive) <= places.counters.total
        by_window = Counter(window_of(expires - TERMS.session_s) for (_, expires) in passes)
        assert all(count <= places.counters.per_window for count in by_window.values())
        assert places.counters.active == sum(places.counters.endings.values()) <= places.counters.total
