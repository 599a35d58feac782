"""A 4000 × 3000 JPEG to a 300 × 300 thumbnail: the converter beside bare libvips and, where it is installed, Pillow.

Each contender runs in processes of its own, in turns, and its best round counts: what else the machine does can only
add. Bare libvips is what the converter stands on (file to buffer, no checks), and so the floor. Pillow scales with
LANCZOS after a full decode. Run it as `python -m bench.convert [--quick]`.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench._report import tell

WIDTH, HEIGHT, SIDE, QUALITY = 4000, 3000, 300, 80
THREADS = "2"
Convert = Callable[[Path], bytes]


def with_converter() -> Convert:
    """As the function does it, between the download and the upload."""
    from handlers.convert.images import encode  # noqa: PLC0415 - only its own process may load a contender

    def convert(path: Path) -> bytes:
        made = io.BytesIO()
        with path.open("rb") as source:
            encode(
                source,
                made,
                width=SIDE,
                height=SIDE,
                fit="cover",
                format="jpg",
                quality=QUALITY,
                max_pixels=10**8,
            )
        return made.getvalue()

    return convert


def with_libvips() -> Convert:
    """The floor."""
    import pyvips  # noqa: PLC0415

    pyvips.cache_set_max(0)

    def convert(path: Path) -> bytes:
        image = pyvips.Image.thumbnail(str(path), SIDE, height=SIDE, crop="centre")
        return image.jpegsave_buffer(Q=QUALITY, optimize_coding=True, keep=pyvips.enums.ForeignKeep.NONE)

    return convert


def with_pillow() -> Convert:
    """The peer."""
    from PIL import Image, ImageOps  # noqa: PLC0415  # pyrefly: ignore[missing-import] - not a dependency

    def convert(path: Path) -> bytes:
        made = io.BytesIO()
        with Image.open(path) as image:
            fitted = ImageOps.fit(image, (SIDE, SIDE), Image.Resampling.LANCZOS)
            fitted.save(made, "JPEG", quality=QUALITY, optimize=True)
        return made.getvalue()

    return convert


CONTENDERS = {"converter": with_converter, "libvips": with_libvips, "pillow": with_pillow}


def draw(path: Path) -> None:
    """A photo-like picture: smooth shades under grain."""
    import pyvips  # noqa: PLC0415

    grain = pyvips.Image.gaussnoise(WIDTH, HEIGHT, sigma=12, mean=0, seed=1)
    shades = pyvips.Image.xyz(WIDTH, HEIGHT) / [WIDTH / 255, HEIGHT / 255]
    picture = shades.bandjoin(shades[0] * -1 + 255) + grain
    picture.cast("uchar").copy(interpretation="srgb").jpegsave(str(path), Q=90)


def measure(name: str, path: Path, rounds: int) -> dict[str, list[float] | float]:
    """Milliseconds of each round after the first, and the process's peak memory in MiB."""
    convert = CONTENDERS[name]()
    convert(path)
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        convert(path)
        times.append((time.perf_counter() - start) * 1000)
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss: bytes there, KiB elsewhere
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1024**2
    return {"ms": times, "peak_mib": peak}


def compare(turns: int, rounds: int) -> dict[str, float]:
    """Let the contenders take turns; the figures."""
    names = [name for name in CONTENDERS if name != "pillow" or importlib.util.find_spec("PIL")]
    times: dict[str, list[float]] = {name: [] for name in names}
    peaks: dict[str, float] = dict.fromkeys(names, 0.0)
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder, "picture.jpg")
        alone("--draw", str(picture))
        for _ in range(turns):
            for name in names:
                found = json.loads(alone("--measure", name, str(picture), str(rounds)))
                times[name] += found["ms"]
                peaks[name] = max(peaks[name], found["peak_mib"])
    figures = {}
    for name in names:
        figures[f"{name}_ms"] = round(min(times[name]), 2)
        figures[f"{name}_peak_mib"] = round(peaks[name], 1)
    figures["converter_to_libvips"] = round(figures["converter_ms"] / figures["libvips_ms"], 3)
    if "pillow" in names:
        figures["pillow_to_converter"] = round(figures["pillow_ms"] / figures["converter_ms"], 3)
    return figures


def alone(*arguments: str) -> str:
    """Run a part in a process of its own; its output. The parent stays small: its peak would count as the child's."""
    command = [sys.executable, "-m", "bench.convert", *arguments]
    environment = {**os.environ, "VIPS_CONCURRENCY": THREADS}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def main() -> None:
    """Print a line a contender, then one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds; under a minute")
    parser.add_argument("--measure", nargs=3, metavar=("NAME", "PICTURE", "ROUNDS"), help=argparse.SUPPRESS)
    parser.add_argument("--draw", type=Path, metavar="PICTURE", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.draw:
        draw(arguments.draw)
        return
    if arguments.measure:
        name, picture, rounds = arguments.measure
        print(json.dumps(measure(name, Path(picture), int(rounds))))
        return
    figures = compare(turns=3, rounds=10) if arguments.quick else compare(turns=5, rounds=40)
    for name in (name for name in CONTENDERS if f"{name}_ms" in figures):
        print(f"{name:10} {figures[f'{name}_ms']:8.1f} ms  {figures[f'{name}_peak_mib']:6.0f} MiB at most")
    goals: dict[str, tuple[str, float]] = {"converter_to_libvips": ("<=", 1.2), "converter_peak_mib": ("<=", 128)}
    if "pillow_to_converter" in figures:
        goals["pillow_to_converter"] = (">=", 2)
    tell("convert", figures, goals)


if __name__ == "__main__":
    main()
