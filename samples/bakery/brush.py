"""A brush: paints a sketch over with strokes that follow its shapes, coarse ones first.

After A. Hertzmann, "Painterly rendering with curved brush strokes of multiple
sizes", SIGGRAPH 1998: each brush goes only where the coarser one before left the
sketch too far away, in the colour the sketch has there, along its edges and
never across them.
"""

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from samples.bakery.sheet import Field

Pixels = npt.NDArray[np.uint8]
"""Shaped (rows, columns, 3): red, green, blue."""

_SHIFT = 3
_RELIEF = 0.34
"""How much the ridges of the paint catch the light."""


class _Brush(NamedTuple):
    width: int
    """Pixels."""
    apart: int
    """Pixels between two strokes."""
    reach: float
    """A stroke's length in widths."""
    tolerance: float
    """How far a colour may be off, in levels, before this brush mends it."""


_BRUSHES = (
    _Brush(44, 20, 3.0, -1),
    _Brush(20, 11, 3.6, 9),
    _Brush(9, 6, 4.0, 11),
    _Brush(4, 4, 4.0, 15),
)


def paint(sketch: Field, *, scale: int, seed: int) -> Pixels:
    """Return a painting `scale` times as large as its sketch."""
    random = np.random.default_rng(seed)
    size = (sketch.shape[1] * scale, sketch.shape[0] * scale)
    wanted = cv2.resize(sketch, size, interpolation=cv2.INTER_CUBIC)
    wanted = np.clip(wanted * 255, 0, 255).astype(np.float32)
    flow = _flow(wanted)
    painting = np.full(wanted.shape, wanted.mean(axis=(0, 1)), np.float32).astype(np.uint8)
    ridges = np.full(wanted.shape[:2], 128, np.uint8)
    for brush in _BRUSHES:
        _cover(painting, ridges, wanted, flow, brush, random)
    return _lit(painting, ridges, wanted, random)


def _flow(wanted: Field) -> Field:
    """Return the angle along the shapes at every pixel, from the structure tensor."""
    grey = cv2.GaussianBlur(wanted.mean(axis=2), (0, 0), 3)
    right, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    xx, yy, xy = (
        cv2.GaussianBlur(product, (0, 0), 14) for product in (right**2, down**2, right * down)
    )
    return (0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2).astype(np.float32)


def _cover(  # noqa: PLR0913, PLR0917  what a stroke needs
    painting: Pixels,
    ridges: npt.NDArray[np.uint8],
    wanted: Field,
    flow: Field,
    brush: _Brush,
    random: np.random.Generator,
) -> None:
    rows, columns = ridges.shape
    seen = cv2.GaussianBlur(wanted, (0, 0), brush.width / 5)
    off = cv2.blur(np.abs(painting - seen).sum(axis=2), (brush.apart, brush.apart))
    down, across = np.mgrid[0 : rows : brush.apart, 0 : columns : brush.apart].reshape(2, -1)
    jitter = random.integers(0, brush.apart, (2, down.size))
    y = np.minimum(down + jitter[0], rows - 1)
    x = np.minimum(across + jitter[1], columns - 1)
    chosen = random.permutation(np.flatnonzero(off[y, x] > brush.tolerance))
    y, x = y[chosen], x[chosen]
    # A painter's colours are never quite the same twice.
    shade = seen[y, x] * random.normal(1, 0.035, (len(y), 1)) + random.normal(0, 2.5, (len(y), 3))
    shades = np.clip(shade, 0, 255).astype(int).tolist()
    heights = random.integers(60, 196, len(y)).tolist()
    lines = _lines(np.stack([x, y], axis=-1), flow, brush, random)
    for line, shade_, height in zip(lines, shades, heights, strict=True):
        width = brush.width
        cv2.polylines(painting, [line], False, shade_, width, cv2.LINE_AA, _SHIFT)  # noqa: FBT003
        cv2.polylines(ridges, [line], False, height, width, cv2.LINE_AA, _SHIFT)  # noqa: FBT003


def _lines(
    places: npt.NDArray[np.int64], flow: Field, brush: _Brush, random: np.random.Generator
) -> npt.NDArray[np.int32]:
    """Return strokes of three points, bent as the shapes are."""
    half = brush.width * brush.reach / 2 * random.uniform(0.7, 1.2, (len(places), 1))
    limit = np.array([flow.shape[1] - 1, flow.shape[0] - 1])
    angle = flow[places[:, 1], places[:, 0]] + random.normal(0, 0.08, len(places))
    along = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    ends: list[npt.NDArray[np.float64]] = []
    for way in (-along, along):
        near = np.clip(np.rint(places + way * half / 2), 0, limit).astype(int)
        bend = flow[near[:, 1], near[:, 0]]
        turned = np.stack([np.cos(bend), np.sin(bend)], axis=-1)
        # An axis has no direction: go on, not back.
        turned *= np.where((turned * way).sum(axis=1, keepdims=True) < 0, -1, 1)
        ends.append(places + (way + turned) * half / 2)
    strokes = np.stack([ends[0], places.astype(float), ends[1]], axis=1)
    return np.rint(strokes * 2**_SHIFT).astype(np.int32)


def _lit(
    painting: Pixels, ridges: npt.NDArray[np.uint8], wanted: Field, random: np.random.Generator
) -> Pixels:
    """Lay a little of the sketch over, and light from the upper left on the paint's ridges."""
    rows, columns = ridges.shape
    bristles = random.standard_normal((rows // 2, columns // 2), np.float32) * 14
    thick = ridges.astype(np.float32) + cv2.resize(bristles, (columns, rows))
    thick = cv2.GaussianBlur(thick, (0, 0), 1.2)
    slope = cv2.Sobel(thick, cv2.CV_32F, 1, 0) + cv2.Sobel(thick, cv2.CV_32F, 0, 1)
    light = np.clip(slope * -0.12 * _RELIEF, -14, 14)
    mixed = painting * np.float32(0.86) + wanted * np.float32(0.14)
    # Shadows hold thin paint, and show less of it.
    return np.clip(mixed + light[..., None] * (0.35 + mixed / 255), 0, 255).astype(np.uint8)
