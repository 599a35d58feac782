"""Settings out of a function's environment, checked at import: a wrong deployment fails before the first event."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

GIB = 1024**3
MAX_OBJECT_BYTES = 5 * GIB
"""The largest object that one PUT or POST writes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html"""


class SettingsError(ValueError):
    """The function's environment is wrong. Names the variable, its value and what it takes."""


@dataclass(frozen=True)
class Environment:
    """Environment variables with checks."""

    values: Mapping[str, str]

    def text(self, name: str) -> str:
        """The value of `name`; raises SettingsError when it is missing or empty."""
        value = self.values.get(name, "")
        if not value:
            raise SettingsError(f"{name} is not set")
        return value

    def prefix(self, name: str) -> str:
        """A key prefix: it ends with a slash, so that `uploads/` never takes in `uploads-old/`."""
        value = self.text(name)
        if not value.endswith("/") or value.startswith("/"):
            raise SettingsError(f"{name}={value}: give a key prefix such as uploads/")
        return value

    def number(self, name: str, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        value = self.text(name)
        if not (value.isascii() and value.isdigit()) or not low <= int(value) <= high:
            raise SettingsError(f"{name}={value}: give a whole number from {low} to {high}")
        return int(value)

    def choice(self, name: str, options: Collection[str]) -> str:
        """One of `options`."""
        value = self.text(name)
        if value not in options:
            raise SettingsError(f"{name}={value}: give one of {', '.join(options)}")
        return value
