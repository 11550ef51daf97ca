"""Enlargement: how many times what a shot shows is blown up, told where it will look blurred."""

from collections.abc import Iterable, Iterator, Sequence

from render.pictures.clip import measure_clip
from render.pictures.still import measure_picture, small_picture
from render.problem import Problem
from render.rendition import Profile
from render.storyboard import Fit
from render.timeline import Moving, Shot, Still

BLURRED = 3
"""Times a picture may be enlarged before it is told of."""


def enlarged(shots: Iterable[Shot], profiles: Sequence[Profile]) -> Iterator[Problem]:
    """Tell of pictures and clips that are too small for the largest frame that is made."""
    for shot in shots:
        match shot.source:
            case Still(path=path):
                width, height = measure_picture(path, scene=str(shot.number))
                told, covers = small_picture(width, height), True
            case Moving(path=path, fit=fit):
                width, height = measure_clip(path, scene=str(shot.number))
                told, covers = _small_clip(width, height), fit is Fit.COVER
            case _:
                continue
        # Before a camera comes nearer.
        needed = max if covers else min
        if any(
            needed(profile.width / width, profile.height / height) > BLURRED for profile in profiles
        ):
            yield told.of_scene(shot.number)


def _small_clip(width: int, height: int) -> Problem:
    return Problem(
        code="clip_small",
        message=f"The clip has only {width} × {height} pixels and will look blurred.",
        params={"width": width, "height": height},
    )
