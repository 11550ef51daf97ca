"""Laws of the preview, and that it is the engine's own timeline."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st

from render.cast import CastMember
from render.disclosure import label_text
from render.errors import InvalidStoryboard, LimitExceeded
from render.languages import estimate_seconds, script_of
from render.measures import PictureMeasures, SpeechMeasures
from render.pictures.motion import window
from render.preview.document import (
    ClipView,
    ExistingAsset,
    FrameSpan,
    StillView,
    TimelinePreview,
)
from render.preview.known import KnownClip, KnownMedium, SceneAssets
from render.preview.planning import plan_preview
from render.rendition import FRAME_RATES, Quality, Rate, profile_for
from render.storyboard import (
    AspectRatio,
    CaptionStyle,
    Clip,
    Corner,
    Focus,
    Gradient,
    Limits,
    Logo,
    Motion,
    Music,
    Scene,
    Solid,
    Storyboard,
    TextStyle,
    Transition,
)
from render.words import faces, fonts
from render.words.zones import label_zone

ASSET = ExistingAsset(id="a1", content_url="/a1", media_type="image/png", placeholder=False)
NARRATIONS = (
    "",
    "Bread.",
    "The first loaf leaves the oven at five. By seven, the shop is full of people.",
    "パンは毎朝五時に焼き上がります。七時には店がいっぱいです。",
    "الخبز الأول يخرج من الفرن في الخامسة.",
)


def spoken(seconds: Fraction, *, rate: int = 24_000) -> KnownMedium:
    return KnownMedium(asset=ASSET, measures=SpeechMeasures(samples=int(seconds * rate), rate=rate))


@st.composite
def boards(draw: st.DrawFn) -> tuple[Storyboard, dict[str, SceneAssets]]:
    scenes: list[Scene] = []
    assets: dict[str, SceneAssets] = {}
    for number in range(draw(st.integers(1, 6))):
        scene = Scene(
            id=f"s{number}",
            narration=draw(st.sampled_from(NARRATIONS)),
            on_screen_text=draw(st.sampled_from(("", "Bread", "Bread\nEvery morning"))),
            text_style=draw(st.sampled_from(TextStyle)),
            duration=draw(st.none() | st.floats(min_value=0.05, max_value=20)),
            motion=draw(st.sampled_from([one for one in Motion if one is not Motion.GENERATED])),
            transition=draw(st.sampled_from(Transition)),
            transition_seconds=draw(st.none() | st.floats(min_value=0.04, max_value=5)),
            focus=Focus(x=draw(st.floats(0, 1)), y=draw(st.floats(0, 1))),
            background=draw(
                st.sampled_from(
                    (None, Solid(colour="#102030"), Gradient(start="#000000", end="#ffffff"))
                )
            ),
        )
        scenes.append(scene)
        lasts = draw(st.none() | st.fractions(Fraction(1, 10), 12, max_denominator=24_000))
        assets[scene.id] = SceneAssets(narration=spoken(lasts) if lasts else None)
    board = Storyboard(
        title="Bread",
        scenes=tuple(scenes),
        captions=draw(st.sampled_from(CaptionStyle)),
        music=draw(st.sampled_from((None, Music(file="m.mp3")))),
        logo=draw(st.sampled_from((None, Logo(file="l.png")))),
        disclosure=draw(st.booleans()),
        locale=draw(st.sampled_from(("en", "ja", "ar"))),
    )
    return board, assets


def planned(
    board: Storyboard,
    assets: dict[str, SceneAssets] | None = None,
    *,
    shape: AspectRatio = AspectRatio.LANDSCAPE,
    fps: Rate = 30,
) -> TimelinePreview:
    return plan_preview(board, assets or {}, aspect_ratio=shape, quality=Quality.PREVIEW, fps=fps)


def end(span: FrameSpan) -> int:
    return span.start_frame + span.frames


def spans(preview: TimelinePreview) -> Iterator[FrameSpan]:
    for scene in preview.scenes:
        yield scene.span
        yield scene.alone
        if scene.text:
            yield scene.text.span
        if scene.transition:
            yield scene.transition.span
    for cue in preview.captions.cues:
        if cue.span:
            yield cue.span


@settings(deadline=None)
@given(boards(), st.sampled_from(FRAME_RATES))
def test_scenes_tile_the_film_but_for_their_transitions(
    given_board: tuple[Storyboard, dict[str, SceneAssets]], fps: Rate
) -> None:
    preview = planned(*given_board, fps=fps)
    assert preview.scenes[0].span.start_frame == 0
    assert end(preview.scenes[-1].span) == preview.frames
    assert preview.scenes[-1].transition is None
    for scene, following in pairwise(preview.scenes):
        overlap = end(scene.span) - following.span.start_frame
        assert overlap == (scene.transition.span.frames if scene.transition else 0)
        if scene.transition:
            assert scene.transition.span.start_frame == following.span.start_frame
        assert end(scene.alone) == following.span.start_frame
    for span in spans(preview):
        assert 0 <= span.start_frame < end(span) <= preview.frames
        assert span.start == float(span.start_frame / Fraction(fps))
        assert span.duration == float(span.frames / Fraction(fps))


@settings(deadline=None)
@given(boards(), st.sampled_from(AspectRatio))
def test_every_layer_lies_within_its_scene(
    given_board: tuple[Storyboard, dict[str, SceneAssets]], shape: AspectRatio
) -> None:
    preview = planned(*given_board, shape=shape)
    canvas = preview.canvas
    scenes = {scene.id: scene for scene in preview.scenes}
    for scene in preview.scenes:
        if scene.text:
            assert scene.text.span == scene.alone
            assert 2 * scene.text.fade_frames < scene.text.span.frames
            zone = scene.text.look.zone
            assert 0 <= zone.left <= zone.left + zone.width <= canvas.width
            assert 0 <= zone.top <= zone.top + zone.height <= canvas.height
        if scene.narration:
            heard = scene.narration.span
            assert scene.span.start < heard.start
            assert heard.start + heard.duration < scene.span.start + scene.span.duration
        if isinstance(scene.view, StillView):
            crop = scene.view.crop
            assert -1e-9 < crop.left <= crop.left + crop.width < 1 + 1e-9
            assert -1e-9 < crop.top <= crop.top + crop.height < 1 + 1e-9
            for key in scene.view.keyframes:
                assert -1e-9 < key.left <= key.left + key.size < 1 + 1e-9
    for cue in preview.captions.cues:
        scene = scenes[cue.scene_id]
        assert scene.span.start <= cue.start <= cue.end
        assert cue.end <= scene.span.start + scene.span.duration
        assert "".join(word.text for word in cue.words) == cue.text
        for word, later in pairwise(cue.words):
            assert word.start <= word.end <= later.end
        if cue.span:
            assert scene.span.start_frame <= cue.span.start_frame
            assert end(cue.span) <= end(scene.span)
    if preview.captions.style is CaptionStyle.NONE:
        assert not any(cue.span for cue in preview.captions.cues)


@settings(deadline=None)
@given(boards())
def test_words_are_lit_one_after_another_while_their_caption_is_seen(
    given_board: tuple[Storyboard, dict[str, SceneAssets]],
) -> None:
    preview = planned(*given_board)
    for cue in preview.captions.cues:
        lit = [word.span for page in cue.pages for word in page.words if word.span]
        assert bool(cue.pages) == (preview.captions.style is CaptionStyle.LIT)
        if cue.pages and cue.span:
            assert lit[0].start_frame == cue.span.start_frame
            assert end(lit[-1]) == end(cue.span)
            for span, later in pairwise(lit):
                assert end(span) <= later.start_frame


@settings(deadline=None)
@given(boards())
def test_no_two_narrations_and_no_two_captions_are_there_at_once(
    given_board: tuple[Storyboard, dict[str, SceneAssets]],
) -> None:
    preview = planned(*given_board)
    heard = [scene.narration.span for scene in preview.scenes if scene.narration]
    for span, later in pairwise(heard):
        assert span.start_sample + span.samples <= later.start_sample
    burned = [cue.span for cue in preview.captions.cues if cue.span]
    for seen, coming in pairwise(burned):
        assert end(seen) <= coming.start_frame
    if preview.music:
        points = preview.music.ducking
        assert bool(points) == bool(heard)
        for point, bend in pairwise(points):
            assert point.sample < bend.sample
        assert {point.decibels for point in points} <= {0.0, -8.0}


@settings(deadline=None)
@given(boards())
def test_times_are_the_same_in_every_shape(
    given_board: tuple[Storyboard, dict[str, SceneAssets]],
) -> None:
    wide, *others = [planned(*given_board, shape=shape) for shape in AspectRatio]
    for other in others:
        assert list(spans(other)) == list(spans(wide))
        assert other.frames == wide.frames
    assert msgspec.json.decode(msgspec.json.encode(wide), type=TimelinePreview) == wide


@pytest.mark.parametrize("motion", Motion)
@pytest.mark.parametrize("frames", [3, 45, 150, 600])
def test_straight_lines_between_keyframes_stay_within_a_pixel_of_the_camera(
    motion: Motion, frames: int
) -> None:
    board = Storyboard(title="", scenes=(Scene(id="s", duration=frames / 30, motion=motion),))
    (scene,) = planned(board).scenes
    assert isinstance(scene.view, StillView)
    keys = scene.view.keyframes
    assert len(keys) == 1 or keys[-1].frame == frames - 1
    for frame in range(frames):
        seen = window(motion, frame=frame, frames=frames)
        before = max((key for key in keys if key.frame <= frame), key=lambda key: key.frame)
        after = min(
            (key for key in keys if key.frame >= frame), key=lambda key: key.frame, default=before
        )
        share = (frame - before.frame) / max(1, after.frame - before.frame)
        for name in ("left", "top", "size"):
            one, other = getattr(before, name), getattr(after, name)
            assert abs(one + (other - one) * share - getattr(seen, name)) < 1 / 1920


def test_a_picture_of_a_known_shape_is_cropped_around_its_focus() -> None:
    board = Storyboard(title="", scenes=(Scene(id="s", focus=Focus(x=1.0, y=0.5)),))
    picture = KnownMedium(asset=ASSET, measures=PictureMeasures(width=1000, height=1000))
    assets = {"s": SceneAssets(picture=picture)}
    (scene,) = planned(board, assets, shape=AspectRatio.PORTRAIT).scenes
    assert isinstance(scene.view, StillView)
    assert scene.view.asset == ASSET
    assert scene.view.crop_exact
    assert scene.view.crop.left == pytest.approx(1 - 9 / 16)
    assert scene.view.crop.height == 1
    (unknown,) = planned(board, shape=AspectRatio.PORTRAIT).scenes
    assert isinstance(unknown.view, StillView)
    assert not unknown.view.crop_exact
    assert unknown.view.asset is None


def test_a_narration_nobody_has_spoken_is_guessed_by_its_words() -> None:
    text = NARRATIONS[2]
    board = Storyboard(title="", scenes=(Scene(id="s", narration=text),))
    preview = planned(board)
    (scene,) = preview.scenes
    assert preview.estimated
    assert scene.narration
    assert scene.narration.estimated
    assert scene.narration.span.duration == pytest.approx(estimate_seconds(text, "en"), abs=1e-3)
    measured = planned(board, {"s": SceneAssets(narration=spoken(Fraction(4)))})
    assert not measured.estimated
    assert measured.scenes[0].narration
    assert measured.scenes[0].narration.span.samples == 4 * 48_000


def test_a_clip_that_is_there_is_shown_with_its_sound() -> None:
    scene = Scene(id="s", clip=Clip(trim_start=1.0, volume=-3))
    board = Storyboard(title="", scenes=(scene,))
    clip = KnownClip(asset=ASSET, seconds=Fraction(3), sounds=True)
    (shown,) = planned(board, {"s": SceneAssets(clip=clip)}).scenes
    assert isinstance(shown.view, ClipView)
    assert (shown.view.trim_start, shown.view.duration, shown.view.volume) == (1.0, 2.0, -3)
    assert shown.view.sound
    assert shown.view.sound.samples == 2 * 48_000
    assert shown.view.ducking == ()
    (missing,) = planned(board).scenes
    assert isinstance(missing.view, StillView), "as in the film, where a picture stands in"


def test_a_clip_that_is_heard_beside_a_voice_steps_back_for_it() -> None:
    scene = Scene(id="s", narration="Low tide.", motion=Motion.GENERATED, clip_sound=True)
    board = Storyboard(title="", scenes=(scene,))
    clip = KnownClip(asset=ASSET, seconds=Fraction(3), sounds=True)
    (shown,) = planned(board, {"s": SceneAssets(clip=clip)}).scenes
    assert isinstance(shown.view, ClipView)
    assert shown.view.sound
    assert min(point.decibels for point in shown.view.ducking) == -12
    assert shown.view.fade_in == 0.25


def test_what_cannot_be_filmed_is_refused_in_the_engines_words() -> None:
    with pytest.raises(InvalidStoryboard):
        planned(Storyboard(title="", scenes=()))
    with pytest.raises(LimitExceeded, match="the length"):
        plan_preview(
            Storyboard(title="", scenes=(Scene(id="s", narration=NARRATIONS[2]),)),
            {},
            aspect_ratio=AspectRatio.SQUARE,
            limits=Limits(max_scene_seconds=1),
        )


def test_canvases_are_the_profiles() -> None:
    preview = planned(Storyboard(title="", scenes=(Scene(id="s"),)), shape=AspectRatio.SQUARE)
    assert (preview.canvas.width, preview.canvas.height) == (360, 360)
    for canvas in preview.canvases:
        profile = profile_for(canvas.aspect_ratio, canvas.quality)
        assert (canvas.width, canvas.height) == (profile.width, profile.height)


def test_faces_are_those_of_the_fonts() -> None:
    known: dict[tuple[str, int], set[str]] = {}
    for path in Path(fonts.FOLDER).glob("*.[ot]tf"):
        with TTFont(path, lazy=True) as font:
            key = (font["name"].getBestFamilyName(), font["OS/2"].usWeightClass)
            known[key] = {script_of(chr(char)) for char in font.getBestCmap()}
    assert set(faces._PICTURES.items()) <= known.keys()
    assert {("Inter", faces.HEAVY), ("Inter", faces.MEDIUM)} <= known.keys()
    for script, family in faces._BY_SCRIPT.items():
        assert script in known[family, faces._WEIGHT]
    in_fonts = set().union(*known.values()) & set(faces._BY_SCRIPT)
    assert in_fonts == set(faces._BY_SCRIPT)
    named = faces.faces_for([(TextStyle.TITLE, "Bread パン 🍞")])
    assert [face.family for face in named] == [
        "Inter",
        "Inter",
        "Noto Sans CJK SC",
        "Noto Color Emoji",
        "Noto Sans Symbols2",
    ]


def test_a_scene_tells_whom_of_the_cast_it_shows_as_the_model_that_draws_is_told() -> None:
    cast = tuple(CastMember(name=name) for name in ("Mira", "the mill", "Tom"))
    scenes = (
        Scene(id="s1", narration="The mill wakes before MIRA does."),
        Scene(id="s2", picture_prompt="A street", cast=("Tom",)),
        Scene(id="s3", narration="Miranda is somebody else."),
    )
    board = Storyboard(title="Bread", cast=cast, scenes=scenes)
    told = planned(board)
    assert [scene.cast for scene in told.scenes] == [("Mira", "the mill"), ("Tom",), ()]


@pytest.mark.parametrize("locale", ["de", "ar"])
@pytest.mark.parametrize("shape", AspectRatio)
def test_the_label_is_told_with_its_place_and_its_letters(shape: AspectRatio, locale: str) -> None:
    scene = Scene(id="a", background=Solid(colour="#102030"), duration=2)
    plain = Storyboard(title="T", scenes=(scene,), locale=locale, logo=Logo(file="l.png"))
    asked = msgspec.structs.replace(plain, disclosure=True)
    assert planned(plain, shape=shape).label is None
    preview = planned(asked, shape=shape)
    assert preview.label
    profile = profile_for(shape, Quality.PREVIEW)
    look = preview.label.look
    assert look.zone == label_zone(Corner.TOP_LEFT, profile)
    assert (look.align, look.vertical) == ("left", "top")
    assert preview.label.text == label_text(locale)
    assert "".join(preview.label.wording.pieces).replace("\u2060", "").split() == (
        label_text(locale).split()
    )
    assert preview.label.right_to_left == (locale == "ar")
    family = "Noto Naskh Arabic" if locale == "ar" else "Inter"
    assert family in {face.family for face in preview.faces}
