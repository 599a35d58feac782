"""Admit a visitor: exactly once for a ticket, and never one more than the room takes.

Three steps: claim the ticket, take a place, record the pass. A place is taken in one conditional write of the room's
counters, so no race can take one too many; a crash after it loses that place until its session would have ended.
Whoever claimed a ticket and never came back is dead after `LEASE_S`, and the ticket may be claimed again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from handlers.waiting_room.tickets import Ticket

WINDOW_S = 60
"""Admissions are counted by windows of one minute."""

LEASE_S = 30
"""How long a claim holds, in seconds: longer than the function may run."""

RENEW_S = 60
"""From when on, before its pass ends, a visitor may ask for another session, in seconds."""

BUSY_S = 2
"""When to ask again while another request of the same visitor is under way, in seconds."""

Reason = Literal["busy", "early", "full", "used"]


@dataclass(frozen=True, kw_only=True)
class Room:
    """What the room's counters say: written by the controller, and by each admission."""

    watermark: float = -math.inf
    """Places up to it may be admitted."""

    per_window: int = 0
    """How many may be admitted in a window. Nobody, until the controller has opened the room."""

    total: int = 0
    """How many may hold a pass at once."""

    active: int = 0
    """How many do, as far as their passes haven't been seen to end."""

    admitted: int = 0
    """How many have been admitted since the room exists."""

    windows: Mapping[int, int] = field(default_factory=dict)
    """Window → admissions in it."""

    endings: Mapping[int, int] = field(default_factory=dict)
    """Window by whose beginning passes have ended → how many."""

    def ended(self, now: float) -> dict[int, int]:
        """Endings that have passed: their places are free."""
        return {window: count for window, count in self.endings.items() if window <= window_of(now)}

    def past(self, now: float) -> list[int]:
        """Windows that are over, and that no request which is under way can still write to."""
        return [window for window in self.windows if window < window_of(now - LEASE_S)]

    def refuses(self, place: float, now: float) -> Reason | None:
        """Why nobody at `place` would be admitted now, as far as this (perhaps old) look at the counters says."""
        if place > self.watermark:
            return "early"
        free = self.total - self.active + sum(self.ended(now).values())
        return "full" if free <= 0 or self.windows.get(window_of(now), 0) >= self.per_window else None


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is known about a ticket."""

    owner: str = ""
    """The request that claimed it, while it is under way."""

    claimed_at: float = 0
    expires: int = 0
    """The second in which its pass ends; 0 before it is admitted."""


@dataclass(frozen=True)
class Admitted:
    """The visitor holds a pass until the second `expires`; `again` if they had it before."""

    expires: int
    again: bool = False


@dataclass(frozen=True)
class Refused:
    """Not now: `early` or `full` (wait), `busy` (another request is under way), `used` (take a new ticket)."""

    reason: Reason
    retry_s: int


class Places(Protocol):
    """Where tickets and counters are kept. Every method is one atomic request, or raises and may have worked."""

    def room(self, room: str) -> Room:
        """A look at the counters, which may be a little old."""
        ...

    def record(self, ticket: Ticket) -> Record:
        """What is known about a ticket, up to date."""
        ...

    def claim(self, ticket: Ticket, owner: str, now: float, *, renewable: int) -> Record | None:
        """Claim it unless another claim holds or its pass ends after `renewable`: then that is the answer."""
        ...

    def release(self, ticket: Ticket, owner: str) -> None:
        """Give the claim back."""
        ...

    def take(self, ticket: Ticket, window: int, ending: int) -> bool:
        """Take a place in `window` whose pass has ended by `ending`; False if there is none."""
        ...

    def free(self, room: str, endings: Mapping[int, int], past: Iterable[int]) -> None:
        """Give the places of these endings back and forget the windows that are past, unless another did."""
        ...

    def finish(self, ticket: Ticket, owner: str, expires: int) -> bool:
        """Record the pass, and end the claim; False if the claim is another's by now."""
        ...

    def turned_away(self, room: str) -> None:
        """Count a visitor who may be admitted but found the room full."""
        ...


@dataclass(frozen=True, kw_only=True)
class Terms:
    """On what terms a room admits."""

    session_s: int
    """How long a pass is good, in seconds."""

    renewals: bool
    """Whether a ticket whose pass ends is good for another session; it is counted like an admission."""

    retry_s: int
    """When to ask again, in seconds, for those who have to wait."""


def admit(ticket: Ticket, owner: str, now: float, places: Places, terms: Terms) -> Admitted | Refused:
    """Admit `ticket` on behalf of the request `owner`, unless it has to wait. The same ticket gets the same pass."""
    seen = places.room(ticket.room)
    if ended := seen.ended(now):
        places.free(ticket.room, ended, seen.past(now))
    if reason := seen.refuses(ticket.place, now):
        return _known(places.record(ticket), now, terms) or _refused(reason, ticket, places, terms)
    renewable = math.floor(now) + RENEW_S if terms.renewals else 0
    standing = places.claim(ticket, owner, now, renewable=renewable)
    if standing is not None:
        return _known(standing, now, terms) or Refused("busy", BUSY_S)
    expires = math.floor(now) + terms.session_s
    if not places.take(ticket, window_of(now), window_of(expires - 1) + 1):
        places.release(ticket, owner)
        return _known(places.record(ticket), now, terms) or _refused("full", ticket, places, terms)
    if not places.finish(ticket, owner, expires):
        return Refused("busy", BUSY_S)
    return Admitted(expires)


def window_of(now: float) -> int:
    """The window of a second."""
    return math.floor(now) // WINDOW_S


def _known(record: Record, now: float, terms: Terms) -> Admitted | Refused | None:
    """The answer that the ticket's record gives by itself."""
    if record.expires > now:
        return Admitted(record.expires, again=True)
    return Refused("used", 0) if record.expires and not terms.renewals else None


def _refused(reason: Reason, ticket: Ticket, places: Places, terms: Terms) -> Refused:
    if reason == "full":
        places.turned_away(ticket.room)
    return Refused(reason, terms.retry_s)
