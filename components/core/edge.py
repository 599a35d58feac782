"""Functions at the edge: one a behaviour, composed of fragments.

CloudFront takes one viewer-request function a behaviour, of at most 10 KB:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/edge-functions-restrictions.html
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pulumi
from rjsmin import jsmin

LARGEST: Final = 10_240
"""Bytes of a function: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html"""

_IMPORT = re.compile(r"import \w+ from '\w+';\n", re.MULTILINE)
_NAME = re.compile(r"^(?:(?:async )?function|const) (\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Fragment:
    """A step of a function at the edge: a file with a function of its own name, in camel case.

    It gets the event and returns the request, with which the next fragment goes on, or a response, which ends it.
    Imports have lines of their own; template literals aren't nested.
    """

    code: Path
    constants: Mapping[str, Any] = field(default_factory=dict)
    """Name → value as JSON, for the file to use. No secrets."""

    @property
    def function(self) -> str:
        """The name of its function."""
        first, *rest = self.code.stem.split("_")
        return first + "".join(word.capitalize() for word in rest)

    def imports(self) -> list[str]:
        """Its imports, as lines."""
        return _IMPORT.findall(self.code.read_text())

    def body(self) -> str:
        """The rest of it, after its constants."""
        values = (f"const {name} = {_json(value)};\n" for name, value in self.constants.items())
        return "".join([*values, _IMPORT.sub("", self.code.read_text())])


@dataclass(frozen=True, kw_only=True)
class WebOrigin:
    """An address that requests are handed on to, with headers that tell it where they come from."""

    path: str
    """Which requests, such as `/api/*`; `*` are those that nothing else claims."""

    domain: pulumi.Input[str]
    origin_path: pulumi.Input[str] | None = None
    headers: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Sent with each request."""


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What lets visitors through to everything behind a distribution, or keeps them waiting."""

    fragment: Fragment
    """Decides over each request."""

    store: pulumi.Input[str]
    """ARN of the key value store that it reads."""

    reception: WebOrigin
    """Takes what belongs to the gate and needs more than the edge. Its path is under `/.room/`."""

    assets: Path
    """Files for the waiting page, served from the distribution's bucket at `ASSETS`."""

    after: Sequence[pulumi.Resource] = ()
    """What must be in the store before the code that reads it."""


ROOM: Final = "/.room/"
"""Where the gate's own addresses begin."""

ASSETS: Final = f"{ROOM}assets/"
"""Where the files of the waiting page are."""


def compose(fragments: Sequence[Fragment], where: str) -> str:
    """One function that runs `fragments` in order, without what only people read.

    Raises ValueError, naming `where`, for what CloudFront refuses.
    """
    bodies = [fragment.body() for fragment in fragments]
    twice = [name for name, count in Counter(_NAME.findall("\n".join(bodies))).items() if count > 1]
    if twice:
        raise ValueError(f"{where}: two fragments of the edge function declare {', '.join(twice)}")
    for fragment, body in zip(fragments, bodies, strict=True):
        if not re.search(rf"^(async )?function {fragment.function}\(event\)", body, re.MULTILINE):
            raise ValueError(f"{where}: {fragment.code.name} has no function {fragment.function}(event)")
    imports = sorted({line for fragment in fragments for line in fragment.imports()})
    small = [_smaller(body) for body in bodies]
    code = "".join([*imports, *small, _smaller(_handler(fragments))])
    if (size := len(code.encode())) > LARGEST:
        parts = ", ".join(f"{one.code.name} {len(text.encode()):,}" for one, text in zip(fragments, small, strict=True))
        raise ValueError(
            f"{where}: the edge function has {size:,} bytes, and CloudFront takes {LARGEST:,} ({parts}); "
            "give its constants less to hold: fewer or shorter rooms and paths"
        )
    return code


def _smaller(code: str) -> str:
    return f"{jsmin(code)}\n"


def _handler(fragments: Sequence[Fragment]) -> str:
    *before, last = (f"await {one.function}(event)" for one in fragments)
    steps = "".join(
        f"event.request = {step};\nif (event.request.statusCode) return event.request;\n" for step in before
    )
    return f"async function handler(event) {{\n{steps}return {last};\n}}\n"


def _json(value: Any) -> str:
    # A line separator ends a string of ES 5.1, though not one of JSON.
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
