"""Cropping: which part of a picture fills a frame of another shape."""

from typing import NamedTuple

from render.storyboard import Focus


class Crop(NamedTuple):
    """A part of a picture, in the picture's own pixels, and its focus as shares of the part."""

    left: float
    top: float
    width: float
    height: float
    focus: Focus

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return self.left, self.top, self.left + self.width, self.top + self.height


def cover(source: tuple[float, float], shape: tuple[float, float], focus: Focus) -> Crop:
    """Return the largest part of a source that has the shape, with the focus near its middle.

    As near, that is, as the source's borders let it be. Sizes are width and height.
    """
    scale = max(shape[0] / source[0], shape[1] / source[1])
    # Against rounding: no part may reach over the border by a billionth.
    width = min(source[0], shape[0] / scale)
    height = min(source[1], shape[1] / scale)
    left, across = _place(source[0], width, focus.x)
    top, down = _place(source[1], height, focus.y)
    return Crop(left, top, width, height, Focus(x=across, y=down))


def _place(whole: float, part: float, focus: float) -> tuple[float, float]:
    start = min(max(0.0, focus * whole - part / 2), whole - part)
    return start, min(max(0.0, (focus * whole - start) / part), 1.0)
