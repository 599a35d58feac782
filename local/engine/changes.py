"""What a step changes, leaf by leaf, for people to read. Secrets and unknown values are named, never shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.engine import paths
from local.engine.properties import REDACTED
from local.wire import Archive, Asset, Reference, Secret, Unknown

UNKNOWN_TEXT: Final = "known after the update"
_LONGEST: Final = 120


@dataclass(frozen=True)
class Change:
    """One value that a step changes. `old` or `new` is None where there was or will be none."""

    path: str
    old: str | None
    new: str | None


def top_level(property_paths: Iterable[str]) -> list[str]:
    """The properties that paths lie in, each once."""
    return list(dict.fromkeys(str(paths.parse(path)[0]) for path in property_paths if path))


def changes(old: Mapping[str, Any], new: Mapping[str, Any], names: Iterable[str] | None = None) -> list[Change]:
    """Changed values within the named properties; within all of them when there are no names."""
    keys = sorted(old.keys() | new.keys()) if names is None else sorted(names)
    visible = [key for key in keys if not key.startswith("__")]
    return [change for key in visible for change in _changes(key, old.get(key), new.get(key))]


def _changes(path: str, old: Any, new: Any) -> Iterator[Change]:
    if old == new and type(old) is type(new):
        return
    if isinstance(old, Secret) or isinstance(new, Secret):
        yield Change(path, _text(old), _text(new))
        return
    old_tree, new_tree = _tree(old), _tree(new)
    if isinstance(old_tree, dict) and isinstance(new_tree, dict):
        for key in sorted(old_tree.keys() | new_tree.keys()):
            yield from _changes(_joined(path, key), old_tree.get(key), new_tree.get(key))
    elif isinstance(old_tree, list) and isinstance(new_tree, list):
        for index in range(max(len(old_tree), len(new_tree))):
            yield from _changes(f"{path}[{index}]", _at(old_tree, index), _at(new_tree, index))
    else:
        yield Change(path, _text(old), _text(new))


def _tree(value: Any) -> Any:
    """A document inside a string is compared by its parts."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if key and not set(key) & set('.[]"') else f"{path}[{json.dumps(key)}]"


def _at(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else None


def _text(value: Any) -> str | None:
    if value is None:
        return None
    plain = _plain(value)
    text = plain if isinstance(plain, str) and plain is not value else json.dumps(plain, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: _plain(child) for key, child in value.items()}
        case list():
            return [_plain(child) for child in value]
        case Reference(urn, id_, _):
            return id_ or urn
        case Secret():
            return REDACTED
        case Asset() | Archive():
            return f"{value.path or 'content'} ({value.hash[:12]})"
        case Unknown():
            return UNKNOWN_TEXT
    return value
