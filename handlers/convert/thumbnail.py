"""Fit every uploaded image into one box of pixels: a JPEG, WebP or AVIF of its own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from aws_lambda_powertools import Logger

from handlers.convert.branch import Branch, Converter, Size
from handlers.convert.events import Upload
from handlers.convert.images import FORMATS, encode
from handlers.convert.settings import ImageSettings
from handlers.environment import Environment

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.typing import LambdaContext

MAX_SIDE = 8192


@dataclass(frozen=True, kw_only=True)
class ThumbnailSettings(ImageSettings):
    """The box, how images fit it, and what they become."""

    width: int
    """Pixels, 1–8192. From `WIDTH`."""

    height: int
    """Pixels, 1–8192. From `HEIGHT`."""

    fit: str
    """`cover` fills the box and cuts, `contain` fits into it. From `FIT`."""

    format: str
    """`jpg`, `webp` or `avif`. From `FORMAT`."""

    @classmethod
    def _read(cls, environment: Environment) -> dict[str, Any]:
        return super()._read(environment) | {
            "width": environment.number("WIDTH", 1, MAX_SIDE),
            "height": environment.number("HEIGHT", 1, MAX_SIDE),
            "fit": environment.choice("FIT", ("cover", "contain")),
            "format": environment.choice("FORMAT", FORMATS),
        }


def thumbnail(upload: Upload, source: BinaryIO, rendition: BinaryIO) -> Size:
    """Make the thumbnail; raises Refusal for what is no image, or too large a one."""
    return encode(
        source,
        rendition,
        width=settings.width,
        height=settings.height,
        fit=settings.fit,
        format=settings.format,
        quality=settings.quality,
        max_pixels=settings.max_pixels,
    )


settings = ThumbnailSettings.from_environment(os.environ)
logger = Logger()
branch = Branch(
    Converter(
        name="thumbnail",
        extension=settings.format,
        content_type=FORMATS[settings.format],
        make=thumbnail,
    ),
    settings,
    logger,
)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Convert a batch of S3 events out of SQS; the answer names the messages to deliver again."""
    return branch.respond(event, context)
