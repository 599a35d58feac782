"""Append what the log brings to the event table: once, in order for each aggregate, and only if it is an event.

- A record that is no event goes to quarantine and is done: it stops neither its shard nor its group.
- A record that meets a failure of AWS comes again, and none of its aggregate is applied before it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config

from handlers.environment import Environment
from handlers.events import schemas
from handlers.events.contention import TRANSIENT
from handlers.events.envelope import Event, decode, parse
from handlers.events.invalid import Invalid
from handlers.events.log import Entry, read
from handlers.events.quarantine import Quarantine
from handlers.events.store import CONFLICT_TYPE, EventStore
from handlers.events.ticks import tick

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@dataclass(frozen=True, kw_only=True)
class IngestSettings:
    """Where events go, and what is none."""

    events_table: str
    """Name of the event table. From `EVENTS_TABLE`."""

    quarantine_url: str
    """URL of the queue for records that are no events. From `QUARANTINE_URL`."""

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Self:
        """Validate every variable; raises SettingsError for the first that is wrong."""
        environment = Environment(variables)
        return cls(events_table=environment.text("EVENTS_TABLE"), quarantine_url=environment.text("QUARANTINE_URL"))


class Waiting(Exception):
    """An earlier record of the aggregate waits to come again, so this one does."""


class Ingest:
    """Takes batches of records from either log."""

    def __init__(self, store: EventStore, quarantine: Quarantine, logger: Logger) -> None:
        self.store, self.quarantine, self.logger = store, quarantine, logger

    def respond(self, event: dict[str, Any]) -> dict[str, Any]:
        """Take one batch; the answer names what comes again.

        https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
        """
        batch = read(event)
        self.store.begin()
        failed: list[str] = []
        waiting: set[str] = set()
        for entry in batch.entries:
            if failed and batch.resumes_at_failure:
                break
            try:
                self._take(entry, waiting)
            except (*TRANSIENT, Waiting) as problem:
                self.logger.warning("comes again", position=entry.position, problem=repr(problem))
                failed.append(entry.identifier)
        return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}

    def _take(self, entry: Entry, waiting: set[str]) -> None:
        try:
            event = accept(entry.body, datetime.now(UTC))
        except Invalid as invalid:
            self.quarantine.send(entry, invalid)
            self.logger.warning("quarantined", reason=invalid.reason, detail=invalid.detail, position=entry.position)
            return
        if event.aggregate in waiting:
            raise Waiting(event.aggregate)
        try:
            outcome = self.store.append(event)
        except TRANSIENT:
            waiting.add(event.aggregate)
            raise
        names = {"event": event.id, "type": event.type, "aggregate": event.aggregate}
        self.logger.info(outcome, correlation_id=event.correlation, **names)


def accept(body: bytes, now: datetime) -> Event:
    """The event that a record holds, or that its tick stands for; raises Invalid."""
    message = decode(body)
    event = tick(message, now) if "tick" in message else parse(message)
    if event.type == CONFLICT_TYPE:
        raise Invalid("reserved-type", f"{CONFLICT_TYPE}: only the ingest appends it")
    schemas.check(event)
    return event


settings = IngestSettings.from_environment(os.environ)
logger = Logger()
config = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
ingest = Ingest(
    EventStore(boto3.client("dynamodb", config=config), settings.events_table),
    Quarantine(boto3.client("sqs", config=config), settings.quarantine_url),
    logger,
)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Take a batch of records from the log; the answer names those to deliver again."""
    return ingest.respond(event)
