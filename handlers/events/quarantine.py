"""Where records go that are no events: out of the way, with their position in the log and the reason."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from handlers.events.invalid import Invalid
from handlers.events.log import Entry

MAX_LETTER_BYTES = 256 * 1024
"""Every SQS queue takes so much."""

MAX_QUOTED_CHARACTERS = 16_384
"""How much of a record is quoted that is too large as a whole; escapes make each character 12 bytes at most."""


@dataclass(frozen=True)
class Quarantine:
    """The quarantine as its sender sees it.

    A letter is `{"reason", "detail", "position", "body", "cut"}`; `cut` says that the body is not whole. A batch that
    is tried again sends a letter again, with the same position.
    """

    sqs: Any
    """A boto3 client."""

    url: str

    def send(self, entry: Entry, invalid: Invalid) -> None:
        """Say why `entry` is no event."""
        body = entry.body.decode(errors="backslashreplace")
        letter = {"reason": invalid.reason, "detail": invalid.detail[:1024], "position": dict(entry.position)}
        text = json.dumps({**letter, "body": body, "cut": False})
        if len(text) > MAX_LETTER_BYTES:
            text = json.dumps({**letter, "body": body[:MAX_QUOTED_CHARACTERS], "cut": True})
        self.sqs.send_message(QueueUrl=self.url, MessageBody=text)
