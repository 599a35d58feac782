"""What every converter does around its conversion: once for each upload, in any order, whatever the upload holds.

- An upload that was converted already, overwritten or deleted meanwhile is done: a later event takes care.
- An upload that can't be converted ends as one dead letter with the reason and is done. The refusal stands where the
  rendition would, so that a redelivered event sends no second letter and no rendition of an overwritten source
  remains. The letter is sent before the refusal is written: it is never lost, and doubled only when the function dies
  between the two or when two deliveries of one event overlap. A message that has no place for a rendition (it is no S3
  event, or its key is outside the prefix or too long) sends one letter a delivery.
- Anything else raises: SQS delivers that message alone again, and moves it to the dead-letter queue in the end.
"""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import boto3
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from botocore.config import Config
from botocore.exceptions import ClientError

from handlers.convert.dead_letters import DeadLetters
from handlers.convert.events import Upload, uploads
from handlers.convert.refusal import Refusal
from handlers.convert.renditions import REFUSED, Record, Rendition, Renditions
from handlers.convert.settings import Settings
from handlers.environment import MAX_OBJECT_BYTES

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

NOT_CACHED = "no-cache"
REFUSAL_TYPE = "application/problem+json"
"""https://www.rfc-editor.org/rfc/rfc9457"""


class Size(NamedTuple):
    """Pixels of a rendition."""

    width: int
    height: int


Make = Callable[[Upload, BinaryIO, BinaryIO], Size | None]
"""Read the upload from the first stream, write its rendition to the second. The size of an image, None for others."""


@dataclass(frozen=True, kw_only=True)
class Converter:
    """One way to convert."""

    name: str
    extension: str
    """Of the rendition's key, without the dot."""

    content_type: str
    make: Make


class Superseded(Exception):
    """The upload is no longer what its event says: overwritten or deleted."""


class Branch:
    """One converter at work on the uploads that its queue brings. Makes its own boto3 clients unless it gets some."""

    def __init__(
        self,
        converter: Converter,
        settings: Settings,
        logger: Logger,
        s3: Any = None,
        sqs: Any = None,
    ) -> None:
        config = Config(retries={"mode": "standard", "total_max_attempts": 3})
        self.converter = converter
        self.settings = settings
        self.logger = logger
        self.processor = BatchProcessor(event_type=EventType.SQS, logger=logger)  # pyrefly: ignore[bad-argument-type] - Powertools' Logger only behaves as one
        self.s3 = s3 or boto3.client("s3", config=config)
        self.renditions = Renditions(self.s3, settings.target_bucket)
        self.dead_letters = DeadLetters(
            sqs or boto3.client("sqs", config=config), settings.dead_letters_url, converter.name
        )

    def respond(self, event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
        """Convert a batch of SQS messages. The answer names those to deliver again; raises when that is all of them."""
        return process_partial_response(event, self.convert_record, self.processor, context)

    def convert_record(self, record: SQSRecord) -> None:
        """Convert what one SQS message announces; returning means that the message is done."""
        try:
            announced = uploads(record.body)
        except Refusal as refusal:
            self.logger.warning("refused", reason=refusal.reason, detail=refusal.detail)
            self.dead_letters.message(record.body, refusal)
            return
        for upload in announced:
            with self.logger.append_context_keys(correlation_id=upload.request_id, source=upload.key):
                self.logger.info(self.convert(upload))

    def convert(self, upload: Upload) -> str:
        """Leave the newest upload's rendition; what happened, in a word or two for the log."""
        try:
            key = self.settings.rendition_key(upload.key, self.converter.extension)
        except Refusal as refusal:
            self._bury(upload, refusal)
            return "refused"
        seen = self.renditions.find(key)
        if seen is not None and seen.settles(upload):
            return "already done"
        with tempfile.TemporaryFile() as work:  # has no name: nothing stays on the disk when the function is killed
            try:
                size = self._make(upload, work)
            except Superseded:
                return "superseded"
            except Refusal as refusal:
                return self._refuse(key, seen, upload, refusal)
            pixels = {"width": str(size.width), "height": str(size.height)} if size else {}
            rendition = Rendition(body=work, content_type=self.converter.content_type, metadata=pixels)
            return "converted" if self.renditions.replace(key, seen, upload, rendition) else "superseded"

    def _make(self, upload: Upload, work: BinaryIO) -> Size | None:
        self._check_size(upload.size)
        with self._open(upload) as source:
            size = self.converter.make(upload, source, work)
        if work.seek(0, os.SEEK_END) > MAX_OBJECT_BYTES:
            raise Refusal("rendition-too-large", "the rendition is larger than one PUT writes")
        return size

    def _check_size(self, size: int) -> None:
        if size == 0:
            raise Refusal("empty", "the file has no bytes")
        if size > self.settings.max_bytes:
            raise Refusal("too-many-bytes", f"{size} bytes; the limit is {self.settings.max_bytes}")

    @contextmanager
    def _open(self, upload: Upload) -> Iterator[BinaryIO]:
        try:
            answer = self.s3.get_object(Bucket=upload.bucket, Key=upload.key, IfMatch=f'"{upload.etag}"')
        except ClientError as error:
            if error.response["Error"]["Code"] in ("PreconditionFailed", "NoSuchKey"):
                raise Superseded from error
            raise
        with closing(answer["Body"]) as body:
            self._check_size(answer["ContentLength"])
            yield body

    def _refuse(self, key: str, seen: Record | None, upload: Upload, refusal: Refusal) -> str:
        self._bury(upload, refusal)
        body = io.BytesIO(json.dumps({"title": refusal.reason}).encode())
        metadata = {REFUSED: refusal.reason}
        problem = Rendition(body=body, content_type=REFUSAL_TYPE, cache_control=NOT_CACHED, metadata=metadata)
        self.renditions.replace(key, seen, upload, problem)
        return "refused"

    def _bury(self, upload: Upload, refusal: Refusal) -> None:
        self.logger.warning("bad upload", reason=refusal.reason, detail=refusal.detail)
        self.dead_letters.upload(upload, refusal)
