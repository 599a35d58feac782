"""Turn a transcript of any length into a prompt of limited length.

Asked `{"run", "transcript", "language", "comment", "candidates"}` (the transcript's key and language, and what a person
said to which candidates), it answers `{"prompt", "tokens"}`. What can't become a prompt raises PromptRefused.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import boto3
from aws_lambda_powertools import Logger

from handlers.genai.settings import PromptSettings
from handlers.genai.tokens import tokens
from handlers.genai.transcript import Transcript, TranscriptError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

LARGEST_TRANSCRIPT: Final = 64 * 1024**2
"""Bytes that are read: four hours of speech, Transcribe's longest, have about 10 MiB with all word timings."""

LONGEST_COMMENT: Final = 2_000
_HOLE = re.compile(r"\{\{(\w+)\}\}")
_MARKUP = re.compile(r"</?(transcript|comment)\b", re.I)

settings = PromptSettings.from_environment(os.environ)
logger = Logger()
s3: Any = boto3.client("s3")


class PromptRefused(ValueError):
    """There can be no prompt. The workflow's Catch sees this name."""


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Compose one prompt."""
    logger.append_keys(run=event["run"])
    transcript = _transcript(event["transcript"])
    template = _read(settings.template_key).decode()
    prompt = compose(
        template, transcript, event["language"], _wishes(event.get("comment") or "", event.get("candidates") or [])
    )
    logger.info("composed", extra={"tokens": tokens(prompt), "of": tokens(transcript.text)})
    return {"prompt": prompt, "tokens": tokens(prompt)}


def compose(template: str, transcript: Transcript, language: str, wishes: str) -> str:
    """Fill the template; the transcript gets the room that the rest leaves."""
    values = {"transcript": "", "language": language, "wishes": wishes}
    unknown = set(_HOLE.findall(template)) - values.keys()
    if unknown:
        raise PromptRefused(f"the template {settings.template_key} asks for {', '.join(sorted(unknown))}")
    room = settings.tokens - tokens(_filled(template, values))
    if room < settings.tokens // 4:
        raise PromptRefused(f"template and comment leave {room} of {settings.tokens} tokens to the transcript")
    values["transcript"] = _quoted(transcript.excerpt(room - 1))
    return _filled(template, values)


def _filled(template: str, values: Mapping[str, str]) -> str:
    return _HOLE.sub(lambda hole: values.get(hole[1], ""), template)


def _wishes(comment: str, candidates: list[Any]) -> str:
    """What a person said when they sent the candidates back."""
    if not comment:
        return ""
    before = json.dumps(candidates, ensure_ascii=False)
    return (
        f"An editor sent these candidates back: {_quoted(before)}\n"
        f"Do what the editor asks for: <comment>{_quoted(comment[:LONGEST_COMMENT])}</comment>\n"
    )


def _quoted(text: str) -> str:
    """What others wrote must not end the marks around it."""
    return _MARKUP.sub(lambda found: found[0].replace("<", "("), text)


def _transcript(key: str) -> Transcript:
    try:
        return Transcript.parse(_read(key))
    except TranscriptError as error:
        raise PromptRefused(f"{key}: {error}") from None


def _read(key: str) -> bytes:
    found = s3.get_object(Bucket=settings.bucket, Key=key)
    if found["ContentLength"] > LARGEST_TRANSCRIPT:
        raise PromptRefused(f"{key} has {found['ContentLength']} bytes; {LARGEST_TRANSCRIPT} are read at most")
    return found["Body"].read()
