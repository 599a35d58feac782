"""Projections: what readers ask for, as pure functions over events.

A state belongs to a key (a day, a title) and takes in events of many aggregates, which come in any order: shards run
beside each other, and a replay reads segments at once. So `apply` must commute for events of different aggregates:
applied in either order, they leave the same state. Sums and sets do; "the last one" does not. Whether a sale is late
is therefore told from the event alone, never from whether the day's closing came before it.

Events are given in their newest version, each once, those of one aggregate in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from handlers.events.envelope import Event, timestamp
from handlers.events.upcasters import upcast

State = Mapping[str, Any]
"""JSON; never changed in place."""

GRACE = timedelta(minutes=15)
"""How long after its end a day stays open for what was recorded late on its way. Its closing is scheduled for then."""


@dataclass(frozen=True, kw_only=True)
class Projection:
    """One view of the events."""

    name: str

    key: Callable[[Event], str | None]
    """Which state the event belongs to; None when it concerns none. At most 1 KB."""

    apply: Callable[[State, Event], State]
    """The state with the event taken in."""

    initial: State

    def key_of(self, event: Event) -> str | None:
        """The same for an event of any version."""
        return self.key(upcast(event))

    def fold(self, state: State | None, events: Iterable[Event]) -> State:
        """Take in events of any version, each of which must be new to the state."""
        state = self.initial if state is None else state
        for event in events:
            state = self.apply(state, upcast(event))
        return state


def _sales_day(event: Event) -> str | None:
    match event.type:
        case "purchase.completed":
            return event.time[:10]
        case "day.closed":
            return event.payload["day"]
    return None


def _sell(state: State, event: Event) -> State:
    if event.type == "day.closed":
        return {**state, "closed": True}
    part = "late" if _is_late(event) else "sales"
    return {**state, part: _add(state[part], event.payload["currency"], event.payload["amount_minor"])}


def _is_late(purchase: Event) -> bool:
    return purchase.recorded > _open_until(purchase.time[:10])


@lru_cache(maxsize=1024)
def _open_until(day: str) -> str:
    """As events are `recorded`: the order of such texts is the order of the moments."""
    return timestamp(datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=1) + GRACE)


def _add(sums: State, currency: str, amount_minor: int) -> State:
    total = {**sums["total"], currency: sums["total"].get(currency, 0) + amount_minor}
    return {"count": sums["count"] + 1, "total": total}


def _title(event: Event) -> str | None:
    return event.payload["title"] if event.type in ("playback.started", "video.published") else None


def _view(state: State, event: Event) -> State:
    """A published title is there before anybody has watched it."""
    return {"views": state["views"] + (event.type == "playback.started")}


_NOTHING_SOLD = {"count": 0, "total": {}}

DAILY_SALES = Projection(
    name="daily_sales",
    key=_sales_day,
    apply=_sell,
    initial={"sales": _NOTHING_SOLD, "late": _NOTHING_SOLD, "closed": False},
)
"""A UTC day → `{"sales": {"count", "total": {currency: minor units}}, "late": the same, "closed"}`.

`late` is what was recorded more than `GRACE` after the day's end: `sales` doesn't change any more once it is over."""

VIEWS_BY_TITLE = Projection(name="views_by_title", key=_title, apply=_view, initial={"views": 0})
"""A title → `{"views"}`."""

PROJECTIONS = {projection.name: projection for projection in (DAILY_SALES, VIEWS_BY_TITLE)}
