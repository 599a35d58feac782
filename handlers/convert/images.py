"""Decode images of unknown origin with libvips, within limits, and encode them for the web.

What a picture is, its first bytes say: never its name. Of an animation the first frame is taken. Orientation is
applied, colours become sRGB by the embedded profile (CMYK without one by libvips' own), and no metadata is kept.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import Any, BinaryIO

import pyvips

from handlers.convert.branch import Size
from handlers.convert.refusal import Refusal

FORMATS = {"jpg": "image/jpeg", "webp": "image/webp", "avif": "image/avif"}
"""What is written, and its content type."""

ANY_SIZE = 10_000_000
"""libvips' largest coordinate: a box that no image fills."""

MAX_JPEG_SIDE = 65_500
"""Pixels of a side, libjpeg's limit."""

_NOTHING = pyvips.enums.ForeignKeep.NONE
_SPOOL_BYTES = 1024 * 1024
_LOADERS = ("Jpeg", "Png", "Webp", "Nsgif", "Tiff", "Heif")
_HEAD_BYTES = 64
_MAX_DETAIL = 200
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}
_SIGNATURES = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"GIF87a",
    b"GIF89a",
    b"II*\x00",
    b"MM\x00*",
    b"II+\x00",
    b"MM\x00+",
)

# Only the loaders named above may see a byte; libvips calls some others unsafe for untrusted input itself.
pyvips.block_untrusted_set(True)
pyvips.operation_block_set("VipsForeignLoad", True)
for _loader in _LOADERS:
    pyvips.operation_block_set(f"VipsForeignLoad{_loader}", False)
# A function has at most a few cores and converts one image at a time: no pool, and no result is asked for twice.
pyvips.concurrency_set(2)  # pyrefly: ignore[missing-attribute] - absent from its type stubs
pyvips.cache_set_max(0)


def encode(
    source: BinaryIO,
    rendition: BinaryIO,
    *,
    width: int,
    height: int,
    fit: str,
    format: str,
    quality: int,
    max_pixels: int,
) -> Size:
    """Fit the image in `source` to `width` × `height` pixels and write it as `format` (a key of `FORMATS`).

    `cover` fills the box exactly, cutting what stands over (small images are enlarged); `contain` fits the whole image
    into it and never enlarges. JPEG has no transparency: there it becomes white. Raises Refusal for what can't be
    decoded.
    """
    with tempfile.TemporaryFile() as spooled:
        shutil.copyfileobj(source, spooled, _SPOOL_BYTES)
        spooled.flush()
        descriptor = spooled.fileno()  # from here on Python and libvips would mind each other's file position
        _check_content(os.pread(descriptor, _HEAD_BYTES, 0))
        try:
            header = pyvips.Image.new_from_source(_source(descriptor), "", access="sequential")
            _check_pixels(header, max_pixels)
            image = _decode(descriptor, width, height, fit, managed=_needs_colour_management(header))
            if format == "jpg":
                _check_jpeg_sides(image)
            rendition.write(_save(image, format, quality))
        except pyvips.Error as error:
            raise Refusal("unreadable", f"the image can't be decoded: {_in_one_line(error)}") from error
        return Size(image.width, image.height)


def _check_content(head: bytes) -> None:
    if head[4:8] == b"ftyp":
        brands = {head[start : start + 4] for start in (8, *range(16, _box_end(head), 4))}
        if brands & _AVIF_BRANDS:
            return
        if brands & _HEIC_BRANDS:
            raise Refusal("heic", "HEIC can't be decoded here (its codec is patented); upload JPEG, PNG, WebP or AVIF")
    is_webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    if not is_webp and not head.startswith(_SIGNATURES):
        raise Refusal("unsupported-content", "the content is neither JPEG, PNG, WebP, AVIF, GIF nor TIFF")


def _box_end(head: bytes) -> int:
    return min(int.from_bytes(head[:4], "big"), len(head) - 3)


def _check_pixels(header: pyvips.Image, max_pixels: int) -> None:
    if header.width * header.height > max_pixels:
        raise Refusal("too-many-pixels", f"{header.width} × {header.height} pixels; the limit is {max_pixels} in all")


def _check_jpeg_sides(image: pyvips.Image) -> None:
    if max(image.width, image.height) > MAX_JPEG_SIDE:
        raise Refusal("side-too-long", f"{image.width} × {image.height} pixels; a JPEG's side has {MAX_JPEG_SIDE}")


def _needs_colour_management(header: pyvips.Image) -> bool:
    has_profile = header.get_typeof("icc-profile-data") != 0
    return has_profile or header.interpretation not in ("srgb", "b-w")


def _decode(descriptor: int, width: int, height: int, fit: str, *, managed: bool) -> pyvips.Image:
    colours: dict[str, Any] = {"output_profile": "srgb"} if managed else {}
    # libvips decodes while it shrinks: a JPEG is never unpacked at full size.
    return pyvips.Image.thumbnail_source(
        _source(descriptor),
        width,
        height=height,
        size="both" if fit == "cover" else "down",
        crop="centre" if fit == "cover" else "none",
        option_string="fail_on=truncated",  # its argument of that name reaches no loader (libvips 8.18)
        **colours,
    )


def _save(image: pyvips.Image, format: str, quality: int) -> bytes:
    # To memory, not to a file: so a full disk is never taken for a bad image.
    if format == "jpg":
        opaque = image.flatten(background=[255]) if image.hasalpha() else image
        return opaque.jpegsave_buffer(Q=quality, optimize_coding=True, keep=_NOTHING)
    if format == "webp":
        return image.webpsave_buffer(Q=quality, keep=_NOTHING)
    return image.heifsave_buffer(Q=quality, compression="av1", keep=_NOTHING)


def _source(descriptor: int) -> pyvips.Source:
    os.lseek(descriptor, 0, os.SEEK_SET)
    return pyvips.Source.new_from_descriptor(descriptor)


def _in_one_line(error: pyvips.Error) -> str:
    return " ".join(error.detail.split())[-_MAX_DETAIL:]
