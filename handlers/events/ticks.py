"""What the scheduler sends. It can't make UUIDs nor reckon with dates: a tick names the moment, the event follows.

    {"tick": "day.closed", "time": "<aws.scheduler.scheduled-time>"}

closes the day before that time. The event's id follows from the day, so a tick that comes twice, late or by hand
changes nothing.
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from handlers.events.envelope import Event, moment
from handlers.events.invalid import Invalid

NAMESPACE = uuid.UUID("6f0c2a52-5f0b-5f43-9a8e-3d4f7f0f8a11")
"""Of ids that follow from what an event says."""

YEAR_ONE = 1970

FIELDS = {"tick", "time"}


def tick(message: Mapping[str, Any], now: datetime) -> Event:
    """The event that a tick stands for; raises Invalid."""
    if message.keys() != FIELDS or message["tick"] != "day.closed":
        raise Invalid("not-a-tick", 'a tick is {"tick": "day.closed", "time": …}')
    try:
        scheduled = moment(str(message["time"]))
    except ValueError as problem:
        raise Invalid("not-a-tick", f"time: {problem}") from problem
    if scheduled > now:
        raise Invalid("not-a-tick", f"time: {message['time']} has not come yet")
    if scheduled.year < YEAR_ONE:
        raise Invalid("not-a-tick", f"time: {message['time']} is no schedule's")
    day = (scheduled.date() - timedelta(days=1)).isoformat()
    identity = str(uuid.uuid5(NAMESPACE, f"day.closed {day}"))
    return Event(
        id=identity,
        type="day.closed",
        version=1,
        aggregate=f"day-{day}",
        time=message["time"],
        correlation=identity,
        payload={"day": day},
    )
