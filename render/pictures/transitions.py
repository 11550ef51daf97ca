"""How one picture gives way to the next: one mixed frame at a time, plane by plane.

`share` runs evenly from 0 to 1 over the transition and is eased where something moves
(`render.pictures.transition_timing`), to the fraction of a pixel.

A wipe's edge is soft, and every plane is mixed by where its own samples lie
(chroma of 4:2:0 is sited left: level with every second luma sample across,
half-way between two of them down), so that no colour runs ahead of its light.
"""

import cv2
import numpy as np

from render.pictures.canvas import Canvas
from render.pictures.colour import Plane, ycbcr_of
from render.pictures.transition_timing import SLIDES, WIPE_SOFTNESS, WIPES, Way, progress
from render.storyboard import HexColour, Transition


def mix(  # noqa: PLR0913  keyword-only past the fourth
    transition: Transition,
    before: Canvas,
    after: Canvas,
    canvas: Canvas,
    *,
    share: float,
    colour: HexColour,
) -> None:
    """Fill a canvas with a moment of a transition, `share` of the way from one to the other.

    `colour` is what a `fade` goes through. A cut takes no time: it never comes here.
    """
    if transition in WIPES:
        _wipe(WIPES[transition], before, after, canvas, progress(transition, share))
    elif transition in SLIDES:
        _slide(SLIDES[transition], before, after, canvas, progress(transition, share))
    elif transition is Transition.FADE:
        _fade(before, after, canvas, share, colour)
    else:
        canvas.blend(before, after, share)


def _fade(before: Canvas, after: Canvas, canvas: Canvas, share: float, colour: HexColour) -> None:
    source_canvas = before if share < 1 / 2 else after
    weight = abs(1 - 2 * share)
    for source, target, value in zip(
        source_canvas.planes, canvas.planes, ycbcr_of(colour), strict=True
    ):
        cv2.convertScaleAbs(source, dst=target, alpha=weight, beta=(1 - weight) * value)


def _wipe(way: Way, before: Canvas, after: Canvas, canvas: Canvas, share: float) -> None:
    first, last = (before, after) if way.back else (after, before)
    length = _length(canvas.y, way)
    soft = max(2.0, WIPE_SOFTNESS * length)
    # From just outside one border to just outside the other, in luma pixels.
    edge = (length + soft) * (1 - share if way.back else share) - soft / 2
    for lead, trail, target in zip(first.planes, last.planes, canvas.planes, strict=True):
        count = _length(target, way)
        step = length // count
        sited = 0.5 if step == 1 or not way.down else 1.0
        places = sited + step * np.arange(count, dtype=np.float32)
        shares = np.clip((places - edge) / soft + 0.5, 0, 1)
        # An edge that starts and ends gently shows no lines along its borders.
        shares *= shares * (3 - 2 * shares)
        begin = int(np.searchsorted(shares, 0, side="right"))
        end = int(np.searchsorted(shares, 1, side="left"))
        _cut(target, way, 0, begin)[...] = _cut(lead, way, 0, begin)
        _cut(target, way, end, count)[...] = _cut(trail, way, end, count)
        band = _cut(lead, way, begin, end).astype(np.float32)
        weights = shares[begin:end, None] if way.down else shares[begin:end]
        band += (_cut(trail, way, begin, end) - band) * weights
        _cut(target, way, begin, end)[...] = np.rint(band)


def _slide(way: Way, before: Canvas, after: Canvas, canvas: Canvas, share: float) -> None:
    # The two pictures are one long strip, and the frame is a window that moves over it.
    first, last = (before, after) if way.back else (after, before)
    progress = share if way.back else 1 - share
    for lead, trail, target in zip(first.planes, last.planes, canvas.planes, strict=True):
        count = _length(target, way)
        # At the very end the fraction is a whole sample, so that no slice reaches outside.
        whole = min(int(progress * count), count - 1)
        part = progress * count - whole
        seam = count - whole
        for source, following, place in (
            ((lead, whole, count - 1), (lead, whole + 1, count), (0, seam - 1)),
            ((lead, count - 1, count), (trail, 0, 1), (seam - 1, seam)),
            ((trail, 0, whole), (trail, 1, whole + 1), (seam, count)),
        ):
            if place[0] < place[1]:
                cv2.addWeighted(
                    _cut(source[0], way, *source[1:]),
                    1 - part,
                    _cut(following[0], way, *following[1:]),
                    part,
                    0,
                    dst=_cut(target, way, *place),
                )


def _length(plane: Plane, way: Way) -> int:
    return plane.shape[0] if way.down else plane.shape[1]


def _cut(plane: Plane, way: Way, start: int, stop: int) -> Plane:
    return plane[start:stop] if way.down else plane[:, start:stop]
