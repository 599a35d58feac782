"""Values that a JSON schema describes, always the same for the same prompt.

A text that can't be made for a pattern is refused: what comes out is valid, or nothing comes out.
"""

from __future__ import annotations

import random
import re
from typing import Any

_WORD = re.compile(r"[^\W\d_]{4,}")
_LONGEST_WORD = 12
_MARK = "(local stand-in)"
_FORMATS = {
    "date": "2026-01-15",
    "date-time": "2026-01-15T09:30:00Z",
    "email": "stand-in@example.com",
    "time": "09:30:00Z",
    "uri": "https://example.com/stand-in",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_TRIED = ("stand-in", "Stand-in", "STANDIN", "2026-01-15", "2026", "1234567890", "12", "1", "en", "00:00:00", "a1")
_TRIES = 50


class Impossible(Exception):
    """The stand-in can't make a value for the schema."""


class Sampler:
    """Makes values; `seed` decides everything, `prompt` lends its words."""

    def __init__(self, root: dict[str, Any], seed: str, prompt: str) -> None:
        self._root = root
        self._chance = random.Random(seed)  # noqa: S311 - nothing secret
        self._words = sorted({word[:_LONGEST_WORD] for word in _WORD.findall(prompt)}) or ["nothing"]

    def value(self, schema: dict[str, Any] | None = None, name: str = "answer") -> Any:
        """A value for the schema, or for a part of it that belongs to the property `name`."""
        schema = self._resolved(self._root if schema is None else schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._chance.choice(schema["enum"])
        match _kind(schema):
            case "object":
                return {key: self.value(part, key) for key, part in (schema.get("properties") or {}).items()}
            case "array":
                return self._list(schema, name)
            case "string":
                return self._text(schema, name)
            case "integer":
                return self._number(schema, whole=True)
            case "number":
                return self._number(schema, whole=False)
            case "boolean":
                return self._chance.random() < 0.5
            case _:
                return None

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema without references and alternatives: of several, the first."""
        while True:
            if "$ref" in schema:
                found: Any = self._root
                for part in schema["$ref"].removeprefix("#/").split("/"):
                    found = found[part]
                schema = {**found, **{key: value for key, value in schema.items() if key != "$ref"}}
            elif alternatives := schema.get("anyOf") or schema.get("oneOf"):
                rest = {key: value for key, value in schema.items() if key not in ("anyOf", "oneOf")}
                schema = {**rest, **alternatives[0]}
            elif "allOf" in schema:
                rest = {key: value for key, value in schema.items() if key != "allOf"}
                for part in schema["allOf"]:
                    rest = {**rest, **part}
                schema = rest
            else:
                return schema

    def _list(self, schema: dict[str, Any], name: str) -> list[Any]:
        least = schema.get("minItems", 0)
        size = max(least, min(schema.get("maxItems", 2), 2))
        items: list[Any] = []
        for _ in range(_TRIES * size):
            if len(items) == size:
                break
            item = self.value(schema.get("items") or {"type": "string"}, name)
            if not schema.get("uniqueItems") or item not in items:
                items.append(item)
            else:
                self._words.append(f"word{len(self._words)}")
        if len(items) < least:
            raise Impossible(f"{least} different items for {name}")
        return items

    def _text(self, schema: dict[str, Any], name: str) -> str:
        shortest, longest = schema.get("minLength", 0), schema.get("maxLength", 200)
        if "pattern" in schema:
            found = (text for text in _TRIED if re.search(schema["pattern"], text) and shortest <= len(text) <= longest)
            text = next(found, None)
            if text is None:
                raise Impossible(f"a text for the pattern {schema['pattern']!r} of {name}")
            return text
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        words = " ".join(self._chance.choices(self._words, k=3))
        text = f"{name.replace('_', ' ').capitalize()}: {words} {_MARK}"
        if len(text) > longest:
            text = f"{words} {_MARK}"
        return (text + " ." * shortest)[: max(shortest, min(len(text), longest))]

    def _number(self, schema: dict[str, Any], *, whole: bool) -> int | float:
        least = schema.get("minimum", schema.get("exclusiveMinimum", 0))
        most = schema.get("maximum", schema.get("exclusiveMaximum", max(least, 1) * 100 if whole else least + 1))
        if whole:
            low, high = least + ("exclusiveMinimum" in schema), most - ("exclusiveMaximum" in schema)
            return self._chance.randint(low, high)
        return round(least + (most - least) * self._chance.uniform(0.1, 0.9), 3)


def _kind(schema: dict[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    return kind or ("object" if "properties" in schema else "string")
