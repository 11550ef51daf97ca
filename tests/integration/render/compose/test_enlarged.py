"""Pictures that are too small for the film they stand in, told before anything is encoded."""

from pathlib import Path

import pytest
from PIL import Image

from render.assembly import Order, Production
from render.rendition import Profile, Quality, profile_for
from render.storyboard import AspectRatio, Scene, Storyboard

FULL = profile_for(AspectRatio.LANDSCAPE)
SMALL = profile_for(AspectRatio.LANDSCAPE, Quality.PREVIEW)
UPRIGHT = profile_for(AspectRatio.PORTRAIT)
TURNED = 6
"""EXIF's number for a camera that was held upright."""


def told(folder: Path, size: tuple[int, int], *profiles: Profile, turned: bool = False) -> object:
    exif = Image.Exif()
    exif[0x0112] = TURNED if turned else 1
    Image.effect_noise(size, 60).convert("RGB").save(folder / "one.jpg", exif=exif)
    board = Storyboard(title="", scenes=(Scene(id="one", duration=1),))
    production = Production(
        Order(storyboard=board, out=folder / "a.mp4", profiles=profiles, assets=folder),
        work=folder,
        on_progress=lambda _stage, _done, _total: None,
        stopped=lambda: False,
    )
    warnings = {one.code: one.params for one in production.plan().warnings}
    return warnings.get("picture_small")


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
