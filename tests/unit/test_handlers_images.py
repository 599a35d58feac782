"""What the image converters make of good images, odd ones and hostile ones."""

from __future__ import annotations

import functools
import struct
import zlib
from collections.abc import Sequence

import pytest
import pyvips

from examples.poster import make_poster
from handlers.environment import SettingsError
from tests.fake_aws import Deployed, deploy

KEY = "uploads/ab12/picture.png"
RED, BLUE, PALE = [200, 30, 20], [20, 30, 200], [180.0, 150.0, 140.0]


def halves(width: int = 640, height: int = 480) -> pyvips.Image:
    """Red on the left, blue on the right, under some noise so that half a file is half a picture."""
    noise = pyvips.Image.gaussnoise(width, height, sigma=3, mean=0, seed=7)
    left = pyvips.Image.xyz(width, height)[0] < width / 2
    return (left.ifthenelse(RED, BLUE) + noise).cast("uchar").copy(interpretation="srgb")


def encoded(suffix: str, image: pyvips.Image | None = None, **options: object) -> bytes:
    return (image or halves()).write_to_buffer(suffix, **options)


def converted(deployed: Deployed, content: bytes, made: str = "made/ab12/picture.png.jpg") -> pyvips.Image:
    deployed.deliver(deployed.s3.upload(KEY, content))
    assert deployed.sqs.letters == []
    return pyvips.Image.new_from_buffer(deployed.s3.rendition(made).body, "")


def refused(deployed: Deployed, content: bytes) -> str:
    assert deployed.deliver(deployed.s3.upload(KEY, content)) == {"batchItemFailures": []}
    (letter,) = deployed.sqs.letters
    return letter["reason"]


def close(pixel: list[float], expected: Sequence[float], tolerance: int = 16) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(pixel, expected, strict=True))


@pytest.fixture
def thumbnail(monkeypatch: pytest.MonkeyPatch) -> Deployed:
    return deploy("thumbnail", monkeypatch)


@pytest.fixture
def jpeg(monkeypatch: pytest.MonkeyPatch) -> Deployed:
    return deploy("jpeg", monkeypatch)


GOOD = {
    "jpeg": lambda: encoded(".jpg"),
    "progressive jpeg": lambda: encoded(".jpg", interlace=True),
    "png": lambda: encoded(".png"),
    "interlaced png": lambda: encoded(".png", interlace=True),
    "16-bit png": lambda: encoded(".png", (halves().cast("ushort") * 257).copy(interpretation="rgb16")),
    "palette png": lambda: encoded(".png", palette=True),
    "webp": lambda: encoded(".webp"),
    "avif": lambda: encoded(".avif"),
    "gif": lambda: encoded(".gif"),
    "tiff": lambda: encoded(".tif", compression="lzw"),
    "lab tiff": lambda: encoded(".tif", halves().colourspace("lab")),
    "wide gamut png": lambda: encoded(".png", halves().icc_transform("p3", input_profile="srgb")),
}


@functools.cache
def good(name: str) -> bytes:
    """Encoded once: AVIF takes its time."""
    return GOOD[name]()


@pytest.mark.parametrize("name", GOOD)
def test_every_accepted_format_becomes_a_thumbnail_in_the_same_colours(thumbnail: Deployed, name: str) -> None:
    made = converted(thumbnail, good(name))
    assert (made.width, made.height, made.bands) == (30, 20, 3)
    assert close(made(4, 10), RED) and close(made(25, 10), BLUE)
    assert thumbnail.s3.rendition("made/ab12/picture.png.jpg").metadata["width"] == "30"


@pytest.mark.parametrize("name", GOOD)
def test_every_accepted_format_becomes_a_jpeg_of_the_same_size(jpeg: Deployed, name: str) -> None:
    made = converted(jpeg, good(name))
    assert (made.get("vips-loader"), made.width, made.height) == ("jpegload_buffer", 640, 480)
    stored = jpeg.s3.rendition("made/ab12/picture.png.jpg")
    assert (stored.content_type, stored.metadata["width"], stored.metadata["height"]) == ("image/jpeg", "640", "480")


@pytest.mark.parametrize(
    ("fit", "source", "size"),
    [
        ("cover", (640, 480), (30, 20)),
        ("cover", (6, 4), (30, 20)),
        ("cover", (1, 900), (30, 20)),
        ("contain", (640, 480), (27, 20)),
        ("contain", (6, 4), (6, 4)),
        ("contain", (900, 1), (30, 1)),
    ],
)
def test_an_image_covers_the_box_or_is_contained_in_it(
    monkeypatch: pytest.MonkeyPatch, fit: str, source: tuple[int, int], size: tuple[int, int]
) -> None:
    made = converted(deploy("thumbnail", monkeypatch, FIT=fit), encoded(".png", halves(*source)))
    assert (made.width, made.height) == size


@pytest.mark.parametrize(
    ("format", "loader", "content_type"),
    [
        ("jpg", "jpegload_buffer", "image/jpeg"),
        ("webp", "webpload_buffer", "image/webp"),
        ("avif", "heifload_buffer", "image/avif"),
    ],
)
def test_a_thumbnail_is_written_in_the_format_asked_for(
    monkeypatch: pytest.MonkeyPatch, format: str, loader: str, content_type: str
) -> None:
    deployed = deploy("thumbnail", monkeypatch, FORMAT=format)
    key = f"made/ab12/picture.png.{format}"
    assert converted(deployed, encoded(".png"), key).get("vips-loader") == loader
    assert deployed.s3.rendition(key).content_type == content_type


def test_transparency_becomes_white_in_a_jpeg_and_stays_in_a_webp(monkeypatch: pytest.MonkeyPatch) -> None:
    clear = encoded(".png", halves().bandjoin(0))
    assert close(converted(deploy("jpeg", monkeypatch), clear)(300, 200), [255, 255, 255])
    webp = converted(deploy("thumbnail", monkeypatch, FORMAT="webp"), clear, "made/ab12/picture.png.webp")
    assert (webp.bands, webp(10, 10)[3]) == (4, 0)


@pytest.mark.parametrize("profiled", [True, False])
def test_cmyk_becomes_srgb(jpeg: Deployed, profiled: bool) -> None:
    pale = pyvips.Image.black(64, 48).bandjoin([0, 0]).linear([1.0] * 3, PALE, uchar=True).copy(interpretation="srgb")
    cmyk = pale.icc_transform("cmyk", input_profile="srgb")
    made = converted(jpeg, encoded(".jpg", cmyk, keep="icc" if profiled else "none"))
    assert made.interpretation == "srgb"
    assert close(made(30, 20), PALE)


def test_exif_orientation_is_applied_and_all_metadata_left_behind(jpeg: Deployed) -> None:
    sideways = halves().copy()
    sideways.set_type(pyvips.GValue.gint_type, "orientation", 6)
    sideways.set_type(pyvips.GValue.gstr_type, "exif-ifd0-Artist", "somebody")
    sideways.set_type(pyvips.GValue.blob_type, "xmp-data", b"<x:xmpmeta>somewhere</x:xmpmeta>")  # pyrefly: ignore
    source = encoded(".jpg", sideways)
    assert b"somebody" in source and b"somewhere" in source
    made = converted(jpeg, source)
    assert (made.width, made.height) == (480, 640)
    assert close(made(240, 100), RED) and close(made(240, 600), BLUE)
    assert not [name for name in made.get_fields() if name.startswith(("exif", "xmp", "iptc", "icc", "orientation"))]


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_of_an_animation_the_first_frame_is_taken(jpeg: Deployed, suffix: str) -> None:
    frames = pyvips.Image.arrayjoin([halves(), halves().invert()], across=1).copy()
    frames.set_type(pyvips.GValue.gint_type, "page-height", 480)
    made = converted(jpeg, encoded(suffix, frames))
    assert made.height == 480
    assert close(made(100, 100), RED, 24)


def test_the_content_decides_and_not_the_suffix(thumbnail: Deployed) -> None:
    assert converted(thumbnail, encoded(".jpg")).width == 30


@pytest.mark.parametrize("share", [0.05, 0.5, 0.98])
@pytest.mark.parametrize("name", GOOD)
def test_a_truncated_image_is_refused(thumbnail: Deployed, name: str, share: float) -> None:
    content = good(name)
    assert refused(thumbnail, content[: int(len(content) * share)]) == "unreadable"


def png_of(width: int, height: int) -> bytes:
    """A valid header with next to nothing behind it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def box(kind: bytes, brands: bytes) -> bytes:
    """The first box of an ISO media file, and something behind it."""
    return struct.pack(">I", 8 + len(brands)) + kind + brands + bytes(200)


HOSTILE = {
    "a bomb of pixels": (lambda: encoded(".png", pyvips.Image.black(3000, 3000)), "too-many-pixels"),
    "a header that claims a bomb": (lambda: png_of(50_000, 50_000), "too-many-pixels"),
    "a header and no pixels": (lambda: png_of(100, 100), "unreadable"),
    "nothing": (lambda: b"", "empty"),
    "one byte": (lambda: b"\xff", "unsupported-content"),
    "text": (lambda: b"not an image", "unsupported-content"),
    "svg": (
        lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>',
        "unsupported-content",
    ),
    "a program": (lambda: b"\x7fELF" + bytes(100), "unsupported-content"),
    "heic": (lambda: box(b"ftyp", b"heic\0\0\0\0mif1heic"), "heic"),
    "heic by another name": (lambda: box(b"ftyp", b"mif1\0\0\0\0mif1heix"), "heic"),
    "a film": (lambda: box(b"ftyp", b"isom\0\0\0\0isomiso2"), "unsupported-content"),
    "an avif of nothing": (lambda: box(b"ftyp", b"avif\0\0\0\0avifmif1"), "unreadable"),
    "a webp of noise": (lambda: b"RIFF" + bytes(4) + b"WEBPVP8 " + bytes(range(256)), "unreadable"),
}


@pytest.mark.parametrize("converter", ["thumbnail", "jpeg"])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_uploads_end_as_one_letter_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, name: str, converter: str
) -> None:
    content, reason = HOSTILE[name]
    assert refused(deploy(converter, monkeypatch), content()) == reason


def test_a_side_that_no_jpeg_can_have_is_refused(jpeg: Deployed) -> None:
    assert refused(jpeg, encoded(".png", pyvips.Image.black(66_000, 2))) == "side-too-long"


def test_bytes_flipped_anywhere_end_as_a_rendition_or_a_letter(thumbnail: Deployed) -> None:
    for name in ("jpeg", "png", "webp", "gif", "tiff", "avif"):
        content = good(name)
        for place in range(0, len(content), max(1, len(content) // 23)):
            broken = content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]
            assert thumbnail.deliver(thumbnail.s3.upload(KEY, broken)) == {"batchItemFailures": []}


def test_the_poster_is_drawn_the_same_each_time() -> None:
    poster = make_poster()
    image = pyvips.Image.new_from_buffer(poster, "")
    assert (image.width, image.height, image.get("vips-loader")) == (1600, 900, "pngload_buffer")
    assert make_poster() == poster


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("FIT", "stretch"),
        ("FORMAT", "bmp"),
        ("WIDTH", "0"),
        ("HEIGHT", "8193"),
        ("QUALITY", "101"),
        ("MAX_PIXELS", "-1"),
    ],
)
def test_a_setting_out_of_range_fails_at_import(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{variable}={value}"):
        deploy("thumbnail", monkeypatch, **{variable: value})


def test_libvips_reads_no_format_but_those_that_are_converted(thumbnail):
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"></svg>'
    with pytest.raises(pyvips.Error):
        pyvips.Image.new_from_buffer(drawing, "")
