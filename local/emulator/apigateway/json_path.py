"""The part of JSONPath that mapping templates use: names, indices, `[*]` and `..`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_STEP = re.compile(
    r"""\.\.(?P<deep>[\w-]+|\*) | \.(?P<name>[\w$@:-]+|\*) | \[\s*(?P<quoted>'[^']*'|"[^"]*")\s*\]"""
    r""" | \[\s*(?P<index>-?\d+|\*)\s*\]""",
    re.VERBOSE,
)


def find(document: Any, path: str) -> Any:
    """What `path` names in `document`; None if it isn't there, a list if the path may name several.

    Raises ValueError for a path that it doesn't understand (filters and slices among them).
    """
    if not path.startswith("$"):
        raise ValueError(f"a JSONPath begins with $: {path}")
    found, several, position = [document], False, 1
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            raise ValueError(f"unknown JSONPath: {path}")
        position = step.end()
        several = several or step["deep"] is not None or "*" in (step["name"], step["index"])
        found = [value for node in found for value in _walk(node, step)]
    if several:
        return found
    return found[0] if found else None


def _walk(node: Any, step: re.Match[str]) -> Iterator[Any]:
    if step["deep"]:
        yield from _below(node, step["deep"])
        return
    name = step["name"] or (step["quoted"][1:-1] if step["quoted"] else None)
    if name == "*" or step["index"] == "*":
        yield from node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    elif name is not None:
        if isinstance(node, dict) and name in node:
            yield node[name]
    elif isinstance(node, list) and -len(node) <= int(step["index"]) < len(node):
        yield node[int(step["index"])]


def _below(node: Any, name: str) -> Iterator[Any]:
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        if name in ("*", key):
            yield child
        yield from _below(child, name)
