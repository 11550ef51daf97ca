from fractions import Fraction
from itertools import pairwise
from math import ceil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render.errors import InvalidStoryboard, LimitExceeded, MediaError
from render.placing import Pacing, build
from render.rendition import FRAME_RATES, Rate
from render.storyboard import CaptionStyle, Limits, Motion, Scene, Storyboard, Transition
from render.timeline import Cue, SceneMedia, Timeline

seconds = st.fractions(min_value=Fraction(1, 100), max_value=30, max_denominator=44_100)


@st.composite
def films(draw: st.DrawFn) -> tuple[Storyboard, dict[str, SceneMedia]]:
    scenes: list[Scene] = []
    media: dict[str, SceneMedia] = {}
    for number in range(draw(st.integers(1, 8))):
        spoken = draw(st.none() | seconds)
        scene = Scene(
            id=f"s{number}",
            duration=draw(st.none() | st.floats(min_value=0.04, max_value=40)),
            motion=draw(st.sampled_from(Motion)),
            pause_after=draw(st.sampled_from([0.0, 1.25])),
            transition=draw(st.sampled_from(Transition)),
            transition_seconds=draw(st.none() | st.floats(min_value=0.04, max_value=5)),
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


@given(films(), pacings, st.sampled_from(FRAME_RATES))
def test_shots_overlap_only_where_they_fade(
    given_film: tuple[Storyboard, dict[str, SceneMedia]], pacing: Pacing, fps: Rate
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
        half = Fraction(1, 60)
        assert abs(Fraction(shot.start, 30) + pacing.lead_in - voice.start) <= half
        assert voice.end + pacing.tail <= Fraction(shot.end, 30) + half


SHORTEST = 1 / min(FRAME_RATES)


def exact(
    storyboard: Storyboard, media: dict[str, SceneMedia], pacing: Pacing
) -> list[tuple[Fraction, Fraction]]:
    """When each scene begins and ends by what was asked for, which knows of no frames."""
    lengths: list[Fraction] = []
    for scene in storyboard.scenes:
        own = media[scene.id]
        air = pacing.lead_in + pacing.tail + Fraction(scene.pause_after)
        spoken = air + own.narration_seconds if own.narration else 0
        asked = Fraction(str(scene.duration)) if scene.duration is not None else 0
        lengths.append(max(asked, spoken, SHORTEST) if asked or spoken else pacing.silent_scene)
    times: list[tuple[Fraction, Fraction]] = []
    start = Fraction(0)
    for scene, length, following in zip(
        storyboard.scenes, lengths, [*lengths[1:], None], strict=True
    ):
        times.append((start, start + length))
        start += length
        if following is not None and scene.transition is not Transition.CUT:
            asked = scene.transition_seconds
            start -= min(
                pacing.transition if asked is None else Fraction(str(asked)),
                pacing.lead_in + pacing.tail,
                (min(length, following) - SHORTEST) / 2,
            )
    return times


@given(films(), pacings, st.sampled_from(FRAME_RATES))
def test_at_any_rate_every_border_is_within_half_a_frame_of_what_was_asked(
    given_film: tuple[Storyboard, dict[str, SceneMedia]], pacing: Pacing, fps: Rate
) -> None:
    timeline = build(*given_film, fps=fps, pacing=pacing)
    half = Fraction(1, 2 * fps)
    times = exact(*given_film, pacing)
    assert abs(timeline.duration - times[-1][1]) <= half
    voices = {voice.scene_id: voice for voice in timeline.voices}
    for shot, (start, end) in zip(timeline.shots, times, strict=True):
        # Both ends of both transitions too: they are the starts and ends of scenes.
        assert abs(Fraction(shot.start, fps) - start) <= half
        assert abs(Fraction(shot.end, fps) - end) <= half
        assert shot.frames <= shot.span <= shot.frames + 1
        if shot.scene_id in voices:
            assert voices[shot.scene_id].start == start + pacing.lead_in, "to the sample"


@given(films(), pacings)
def test_what_is_heard_and_read_is_the_same_at_every_rate(
    given_film: tuple[Storyboard, dict[str, SceneMedia]], pacing: Pacing
) -> None:
    first, *others = (build(*given_film, fps=fps, pacing=pacing) for fps in FRAME_RATES)
    for other in others:
        assert other.voices == first.voices
        assert other.captions == first.captions


@pytest.mark.parametrize(("fps", "frames"), [(24, 247), (25, 258), (30, 309), (50, 515), (60, 618)])
def test_errors_of_rounding_do_not_add_up(fps: int, frames: int) -> None:
    # 15 × 1.06 − 14 × 0.4 = 10.3 seconds; 247 frames at 24 are 10.29.
    scenes = tuple(
        Scene(id=f"s{number}", duration=1.06, transition_seconds=0.4) for number in range(15)
    )
    media = {scene.id: SceneMedia(picture=Path("p.png")) for scene in scenes}
    timeline = build(Storyboard(title="", scenes=scenes), media, fps=fps)
    assert timeline.frames == frames
    assert abs(timeline.duration - Fraction(103, 10)) <= Fraction(1, 2 * fps)


@given(films(), st.sampled_from(FRAME_RATES))
def test_a_scene_has_the_frames_it_lasts_or_one_fewer_wherever_it_stands(
    given_film: tuple[Storyboard, dict[str, SceneMedia]], fps: Rate
) -> None:
    storyboard, media = given_film
    for shot, (start, end) in zip(
        build(storyboard, media, fps=fps).shots, exact(storyboard, media, Pacing()), strict=True
    ):
        assert shot.span == ceil((end - start) * fps)
        assert abs(shot.frames - (end - start) * fps) < 1


def test_burned_captions_keep_their_place_in_a_scene_that_moves_by_part_of_a_frame() -> None:
    def placed(before: float) -> list[tuple[int, int]]:
        scenes = (
            Scene(id="a", duration=before, transition=Transition.CUT),
            Scene(id="b", narration="Good morning."),
        )
        said = Cue(start=Fraction(1, 7), end=Fraction(6, 7), text="Good morning.")
        media = {
            "a": SceneMedia(picture=Path("a.png")),
            "b": SceneMedia(
                picture=Path("b.png"),
                narration=Path("b.wav"),
                narration_seconds=Fraction(1),
                cues=(said,),
            ),
        }
        board = Storyboard(title="", captions=CaptionStyle.BOX, scenes=scenes)
        timeline = build(board, media)
        start = timeline.shots[1].start
        return [(words.start - start, words.frames) for words in timeline.texts]

    assert len({tuple(placed(3 + 0.004 * step)) for step in range(20)}) == 1


@given(
    ends=st.lists(st.fractions(Fraction(1, 50), 4, max_denominator=48_000), min_size=1, max_size=4),
    lasting=st.floats(min_value=0.04, max_value=9),
    fps=st.sampled_from(FRAME_RATES),
)
def test_never_are_two_captions_seen_at_once(
    ends: list[Fraction], lasting: float, fps: Rate
) -> None:
    # Each begins as the one before ends, and so does the next scene's first.
    at = [Fraction(0), *sorted(set(ends))]
    said = tuple(
        Cue(start=a, end=b, text=str(number)) for number, (a, b) in enumerate(pairwise(at))
    )
    scenes = tuple(
        Scene(id=f"s{number}", narration="…", duration=lasting, transition_seconds=0.9)
        for number in range(3)
    )
    media = {
        scene.id: SceneMedia(
            picture=Path("a.png"), narration=Path("a.wav"), narration_seconds=at[-1], cues=said
        )
        for scene in scenes
    }
    board = Storyboard(title="", captions=CaptionStyle.BOX, scenes=scenes)
    seen = build(board, media, fps=fps).texts
    assert all(words.end <= following.start for words, following in pairwise(seen))
    assert all(words.frames > 0 for words in seen)


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
    assert [shot.fade_out for shot in film(0, 0, 0, requested=0.2).shots] == [2, 3, 0]


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
