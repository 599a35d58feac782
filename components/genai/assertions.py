"""JSONata that holds a value against a JSON schema: what is wrong becomes an error, which a state's Catch sees."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

_TYPES = ("array", "boolean", "number", "object", "string")
_ANNOTATIONS = {"$schema", "title", "description"}
_KEYWORDS = {
    "object": {"required", "properties", "additionalProperties"},
    "array": {"items", "minItems", "maxItems"},
    "string": {"minLength", "maxLength", "pattern", "enum"},
    "number": {"minimum", "maximum"},
    "boolean": set(),
}


class SchemaError(ValueError):
    """The schema says what can't be asserted here; names the keyword and where it stands."""


def assertions(schema: Mapping[str, Any], variable: str) -> str:
    """Assertions over the variable `variable` (`$answer`), one after the other: the first that fails is the error.

    A subset of JSON Schema: type, required, properties, additionalProperties (false), items, minItems, maxItems,
    minLength, maxLength, pattern, enum, minimum, maximum. Raises SchemaError for anything else.
    `$assert` is JSONata's: https://docs.jsonata.org/boolean-functions and
    https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
    """
    return "; ".join(_value(schema, variable, "the answer"))


def _value(schema: Mapping[str, Any], at: str, called: str) -> Iterator[str]:
    kind = schema.get("type")
    if kind not in _TYPES:
        raise SchemaError(f"{called}: type is {kind!r}, and not one of {', '.join(_TYPES)}")
    if unknown := schema.keys() - _KEYWORDS[kind] - _ANNOTATIONS - {"type"}:
        raise SchemaError(f"{called}: {', '.join(sorted(unknown))} of a {kind} can't be asserted")
    yield _assert(f"$type({at}) = '{kind}'", f"{called} is no {kind}")
    match kind:
        case "object":
            yield from _object(schema, at, called)
        case "array":
            yield from _array(schema, at, called)
        case "string":
            yield from _string(schema, at, called)
        case "number":
            yield from _bounds(schema, at, called, ("minimum", "maximum"), "")


def _object(schema: Mapping[str, Any], at: str, called: str) -> Iterator[str]:
    properties = schema.get("properties", {})
    required = schema.get("required", [])
    if extra := set(required) - properties.keys():
        raise SchemaError(f"{called}: {', '.join(sorted(extra))} is required and not described")
    if schema.get("additionalProperties", True) is not False:
        raise SchemaError(f"{called}: additionalProperties must be false")
    for name in required:
        yield _assert(f"$exists({at}.{_name(name)})", f"{called} has no {name}")
    known = ", ".join(_text(name) for name in properties)
    yield _assert(f"$count($keys({at})[$not($ in [{known}])]) = 0", f"{called} has more than {', '.join(properties)}")
    for name, inner in properties.items():
        checks = "; ".join(_value(inner, f"{at}.{_name(name)}", name))
        yield checks if name in required else f"$exists({at}.{_name(name)}) ? ({checks})"


def _array(schema: Mapping[str, Any], at: str, called: str) -> Iterator[str]:
    yield from _bounds(schema, f"$count({at})", called, ("minItems", "maxItems"), "entries")
    if "items" in schema:
        checks = "; ".join(_value(schema["items"], "$entry", f"an entry of {called}"))
        yield f"$map({at}, function($entry) {{({checks})}})"


def _string(schema: Mapping[str, Any], at: str, called: str) -> Iterator[str]:
    yield from _bounds(schema, f"$length({at})", called, ("minLength", "maxLength"), "characters")
    if "pattern" in schema:
        pattern = schema["pattern"].replace("/", "\\/")
        yield _assert(f"$contains({at}, /{pattern}/)", f"{called} doesn't match {schema['pattern']}")
    if "enum" in schema:
        values = ", ".join(_text(value) for value in schema["enum"])
        yield _assert(f"{at} in [{values}]", f"{called} is none of {', '.join(schema['enum'])}")


def _bounds(schema: Mapping[str, Any], measure: str, called: str, names: tuple[str, str], unit: str) -> Iterator[str]:
    least, most = names
    if least in schema:
        yield _assert(f"{measure} >= {schema[least]}", f"{called} has less than {schema[least]} {unit}".rstrip())
    if most in schema:
        yield _assert(f"{measure} <= {schema[most]}", f"{called} has more than {schema[most]} {unit}".rstrip())


def _assert(condition: str, otherwise: str) -> str:
    return f"$assert({condition}, {_text(otherwise)})"


def _text(value: str) -> str:
    """A JSONata string: JSON's escapes, which have none for an apostrophe but its code."""
    return "'" + json.dumps(value, ensure_ascii=False)[1:-1].replace("'", "\\u0027") + "'"


def _name(name: str) -> str:
    if "`" in name:
        raise SchemaError(f"{name!r} can't be the name of a member")
    return name if name.isidentifier() else f"`{name}`"
