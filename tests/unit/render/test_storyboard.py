import hashlib
import unicodedata
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from render.errors import EmptyScript, InvalidStoryboard, LimitExceeded
from render.own import Upload
from render.storyboard import (
    Brief,
    Clip,
    Limits,
    Mood,
    Motion,
    Music,
    Scene,
    Solid,
    Storyboard,
    Transition,
    clean_text,
)
from tests.support.events import storyboard

LIMITS = Limits(max_script_chars=100, max_scenes=3, max_scene_chars=50, max_scene_seconds=60)


def test_the_digest_is_the_same_for_equal_storyboards() -> None:
    assert storyboard("A", "B").digest == storyboard("A", "B").digest


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Other"},
        {"locale": "de"},
        {"disclosure": True},
        {"music": {"file": "bed.mp3"}},
        {"music": {"mood": "warm"}},
        {"music": {"prompt": "A warm guitar"}},
        {"aspect_ratio": "9:16"},
        {"style": "oil"},
        {"voice": "someone"},
        {"palette": {"accent": "#000000"}},
        {"scenes": [{"id": "s1", "narration": "B"}]},
        {"scenes": [{"id": "s2", "narration": "A"}]},
        {"scenes": [{"id": "s1", "narration": "A", "duration": 5}]},
        {"scenes": [{"id": "s1", "narration": "A", "motion": Motion.STILL}]},
        {"scenes": [{"id": "s1", "narration": "A", "transition": Transition.CUT}]},
        {"scenes": [{"id": "s1", "narration": "A", "picturePrompt": "p"}]},
        {"scenes": [{"id": "s1", "narration": "A", "onScreenText": "t"}]},
    ],
)
def test_the_digest_covers_every_field(change: dict[str, object]) -> None:
    plain = storyboard("A")
    fields = msgspec.to_builtins(plain)
    renamed = {"aspect_ratio": "aspectRatio"}
    fields.update({renamed.get(name, name): value for name, value in change.items()})
    assert msgspec.convert(fields, Storyboard).digest != plain.digest


def test_a_storyboard_with_music_of_a_file_is_approved_as_before_there_were_moods() -> None:
    board = msgspec.structs.replace(storyboard("A"), music=Music(file="bed.mp3"))
    told = msgspec.to_builtins(board)
    for later in ("mood", "own", "prompt"):
        del told["music"][later]
    for later in ("speed", "cast", "look", "speakers", "disclosure"):
        del told[later]
    for later in (
        *("cast", "pictureTake", "narrationTake", "motionPrompt"),
        *("picture", "narrationFile", "speed", "pauseAfter", "clipSound"),
    ):
        del told["scenes"][0][later]
    old = hashlib.sha256(msgspec.json.encode(told, order="sorted")).hexdigest()
    assert board.digest == old


@pytest.mark.parametrize(
    ("music", "which"),
    [
        (Music(), "none of them"),
        (Music(prompt=" \n"), "none of them"),
        (Music(file="bed.mp3", mood=Mood.WARM), "more than one"),
        (Music(mood=Mood.WARM, prompt="A guitar"), "more than one"),
    ],
)
def test_music_is_a_file_a_mood_or_a_prompt(music: Music, which: str) -> None:
    board = msgspec.structs.replace(storyboard("A"), music=music)
    with pytest.raises(InvalidStoryboard) as raised:
        board.check(LIMITS)
    assert raised.value.message == (
        "Music is a file, a mood (calm, warm, bright, driving, tense, solemn) or a prompt;"
        f" this names {which}."
    )


def test_a_music_prompt_has_its_length() -> None:
    board = msgspec.structs.replace(storyboard("A"), music=Music(prompt="la " * 5_000))
    with pytest.raises(LimitExceeded, match="The music prompt may be at most 50"):
        board.check(LIMITS)


def test_no_scene_is_refused() -> None:
    with pytest.raises(InvalidStoryboard, match="no scene"):
        Storyboard(title="T", scenes=()).check(LIMITS)


def test_too_many_scenes_name_limit_and_number() -> None:
    with pytest.raises(LimitExceeded, match="at most 3 scenes; this is 4"):
        storyboard("a", "b", "c", "d").check(LIMITS)


def test_two_scenes_may_not_share_an_id() -> None:
    twice = Storyboard(title="T", scenes=(Scene(id="s1"), Scene(id="s1")))
    with pytest.raises(InvalidStoryboard, match="Two scenes have the id 's1'"):
        twice.check(LIMITS)


@pytest.mark.parametrize("duration", [0, -1, float("nan")])
def test_a_scene_lasts(duration: float) -> None:
    board = Storyboard(title="T", scenes=(Scene(id="s1", duration=duration),))
    with pytest.raises(InvalidStoryboard, match=r"the duration must be at least 0\.04 "):
        board.check(LIMITS)


def test_a_scene_past_its_limit_is_named_by_number() -> None:
    board = Storyboard(title="T", scenes=(Scene(id="a"), Scene(id="b", duration=61)))
    with pytest.raises(LimitExceeded, match="Scene 2: the duration may be at most 60 seconds"):
        board.check(LIMITS)


@pytest.mark.parametrize(
    "name",
    [field.name for field in msgspec.structs.fields(Scene) if field.type in {str, str | None}],
)
def test_no_text_of_a_scene_goes_unlimited(name: str) -> None:
    scene = msgspec.structs.replace(Scene(id="s1"), **{name: "x" * 51})
    with pytest.raises(LimitExceeded, match="at most 50 characters"):
        Storyboard(title="T", scenes=(scene,)).check(LIMITS)


def test_an_overlong_narration_is_named_by_number() -> None:
    with pytest.raises(LimitExceeded, match="Scene 1: the narration may be at most 50 characters"):
        storyboard("x" * 51).check(LIMITS)


@pytest.mark.parametrize("words", ["", " \n\t ", "\x00\x07"])
def test_a_brief_without_a_word_is_refused(words: str) -> None:
    with pytest.raises(EmptyScript):
        Brief(title="T", script=words, brief=words).check(LIMITS)


def test_a_script_past_its_limit_is_refused() -> None:
    with pytest.raises(LimitExceeded, match="The script may be at most 100 characters"):
        Brief(title="T", script="x" * 101).check(LIMITS)


@given(st.text())
def test_clean_text_holds_no_control_character_and_is_stable(text: str) -> None:
    cleaned = clean_text(text)
    assert not {"Cc", "Cs"} & {unicodedata.category(c) for c in cleaned if c not in "\n\t"}
    assert clean_text(cleaned) == cleaned
    cleaned.encode()


def test_clean_text_keeps_joiners_marks_and_line_breaks() -> None:
    family = "👩‍👩‍👧"
    text = f"{family}\n\tमु\u200dझे שלום\u200f"
    assert clean_text(text) == text


def test_clean_text_unifies_line_breaks_and_forms() -> None:
    assert clean_text("a\r\nb\rc\u2028d") == "a\nb\nc\nd"
    assert clean_text("e\u0301") == "é"


OWN = Upload(asset_id=UUID(int=1))


def test_what_one_brings_belongs_to_what_is_approved() -> None:
    plain = storyboard("A")
    (scene,) = plain.scenes
    clip = Clip()
    moving = msgspec.structs.replace(plain, scenes=(msgspec.structs.replace(scene, clip=clip),))
    brought = [
        msgspec.structs.replace(plain, scenes=(msgspec.structs.replace(scene, **{name: OWN}),))
        for name in ("picture", "narration_file")
    ]
    brought.append(
        msgspec.structs.replace(plain, scenes=(msgspec.structs.replace(scene, clip=Clip(own=OWN)),))
    )
    brought.append(msgspec.structs.replace(plain, music=Music(own=OWN)))
    digests = {board.digest for board in (plain, moving, *brought)}
    assert len(digests) == 6


@pytest.mark.parametrize(
    ("shown", "what"),
    [
        ({"background": Solid(colour="#000000")}, "a background"),
        ({"clip": Clip(own=OWN)}, "a clip of one's own"),
    ],
)
def test_a_scene_shows_its_own_picture_or_something_else(shown: dict[str, Any], what: str) -> None:
    scene = Scene(id="s1", picture=OWN, **shown)
    with pytest.raises(InvalidStoryboard) as raised:
        Storyboard(title="T", scenes=(scene,)).check(LIMITS)
    assert raised.value.message == (
        f"Scene 1: it can show a picture of one's own or {what}, not both."
    )
    assert raised.value.params == {"scene": "1", "field": "picture"}
