"""A layer: a picture with transparency, ready to be laid on canvases of one size.

It holds, for its own box alone, what is added to each plane (BT.709 limited
range, multiplied by the alpha) and what is kept of the plane below (255 minus
the alpha): two passes over the box's bytes lay it down. Chroma is sited left,
as everywhere in the engine, so colours stay where the letters are.
"""

from typing import NamedTuple, Self, cast

import cv2
import numpy as np
import numpy.typing as npt

from render.pictures.canvas import Canvas
from render.pictures.colour import Floats, Plane, ycbcr

Rgba = npt.NDArray[np.uint8]
"""Rows of pixels of red, green, blue and alpha; colours not multiplied by the alpha."""

_SITED_LEFT = np.array([1.0, 2.0, 1.0]) / 4
"""Weights across: chroma is level with every second luma sample, and half-way between two down."""
_ALONE = np.ones(1)


class _PlaneInk(NamedTuple):
    """What is laid on one plane."""

    ink: Plane
    keep: Plane


class Layer:
    """A picture with alpha in its place on the canvas; safe to share between threads."""

    def __init__(self, left: int, top: int, inks: tuple[_PlaneInk, _PlaneInk, _PlaneInk]) -> None:
        """Take the even position of the box on the canvas, and what is laid on Y, U and V."""
        self.left = left
        self.top = top
        self.height, self.width = inks[0].ink.shape
        self._plane_inks = inks

    @classmethod
    def of(cls, picture: Rgba, *, left: int, top: int, width: int, height: int) -> Self:
        """Make a layer of a picture at a position on a canvas of `width` × `height`.

        What juts out of the canvas is cut off, and so is what is wholly transparent.
        """
        x, y, across, down = cv2.boundingRect(picture[..., 3])
        # Outwards to even edges, and a pixel on, for the chroma filter to fade out in.
        x0, y0 = max(0, _to_even(left + x - 1)), max(0, _to_even(top + y - 1))
        x1 = min(width, _to_even(left + x + across + 2))
        y1 = min(height, _to_even(top + y + down + 2))
        if not across or x1 <= x0 or y1 <= y0:
            return cls(0, 0, (_blank(), _blank(), _blank()))
        box = np.zeros((y1 - y0, x1 - x0, 4), np.uint8)
        source = picture[max(0, y0 - top) : max(0, y1 - top), max(0, x0 - left) : max(0, x1 - left)]
        down, across = max(0, top - y0), max(0, left - x0)
        box[down : down + source.shape[0], across : across + source.shape[1]] = source
        return cls(x0, y0, _plane_inks(box))

    def paint(self, canvas: Canvas, opacity: float = 1.0) -> None:
        """Lay the picture on a canvas; only its box is touched."""
        if opacity <= 0 or not self.width:
            return
        for plane, plane_ink, scale in zip(
            (canvas.y, canvas.u, canvas.v), self._plane_inks, (1, 2, 2), strict=True
        ):
            height, width = plane_ink.ink.shape
            left, top = self.left // scale, self.top // scale
            below = plane[top : top + height, left : left + width]
            before = below.copy() if opacity < 1 else None
            cv2.multiply(below, plane_ink.keep, dst=below, scale=1 / 255)
            cv2.add(below, plane_ink.ink, dst=below)
            if before is not None:
                cv2.addWeighted(before, 1 - opacity, below, opacity, 0, dst=below)


def _plane_inks(box: Rgba) -> tuple[_PlaneInk, _PlaneInk, _PlaneInk]:
    alpha = box[..., 3].astype(np.float32) / np.float32(255)
    colours = ycbcr(box[..., :3].astype(np.float32))
    y, u, v = (cast("Floats", plane * alpha) for plane in colours)
    share = _halve(alpha)
    return _plane_ink(y, alpha), _plane_ink(_halve(u), share), _plane_ink(_halve(v), share)


def _halve(plane: Floats) -> Floats:
    across = cv2.sepFilter2D(plane, -1, _SITED_LEFT, _ALONE, borderType=cv2.BORDER_CONSTANT)
    return cast("Floats", (across[::2, ::2] + across[1::2, ::2]) / 2)


def _plane_ink(ink: Floats, alpha: Floats) -> _PlaneInk:
    return _PlaneInk(
        ink=np.rint(ink).astype(np.uint8), keep=255 - np.rint(alpha * 255).astype(np.uint8)
    )


def _blank() -> _PlaneInk:
    empty = np.zeros((0, 0), np.uint8)
    return _PlaneInk(ink=empty, keep=empty)


def _to_even(position: int) -> int:
    return position - position % 2
