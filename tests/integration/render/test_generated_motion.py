"""A still that was set in motion: its clip is shown, then holds; without one the camera moves."""

from pathlib import Path

import anyio
import pytest

from render.assets import Assets, gather
from render.errors import InvalidStoryboard
from render.generation.offline.account import OfflineImages, OfflineSpeech
from render.placing import build
from render.storyboard import Clip, Limits, Motion, Scene, Solid, Storyboard
from render.timeline import Moving, Still
from tests.support.simulators import media

pytestmark = pytest.mark.anyio

SCENE = Scene(id="s1", picture_prompt="A loaf", motion=Motion.GENERATED, duration=5)
BOARD = Storyboard(title="Bread", scenes=(SCENE,))


async def gathered(folder: Path, made: Path) -> Assets:
    await anyio.Path(made).mkdir()
    return await gather(
        BOARD, folder=folder, stand_in_folder=made, images=OfflineImages(), speech=OfflineSpeech()
    )


async def test_its_clip_is_shown_and_the_still_belongs_to_it(tmp_path: Path) -> None:
    still = media.picture(1376, 768)
    (tmp_path / "s1.jpg").write_bytes(still)
    (tmp_path / "s1.mp4").write_bytes(media.clip(still, 2))
    assets = await gathered(tmp_path, tmp_path / "made")
    (shot,) = build(BOARD, assets.media).shots
    assert isinstance(shot.source, Moving)
    assert float(shot.source.seconds) == pytest.approx(2, abs=0.2)
    assert shot.frames == 150
    assert assets.warnings == ()


async def test_without_a_clip_the_camera_moves_and_that_is_told(tmp_path: Path) -> None:
    (tmp_path / "s1.jpg").write_bytes(media.picture(1376, 768))
    assets = await gathered(tmp_path, tmp_path / "made")
    (shot,) = build(BOARD, assets.media).shots
    assert isinstance(shot.source, Still)
    assert [told.code for told in assets.warnings] == ["missing_clip"]


@pytest.mark.parametrize("shown", [{"clip": Clip()}, {"background": Solid(colour="#000000")}])
def test_only_a_picture_is_set_in_motion(shown: dict[str, object]) -> None:
    scene = Scene(id="s1", motion=Motion.GENERATED, **shown)  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidStoryboard, match="motion can only be generated from a picture"):
        Storyboard(title="", scenes=(scene,)).check(Limits())


def test_a_storyboard_without_it_keeps_its_digest() -> None:
    plain = Storyboard(title="A", scenes=(Scene(id="s1"),))
    told = Storyboard(title="A", scenes=(Scene(id="s1", motion_prompt="Steam"),))
    assert plain.digest != told.digest
