"""Camera moves over a still: which part of it is seen at which moment.

A `Window` is in units of the cover-fitted picture: (0, 0) is its upper left
corner, (1, 1) its lower right, and a window of size 1 shows all of it. The same
size serves both axes, since the picture already has the output's shape. No
window ever reaches outside the picture.

Pure and exact to the float: rounding to pixels is what makes a slow move jitter.
"""

from collections.abc import Callable
from math import cos, pi
from typing import NamedTuple

from render.storyboard import Motion

MAX_ZOOM = 1.12
"""How close a zoom comes."""
_PAN_ZOOM = 1.08
"""How close a pan stands; what this leaves over is the way it travels."""


class Window(NamedTuple):
    """The part of the picture that fills the frame."""

    left: float
    top: float
    size: float


def window(motion: Motion, *, frame: int, frames: int) -> Window:
    """Return what is seen in frame `frame` (from 0) of a shot of `frames` frames."""
    progress = _ease(frame / (frames - 1)) if frames > 1 else 0.0
    return _MOVES[motion](progress)


def _centred(zoom: float) -> Window:
    size = 1 / zoom
    return Window((1 - size) / 2, (1 - size) / 2, size)


def _panned(*, across: float = 0.5, down: float = 0.5) -> Window:
    size = 1 / _PAN_ZOOM
    return Window((1 - size) * across, (1 - size) * down, size)


def _ease(time: float) -> float:
    # Half a linear move, half a cosine: it sets off and lands softly, yet never
    # stands still, so a fade joins two moving pictures.
    return 0.5 * time + 0.25 * (1 - cos(pi * time))


_MOVES: dict[Motion, Callable[[float], Window]] = {
    Motion.STILL: lambda _: _centred(1.0),
    Motion.ZOOM_IN: lambda progress: _centred(MAX_ZOOM**progress),
    Motion.ZOOM_OUT: lambda progress: _centred(MAX_ZOOM ** (1 - progress)),
    Motion.PAN_LEFT: lambda progress: _panned(across=1 - progress),
    Motion.PAN_RIGHT: lambda progress: _panned(across=progress),
    Motion.PAN_UP: lambda progress: _panned(down=1 - progress),
    Motion.PAN_DOWN: lambda progress: _panned(down=progress),
}
"""Each motion's window, from 0 at the shot's first frame to 1 at its last."""
