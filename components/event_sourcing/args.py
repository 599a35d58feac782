"""What an EventSourcedBatch is made of, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from ..core.pattern import NotYet, check_name, outside
from . import defaults

PAGE: Final = "docs/event-sourcing.md"
PROJECTIONS: Final = ("daily_sales", "views_by_title")


@dataclass(frozen=True)
class Kinesis:
    """The log is a Kinesis stream: it keeps its records, and each shard takes 1 MB/s in.

    https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
    """

    shards: int | None = None
    """Number of shards (1-500); without one the stream grows and shrinks by itself."""

    retention_h: int = defaults.RETENTION_H
    """How long records are kept, in hours (24-8,760)."""


@dataclass(frozen=True)
class Fifo:
    """The log is an SQS FIFO queue: cheaper when little happens, and it forgets what was taken."""


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """Events that another domain puts on the bus of this pattern, and that the log keeps: their detail is the payload.

    EventBridge delivers an event at least once and always with the same id, so it is kept once.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-delivery.html
    """

    source: str
    """Who puts them on the bus."""

    type: str
    """Their detail type on the bus, and their type in the log, where `handlers/events/schemas` must have it."""

    version: int
    """Of the schema that holds for their payload."""

    aggregate: str
    """JSONPath in the event to what it happened to: `$.detail.order`."""

    @property
    def part(self) -> str:
        """Its name in the tree."""
        return self.type.replace(".", "-")


@dataclass(frozen=True, kw_only=True)
class EventSourcedBatchArgs:
    """Arguments of an EventSourcedBatch."""

    log: Kinesis | Fifo = field(default_factory=Kinesis)
    """Where events are accepted: `Kinesis()` or `Fifo()`. Both deliver at least once, in order for each aggregate."""

    projections: Sequence[str] = PROJECTIONS
    """Which projections are kept, by name."""

    closing: str | None = defaults.CLOSING
    """When the day before is closed by an event of its own: a schedule expression in UTC; None for never.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html"""

    segments: int = defaults.SEGMENTS
    """Readers of the event table in a replay (1-40)."""

    subscriptions: Sequence[Subscription] = ()
    """Events of other domains that are kept, too. Into a Kinesis log only, so far."""

    physical_name: str | None = None
    """Pins the part of physical names that is otherwise the component's name, so that a rename changes nothing."""

    export_bucket_arn: str | None = None
    """Bucket for exports of the event table. Not available yet."""

    def check(self, name: str) -> None:
        """Refuse what can't work: raises ValueError with every problem, NotYet for what is to come."""
        where = f'EventSourcedBatch("{name}")'
        check_name("EventSourcedBatch", name, self.physical_name)
        if self.export_bucket_arn:
            raise NotYet(where, "export_bucket_arn", PAGE)
        if self.subscriptions and isinstance(self.log, Fifo):
            raise NotYet(where, "a subscription into a FIFO log", PAGE)
        for projection in self.projections:
            if projection not in PROJECTIONS:
                raise NotYet(where, f"a projection of one's own ({projection!r})", PAGE)
        if problems := list(self._problems()):
            raise ValueError(f"{where}: " + "; ".join(problems))

    def _problems(self) -> Iterator[str]:
        if isinstance(self.log, Kinesis):
            if self.log.shards is not None:
                yield from outside("shards", self.log.shards, 1, 500)
            yield from outside("retention_h", self.log.retention_h, 24, 8760)
        elif not isinstance(self.log, Fifo):
            yield f"log={self.log!r} is neither Kinesis() nor Fifo()"
        if not self.projections:
            yield "projections is empty; keep at least one"
        if len(set(self.projections)) < len(self.projections):
            yield "projections names one twice"
        parts = [subscription.part for subscription in self.subscriptions]
        if len(set(parts)) < len(parts):
            yield "two subscriptions are for one type of event"
        yield from outside("segments", self.segments, 1, 40)
        if self.closing is not None and not self.closing.startswith(("cron(", "rate(", "at(")):
            yield f"closing={self.closing!r} is no schedule expression"
