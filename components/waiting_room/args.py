"""What a VirtualWaitingRoom is made of, and what it refuses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Final, Literal

import pulumi

from ..core.pattern import NotYet, check_name, outside
from . import defaults
from .gate import ASSETS, PAGES

PAGE: Final = "docs/waiting-room.md"
MODES: Final = ("queue", "open", "closed", "guard")

LARGEST_CAPACITY: Final = 30_000
"""Admissions a minute. Each is a write of one item, which bears some 1,000 a second, refused ones included.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html"""

MOST_ROOMS: Final = 12
"""Their settings stand in environment variables of 4 KB in all.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_PATH = re.compile(r"/(?:[A-Za-z0-9._~-]+/?)*")

_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?")

Mode = Literal["queue", "open", "closed", "guard"]


@dataclass(frozen=True)
class Room:
    """One room: what it guards, and how many it lets in. `Room("shop", capacity=600)`."""

    name: str
    """a-z, 0-9 and hyphens, up to 32, beginning with a letter: part of cookies and of the room's addresses."""

    _: KW_ONLY

    capacity: int
    """Admissions a minute at most (1-30,000). A minute begins and ends with the clock's."""

    total: int | None = None
    """Visitors who hold a pass at once, at most; by default as many as `capacity` lets in during a session, so that it
    limits nothing further. A place is free once the minute is over in which its pass ends."""

    paths: Sequence[str] = defaults.PATHS
    """Beginnings of the paths that it guards."""

    bypass: Sequence[str] = ()
    """Beginnings of paths that are never guarded, such as `/health`."""

    api_paths: Sequence[str] = defaults.API_PATHS
    """Beginnings of paths whose waiting callers get 429 and JSON, never a page."""

    session_min: int = defaults.SESSION_MIN
    """How long a pass is good, in minutes (1-120)."""

    life_min: int = defaults.LIFE_MIN
    """How long a ticket is good, in minutes (10-1,440), longer than anybody should wait."""

    renewals: bool = defaults.RENEWALS
    """Whether a visitor whose pass ends may ask for another with the same ticket; it is counted like an admission."""

    poll_s: int = defaults.POLL_S
    """How often a waiting page near the front asks how things stand, in seconds (5-300)."""

    peak: int = defaults.PEAK
    """Arrivals a second that may come at once (1-1,000,000): so finely they are sampled before any were seen."""

    start: Mode = defaults.START
    """Mode until an operator sets another: `queue`, `guard` (waits only when it is full), `open`, `closed`."""

    origin_alarm: str | None = None
    """Name of a metric alarm, in the stack's region, that says that the origin has too much to do: while it is on, the
    pace is halved each minute."""

    def problems(self) -> Iterator[str]:
        """What is wrong with it."""
        if not _NAME.fullmatch(self.name):
            yield f"{self.name!r} is no name of a room: a-z, 0-9 and hyphens, up to 32, beginning with a letter"
        for what, value, low, high in (
            ("capacity", self.capacity, 1, LARGEST_CAPACITY),
            ("total", 1 if self.total is None else self.total, 1, 10_000_000),
            ("session_min", self.session_min, 1, 120),
            ("life_min", self.life_min, 10, 1_440),
            ("poll_s", self.poll_s, 5, 300),
            ("peak", self.peak, 1, 1_000_000),
        ):
            yield from outside(f"room {self.name}: {what}", value, low, high)
        if self.life_min < self.session_min:
            yield f"room {self.name}: its tickets (life_min) are good for less than a session"
        if self.start not in MODES:
            yield f"room {self.name}: start={self.start!r} is none of {', '.join(MODES)}"
        if not self.paths:
            yield f"room {self.name} guards no path"
        for path in (*self.paths, *self.bypass, *self.api_paths):
            if not _PATH.fullmatch(path):
                yield f"room {self.name}: {path!r} is no beginning of a path, such as /shop/"
        for path in self.bypass:
            if path in self.paths:
                yield f"room {self.name}: {path} is guarded and never guarded"


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What a room of its own distribution stands before: an application that listens at `domain` by https."""

    domain: str
    """Such as `shop.example.com`, without a scheme or path. It must not be the visitors' address."""

    headers: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Sent with each request, so that the application refuses those that come another way; secrets are outputs."""


@dataclass(frozen=True, kw_only=True)
class VirtualWaitingRoomArgs:
    """Arguments of a VirtualWaitingRoom."""

    rooms: Sequence[Room]
    """At least one. Where the paths of two fit, the longer decides."""

    origin: Origin | None = None
    """Gives the room a distribution of its own, before an application anywhere. Without one, hand the component's
    `gate` to a front: `Front(…, room=room.gate)`."""

    origin_key: Literal["a", "b"] = defaults.ORIGIN_KEY
    """Which of two valid keys CloudFront sends to the reception. To rotate: change it, deploy, replace the other."""

    pages: Mapping[str, Path] = field(default_factory=lambda: PAGES)
    """Language → page for those who wait, in HTML of at most 6 KB; `gate.PAGES` says what stands for what in it. The
    first is for visitors who speak none of them."""

    assets: Path = ASSETS
    """Files that the pages load from `/.room/assets/`."""

    physical_name: str | None = None
    """Pins the part of physical names that is otherwise the component's name, so that a rename changes nothing."""

    lottery_at: str | None = None
    """When a pre-queue is drawn by lot. Not available yet."""

    bypass_cidrs: Sequence[str] = ()
    """Addresses that never wait. Not available yet."""

    def check(self, name: str) -> None:
        """Refuse what can't work: raises ValueError with every problem, NotYet for what is to come."""
        where = f'VirtualWaitingRoom("{name}")'
        check_name("VirtualWaitingRoom", name, self.physical_name)
        for argument in ("lottery_at", "bypass_cidrs"):
            if getattr(self, argument):
                raise NotYet(where, argument, PAGE)
        if problems := list(self._problems()):
            raise ValueError(f"{where}: " + "; ".join(problems))

    def _problems(self) -> Iterator[str]:
        if not self.rooms:
            yield "there is no room"
        if len(self.rooms) > MOST_ROOMS:
            yield f"there are {len(self.rooms)} rooms, and {MOST_ROOMS} fit into a function's environment"
        for room in self.rooms:
            yield from room.problems()
        for name, count in Counter(room.name for room in self.rooms).items():
            if count > 1:
                yield f"{count} rooms are called {name}"
        for one, other in combinations(self.rooms, 2):
            for path, inner in ((path, inner) for path in one.paths for inner in other.paths):
                if path == inner:
                    yield f"rooms {one.name} and {other.name} both guard {path}"
        if self.origin and not _HOST.fullmatch(self.origin.domain):
            yield f"the origin's domain {self.origin.domain!r} is no host name, such as shop.example.com"
        yield from self._page_problems()
        if self.origin_key not in ("a", "b"):
            yield f"origin_key={self.origin_key!r} is neither 'a' nor 'b'"

    def _page_problems(self) -> Iterator[str]:
        if not self.pages:
            yield "there is no page for those who wait"
        for language, page in self.pages.items():
            if not re.fullmatch("[a-z]{2}", language):
                yield f"pages: {language!r} is no language of two letters"
            if not page.is_file():
                yield f"pages: there is no {page}"
