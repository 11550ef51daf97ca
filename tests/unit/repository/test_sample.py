"""The bakery's storyboard: whole, and using everything that the engine has."""

import msgspec
import numpy as np
import pytest

from render.storyboard import (
    CaptionStyle,
    Focus,
    Gradient,
    Limits,
    Motion,
    Scene,
    Solid,
    Storyboard,
    TextStyle,
)
from samples.bakery.brush import paint
from samples.bakery.make import FILES, STORYBOARD
from samples.bakery.sheet import Sheet

SAMPLE = msgspec.json.decode(STORYBOARD.read_bytes(), type=Storyboard)


def stills() -> list[Scene]:
    return [scene for scene in SAMPLE.scenes if not (scene.clip or scene.background)]


def test_can_be_filmed() -> None:
    SAMPLE.check(Limits())


def test_shows_every_motion() -> None:
    assert {scene.motion for scene in stills()} == set(Motion) - {Motion.GENERATED}  # a model's


def test_shows_every_kind_of_transition() -> None:
    kinds = {scene.transition.partition("_")[0] for scene in SAMPLE.scenes[:-1]}
    assert kinds == {"crossfade", "cut", "fade", "wipe", "slide"}


def test_shows_both_kinds_of_words_and_of_grounds() -> None:
    shown = {scene.text_style for scene in SAMPLE.scenes if scene.on_screen_text}
    assert shown == {TextStyle.TITLE, TextStyle.LOWER_THIRD}
    backgrounds = {type(scene.background) for scene in SAMPLE.scenes if scene.background}
    assert backgrounds == {Solid, Gradient}


def test_has_a_sounding_clip_ducked_music_a_logo_and_captions() -> None:
    assert any(scene.clip and scene.clip.volume is not None for scene in SAMPLE.scenes)
    assert SAMPLE.music
    assert SAMPLE.music.mood, "of the engine's own, which needs no file"
    assert SAMPLE.music.duck > 0
    assert SAMPLE.logo
    assert SAMPLE.captions is not CaptionStyle.NONE
    assert any(scene.caption not in {None, scene.narration} for scene in SAMPLE.scenes)
    assert any(abs(scene.focus.x - Focus().x) > 0.1 for scene in stills())


def test_every_file_is_made_and_none_in_vain() -> None:
    assert SAMPLE.logo
    clips = {f"{scene.id}.mp4" for scene in SAMPLE.scenes if scene.clip}
    pictures = {f"{scene.id}.jpg" for scene in stills()}
    assert set(FILES) == {*clips, *pictures, SAMPLE.logo.file}


@pytest.fixture(scope="module")
def sketch() -> Sheet:
    sheet = Sheet(1, rows=96, columns=128)
    sheet.lay(1.0, "#203050")
    sheet.lay(sheet.ellipse((2 / 3, 0.5), 0.3, 0.3), "#f0a040")
    return sheet


def test_a_painting_keeps_to_its_sketch(sketch: Sheet) -> None:
    painted = paint(sketch.rgb, scale=2, seed=3)
    assert painted.shape == (192, 256, 3)
    off = np.abs(painted[::2, ::2].astype(float) - sketch.rgb * 255)
    assert off.mean() < 12


def test_a_painting_is_the_same_twice(sketch: Sheet) -> None:
    assert np.array_equal(paint(sketch.rgb, scale=1, seed=3), paint(sketch.rgb, scale=1, seed=3))
