"""A burst on a waiting room: the shipped edge code on Node and the shipped controller and admission, with time made up.

Visitors come within a minute, look at the page, poll as it says, ask to be admitted when it is their turn, and half of
them leave on the way. What the controller writes reaches the edge 3 to 12 seconds later. Twice: before an origin that
bears the capacity, and before one that bears 60% of it and says so by an alarm. Run it as
`python -m bench.waiting_room [--quick] [--plot FILE]`.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import json
import random
import statistics
import time
from collections import Counter, deque
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench._report import tell
from bench._room_plot import Curve, draw
from components.waiting_room.gate import Guarded
from handlers.waiting_room.admission import Admitted, Terms, admit, window_of
from handlers.waiting_room.admission import Room as Counters
from handlers.waiting_room.control import STEP_S, Control, Seen, limits
from handlers.waiting_room.settings import RoomSettings
from handlers.waiting_room.tickets import Ticket, read_ticket
from local.emulator import envs
from local.emulator.edge.runtime import EdgeRuntime
from local.settings import Settings
from tests.edge_room import KEYS, Room
from tests.rooms import NOW, FakePlaces

BURST_S = 60
QUIET_S = 30
PATIENCE_S = 240
"""How long those who leave stay, on average."""

LEAVE = 0.5
REACH_S = (3, 12)
BEACON_S = (0.5, 2)
ORIGINS = {"burst": 1.0, "slow_origin": 0.6}
"""What the origin bears, of the capacity."""

LONGEST_S = 3 * 3600


@dataclass
class Simulation:
    """One burst. Events are `(when, number, what, visitor)`, in order."""

    visitors: int
    capacity: int
    edge: EdgeRuntime
    bears: float = 1.0
    """What the origin bears, of the capacity."""

    random: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - the same each time
    admitted: list[tuple[float, float]] = field(default_factory=list)
    """When, and how long they had waited."""

    beacons: Counter[int] = field(default_factory=Counter)
    calls: int = 0
    minutes: list[dict[str, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        settings = {"session_s": 600, "life_s": 14_400, "renewals": False, "poll_s": 20, "peak": 1_000}
        self.settings = RoomSettings(capacity=self.capacity, total=self.capacity * 11, start="queue", **settings)
        self.control = Control.new(self.settings, NOW)
        self.places = FakePlaces(Counters(watermark=NOW, per_window=self.capacity, total=self.settings.total))
        self.room = Room(self.edge, rooms={"shop": Guarded(life_s=14_400)})
        self.pages = dict(self.room.items)
        self.events: list[tuple[float, int, str, int]] = []
        self.number = itertools.count()
        self.tickets: dict[int, tuple[str, Ticket]] = {}
        self.leaves: dict[int, float] = {}
        self.queue: list[tuple[float, tuple[int, int]]] = []
        self.states: deque[tuple[float, str]] = deque([(NOW, self.control.state(self.settings))])
        self.state = self.states[0][1]
        self.gone = 0

    def run(self) -> None:
        """Until everybody is admitted or gone."""
        for visitor in range(self.visitors):
            self._at(NOW + QUIET_S + self.random.triangular(0, BURST_S, BURST_S / 5), "arrive", visitor)
        self._at(NOW + 1, "step", 0)
        while self.events and len(self.admitted) + self.gone < self.visitors:
            when, _, what, visitor = heapq.heappop(self.events)
            if when > NOW + LONGEST_S:
                raise RuntimeError("the queue doesn't end")
            getattr(self, f"_{what}")(when, visitor)

    def _at(self, when: float, what: str, visitor: int) -> None:
        heapq.heappush(self.events, (when, next(self.number), what, visitor))

    def _ask(self, when: float, url: str, cookie: str = "", **more: str) -> dict[str, Any]:
        while self.states and self.states[0][0] <= when:
            self.state = self.states.popleft()[1]
        held = {"shop.mode": self.control.mode, "shop.keys": KEYS.to_json(), "shop.state": self.state}
        self.room.items = {**(self.pages if url.startswith("/?") else {}), **held}
        self.room.now = when
        self.calls += 1
        return self.room.ask(url, cookies={"room-shop-ticket": cookie} if cookie else {}, **more)

    def _arrive(self, when: float, visitor: int) -> None:
        answer = self._ask(when, f"/?visitor={visitor}")  # each request has an id of its own
        cookie = answer["cookies"]["room-shop-ticket"]["value"]
        self.tickets[visitor] = cookie, read_ticket(cookie, "shop", KEYS, now=when, life_s=14_400)
        if "/.room/shop/beacon" in answer["body"]:
            self._at(when + self.random.uniform(*BEACON_S), "beacon", visitor)
        if self.random.random() < LEAVE:
            self.leaves[visitor] = when + self.random.expovariate(1 / PATIENCE_S)
            self._at(self.leaves[visitor], "leave", visitor)
        self._at(when + 1, "poll", visitor)

    def _beacon(self, when: float, visitor: int) -> None:
        if visitor not in self.tickets:
            return
        asked = self._ask(when, "/.room/shop/beacon", self.tickets[visitor][0])
        if "statusCode" in asked:
            return  # the edge samples fewer by now
        query = asked["querystring"]
        self.beacons[int(when)] += 1
        self.queue.append((when, (int(query["a"]["value"]), int(query["n"]["value"]))))

    def _leave(self, when: float, visitor: int) -> None:
        self.gone += self.tickets.pop(visitor, None) is not None

    def _poll(self, when: float, visitor: int) -> None:
        if visitor not in self.tickets:
            return
        cookie, ticket = self.tickets[visitor]
        said = json.loads(self._ask(when, "/.room/shop/status", cookie, accept="application/json")["body"])
        if said["may_enter"]:
            terms = Terms(session_s=600, renewals=False, retry_s=self.settings.poll_s)
            if isinstance(admit(ticket, f"{visitor}-{when}", when, self.places, terms), Admitted):
                self.admitted.append((when, when - ticket.arrival))
                del self.tickets[visitor]
                return
        self._at(when + said["next_poll_s"], "poll", visitor)

    def _step(self, when: float, _: int) -> None:
        counters = self.places.counters
        if ended := counters.ended(when):
            self.places.free("shop", ended, counters.past(when))
        due = [beacon for at, beacon in self.queue if at <= when]
        self.queue = [one for one in self.queue if one[0] > when]
        seen = Seen(
            now=when,
            room=self.places.counters,
            turned_away=self.places.turned,
            beacons=due,
            alarm=self._alarm(when),
        )
        self.control.step(seen, self.settings)
        held = limits(self.control, self.settings)
        self.places.counters = replace(
            self.places.counters, watermark=held["watermark"], per_window=int(held["per_window"])
        )
        self.states.append((when + self.random.uniform(*REACH_S), self.control.state(self.settings)))
        here = sum(1 for visitor in self.tickets)
        self.minutes.append({"at": when - NOW, "waiting": here, "pace": self.control.per_window})
        self._at(when + STEP_S, "step", 0)

    def _alarm(self, when: float) -> bool:
        """An origin that bears less than the capacity warns of each minute that brought more, once it is over."""
        if self.bears >= 1:
            return False
        last = window_of(when) - 1
        return sum(1 for at, _ in self.admitted if window_of(at) == last) > self.bears * self.capacity

    @property
    def by_window(self) -> dict[int, int]:
        """Admissions in each window, from the first."""
        counts = Counter(window_of(at) for at, _ in self.admitted)
        return {window: counts[window] for window in range(min(counts), max(counts) + 1)}

    def figures(self, name: str) -> dict[str, float]:
        """What came of it. Utilisation is of the windows in which people waited from beginning to end."""
        windows = list(self.by_window.values())[1:-1]
        bears = self.bears * self.capacity
        waits = sorted(waited for _, waited in self.admitted)
        return {
            f"{name}_utilisation": round(statistics.fmean(windows) / bears, 4),
            f"{name}_overshoot": round(max(self.by_window.values()) / self.capacity - 1, 4),
            f"{name}_admitted": len(self.admitted),
            f"{name}_left": self.gone,
            f"{name}_turned_away_per_admission": round(self.places.turned / len(self.admitted), 3),
            f"{name}_beacons_a_second": max(self.beacons.values(), default=0),
            f"{name}_minutes": len(windows) + 2,
            f"{name}_wait_p50_s": round(waits[len(waits) // 2]),
            f"{name}_wait_p90_s": round(waits[len(waits) * 9 // 10]),
            f"{name}_edge_calls": self.calls,
        }


def simulate(name: str, visitors: int, capacity: int) -> tuple[dict[str, float], Curve]:
    """One burst, in a process of its own: its figures, and what is drawn of it."""
    with EdgeRuntime(envs.node(Settings.from_environment().cache)) as edge:
        burst = Simulation(visitors=visitors, capacity=capacity, edge=edge, bears=ORIGINS[name])
        burst.run()
    curve = Curve(list(burst.by_window.values()), [(one["at"], one["waiting"]) for one in burst.minutes])
    return burst.figures(name), replace(curve, bears=round(burst.bears * capacity))


def main() -> None:
    """Print a line a figure, then one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the visitors; under a minute")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw it, as SVG")
    arguments = parser.parse_args()
    visitors, capacity = (10_000, 500) if arguments.quick else (100_000, 5_000)
    began, figures = time.monotonic(), {"visitors": float(visitors), "capacity_a_minute": float(capacity)}
    with ProcessPoolExecutor(len(ORIGINS)) as pool:
        runs = {name: pool.submit(simulate, name, visitors, capacity) for name in ORIGINS}
        done = {name: run.result() for name, run in runs.items()}
    for one, _ in done.values():
        figures |= one
    figures["seconds"] = round(time.monotonic() - began, 1)
    for name, figure in figures.items():
        print(f"{name:40} {figure:>12,}")
    if arguments.plot:
        arguments.plot.write_text(draw({name: curve for name, (_, curve) in done.items()}))
    goals: dict[str, tuple[str, float]] = {
        "burst_utilisation": (">=", 0.9),
        "burst_overshoot": ("<=", 0),
        "burst_beacons_a_second": ("<=", 100),
        "slow_origin_overshoot": ("<=", 0),
        "slow_origin_utilisation": ("<=", 1.05),
    }
    tell("waiting_room", figures, goals)


if __name__ == "__main__":
    main()
