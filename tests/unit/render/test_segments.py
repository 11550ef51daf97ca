from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from render.encoder import X264
from render.placing import build
from render.rendition import Profile, profile_for
from render.segments import Segment, plan
from render.storyboard import (
    AspectRatio,
    CaptionStyle,
    Corner,
    Motion,
    Scene,
    Storyboard,
    Transition,
)
from render.timeline import Cue, LabelOverlay, SceneMedia, SpokenWord, Timeline

PROFILE = profile_for(AspectRatio.LANDSCAPE)


class Fingerprints(dict[Path, str]):
    """Every picture's content is its name, unless told otherwise."""

    def __missing__(self, path: Path) -> str:
        return path.name


def film(*scenes: Scene) -> Timeline:
    media = {scene.id: SceneMedia(picture=Path(f"{scene.id}.png")) for scene in scenes}
    return build(Storyboard(title="", scenes=scenes), media)


def planned(
    timeline: Timeline, *, profile: Profile = PROFILE, changed: dict[Path, str] | None = None
) -> tuple[Segment, ...]:
    return plan(timeline, profile=profile, encoder=X264, fingerprints=Fingerprints(changed or {}))


def digests(timeline: Timeline) -> set[str]:
    return {segment.digest for segment in planned(timeline)}


scenes = st.lists(
    st.builds(
        Scene,
        id=st.just(""),
        duration=st.floats(min_value=0.04, max_value=40),
        motion=st.sampled_from(Motion),
        transition=st.sampled_from(Transition),
    ),
    min_size=1,
    max_size=8,
).map(
    lambda drawn: tuple(
        msgspec.structs.replace(scene, id=f"s{number}") for number, scene in enumerate(drawn)
    )
)


@given(scenes)
def test_segments_cover_the_timeline_without_gap_or_overlap(
    given_scenes: tuple[Scene, ...],
) -> None:
    timeline = film(*given_scenes)
    segments = planned(timeline)
    assert segments[0].start == 0
    assert segments[-1].end == timeline.frames
    for segment, following in pairwise(segments):
        assert segment.end == following.start


@given(scenes)
def test_every_view_lies_inside_its_shot_at_its_place(given_scenes: tuple[Scene, ...]) -> None:
    for segment in planned(film(*given_scenes)):
        assert 1 <= segment.frames <= 150
        for view in segment.views:
            assert view.shot.start + view.first == segment.start
            assert 0 <= view.first <= view.first + segment.frames <= view.shot.frames


@given(scenes, st.data())
def test_a_changed_picture_changes_exactly_the_segments_that_show_it(
    given_scenes: tuple[Scene, ...], data: st.DataObject
) -> None:
    timeline = film(*given_scenes)
    picture = data.draw(st.sampled_from([shot.source.path for shot in timeline.shots]))
    before, after = planned(timeline), planned(timeline, changed={picture: "other"})
    for old, new in zip(before, after, strict=True):
        shown = picture in {view.shot.source.path for view in old.views}
        assert (old.digest != new.digest) == shown


A = Scene(id="a", duration=4, motion=Motion.PAN_LEFT)
B = Scene(id="b", duration=4, motion=Motion.ZOOM_IN)
C = Scene(id="c", duration=4, motion=Motion.ZOOM_OUT)


def test_words_and_names_change_no_segment() -> None:
    renamed = msgspec.structs.replace(film(A, B).shots[0], scene_id="z", number=9)
    timeline = film(A, B)
    edited = msgspec.structs.replace(timeline, shots=(renamed, *timeline.shots[1:]))
    assert digests(edited) == digests(timeline)


def test_a_scene_keeps_its_segment_wherever_it_moves() -> None:
    cut = [msgspec.structs.replace(scene, transition=Transition.CUT) for scene in (A, B, C)]
    assert digests(film(*cut)) == digests(film(*reversed(cut)))


@pytest.mark.parametrize(
    "edited",
    [
        msgspec.structs.replace(B, motion=Motion.PAN_UP),
        msgspec.structs.replace(B, duration=4.5),
    ],
)
def test_an_edit_leaves_the_other_scenes_segments_alone(edited: Scene) -> None:
    before, after = digests(film(A, B, C)), digests(film(A, edited, C))
    assert len(before) == 5
    assert len(before & after) == 2, "the bodies of the first and the last scene"


def test_a_motionless_scene_looks_the_same_at_any_length() -> None:
    still = msgspec.structs.replace(A, motion=Motion.STILL)
    # Ten seconds are two pieces of five, and both show the same.
    assert len(digests(film(msgspec.structs.replace(still, duration=10)))) == 1
    assert len(digests(film(msgspec.structs.replace(A, duration=10)))) == 2


def lasting(seconds: float, **how: object) -> Scene:
    return Scene(id="", duration=seconds, motion=Motion.ZOOM_IN, **how)


@given(
    # Long enough for transitions of half a second, which are whole frames.
    st.lists(st.floats(min_value=1.1, max_value=20), min_size=2, max_size=5),
    st.floats(min_value=1.1, max_value=20),
)
def test_an_edit_by_part_of_a_frame_renews_only_what_has_a_frame_more_or_fewer(
    lengths: list[float], edited: float
) -> None:
    def film_of(first: float) -> Timeline:
        return film(
            *(
                msgspec.structs.replace(lasting(seconds), id=f"s{number}")
                for number, seconds in enumerate((first, *lengths))
            )
        )

    before, after = film_of(3), film_of(edited)
    known = digests(before)
    for segment in planned(after):
        views = segment.views
        if views[0].shot.number == 1:
            continue
        old = [before.shots[view.shot.number - 1].frames for view in views]
        same = old == [view.shot.frames for view in views]
        # A piece that ends before its scene does stays, whatever its last frame is.
        begins = len(views) == 1 and (
            views[0].first + segment.frames < views[0].shot.frames - views[0].shot.fade_out
        )
        if same or begins:
            assert segment.digest in known


@settings(deadline=None)  # the first to have words reads all fonts
@given(st.floats(min_value=11, max_value=60), st.floats(min_value=0, max_value=1))
def test_most_of_a_long_scene_stays_where_it_is_moved_by_part_of_a_frame(
    seconds: float, shift: float
) -> None:
    def scene(first: float) -> set[str]:
        return digests(
            film(
                Scene(id="a", duration=3 + first, transition=Transition.CUT),
                Scene(id="b", duration=seconds, on_screen_text="Tides"),
            )
        )

    still, moved = scene(0), scene(shift)
    assert len(moved - still) <= 2, "the first scene, and the last piece of the second"


@pytest.mark.parametrize("change", [{"width": 1280}, {"fps": 25}, {"crf": 18}])
def test_the_profile_is_part_of_every_digest(change: dict[str, int]) -> None:
    timeline = film(A, B)
    other = planned(timeline, profile=msgspec.structs.replace(PROFILE, **change))
    assert not digests(timeline) & {segment.digest for segment in other}


def test_the_encoders_settings_are_part_of_every_digest() -> None:
    timeline = film(A, B)
    slower = msgspec.structs.replace(X264, options=X264.options | {"preset": "medium"})
    other = plan(timeline, profile=PROFILE, encoder=slower, fingerprints=Fingerprints())
    assert not digests(timeline) & {segment.digest for segment in other}


def lit_film(later: Fraction) -> Timeline:
    """Return twelve seconds under one narration, of which one word near the end is said later."""
    times = [Fraction(n) for n in range(10)]
    times[8] += later
    words = tuple(
        SpokenWord(f"word{n} ", at, following)
        for n, (at, following) in enumerate(pairwise([*times, Fraction(10)]))
    )
    cue = Cue(start=times[0], end=Fraction(10), text="".join(w.text for w in words), words=words)
    board = Storyboard(
        title="",
        captions=CaptionStyle.LIT,
        scenes=(Scene(id="a", narration=cue.text, duration=12, motion=Motion.STILL),),
    )
    spoken = SceneMedia(
        picture=Path("a.png"), narration=Path("a.wav"), narration_seconds=Fraction(10), cues=(cue,)
    )
    return build(board, {"a": spoken})


def test_a_word_that_is_lit_at_another_time_changes_the_segment_that_shows_it_alone() -> None:
    before, after = planned(lit_film(Fraction(0))), planned(lit_film(Fraction(1, 4)))
    changed = [old.digest != new.digest for old, new in zip(before, after, strict=True)]
    assert changed == [False, False, True]
    assert [segment.digest for segment in planned(lit_film(Fraction(1, 1000)))] == [
        segment.digest for segment in before
    ], "within the same frame"


def test_a_label_renews_every_segment_and_its_words_and_corner_tell() -> None:
    plain = film(A, B)
    made = [
        msgspec.structs.replace(plain, label=label)
        for label in (
            LabelOverlay(text="Made with AI", corner=Corner.TOP_LEFT),
            LabelOverlay(text="Made with AI", corner=Corner.TOP_RIGHT),
            LabelOverlay(text="Mit KI erstellt", corner=Corner.TOP_LEFT),
        )
    ]
    told = [digests(one) for one in (plain, *made)]
    assert sum(len(one) for one in told) == len(set().union(*told))
    assert digests(msgspec.structs.replace(made[0], label=None)) == told[0]
