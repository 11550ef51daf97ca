"""Validation, on files that are really spoilt in one way each."""

from collections.abc import Callable
from pathlib import Path

import av
import msgspec
import pytest
from PIL import Image

from render.compose import compose
from render.errors import MediaError, ValidationFailed
from render.inspection.probe import inspect
from render.inspection.validation import Fault, Finding, validate
from render.rendition import Profile
from render.storyboard import Motion
from render.timeline import Timeline


@pytest.fixture(scope="module")
def video(film, profile: Profile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("valid") / "film.mp4"
    compose(film.timeline, path, profile)
    return path


def with_shot(timeline: Timeline, index: int, **changes: object) -> Timeline:
    shots = list(timeline.shots)
    filmed = {name: changes.pop(name) for name in ("path", "motion") if name in changes}
    source = msgspec.structs.replace(shots[index].source, **filmed)
    shots[index] = msgspec.structs.replace(shots[index], source=source, **changes)
    return msgspec.structs.replace(timeline, shots=tuple(shots))


def faults(findings: tuple[Finding, ...]) -> list[tuple[Fault, int | None]]:
    return [(finding.fault, finding.scene) for finding in findings]


def test_headers_tell_what_a_video_is(film, video: Path) -> None:
    info = inspect(video)
    assert info.duration == pytest.approx(float(film.timeline.duration), abs=0.001)
    assert (info.width, info.height, info.frames, info.fps) == (
        256,
        144,
        film.timeline.frames,
        30,
    )
    assert (info.video_codec, info.audio_codec, info.colour) == ("h264", "aac", "bt709")
    assert (info.sample_rate, info.channels) == (48_000, 2)
    assert info.fast_start
    assert info.bytes == video.stat().st_size


@pytest.mark.parametrize(
    "content", [b"", b"#EXTM3U\nhttp://127.0.0.1/\n", b"\0\0\0\x18ftypisom", b"noise" * 999]
)
def test_what_is_no_video_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "video.mp4"
    path.write_bytes(content)
    with pytest.raises(MediaError, match="not a readable MP4"):
        inspect(path)


def test_bounds_are_kept_before_anything_is_decoded(video: Path, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="more than 1000 pixels"):
        inspect(video, max_pixels=1000)
    with pytest.raises(MediaError, match="longer than 2 seconds"):
        inspect(video, max_seconds=2)
    with pytest.raises(MediaError, match="missing"):
        inspect(tmp_path / "none.mp4")


def test_a_scene_that_came_out_black_is_found(film, profile: Profile, tmp_path: Path) -> None:
    black = tmp_path / "black.png"
    Image.new("RGB", (320, 180)).save(black)
    path, wanted = tmp_path / "out.mp4", film.timeline
    spoilt = with_shot(wanted, 1, path=black)
    compose(spoilt, path, profile)
    report = validate(path, wanted, profile)
    assert faults(report.findings) == [(Fault.BLACK, 2)]
    second = (wanted.shots[1].start + 15) / 30
    assert report.findings[0].at == pytest.approx(second)
    assert report.findings[0].message == f"Scene 2 is black at second {second:.1f}."
    with pytest.raises(ValidationFailed, match="Scene 2 is black"):
        report.check()
    assert validate(path, spoilt, profile).ok, "a black picture was asked for"


def test_a_scene_that_stands_still_is_found(film, profile: Profile, tmp_path: Path) -> None:
    path, wanted = tmp_path / "out.mp4", film.timeline
    frozen = with_shot(with_shot(wanted, 0, motion=Motion.STILL), 3, motion=Motion.STILL)
    compose(frozen, path, profile)
    assert faults(validate(path, wanted, profile).findings) == [
        (Fault.FROZEN, 1),
        (Fault.FROZEN, 4),
    ]
    assert validate(path, frozen, profile).ok, "stillness was asked for"


def test_a_picture_without_detail_cannot_seem_frozen(
    film, profile: Profile, tmp_path: Path
) -> None:
    flat = tmp_path / "flat.png"
    Image.new("RGB", (320, 180), (90, 120, 60)).save(flat)
    timeline = with_shot(film.timeline, 0, path=flat)
    compose(timeline, tmp_path / "out.mp4", profile)
    assert validate(tmp_path / "out.mp4", timeline, profile).ok


def test_a_narration_that_is_not_heard_is_found(film, profile: Profile, tmp_path: Path) -> None:
    path, wanted = tmp_path / "out.mp4", film.timeline
    compose(msgspec.structs.replace(wanted, voices=wanted.voices[1:]), path, profile)
    report = validate(path, wanted, profile)
    assert faults(report.findings) == [(Fault.SILENT, 1)]
    assert report.findings[0].message == "Scene 1: no narration is heard at second 0.3."


def test_another_length_and_size_are_found(film, profile: Profile, video: Path) -> None:
    longer = with_shot(film.timeline, 3, frames=film.timeline.shots[3].frames + 30)
    found = faults(validate(video, longer, profile).findings)
    assert (Fault.DURATION, None) in found
    larger = msgspec.structs.replace(profile, width=512)
    assert (Fault.SIZE, None) in faults(validate(video, film.timeline, larger).findings)


def remuxed(
    source: Path,
    target: Path,
    change: Callable[[str], bool] = lambda kind: kind in {"video", "audio"},
) -> Path:
    with av.open(source) as incoming, av.open(target, "w", format="mp4") as outgoing:
        streams = {
            stream.index: outgoing.add_stream_from_template(stream)
            for stream in incoming.streams
            if change(stream.type)
        }
        for packet in incoming.demux(*(incoming.streams[index] for index in streams)):
            if packet.pts is not None:
                packet.stream = streams[packet.stream.index]
                outgoing.mux(packet)
    return target


def test_an_index_at_the_end_is_found(film, profile: Profile, video: Path, tmp_path: Path) -> None:
    slow = remuxed(video, tmp_path / "slow.mp4")
    assert faults(validate(slow, film.timeline, profile).findings) == [(Fault.SLOW_START, None)]


def test_missing_sound_is_found(film, profile: Profile, video: Path, tmp_path: Path) -> None:
    mute = remuxed(video, tmp_path / "mute.mp4", lambda kind: kind == "video")
    assert (Fault.STREAMS, None) in faults(validate(mute, film.timeline, profile).findings)


def test_damage_in_the_middle_is_found(film, profile: Profile, video: Path, tmp_path: Path) -> None:
    data = bytearray(video.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    path = tmp_path / "damaged.mp4"
    path.write_bytes(data)
    report = validate(path, film.timeline, profile)
    assert [finding.fault for finding in report.findings] == [Fault.UNDECODABLE]
    assert "cannot be decoded past second" in report.findings[0].message


def test_a_file_cut_short_is_found(film, profile: Profile, video: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.mp4"
    path.write_bytes(video.read_bytes()[: video.stat().st_size * 2 // 3])
    assert not validate(path, film.timeline, profile).ok


def test_validation_reports_progress_and_can_be_stopped(
    film, profile: Profile, video: Path
) -> None:
    seen: list[int] = []
    validate(video, film.timeline, profile, on_frame=seen.append)
    assert seen == list(range(1, film.timeline.frames + 1))

    def stop(frames: int) -> None:
        # An OSError, as a closed pipe is: not the file's fault.
        raise InterruptedError(frames)

    with pytest.raises(InterruptedError):
        validate(video, film.timeline, profile, on_frame=stop)
