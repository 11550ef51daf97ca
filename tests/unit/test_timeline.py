from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render.errors import InvalidStoryboard, LimitExceeded, MediaError
from render.placing import Pacing, build
from render.storyboard import Limits, Motion, Scene, Storyboard, Transition
from render.timeline import SceneMedia, Timeline

seconds = st.fractions(min_value=Fraction(1, 100), max_value=30, max_denominator=44_100)


@st.composite
def films(draw: st.DrawFn) -> tuple[Storyboard, dict[str, SceneMedia]]:
    scenes: list[Scene] = []
    media: dict[str, SceneMedia] = {}
    for number in range(draw(st.integers(1, 8))):
        spoken = draw(st.none() | seconds)
        scene = Scene(
            id=f"s{number}",
            duration=draw(st.none() | st.floats(min_value=0.001, max_value=40)),
            motion=draw(st.sampled_from(Motion)),
            transition=draw(st.sampled_from(Transition)),
        )
        scenes.append(scene)
        media[scene.id] = SceneMedia(
            picture=Path(f"{number}.png"),
            narration=Path(f"{number}.wav") if spoken else None,
            narration_seconds=spoken or Fraction(0),
        )
    return Storyboard(title="", scenes=tuple(scenes)), media


pacings = st.builds(
    Pacing,
    lead_in=st.fractions(0, 2, max_denominator=100),
    tail=st.fractions(0, 2, max_denominator=100),
    silent_scene=st.fractions(Fraction(1, 10), 5, max_denominator=100),
    transition=st.fractions(0, 3, max_denominator=100),
)


def film(
    *narrations: float,
    requested: float | None = None,
    transition: Transition = Transition.CROSSFADE,
) -> Timeline:
    scenes = tuple(
        Scene(id=f"s{index}", duration=requested, transition=transition)
        for index in range(len(narrations))
    )
    media = {
        f"s{index}": SceneMedia(
            picture=Path("p.png"),
            narration=Path("n.wav") if length else None,
            narration_seconds=Fraction(str(length)),
        )
        for index, length in enumerate(narrations)
    }
    return build(Storyboard(title="", scenes=scenes), media)


@given(films(), pacings, st.sampled_from([24, 25, 30, 60]))
def test_shots_overlap_only_where_they_fade(
    given_film: tuple[Storyboard, dict[str, SceneMedia]], pacing: Pacing, fps: int
) -> None:
    timeline = build(*given_film, fps=fps, pacing=pacing)
    assert timeline.shots[0].start == 0
    assert timeline.shots[0].fade_in == timeline.shots[-1].fade_out == 0
    for shot, following in pairwise(timeline.shots):
        assert shot.end - following.start == shot.fade_out == following.fade_in
    for shot in timeline.shots:
        assert shot.fade_in + shot.fade_out < shot.frames, "a scene is seen alone for a while"
    lengths = sum(shot.frames for shot in timeline.shots)
    fades = sum(shot.fade_out for shot in timeline.shots)
    assert timeline.frames == lengths - fades
    assert timeline.duration * fps == timeline.frames


@given(films(), pacings)
def test_no_voice_speaks_over_another_or_past_its_scene(
    given_film: tuple[Storyboard, dict[str, SceneMedia]], pacing: Pacing
) -> None:
    timeline = build(*given_film, pacing=pacing)
    for voice, following in pairwise(timeline.voices):
        assert voice.end <= following.start
    shots = {shot.scene_id: shot for shot in timeline.shots}
    for voice in timeline.voices:
        shot = shots[voice.scene_id]
        assert Fraction(shot.start, 30) + pacing.lead_in == voice.start
        assert voice.end + pacing.tail <= Fraction(shot.end, 30)


@given(films())
def test_a_scene_lasts_as_long_as_was_asked_to_the_frame(
    given_film: tuple[Storyboard, dict[str, SceneMedia]],
) -> None:
    storyboard, media = given_film
    for scene, shot in zip(storyboard.scenes, build(storyboard, media).shots, strict=True):
        if scene.duration is not None and media[scene.id].narration is None:
            assert 0 <= shot.frames - Fraction(str(scene.duration)) * 30 < 1


def test_a_scene_follows_its_narration_with_air_around_it() -> None:
    timeline = film(4.0)
    assert timeline.frames == 147, "0.3 + 4 + 0.6 seconds at 30 frames"
    assert timeline.voices[0].start == Fraction(3, 10)


def test_a_narration_is_never_cut_by_a_shorter_duration() -> None:
    assert film(4.0, requested=2.0).frames == 147


def test_a_longer_duration_is_kept() -> None:
    assert film(4.0, requested=8.0).frames == 240


def test_a_silent_scene_lasts_three_seconds() -> None:
    timeline = film(0)
    assert timeline.duration == 3
    assert timeline.voices == ()


def test_scenes_fade_for_half_a_second_and_cut_at_once() -> None:
    assert film(0, 0).frames == 165
    assert film(0, 0, transition=Transition.CUT).frames == 180


def test_the_fades_of_a_short_scene_are_shortened() -> None:
    assert [shot.fade_out for shot in film(0, 0, 0, requested=0.2).shots] == [2, 2, 0]


def test_a_scene_longer_than_the_limit_is_named_by_its_number() -> None:
    storyboard = Storyboard(title="", scenes=(Scene(id="a"), Scene(id="b")))
    media = {
        "a": SceneMedia(picture=Path("a.png")),
        "b": SceneMedia(
            picture=Path("b.png"), narration=Path("b.wav"), narration_seconds=Fraction(700)
        ),
    }
    with pytest.raises(LimitExceeded) as caught:
        build(storyboard, media)
    assert caught.value.params["scene"] == "2"
    assert str(caught.value) == ("Scene 2: the length may be at most 600 seconds; this is 700.9.")


def test_a_video_longer_than_the_limit_is_refused() -> None:
    scenes = tuple(Scene(id=f"s{number}", duration=10) for number in range(3))
    media = {scene.id: SceneMedia(picture=Path("p.png")) for scene in scenes}
    with pytest.raises(LimitExceeded, match="The video may be at most 20 seconds; this is 29"):
        build(Storyboard(title="", scenes=scenes), media, limits=Limits(max_video_seconds=20))


def test_no_scene_and_a_missing_picture_are_refused() -> None:
    with pytest.raises(InvalidStoryboard):
        build(Storyboard(title="", scenes=()), {})
    with pytest.raises(MediaError, match="Scene 1: its files are missing"):
        build(Storyboard(title="", scenes=(Scene(id="a"),)), {})
