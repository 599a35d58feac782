"""Pictures that the stand-in for an image model draws: real PNGs, always the same for the same prompt and size.

A circle before a sky, with grain: a picture of 1024 x 1024 pixels has about 1 MB, as one by a model has.
"""

from __future__ import annotations

import hashlib
import struct
import zlib

_GRAIN = 3
"""Of 255; two bits a channel don't compress."""


def png(prompt: str, width: int, height: int, seed: int) -> bytes:
    """A PNG of this size in pixels; its Description says that it is a stand-in."""
    drawn = hashlib.sha256(f"{seed}\n{prompt}".encode()).digest()
    grain = hashlib.shake_256(drawn).digest(3 * width * height)
    rows = bytearray()
    for y in range(height):
        left, right = _inside(drawn, y, width, height)
        rows.append(0)
        row = bytearray(3 * width)
        part = grain[3 * width * y : 3 * width * (y + 1)]
        for channel in range(3):
            values = part[channel::3]
            sky = values.translate(_table(drawn[channel] * y // height))
            row[channel::3] = sky
            row[3 * left + channel : 3 * right : 3] = values[left:right].translate(_table(drawn[channel + 3]))
        rows += row
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    said = b"Description\0local stand-in; no model drew this. Prompt: " + prompt.encode("latin-1", "replace")
    chunks = ((b"IHDR", header), (b"tEXt", said), (b"IDAT", zlib.compress(bytes(rows), 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _inside(drawn: bytes, y: int, width: int, height: int) -> tuple[int, int]:
    """Where the circle begins and ends in a row."""
    radius = min(width, height) // 4
    across, down = width * (64 + drawn[6] // 2) // 256, height * (64 + drawn[7] // 2) // 256
    half = int(max(0, radius**2 - (y - down) ** 2) ** 0.5)
    return max(0, across - half), min(width, across + half)


def _table(level: int) -> bytes:
    """What becomes of a byte of grain on this level."""
    return bytes(min(255, level + (grain & _GRAIN)) for grain in range(256))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
