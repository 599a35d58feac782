"""Sign the form with which a browser uploads one file straight to S3: where it goes, its type and its size are fixed.

Asked `{"filename": "poster.png"}`, it answers `{"url", "fields", "key", "expires_s"}`: POST the fields and then the
file, as multipart/form-data, to the url. Asked anything else, it answers `{"error": {"title", "detail"}}`.
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
"""

from __future__ import annotations

import mimetypes
import os
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config

from handlers.environment import MAX_OBJECT_BYTES, Environment, SettingsError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

MAX_FILENAME_BYTES = 255
MAX_EXPIRES_S = 3600
ID_BYTES = 12
"""Randomness of a key, in bytes: nobody guesses another's upload."""

_TYPES = mimetypes.MimeTypes()  # its built-in table only: what a machine has installed changes nothing
_TYPES.add_type("image/avif", ".avif")
_TYPES.add_type("image/webp", ".webp")
_NOT_IN_NAMES = {"Cc", "Cs", "Zl", "Zp"}  # control characters, halves of characters, line and paragraph breaks
_REORDERING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}  # make a name look like another


class BadRequest(ValueError):
    """The asker is at fault; the message says how to ask."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where uploads go, and which are taken."""

    bucket: str
    """From `UPLOADS_BUCKET`."""

    prefix: str
    """Every key begins with it. From `UPLOADS_PREFIX`."""

    max_bytes: int
    """Largest file, in bytes (1 to 5 GiB). From `MAX_BYTES`."""

    types: Mapping[str, str]
    """Content type by accepted suffix, lower-case. From `SUFFIXES`, such as `.png,.jpg`."""

    expires_s: int
    """Seconds for which a form is good, 1–3600; no longer than the function's own credentials. From `EXPIRES_S`."""

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Settings:
        """Validate every variable; raises SettingsError for the first that is wrong."""
        environment = Environment(variables)
        return cls(
            bucket=environment.text("UPLOADS_BUCKET"),
            prefix=environment.prefix("UPLOADS_PREFIX"),
            max_bytes=environment.number("MAX_BYTES", 1, MAX_OBJECT_BYTES),
            types={suffix: content_type(suffix) for suffix in environment.text("SUFFIXES").split(",")},
            expires_s=environment.number("EXPIRES_S", 1, MAX_EXPIRES_S),
        )


def content_type(suffix: str) -> str:
    """The content type of files that end in `suffix`; raises SettingsError for one that is unknown."""
    known, encoding = _TYPES.guess_type(f"file{suffix}")
    if not suffix.startswith(".") or suffix != suffix.lower() or known is None or encoding is not None:
        raise SettingsError(f"SUFFIXES holds {suffix!r}: give lower-case suffixes of known types, such as .png,.jpg")
    return known


def form(request: Mapping[str, Any], settings: Settings, s3: Any) -> dict[str, Any]:
    """A form for one upload of the file that `request` names; raises BadRequest."""
    name, suffix = accepted_name(request, settings.types)
    key = f"{settings.prefix}{secrets.token_urlsafe(ID_BYTES)}/{name}"
    fixed = {"Content-Type": settings.types[suffix]}
    signed = s3.generate_presigned_post(
        settings.bucket,
        key,
        Fields=fixed,
        Conditions=[fixed, ["content-length-range", 1, settings.max_bytes]],
        ExpiresIn=settings.expires_s,
    )
    return {"url": signed["url"], "fields": signed["fields"], "key": key, "expires_s": settings.expires_s}


def accepted_name(request: Mapping[str, Any], suffixes: Mapping[str, str]) -> tuple[str, str]:
    """The file's name as its key holds it, and its suffix, in lower case since filters of S3 and SNS mind the case."""
    name = request.get("filename")
    if not isinstance(name, str) or not name:
        raise BadRequest("give the file's name as filename")
    name = unicodedata.normalize("NFC", name)
    if any(c in "/\\" or unicodedata.category(c) in _NOT_IN_NAMES for c in name) or "${filename}" in name:
        raise BadRequest("the file's name may hold no folder and no control character")
    if any(unicodedata.bidirectional(c) in _REORDERING for c in name):
        raise BadRequest("the file's name may hold no character that reorders text")
    if len(name.encode()) > MAX_FILENAME_BYTES:
        raise BadRequest(f"the file's name is longer than {MAX_FILENAME_BYTES} bytes")
    stem, dot, ending = name.rpartition(".")
    suffix = f"{dot}{ending.lower()}"
    if not stem or suffix not in suffixes:
        raise BadRequest(f"the file's name must end in one of {', '.join(suffixes)}")
    return stem + suffix, suffix


settings = Settings.from_environment(os.environ)
logger = Logger()
# The regional address: the global one redirects for a while, and a form can't follow. An endpoint at an IP address gets
# the bucket in its path instead.
s3 = boto3.client(
    "s3",
    config=Config(
        signature_version="s3v4", s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}
    ),
)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one invocation: the event is the request itself."""
    try:
        signed = form(event, settings, s3)
    except BadRequest as problem:
        logger.info("refused", detail=str(problem))
        return {"error": {"title": "This file can't be uploaded", "detail": str(problem)}}
    logger.info("signed", key=signed["key"])
    return signed
