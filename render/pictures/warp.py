"""The camera's one operation: a window of a plane, sampled into another plane.

Exact to the sub-pixel: a slow move shifts every sample by its own fraction.
Zooms and pans keep rows rows and columns columns, so a window is sampled along
one axis after the other, and either time as whole rows, which costs less than
gathering single samples: a plane to be sampled lies on its side, its columns as
rows, and what was sampled across is turned upright before it is sampled down.
"""

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from render.pictures.colour import Plane
from render.pictures.motion import Window
from render.pictures.rows import WHOLE, mix_rows


def sample(source: Plane, target: Plane, window: Window, *, offset: tuple[float, float]) -> None:
    """Fill `target` with the window of `source`, a plane as `turned` returns it, bilinearly.

    `offset` is where in its pixel a target sample sits, in shares of a pixel;
    source samples sit in the middle of theirs. `source` has two rows and two
    columns at the least; beyond its border, the border goes on.
    """
    height, width = target.shape
    across, right = _neighbours(source.shape[0], width, window.left, window.size, offset[0])
    down, below = _neighbours(source.shape[1], height, window.top, window.size, offset[1])
    # No more rows than are seen.
    first, end = down[0], down[-1] + 2
    columns = np.empty((width, end - first), np.uint8)
    mix_rows(source[:, first:end], columns, firsts=across, shares=right)
    mix_rows(turned(columns), target, firsts=down - first, shares=below)


def turned(plane: Plane) -> Plane:
    """Return a plane with its columns as rows."""
    return np.asarray(cv2.transpose(plane), np.uint8)


@lru_cache(maxsize=32)
def _neighbours(
    source: int, target: int, start: float, size: float, offset: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint16]]:
    """Return, for each target sample, the first of its two source samples and the second's weight.

    `start` and `size` are the window along this axis, in shares of the source.
    """
    step = size * source / target
    places = start * source + (np.arange(target) + offset) * step - 0.5
    places = np.clip(places, 0, source - 1)
    firsts = np.minimum(places.astype(np.int64), source - 2)
    return firsts, np.rint((places - firsts) * WHOLE).astype(np.uint16)
