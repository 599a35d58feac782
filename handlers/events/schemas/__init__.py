"""JSON Schemas of the events' payloads: `<type>.v<version>.json`, draft 7, each in a file beside this one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import fastjsonschema

from handlers.environment import SettingsError
from handlers.events.envelope import Event
from handlers.events.invalid import Invalid

_NAME = re.compile(r"(?P<type>.+)\.v(?P<version>[1-9]\d*)")


def _found() -> dict[tuple[str, int], Path]:
    files = sorted(Path(__file__).parent.glob("*.json"))
    if not files:
        raise SettingsError(f"no schemas in {Path(__file__).parent}: the bundle lacks its data files")
    names = {path: _NAME.fullmatch(path.stem) for path in files}
    if odd := [path.name for path, name in names.items() if name is None]:
        raise SettingsError(f"{', '.join(odd)}: name schemas <type>.v<version>.json")
    return {(name["type"], int(name["version"])): path for path, name in names.items() if name}


SCHEMAS = _found()
"""Files by type and version."""


def newest(type_: str) -> int:
    """The newest version of a type's schema."""
    return max(version for known, version in SCHEMAS if known == type_)


def check(event: Event) -> None:
    """Hold the payload against the schema of its type and version; raises Invalid."""
    if (event.type, event.version) not in SCHEMAS:
        versions = sorted(version for known, version in SCHEMAS if known == event.type)
        if not versions:
            raise Invalid("unknown-type", f"{event.type}: there is no such type of event")
        raise Invalid("unknown-version", f"{event.type} has the versions {', '.join(map(str, versions))}")
    try:
        _validator(event.type, event.version)(event.payload)
    except fastjsonschema.JsonSchemaValueException as problem:
        raise Invalid("invalid-payload", f"payload{problem.message.removeprefix('data')}") from problem


@cache
def _validator(type_: str, version: int) -> Callable[[Any], Any]:
    """Compiled when the first event of its kind comes: a cold start pays for nothing that it doesn't use."""
    return fastjsonschema.compile(json.loads(SCHEMAS[type_, version].read_bytes()), use_default=False)
