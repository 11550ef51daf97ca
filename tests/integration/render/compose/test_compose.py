"""Composing, judged by what PyAV finds in the file."""

import hashlib
import io
import threading
import time
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from render.compose import Progress, compose
from render.delivery.thumbnails import draw_poster
from render.errors import CompositionCancelled, CompositionError, MediaError
from render.inspection.validation import validate
from render.painter import Painter
from render.pictures.canvas import Canvas
from render.pictures.motion import window
from render.pictures.still import Plate, film, load_plate
from render.rendition import Profile, Rendition
from render.sound.arrangement import RATE
from render.sound.loudness import integrated_loudness
from render.storyboard import Motion
from render.timeline import Shot, Still, Timeline

Floats = npt.NDArray[np.float64]


class Composed(msgspec.Struct, frozen=True):
    timeline: Timeline
    rendition: Rendition
    path: Path
    progress: list[Progress]
    left: list[str]
    """Everything in the output's folder."""


@pytest.fixture(scope="module")
def composed(film, profile: Profile, tmp_path_factory: pytest.TempPathFactory) -> Composed:
    path = tmp_path_factory.mktemp("out") / "film.mp4"
    progress: list[Progress] = []
    timeline = film.timeline
    rendition = compose(timeline, path, profile, on_progress=progress.append)
    left = sorted(entry.name for entry in path.parent.iterdir())
    return Composed(timeline, rendition, path, progress, left)


@pytest.fixture(scope="module")
def frames(composed: Composed) -> npt.NDArray[np.uint8]:
    """Every decoded frame as I420."""
    with av.open(composed.path) as container:
        return np.stack([frame.to_ndarray() for frame in container.decode(video=0)])


@pytest.fixture(scope="module")
def heard(composed: Composed) -> Floats:
    with av.open(composed.path) as container:
        blocks = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return np.concatenate(blocks, axis=1)


def test_it_is_h264_and_aac_of_the_size_asked_for(composed: Composed) -> None:
    with av.open(composed.path) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert len(container.streams.video) == len(container.streams.audio) == 1
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert (video.width, video.height, video.average_rate) == (256, 144, 30)
        assert (audio.codec_context.sample_rate, audio.codec_context.channels) == (RATE, 2)
        context = video.codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc) == (1, 1, 1)
        assert context.color_range == 1


def test_it_lasts_as_long_as_the_timeline(composed: Composed) -> None:
    wanted = composed.timeline.duration
    with av.open(composed.path) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert video.duration * video.time_base == wanted
        assert abs(audio.duration * audio.time_base - wanted) < 0.03
        assert video.start_time == audio.start_time == 0


def test_joined_segments_decode_to_every_frame_in_order(composed: Composed) -> None:
    with av.open(composed.path) as container:
        stream = container.streams.video[0]
        shown = [frame.pts * stream.time_base * 30 for frame in container.decode(stream)]
    assert shown == list(range(composed.timeline.frames))
    assert composed.rendition.frames == composed.timeline.frames


def test_decoding_times_rise_across_the_seams(composed: Composed) -> None:
    with av.open(composed.path) as container:
        for stream in container.streams:
            container.seek(0)
            packets = [packet for packet in container.demux(stream) if packet.pts is not None]
            assert all(before.dts < after.dts for before, after in pairwise(packets))
            assert all(packet.dts <= packet.pts for packet in packets)


def test_every_scene_begins_where_it_can_be_sought(composed: Composed) -> None:
    with av.open(composed.path) as container:
        stream = container.streams.video[0]
        keys = {
            packet.pts * stream.time_base * 30
            for packet in container.demux(stream)
            if packet.is_keyframe
        }
    assert {shot.start for shot in composed.timeline.shots} <= keys


def test_its_index_comes_before_its_media(composed: Composed) -> None:
    data = composed.path.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_the_record_is_that_of_the_file(composed: Composed) -> None:
    data, rendition = composed.path.read_bytes(), composed.rendition
    assert rendition.path == str(composed.path)
    assert rendition.bytes == len(data)
    assert rendition.sha256 == hashlib.sha256(data).hexdigest()
    assert rendition.duration == float(composed.timeline.duration)
    assert rendition.reused == 0
    assert rendition.timings.total >= rendition.timings.encode > 0


def test_nothing_but_the_video_is_left(composed: Composed) -> None:
    assert composed.left == ["film.mp4"]


def test_progress_counts_the_frames_encoded(composed: Composed) -> None:
    done = [progress.done for progress in composed.progress]
    assert done == sorted(done)
    assert {progress.total for progress in composed.progress} == {composed.timeline.frames}
    assert done[-1] == composed.timeline.frames
    assert done[0] < done[-1], "it moves while the work goes on"


def test_validation_finds_nothing_wrong(composed: Composed, profile: Profile) -> None:
    report = validate(composed.path, composed.timeline, profile)
    assert report.findings == ()
    assert report.frames == composed.timeline.frames


def test_each_narration_sounds_at_its_time(composed: Composed, heard: Floats) -> None:
    assert len(composed.timeline.voices) == 3
    for voice in composed.timeline.voices:
        with av.open(voice.path) as container:
            resampler = av.AudioResampler("flt", "mono", RATE)
            blocks = [
                block.to_ndarray()[0]
                for frame in (*container.decode(audio=0), None)
                for block in resampler.resample(frame)
            ]
        spoken = np.concatenate(blocks)
        size = heard.shape[1] + len(spoken)
        spectrum = np.fft.rfft(heard[0], size) * np.conj(np.fft.rfft(spoken, size))
        found = int(np.fft.irfft(spectrum, size).argmax())
        assert abs(found - voice.start * RATE) <= RATE // 1000, "to the millisecond"


def test_it_is_as_loud_as_others(heard: Floats) -> None:
    assert integrated_loudness([heard.astype(np.float32)]) == pytest.approx(-16, abs=0.7)
    assert np.abs(heard).max() < 10 ** (-1 / 20)


def wanted(shot: Shot, frame: int, profile: Profile) -> Canvas:
    """What the timeline says is seen of a shot in a frame of the video."""
    canvas = Canvas(profile)
    view = window(shot.source.motion, frame=frame - shot.start, frames=shot.span)
    film(load_plate(shot.source.path, profile), view, canvas)
    return canvas


def noise(seen: npt.NDArray[np.uint8], canvas: Canvas) -> float:
    """Peak signal-to-noise ratio in dB."""
    error = np.square(seen.astype(np.float64) - canvas.pixels).mean()
    return float(10 * np.log10(255**2 / error))


def test_each_scene_shows_its_picture_moving(
    composed: Composed, frames: npt.NDArray[np.uint8], profile: Profile
) -> None:
    for shot in composed.timeline.shots:
        first, last = shot.start + shot.fade_in, shot.end - shot.fade_out - 1
        for frame in (first, (first + last) // 2, last):
            assert noise(frames[frame], wanted(shot, frame, profile)) > 34


def test_a_fade_mixes_both_pictures_half_and_half_in_its_middle(
    composed: Composed, frames: npt.NDArray[np.uint8], profile: Profile
) -> None:
    before, after = composed.timeline.shots[:2]
    assert before.fade_out == 15
    middle = after.start + 7
    mixed = Canvas(profile)
    mixed.blend(wanted(before, middle, profile), wanted(after, middle, profile), 0.5)
    assert noise(frames[middle], mixed) > 34
    assert noise(frames[after.start], wanted(before, after.start, profile)) > 20
    assert noise(frames[before.end - 1], wanted(after, before.end - 1, profile)) > 20


def test_a_cut_changes_the_picture_at_once(
    composed: Composed, frames: npt.NDArray[np.uint8]
) -> None:
    cut = composed.timeline.shots[2].start
    change = np.abs(np.diff(frames[cut - 3 : cut + 3, :144].astype(float), axis=0)).mean(
        axis=(1, 2)
    )
    assert change.argmax() == 2
    assert change[2] > 5 * np.delete(change, 2).max()


def test_frames_painted_together_are_those_painted_alone_and_a_still_is_decoded_once(
    composed: Composed, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    timeline = composed.timeline
    numbers = [*range(0, timeline.frames, 7), timeline.frames - 1]
    alone = [Painter.picture(timeline, profile, number).pixels.copy() for number in numbers]
    decoded: list[Path] = []

    def counted(path: Path, *given: Any, **more: Any) -> Plate:
        decoded.append(path)
        return load_plate(path, *given, **more)

    monkeypatch.setattr("render.painter.load_plate", counted)
    together = [one.pixels.copy() for one in Painter.pictures(timeline, profile, numbers)]
    assert all(map(np.array_equal, together, alone))
    assert len(decoded) == sum(isinstance(shot.source, Still) for shot in timeline.shots)


def test_the_poster_is_the_middle_of_the_first_scene_alone(
    composed: Composed, frames: npt.NDArray[np.uint8], profile: Profile
) -> None:
    ((_, content),) = draw_poster(
        composed.timeline,
        Path("poster.jpg"),
        paint=partial(Painter.pictures, composed.timeline, profile),
    )
    with Image.open(io.BytesIO(content)) as poster:
        assert (poster.format, poster.size) == ("JPEG", (256, 144))
        grey = np.asarray(poster, np.float64) @ (0.2126, 0.7152, 0.0722)
    first = composed.timeline.shots[0]
    alone = (first.frames - first.fade_out) // 2
    shown = (frames[alone, :144] - 16.0) * 255 / 219
    assert np.abs(grey - shown).mean() < 4


def test_finished_segments_are_found_again(
    composed: Composed, profile: Profile, tmp_path: Path
) -> None:
    cache, out = tmp_path / "cache", tmp_path / "out.mp4"
    first = compose(composed.timeline, out, profile, cache=cache)
    again = compose(composed.timeline, out, profile, cache=cache)
    assert first.sha256 == again.sha256 == composed.rendition.sha256
    assert (first.reused, again.reused) == (0, len(again.segments))
    assert again.timings.encode < first.timings.encode / 3


def test_an_edit_encodes_only_what_it_touches(
    own_film, picture: Callable[..., Path], profile: Profile, tmp_path: Path
) -> None:
    cache, out = tmp_path / "cache", tmp_path / "out.mp4"
    before = compose(own_film.timeline, out, profile, cache=cache)
    picture(own_film.assets / "four.png", seed=99)
    progress: list[Progress] = []
    after = compose(own_film.timeline, out, profile, cache=cache, on_progress=progress.append)
    # Its own body and the fade into it.
    assert after.reused == len(after.segments) - 2
    assert sum(a != b for a, b in zip(before.segments, after.segments, strict=True)) == 2
    assert progress[0].done > after.frames / 2
    fresh = compose(own_film.timeline, tmp_path / "fresh.mp4", profile)
    assert after.sha256 == fresh.sha256, "old segments join as if made today"


@pytest.mark.parametrize("damage", [b"", b"not a segment"])
def test_what_is_spoilt_in_the_cache_is_made_again(
    composed: Composed, profile: Profile, tmp_path: Path, damage: bytes
) -> None:
    cache, out = tmp_path / "cache", tmp_path / "out.mp4"
    first = compose(composed.timeline, out, profile, cache=cache)
    (cache / f"{first.segments[1]}.mp4").write_bytes(damage)
    next(cache.glob("*.m4a")).write_bytes(damage)
    again = compose(composed.timeline, out, profile, cache=cache)
    assert again.reused == len(again.segments) - 1
    assert again.sha256 == first.sha256


def test_the_number_of_workers_changes_nothing_but_time(
    composed: Composed, profile: Profile, tmp_path: Path
) -> None:
    alone = compose(composed.timeline, tmp_path / "out.mp4", profile, workers=1)
    assert alone.sha256 == composed.rendition.sha256


def test_cancelling_stops_it_at_once_and_leaves_nothing(
    film, profile: Profile, tmp_path: Path
) -> None:
    stop = threading.Event()
    stopped_at = 0.0

    def on_progress(progress: Progress) -> None:
        nonlocal stopped_at
        if progress.done > 30 and not stop.is_set():
            stopped_at = time.monotonic()
            stop.set()

    large = msgspec.structs.replace(profile, width=1280, height=720)
    with pytest.raises(CompositionCancelled):
        compose(
            film.timeline,
            tmp_path / "out.mp4",
            large,
            on_progress=on_progress,
            cancelled=stop.is_set,
        )
    assert time.monotonic() - stopped_at < 10
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_picture_is_named_and_nothing_is_left(
    own_film, profile: Profile, tmp_path: Path
) -> None:
    picture = own_film.assets / "two.png"
    picture.write_bytes(picture.read_bytes()[:20_000])
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(MediaError, match="Scene 2: the picture is damaged"):
        compose(own_film.timeline, out / "out.mp4", profile)
    assert list(out.iterdir()) == []


def test_a_damaged_narration_is_named(own_film, profile: Profile, tmp_path: Path) -> None:
    timeline = own_film.timeline
    (own_film.assets / "four.wav").write_bytes(b"RIFF")
    with pytest.raises(MediaError, match="Scene 4: the narration is not a readable WAV, MP3, MP4"):
        compose(timeline, tmp_path / "out.mp4", profile)


def test_a_failure_leaves_the_last_video_in_place(
    own_film, profile: Profile, tmp_path: Path
) -> None:
    out = tmp_path / "out.mp4"
    out.write_bytes(b"yesterday's")
    (own_film.assets / "one.png").unlink()
    with pytest.raises(MediaError, match=r"Scene 1: one\.png is missing"):
        compose(own_film.timeline, out, profile)
    assert out.read_bytes() == b"yesterday's"


def test_a_missing_folder_is_said(film, profile: Profile, tmp_path: Path) -> None:
    with pytest.raises(CompositionError, match="could not be written: the folder does not exist"):
        compose(film.timeline, tmp_path / "none" / "out.mp4", profile)


def test_one_frame_is_a_video(film, profile: Profile, tmp_path: Path) -> None:
    shot = msgspec.structs.replace(film.timeline.shots[0], frames=1, span=1, fade_out=0)
    timeline = Timeline(fps=Fraction(30), shots=(shot,), voices=())
    assert compose(timeline, tmp_path / "out.mp4", profile).frames == 1
    assert validate(tmp_path / "out.mp4", timeline, profile).findings == ()


def test_a_scene_shown_twice_is_encoded_once(film, profile: Profile, tmp_path: Path) -> None:
    first = film.timeline.shots[0]
    still = msgspec.structs.replace(first.source, motion=Motion.STILL)
    shot = msgspec.structs.replace(first, source=still, frames=300, span=300, fade_out=0)
    timeline = Timeline(fps=Fraction(30), shots=(shot,), voices=())
    progress: list[Progress] = []
    made = compose(timeline, tmp_path / "out.mp4", profile, on_progress=progress.append)
    assert made.frames == 300
    assert progress[-1].total == 150, "two pieces that show the same"
