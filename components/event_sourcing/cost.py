"""What an EventSourcedBatch costs in a month."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..core import prices
from ..core.cost import HOURS, SECONDS, Bill, gb
from . import defaults
from .args import EventSourcedBatchArgs, Kinesis

_DAY_H, _WEEK_H = 24, 24 * 7
_PUT_KB = 25
_MARKER_KB = 0.2
"""A marker that an event was seen, with DynamoDB's 100 bytes an item."""

_STREAM_POLLS = 4
"""By which a pipe asks a shard each second: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-dynamodb.html"""

_EXPRESS_GB = 64 / 1024
"""Memory of an Express execution is billed by 64 MB."""


@dataclass(frozen=True, kw_only=True)
class EventsUsage:
    """What happens in a month."""

    events: float
    """Events that are appended."""

    event_kb: float
    """Size of an event."""

    reads: float
    """Reads of projections."""

    kept: float
    """Events in the event table, this month's among them."""

    batch: float = 10.0
    """Events that a call works on, on average."""

    call_s: float = 0.2
    """How long a call takes."""

    read_s: float = 0.1
    """How long a read takes."""

    replays: float = 0.0
    """Projections that are rebuilt."""

    replay_event_s: float = 0.01
    """How long a replay takes for an event."""

    log_kb: float = 1.0
    """Log lines of a call."""

    log_months: float = 1.0
    """How long logs are kept."""

    traced: float = 0.05
    """Share of the calls and reads that X-Ray records: all when there is less than one a second, else one in twenty."""


def monthly(args: EventSourcedBatchArgs, usage: EventsUsage) -> Bill:
    """The bill of a month with this usage."""
    bill = Bill()
    _log(bill, args, usage)
    calls = usage.events / usage.batch
    for function in ("ingest", "projector"):
        bill.function(function, calls=calls, seconds=usage.call_s, memory_mb=defaults.MEMORY_MB)
    _tables(bill, args, usage)
    # Lambda reads a table's stream for nothing; a pipe pays for each time it asks, when there is nothing, too.
    bill.add(prices.DB_STREAM_READ, "pipe, asking", _STREAM_POLLS * SECONDS, idle=True)
    bill.add(prices.PIPE_REQUEST, "change events", usage.events)
    bill.add(prices.EVENT, "change events", usage.events)
    bill.add(prices.EXPRESS, "reads", usage.reads)
    bill.add(prices.EXPRESS_GB_SECOND, "reads", usage.reads * usage.read_s * _EXPRESS_GB)
    bill.add(prices.METRIC, "lag of projections", len(args.projections) if usage.events else 0)
    bill.watching(
        alarms=alarms(args),
        log_gb=gb(kb=2 * calls * usage.log_kb),
        log_months=usage.log_months,
        traces=(2 * calls + usage.reads) * usage.traced,
    )
    return bill


def _log(bill: Bill, args: EventSourcedBatchArgs, usage: EventsUsage) -> None:
    if not isinstance(args.log, Kinesis):
        bill.add(prices.FIFO_REQUEST, "log: sent, received, deleted", 3 * usage.events)
        bill.polling("empty log, asked", queues=1, fifo=True)
        return
    volume = gb(kb=usage.events * usage.event_kb)
    longer_h = min(args.log.retention_h, _WEEK_H) - _DAY_H
    if args.log.shards:
        bill.add(prices.SHARD_HOUR, "log", args.log.shards * HOURS, idle=True)
        bill.add(prices.SHARD_HOUR_KEPT, "log", args.log.shards * HOURS if longer_h else 0, idle=True)
        bill.add(prices.PUT_UNIT, "log", usage.events * math.ceil(usage.event_kb / _PUT_KB))
    else:
        bill.add(prices.STREAM_HOUR, "log", HOURS, idle=True)
        bill.add(prices.STREAM_IN_GB, "log", volume)
        bill.add(prices.STREAM_OUT_GB, "log", volume)
        bill.add(prices.STREAM_GB_MONTH, "log", volume * longer_h / HOURS)
    bill.add(prices.STREAM_LONG_GB_MONTH, "log", volume * max(0, args.log.retention_h - _WEEK_H) / HOURS)


def _tables(bill: Bill, args: EventSourcedBatchArgs, usage: EventsUsage) -> None:
    """At most: a transaction costs two units a KB, and events of one key in one call share the write of their state."""
    projections = len(args.projections)
    marker = state = 2.0
    bill.add(prices.DB_WRITE, "events and their ids", usage.events * (2 * math.ceil(usage.event_kb) + marker))
    bill.add(prices.DB_WRITE, "projections", usage.events * projections * (state + marker))
    # The last place of an aggregate, and the state of each projection.
    bill.add(prices.DB_READ, "appending and projecting", usage.events * (1 + projections))
    # The pointer as it is, the state as it was a moment ago.
    bill.add(prices.DB_READ, "reads", usage.reads * 1.5)
    scanned = usage.replays * usage.kept
    bill.add(prices.DB_READ, "replays", scanned * max(1.0, usage.event_kb) / 4)
    bill.add(prices.DB_WRITE, "replays", scanned * (state + marker))
    bill.add(prices.GB_SECOND, "replays", scanned * usage.replay_event_s * defaults.REPLAY_MEMORY_MB / 1024)
    # Both sides of a projection hold a marker of each event.
    size = gb(kb=usage.kept * (usage.event_kb + _MARKER_KB * (1 + 2 * projections)))
    bill.add(prices.DB_GB_MONTH, "events, ids and markers", size, idle=True)
    bill.add(prices.DB_BACKUP_GB_MONTH, "events, ids and markers", size, idle=True)


def alarms(args: EventSourcedBatchArgs) -> int:
    """Quarantine and what is discarded (log, projector, pipe), errors and lag of two functions, the lag of each
    projection, a failed or late replay, closing.

    A log over FIFO has a dead-letter queue where Kinesis has one for discarded records.
    """
    return 10 + len(args.projections) + (args.closing is not None)
