"""The camera's one operation: a window of a plane, sampled into another plane.

Exact to the sub-pixel: a slow move shifts every sample by its own fraction.
Zooms and pans keep rows rows and columns columns, so a window is sampled along
one axis after the other, and either time as whole rows: the plane is turned in
between, which costs less than gathering single samples.
"""

import cv2
import numpy as np
import numpy.typing as npt

from render.pictures.colour import Plane
from render.pictures.motion import Window
from render.pictures.rows import WHOLE, mix_rows

_BAND = 270
"""Rows at a time: what lies between the two passes then stays in a processor's cache."""


def sample(source: Plane, target: Plane, window: Window, *, offset: tuple[float, float]) -> None:
    """Fill `target` with the window of `source`, bilinearly.

    `offset` is where in its pixel a target sample sits, in shares of a pixel;
    source samples sit in the middle of theirs. `source` has two rows and two
    columns at the least; beyond its border, the border goes on.
    """
    height, width = target.shape
    across, right = _neighbours(source.shape[1], width, window.left, window.size, offset[0])
    down, below = _neighbours(source.shape[0], height, window.top, window.size, offset[1])
    # No more columns than are seen.
    shown_columns = source[:, across[0] : across[-1] + 2]
    across -= across[0]
    for top in range(0, height, _BAND):
        band = slice(top, min(top + _BAND, height))
        rows = np.empty((band.stop - top, shown_columns.shape[1]), np.uint8)
        mix_rows(shown_columns, rows, firsts=down[band], shares=below[band])
        turned = np.empty((width, band.stop - top), np.uint8)
        mix_rows(_transpose(rows), turned, firsts=across, shares=right)
        cv2.transpose(turned, dst=target[band])


def _transpose(plane: Plane) -> Plane:
    return np.asarray(cv2.transpose(plane), np.uint8)


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
