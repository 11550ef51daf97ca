"""Layers: laid on a canvas as the arithmetic of alpha says, and nowhere but in their box."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from render.pictures.canvas import Canvas
from render.rendition import Profile
from render.words.layer import Layer

PROFILE = Profile(name="small", width=64, height=36)

positions = st.integers(-20, 70)
bytes_ = st.integers(0, 255)


def canvas_of(y: int, u: int, v: int) -> Canvas:
    canvas = Canvas(PROFILE)
    canvas.y[:], canvas.u[:], canvas.v[:] = y, u, v
    return canvas


def plain(width: int, height: int, colour: tuple[int, int, int, int]) -> np.ndarray:
    return np.full((height, width, 4), colour, np.uint8)


def laid(picture: np.ndarray, left: int, top: int) -> Layer:
    return Layer.of(picture, left=left, top=top, width=64, height=36)


def test_an_opaque_picture_replaces_what_is_below() -> None:
    canvas = canvas_of(50, 90, 200)
    laid(plain(16, 8, (255, 255, 255, 255)), 10, 4).paint(canvas)
    assert (canvas.y[4:12, 10:26] == 235).all()
    assert (canvas.u[3:5, 6:12] == 128).all()
    canvas.y[4:12, 10:26] = 50
    assert (canvas.y == 50).all()


@pytest.mark.parametrize(
    ("colour", "y", "u", "v"),
    [((255, 0, 0), 63, 102, 240), ((0, 255, 0), 173, 42, 26), ((0, 0, 255), 32, 240, 118)],
)
def test_colours_are_those_of_bt709_in_limited_range(
    colour: tuple[int, int, int], y: int, u: int, v: int
) -> None:
    canvas = canvas_of(16, 128, 128)
    laid(plain(20, 20, (*colour, 255)), 8, 8).paint(canvas)
    assert abs(int(canvas.y[18, 18]) - y) <= 1
    assert abs(int(canvas.u[9, 9]) - u) <= 1
    assert abs(int(canvas.v[9, 9]) - v) <= 1


@given(below=bytes_, alpha=bytes_, grey=bytes_, opacity=st.floats(0, 1))
def test_alpha_and_opacity_mix_in_proportion(
    below: int, alpha: int, grey: int, opacity: float
) -> None:
    canvas = canvas_of(below, 128, 128)
    laid(plain(8, 8, (grey, grey, grey, alpha)), 8, 8).paint(canvas, opacity)
    share = alpha / 255 * opacity
    expected = below * (1 - share) + (16 + grey * 219 / 255) * share
    assert abs(int(canvas.y[11, 11]) - expected) <= 2


@given(below=bytes_)
def test_what_is_transparent_leaves_the_canvas_exactly_as_it_was(below: int) -> None:
    picture = plain(12, 12, (255, 0, 0, 0))
    picture[0, 0, 3] = picture[-1, -1, 3] = 255
    canvas = canvas_of(below, below, below)
    laid(picture, 8, 8).paint(canvas)
    assert (canvas.y[10:18, 10:18] == below).all()
    assert (canvas.u[6:9, 6:9] == below).all()


@settings(max_examples=60)
@given(
    left=positions,
    top=positions,
    width=st.integers(1, 90),
    height=st.integers(1, 50),
    opacity=st.floats(0, 1),
)
def test_a_layer_anywhere_touches_its_even_box_alone(
    left: int, top: int, width: int, height: int, opacity: float
) -> None:
    layer = laid(plain(width, height, (255, 255, 255, 255)), left, top)
    assert not any(n % 2 for n in (layer.left, layer.top, layer.width, layer.height))
    assert 0 <= layer.left <= layer.left + layer.width <= 64 or not layer.width
    assert 0 <= layer.top <= layer.top + layer.height <= 36 or not layer.height
    canvas = canvas_of(50, 60, 70)
    layer.paint(canvas, opacity)
    shown = np.zeros((36, 64), bool)
    shown[max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)] = True
    assert (canvas.y[~shown] == 50).all()
    if opacity == 1:
        assert (canvas.y[shown] == 235).all()


def test_chroma_is_sited_left() -> None:
    # Red from column 20 on: the chroma sample level with column 20 sees a quarter of white.
    picture = plain(24, 24, (255, 255, 255, 255))
    picture[:, 12:] = (255, 0, 0, 255)
    canvas = canvas_of(16, 128, 128)
    laid(picture, 8, 6).paint(canvas)
    red, white = int(canvas.v[9, 14]), int(canvas.v[9, 7])
    assert int(canvas.v[9, 10]) == pytest.approx(white + (red - white) * 0.75, abs=1)
    assert canvas.v[9, 9] == white


def test_layers_add_up() -> None:
    canvas = canvas_of(16, 128, 128)
    laid(plain(20, 20, (255, 255, 255, 255)), 4, 4).paint(canvas)
    laid(plain(20, 20, (0, 0, 0, 128)), 14, 4).paint(canvas)
    assert canvas.y[10, 8] == 235
    assert 124 <= canvas.y[10, 18] <= 126
    assert canvas.y[10, 30] == 16
