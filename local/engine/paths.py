"""Property paths, as `ignoreChanges` and `replaceOnChanges` give them: `tags.owner`, `rules[0].id`, `tags["a.b"]`, `*`.

https://www.pulumi.com/docs/iac/concepts/options/ignorechanges/
"""

from __future__ import annotations

import re
from typing import Any, Final

from local.wire import Secret

Path = tuple[str | int, ...]

_ELEMENT: Final = re.compile(r'\.?([^.\[\]"]+)|\[(\d+|\*)\]|\["((?:[^"\\]|\\.)*)"\]')


def parse(text: str) -> Path:
    """Split a path into its keys and indexes. Raises ValueError for what is none."""
    elements: list[str | int] = []
    position = 0
    while position < len(text):
        match = _ELEMENT.match(text, position)
        if not match:
            raise ValueError(f"{text!r} is not a property path (at character {position + 1})")
        name, index, quoted = match.groups()
        if index is not None:
            elements.append(index if index == "*" else int(index))
        else:
            elements.append(name if name is not None else quoted.replace('\\"', '"'))
        position = match.end()
    return tuple(elements)


def covers(path: Path, other: Path) -> bool:
    """Whether `other` is `path` or lies inside it."""
    return len(path) <= len(other) and all(mine in ("*", theirs) for mine, theirs in zip(path, other, strict=False))


def reset(path: Path, old: Any, new: Any) -> Any:
    """`new` with what lies at `path` as it was in `old`, also when it was absent there. Returns a new value."""
    if not path:
        return old
    if isinstance(new, Secret):
        return Secret(reset(path, old, new.value))
    if isinstance(old, Secret):
        return reset(path, old.value, new)
    head, rest = path[0], path[1:]
    if isinstance(old, dict) and isinstance(new, dict):
        keys = old.keys() | new.keys() if head == "*" else {str(head)}
        return _reset_keys(keys, rest, old, new)
    if isinstance(old, list) and isinstance(new, list):
        indexes = range(min(len(old), len(new))) if head == "*" else [head]
        return [reset(rest, old[i], value) if i in indexes and i < len(old) else value for i, value in enumerate(new)]
    return new


def _reset_keys(keys: set[str], rest: Path, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    result = dict(new)
    for key in keys:
        if key in old and (key in new or not rest):
            result[key] = reset(rest, old[key], new.get(key))
        elif key in new and not rest:
            del result[key]
    return result
