"""The built-in converters. A converter is data: what it takes, where its results go, how it is run."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar, Literal

from ..core.pattern import outside
from . import defaults

IMAGES = (".avif", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


@dataclass(frozen=True)
class Converter:
    """What all converters have. Use one of the built-in ones: `Thumbnail`, `ToJpeg`, `Zip`."""

    _: KW_ONLY

    name: str = ""
    """Name of the branch, unique in the component; a-z, 0-9 and hyphens. By default the kind of the converter."""

    prefix: str = ""
    """Where results go in the renditions bucket, ending in a slash. By default the name and a slash."""

    suffixes: tuple[str, ...] = ()
    """Which uploads wake it, by the end of their key, in lower case. By default all that the converter can read."""

    memory_mb: int = 0
    """Memory of its function, 128-10,240 MiB; 0 takes the converter's default.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"""

    timeout_s: int = 0
    """Longest run of its function on one batch, up to 900 s; 0 takes the converter's default.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html"""

    max_concurrency: int = defaults.MAX_CONCURRENCY
    """Calls of its function at once, 2-1,000.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"""

    handler: ClassVar[str]
    reads: ClassVar[tuple[str, ...]]
    memory_default_mb: ClassVar[int]
    timeout_default_s: ClassVar[int]

    def __post_init__(self) -> None:
        """Fill in what the converter's kind decides."""
        fill = object.__setattr__
        fill(self, "name", self.name or self.kind)
        fill(self, "prefix", self.prefix or f"{self.name}/")
        fill(self, "suffixes", tuple(self.suffixes) or self.reads)
        fill(self, "memory_mb", self.memory_mb or self.memory_default_mb)
        fill(self, "timeout_s", self.timeout_s or self.timeout_default_s)

    @property
    def kind(self) -> str:
        """What it does, in one word."""
        raise NotImplementedError

    @property
    def extension(self) -> str:
        """What is put behind an upload's name to name its rendition, without the dot."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """Its own settings, for its function."""
        return {}

    def problems(self) -> list[str]:
        """What is wrong with its settings."""
        found = [
            *outside("memory_mb", self.memory_mb, 128, 10_240),
            *outside("timeout_s", self.timeout_s, 1, 900),
            *outside("max_concurrency", self.max_concurrency, 2, 1000),
        ]
        if not self.prefix.endswith("/") or self.prefix.startswith("/"):
            found.append(f"prefix={self.prefix!r} must end in a slash and not begin with one")
        found += [
            f"suffix {suffix!r} is none of {', '.join(self.reads)}"
            for suffix in self.suffixes
            if self.reads and suffix not in self.reads
        ]
        return found


@dataclass(frozen=True)
class Thumbnail(Converter):
    """A smaller picture of at most `width` × `height` pixels (1-8,192)."""

    width: int
    """Pixels, 1–8,192."""

    height: int
    """Pixels, 1–8,192."""

    _: KW_ONLY

    fit: Literal["cover", "contain"] = "cover"
    """`cover` fills the size and cuts what stands over; `contain` keeps all of the picture within the size."""

    format: Literal["jpg", "webp", "avif"] = "jpg"
    """What it becomes."""

    quality: int = defaults.QUALITY
    """Quality of the lossy format, 1–100."""

    handler: ClassVar[str] = "handlers.convert.thumbnail"
    reads: ClassVar[tuple[str, ...]] = IMAGES
    memory_default_mb: ClassVar[int] = defaults.THUMBNAIL_MEMORY_MB
    timeout_default_s: ClassVar[int] = defaults.THUMBNAIL_TIMEOUT_S

    @property
    def kind(self) -> str:
        """`thumbnail-300x300`: two of different sizes need no names."""
        return f"thumbnail-{self.width}x{self.height}"

    @property
    def extension(self) -> str:
        """The format."""
        return self.format

    def environment(self) -> dict[str, str]:
        """Size, fit, format and quality."""
        return {
            "WIDTH": str(self.width),
            "HEIGHT": str(self.height),
            "FIT": self.fit,
            "FORMAT": self.format,
            "QUALITY": str(self.quality),
        }

    def problems(self) -> list[str]:
        """Sizes and choices too."""
        found = super().problems()
        if not (1 <= self.width <= 8192 and 1 <= self.height <= 8192):
            found.append(f"{self.width}x{self.height} is not within 1-8,192 pixels")
        if self.fit not in ("cover", "contain"):
            found.append(f"fit={self.fit!r} is neither 'cover' nor 'contain'")
        if self.format not in ("jpg", "webp", "avif"):
            found.append(f"format={self.format!r} is none of 'jpg', 'webp', 'avif'")
        return found + _quality_problem(self.quality)


@dataclass(frozen=True)
class ToJpeg(Converter):
    """The same picture as a JPEG, transparent parts in white."""

    quality: int = defaults.QUALITY
    """Quality of the lossy format, 1–100."""

    handler: ClassVar[str] = "handlers.convert.jpeg"
    reads: ClassVar[tuple[str, ...]] = tuple(suffix for suffix in IMAGES if suffix not in (".jpg", ".jpeg"))
    memory_default_mb: ClassVar[int] = defaults.JPEG_MEMORY_MB
    timeout_default_s: ClassVar[int] = defaults.JPEG_TIMEOUT_S

    @property
    def kind(self) -> str:
        """`jpeg`."""
        return "jpeg"

    @property
    def extension(self) -> str:
        """`jpg`."""
        return "jpg"

    def environment(self) -> dict[str, str]:
        """Quality."""
        return {"QUALITY": str(self.quality)}

    def problems(self) -> list[str]:
        """Quality too."""
        return super().problems() + _quality_problem(self.quality)


@dataclass(frozen=True)
class Zip(Converter):
    """The uploaded file, packed into a ZIP archive. Takes every upload."""

    handler: ClassVar[str] = "handlers.convert.zip"
    reads: ClassVar[tuple[str, ...]] = ()
    memory_default_mb: ClassVar[int] = defaults.ZIP_MEMORY_MB
    timeout_default_s: ClassVar[int] = defaults.ZIP_TIMEOUT_S

    @property
    def kind(self) -> str:
        """`zip`."""
        return "zip"

    @property
    def extension(self) -> str:
        """`zip`."""
        return "zip"


BUILT_IN = (Thumbnail, ToJpeg, Zip)


def _quality_problem(quality: int) -> list[str]:
    return list(outside("quality", quality, 1, 100))
