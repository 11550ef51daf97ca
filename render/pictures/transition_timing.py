"""Transition timing: how far one picture has given way to the next, and which way it goes.

A blend and a fade go evenly; what they end on would otherwise hang in the air. An edge or a
picture that travels sets off and lands softly. Pure: a preview goes by it without painting.
"""

from typing import NamedTuple

from render.storyboard import Transition

WIPE_SOFTNESS = 0.06
"""The width of a wipe's edge, as a share of the way it goes."""


class Way(NamedTuple):
    """Where a moving transition goes."""

    down: bool
    """Along the columns, rather than along the rows."""
    back: bool
    """To the left, or upwards."""


WIPES = {
    Transition.WIPE_LEFT: Way(down=False, back=True),
    Transition.WIPE_RIGHT: Way(down=False, back=False),
    Transition.WIPE_UP: Way(down=True, back=True),
    Transition.WIPE_DOWN: Way(down=True, back=False),
}
SLIDES = {
    Transition.SLIDE_LEFT: Way(down=False, back=True),
    Transition.SLIDE_RIGHT: Way(down=False, back=False),
    Transition.SLIDE_UP: Way(down=True, back=True),
    Transition.SLIDE_DOWN: Way(down=True, back=False),
}


def share_at(frame: int, frames: int) -> float:
    """Return how much of a transition's time has passed in frame `frame` (from 0) of `frames`.

    Never 0 nor 1: every frame of it shows something of both.
    """
    return (frame + 1) / (frames + 1)


def progress(transition: Transition, share: float) -> float:
    """Return how far a transition has come when a share of its time has passed."""
    return share * share * (3 - 2 * share) if travels(transition) else share


def travels(transition: Transition) -> bool:
    """Tell whether something moves in it."""
    return transition in WIPES or transition in SLIDES
