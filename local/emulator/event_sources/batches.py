"""Processes an ordered batch of stream records: retries, splits, partial failures, and what is given up.

https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from local.emulator.event_sources.streams import Record, arrived
from local.emulator.event_sources.wake import wake

FOREVER = -1
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 2
_MOST_DOUBLINGS = 10


class Throttled(Exception):
    """There was no room to try at all: it counts as no attempt."""


@dataclass(frozen=True)
class Attempt:
    """What came of handing a batch over."""

    failed_from: int | None = None
    """Where in the batch the first failed record is; None when nothing failed."""

    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Discarded:
    """Records that are given up, with what a destination is told about them."""

    records: list[Record]
    condition: str
    attempts: int
    problem: str


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How often and how long a batch is tried; -1 is for ever."""

    retries: int = FOREVER
    max_age_seconds: int = FOREVER
    bisect: bool = False


@dataclass
class _Pending:
    records: list[Record]
    attempts: int = 0
    problem: str = ""


class Batch:
    """One batch under a policy. `hand_over` tries records, `discard` takes those that are given up."""

    def __init__(
        self,
        records: list[Record],
        policy: Policy,
        hand_over: Callable[[list[Record]], Attempt],
        discard: Callable[[Discarded], None],
    ) -> None:
        self._pending: deque[_Pending] = deque([_Pending(records)])
        self._policy = policy
        self._hand_over = hand_over
        self._discard = discard

    def process(self, active: Callable[[], bool]) -> None:
        """Try until nothing is left, or until `active` says no."""
        while self._pending and active():
            part = self._pending[0]
            self._give_up_old(part)
            if not part.records:
                self._pending.popleft()
                continue
            try:
                attempt = self._hand_over(part.records)
            except Throttled:
                _pause(0, active)
                continue
            if attempt.failed_from is None:
                self._pending.popleft()
            else:
                self._failed(part, attempt, active)

    def unfinished(self) -> Iterator[Record]:
        """The records that are neither done nor given up."""
        for part in self._pending:
            yield from part.records

    def _failed(self, part: _Pending, attempt: Attempt, active: Callable[[], bool]) -> None:
        part.problem = attempt.problem
        done = attempt.failed_from or 0
        if done:
            self._pending[0] = part = _Pending(part.records[done:], 0, attempt.problem)
        if self._policy.bisect and len(part.records) > 1:
            if not done:
                self._split(part)
            return
        part.attempts += 1
        if FOREVER < self._policy.retries < part.attempts:
            self._pending.popleft()
            self._give_up(part, part.records, "RetryAttemptsExhausted")
            return
        _pause(part.attempts, active)

    def _split(self, part: _Pending) -> None:
        """Splitting counts as no attempt."""
        middle = len(part.records) // 2
        self._pending.popleft()
        for half in (part.records[middle:], part.records[:middle]):
            self._pending.appendleft(_Pending(half, part.attempts, part.problem))

    def _give_up_old(self, part: _Pending) -> None:
        if self._policy.max_age_seconds == FOREVER:
            return
        limit = time.time() - self._policy.max_age_seconds
        old = [record for record in part.records if arrived(record) < limit]
        if old:
            part.records = part.records[len(old) :]
            self._give_up(part, old, "RecordAgeExceeded")

    def _give_up(self, part: _Pending, records: list[Record], condition: str) -> None:
        self._discard(Discarded(records=records, condition=condition, attempts=part.attempts, problem=part.problem))


def _pause(attempts: int, active: Callable[[], bool]) -> None:
    """Wait longer each time, but not for what was stopped meanwhile."""
    seconds = min(_FIRST_PAUSE_SECONDS * 2 ** min(attempts, _MOST_DOUBLINGS), _LONGEST_PAUSE_SECONDS)
    deadline = time.monotonic() + seconds
    while active() and (left := deadline - time.monotonic()) > 0:
        wake.wait(wake.count, min(left, _FIRST_PAUSE_SECONDS))
