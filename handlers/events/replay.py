"""What the steps of a replay share: which table is rebuilt, and that no other replay is under way.

A replay is the machine `components/event_sourcing/replay.asl.json`: it takes the lease, has the idle table emptied
(`replay_prepare`), reads all events into it, a segment each (`replay_segment`), again until few are missing, pauses the
projector, reads what is left, has the result verified (`replay_verify`), switches the pointer and resumes the
projector. While the projector is paused, every event that it took into the active table was in the event table before
the last reading began, and reads are strongly consistent: so the rebuilt table holds it. What is appended later comes
from the stream, and what comes twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import boto3
from botocore.config import Config

from handlers.events.pointers import Pointers
from handlers.events.projections import PROJECTIONS, Projection
from handlers.events.settings import SIDES, ProjectionSettings
from handlers.events.tables import ProjectionTable

RESERVE_MS = 30_000
"""Left of a function's time when it stops to be called again from where it is."""


class ReplayRefused(Exception):
    """The step isn't that of the replay under way, or would touch the table that is read. Trying again can't help."""


def client() -> Any:
    """DynamoDB as the steps call it: they wait rather than fail."""
    config = Config(connect_timeout=2, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 5})
    return boto3.client("dynamodb", config=config)


@dataclass(frozen=True, kw_only=True)
class Rebuilding:
    """A projection under replay."""

    projection: Projection
    side: str
    """Of the idle table."""

    idle: ProjectionTable
    active: ProjectionTable

    @classmethod
    def of(cls, event: Mapping[str, Any], settings: ProjectionSettings, dynamodb: Any) -> Self:
        """What the machine's input `{"projection", "replay"}` names; raises ReplayRefused.

        `replay` is the execution that holds the lease.
        """
        name, pointers = event["projection"], Pointers(dynamodb, settings.pointers_table)
        if name not in settings.tables:
            raise ReplayRefused(f"there is no projection {name}")
        if not event["replay"] or pointers.holder() != event["replay"]:
            raise ReplayRefused(f"{event['replay']} does not hold the lease: another replay may be under way")
        active = pointers.active(name)
        idle = next(side for side in SIDES if side != active)
        if event.get("side", idle) != idle:
            raise ReplayRefused(f"side {active} of {name} is being read")
        tables = settings.tables[name]
        return cls(
            projection=PROJECTIONS[name],
            side=idle,
            idle=ProjectionTable(dynamodb, tables[idle], PROJECTIONS[name]),
            active=ProjectionTable(dynamodb, tables[active], PROJECTIONS[name]),
        )


def has_time(context: Any) -> bool:
    """Whether the invocation may take up more."""
    return context.get_remaining_time_in_millis() > RESERVE_MS
