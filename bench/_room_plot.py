"""The picture of a simulated burst: who waits, and how many are admitted in each minute, as plain SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, LEFT, TOP, GAP = 720, 200, 64, 34, 66
TITLES = {
    "burst": "An origin that bears the capacity",
    "slow_origin": "An origin that bears 60% of it, and says so by an alarm",
}


@dataclass(frozen=True)
class Curve:
    """What is drawn of one burst."""

    windows: Sequence[int]
    """Admissions in each minute."""

    waiting: Sequence[tuple[float, float]]
    """Seconds since the beginning, and who waits then."""

    bears: int = 0
    """Admissions a minute that the origin bears."""


def draw(simulations: Mapping[str, Curve]) -> str:
    """One panel below the other: bars are admissions a minute, the dashed line is the capacity, the line who waits."""
    height = len(simulations) * (HEIGHT + GAP) + 20
    panels = (_panel(TITLES[name], one, number) for number, (name, one) in enumerate(simulations.items()))
    style = (
        "text{font:12px sans-serif;fill:#333}.t{font-size:14px;font-weight:bold}"
        ".b{fill:#90b8e0}.w{fill:none;stroke:#c05621;stroke-width:2}"
        ".c{stroke:#c53030;stroke-dasharray:6 4}.x{stroke:#333}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + 2 * LEFT} {height}" role="img">'
        f"<title>A burst on a waiting room</title><style>{style}</style>"
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(panels)}</svg>\n'
    )


def _panel(title: str, one: Curve, number: int) -> str:
    top, windows = TOP + number * (HEIGHT + GAP), one.windows
    minutes = max(len(windows), 1)
    most, crowd = max(one.windows) * 1.15, max(count for _, count in one.waiting)
    waiting = crowd * 1.1
    step = WIDTH / minutes
    bars = "".join(
        f'<rect class="b" x="{LEFT + index * step + 1:.1f}" y="{top + HEIGHT - count / most * HEIGHT:.1f}" '
        f'width="{step - 2:.1f}" height="{count / most * HEIGHT:.1f}"/>'
        for index, count in enumerate(windows)
    )
    points = " ".join(
        f"{LEFT + min(WIDTH, at / 60 * step):.1f},{top + HEIGHT - count / waiting * HEIGHT:.1f}"
        for at, count in one.waiting
    )
    line = top + HEIGHT - one.bears / most * HEIGHT
    return (
        f'<text class="t" x="{LEFT}" y="{top - 14}">{title}</text>'
        f'{bars}<polyline class="w" points="{points}"/>'
        f'<line class="c" x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{line:.1f}" y2="{line:.1f}"/>'
        f'<line class="x" x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{top + HEIGHT}" y2="{top + HEIGHT}"/>'
        f'<text x="{LEFT - 8}" y="{line + 4:.1f}" text-anchor="end">{one.bears:,}</text>'
        f'<text x="{LEFT + WIDTH + 6}" y="{top + HEIGHT - crowd / waiting * HEIGHT:.0f}">{round(crowd):,}</text>'
        f'<text x="{LEFT}" y="{top + HEIGHT + 18}">admissions a minute (bars), what the origin bears (dashed), '
        f"who waits (line); {minutes} minutes</text>"
    )
