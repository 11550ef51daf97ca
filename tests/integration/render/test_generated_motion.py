"""A still that was set in motion: its clip is shown, then holds; without one the camera moves."""

from fractions import Fraction
from pathlib import Path

import anyio
import msgspec
import numpy as np
import pytest

from render.assets import Assets, gather
from render.errors import InvalidStoryboard
from render.generation.offline.account import OfflineImages, OfflineSpeech
from render.placing import build
from render.sound.graph import Block
from render.sound.mix import is_audible
from render.storyboard import Clip, Limits, Motion, Scene, Solid, Storyboard, Transition
from render.timeline import Moving, Still
from tests.support.simulators import media
from tests.support.sounds import RATE, encoded, tone, write_wav

pytestmark = pytest.mark.anyio

SCENE = Scene(id="s1", picture_prompt="A loaf", motion=Motion.GENERATED, duration=5)
BOARD = Storyboard(title="Bread", scenes=(SCENE,))


async def gathered(folder: Path, made: Path, board: Storyboard = BOARD) -> Assets:
    await anyio.Path(made).mkdir()
    return await gather(
        board, folder=folder, stand_in_folder=made, images=OfflineImages(), speech=OfflineSpeech()
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


HEARD = Storyboard(
    title="Bread",
    scenes=(
        msgspec.structs.replace(
            SCENE, narration="Bread.", clip_sound=True, duration=8, transition=Transition.CUT
        ),
        Scene(id="s2", background=Solid(colour="#000000"), duration=3),
    ),
)


def tone_in(heard: Block, begin: float, end: float) -> float:
    """Return how loud the clips' tone of 440 Hz is from a second to another, in dB."""
    part = heard[0, round(begin * RATE) : round(end * RATE)]
    wave = np.exp(-2j * np.pi * 440 * np.arange(len(part)) / RATE)
    return float(20 * np.log10(abs(part @ wave) / len(part) + 1e-9))


async def test_its_sound_is_heard_with_it_and_steps_back_for_the_voice(tmp_path: Path) -> None:
    still = media.picture(1376, 768)
    (tmp_path / "s1.jpg").write_bytes(still)
    (tmp_path / "s1.mp4").write_bytes(media.clip(still, 6, sound=0.25))
    write_wav(tmp_path / "s1.wav", tone(2, hertz=1_000), rate=RATE)
    assets = await gathered(tmp_path, tmp_path / "made", HEARD)
    timeline = build(HEARD, assets.media)
    heard = encoded(timeline, tmp_path / "film.mp4")
    assert "clip_silent" not in {told.code for told in assets.warnings}
    alone = tone_in(heard, 4, 5)
    assert tone_in(heard, 1, 2) == pytest.approx(alone - 12, abs=0.5)
    # The clip is over, and then its scene.
    assert max(tone_in(heard, 6.5, 7.5), tone_in(heard, 8.5, 10.5)) < alone - 40
    # It comes and goes softly.
    assert tone_in(heard, 5.9, 5.99) < alone - 3


async def test_a_sound_that_nobody_asked_for_is_left_out(tmp_path: Path) -> None:
    still = media.picture(1376, 768)
    (tmp_path / "s1.jpg").write_bytes(still)
    (tmp_path / "s1.mp4").write_bytes(media.clip(still, 2, sound=0.25))
    assets = await gathered(tmp_path, tmp_path / "made")
    assert build(BOARD, assets.media).sounds == ()
    assert assets.warnings == ()


@pytest.mark.parametrize("sound", [None, 0.0], ids=["none", "silent"])
async def test_a_clip_that_was_to_be_heard_and_is_not_is_told(
    tmp_path: Path, sound: float | None
) -> None:
    still = media.picture(1376, 768)
    (tmp_path / "s1.jpg").write_bytes(still)
    (tmp_path / "s1.mp4").write_bytes(media.clip(still, 2, sound=sound))
    write_wav(tmp_path / "s1.wav", tone(2), rate=RATE)
    assets = await gathered(tmp_path, tmp_path / "made", HEARD)
    assert build(HEARD, assets.media).sounds == ()
    told = next(said for said in assets.warnings if said.code == "clip_silent")
    assert told.params == {"scene": 1}


def damaged(whole: bytes) -> bytes:
    # Its sound is written last, before the index.
    index = whole.rindex(b"moov")
    return whole[: index - 4_000] + bytes(3_000) + whole[index - 1_000 :]


def test_damaged_sound_is_none(tmp_path: Path) -> None:
    whole = media.clip(media.picture(1376, 768), 2, sound=0.25)
    place = tmp_path / "s1.mp4"
    place.write_bytes(whole)
    assert is_audible(place, seconds=Fraction(2))
    place.write_bytes(damaged(whole))
    assert not is_audible(place, seconds=Fraction(2))


@pytest.mark.parametrize("how", ["none", "silent", "damaged", "heard"])
async def test_a_clip_of_ones_own_is_looked_at_alike(tmp_path: Path, how: str) -> None:
    sound = {"none": None, "silent": 0.0}.get(how, 0.25)
    whole = media.clip(media.picture(1376, 768), 2, sound=sound)
    (tmp_path / "s1.mp4").write_bytes(damaged(whole) if how == "damaged" else whole)
    scene = Scene(id="s1", clip=Clip(), clip_sound=True)
    board = Storyboard(title="Bread", scenes=(scene,))
    assets = await gathered(tmp_path, tmp_path / "made", board)
    is_heard = how == "heard"
    assert len(build(board, assets.media).sounds) == is_heard
    assert [told.code for told in assets.warnings] == ([] if is_heard else ["clip_silent"])


@pytest.mark.parametrize("shown", [{"clip": Clip()}, {"background": Solid(colour="#000000")}])
def test_only_a_picture_is_set_in_motion(shown: dict[str, object]) -> None:
    scene = Scene(id="s1", motion=Motion.GENERATED, **shown)  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidStoryboard, match="motion can only be generated from a picture"):
        Storyboard(title="", scenes=(scene,)).check(Limits())


def test_a_storyboard_without_it_keeps_its_digest() -> None:
    plain = Storyboard(title="A", scenes=(Scene(id="s1"),))
    told = Storyboard(title="A", scenes=(Scene(id="s1", motion_prompt="Steam"),))
    assert plain.digest != told.digest
