"""The line in front of a room: how many tickets wait at which places, as far as samples tell."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

MOST_SPANS = 240
"""How many spans are kept apart; neighbours with the fewest tickets are put together."""


@dataclass
class Line:
    """Spans of places, in order: `[from, to, tickets]`. Within a span tickets are taken to be spread evenly."""

    spans: list[list[float]] = field(default_factory=list)

    def join(self, second: int, tickets: float) -> None:
        """Tickets that arrived in this second."""
        after = bisect.bisect_right(self.spans, second, key=lambda span: span[0])
        if after and second < self.spans[after - 1][1]:
            self.spans[after - 1][2] += tickets
            return
        self.spans.insert(after, [float(second), second + 1.0, tickets])
        if len(self.spans) > MOST_SPANS:
            self._put_together()

    def leave(self, oldest: float) -> None:
        """Forget places before `oldest`: their tickets are no longer good."""
        self.spans = [span for span in self.spans if span[1] > oldest]

    def release(self, tickets: float, limit: float) -> tuple[float, float]:
        """Take out the first `tickets`, of places up to `limit`: how many there were, and the place that it went to.

        The place is `limit` when nobody before it is left.
        """
        released = 0.0
        while self.spans and self.spans[0][0] < limit:
            start, end, waiting = self.spans[0]
            share = min(1.0, (limit - start) / (end - start), (tickets - released) / waiting if waiting else 1.0)
            place = start + share * (end - start)
            released += share * waiting
            if share < 1.0:
                self.spans[0] = [place, end, (1 - share) * waiting]
                return released, place
            self.spans.pop(0)
        return released, limit

    @property
    def waiting(self) -> float:
        """All that wait."""
        return sum(span[2] for span in self.spans)

    def counts(self, start: float, step: float, steps: int) -> list[float]:
        """How many wait in each of `steps` equal steps from the place `start` on; the last takes what comes later."""
        counts = [0.0] * steps
        for first, end, waiting in self.spans:
            low = min(steps - 1, max(0, int((first - start) / step)))
            high = min(steps - 1, max(0, int((end - start) / step)))
            for index in range(low, high + 1):
                left = first if index == low else start + index * step
                right = end if index == high else start + (index + 1) * step
                counts[index] += waiting * max(0.0, right - left) / (end - first)
        return counts

    def _put_together(self) -> None:
        index, _ = min(enumerate(pairwise(self.spans)), key=lambda one: one[1][0][2] + one[1][1][2])
        left, right = self.spans[index], self.spans.pop(index + 1)
        self.spans[index] = [left[0], right[1], left[2] + right[2]]


def line_of(spans: Iterable[Iterable[float]]) -> Line:
    """Out of its JSON."""
    return Line([list(span) for span in spans])
