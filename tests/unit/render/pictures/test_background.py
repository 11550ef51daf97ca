"""Backgrounds are compared with what a browser paints from the same colours and angle."""

import numpy as np
import pytest

from render.pictures.background import background_plate
from render.pictures.canvas import Canvas
from render.pictures.colour import ycbcr_of
from render.pictures.motion import window
from render.pictures.still import film
from render.rendition import Profile
from render.storyboard import Gradient, Motion, Solid

PROFILE = Profile(name="tiny", width=320, height=180)


def painted(background: Solid | Gradient) -> Canvas:
    canvas = Canvas(PROFILE)
    film(background_plate(background, PROFILE), window(Motion.STILL, frame=0, frames=1), canvas)
    return canvas


def shown(background: Solid | Gradient) -> np.ndarray:
    return (
        painted(background).frame().reformat(format="rgb24", src_colorspace="itu709").to_ndarray()
    )


@pytest.mark.parametrize("colour", ["#000000", "#ffffff", "#14213d", "#fca311"])
def test_a_solid_is_one_colour_everywhere(colour: str) -> None:
    for plane, value in zip(painted(Solid(colour=colour)).planes, ycbcr_of(colour), strict=True):
        assert np.all(plane == value)


# Red at the upper left, upper right, lower left and lower right, on the way to blue. A diagonal of
# 45° starts beyond no corner: CSS draws its line out until the corners have the pure colours.
@pytest.mark.parametrize(
    ("angle", "shares"),
    [
        (0, (1, 1, 0, 0)),
        (90, (0, 1, 0, 1)),
        (180, (0, 0, 1, 1)),
        (270, (1, 0, 1, 0)),
        (45, (0.36, 1, 0, 0.64)),
        (225, (0.64, 0, 1, 0.36)),
    ],
)
def test_a_gradient_runs_as_in_css(angle: float, shares: tuple[float, ...]) -> None:
    picture = shown(Gradient(start="#ff0000", end="#0000ff", angle=angle)).astype(int)
    corners = [picture[row, column] for row in (1, -2) for column in (1, -2)]
    for corner, share in zip(corners, shares, strict=True):
        assert np.abs(corner - np.array([255 * (1 - share), 0, 255 * share])).max() <= 8


def test_a_gradient_goes_evenly() -> None:
    picture = shown(Gradient(start="#000000", end="#ffffff")).astype(float)
    wanted = 255 * (np.arange(320) + 0.5) / 320
    assert np.abs(picture.mean(axis=(0, 2)) - wanted).max() < 1


def test_a_slow_gradient_has_no_bands() -> None:
    # Four levels over the whole width: rounded, that is three edges anyone sees.
    gradient = Gradient(start="#141414", end="#181818")
    y = painted(gradient).y.astype(float)
    wanted = 16 + 219 / 255 * (20 + 4 * (np.arange(320) + 0.5) / 320)
    means = y.mean(axis=0).reshape(40, 8).mean(axis=1)
    assert np.abs(means - wanted.reshape(40, 8).mean(axis=1)).max() < 0.1
    assert np.abs(y - wanted).max() < 1.2, "no more grain than one level"
