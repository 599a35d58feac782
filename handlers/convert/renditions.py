"""Renditions in S3, each a record of the upload that it was made from.

No table says what is done: the rendition does. Its metadata names the source's sequencer and ETag, and every write is a
compare-and-swap against the rendition that was seen before, so that duplicates, late and reordered events, and two
functions at work on one key, leave what belongs to the newest upload
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from botocore.exceptions import ClientError

from handlers.convert.events import Upload, precedes

REFUSED = "refused"
"""Metadata of what stands in a rendition's place when its upload can't be converted: the reason."""

FOREVER = "public, max-age=31536000, immutable"
MAX_SWAPS = 5
"""Attempts to replace one rendition. Each lost one means that another writer succeeded."""

_LOST_SWAP = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}


class SwapLost(Exception):
    """Other writers kept replacing the rendition. Trying the message again resolves it."""


@dataclass(frozen=True)
class Record:
    """What S3 holds at a rendition's key."""

    etag: str
    sequencer: str
    """Empty for an object that no converter wrote: any upload is newer."""

    refused: bool = False
    """Whether it says that its upload can't be converted."""

    def settles(self, upload: Upload) -> bool:
        """Whether it was made from this upload or from a later one of the same key.

        A refusal doesn't settle the same upload when that is tried again.
        """
        if not self.sequencer or precedes(self.sequencer, upload.sequencer):
            return False
        return precedes(upload.sequencer, self.sequencer) or not (self.refused and upload.again)


@dataclass(frozen=True, kw_only=True)
class Rendition:
    """What is to stand at a rendition's key."""

    body: BinaryIO
    content_type: str
    cache_control: str = FOREVER
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Renditions:
    """The renditions of one bucket."""

    s3: Any
    """A boto3 client."""

    bucket: str

    def find(self, key: str) -> Record | None:
        """The rendition at `key`; None when there is none, or S3 won't say: the conditional write finds out then.

        S3 answers 403 for a missing key unless one may list the bucket, which a converter has no other need for:
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
        """
        try:
            head = self.s3.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in (403, 404):
                return None
            raise
        metadata = head["Metadata"]
        return Record(etag=head["ETag"], sequencer=metadata.get("source-sequencer", ""), refused=REFUSED in metadata)

    def replace(self, key: str, seen: Record | None, upload: Upload, rendition: Rendition) -> bool:
        """Put `rendition` in the place of `seen`; False when it is settled by another writer meanwhile.

        Raises SwapLost after `MAX_SWAPS` attempts, and AWS's own errors.
        """
        for _ in range(MAX_SWAPS):
            if seen is not None and seen.settles(upload):
                return False
            if self._swap(key, seen, upload, rendition):
                return True
            seen = self.find(key)
        raise SwapLost(f"{key} was replaced by others {MAX_SWAPS} times")

    def _swap(self, key: str, seen: Record | None, upload: Upload, rendition: Rendition) -> bool:
        condition: dict[str, Any] = {"IfNoneMatch": "*"} if seen is None else {"IfMatch": seen.etag}
        rendition.body.seek(0)
        try:
            self.s3.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=rendition.body,
                ContentType=rendition.content_type,
                CacheControl=rendition.cache_control,
                Metadata={"source-sequencer": upload.sequencer, "source-etag": upload.etag, **rendition.metadata},
                **condition,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in _LOST_SWAP:
                return False
            raise
        return True
