"""Make a JPEG of every uploaded image, at its full size."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, BinaryIO

from aws_lambda_powertools import Logger

from handlers.convert.branch import Branch, Converter, Size
from handlers.convert.events import Upload
from handlers.convert.images import ANY_SIZE, FORMATS, encode
from handlers.convert.settings import ImageSettings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.typing import LambdaContext


def jpeg(upload: Upload, source: BinaryIO, rendition: BinaryIO) -> Size:
    """Make the JPEG; raises Refusal for what is no image, or too large a one."""
    return encode(
        source,
        rendition,
        width=ANY_SIZE,
        height=ANY_SIZE,
        fit="contain",
        format="jpg",
        quality=settings.quality,
        max_pixels=settings.max_pixels,
    )


settings = ImageSettings.from_environment(os.environ)
logger = Logger()
branch = Branch(Converter(name="jpeg", extension="jpg", content_type=FORMATS["jpg"], make=jpeg), settings, logger)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Convert a batch of S3 events out of SQS; the answer names the messages to deliver again."""
    return branch.respond(event, context)
