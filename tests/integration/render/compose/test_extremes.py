"""The shortest, the longest, the most: storyboards at the ends of what can be asked for."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from typer.testing import CliRunner

from render.__main__ import app
from render.errors import InvalidStoryboard, LimitExceeded, RenderError
from render.inspection.probe import inspect
from render.rendition import Profile
from render.report import ErrorLine, ResultLine
from render.storyboard import CaptionStyle, Limits, Scene, Solid, Storyboard, TextStyle, Transition
from tests.support.engine import GROUND, board, make, run
from tests.support.sounds import speech, write_wav

MANY = Limits(max_scenes=1_000, max_scene_seconds=7_200)
LEAST = Profile(name="least", width=64, height=64)


def many(count: int, seconds: float, transition: Transition) -> Storyboard:
    scenes = tuple(
        Scene(
            id=f"s{number}",
            background=Solid(colour=f"#{number % 256:02x}{number // 256:02x}80"),
            duration=seconds,
            transition=transition,
        )
        for number in range(count)
    )
    return Storyboard(title="Many", scenes=scenes)


@pytest.mark.parametrize(("seconds", "frames"), [(0.05, 2), (0.04, 1)], ids=["0.05 s", "0.04 s"])
def test_the_shortest_scene_is_a_video(tmp_path: Path, seconds: float, frames: int) -> None:
    alone = Storyboard(title="Brief", scenes=(Scene(id="a", background=GROUND, duration=seconds),))
    assert make(alone, tmp_path).rendition.frames == frames
    assert inspect(tmp_path / "out.mp4").frames == frames


def test_short_scenes_with_long_transitions_follow_one_another(tmp_path: Path) -> None:
    brief = [
        Scene(id=f"s{number}", background=GROUND, duration=0.05, transition_seconds=5)
        for number in range(5)
    ]
    result = make(Storyboard(title="Brief", scenes=tuple(brief)), tmp_path)
    assert len(result.scenes) == 5
    assert [scene.start for scene in result.scenes] == sorted(
        {scene.start for scene in result.scenes}
    )


@pytest.mark.parametrize("transition", [Transition.CUT, Transition.CROSSFADE])
def test_forty_scenes(tmp_path: Path, transition: Transition) -> None:
    result = make(many(40, 0.5, transition), tmp_path, profiles=(LEAST,))
    assert len(result.scenes) == inspect(tmp_path / "out.mp4").chapters == 40


@pytest.mark.slow
def test_three_hundred_scenes(tmp_path: Path) -> None:
    film = many(300, 0.5, Transition.CROSSFADE)
    with pytest.raises(LimitExceeded, match="A storyboard may be at most 200 scenes; this is 300"):
        make(film, tmp_path)
    result = make(film, tmp_path, limits=MANY)
    assert len(result.scenes) == inspect(tmp_path / "out.mp4").chapters == 300


@pytest.mark.slow
def test_a_scene_of_half_an_hour(tmp_path: Path) -> None:
    long = Storyboard(title="Long", scenes=(Scene(id="a", background=GROUND, duration=1800),))
    with pytest.raises(LimitExceeded, match=r"Scene 1: the duration may be at most 600 seconds"):
        make(long, tmp_path)
    made = make(long, tmp_path, profiles=(LEAST,), limits=MANY).rendition
    assert made.frames == inspect(tmp_path / "out.mp4").frames == 54_000


TEXTS = {
    "one word": "x" * 5_000,
    "words": "word " * 1_000,
    "Chinese": "字" * 5_000,
    "Arabic": "مرحبا " * 833,
    "emoji": "😀" * 5_000,
    "marks": "e" + "\u0301" * 4_999,
    "line breaks": "\n" * 4_998 + "ab",
    "commands": "{\\an8}#let x = 1 $x$ <b>" * 200,
    "controls": "a\x00b\x1b[31m\u202e\ufffe" * 500,
}


@pytest.mark.parametrize("name", TEXTS)
def test_five_thousand_characters_are_read_shown_and_captioned(name: str, tmp_path: Path) -> None:
    text = TEXTS[name]
    write_wav(tmp_path / "b.wav", speech(1.0))
    scene = Scene(
        id="b",
        background=GROUND,
        narration=text,
        caption=text,
        on_screen_text=text,
        text_style=TextStyle.TITLE if name == "words" else TextStyle.LOWER_THIRD,
    )
    captions = tmp_path / "out.vtt"
    storyboard = board(scene, captions=CaptionStyle.BOX)
    result = make(storyboard, tmp_path, assets=tmp_path, captions=captions)
    assert {warning.params["scene"] for warning in result.warnings} <= {2}
    assert inspect(tmp_path / "out.mp4").captions == "eng"
    assert captions.read_text(encoding="utf-8").startswith("WEBVTT")


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("narration", "the narration"),
        ("on_screen_text", "the on-screen text"),
        ("caption", "the caption"),
        ("picture_prompt", "the picture prompt"),
    ],
)
def test_one_character_more_is_refused(field: str, words: str, tmp_path: Path) -> None:
    scene = msgspec.structs.replace(Scene(id="b", background=GROUND), **{field: "x" * 5_001})
    message = f"Scene 2: {words} may be at most 5000 characters; this is 5001"
    with pytest.raises(LimitExceeded, match=message):
        make(board(scene), tmp_path)


def scene_of(**fields: object) -> str:
    plain = {"id": "a", "duration": 1, "background": {"kind": "solid", "colour": "#336699"}}
    return json.dumps({"title": "T", "scenes": [plain | fields]})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[" * 200_000, "The storyboard cannot be read"),
        ('{"title":' + "[" * 100_000 + "]" * 100_000 + "}", "The storyboard cannot be read"),
        (scene_of(x="[" * 10 + "]" * 10), "unknown field `x`"),
        (scene_of(duration=float("nan")), "JSON is malformed"),
        (scene_of(duration=float("inf")), "JSON is malformed"),
        ('{"title": "T", "scenes": [{"id": "a", "duration": 1e400}]}', "Number out of range"),
        (scene_of(duration=10**300), "Scene 1: the duration may be at most 600 seconds"),
        (scene_of(duration=-1e308), "Scene 1: the duration must be at least 0.04 seconds"),
        (scene_of(duration=1e-300), "Scene 1: the duration must be at least 0.04 seconds"),
        (scene_of(transitionSeconds=1e9), "Scene 1: the transition may be at most 5 seconds"),
        (scene_of(focus={"x": 1e300, "y": 0}), "The storyboard cannot be read"),
        (scene_of(id="a" * 65), "The storyboard cannot be read"),
        (
            scene_of().replace("]}", ', {"id": "b"}, {"id": "a"}]}'),
            "Two scenes have the id 'a': 1 and 3.",
        ),
        ("\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "The storyboard cannot be"),
        ('{"title": "T", "scenes": ' + "[" + "{}," * 99_999 + "{}]}", "required field `id`"),
    ],
    ids=range(15),
)
def test_a_storyboard_that_is_nonsense_is_said(content: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "board.json"
    path.write_text(content, encoding="utf-8")
    done = CliRunner().invoke(app, ["plan", str(path), "--json"])
    assert done.exit_code == 1
    error = msgspec.json.decode(done.stdout, type=ErrorLine)
    assert error.code in {"invalid_storyboard", "limit_exceeded"}
    assert words in error.message


def test_a_storyboard_of_ten_megabytes_is_filmed_and_signed(tmp_path: Path) -> None:
    path, out = tmp_path / "board.json", tmp_path / "out.mp4"
    path.write_text(scene_of() + " " * 10_000_000)
    status, lines = run(
        path, "-o", out, "--profile", "preview", "--credentials", tmp_path / "credentials"
    )
    assert status == 0, lines[-1]
    assert isinstance(lines[-1], ResultLine)
    assert lines[-1].rendition.signed
    assert out.stat().st_size < 1_000_000


@pytest.mark.parametrize(
    "make_scene",
    [
        lambda: Scene(id="b", background=GROUND, duration=float("nan")),
        lambda: Scene(id="b", background=GROUND, transition_seconds=float("nan")),
        lambda: Scene(id="b", background=GROUND, duration=float("inf")),
    ],
)
def test_numbers_that_are_none_are_refused_by_their_scene(
    make_scene: Callable[[], Any], tmp_path: Path
) -> None:
    with pytest.raises(InvalidStoryboard, match="Scene 2: ") as caught:
        make(board(make_scene()), tmp_path)
    assert caught.value.params["scene"] == "2"


def test_more_than_the_longest_video_is_refused(tmp_path: Path) -> None:
    film = many(13, 599, Transition.CUT)
    with pytest.raises(RenderError, match="The video may be at most 7200 seconds; this is 7787"):
        make(film, tmp_path)


def test_a_narration_far_longer_than_its_scene_is_heard_to_its_end(tmp_path: Path) -> None:
    write_wav(tmp_path / "b.wav", np.tile(speech(3.0), 4))
    scene = Scene(id="b", background=GROUND, narration="Long.", duration=0.05)
    result = make(board(scene), tmp_path, assets=tmp_path, profiles=(LEAST,))
    assert result.rendition.duration > 12
