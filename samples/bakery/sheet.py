"""A sheet: where a scene is sketched as shaded shapes before it is painted.

Places are in heights of the sheet: x runs from 0 to 4/3, y from 0 at the top to
1. Masks are fields of floats in the sheet's shape, 0 to 1; colours are `#rrggbb`
or fields of their own, shaped (rows, columns, 3). The same seed gives the same
sketch.
"""

from collections.abc import Sequence
from math import cos, radians, sin

import cv2
import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.floating]
Point = tuple[float, float]
Stops = Sequence[tuple[float, str]]
"""Colours along a way from 0 to 1."""

ROWS, COLUMNS = 768, 1024
_SHIFT = 4
"""Bits of a pixel's fraction that OpenCV's drawing takes."""


def colour(code: str) -> Field:
    """Return `#rrggbb` as three numbers from 0 to 1."""
    return np.array(list(bytes.fromhex(code[1:])), np.float32) / 255


def ramp(value: Field, stops: Stops) -> Field:
    """Return the colours that a field's values have on a way through `stops`."""
    places = [place for place, _ in stops]
    shades = np.array([colour(code) for _, code in stops])
    channels = [np.interp(value, places, shades[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)


def step(value: Field, low: Field | float, high: Field | float) -> Field:
    """Return 0 below `low`, 1 above `high`, and a smooth way between."""
    part = np.clip((value - low) / (high - low), 0, 1)
    return part * part * (3 - 2 * part)


class Sheet:
    """A sketch in progress; every method draws over what is there."""

    def __init__(self, seed: int, *, rows: int = ROWS, columns: int = COLUMNS) -> None:
        """Start with a black sheet."""
        self.random = np.random.default_rng(seed)
        self.rgb: Field = np.zeros((rows, columns, 3), np.float32)
        grid = (np.mgrid[0:rows, 0:columns].astype(np.float32) + np.float32(0.5)) / rows
        self.y: Field = grid[0]
        self.x: Field = grid[1]

    def noise(self, across: float, down: float | None = None, *, octaves: int = 4) -> Field:
        """Return clouds from 0 to 1 with so many lumps a height across, and down."""
        rows, columns = self.x.shape
        total = np.zeros((rows, columns), np.float32)
        weight = 0.0
        for octave in range(octaves):
            wide = max(2, round(across * 2**octave * columns / rows))
            high = max(2, round((down or across) * 2**octave))
            lumps = self.random.random((min(high, rows), min(wide, columns)), np.float32)
            total += cv2.resize(lumps, (columns, rows), interpolation=cv2.INTER_CUBIC) / 2**octave
            weight += 1 / 2**octave
        # Sums of octaves keep to the middle; spread them.
        return np.clip((total / weight - 0.5) * 1.6 + 0.5, 0, 1)

    def lay(self, mask: Field | float, over: str | Field) -> None:
        """Cover what the mask shows with a colour."""
        shade = colour(over) if isinstance(over, str) else over
        part = mask[..., None] if isinstance(mask, np.ndarray) else mask
        self.rgb += (shade - self.rgb) * part

    def glow(self, at: Point, radius: float, light: str, strength: float = 1.0) -> None:
        """Add light that fades with distance."""
        x, y = at
        distance = ((self.x - x) ** 2 + (self.y - y) ** 2) / radius**2
        shine = colour(light) * (strength * np.exp(-distance))[..., None]
        self.rgb = 1 - (1 - self.rgb) * (1 - np.clip(shine, 0, 1))

    def polygon(self, *points: Point, soft: float = 0.0) -> Field:
        """Return the mask of a polygon, its edge blurred over `soft` heights."""
        rows, columns = self.x.shape
        canvas = np.zeros((rows, columns), np.uint8)
        corners = np.rint(np.array(points) * rows * 2**_SHIFT).astype(np.int32)
        cv2.fillPoly(canvas, [corners], 255, cv2.LINE_AA, _SHIFT)
        mask = canvas.astype(np.float32) / 255
        return cv2.GaussianBlur(mask, (0, 0), soft * rows).astype(np.float32) if soft else mask

    def ellipse(self, at: Point, across: float, down: float, *, soft: float = 0.004) -> Field:
        """Return the mask of an ellipse of these half-axes."""
        distance = np.hypot((self.x - at[0]) / across, (self.y - at[1]) / down)
        edge = soft / min(across, down)
        return 1 - step(distance.astype(np.float32), 1 - edge, 1 + edge)

    def turned(self, at: Point, degrees: float) -> tuple[Field, Field]:
        """Return coordinates from a point along turned axes."""
        x, y, angle = self.x - at[0], self.y - at[1], radians(degrees)
        return x * cos(angle) + y * sin(angle), y * cos(angle) - x * sin(angle)

    def shadow(self, at: Point, across: float, down: float, depth: float = 0.6) -> None:
        """Darken the ground below something."""
        distance = ((self.x - at[0]) / across) ** 2 + ((self.y - at[1]) / down) ** 2
        self.rgb *= (1 - depth * np.exp(-(distance**1.5)))[..., None]

    def vignette(self, strength: float = 0.35) -> None:
        """Darken the corners."""
        distance = (self.x - 2 / 3) ** 2 + (self.y - 0.5) ** 2
        self.rgb *= (1 - strength * step(distance, 0.15, 0.75))[..., None]
