"""A burst at the edge: what of it goes any further."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local.emulator import envs
from local.emulator.edge.runtime import EdgeRuntime
from local.settings import Settings
from tests.edge_room import Room, passed

pytestmark = pytest.mark.slow


def test_twenty_thousand_arrivals_and_polls_leave_the_edge_with_a_few_beacons() -> None:
    with EdgeRuntime(envs.node(Settings.from_environment().cache)) as edge:
        room = Room(edge)
        room.set(n=500)
        left = list(_burst(room))

    assert {request["uri"] for request in left} == {"/.room/shop/beacon"}
    # 20 of 10,000 at 1 in 500; five standard deviations.
    assert 1 <= len(left) <= 43


def _burst(room: Room) -> Iterator[dict[str, Any]]:
    """What 10,000 visitors make go to an origin: each arrives, asks once, and calls the beacon if the page says so."""
    for number in range(10_000):
        arrival = room.ask(f"/{number}")
        mine = {"room-shop-ticket": arrival["cookies"]["room-shop-ticket"]["value"]}
        asked = room.ask("/.room/shop/status", accept="application/json", cookies=mine)
        beacons = (
            [room.ask("/.room/shop/beacon", cookies=mine)] if 'src="/.room/shop/beacon"' in arrival["body"] else []
        )
        yield from filter(passed, [arrival, asked, *beacons])
