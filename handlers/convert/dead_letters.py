"""Dead letters of uploads that can't be converted, each with the reason."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from handlers.convert.events import Upload
from handlers.convert.refusal import Refusal

MAX_QUOTED_CHARACTERS = 16_384
"""How much of a message that is no event is quoted: with escapes, far below SQS's limit on a message."""


@dataclass(frozen=True)
class DeadLetters:
    """The converter's dead-letter queue, as its sender sees it.

    A letter is `{"reason", "detail", "converter", "source": {bucket, key, etag, sequencer, size} or null, "record"}`.
    """

    sqs: Any
    """A boto3 client."""

    url: str
    converter: str

    def upload(self, upload: Upload, refusal: Refusal) -> None:
        """Say why `upload` has no rendition."""
        source = {
            "bucket": upload.bucket,
            "key": upload.key,
            "etag": upload.etag,
            "sequencer": upload.sequencer,
            "size": upload.size,
        }
        self._send(refusal, source, upload.record)

    def message(self, body: str, refusal: Refusal) -> None:
        """Say why a message announces no upload; quotes its first `MAX_QUOTED_CHARACTERS` characters."""
        self._send(refusal, None, body[:MAX_QUOTED_CHARACTERS])

    def _send(self, refusal: Refusal, source: dict[str, Any] | None, record: Any) -> None:
        letter = {
            "reason": refusal.reason,
            "detail": refusal.detail,
            "converter": self.converter,
            "source": source,
            "record": record,
        }
        self.sqs.send_message(QueueUrl=self.url, MessageBody=json.dumps(letter))
