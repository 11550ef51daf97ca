"""Motion is judged against the picture's own formula, evaluated in float at the place where the
camera should be: no sampling code of the engine is asked."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from render.pictures.canvas import Canvas
from render.pictures.motion import MAX_ZOOM, Window, window
from render.pictures.still import Plate, film, load_plate
from render.rendition import Profile
from render.storyboard import Focus, Motion

Floats = npt.NDArray[np.float64]
PROFILE = Profile(name="tiny", width=320, height=180)
MOVING = [motion for motion in Motion if motion is not Motion.STILL]


def picture(u: Floats, v: Floats) -> Floats:
    """Smooth RGB, 0–255, of a picture at (u, v) in 0–1; every channel and direction differs."""
    red = 128 + 90 * np.sin(2 * np.pi * (3 * u + v))
    green = 128 + 90 * np.sin(2 * np.pi * (2 * v - u) + 1)
    blue = 128 + 90 * np.cos(2 * np.pi * (2 * u + 2 * v))
    return np.stack([red, green, blue], axis=-1)


def bt709(rgb: Floats) -> Floats:
    red, green, blue = np.moveaxis(rgb / 255, -1, 0)
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return np.stack(
        [
            16 + 219 * luma,
            128 + 224 * (blue - luma) / 1.8556,
            128 + 224 * (red - luma) / 1.5748,
        ]
    )


@pytest.fixture(scope="module")
def plate(tmp_path_factory: pytest.TempPathFactory) -> Plate:
    width, height = 800, 450
    u, v = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    path = tmp_path_factory.mktemp("motion") / "smooth.png"
    Image.fromarray(np.rint(picture(u, v)).astype(np.uint8)).save(path)
    return load_plate(path, PROFILE)


def seen(view: Window, columns: Floats, rows: Floats) -> Floats:
    u, v = np.meshgrid(
        view.left + view.size * columns / PROFILE.width,
        view.top + view.size * rows / PROFILE.height,
    )
    return bt709(picture(u, v))


@pytest.mark.parametrize("motion", list(Motion))
@pytest.mark.parametrize("frame", [0, 7, 44, 89])
def test_every_pixel_shows_the_exact_place_of_the_picture(
    plate: Plate, motion: Motion, frame: int
) -> None:
    view = window(motion, frame=frame, frames=90)
    canvas = Canvas(PROFILE)
    film(plate, view, canvas)
    columns, rows = np.arange(320.0), np.arange(180.0)
    wanted = seen(view, columns + 0.5, rows + 0.5)[0]
    # Rounded four times: on the plate, doubled, between the warp's two passes, and at last.
    assert np.abs(canvas.y - wanted).max() <= 2.5
    # Chroma of 4:2:0 is sited left: on every second column, between two rows.
    _, blue, red = seen(view, columns[::2] + 0.5, rows[::2] + 1)
    assert np.abs(canvas.u - blue).max() <= 2.0
    assert np.abs(canvas.v - red).max() <= 2.0


def displacement(plate: Plate, views: list[Window]) -> Floats:
    """How far the picture moved against the first view, in output pixels, by least squares."""
    canvas = Canvas(PROFILE)
    film(plate, views[0], canvas)
    first = canvas.y.astype(np.float64)
    down, across = np.gradient(first)
    inner = np.s_[8:-8, 8:-8]
    slopes = np.stack([across[inner].ravel(), down[inner].ravel()], axis=1)
    moves: list[Floats] = []
    for view in views:
        film(plate, view, canvas)
        change = (canvas.y - first)[inner].ravel()
        moves.append(-np.linalg.lstsq(slopes, change, rcond=None)[0])
    return np.array(moves)


def test_a_slow_pan_moves_by_hundredths_of_a_pixel_without_jitter(plate: Plate) -> None:
    step = 0.02
    views = [Window(0.04 + step * frame / PROFILE.width, 0.03, 0.93) for frame in range(40)]
    moved = displacement(plate, views)
    wanted = -step / 0.93 * np.arange(40)
    assert np.abs(moved[:, 0] - wanted).max() < 0.03
    assert np.abs(moved[:, 1]).max() < 0.03
    assert all(np.diff(moved[:, 0]) < -0.01), "every frame takes a step of its own"


@given(st.sampled_from(Motion), st.integers(1, 20_000), st.floats(0, 1), st.floats(0, 1), st.data())
def test_no_window_leaves_the_picture(
    motion: Motion, frames: int, across: float, down: float, data: st.DataObject
) -> None:
    frame = data.draw(st.integers(0, frames - 1))
    view = window(motion, frame=frame, frames=frames, focus=Focus(x=across, y=down))
    tolerance = 1e-12
    assert 1 / MAX_ZOOM - tolerance <= view.size <= 1
    assert -tolerance <= view.left <= view.left + view.size <= 1 + tolerance
    assert -tolerance <= view.top <= view.top + view.size <= 1 + tolerance


MEASURES: dict[Motion, Callable[[Window], float]] = {
    Motion.ZOOM_IN: lambda view: -view.size,
    Motion.ZOOM_OUT: lambda view: view.size,
    Motion.GENERATED: lambda view: -view.size,
    Motion.PAN_LEFT: lambda view: -view.left,
    Motion.PAN_RIGHT: lambda view: view.left,
    Motion.PAN_UP: lambda view: -view.top,
    Motion.PAN_DOWN: lambda view: view.top,
}


@pytest.mark.parametrize("motion", MOVING)
@pytest.mark.parametrize("frames", [2, 30, 18_000])
def test_a_motion_goes_one_way_and_never_stands_still(motion: Motion, frames: int) -> None:
    way = [MEASURES[motion](window(motion, frame=i, frames=frames)) for i in range(frames)]
    assert all(np.diff(way) > 0)


@pytest.mark.parametrize("motion", MOVING)
def test_a_motion_sets_off_and_lands_softly(motion: Motion) -> None:
    way = np.array([MEASURES[motion](window(motion, frame=i, frames=91)) for i in range(91)])
    speed = np.diff(way)
    assert speed[0] < 0.8 * speed[45]
    assert speed[-1] < 0.8 * speed[45]
    assert np.abs(np.diff(speed)).max() < 0.06 * speed.max(), "no jerk on the way"


def test_a_still_shows_all_of_the_picture() -> None:
    assert window(Motion.STILL, frame=12, frames=30) == Window(0.0, 0.0, 1.0)


@pytest.mark.parametrize("motion", [Motion.ZOOM_IN, Motion.ZOOM_OUT])
def test_a_zoom_leaves_the_focus_where_it_is(motion: Motion) -> None:
    focus = Focus(x=0.8, y=0.3)
    for frame in range(90):
        view = window(motion, frame=frame, frames=90, focus=focus)
        assert (focus.x - view.left) / view.size == pytest.approx(0.8)
        assert (focus.y - view.top) / view.size == pytest.approx(0.3)


def test_a_pan_keeps_to_the_focus_across_its_way() -> None:
    for frame in range(90):
        view = window(Motion.PAN_LEFT, frame=frame, frames=90, focus=Focus(y=0.9))
        assert (0.9 - view.top) / view.size == pytest.approx(0.9)
