"""Decode the image that a model returned as base64 within JSON, and put it into S3 as a PNG.

Asked `{"run"}`, it reads `runs/<run>/avatar.json`, writes `published/<run>/avatar.png` and answers
`{"key", "bytes", "width", "height"}`. What holds no image raises ImageRefused with the reason.
https://docs.aws.amazon.com/nova/latest/userguide/image-gen-req-resp-structure.html
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import boto3
from aws_lambda_powertools import Logger

from handlers.environment import Environment

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

LARGEST_ANSWER: Final = 32 * 1024**2
"""Bytes that are read; a model's answer has at most 25 MiB.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html"""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER = struct.Struct(">8sI4sII")  # signature, length and type of the first chunk, width, height

bucket = Environment(os.environ).text("WORK_BUCKET")
logger = Logger()
s3: Any = boto3.client("s3")


class ImageRefused(ValueError):
    """There is no image. The workflow's Catch sees this name."""


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Decode one image."""
    run = event["run"]
    logger.append_keys(run=run)
    found = s3.get_object(Bucket=bucket, Key=f"runs/{run}/avatar.json")
    if found["ContentLength"] > LARGEST_ANSWER:
        raise ImageRefused(f"the answer has {found['ContentLength']} bytes; {LARGEST_ANSWER} are read at most")
    image = decode(found["Body"].read())
    width, height = size(image)
    key = f"published/{run}/avatar.png"
    s3.put_object(Bucket=bucket, Key=key, Body=image, ContentType="image/png")
    return {"key": key, "bytes": len(image), "width": width, "height": height}


def decode(answer: bytes) -> bytes:
    """The first image of a model's answer. Raises ImageRefused, with the model's own reason where it gives one."""
    try:
        body = json.loads(answer)
        images = body.get("images") or []
        if not images:
            raise ImageRefused(f"the model made no image: {body.get('error') or 'without a reason'}")
        return base64.b64decode(images[0], validate=True)
    except (ValueError, AttributeError, TypeError, binascii.Error) as error:
        if isinstance(error, ImageRefused):
            raise
        raise ImageRefused(f"the answer is no JSON with an image in base64: {error}") from None


def size(image: bytes) -> tuple[int, int]:
    """Width and height of a PNG in pixels. Raises ImageRefused for anything else.

    https://www.w3.org/TR/png-3/#11IHDR
    """
    if len(image) < _HEADER.size:
        raise ImageRefused(f"{len(image)} bytes are no image")
    signature, _, kind, width, height = _HEADER.unpack_from(image)
    if signature != _SIGNATURE or kind != b"IHDR" or not width or not height:
        raise ImageRefused("it is no PNG")
    return width, height
