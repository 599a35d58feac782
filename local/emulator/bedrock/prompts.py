"""What a prompt asks of a stand-in: an answer by a schema, and the faults that its markers order.

Markers stand anywhere in what the model is sent: `[[malformed]]` and `[[malformed:N]]` (the first N answers don't keep
to the schema), `[[refuse]]`, `[[throttle:N]]` (the first N calls are throttled). Calls are counted by the line that
holds the marker, the model and the temperature: a prompt that is sent again with a complaint goes on counting.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from dataclasses import dataclass
from typing import Any

_MARKER = re.compile(r"\[\[(malformed|refuse|throttle)(?::(\d+))?\]\]")

_lock = threading.Lock()
_counted: Counter[tuple[str, ...]] = Counter()


@dataclass(frozen=True)
class Ask:
    """One call of a text model, whatever shape it came in."""

    model: str
    system: str
    messages: str
    """The texts of all messages, one below the other."""
    schema: dict[str, Any] | None = None
    """What the answer must keep to."""
    tool: str | None = None
    """The tool that the answer is for; None for an answer as text."""
    temperature: float | None = None
    most_tokens: int | None = None

    @property
    def text(self) -> str:
        """Everything that the model is sent."""
        return f"{self.system}\n{self.messages}"

    @property
    def seed(self) -> str:
        """What decides the answer."""
        return f"{self.model}\n{self.temperature}\n{self.text}"

    def orders(self, fault: str) -> bool:
        """Whether this call is one for which a marker orders the fault; each asking counts."""
        return any(
            self._counts(kind, line, int(number or 1)) if kind != "refuse" else True
            for line in self.text.splitlines()
            for kind, number in _MARKER.findall(line)
            if kind == fault
        )

    def _counts(self, kind: str, line: str, most: int) -> bool:
        key = (kind, line, self.model, str(self.temperature))
        with _lock:
            _counted[key] += 1
            return _counted[key] <= most


def schema_in(text: str) -> dict[str, Any] | None:
    """The first JSON schema of an object that stands in the text."""
    decoder = json.JSONDecoder()
    start = text.find("{")
    while start >= 0:
        try:
            found, _ = decoder.raw_decode(text, start)
        except ValueError:
            found = None
        if isinstance(found, dict) and isinstance(found.get("properties"), dict):
            return found
        start = text.find("{", start + 1)
    return None
