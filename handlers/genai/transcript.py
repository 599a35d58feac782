"""A transcript as Transcribe writes it, and the part of a long one that stands for the whole.

https://docs.aws.amazon.com/transcribe/latest/dg/how-input.html#how-output
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from handlers.genai.tokens import tokens

_ENDS = ".!?\u3002\uff01\uff1f"
_SENTENCE = re.compile(rf"[^{_ENDS}]+[{_ENDS}]*\s*")
_GAP = " […] "
_LONGEST_PIECE = 600
"""Longest piece that is left out or kept as one, in characters; speech without full stops is cut."""


class TranscriptError(ValueError):
    """It is no transcript, or nothing is said in it. The message says which."""


@dataclass(frozen=True)
class Transcript:
    """What was said."""

    text: str

    @classmethod
    def parse(cls, document: bytes) -> Transcript:
        """Read the job's output. Raises TranscriptError."""
        try:
            parts = json.loads(document)["results"]["transcripts"]
            text = " ".join(part["transcript"] for part in parts).strip()
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise TranscriptError(f"the object is no transcript of a job: {error!r}") from None
        if not text:
            raise TranscriptError("nothing is said in it")
        return cls(text)

    def excerpt(self, limit: int) -> str:
        """At most `limit` tokens of it: all, or pieces from beginning to end with marks for what is left out.

        Evenly, since what a talk is about stands neither at its beginning alone nor at its end.
        """
        if tokens(self.text) <= limit:
            return self.text
        pieces = _pieces(self.text)
        low, high = 0, len(pieces)  # `low` pieces fit, `high` don't
        while high - low > 1:
            middle = (low + high) // 2
            fits = tokens(_join(pieces, middle)) <= limit
            low, high = (middle, high) if fits else (low, middle)
        return _join(pieces, low)


def _pieces(text: str) -> list[str]:
    sentences = (match[0] for match in _SENTENCE.finditer(text))
    return [
        sentence[start : start + _LONGEST_PIECE]
        for sentence in sentences
        for start in range(0, len(sentence), _LONGEST_PIECE)
    ]


def _join(pieces: Sequence[str], count: int) -> str:
    """`count` pieces, the first and the last among them."""
    if count < 2:
        return "".join(pieces[:count])
    last = len(pieces) - 1
    kept = [round(number * last / (count - 1)) for number in range(count)]
    text, before = "", -1
    for index in kept:
        text += (_GAP if index > before + 1 else "") + pieces[index]
        before = index
    return text.strip()
