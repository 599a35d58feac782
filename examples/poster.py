"""Draw a poster to upload: the same bytes each time on one machine, so that runs can be compared."""

from __future__ import annotations

import pyvips

WIDTH, HEIGHT = 1600, 900
NIGHT, DAWN = (24, 20, 64), (255, 122, 92)
DISCS = [  # centre x, centre y, radius, colour, opacity
    (1190, 450, 310, (255, 214, 140), 1.0),
    (1340, 310, 140, (255, 94, 120), 0.75),
    (1000, 650, 90, (90, 220, 230), 0.85),
    (1440, 690, 60, (255, 255, 255), 0.5),
    (150, 150, 34, (255, 255, 255), 0.8),
]


def make_poster() -> bytes:
    """A PNG of 1600 × 900 pixels: a sky at dawn, some discs, and the name of the day."""
    picture = _sky()
    for x, y, radius, colour, opacity in DISCS:
        picture = _paint(picture, _disc(x, y, radius) * opacity, colour)
    picture = _paint(picture, _words("Launch day", 100, 330, 680, 150), (255, 255, 255))
    picture = _paint(picture, _words("one upload, every format", 104, 510, 640, 48), (255, 226, 210))
    return picture.cast("uchar").copy(interpretation="srgb").pngsave_buffer(compression=6)


def _sky() -> pyvips.Image:
    height = pyvips.Image.xyz(WIDTH, HEIGHT)[1] / (HEIGHT - 1)
    return height * height * [dawn - night for night, dawn in zip(NIGHT, DAWN, strict=True)] + list(NIGHT)


def _disc(x: int, y: int, radius: int) -> pyvips.Image:
    """Coverage from 0 to 1, with an edge one pixel soft."""
    place = pyvips.Image.xyz(WIDTH, HEIGHT) - [x, y]
    distance = (place[0] * place[0] + place[1] * place[1]) ** 0.5
    edge = (distance - radius) * -1 + 0.5
    return (edge > 1).ifthenelse(1, (edge < 0).ifthenelse(0, edge))


def _words(text: str, x: int, y: int, width: int, height: int) -> pyvips.Image:
    """Coverage too; as large as the box allows, whatever font the machine has."""
    letters = pyvips.Image.text(text, font="sans bold", width=width, height=height)
    return letters.embed(x, y, WIDTH, HEIGHT) / 255


def _paint(picture: pyvips.Image, coverage: pyvips.Image, colour: tuple[int, int, int]) -> pyvips.Image:
    return picture * (coverage * -1 + 1) + coverage * list(colour)
