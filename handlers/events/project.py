"""Take every event that was appended into every projection that it concerns, from the event table's stream.

Events go into the table that the projection's pointer names when the batch begins. A replay switches the pointer only
while the stream's mapping is paused, after it has read every event that was appended before: whatever a batch that
still runs then writes into the old table is in the new one, too.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config

from handlers.events import lag
from handlers.events.envelope import Event, moment
from handlers.events.pointers import Pointers
from handlers.events.projections import PROJECTIONS, Projection
from handlers.events.settings import ProjectionSettings
from handlers.events.store import MARKER
from handlers.events.tables import ProjectionTable

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


class Change(NamedTuple):
    """An event and its place in the batch."""

    place: int
    event: Event


class Projector:
    """Takes batches of the event table's stream."""

    def __init__(self, dynamodb: Any, settings: ProjectionSettings, logger: Logger) -> None:
        self.dynamodb, self.settings, self.logger = dynamodb, settings, logger
        self.pointers = Pointers(dynamodb, settings.pointers_table)

    def respond(self, event: Mapping[str, Any], function: str) -> dict[str, Any]:
        """Take one batch in, as the function of this name. The answer names the first record that failed: the stream
        comes again from there on, and what was taken in behind it changes nothing then.

        https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
        """
        records = event["Records"]
        changes = [Change(place, made) for place, record in enumerate(records) if (made := appended(record))]
        if not changes:
            return {"batchItemFailures": []}
        failed = [self._project(PROJECTIONS[name], changes, function) for name in self.settings.tables]
        first = min((place for place in failed if place is not None), default=None)
        if first is None:
            return {"batchItemFailures": []}
        return {"batchItemFailures": [{"itemIdentifier": records[first]["dynamodb"]["SequenceNumber"]}]}

    def _project(self, projection: Projection, changes: list[Change], function: str) -> int | None:
        """Take the changes into one projection; the first place that failed."""
        failed: list[int] = []
        try:
            side = self.pointers.active(projection.name)
            table = ProjectionTable(self.dynamodb, self.settings.tables[projection.name][side], projection)
            for key, group in _by_key(projection, changes).items():
                try:
                    new = table.take(key, [change.event for change in group])
                    self.logger.info("projected", projection=projection.name, key=key, events=len(group), new=new)
                except Exception:  # a projection that fails must not stop the others
                    self.logger.exception("not projected", projection=projection.name, key=key)
                    failed.append(group[0].place)
            first = min(failed, default=None)
            done = [change.event.recorded for change in changes if first is None or change.place < first]
            if done:
                self.pointers.advance(projection.name, max(done))
                lag.report(function, projection.name, moment(min(done)), datetime.now(UTC))
        except Exception:
            self.logger.exception("not projected", projection=projection.name)
            failed.append(changes[0].place)
        return min(failed, default=None)


def appended(record: Mapping[str, Any]) -> Event | None:
    """The event that a record of the stream says was appended; None for the marker of an event's id."""
    if record["eventName"] != "INSERT" or record["dynamodb"]["Keys"]["aggregate"]["S"].startswith(MARKER):
        return None
    return Event.from_item(record["dynamodb"]["NewImage"])


def _by_key(projection: Projection, changes: list[Change]) -> dict[str, list[Change]]:
    groups: defaultdict[str, list[Change]] = defaultdict(list)
    for change in changes:
        key = projection.key_of(change.event)
        if key is not None:
            groups[key].append(change)
    return groups


settings = ProjectionSettings.from_environment(os.environ)
logger = Logger()
config = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
projector = Projector(boto3.client("dynamodb", config=config), settings, logger)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Take a batch of the event table's changes into the projections."""
    return projector.respond(event, context.function_name)
