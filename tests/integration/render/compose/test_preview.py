"""The preview against the film that the engine really makes: equal to the frame and the sample."""

import re
from fractions import Fraction
from functools import partial
from pathlib import Path

import anyio
import av
import numpy as np
import pytest

from render.assets import gather
from render.generation.acceptance import Inspector
from render.generation.offline.account import OfflineImages, OfflineSpeech
from render.generation.requests import image_request, speech_request
from render.placing import build
from render.preview.document import ExistingAsset, StillView, TimelinePreview
from render.preview.known import KnownMedium, SceneAssets
from render.preview.planning import plan_preview
from render.report import ResultLine
from render.sound.arrangement import RATE, ducking_points
from render.sound.loudness import decode_sound
from render.sound.mix import voice_parts
from render.sound.speech import listen
from render.storyboard import (
    AspectRatio,
    CaptionStyle,
    Motion,
    Music,
    Scene,
    Solid,
    Storyboard,
    TextStyle,
    Transition,
)
from render.timeline import Timeline
from tests.support.engine import TINY, make
from tests.support.sounds import found, tone, write_wav

BOARD = Storyboard(
    title="Sourdough",
    scenes=(
        Scene(
            id="oven",
            narration="The first loaf leaves the oven at five. By seven, the shop is full.",
            on_screen_text="Bread\nEvery morning",
            text_style=TextStyle.TITLE,
            transition=Transition.WIPE_LEFT,
            transition_seconds=0.37,
        ),
        Scene(
            id="shop",
            narration="Nobody leaves without a smile; nobody leaves without a loaf.",
            on_screen_text="The shop",
            motion=Motion.PAN_LEFT,
            transition=Transition.FADE,
        ),
        Scene(id="pause", background=Solid(colour="#335577"), duration=2.2),
        Scene(id="end", narration="Come and taste it.", motion=Motion.ZOOM_OUT),
    ),
    captions=CaptionStyle.BOX,
    music=Music(file="music.wav"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("preview")


@pytest.fixture(scope="module")
def known(folder: Path) -> dict[str, SceneAssets]:
    """The scenes' media as a daemon makes and measures them, with their files in the folder."""
    write_wav(folder / "music.wav", tone(2.0), rate=RATE)
    return anyio.run(made_in, folder)


async def made_in(folder: Path) -> dict[str, SceneAssets]:
    assets: dict[str, SceneAssets] = {}
    for scene in BOARD.scenes:
        if scene.background:
            continue
        drawing, speaking = image_request(BOARD, scene), speech_request(BOARD, scene)
        picture = await Inspector().inspect_answer(drawing, await OfflineImages().draw(drawing))
        voice = await Inspector().inspect_answer(speaking, await OfflineSpeech().speak(speaking))
        (folder / f"{scene.id}.png").write_bytes(picture.data)
        (folder / f"{scene.id}.wav").write_bytes(voice.data)
        media = {
            name: KnownMedium(
                asset=ExistingAsset(
                    id=name, content_url=f"/{name}", media_type=made.media_type, placeholder=True
                ),
                measures=made.measures,
            )
            for name, made in (("picture", picture), ("narration", voice))
        }
        assets[scene.id] = SceneAssets(**media)
    return assets


@pytest.fixture(scope="module")
def preview(known: dict[str, SceneAssets]) -> TimelinePreview:
    return plan_preview(BOARD, known, aspect_ratio=AspectRatio.LANDSCAPE)


@pytest.fixture(scope="module")
def timeline(folder: Path, known: dict[str, SceneAssets]) -> Timeline:
    """What the engine films of the same storyboard and files."""
    assert known
    gathered = anyio.run(
        partial(
            gather,
            BOARD,
            folder=folder,
            stand_in_folder=folder,
            images=OfflineImages(),
            speech=OfflineSpeech(),
        )
    )
    return build(BOARD, gathered.media, music=gathered.music, logo=gathered.logo, fps=TINY.fps)


@pytest.fixture(scope="module")
def film(folder: Path, known: dict[str, SceneAssets]) -> ResultLine:
    assert known
    out = folder / "film"
    out.mkdir()
    return make(BOARD, out, assets=folder, captions=out / "captions.vtt")


def test_scenes_begin_and_end_where_the_film_has_them(
    preview: TimelinePreview, film: ResultLine
) -> None:
    assert not preview.estimated
    assert preview.frames == film.rendition.frames
    assert preview.duration == film.rendition.duration
    assert [(one.id, one.span.start, one.span.duration) for one in preview.scenes] == [
        (one.id, one.start, one.duration) for one in film.scenes
    ]


def test_transitions_and_words_are_the_timelines(
    preview: TimelinePreview, timeline: Timeline
) -> None:
    for scene, shot in zip(preview.scenes, timeline.shots, strict=True):
        transition = scene.transition
        assert (transition.span.frames if transition else 0) == shot.fade_out
        if transition:
            assert transition.kind is shot.transition
            assert transition.span.start_frame == shot.end - shot.fade_out
        if isinstance(scene.view, StillView):
            assert scene.view.keyframes[-1].frame == shot.span - 1
    shown = [
        (scene.number, scene.text.span.start_frame, scene.text.span.frames, scene.text.fade_frames)
        for scene in preview.scenes
        if scene.text
    ]
    burned = [(cue.span.start_frame, cue.span.frames) for cue in preview.captions.cues if cue.span]
    assert shown == [
        (text.number, text.start, text.frames, text.fade)
        for text in timeline.texts
        if isinstance(text.style, TextStyle)
    ]
    assert burned == [
        (text.start, text.frames) for text in timeline.texts if isinstance(text.style, CaptionStyle)
    ]


def test_captions_are_those_of_the_webvtt_file(preview: TimelinePreview, film: ResultLine) -> None:
    assert film.captions
    written = Path(film.captions).read_text()
    times = re.findall(r"(\d+):(\d+):(\d+)\.(\d+)", written)
    told = [
        ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(rest)
        for hours, minutes, seconds, rest in times
    ]
    cues = preview.captions.cues
    assert [round(time * 1000) for cue in cues for time in (cue.start, cue.end)] == told
    assert len(cues) >= 3
    for cue in cues:
        assert cue.text in written


def test_narrations_are_heard_at_their_samples(
    preview: TimelinePreview, timeline: Timeline, film: ResultLine, folder: Path
) -> None:
    spans = {one.id: one.narration.span for one in preview.scenes if one.narration}
    assert [(span.start_sample, span.start_sample + span.samples) for span in spans.values()] == [
        (part.start, part.end) for part in voice_parts(timeline, [0.0] * len(timeline.voices))
    ]
    heard = np.concatenate(list(decode_sound(Path(film.rendition.path))), axis=1).mean(axis=0)
    for name, span in spans.items():
        with av.open(folder / f"{name}.wav") as container:
            resampler = av.AudioResampler("flt", "mono", RATE)
            blocks = [
                block.to_ndarray()[0]
                for frame in [*container.decode(audio=0), None]
                for block in resampler.resample(frame)
            ]
        voice = np.concatenate(blocks).astype(np.float64)
        assert abs(found(voice, heard) - span.start_sample) <= 2


def test_music_steps_back_as_it_is_mixed(preview: TimelinePreview, timeline: Timeline) -> None:
    assert preview.music
    assert timeline.music
    spans = listen(timeline, check=lambda: None).spans
    assert [(point.sample, point.decibels) for point in preview.music.ducking] == list(
        ducking_points(spans, depth=timeline.music.duck)
    )
    assert preview.music.span.samples == timeline.duration * RATE
    assert Fraction(preview.music.fade_out) == timeline.music.fade_out
