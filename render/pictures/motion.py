"""Camera moves over a still: which part of it is seen at which moment.

A `Window` is in units of the cover-fitted picture: (0, 0) is its upper left
corner, (1, 1) its lower right, and a window of size 1 shows all of it. The same
size serves both axes, since the picture already has the output's shape. No
window ever reaches outside the picture.

A zoom goes towards the picture's focus, which stands where it is while all else
moves; a pan keeps to the focus across its way.

Pure and exact to the float: rounding to pixels is what makes a slow move jitter.
"""

from collections.abc import Callable
from math import cos, pi
from typing import NamedTuple

from render.storyboard import Focus, Motion

MAX_ZOOM = 1.12
"""How close a zoom comes."""
_PAN_ZOOM = 1.08
"""How close a pan stands; what this leaves over is the way it travels."""
_MIDDLE = Focus()


class Window(NamedTuple):
    """The part of the picture that fills the frame."""

    left: float
    top: float
    size: float


def window(motion: Motion, *, frame: int, frames: int, focus: Focus = _MIDDLE) -> Window:
    """Return what is seen in frame `frame` (from 0) of a shot of `frames` frames.

    `focus` is in the window's units, as `render.pictures.still.Plate` has it.
    """
    progress = _ease(frame / (frames - 1)) if frames > 1 else 0.0
    return _MOVES[motion](progress, focus)


def _window_at(zoom: float, across: float, down: float) -> Window:
    size = 1 / zoom
    return Window((1 - size) * across, (1 - size) * down, size)


def _ease(time: float) -> float:
    # Half a linear move, half a cosine: it sets off and lands softly, yet never
    # stands still, so a fade joins two moving pictures.
    return 0.5 * time + 0.25 * (1 - cos(pi * time))


def _closer(progress: float, focus: Focus) -> Window:
    return _window_at(MAX_ZOOM**progress, focus.x, focus.y)


_MOVES: dict[Motion, Callable[[float, Focus], Window]] = {
    Motion.STILL: lambda _, focus: _window_at(1.0, focus.x, focus.y),
    Motion.ZOOM_IN: _closer,
    # Where no clip was made of the still, it moves as most do.
    Motion.GENERATED: _closer,
    Motion.ZOOM_OUT: lambda progress, focus: _window_at(
        MAX_ZOOM ** (1 - progress), focus.x, focus.y
    ),
    Motion.PAN_LEFT: lambda progress, focus: _window_at(_PAN_ZOOM, 1 - progress, focus.y),
    Motion.PAN_RIGHT: lambda progress, focus: _window_at(_PAN_ZOOM, progress, focus.y),
    Motion.PAN_UP: lambda progress, focus: _window_at(_PAN_ZOOM, focus.x, 1 - progress),
    Motion.PAN_DOWN: lambda progress, focus: _window_at(_PAN_ZOOM, focus.x, progress),
}
"""Each motion's window, from 0 at the shot's first frame to 1 at its last."""
