"""A waiting room's counters in memory, where other requests come between and functions die."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from handlers.waiting_room.admission import LEASE_S, Record, Room
from handlers.waiting_room.tickets import Ticket

NOW = 1_800_000_000


def ticket(number: int, *, arrival: int = NOW - 600, room: str = "shop") -> Ticket:
    """A visitor's ticket; the same for the same number."""
    return Ticket(room=room, arrival=arrival, nonce=f"{number:022d}")


class Died(Exception):
    """The function ended here."""


@dataclass
class FakePlaces:
    """Does what `places.Tables` does. `between` runs before each request to the store, and may raise `Died`."""

    counters: Room
    records: dict[str, Record] = field(default_factory=dict)
    turned: int = 0
    between: Callable[[str], None] = lambda _step: None

    def room(self, room: str) -> Room:
        self.between("room")
        return self.counters

    def record(self, ticket: Ticket) -> Record:
        self.between("record")
        return self.records.get(ticket.nonce, Record())

    def claim(self, ticket: Ticket, owner: str, now: float, *, renewable: int) -> Record | None:
        self.between("claim")
        known = self.records.get(ticket.nonce, Record())
        if (known.owner and known.claimed_at >= now - LEASE_S) or known.expires > renewable:
            return known
        self.records[ticket.nonce] = replace(known, owner=owner, claimed_at=now)
        return None

    def release(self, ticket: Ticket, owner: str) -> None:
        self.between("release")
        self._end(ticket, owner)

    def finish(self, ticket: Ticket, owner: str, expires: int) -> bool:
        self.between("finish")
        return self._end(ticket, owner, expires=expires)

    def take(self, ticket: Ticket, window: int, ending: int) -> bool:
        self.between("take")
        now = self.counters
        if ticket.place > now.watermark or now.active >= now.total or now.windows.get(window, 0) >= now.per_window:
            return False
        self.counters = replace(
            now,
            active=now.active + 1,
            admitted=now.admitted + 1,
            windows={**now.windows, window: now.windows.get(window, 0) + 1},
            endings={**now.endings, ending: now.endings.get(ending, 0) + 1},
        )
        self.between("took")
        return True

    def free(self, room: str, endings: Mapping[int, int], past: Iterable[int]) -> None:
        self.between("free")
        now, gone = self.counters, set(past)
        if all(now.endings.get(window) == count for window, count in endings.items()):
            self.counters = replace(
                now,
                active=now.active - sum(endings.values()),
                windows={window: count for window, count in now.windows.items() if window not in gone},
                endings={window: count for window, count in now.endings.items() if window not in endings},
            )

    def turned_away(self, room: str) -> None:
        self.turned += 1

    def _end(self, ticket: Ticket, owner: str, **recorded: int) -> bool:
        known = self.records.get(ticket.nonce, Record())
        if known.owner != owner:
            return False
        self.records[ticket.nonce] = replace(known, owner="", claimed_at=0, **recorded)
        return True
