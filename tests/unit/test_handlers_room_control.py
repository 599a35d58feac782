"""The controller: the watermark follows who comes, the pace follows the origin, and the edge can read its state."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.waiting_room import rotation
from handlers.waiting_room.admission import Room
from handlers.waiting_room.beacons import Beacon, NoBeacon
from handlers.waiting_room.commands import BadCommand, Command
from handlers.waiting_room.control import STATE_CHARACTERS, STEP_S, Control, Seen, limits
from handlers.waiting_room.line import Line
from handlers.waiting_room.settings import RoomSettings
from tests.rooms import NOW

SHOP = RoomSettings(
    capacity=600, total=6600, session_s=600, life_s=14_400, renewals=True, poll_s=20, peak=1000, start="queue"
)


def seen(at: float, *, room: Room | None = None, turned_away: int = 0, alarm: bool = False, **arrived: Any) -> Seen:
    return Seen(
        now=NOW + at,
        room=room or Room(),
        turned_away=turned_away,
        beacons=arrived.get("beacons", ()),
        alarm=alarm,
    )


def burst(second: int, tickets: int, weight: int = 50) -> list[tuple[int, int]]:
    return [(NOW + second, weight)] * (tickets // weight)


def test_nobody_waits_while_nobody_came() -> None:
    control = Control.new(SHOP, NOW)
    control.step(seen(15), SHOP)
    assert control.watermark == NOW + 15


def test_guard_lets_visitors_in_before_they_are_counted_until_it_is_full() -> None:
    control = Control.new(replace(SHOP, start="guard"), NOW)
    control.step(seen(15), SHOP)
    assert control.watermark > NOW + 15 + STEP_S
    full = Room(windows={(NOW + 30) // 60: 600}, active=6600)
    control.step(seen(30, room=full, turned_away=500), SHOP)
    assert control.watermark <= NOW + 30


def test_a_burst_is_let_in_by_parts_of_a_second() -> None:
    control = Control.new(SHOP, NOW)
    control.step(seen(15, beacons=burst(5, 20_000)), SHOP)
    assert NOW + 5 < control.watermark < NOW + 6
    # as many as this minute takes, five in a hundred more, and the first guess is that four of five come
    released = 20_000 - sum(span[2] for span in control.line)
    assert released == pytest.approx(1.05 * 600 / 0.8, rel=0.01)


def test_it_learns_who_comes() -> None:
    control, admitted = Control.new(SHOP, NOW), 0.0
    for step in range(1, 30):
        before = control.let_in
        arrived = burst(5, 20_000) if step == 1 else ()
        control.step(seen(step * STEP_S, room=Room(admitted=round(admitted)), beacons=arrived), SHOP)
        admitted += 0.4 * (control.let_in - before)
    assert control.shows == pytest.approx(0.4, rel=0.25)


def test_the_alarm_halves_the_pace_each_minute_and_it_grows_back() -> None:
    control = Control.new(SHOP, NOW)
    paces = []
    for step in range(1, 33):
        control.step(seen(step * STEP_S, alarm=step <= 8), SHOP)
        paces.append(control.per_window)
    assert paces[0] == 300
    assert min(paces) == 150
    assert paces == [*sorted(paces[:8], reverse=True), *sorted(paces[8:])]
    assert paces[-1] >= 450


def test_a_closed_room_admits_nobody_whatever_its_watermark() -> None:
    control = Control.new(replace(SHOP, start="closed"), NOW)
    assert limits(control, SHOP)["per_window"] == 0


@given(
    arrivals=st.lists(st.tuples(st.integers(-3000, 900), st.integers(1, 100_000)), max_size=400),
    admitted=st.integers(0, 10_000),
    turned_away=st.integers(0, 10_000),
    modes=st.sampled_from(["queue", "guard"]),
)
def test_the_edge_can_read_any_state_and_the_controller_its_memory(
    arrivals: list[tuple[int, int]], admitted: int, turned_away: int, modes: str
) -> None:
    control = Control.new(replace(SHOP, start=modes), NOW)
    beacons = [(NOW + second, weight) for second, weight in arrivals]
    for at, some in ((15, beacons[::2]), (30, beacons[1::2]), (900, [])):
        control.step(seen(at, room=Room(admitted=admitted), turned_away=turned_away, beacons=some), SHOP)
        text = control.state(SHOP)
        state = json.loads(text)
        assert len(text) <= STATE_CHARACTERS
        assert state["n"] >= 50
        assert state["p"] >= 1
        assert all(count >= 0 for count in state["h"][2])
        control = Control.of(control.to_json())
        assert control.state(SHOP) == text


@given(
    st.lists(st.tuples(st.integers(0, 600), st.floats(0.5, 1000)), max_size=500),
    st.lists(st.floats(0, 5000), max_size=20),
)
def test_the_line_loses_nobody_and_is_let_in_in_order(arrivals: list[tuple[int, float]], releases: list[float]) -> None:
    line, place = Line(), 0.0
    for second, tickets in arrivals:
        line.join(second, tickets)
    total, gone = sum(tickets for _, tickets in arrivals), 0.0
    assert line.waiting == pytest.approx(total)
    assert sum(line.counts(0, 10, 61)) == pytest.approx(total)
    for wanted in releases:
        released, now = line.release(wanted, 601)
        assert released <= wanted + 1e-6 or not wanted
        assert now >= place
        gone, place = gone + released, now
    assert gone + line.waiting == pytest.approx(total, abs=1e-6)


def test_a_key_is_valid_before_it_signs_and_after_another_does() -> None:
    first = rotation.created(NOW)
    begun = rotation.begun(first, NOW, life_s=100)
    assert (begun["use"], begun["a"]) == ("a", first["a"])
    assert rotation.ended(begun, NOW + rotation.SETTLE_S - 1) is None
    ended = rotation.ended(begun, NOW + rotation.SETTLE_S)
    assert ended is not None
    assert (ended["use"], ended["a"], ended["b"]) == ("b", first["a"], begun["b"])
    for state, at in ((begun, NOW + 1), (ended, NOW + rotation.SETTLE_S + 99)):
        with pytest.raises(rotation.TooSoon):
            rotation.begun(state, at, life_s=100)
    assert rotation.begun(ended, NOW + rotation.SETTLE_S + 100, life_s=100)["use"] == "b"
    assert rotation.begun(begun, NOW, life_s=100, force=True)["a"] != first["a"]


@pytest.mark.parametrize(
    "body",
    ["", "x", "[]", "{}", '{"room":"shop","a":"1"}', '{"room":"shop","a":1,"n":"1"}', '{"room":"s","a":"-1","n":"1"}',
     '{"room":"s","a":"1","n":"0"}', '{"room":"s","a":"1","n":"100001"}', '{"room":"s","a":"soon","n":"1"}'],
)  # fmt: skip
def test_what_is_no_beacon_says_why(body: str) -> None:
    with pytest.raises(NoBeacon):
        Beacon.of(body)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"room": "x", "mode": "open"}, "there is no room 'x'"),
        ({"mode": "open"}, "there is no room ''"),
        ({"room": "shop"}, "give mode, capacity or rotate_keys"),
        ({"room": "shop", "mode": "ajar"}, "mode 'ajar' is none of"),
        ({"room": "shop", "capacity": -1}, "no whole number from 0"),
        ({"room": "shop", "capacity": True}, "no whole number from 0"),
        ({"room": "shop", "capacity": 30_001}, "no whole number from 0"),
        ({"room": "shop", "open": True}, "there is no open"),
    ],
)
def test_a_wrong_command_is_refused_with_what_to_say(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(BadCommand, match=problem):
        Command.of(given, {"shop": SHOP})
