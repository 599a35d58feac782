"""Exercises of the event log's projections: summed up and rebuilt, with either of a projection's tables in use."""

from __future__ import annotations

import functools
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from local.prove.event_log import EventLog, Watch, event
from local.prove.exercise import Exercise
from local.tour.guide import Guide

_LEFT: Final = {"key": {"S": "state#left-by-a-replay-that-was-abandoned"}}
_DAYS: Final = (date(1990, 1, 1).toordinal(), date(2019, 12, 31).toordinal())


@dataclass(frozen=True, kw_only=True)
class Sum:
    """A projection, and how to add to a state of one's own."""

    projection: str
    key: Callable[[], str]
    about: Callable[[str], dict[str, Any]]
    """An event that concerns the state of a key."""

    count: Callable[[Any], int]
    """How many such events a state holds."""

    def table(self, log: EventLog, side: str) -> str:
        """The physical name of one of its tables."""
        return log.table(f"{self.projection.replace('_', '-')}-{side}")

    def add(self, log: EventLog) -> tuple[str, Any]:
        """Append two events, the first of them twice; the key, and the state that they have come to.

        Raises TourError when they don't count as two, or the reader doesn't know how fresh its answer is.
        """
        watch, key = Watch(log, ("ingest", "projector")), self.key()
        before, began = self._counted(log, key), f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"
        first, second = self.about(key), self.about(key)
        log.append(first, first, second)
        watch.await_(f"events don't get into {self.projection}", lambda: self._counted(log, key) >= before + 2 or None)
        answer = watch.await_(
            f"the reader of {self.projection} doesn't know how fresh it is", lambda: self._since(log, key, began)
        )
        counted = self.count(answer["state"]) - before
        log.guide.expect(counted == 2, f"two events, one of them said twice, count as {counted} in {self.projection}")
        return key, answer["state"]

    def _counted(self, log: EventLog, key: str) -> int:
        answer = log.read(self.projection, key)
        return self.count(answer["state"]) if answer else 0

    def _since(self, log: EventLog, key: str, moment: str) -> dict[str, Any] | None:
        answer = log.read(self.projection, key)
        return answer if answer and (answer["as_of"] or "") >= moment else None


def _day() -> str:
    return date.fromordinal(random.randint(*_DAYS)).isoformat()  # noqa: S311 - no secret


def _sale(day: str) -> dict[str, Any]:
    sold = {"title": "The talk", "amount_minor": 500, "currency": "JPY"}
    return event("purchase.completed", 2, sold, time=f"{day}T12:00:00Z")


SUMS: Final = (
    Sum(projection="daily_sales", key=_day, about=_sale, count=lambda state: state["late"]["count"]),
    Sum(
        projection="views_by_title",
        key=lambda: f"The talk, take {uuid.uuid4()}",
        about=lambda title: event("playback.started", 1, {"title": title}),
        count=lambda state: state["views"],
    ),
)


def _activate(guide: Guide, *, of: Sum, side: str) -> None:
    """Let this table be the one that is read."""
    EventLog(guide).activate(of.projection, side)


def _sum_up(guide: Guide, *, of: Sum) -> None:
    """Add up in the table that is read."""
    of.add(EventLog(guide))


def _rebuild(guide: Guide, *, of: Sum, side: str) -> None:
    """Rebuild into this table, where something was left: that is gone, and reads come to the same."""
    log, dynamodb = EventLog(guide), guide.aws("dynamodb")
    key, state = of.add(log)
    table = of.table(log, side)
    dynamodb.put_item(TableName=table, Item=_LEFT)
    result = log.rebuild(of.projection)
    guide.expect(result["active"] == side, f"the replay of {of.projection} into {side} ended with {result}")
    left = dynamodb.get_item(TableName=table, Key=_LEFT, ConsistentRead=True).get("Item")
    guide.expect(left is None, f"what was left in table {side} of {of.projection} outlives a replay")
    answer = log.read(of.projection, key) or {}
    guide.expect(answer.get("state") == state, f"a replay of {of.projection} made {answer} of {state}")


def _tidy(guide: Guide) -> None:
    """Abandon what is under way, and wait until what waited has been taken in."""
    log = EventLog(guide)
    log.abandon_replays()
    log.settle()


def _exercises(of: Sum, side: str, other: str) -> tuple[Exercise, Exercise]:
    """In one table, and from it into the other."""

    def exercise(name: str, run: Callable[[Guide], None]) -> Exercise:
        prepare = functools.partial(_activate, of=of, side=side)
        return Exercise(name=f"events.{name}", needs="events_replay", prepare=prepare, run=run, tidy=_tidy)

    return (
        exercise(f"sum-up-{of.projection}-{side}", functools.partial(_sum_up, of=of)),
        exercise(f"rebuild-{of.projection}-{other}", functools.partial(_rebuild, of=of, side=other)),
    )


EXERCISES: tuple[Exercise, ...] = tuple(
    exercise for of in SUMS for sides in (("a", "b"), ("b", "a")) for exercise in _exercises(of, *sides)
)
"""A new stack reads `a`: each begins where the one before it ends."""
