"""Events of pipes: source records without their envelope, and which of them are wanted.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-kinesis.html and eb-pipes-dynamodb.html and
eb-pipes-sqs.html beside it
"""

from __future__ import annotations

import base64
import json
from typing import Any

from ministack.services import lambda_svc

from local.emulator.event_sources.streams import Record

Event = dict[str, Any]


def event(record: Record) -> Event:
    """What a target gets for a record: for Kinesis, its members are not nested."""
    if "kinesis" not in record:
        return record
    return {**record["kinesis"], **{name: value for name, value in record.items() if name != "kinesis"}}


def decoded(record: Record) -> Event:
    """The event as filters and templates see it: the body of a message and the data of a record as what they hold."""
    found = event(record)
    if "kinesis" in record:
        return {**found, "data": _data(found["data"])}
    if "body" in found:
        return {**found, "body": _parsed(found["body"], found["body"])}
    return found


def wanted(record: Record, criteria: dict[str, Any] | None) -> bool:
    """Whether a filter takes the record; without filters each is wanted."""
    filters = [json.loads(one["Pattern"]) for one in (criteria or {}).get("Filters") or []]
    found = decoded(record)
    return not filters or any(lambda_svc._match_esm_filter(found, pattern) for pattern in filters)


def _data(encoded: str) -> Any:
    """What Kinesis data holds; what is no JSON stays in base 64."""
    return _parsed(base64.b64decode(encoded), encoded)


def _parsed(text: str | bytes, otherwise: Any) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return otherwise
