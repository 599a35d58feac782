"""Each event that is put is judged with its source and detail type, keeps its time, and has an object as its detail.

On AWS a policy can limit PutEvents by the keys `events:source` and `events:detail-type`
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html), and an event carries the `Time` of
its entry (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html). A detail that is
no JSON object isn't taken, which the answer says inside a 200, with `MalformedDetail`
(https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html).
The stock server sets neither key, so that such a policy denies everything, puts its own time into each event, and takes
any detail.
"""

from __future__ import annotations

import datetime
import json
from contextvars import ContextVar
from typing import Any

from ministack.core import iam_actions, responses
from ministack.services import eventbridge

from local.emulator import frame
from local.emulator.frame import Server

NAME = "put_events"
_MOST_ENTRIES = 10

_given_time: ContextVar[int | None] = ContextVar("put_events_time", default=None)
"""The time of the entry that is being put."""


def install(server: Server) -> None:
    parameters = "service iam_action body params"
    frame.replace(NAME, iam_actions, "request_tag_context", parameters, _with_sources)
    frame.replace(NAME, eventbridge, "_put_events", "data allow_aws_source", _one_by_one)
    frame.replace(NAME, eventbridge, "_pattern_event_view", "event", _with_time)


def _with_sources(original: Any) -> Any:
    def context(service: str, iam_action: str, body: bytes, params: dict[str, Any]) -> dict[str, Any]:
        found = original(service, iam_action, body, params)
        if iam_action != "events:PutEvents":
            return found
        entries = json.loads(body).get("Entries") or []
        keys = {"events:source": "Source", "events:detail-type": "DetailType"}
        return {**found, **{key: _together({entry.get(name) for entry in entries}) for key, name in keys.items()}}

    return context


def _together(values: set[str]) -> str | list[str] | None:
    """The value of all entries. Several make a list, which a condition for one value never matches."""
    return values.pop() if len(values) == 1 else sorted(filter(None, values)) or None


def _one_by_one(original: Any) -> Any:
    def put_events(data: dict[str, Any], allow_aws_source: bool = False) -> Any:
        entries = data.get("Entries") or []
        if len(entries) > _MOST_ENTRIES:
            return original(data, allow_aws_source)
        results, failed = [], 0
        for entry in entries:
            if not _is_object(entry.get("Detail", "{}")):
                results.append({"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."})
                failed += 1
                continue
            token = _given_time.set(_seconds(entry.get("Time")))
            try:
                status, headers, body = original({**data, "Entries": [entry]}, allow_aws_source)
            finally:
                _given_time.reset(token)
            if status != 200:
                return status, headers, body
            answer = json.loads(body)
            results += answer["Entries"]
            failed += answer["FailedEntryCount"]
        return responses.json_response({"FailedEntryCount": failed, "Entries": results})

    return put_events


def _is_object(detail: Any) -> bool:
    try:
        return isinstance(json.loads(detail), dict)
    except (TypeError, ValueError):
        return False


def _with_time(original: Any) -> Any:
    def view(event: dict[str, Any]) -> Any:
        given = _given_time.get()
        if given is not None:
            event["Time"] = given
        return original(event)

    return view


def _seconds(time: Any) -> int | None:
    if isinstance(time, str):
        return int(datetime.datetime.fromisoformat(time).timestamp())
    return None if time is None else int(time)
