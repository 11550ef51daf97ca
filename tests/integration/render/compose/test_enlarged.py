"""Pictures that are too small for the film they stand in, told before anything is encoded."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from render.assembly import Order, Production
from render.rendition import Profile, Quality, profile_for
from render.storyboard import AspectRatio, Clip, Fit, Scene, Storyboard
from tests.support.clips import write_clip

FULL = profile_for(AspectRatio.LANDSCAPE)
SMALL = profile_for(AspectRatio.LANDSCAPE, Quality.PREVIEW)
UPRIGHT = profile_for(AspectRatio.PORTRAIT)
TURNED = 6
"""EXIF's number for a camera that was held upright."""
TURNS = (None, (0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30))
"""Display matrices, by quarters of a turn."""


def told(folder: Path, size: tuple[int, int], *profiles: Profile, turned: bool = False) -> object:
    exif = Image.Exif()
    exif[0x0112] = TURNED if turned else 1
    Image.effect_noise(size, 60).convert("RGB").save(folder / "one.jpg", exif=exif)
    board = Storyboard(title="", scenes=(Scene(id="one", duration=1),))
    return warning_of(folder, board, *profiles).get("picture_small")


def warning_of(folder: Path, board: Storyboard, *profiles: Profile) -> dict[str, object]:
    production = Production(
        Order(storyboard=board, out=folder / "a.mp4", profiles=profiles, assets=folder),
        work=folder,
        on_progress=lambda _stage, _done, _total: None,
        stopped=lambda: False,
    )
    return {one.code: one.params for one in production.plan().warnings}


@pytest.mark.parametrize("size", [(640, 360), (1000, 360), (640, 4000)])
def test_three_times_is_not_told(tmp_path: Path, size: tuple[int, int]) -> None:
    assert told(tmp_path, size, FULL) is None


@pytest.mark.parametrize("size", [(639, 360), (1000, 359), (620, 4000), (8, 8)])
def test_more_than_three_times_is_told(tmp_path: Path, size: tuple[int, int]) -> None:
    width, height = size
    assert told(tmp_path, size, FULL) == {"width": width, "height": height, "scene": 1}


def test_what_counts_is_the_largest_frame_that_is_made(tmp_path: Path) -> None:
    assert told(tmp_path, (400, 300), SMALL) is None
    assert told(tmp_path, (400, 300), SMALL, FULL)


def test_a_picture_counts_as_it_is_seen(tmp_path: Path) -> None:
    assert told(tmp_path, (640, 360), UPRIGHT, turned=True) is None
    assert told(tmp_path, (640, 360), UPRIGHT) == {"width": 640, "height": 360, "scene": 1}
    assert told(tmp_path, (640, 360), FULL, turned=True) == {
        "width": 360,
        "height": 640,
        "scene": 1,
    }


def clip_told(
    folder: Path, size: tuple[int, int], profile: Profile, fit: Fit = Fit.COVER, *, turned: int = 0
) -> object:
    width, height = size
    picture = np.full((height, width, 3), 128, np.uint8)
    write_clip(folder / "one.mp4", [picture] * 3, matrix=TURNS[turned])
    board = Storyboard(title="", scenes=(Scene(id="one", duration=1, clip=Clip(fit=fit)),))
    return warning_of(folder, board, profile).get("clip_small")


def test_a_clip_is_told_as_a_picture_is(tmp_path: Path) -> None:
    assert clip_told(tmp_path, (640, 360), FULL) is None
    assert clip_told(tmp_path, (638, 360), FULL) == {"width": 638, "height": 360, "scene": 1}


def test_a_clip_counts_as_it_is_seen(tmp_path: Path) -> None:
    assert clip_told(tmp_path, (640, 360), UPRIGHT, turned=1) is None
    assert clip_told(tmp_path, (640, 360), UPRIGHT) == {"width": 640, "height": 360, "scene": 1}


def test_a_clip_that_is_shown_whole_counts_by_its_longer_way(tmp_path: Path) -> None:
    assert clip_told(tmp_path, (640, 200), FULL, Fit.CONTAIN) is None
    assert clip_told(tmp_path, (636, 200), FULL, Fit.CONTAIN)
