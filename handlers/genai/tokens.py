"""How many tokens a text has at most, without the model's own tokenizer."""

from __future__ import annotations

from typing import Final

BYTES_A_TOKEN: Final = 3
"""Bytes of UTF-8 that make at least one token: English has about four a token, a Japanese character has three."""


def tokens(text: str) -> int:
    """An estimate that is rather too high than too low, so that no budget is overrun by it."""
    return -(-len(text.encode()) // BYTES_A_TOKEN)
