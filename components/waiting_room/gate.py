"""The waiting room's gate: the edge's code, and the pages that it shows to those who wait."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pulumi
import pulumi_aws as aws

from ..core.edge import Fragment, Gate, WebOrigin
from ..core.pattern import Pattern

_HERE = Path(__file__).parent
PAGES: Final[Mapping[str, Path]] = {language: _HERE / "pages" / f"{language}.html" for language in ("en", "ja")}
"""Language → page; the first is for visitors who speak none of them.

In a page `{name}` is a value (place, wait, next, back, room, go, status, admit, beacon), and `{?name}` is `hidden`
unless it holds (line, turn, closed, opens, placed, timed, untimed, counted).
"""

ASSETS: Final = _HERE / "assets"
"""What the pages load from `/.room/assets/`."""

LARGEST_PIECE: Final = 1_024
"""Bytes of a value: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html"""

MOST_PIECES: Final = 6
"""Of one page: the edge reads them one after the other, and has a millisecond for all it does."""


@dataclass(frozen=True, kw_only=True)
class Guarded:
    """What a room guards."""

    paths: Sequence[str] = ("/",)
    """Beginnings of paths; where those of two rooms fit, the longer decides."""

    bypass: Sequence[str] = ()
    """Paths that are open to everybody, with all that is below them: a health check, a notice."""

    api: Sequence[str] = ("/api/",)
    """Beginnings of paths whose callers are programs: they get 429 and a problem in JSON, and no page."""

    life_s: int = 7_200
    """How long a ticket is good, in seconds."""

    start: str = "queue"
    """The mode until the store has one."""


def gate_fragment(rooms: Mapping[str, Guarded], pages: Mapping[str, Sequence[str]]) -> Fragment:
    """The edge's code. `pages` are the keys of each language's pieces."""
    constants = {
        name: {"paths": room.paths, "bypass": room.bypass, "api": room.api, "life": room.life_s, "start": room.start}
        for name, room in rooms.items()
    }
    return Fragment(_HERE / "gate.js", {"ROOMS": constants, "PAGES": pages})


def pieces(pages: Mapping[str, Path] = PAGES) -> dict[str, dict[str, str]]:
    """Language → key → piece of its page. Keys tell versions apart, so that no visitor gets parts of two.

    Raises ValueError for a page that is too long.
    """
    return {language: dict(_pieces(language, path)) for language, path in pages.items()}


def waiting_gate(
    owner: Pattern,
    *,
    store: pulumi.Input[str],
    rooms: Mapping[str, Guarded],
    reception: WebOrigin,
    pages: Mapping[str, Path] = PAGES,
    assets: Path = ASSETS,
) -> Gate:
    """The gate of `rooms`, with its pages in the key value store whose ARN is `store`."""
    split = pieces(pages)
    written = [
        aws.cloudfront.KeyvaluestoreKey(
            owner.tree_name(f"page-{language}-{number}"),
            key_value_store_arn=store,
            key=key,
            value=value,
            opts=owner.child(can_exist_twice=True),
        )
        for language, values in split.items()
        for number, (key, value) in enumerate(values.items())
    ]
    return Gate(
        fragment=gate_fragment(rooms, {language: list(values) for language, values in split.items()}),
        store=store,
        reception=reception,
        assets=assets,
        after=written,
    )


def _pieces(language: str, path: Path) -> Iterator[tuple[str, str]]:
    text = path.read_text()
    version, parts = hashlib.sha256(text.encode()).hexdigest()[:8], [""]
    for character in text:
        if len((parts[-1] + character).encode()) > LARGEST_PIECE:
            parts.append("")
        parts[-1] += character
    if len(parts) > MOST_PIECES:
        raise ValueError(f"{path.name} has {len(text.encode()):,} bytes, more than {MOST_PIECES * LARGEST_PIECE:,}")
    yield from ((f"page.{version}.{language}.{number}", part) for number, part in enumerate(parts))
