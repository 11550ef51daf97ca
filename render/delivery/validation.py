"""The judgement of a finished video: is it what its timeline promised?

`validate` decodes a file to its end; every finding names its scene and second.
What looks wrong but was asked for is none: a black picture makes a black scene,
and a scene without motion stands still.
"""

import enum
from collections import deque
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path

import msgspec
import numpy as np
from av.audio.frame import AudioFrame
from av.error import FFmpegError
from av.video.frame import VideoFrame

from render.delivery.probe import MediaInfo, inspect, open_mp4
from render.errors import ValidationFailed
from render.pictures.canvas import Canvas, Plane
from render.pictures.motion import window
from render.pictures.still import film, load_plate
from render.rendition import Profile
from render.storyboard import Motion
from render.timeline import Shot, Timeline, Voice

_TOLERANCE = Fraction(1, 10)
"""Seconds by which a length may differ from the timeline's."""
_GRID = 8
"""Every eighth pixel each way is enough to tell black and frozen."""
_BLACK = 32.0
"""Luma, 16–235, that the brightest hundredth of a black picture stays under."""
_MOVED = 8.0
"""Change of luma, in its busiest hundredth, that is beyond doubt movement."""
_SILENT_DBFS = -50.0


class Fault(enum.StrEnum):
    """What can be wrong with a finished file."""

    STREAMS = "streams"
    """Not one H.264 and one AAC stream."""
    SIZE = "size"
    """Not the profile's width and height."""
    DURATION = "duration"
    """Pictures or sound shorter or longer than the timeline."""
    COLOUR = "colour"
    """Not tagged as BT.709 in limited range."""
    SLOW_START = "slow_start"
    """The index lies behind the media, so a player must fetch all of it first."""
    UNDECODABLE = "undecodable"
    """It cannot be decoded to its end."""
    BLACK = "black"
    """A scene whose picture is not black shows nothing."""
    FROZEN = "frozen"
    """A scene that should move does not."""
    SILENT = "silent"
    """Nothing is heard where a narration should be."""


class Finding(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One thing that is wrong, where, and when."""

    fault: Fault
    message: str
    scene: int | None = None
    at: float | None = None
    """Seconds from the start."""


class ValidationReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What validation found; nothing, if all is well."""

    findings: tuple[Finding, ...]
    frames: int
    """Frames decoded."""

    @property
    def ok(self) -> bool:
        """Whether the file is what its timeline promised."""
        return not self.findings

    def check(self) -> None:
        """Raise `ValidationFailed`, with the first finding in its sentence, unless ok."""
        if self.ok:
            return
        first, *more = self.findings
        rest = f" There are {len(more)} more findings." if more else ""
        raise ValidationFailed(first.message + rest, fault=first.fault.value)


def validate(
    path: Path,
    timeline: Timeline,
    profile: Profile,
    *,
    threads: int = 2,
    on_frame: Callable[[int], None] = lambda _: None,
) -> ValidationReport:
    """Decode a finished file to its end and compare it with its timeline.

    `on_frame` hears the number of frames decoded so far, and stops the work by raising.
    """
    findings = list(_headers(inspect(path), timeline, profile))
    watches = [_Watch(shot, timeline.fps) for shot in timeline.shots]
    ears = [_Ear(voice) for voice in timeline.voices]
    frames = 0
    try:
        for frames in _decoded(path, watches, ears, threads):
            on_frame(frames)
    except _UndecodableError:
        second = frames / timeline.fps
        broken = Finding(
            fault=Fault.UNDECODABLE,
            message=f"The video cannot be decoded past second {second:.1f}.",
            at=second,
        )
        return ValidationReport(findings=(*findings, broken), frames=frames)
    if frames != timeline.frames:
        findings.append(
            Finding(
                fault=Fault.DURATION,
                message=f"The video holds {frames} frames instead of {timeline.frames}.",
            )
        )
    findings += [found for watch in watches for found in watch.findings(profile)]
    findings += [found for ear in ears for found in ear.findings()]
    return ValidationReport(findings=tuple(findings), frames=frames)


def _decoded(
    path: Path, watches: list["_Watch"], ears: list["_Ear"], threads: int
) -> Iterator[int]:
    """Show every frame to whom it concerns; yield how many pictures there were so far."""
    due = {frame: watch for watch in watches for frame in watch.samples}
    listening = deque(ears)
    frames = 0
    try:
        with open_mp4(path) as container:
            for stream in container.streams:
                stream.codec_context.thread_count = threads
                stream.codec_context.options = {"err_detect": "explode"}
            for frame in container.decode(video=0, audio=0):
                if isinstance(frame, VideoFrame):
                    if frames in due:
                        due[frames].see(_luma(frame))
                    frames += 1
                    yield frames
                elif isinstance(frame, AudioFrame):
                    while listening and listening[0].is_past(frame):
                        listening.popleft()
                    # Narrations never overlap, so one frame touches two at most.
                    for ear in islice(listening, 2):
                        ear.hear(frame)
    except (FFmpegError, OSError, IndexError) as error:
        raise _UndecodableError from error


class _UndecodableError(Exception):
    """The file's own fault, told apart from whatever `on_frame` raises."""


class _Looks:
    """What a run of pictures amounts to: how bright, and how much they change."""

    def __init__(self) -> None:
        self._first: Plane | None = None
        self.brightest = 0.0
        self.moved = 0.0

    def see(self, luma: Plane) -> None:
        self.brightest = max(self.brightest, float(np.percentile(luma, 99)))
        if self._first is None:
            self._first = luma.copy()
        change = np.abs(self._first.astype(np.int16) - luma)
        self.moved = max(self.moved, float(np.percentile(change, 99)))


class _Watch(_Looks):
    """Looks at one scene, five times a second, where no other shines through."""

    def __init__(self, shot: Shot, fps: int) -> None:
        super().__init__()
        self._shot = shot
        self._second = (shot.start + shot.fade_in) / fps
        self.samples = range(shot.start + shot.fade_in, shot.end - shot.fade_out, max(1, fps // 5))

    def findings(self, profile: Profile) -> Iterator[Finding]:
        black = self.brightest < _BLACK
        # Under a second there is too little movement to judge by.
        long_enough = len(self.samples) > 5  # noqa: PLR2004
        frozen = self._shot.motion is not Motion.STILL and long_enough and self.moved < _MOVED
        if not (black or frozen):
            return
        wanted = self._wanted(profile)
        if black and wanted.brightest >= _BLACK:
            yield self._finding(Fault.BLACK, "is black")
        elif frozen and self.moved < wanted.moved / 4:
            yield self._finding(Fault.FROZEN, "does not move")

    def _finding(self, fault: Fault, what: str) -> Finding:
        number, second = self._shot.number, self._second
        message = f"Scene {number} {what} at second {second:.1f}."
        return Finding(fault=fault, message=message, scene=number, at=second)

    def _wanted(self, profile: Profile) -> _Looks:
        # What the picture itself shows to the same camera.
        wanted = _Looks()
        canvas = Canvas(profile)
        plate = load_plate(self._shot.picture, profile, scene=str(self._shot.number))
        for number in (self.samples[0], self.samples[-1]):
            inside = number - self._shot.start
            view = window(self._shot.motion, frame=inside, frames=self._shot.frames)
            film(plate, view, canvas)
            wanted.see(canvas.y[::_GRID, ::_GRID])
        return wanted


class _Ear:
    """Listens to one narration."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._energy = 0.0
        self._samples = 0

    def is_past(self, frame: AudioFrame) -> bool:
        return _start(frame) >= self._voice.end

    def hear(self, frame: AudioFrame) -> None:
        start = _start(frame)
        first = max(0, round((self._voice.start - start) * frame.sample_rate))
        last = min(frame.samples, round((self._voice.end - start) * frame.sample_rate))
        if first < last:
            heard = frame.to_ndarray()[:, first:last].astype(np.float64)
            self._energy += float(np.square(heard).mean(axis=0).sum())
            self._samples += last - first

    def findings(self) -> Iterator[Finding]:
        mean = self._energy / self._samples if self._samples else 0.0
        if mean < 10 ** (_SILENT_DBFS / 10):
            second = float(self._voice.start)
            yield Finding(
                fault=Fault.SILENT,
                message=f"Scene {self._voice.number}: no narration is heard at "
                f"second {second:.1f}.",
                scene=self._voice.number,
                at=second,
            )


def _start(frame: AudioFrame) -> Fraction:
    return Fraction(frame.pts or 0) * (frame.time_base or 0)


def _headers(info: MediaInfo, timeline: Timeline, profile: Profile) -> Iterator[Finding]:
    if (info.video_codec, info.audio_codec) != ("h264", "aac"):
        yield Finding(
            fault=Fault.STREAMS, message="The video does not hold one H.264 and one AAC stream."
        )
    if (info.width, info.height) != (profile.width, profile.height):
        yield Finding(
            fault=Fault.SIZE,
            message=f"The video is {info.width}×{info.height} "
            f"instead of {profile.width}×{profile.height}.",
        )
    for what, seconds in (("video", info.duration), ("sound", info.audio_duration)):
        if abs(seconds - float(timeline.duration)) > _TOLERANCE:
            yield Finding(
                fault=Fault.DURATION,
                message=f"The {what} lasts {seconds:.2f} seconds "
                f"instead of {float(timeline.duration):.2f}.",
            )
    if info.colour != "bt709":
        yield Finding(fault=Fault.COLOUR, message="The video is not tagged as BT.709.")
    if not info.fast_start:
        yield Finding(fault=Fault.SLOW_START, message="The video's index lies behind its pictures.")


def _luma(frame: VideoFrame) -> Plane:
    plane = frame.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: frame.height : _GRID, : frame.width : _GRID]
