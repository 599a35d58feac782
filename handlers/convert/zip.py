"""Pack every uploaded file into a ZIP archive of its own: the same bytes for the same file, whenever it is packed."""

from __future__ import annotations

import os
import re
import shutil
import zipfile
from typing import TYPE_CHECKING, Any, BinaryIO

from aws_lambda_powertools import Logger

from handlers.convert.branch import Branch, Converter
from handlers.convert.events import Upload
from handlers.convert.settings import Settings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.typing import LambdaContext

CHUNK_BYTES = 1024 * 1024
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest date that the format knows."""

_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\]')


def pack(upload: Upload, source: BinaryIO, rendition: BinaryIO) -> None:
    """Stream `source` into an archive with one entry, readable by everybody."""
    entry = zipfile.ZipInfo(entry_name(upload.key), EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix, wherever this runs
    entry.external_attr = 0o644 << 16
    entry.file_size = upload.size  # decides whether the entry is a ZIP64 one
    with zipfile.ZipFile(rendition, "w") as archive, archive.open(entry, "w") as packed:
        shutil.copyfileobj(source, packed, CHUNK_BYTES)


def entry_name(key: str) -> str:
    """The file's own name, safe to unpack anywhere: no folder, drive or control character survives."""
    name = _UNSAFE.sub("_", key.rsplit("/", 1)[-1])
    return name if name.strip(". ") else "file"


settings = Settings.from_environment(os.environ)
logger = Logger()
branch = Branch(Converter(name="zip", extension="zip", content_type="application/zip", make=pack), settings, logger)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Pack a batch of S3 events' files out of SQS; the answer names the messages to deliver again."""
    return branch.respond(event, context)
