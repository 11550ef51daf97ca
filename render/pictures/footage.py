"""Footage: what one shot shows, frame after frame, whatever it is made of."""

from typing import Protocol

from render.pictures.canvas import Canvas
from render.pictures.motion import window
from render.pictures.still import Plate, film
from render.storyboard import Motion


class Footage(Protocol):
    """Paints the frames of one shot, in rising order, onto one canvas."""

    def film(self, frame: int, canvas: Canvas) -> bool:
        """Paint a frame, counted from the shot's first; False if the last one still stands."""
        ...


class StillFootage:
    """A camera over a plate."""

    def __init__(self, plate: Plate, motion: Motion, *, frames: int) -> None:
        """Take a plate, and the way over it, spread over so many frames."""
        self._plate = plate
        self._motion = motion
        self._frames = frames
        self._stands = False

    def film(self, frame: int, canvas: Canvas) -> bool:
        """Paint what the camera sees; False where it does not move, after the first time."""
        if self._stands:
            return False
        view = window(self._motion, frame=frame, frames=self._frames, focus=self._plate.focus)
        film(self._plate, view, canvas)
        self._stands = self._motion is Motion.STILL
        return True
