"""Sends events to a pipe's target, in the name of the pipe's role.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-target.html
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from typing import Any

from local.emulator.deliveries import Deliveries
from local.emulator.event_sources.streams import Record
from local.emulator.pipes import records, settings, templates
from local.emulator.pipes.records import Event
from local.emulator.pipes.settings import Pipe

_DEFAULT_DETAIL_TYPE = "Event from {source}"


def send(pipe: Pipe, batch: list[Record], deliveries: Deliveries) -> Any:
    """Deliver one batch; returns what a function or machine that was waited for answered.

    Raises ClientError, NotDelivered or TemplateError.
    """
    return _SENDERS[settings.service(pipe["Target"])](pipe, batch, deliveries)


def _payload(pipe: Pipe, record: Record) -> Any:
    template = (pipe.get("TargetParameters") or {}).get("InputTemplate")
    if not template:
        return records.event(record)
    seen = records.decoded(record)
    return templates.payload(template, seen, templates.reserved(pipe, seen))


def _text(pipe: Pipe, record: Record) -> str:
    payload = _payload(pipe, record)
    return payload if isinstance(payload, str) else json.dumps(payload, separators=(",", ":"))


def _parameters(pipe: Pipe, record: Record) -> dict[str, Any]:
    """The target's parameters for a record, its paths filled in."""
    seen = records.decoded(record)
    return {
        name: [templates.parameter(one, seen) for one in value]
        if isinstance(value, list)
        else templates.parameter(value, seen)
        for name, value in settings.target_parameters(pipe).items()
    }


def _to_bus(pipe: Pipe, batch: list[Record], deliveries: Deliveries) -> None:
    deliveries.events([_entry(pipe, record) for record in batch])


def _entry(pipe: Pipe, record: Record) -> Event:
    parameters = _parameters(pipe, record)
    payload = _payload(pipe, record)
    if not isinstance(payload, dict):
        raise templates.TemplateError("the detail of an event must be an object")
    entry = {
        "EventBusName": pipe["Target"],
        "Source": parameters.get("Source") or f"Pipe {pipe['Name']}",
        "DetailType": parameters.get("DetailType") or _DEFAULT_DETAIL_TYPE.format(source=record["eventSource"]),
        "Detail": json.dumps(payload, separators=(",", ":")),
        "Resources": parameters.get("Resources") or [],
    }
    if "Time" in parameters:
        entry["Time"] = _moment(parameters["Time"])
    return entry


def _moment(text: str) -> datetime.datetime:
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise templates.TemplateError(f"Time {text} is no ISO 8601 timestamp") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


def _to_queue(pipe: Pipe, batch: list[Record], deliveries: Deliveries) -> None:
    for record in batch:
        deliveries.message(pipe["Target"], _text(pipe, record), **_parameters(pipe, record))


def _to_stream(pipe: Pipe, batch: list[Record], deliveries: Deliveries) -> None:
    for record in batch:
        deliveries.record(pipe["Target"], _text(pipe, record), _parameters(pipe, record)["PartitionKey"])


def _to_machine(pipe: Pipe, batch: list[Record], deliveries: Deliveries) -> Any:
    if _waits(pipe):
        return deliveries.synchronous_execution(pipe["Target"], _array(pipe, batch))
    return deliveries.execution(pipe["Target"], _array(pipe, batch))


def _to_function(pipe: Pipe, batch: list[Record], deliveries: Deliveries) -> Any:
    return deliveries.invocation(pipe["Target"], _array(pipe, batch), wait=_waits(pipe))


def _array(pipe: Pipe, batch: list[Record]) -> str:
    """Functions and machines get a batch as an array, even if it holds one event."""
    return json.dumps([_payload(pipe, record) for record in batch])


def _waits(pipe: Pipe) -> bool:
    """https://docs.aws.amazon.com/eventbridge/latest/pipes-reference/API_PipeTargetLambdaFunctionParameters.html"""
    return settings.target_parameters(pipe).get("InvocationType", "REQUEST_RESPONSE") == "REQUEST_RESPONSE"


_SENDERS: dict[str, Callable[[Pipe, list[Record], Deliveries], Any]] = {
    "events": _to_bus,
    "kinesis": _to_stream,
    "lambda": _to_function,
    "sqs": _to_queue,
    "states": _to_machine,
}
