"""A log of events as a target, whichever kind it is; what is no event yet becomes one on the way."""

from __future__ import annotations

from dataclasses import dataclass

from ..naming import Names
from ..queue import Queue
from ..stream import Stream
from .integration import Integration, template
from .targets import Message, PutToStream, SendToQueue


@dataclass(frozen=True, kw_only=True)
class AsEvent:
    """What a body that is no event yet becomes: an envelope of one type.

    The time is the gateway's own and the correlation the request's id: callers make up neither. Its seconds come out of
    `$context.requestTime`, which is in the common log format:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
    """

    type: str
    version: int
    payload: tuple[str, ...]
    """Members of the body that make the payload; the route's schema must require each."""

    def message(self, *, aggregate: str, event_id: str) -> Message:
        """VTL that makes the envelope; the arguments are JSONPaths into the body."""
        members = (f"${{quote}}{name}${{quote}}: $input.json('$.{name}')" for name in self.payload)
        before = template(
            "as_event.vtl",
            Type=self.type,
            Version=str(self.version),
            Id=event_id,
            Aggregate=aggregate,
            Payload=", ".join(members),
        )
        return Message(before=f"{before}\n", expression="$event")


@dataclass(frozen=True, kw_only=True)
class AppendToLog:
    """Append the body, an event, to a log, and answer 202.

    `aggregate` and `event_id` are JSONPaths into it: what is kept in order, and what makes an event one. `event` makes
    an event of a body that is none.
    """

    log: Stream | Queue
    aggregate: str = "$.aggregate"
    event_id: str = "$.id"
    event: AsEvent | None = None

    def integration(self, names: Names) -> Integration:
        """A stream's partition key, or a FIFO queue's group and deduplication id."""
        message = self.event.message(aggregate=self.aggregate, event_id=self.event_id) if self.event else Message()
        if isinstance(self.log, Stream):
            return PutToStream(stream=self.log, key=self.aggregate, message=message).integration(names)
        target = SendToQueue(queue=self.log, group=self.aggregate, deduplication=self.event_id, message=message)
        return target.integration(names)
