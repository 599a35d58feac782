"""What the stand-in for a text model answers: by the schema that it is asked for, else in a sentence."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from local.emulator.bedrock.prompts import Ask, schema_in
from local.emulator.bedrock.samples import Impossible, Sampler

_CHARACTERS_OF_A_TOKEN = 4


class Refused(Exception):
    """Bedrock refuses the call: `code` as AWS names it, with its HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


@dataclass(frozen=True)
class Reply:
    """An answer, before it gets its model's shape."""

    text: str
    """The text, or the tool's input as JSON."""
    stop: str
    """`end_turn`, `tool_use`, `max_tokens` or `guardrail_intervened`."""
    input_tokens: int
    output_tokens: int

    @property
    def tool_id(self) -> str:
        """The id of the tool's use."""
        return f"tooluse_{hashlib.sha256(self.text.encode()).hexdigest()[:22]}"


def reply(ask: Ask) -> Reply:
    """The answer. Raises Refused when a marker orders a throttled call, or the schema can't be met."""
    if ask.orders("throttle"):
        raise Refused("ThrottlingException", "Too many requests, please wait before trying again.", 429)
    text, stop = _answer(ask)
    spent = tokens(text)
    if ask.most_tokens is not None and spent > ask.most_tokens:
        # A model that runs out of tokens stops in the middle of a word.
        text, stop, spent = text[: ask.most_tokens * _CHARACTERS_OF_A_TOKEN], "max_tokens", ask.most_tokens
    return Reply(text, stop, tokens(ask.text), spent)


def tokens(text: str) -> int:
    """About how many tokens a text has: one for each four characters."""
    return -(-len(text) // _CHARACTERS_OF_A_TOKEN)


def _answer(ask: Ask) -> tuple[str, str]:
    if ask.orders("refuse"):
        return "I can't help with that. (local stand-in)", "end_turn"
    schema = ask.schema or schema_in(ask.text)
    if schema is None:
        return _sentence(ask), "end_turn"
    try:
        value = Sampler(schema, ask.seed, ask.messages).value()
    except (Impossible, KeyError) as error:
        raise Refused("ValidationException", f"The local stand-in can't make {error}.") from None
    malformed = ask.orders("malformed")
    if ask.tool:
        return json.dumps(_broken(value) if malformed else value, ensure_ascii=False), "tool_use"
    text = json.dumps(value, ensure_ascii=False)
    return f"Here is what you asked for (local stand-in):\n{text[: len(text) // 2]}" if malformed else text, "end_turn"


def _broken(value: dict[str, Any]) -> dict[str, Any]:
    """The value without its first member, and with one that nobody asked for."""
    first = next(iter(value), None)
    return {**{key: part for key, part in value.items() if key != first}, "unexpected": "local stand-in"}


def _sentence(ask: Ask) -> str:
    words = Sampler({"type": "string"}, ask.seed, ask.messages).value()
    number = hashlib.sha256(ask.seed.encode()).hexdigest()[:8]
    return f"[local stand-in for {ask.model}, prompt {number}] {words}"
