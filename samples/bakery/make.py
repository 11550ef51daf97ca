"""Makes the files that the bakery's storyboard names: `python -m samples.bakery.make FOLDER`.

Paintings, the clip and the logo are all drawn by the code in this folder, from fixed
seeds; the music is the engine's own. Nothing is downloaded, and all of it is free to use.
"""

import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from math import cos, pi, sin
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from samples.bakery.brush import paint
from samples.bakery.fire import film
from samples.bakery.views import VIEWS

STORYBOARD = Path(__file__).with_name("storyboard.json")

_AT_ONCE = 2
_QUALITY = 92
_INK, _PAPER, _CRUST = "#1f2a44", "#fdf6e3", "#f2a541"


def picture(place: Path) -> None:
    """Paint the scene a file is named for."""
    sketch = VIEWS[place.stem]()
    painting = paint(np.clip(sketch.rgb, 0, 1), scale=2, seed=len(place.stem))
    Image.fromarray(painting).save(place, quality=_QUALITY, subsampling=0)


def logo(place: Path) -> None:
    """Draw a badge with an ear of wheat, its ground transparent."""
    fine, side = 4, 480
    badge = Image.new("RGBA", (side * fine, side * fine), (0, 0, 0, 0))
    draw = ImageDraw.Draw(badge)
    middle = side * fine / 2

    def disc(share: float, over: str) -> None:
        reach = middle * share
        draw.ellipse([middle - reach, middle - reach, middle + reach, middle + reach], fill=over)

    for share, over in ((0.99, _PAPER), (0.93, _INK), (0.86, _PAPER), (0.84, _INK)):
        disc(share, over)
    draw.line(
        [middle, middle * 0.5, middle, middle * 1.72], fill=_PAPER, width=round(middle * 0.03)
    )
    for row in range(5):
        for way in (-1, 1):
            _grain(draw, (middle, middle * (1.42 - 0.18 * row)), middle * 0.4, way * pi / 4.6)
    _grain(draw, (middle, middle * 0.66), middle * 0.4, 0)
    badge.resize((side, side), Image.Resampling.LANCZOS).save(place)


def _grain(
    draw: ImageDraw.ImageDraw, foot: tuple[float, float], length: float, lean: float
) -> None:
    """Draw a grain that leans out of the ear; `foot` is where it grows."""
    along = np.linspace(0, 1, 24)
    breadth = 0.15 * np.sin(along * pi) ** 0.8
    outline = [(place, half) for place, half in zip(along, breadth, strict=True)]
    outline += [(place, -half) for place, half in reversed(outline)]
    draw.polygon(
        [
            (
                foot[0] + length * (place * sin(lean) + half * cos(lean)),
                foot[1] - length * (place * cos(lean) - half * sin(lean)),
            )
            for place, half in outline
        ],
        fill=_CRUST,
    )


FILES: dict[str, Callable[[Path], None]] = {
    "oven.mp4": film,
    **{f"{name}.jpg": picture for name in VIEWS},
    "logo.png": logo,
}
"""What there is to make; the slowest first."""


def make(place: Path) -> str:
    """Make the file of this name, and return it."""
    cv2.setNumThreads(1)
    FILES[place.name](place)
    return place.name


def main() -> None:
    """Make every file, two at a time."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(_AT_ONCE) as workers:
        for name in workers.map(make, (folder / name for name in FILES)):
            sys.stdout.write(f"{name}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
