"""How fast a room is let in: a control loop, without AWS.

Each step it looks at what the counters did and at sampled arrivals, and moves the watermark so far that as many
visitors come as there is room for. Who comes is uncertain (some have left, and arrivals are samples), so the share that
comes is learnt from those released before. While the origin's alarm is on, the pace is halved each minute; then it
grows back by a tenth of the capacity a minute. Nothing depends on this being exact: the counters decide.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from handlers.waiting_room.admission import WINDOW_S, Room, window_of
from handlers.waiting_room.line import Line, line_of
from handlers.waiting_room.settings import RoomSettings

STEP_S = 15
"""Seconds between steps. A write to the edge is billed ($1 a thousand), and reaches it within seconds."""

REACH_S = 10
"""How long a write takes to reach the edges, in seconds: seconds to low tens of seconds.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/kvs-with-functions-create-s3-kvp.html"""

BEACONS_S = 20
"""How many sampled arrivals a second are enough."""

STATE_CHARACTERS = 1_024
"""Longest value in a KeyValueStore: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html"""

MOST_COUNTS = 100
"""How finely the edge gets the line, at most."""

FORGET = 0.9
"""Weight of what is known about who comes, a step later."""

PRIOR = 20.0
"""How many released visitors the first guess about who comes is worth."""

FIRST_GUESS = 0.8
LEAST_SHARE = 0.02
SPARE = 1.05
"""More are released than are expected to fill the room, since an empty place is lost and a visitor too many waits."""

SLOWER, FASTER = 0.5, 0.1
SLOWEST = 0.05
"""Least pace while the alarm is on, of the capacity: else nobody would find out that the origin is well again."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a step looks at."""

    now: float
    room: Room
    turned_away: int
    """How many found the room full though it was their turn, since the room exists."""

    beacons: Iterable[tuple[int, int]]
    """Sampled arrivals: second, and how many the sample stands for."""

    alarm: bool = False


@dataclass(kw_only=True)
class Control:
    """What the controller remembers of a room between steps."""

    mode: str
    capacity: int
    """Admissions a minute at most: the program's, or what an operator set."""

    capacity_set: bool = False
    """Whether an operator set it."""

    watermark: float = 0.0
    pace: float = 0.0
    """Admissions a minute that the origin bears now."""

    at: float = 0.0
    """When the last step was."""

    slowed_at: float = 0.0
    admitted: int = 0
    turned_away: int = 0
    eligible: float = 0.0
    """How many wait whose turn it is, as far as those that were turned away tell."""

    came: float = 0.0
    """How many came, of `due`; both fade."""

    due: float = 0.0
    cohorts: list[list[float]] = field(default_factory=list)
    """`[when, how many]` were released lately."""

    rate: float = 0.0
    """Arrivals a second, the highest lately."""

    arrivals: float = 0.0
    """All, since the room exists."""

    let_in: float = 0.0
    """All whose turn has come, since the room exists."""

    line: list[list[float]] = field(default_factory=list)
    published: str = ""
    """What tells the keys that the edge has from others."""

    @classmethod
    def new(cls, settings: RoomSettings, now: float) -> Self:
        """A room that opens now."""
        return cls(
            mode=settings.start, capacity=settings.capacity, pace=settings.capacity, watermark=math.floor(now), at=now
        )

    @classmethod
    def of(cls, text: str) -> Self:
        """Out of `to_json`."""
        return cls(**json.loads(text))

    def to_json(self) -> str:
        """As it is kept."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @property
    def shows(self) -> float:
        """How many come for each counted arrival whose turn it is. Over 1 where arrivals were not all counted."""
        return max(LEAST_SHARE, (self.came + FIRST_GUESS * PRIOR) / (self.due + PRIOR))

    @property
    def per_window(self) -> int:
        """How many are admitted a minute now."""
        return 0 if self.mode == "closed" else max(1, math.floor(self.pace))

    def step(self, seen: Seen, settings: RoomSettings) -> None:
        """Look, learn, and move the watermark."""
        line = line_of(self.line)
        past = max(seen.now - self.at, 1.0)
        self._count(seen, line, past)
        self._learn(seen, settings, past)
        self._set_pace(seen, past)
        self._move(seen, settings, line)
        line.leave(seen.now - settings.life_s)
        spans = ([round(number, 3) for number in span] for span in line.spans)
        self.line = [span for span in spans if span[0] < span[1] and span[2]]
        self.at, self.admitted, self.turned_away = seen.now, seen.room.admitted, seen.turned_away

    def state(self, settings: RoomSettings) -> str:
        """What the edge is told; at most `STATE_CHARACTERS`."""
        line, start = line_of(self.line), math.floor(self.watermark)
        reach = max(1.0, (line.spans[-1][1] if line.spans else start) - start)
        comes = min(1.0, self.shows)
        steps = MOST_COUNTS
        while True:
            step = max(1, math.ceil(reach / steps))
            counts = [round(comes * count) for count in line.counts(start, step, math.ceil(reach / step))]
            state = {
                "t": math.floor(self.at),
                "w": round(self.watermark, 2),
                "p": self.per_window,
                "n": self.sample(settings),
                "poll": settings.poll_s,
                "h": [start, step, counts],
            }
            text = json.dumps(state, separators=(",", ":"))
            if len(text) <= STATE_CHARACTERS:
                return text
            steps //= 2

    def sample(self, settings: RoomSettings) -> int:
        """One waiting page in so many is counted; never fewer than an expected peak asks for, before it is seen."""
        return max(1, math.ceil(max(self.rate, settings.peak) / BEACONS_S))

    def numbers(self, room: Room) -> dict[str, Any]:
        """For people. Arrivals, and what follows from them, are estimates."""
        line = line_of(self.line)
        return {
            "mode": self.mode,
            "capacity": self.capacity,
            "pace": self.per_window,
            "arrivals": round(self.arrivals),
            "waiting": round(line.waiting),
            "admitted": room.admitted,
            "active": room.active,
            "abandoned": max(0, round(self.let_in - self.eligible - room.admitted)),
            "wait_s": max(0, round(self.at - self.watermark)),
        }

    def _count(self, seen: Seen, line: Line, past: float) -> None:
        """Arrivals join the line, or belong to those whose turn it already is."""
        arrived = late = 0.0
        for second, weight in seen.beacons:
            arrived += weight
            if second < self.watermark:
                late += weight
            else:
                line.join(second, weight)
        self.rate = max(arrived / past, 0.7 * self.rate)
        self.arrivals += arrived
        self._let_in(seen.now, late)

    def _learn(self, seen: Seen, settings: RoomSettings, past: float) -> None:
        """Hold who came against who was released."""
        eligible = max(0, seen.turned_away - self.turned_away) * settings.poll_s / past
        came = max(0.0, seen.room.admitted - self.admitted + eligible - self.eligible)
        due = sum(
            count * (_shown(seen.now - when, settings) - _shown(self.at - when, settings))
            for when, count in self.cohorts
        )
        self.came, self.due = FORGET * self.came + came, FORGET * self.due + due
        self.eligible = eligible
        self.cohorts = [one for one in self.cohorts if _shown(self.at - one[0], settings) < 1]

    def _set_pace(self, seen: Seen, past: float) -> None:
        if not seen.alarm:
            self.pace = min(self.capacity, self.pace + FASTER * self.capacity * past / WINDOW_S)
        elif seen.now - self.slowed_at >= WINDOW_S:
            self.pace, self.slowed_at = max(SLOWEST * self.capacity, SLOWER * self.pace), seen.now
        self.pace = min(self.pace, self.capacity)

    def _move(self, seen: Seen, settings: RoomSettings, line: Line) -> None:
        coming = self.shows * sum(count * (1 - _shown(seen.now - when, settings)) for when, count in self.cohorts)
        horizon = settings.poll_s + REACH_S + STEP_S
        wanted = SPARE * self._free(seen, settings, horizon) - coming - self.eligible
        # Ahead of now it was while nobody waited; who came since then is counted by now.
        self.watermark = min(self.watermark, math.floor(seen.now))
        released, place = line.release(max(0.0, wanted) / self.shows, math.floor(seen.now))
        self.watermark = max(self.watermark, place) if released or wanted > 0 else self.watermark
        self._let_in(seen.now, released)
        if self.mode == "guard" and self.watermark >= math.floor(seen.now) and wanted > released * self.shows:
            self.watermark = math.floor(seen.now) + STEP_S + REACH_S

    def _free(self, seen: Seen, settings: RoomSettings, horizon: float) -> float:
        """How many can be admitted within `horizon` seconds."""
        room, end = seen.room, seen.now + horizon
        window = window_of(seen.now)
        rest = (window + 1) * WINDOW_S - seen.now
        left = max(0, self.per_window - room.windows.get(window, 0))
        in_windows = left * min(1.0, horizon / rest) + self.per_window * max(0.0, horizon - rest) / WINDOW_S
        ending = sum(count for window, count in room.endings.items() if window * WINDOW_S <= end)
        return min(in_windows, max(0, settings.total - room.active + ending))

    def _let_in(self, now: float, count: float) -> None:
        if count:
            self.cohorts.append([now, round(count, 3)])
            self.let_in += count


def _shown(age: float, settings: RoomSettings) -> float:
    """Which share of those that come has come, so long after their turn came: the edge tells them when they ask."""
    return min(1.0, max(0.0, (age - REACH_S / 2) / (settings.poll_s + REACH_S / 2)))


def limits(control: Control, settings: RoomSettings) -> Mapping[str, float]:
    """What the counters are held to until the next step."""
    return {"watermark": control.watermark, "per_window": control.per_window, "total": settings.total}
