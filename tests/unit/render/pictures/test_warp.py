"""The warp against two references of its own kind: bilinear in float64, and an ideal camera."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from benchmarks.render import ideal
from render.pictures.canvas import Canvas
from render.pictures.motion import Window, window
from render.pictures.rows import mix_rows
from render.pictures.still import film, plate_of
from render.pictures.warp import sample, turned
from render.rendition import Profile
from render.storyboard import Motion

PROFILE = Profile(name="small", width=480, height=272)


def windows() -> st.SearchStrategy[Window]:
    """Any window inside the picture."""
    share = st.floats(0, 1)
    return st.builds(
        lambda size, across, down: Window((1 - size) * across, (1 - size) * down, size),
        st.floats(0.05, 1),
        share,
        share,
    )


def bilinear(source: np.ndarray, shape: tuple[int, int], view: Window, offset: float) -> np.ndarray:
    """The same window in float64, one sample after the other."""

    def places(held: int, wanted: int, start: float) -> tuple[np.ndarray, np.ndarray]:
        at = (start + (np.arange(wanted) + offset) / wanted * view.size) * held - 0.5
        at = np.clip(at, 0, held - 1)
        first = np.minimum(np.floor(at).astype(int), held - 2)
        return first, at - first

    (y, down), (x, across) = (
        places(source.shape[0], shape[0], view.top),
        places(source.shape[1], shape[1], view.left),
    )
    around = source.astype(np.float64)
    rows = around[y] * (1 - down)[:, None] + around[y + 1] * down[:, None]
    return rows[:, x] * (1 - across) + rows[:, x + 1] * across


def photograph(width: int, height: int) -> np.ndarray:
    """Shapes with edges and texture over a gradient, in RGB."""
    rng = np.random.default_rng(7)
    picture = np.zeros((height, width, 3), np.float32)
    picture += np.linspace(60, 180, width)[None, :, None]
    for _ in range(25):
        centre = tuple(int(v) for v in rng.uniform(0, 1, 2) * (width, height))
        colour = [float(v) for v in rng.uniform(0, 255, 3)]
        radius = int(rng.uniform(8, width / 6))
        cv2.circle(picture, centre, radius, colour, -1, cv2.LINE_AA)
    picture += cv2.GaussianBlur(rng.normal(0, 25, picture.shape).astype(np.float32), (0, 0), 1.2)
    return np.clip(picture, 0, 255).astype(np.uint8)


@settings(max_examples=60, deadline=None)
@given(view=windows(), offset=st.sampled_from([0.25, 0.5]), seed=st.integers(0, 99))
def test_every_window_is_sampled_as_in_float(view: Window, offset: float, seed: int) -> None:
    source = np.random.default_rng(seed).integers(0, 256, (90, 130), np.uint8)
    target = np.empty((37, 53), np.uint8)

    sample(turned(source), target, view, offset=(offset, offset))

    # Two roundings of half a level, and weights in 256ths over up to 255 levels.
    assert np.abs(target - bilinear(source, target.shape, view, offset)).max() <= 2.1


@given(level=st.integers(0, 255), view=windows())
def test_a_flat_plane_stays_flat(level: int, view: Window) -> None:
    target = np.empty((9, 13), np.uint8)
    sample(np.full((30, 20), level, np.uint8), target, view, offset=(0.5, 0.5))
    assert (target == level).all()


def test_all_of_a_plane_of_the_same_size_is_itself() -> None:
    source = np.random.default_rng(1).integers(0, 256, (600, 64), np.uint8)
    target = np.empty_like(source)
    sample(turned(source), target, Window(0, 0, 1), offset=(0.5, 0.5))
    assert (target == source).all()


def test_a_plane_may_be_part_of_a_larger_one() -> None:
    whole = np.random.default_rng(2).integers(0, 256, (80, 120), np.uint8)
    around, alone = np.zeros((60, 90), np.uint8), np.empty((30, 40), np.uint8)
    view = Window(0.1, 0.05, 0.8)

    sample(turned(whole)[10:110, 8:72], around[5:35, 7:47], view, offset=(0.5, 0.5))
    sample(turned(whole[8:72, 10:110]), alone, view, offset=(0.5, 0.5))

    assert (around[5:35, 7:47] == alone).all()
    around[5:35, 7:47] = 0
    assert not around.any()


def test_threads_sample_side_by_side() -> None:
    source = np.random.default_rng(3).integers(0, 256, (540, 960), np.uint8)
    views = [Window(0.001 * step, 0.0005 * step, 0.9) for step in range(40)]

    def sampled(view: Window) -> bytes:
        target = np.empty((270, 480), np.uint8)
        sample(source, target, view, offset=(0.5, 0.5))
        return target.tobytes()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(sampled, views)) == [sampled(view) for view in views]


@pytest.mark.parametrize("motion", [motion for motion in Motion if motion is not Motion.STILL])
def test_a_slow_move_is_the_ideal_cameras(motion: Motion) -> None:
    rgb = photograph(960, 544)
    luma = ideal.picture_luma(Image.fromarray(rgb))
    plate, canvas = plate_of(rgb, PROFILE), Canvas(PROFILE)

    for frame in (0, 50, 149):
        view = window(motion, frame=frame, frames=150)
        film(plate, view, canvas)
        wanted = ideal.view(luma, view, width=PROFILE.width, height=PROFILE.height)
        assert ideal.psnr(canvas.y, wanted) >= 40
        assert ideal.ssim(canvas.y, wanted) >= 0.99
        assert ideal.displacement(canvas.y, wanted) <= 0.05


def test_a_slow_zoom_moves_a_little_in_every_frame() -> None:
    rgb = photograph(960, 544)
    plate, canvas = plate_of(rgb, PROFILE), Canvas(PROFILE)
    pictures = []
    for frame in range(60, 72):
        film(plate, window(Motion.ZOOM_IN, frame=frame, frames=900), canvas)
        pictures.append(canvas.y.astype(np.float64))

    steps = [float(np.abs(after - before).mean()) for before, after in pairwise(pictures)]

    # Whole pixels would make it stand still, then jump.
    assert min(steps) > 0.5 * max(steps) > 0


@pytest.mark.parametrize(
    ("firsts", "shares"),
    [([0, 3], [0, 0]), ([-1, 0], [0, 0]), ([0, 1], [0, 257]), ([0], [0]), ([0, 1, 1], [0, 0, 0])],
)
def test_memory_beyond_the_planes_is_never_touched(firsts: list[int], shares: list[int]) -> None:
    source, target = np.zeros((4, 8), np.uint8), np.empty((2, 8), np.uint8)
    with pytest.raises(ValueError):  # noqa: PT011  its arguments are the evidence
        mix_rows(source, target, firsts=np.array(firsts), shares=np.array(shares, np.uint16))
