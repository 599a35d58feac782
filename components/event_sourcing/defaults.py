"""Default settings of the EventSourcedBatch; `docs/event-sourcing.md` lists the same."""

from __future__ import annotations

from typing import Final

RETENTION_H: Final = 24 * 7
"""How long a Kinesis log keeps its records, in hours."""

CLOSING: Final = "cron(0 1 * * ? *)"
"""When the day before is closed, in UTC."""

BATCH: Final = 100
"""Records that a call gets at most (10 from a FIFO queue, SQS's limit there)."""

RETRIES: Final = 20
"""Attempts at a record that meets failures of AWS, before it is named to the queue for discarded records."""

ATTEMPTS: Final = 10
"""Deliveries of a FIFO message before it goes to the dead-letter queue."""

LAG_ALARM_MINUTES: Final = 5
"""How old events may be when they are counted, before an alarm goes off, in minutes."""

MEMORY_MB: Final = 512
TIMEOUT_S: Final = 30
REPLAY_MEMORY_MB: Final = 1024
REPLAY_TIMEOUT_S: Final = 900

SEGMENTS: Final = 4
"""Readers of the event table in a replay."""

CATCH_UP_LIMIT: Final = 1000
"""Events missing at most before the projector is paused for the last pass."""

MAX_PASSES: Final = 10
"""Passes over the event table before the projector is paused anyway."""
