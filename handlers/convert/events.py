"""Uploads out of S3 event notifications.

The message is what S3 publishes, delivered raw through SNS and SQS:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from handlers.convert.refusal import Refusal

_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]+")
_VISIBLE_ASCII = re.compile(r"[!-~]+")


@dataclass(frozen=True, kw_only=True)
class Upload:
    """One object as it was when S3 announced it."""

    bucket: str
    key: str
    """Decoded: the notification's key is URL-encoded."""

    etag: str
    sequencer: str
    """Orders the events of one key, and of one key only."""

    size: int
    """Bytes."""

    request_id: str
    """S3's id of the request that wrote the object; it correlates all logs about it."""

    record: Mapping[str, Any]
    """The notification's record as it came."""

    again: bool = False
    """Whether it comes back from the dead-letter queue, where it was refused before."""


def precedes(earlier: str, later: str) -> bool:
    """Whether an event with sequencer `earlier` happened before the one with `later`, for the same key.

    Sequencers differ in length: AWS compares them lexicographically after padding the shorter with zeros on the right.
    """
    width = max(len(earlier), len(later))
    return earlier.upper().ljust(width, "0") < later.upper().ljust(width, "0")


def uploads(body: str) -> list[Upload]:
    """The uploads that the message announces: none for S3's test event and for events other than ObjectCreated.

    A dead letter that was moved back announces its upload again. Raises Refusal for anything that is neither that nor
    an S3 event notification.
    """
    try:
        message = json.loads(body)
        if message.get("Event") == "s3:TestEvent":
            return []
        if "reason" in message:
            return [_upload(message["record"], again=True)]
        return [_upload(record) for record in message["Records"] if record["eventName"].startswith("ObjectCreated:")]
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise Refusal("not-an-s3-event", f"no S3 event notification: {problem!r}") from problem


def _upload(record: Mapping[str, Any], *, again: bool = False) -> Upload:
    item = record["s3"]["object"]
    key, etag = unquote_plus(item["key"], errors="strict"), item["eTag"].strip('"')
    key.encode()  # a lone surrogate is no key that S3 can hold
    if not _HEXADECIMAL.fullmatch(item["sequencer"]) or not _VISIBLE_ASCII.fullmatch(etag):
        raise ValueError("the sequencer is no hexadecimal number, or the ETag none of S3's")
    return Upload(
        bucket=record["s3"]["bucket"]["name"],
        key=key,
        etag=etag,
        sequencer=item["sequencer"],
        size=int(item["size"]),
        request_id=record.get("responseElements", {}).get("x-amz-request-id", ""),
        record=record,
        again=again,
    )
