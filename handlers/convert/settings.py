"""What a converter is told by its deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from handlers.convert.refusal import Refusal
from handlers.environment import MAX_OBJECT_BYTES, Environment

MAX_KEY_BYTES = 1024
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where a converter reads, where it writes, and how large a file it takes."""

    source_prefix: str
    """Uploads stand below it. From `SOURCE_PREFIX`."""

    target_bucket: str
    """Renditions go there. From `TARGET_BUCKET`."""

    target_prefix: str
    """Renditions stand below it. From `TARGET_PREFIX`."""

    dead_letters_url: str
    """URL of the queue for uploads that can't be converted. From `DEAD_LETTERS_URL`."""

    max_bytes: int
    """Largest upload that is read, in bytes (1 to 5 GiB). From `MAX_BYTES`."""

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Self:
        """Validate every variable; raises SettingsError for the first that is wrong."""
        return cls(**cls._read(Environment(variables)))

    @classmethod
    def _read(cls, environment: Environment) -> dict[str, Any]:
        return {
            "source_prefix": environment.prefix("SOURCE_PREFIX"),
            "target_bucket": environment.text("TARGET_BUCKET"),
            "target_prefix": environment.prefix("TARGET_PREFIX"),
            "dead_letters_url": environment.text("DEAD_LETTERS_URL"),
            "max_bytes": environment.number("MAX_BYTES", 1, MAX_OBJECT_BYTES),
        }

    def rendition_key(self, source_key: str, extension: str) -> str:
        """`uploads/ab12/poster.png` → `thumb/ab12/poster.png.jpg`; raises Refusal where there can be no such key."""
        if not source_key.startswith(self.source_prefix):
            raise Refusal("outside-prefix", f"the key is not below {self.source_prefix}")
        key = f"{self.target_prefix}{source_key.removeprefix(self.source_prefix)}.{extension}"
        if len(key.encode()) > MAX_KEY_BYTES:
            raise Refusal("key-too-long", f"the rendition's key would be longer than {MAX_KEY_BYTES} bytes")
        return key


@dataclass(frozen=True, kw_only=True)
class ImageSettings(Settings):
    """The same for converters that decode images."""

    max_pixels: int
    """Largest image that is decoded, in pixels of its first frame (1 to 1 billion). From `MAX_PIXELS`."""

    quality: int
    """Quality of the lossy formats, 1–100. From `QUALITY`."""

    @classmethod
    def _read(cls, environment: Environment) -> dict[str, Any]:
        return super()._read(environment) | {
            "max_pixels": environment.number("MAX_PIXELS", 1, 10**9),
            "quality": environment.number("QUALITY", 1, 100),
        }
