"""The envelope that every event travels and is kept in.

    {"id": uuid, "type": "purchase.completed", "version": 2, "aggregate": "order-17", "sequence": 4,
     "time": "2026-11-22T09:30:00Z", "causation": text, "correlation": text, "payload": {…}}

`sequence`, `causation` and `correlation` may be left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from handlers.events.invalid import Invalid

MAX_BYTES = 256 * 1024
"""Of an event as it comes, and of its payload as it is kept. An event that is refused is kept within the event that
says so, which fits into a DynamoDB item of 400 KB:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""

MAX_SEQUENCE = 2**53 - 1
"""Every JSON reader holds it exactly: https://www.rfc-editor.org/rfc/rfc8259#section-6"""

MAX_VERSION = 9_999

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_TYPE = re.compile(r"[a-z][a-z0-9]*([.-][a-z0-9]+)*")
_AGGREGATE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
_TRACE = re.compile(r"[!-~]{1,128}")
_REQUIRED = ("id", "type", "version", "aggregate", "time", "payload")
_OPTIONAL = ("sequence", "causation", "correlation")


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that has happened."""

    id: str
    """UUID in lower case. It alone decides what a duplicate is."""

    type: str
    """Lower-case words with dots and hyphens, such as `purchase.completed`."""

    version: int
    """Of the payload's schema, from 1."""

    aggregate: str
    """What it happened to, such as `order-17`: events of one aggregate are in order. Holds no `#`."""

    time: str
    """When it happened, as its writer says: RFC 3339 in UTC."""

    payload: Mapping[str, Any]

    correlation: str
    """The same for all that follows from one request; the event's own id unless it was given."""

    causation: str | None = None
    """What made it happen: an event's or a command's id."""

    sequence: int | None = None
    """Its place in the aggregate, from 1 without gaps. Before it has one: the place that its writer expects, if any."""

    recorded: str = ""
    """When it was kept: RFC 3339 in UTC with milliseconds."""

    def message(self) -> dict[str, Any]:
        """The envelope as it travels."""
        optional = {name: getattr(self, name) for name in _OPTIONAL}
        return {
            **{name: getattr(self, name) for name in _REQUIRED},
            **{name: value for name, value in optional.items() if value is not None},
        }

    def item(self) -> dict[str, Any]:
        """The event as DynamoDB keeps it."""
        text = {
            "aggregate": self.aggregate,
            "id": self.id,
            "type": self.type,
            "time": self.time,
            "recorded": self.recorded,
            "causation": self.causation,
            "correlation": self.correlation,
            "payload": canonical(self.payload),
        }
        numbers = {"sequence": {"N": str(self.sequence)}, "version": {"N": str(self.version)}}
        return {name: {"S": value} for name, value in text.items() if value is not None} | numbers

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Self:
        """The event that `item` keeps: out of the table, or out of its stream."""
        causation = item.get("causation")
        return cls(
            aggregate=item["aggregate"]["S"],
            id=item["id"]["S"],
            type=item["type"]["S"],
            time=item["time"]["S"],
            recorded=item["recorded"]["S"],
            correlation=item["correlation"]["S"],
            causation=causation["S"] if causation else None,
            sequence=int(item["sequence"]["N"]),
            version=int(item["version"]["N"]),
            payload=json.loads(item["payload"]["S"]),
        )


def canonical(value: Any) -> str:
    """JSON that is the same for equal values."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, so that the order of the texts is the order of the moments."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(text: str) -> datetime:
    """The moment that an event's `time` or `recorded` names; raises ValueError."""
    if not _TIME.fullmatch(text):
        raise ValueError(f"{text} is no RFC 3339 time in UTC such as 2026-11-22T09:30:00Z")
    return datetime.fromisoformat(text)


def decode(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`; raises Invalid."""
    if len(body) > MAX_BYTES:
        raise Invalid("too-large", f"{len(body)} bytes; the limit is {MAX_BYTES}")
    try:
        message = json.loads(body.decode(), object_pairs_hook=_unique, parse_constant=_no_number)
        canonical(message).encode()  # a lone surrogate is text in JSON and no text in UTF-8
    except (ValueError, RecursionError) as problem:
        raise Invalid("not-json", f"{problem}") from problem
    if not isinstance(message, dict):
        raise Invalid("not-an-envelope", "the message is no JSON object")
    return message


def parse(message: Mapping[str, Any]) -> Event:
    """The event in `message`; raises Invalid, whose detail names the first field that is wrong."""
    if missing := [name for name in _REQUIRED if name not in message]:
        raise Invalid("not-an-envelope", f"{', '.join(missing)}: missing")
    if unknown := sorted(message.keys() - {*_REQUIRED, *_OPTIONAL}):
        raise Invalid("not-an-envelope", f"{', '.join(unknown)}: the envelope has no such field")
    if not isinstance(message["payload"], dict):
        raise Invalid("not-an-envelope", "payload: give a JSON object")
    if (size := len(canonical(message["payload"]).encode())) > MAX_BYTES:
        raise Invalid("too-large", f"payload: {size} bytes as it is kept; the limit is {MAX_BYTES}")
    identity = _text(message, "id", _UUID, "a UUID").lower()
    trace = {name: message.get(name) for name in ("causation", "correlation")}
    for name in [name for name, value in trace.items() if value is not None]:
        _text(message, name, _TRACE, "1 to 128 visible ASCII characters")
    sequence = message.get("sequence")
    return Event(
        id=identity,
        type=_text(message, "type", _TYPE, "lower-case words joined by dots, such as purchase.completed"),
        version=_number(message, "version", MAX_VERSION),
        aggregate=_text(message, "aggregate", _AGGREGATE, "1 to 128 letters, digits and . _ : -"),
        sequence=None if sequence is None else _number(message, "sequence", MAX_SEQUENCE),
        time=_time(message),
        causation=trace["causation"],
        correlation=trace["correlation"] or identity,
        payload=message["payload"],
    )


def _text(message: Mapping[str, Any], name: str, form: re.Pattern[str], wanted: str) -> str:
    value = message[name]
    if not isinstance(value, str) or not form.fullmatch(value):
        raise Invalid("not-an-envelope", f"{name}: give {wanted}")
    return value


def _number(message: Mapping[str, Any], name: str, high: int) -> int:
    value = message[name]
    if type(value) is not int or not 1 <= value <= high:  # True is an int, too
        raise Invalid("not-an-envelope", f"{name}: give a whole number from 1 to {high}")
    return value


def _time(message: Mapping[str, Any]) -> str:
    text = message["time"]
    try:
        moment(text if isinstance(text, str) else "")
    except ValueError as problem:
        raise Invalid("not-an-envelope", "time: give RFC 3339 in UTC, such as 2026-11-22T09:30:00Z") from problem
    return text


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name occurs twice in an object")
    return found


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no JSON number")
