"""Check: fill in what the official provider fills in, and refuse what AWS or this provider doesn't take."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from local.provider.schema import DEFAULTS, Property, TypeFacts
from local.wire import UNKNOWN, Archive, Asset, Reference, Secret

_SUFFIX_LENGTH = 7
_TAGS, _TAG_KEY, _TAG_VALUE = 50, 128, 256


@dataclass(frozen=True)
class Failure:
    """One input that isn't accepted."""

    property: str
    reason: str


def fill_in(facts: TypeFacts, inputs: dict[str, Any], olds: dict[str, Any], name: str, seed: bytes) -> dict[str, Any]:
    """The inputs with defaults and, where the program gives no name, one made of the resource's.

    What was filled in is listed under `__defaults`, be it nothing. A name made once is kept.
    """
    filled = {key: value for key, value in inputs.items() if value is not None and key != DEFAULTS}
    made: list[str] = []
    auto = facts.auto_name
    if auto and auto.property not in filled:
        kept = olds.get(auto.property) if auto.property in olds.get(DEFAULTS, []) else None
        ending = "".join(text for asks, text in auto.endings.items() if filled.get(asks) is True)
        filled[auto.property] = kept or _made_name(name.lower() if auto.lower else name, auto.maximum, ending, seed)
        made.append(auto.property)
    for key, prop in facts.inputs.items():
        if prop.default is not None and key not in filled:
            filled[key] = prop.default
            made.append(key)
        elif prop.properties and key in filled:
            filled[key] = _nested_defaults(prop, filled[key])
    return {**filled, DEFAULTS: sorted(made)}


def failures(facts: TypeFacts, inputs: dict[str, Any]) -> Iterator[Failure]:
    """What in the inputs isn't accepted, by the facts alone. Unknown values pass: they come again."""
    for key, value in inputs.items():
        if key == DEFAULTS:
            continue
        prop = facts.inputs.get(key)
        if prop is None:
            yield Failure(key, f"{facts.token} has no property {key!r} here: {facts.file} lists those handled")
        else:
            yield from _value(facts, prop, value, key)
    for key, prop in facts.inputs.items():
        if prop.required and inputs.get(key) is None:
            yield Failure(key, f"{facts.token} needs {key!r}")
    yield from _clear(facts.inputs, inputs)


def _clear(properties: dict[str, Property], values: dict[str, Any], prefix: str = "") -> Iterator[Failure]:
    """What is secret and isn't given as a secret: it would stand in the state in clear."""
    for name, prop in properties.items():
        value, path = values.get(name), prefix + name
        if value is None or value is UNKNOWN or isinstance(value, Secret):
            continue
        if values.get(prop.secret) if isinstance(prop.secret, str) else prop.secret:
            yield Failure(path, f"{path!r} is secret: give it as a Pulumi secret, or the state has it in clear")
        elif prop.properties:
            for index, child in enumerate(value if isinstance(value, list) else [value]):
                if isinstance(child, dict):
                    at = f"{path}[{index}]." if isinstance(value, list) else f"{path}."
                    yield from _clear(prop.properties, child, at)


def _made_name(name: str, maximum: int, ending: str, seed: bytes) -> str:
    digits = hashlib.sha256(seed).hexdigest() if seed else secrets.token_hex()
    suffix = f"-{digits[:_SUFFIX_LENGTH]}{ending}"
    return name[: maximum - len(suffix)] + suffix


def _nested_defaults(prop: Property, value: Any) -> Any:
    if isinstance(value, Secret):
        return Secret(_nested_defaults(prop, value.value))
    if isinstance(value, list):
        return [_nested_defaults(prop.element, child) for child in value]
    if not isinstance(value, dict) or prop.kind != "object":
        return value
    filled = {key: child for key, child in value.items() if child is not None and key != DEFAULTS}
    for key, child in prop.properties.items():
        if child.default is not None and key not in filled:
            filled[key] = child.default
        elif child.properties and key in filled:
            filled[key] = _nested_defaults(child, filled[key])
    return filled


def _value(facts: TypeFacts, prop: Property, value: Any, path: str) -> Iterator[Failure]:
    if isinstance(value, Secret):
        value = value.value
    if value is UNKNOWN or value is None:
        return
    if prop.unavailable:
        if value not in prop.available:
            yield Failure(path, f"{path!r} is not available locally: {prop.unavailable}")
        return
    if isinstance(value, Reference):
        value = value.id
    if not _fits(prop.kind, value):
        yield Failure(path, f"{path!r} must be {_NAMES[prop.kind]}")
    else:
        yield from _content(facts, prop, value, path)


def _content(facts: TypeFacts, prop: Property, value: Any, path: str) -> Iterator[Failure]:
    if prop.kind == "object":
        yield from _object(facts, prop, value, path)
    elif prop.kind in ("list", "set"):
        for index, child in enumerate(value):
            yield from _value(facts, prop.element, child, f"{path}[{index}]")
    elif prop.kind == "tags":
        yield from _tags(value, path)
    elif prop.kind == "map":
        for key, child in value.items():
            yield from _value(facts, prop.element if prop.items else _TEXT, child, f"{path}[{json.dumps(key)}]")
    else:
        yield from _scalar(prop, value, path)


def _object(facts: TypeFacts, prop: Property, value: dict[str, Any], path: str) -> Iterator[Failure]:
    for key, child in value.items():
        if key == DEFAULTS:
            continue
        known = prop.properties.get(key)
        if known is None:
            where = f"{path}.{key}"
            yield Failure(where, f"{facts.token} has no property {where!r} here: {facts.file} lists those handled")
        else:
            yield from _value(facts, known, child, f"{path}.{key}")
    for key, known in prop.properties.items():
        if known.required and value.get(key) is None:
            yield Failure(f"{path}.{key}", f"{facts.token} needs {f'{path}.{key}'!r}")


def _scalar(prop: Property, value: Any, path: str) -> Iterator[Failure]:
    if prop.enum and value not in prop.enum:
        yield Failure(path, f"{path!r} must be one of {', '.join(str(choice) for choice in prop.enum)}")
    if prop.pattern and not re.fullmatch(prop.pattern, str(value)):
        yield Failure(path, f"{path!r} must match {prop.pattern}")
    size, unit = (len(value), " characters") if isinstance(value, str) else (value, "")
    if prop.minimum is not None and size < prop.minimum:
        yield Failure(path, f"{path!r} is {size}{unit}, at least {prop.minimum}")
    if prop.maximum is not None and size > prop.maximum:
        yield Failure(path, f"{path!r} is {size}{unit}, at most {prop.maximum}")


def _tags(tags: dict[str, Any], path: str) -> Iterator[Failure]:
    """https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html"""
    if len(tags) > _TAGS:
        yield Failure(path, f"{path!r} has {len(tags)} entries, at most {_TAGS}")
    for key, given in tags.items():
        value = given.value if isinstance(given, Secret) else given
        where = f"{path}[{json.dumps(key)}]"
        if not 0 < len(key) <= _TAG_KEY or key.lower().startswith("aws:"):
            yield Failure(where, f"a tag's key has 1 to {_TAG_KEY} characters and doesn't begin with aws:")
        if value is not UNKNOWN and not (isinstance(value, str) and len(value) <= _TAG_VALUE):
            yield Failure(where, f"a tag's value is a text of at most {_TAG_VALUE} characters")


def _fits(kind: str, value: Any) -> bool:
    match kind:
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "list" | "set":
            return isinstance(value, list)
        case "map" | "tags" | "object":
            return isinstance(value, dict)
        case "archive":
            return isinstance(value, Archive)
        case "asset":
            return isinstance(value, Asset)
        case "json" | "policy":
            return isinstance(value, str) and _is_json(value)
        case "any":
            return True
    return isinstance(value, str)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


_TEXT = Property(kind="string")
_NAMES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "json": "a text of JSON",
    "policy": "a text of JSON",
    "map": "a map",
    "tags": "a map",
    "object": "an object",
    "list": "a list",
    "set": "a list",
    "archive": "an archive",
    "asset": "a file",
}
