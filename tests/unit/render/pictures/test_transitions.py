"""Transitions are judged on pictures whose every sample is known: flat ones, and a smooth one that
is a formula of its place."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from render.pictures.canvas import Canvas
from render.pictures.colour import ycbcr_of
from render.pictures.transitions import mix
from render.rendition import Profile
from render.storyboard import Transition

PROFILE = Profile(name="tiny", width=320, height=180)
TIMED = [transition for transition in Transition if transition is not Transition.CUT]
WIPES = [transition for transition in Transition if "wipe" in transition]
SLIDES = [transition for transition in Transition if "slide" in transition]
BLACK = "#000000"


def flat(colour: str) -> Canvas:
    canvas = Canvas(PROFILE)
    canvas.fill(colour)
    return canvas


def noise(seed: int) -> Canvas:
    canvas = Canvas(PROFILE)
    canvas.pixels[:] = np.random.default_rng(seed).integers(16, 236, canvas.pixels.shape)
    return canvas


def mixed(
    transition: Transition, before: Canvas, after: Canvas, share: float, colour: str = BLACK
) -> Canvas:
    canvas = Canvas(PROFILE)
    canvas.pixels.fill(77)
    mix(transition, before, after, canvas, share=share, colour=colour)
    return canvas


@pytest.mark.parametrize("transition", TIMED)
def test_a_transition_begins_at_one_picture_and_ends_at_the_other(transition: Transition) -> None:
    one, other = noise(1), noise(2)
    assert np.array_equal(mixed(transition, one, other, 1e-9).pixels, one.pixels)
    assert np.array_equal(mixed(transition, one, other, 1 - 1e-9).pixels, other.pixels)


@given(st.sampled_from(TIMED), st.floats(0.001, 0.999), st.integers(0, 99))
def test_no_sample_lies_outside_what_is_mixed(
    transition: Transition, share: float, seed: int
) -> None:
    before, after = noise(seed), noise(seed + 100)
    picture = mixed(transition, before, after, share, "#808080").pixels
    assert picture.min() >= 16
    assert picture.max() <= 235


@pytest.mark.parametrize("transition", TIMED)
def test_what_both_pictures_show_never_changes(transition: Transition) -> None:
    same = flat("#3478bc")
    for share in np.linspace(0.01, 0.99, 23):
        assert np.array_equal(mixed(transition, same, same, share, "#3478bc").pixels, same.pixels)


def test_a_crossfade_weighs_both() -> None:
    picture = mixed(Transition.CROSSFADE, flat("#000000"), flat("#ffffff"), 0.25)
    assert abs(int(picture.y[0, 0]) - (16 + 219 / 4)) < 1


@pytest.mark.parametrize("colour", ["#000000", "#ffffff", "#c81e28"])
def test_a_fade_is_all_colour_half_way(colour: str) -> None:
    picture = mixed(Transition.FADE, noise(1), noise(2), 0.5, colour)
    for plane, value in zip(picture.planes, ycbcr_of(colour), strict=True):
        assert np.all(plane == value)


def test_a_fade_goes_out_of_one_picture_and_into_the_other() -> None:
    one, other = flat("#ffffff"), flat("#14213d")
    leaving, coming = (mixed(Transition.FADE, one, other, share) for share in (0.25, 0.75))
    assert abs(int(leaving.y[0, 0]) - (16 + 219 / 2)) < 1
    assert abs(int(coming.y[0, 0]) - (16 + (int(other.y[0, 0]) - 16) / 2)) < 1


# Where the new picture is first seen, as (row, column) of the luma plane.
FIRST_SEEN = {
    Transition.WIPE_LEFT: (90, -1),
    Transition.WIPE_RIGHT: (90, 0),
    Transition.WIPE_UP: (-1, 160),
    Transition.WIPE_DOWN: (0, 160),
    Transition.SLIDE_LEFT: (90, -1),
    Transition.SLIDE_RIGHT: (90, 0),
    Transition.SLIDE_UP: (-1, 160),
    Transition.SLIDE_DOWN: (0, 160),
}


@pytest.mark.parametrize("transition", FIRST_SEEN)
def test_a_move_goes_where_it_says(transition: Transition) -> None:
    picture = mixed(transition, flat("#000000"), flat("#ffffff"), 0.3)
    row, column = FIRST_SEEN[transition]
    assert picture.y[row, column] == 235
    assert picture.y[-1 - row, -1 - column] == 16


@pytest.mark.parametrize("transition", [*WIPES, *SLIDES])
def test_a_move_is_smooth_to_the_fraction_of_a_pixel(transition: Transition) -> None:
    one, other = flat("#000000"), flat("#ffffff")
    covered = [
        (mixed(transition, one, other, share).y.mean() - 16) / 219
        for share in np.linspace(0.005, 0.995, 199)
    ]
    steps = np.diff(covered)
    assert steps.min() >= 0
    assert steps[10:-10].min() > 0, "it never stands still"
    assert np.abs(np.diff(steps)).max() < 0.0015, "nor jumps"
    assert abs(covered[99] - 0.5) < 0.005
    assert steps[0] < steps[99] / 5, "and sets off softly"


@pytest.mark.parametrize("transition", WIPES)
def test_a_wipe_has_a_soft_edge_and_no_fringe(transition: Transition) -> None:
    # Between a colour and black, every sample's chroma goes with its luma.
    amber = flat("#ffc000")
    picture = mixed(transition, flat(BLACK), amber, 0.37)
    y, u, v = (plane.astype(float) for plane in picture.planes)
    full = [float(plane[0, 0]) for plane in amber.planes]
    # Luma where the chroma is sited: level across, half-way down.
    lower, upper = y[1::2], y[::2]
    luma = (lower + upper)[:, ::2] / 2
    share = (luma - 16) / (full[0] - 16)
    assert np.count_nonzero((share > 0.02) & (share < 0.98)) > 90, "the edge is soft"
    assert np.abs(u - (128 + share * (full[1] - 128))).max() <= 1.2
    assert np.abs(v - (128 + share * (full[2] - 128))).max() <= 1.2


def formula(columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return 125 + 60 * np.sin(2 * np.pi * (columns / 80 + rows / 60))


@pytest.mark.parametrize(
    ("transition", "away"),
    [
        (Transition.SLIDE_LEFT, lambda x, y, gone: (x + gone * 320, y)),
        (Transition.SLIDE_RIGHT, lambda x, y, gone: (x - gone * 320, y)),
        (Transition.SLIDE_UP, lambda x, y, gone: (x, y + gone * 180)),
        (Transition.SLIDE_DOWN, lambda x, y, gone: (x, y - gone * 180)),
    ],
)
@pytest.mark.parametrize("share", [0.08, 0.3, 0.51, 0.9])
def test_a_slide_moves_every_sample_by_the_same_way(
    transition: Transition, away: Callable[..., tuple[np.ndarray, np.ndarray]], share: float
) -> None:
    # One formula over both pictures: pushed together, they are one long picture.
    def painted(shift: float) -> Canvas:
        canvas = Canvas(PROFILE)
        for plane, sites in zip(canvas.planes, all_sites, strict=True):
            columns, rows = away(*sites, shift)
            plane[:] = np.rint(formula(columns, rows))
        return canvas

    luma = np.meshgrid(np.arange(320) + 0.5, np.arange(180) + 0.5)
    chroma = np.meshgrid(np.arange(160) * 2 + 0.5, np.arange(90) * 2 + 1.0)
    all_sites = (luma, chroma, chroma)
    gone = share * share * (3 - 2 * share)
    picture = mixed(transition, painted(0), painted(1), share)
    for plane, sites in zip(picture.planes, all_sites, strict=True):
        columns, rows = away(*sites, gone)
        assert np.abs(plane - formula(columns, rows)).max() <= 1.5
