"""When a schedule is due.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

import datetime
import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ministack.services import eventbridge

_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")


class Times:
    """The moments of an expression in a time zone, in seconds since 1970. Raises ValueError when it is none."""

    def __init__(self, expression: str, zone: str) -> None:
        try:
            self._zone = ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"Invalid ScheduleExpressionTimezone {zone}.") from None
        self._interval = eventbridge._parse_rate_seconds(expression)
        self._fields = eventbridge._parse_cron_fields(expression)
        at = _AT.fullmatch(expression)
        self.once = bool(at)
        self._at = datetime.datetime.fromisoformat(at[1]).replace(tzinfo=self._zone).timestamp() if at else None
        if not (self.once or self._interval or self._fields):
            raise ValueError(f"Invalid Schedule Expression {expression}.")

    def first(self, start: float) -> float | None:
        """The first moment of a schedule that starts at `start`: a rate begins with it."""
        if self.once:
            return self._at
        return start if self._interval else self.after(start)

    def after(self, moment: float) -> float | None:
        """The next moment, or None if there is none."""
        if self.once:
            return None
        if self._interval:
            return moment + self._interval
        found = eventbridge._cron_next_fire(self._fields, datetime.datetime.fromtimestamp(moment, self._zone))
        return found.timestamp() if found else None
