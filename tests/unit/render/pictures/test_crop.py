"""Laws of cropping, for any picture, frame and focus."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render.pictures.crop import cover
from render.storyboard import Focus

sides = st.floats(1, 10_000)
shares = st.floats(0, 1)


@given(st.tuples(sides, sides), st.tuples(sides, sides), shares, shares)
def test_a_crop_is_inside_has_the_shape_and_keeps_the_focus(
    source: tuple[float, float], shape: tuple[float, float], across: float, down: float
) -> None:
    crop = cover(source, shape, Focus(x=across, y=down))
    left, top, right, bottom = crop.box
    assert 0 <= left <= right <= source[0] * (1 + 1e-12)
    assert 0 <= top <= bottom <= source[1] * (1 + 1e-12)
    assert crop.width / crop.height == pytest.approx(shape[0] / shape[1])
    filled = max(crop.width / source[0], crop.height / source[1])
    assert filled == pytest.approx(1), "no larger one would fit"
    assert left + crop.focus.x * crop.width == pytest.approx(across * source[0], abs=1e-6)
    assert top + crop.focus.y * crop.height == pytest.approx(down * source[1], abs=1e-6)


@given(st.floats(0, 1))
def test_the_focus_is_in_the_middle_as_far_as_the_borders_let_it(across: float) -> None:
    crop = cover((300, 100), (100, 100), Focus(x=across))
    if 1 / 6 <= across <= 5 / 6:
        assert crop.focus.x == pytest.approx(0.5)
    else:
        assert crop.left == pytest.approx(0 if across < 0.5 else 200)
