"""Every pattern, as the contract tests make it: a new pattern is one line here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from components import FanOutConverter, FanOutConverterArgs, Thumbnail, ToJpeg, Zip
from components.core.pattern import Pattern

PATTERNS: dict[str, Callable[[str, Any], Pattern]] = {
    "FanOutConverter": lambda name, opts: FanOutConverter(
        name, FanOutConverterArgs(converters=[Thumbnail(300, 300), Thumbnail(64, 64), ToJpeg(), Zip()]), opts
    ),
}
