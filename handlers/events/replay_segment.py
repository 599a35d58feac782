"""Read one segment of the event table into the idle table of a projection."""

from __future__ import annotations

import os
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from aws_lambda_powertools import Logger

from handlers.events.envelope import Event
from handlers.events.replay import Rebuilding, client, has_time
from handlers.events.settings import ReplaySettings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

PAGE_ITEMS = 1000

settings = ReplaySettings.from_environment(os.environ)
logger = Logger()
dynamodb = client()


class Page(NamedTuple):
    """Events out of one read, by aggregate and sequence, and where the next one begins."""

    events: list[Event]
    next: Mapping[str, Any] | None


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Take in what the segment holds, and answer the same shape, advanced; to be called again until it is done.

    `{"projection", "replay", "side", "segment", "segments", "start", "relevant", "applied", "done"}`: `start` is null
    at first, then the key to read on from; `relevant` counts the events that concern the projection, `applied` those
    that were not in its table before.
    """
    rebuilding = Rebuilding.of(event, settings, dynamodb)
    relevant, applied = event["relevant"], event["applied"]
    start: Mapping[str, Any] | None = event["start"]
    for page in pages(event["segment"], event["segments"], start):
        groups = by_key(rebuilding, page.events)
        relevant += sum(map(len, groups.values()))
        applied += sum(take(rebuilding, key, groups[key]) for key in shuffled(groups))
        start = page.next
        if not has_time(context):
            break
    logger.info("read", projection=event["projection"], segment=event["segment"], relevant=relevant, applied=applied)
    return {**event, "start": start, "relevant": relevant, "applied": applied, "done": start is None}


def pages(segment: int, segments: int, start: Mapping[str, Any] | None) -> Iterator[Page]:
    """The segment's events from `start` on. An aggregate's items are read in the order of their sequence."""
    while True:
        answer = dynamodb.scan(
            TableName=settings.events_table,
            Segment=segment,
            TotalSegments=segments,
            FilterExpression="#sequence > :marker",
            ExpressionAttributeNames={"#sequence": "sequence"},
            ExpressionAttributeValues={":marker": {"N": "0"}},
            ConsistentRead=True,
            Limit=PAGE_ITEMS,
            **({"ExclusiveStartKey": start} if start else {}),
        )
        start = answer.get("LastEvaluatedKey")
        events = [Event.from_item(item) for item in answer["Items"]]
        yield Page(sorted(events, key=lambda event: (event.aggregate, event.sequence or 0)), start)
        if start is None:
            return


def by_key(rebuilding: Rebuilding, events: list[Event]) -> dict[str, list[Event]]:
    """The events that concern the projection, by the state that they belong to."""
    groups: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        key = rebuilding.projection.key_of(event)
        if key is not None:
            groups[key].append(event)
    return groups


def take(rebuilding: Rebuilding, key: str, events: list[Event]) -> int:
    """Take in what is missing; reading what is there costs less than a write that fails on it."""
    return rebuilding.idle.take(key, rebuilding.idle.unseen(events))


def shuffled(groups: Mapping[str, list[Event]]) -> list[str]:
    """The keys in any order: segments that run side by side meet at the same state less often."""
    return random.sample(list(groups), len(groups))
