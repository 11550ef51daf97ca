"""The judgement of a finished video: is it what its timeline promised?

Composing decodes piece by piece, as each comes out of its encoder: every sample,
and every frame that others refer to. What was seen (a `Look`) and heard is kept
beside the piece; `judge` then proves that the joined file holds those very
packets. `validate` decodes a whole file instead, every frame of it, wherever it
comes from. Every finding names its scene and second.

What looks wrong but was asked for is none: a black picture makes a black scene,
a silent narration a silent one, and a scene without motion stands still.
"""

import enum
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path

import msgspec
from av.error import FFmpegError
from av.video.frame import VideoFrame

from render.errors import MediaError, ValidationFailed
from render.inspection.frames import BLACK, GRID, LOOKS_A_SECOND, MOVED, ActivityMeter, Look, luma
from render.inspection.probe import MediaInfo, inspect, open_mp4
from render.painter import Painter
from render.rendition import Profile
from render.segments import Segment, cut
from render.sound import wav
from render.sound.hearing import Hearing, hear
from render.sound.loudness import TARGET_LUFS, Loudness
from render.sound.programme import TRUE_PEAK
from render.storyboard import Motion
from render.timeline import Still, Timeline

_DRIFT = 16.0
"""Mean difference of luma from what was painted that no encoder makes by itself."""
_SILENT_DBFS = -50.0
_LOST = 30.0
"""dB by which a narration would have to be fainter than its file to count as not there: a file
of a few clicks is heard as faintly as it is."""
_APART = 0.02
"""Seconds by which sound may miss its picture before one sees it (ITU-R BT.1359-1 says 45 ms)."""


_PEAK_SLACK = 0.3
"""dB by which a lossy codec may raise a peak once more."""
_LOUDNESS_SLACK = 0.5
"""LU, the tolerance of EBU R128. Quieter is no fault: a whisper is not raised without end."""


class Fault(enum.StrEnum):
    """What can be wrong with a finished file."""

    STREAMS = "streams"
    """Not one picture stream of the profile's codec and one AAC stream."""
    SIZE = "size"
    """Not the profile's width and height."""
    DURATION = "duration"
    """Pictures or sound shorter or longer than the timeline by more than a frame."""
    COLOUR = "colour"
    """Not tagged as BT.709 in limited range."""
    SLOW_START = "slow_start"
    """The index lies behind the media, so a player must fetch all of it first."""
    UNDECODABLE = "undecodable"
    """It cannot be decoded to its end."""
    ALTERED = "altered"
    """The joined file holds other packets than the pieces it was joined from."""
    DRIFT = "drift"
    """The decoded picture is not the one that was painted."""
    BLACK = "black"
    """A scene whose picture is not black shows nothing."""
    FROZEN = "frozen"
    """A scene that should move does not."""
    SILENT = "silent"
    """Nothing is heard where a narration should be."""
    OFFSET = "offset"
    """A narration is heard earlier or later than its place."""
    CLIPPED = "clipped"
    """Samples at full scale, which loudspeakers cannot follow."""
    LOUDNESS = "loudness"
    """Louder, or with higher peaks, than platforms take."""


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
        where = {"scene": str(first.scene)} if first.scene else {}
        raise ValidationFailed(first.message + rest, fault=first.fault.value, **where)


class Glance(msgspec.Struct, frozen=True, kw_only=True):
    """A segment and what was seen of it."""

    segment: Segment
    look: Look


def judge(  # noqa: PLR0913  keyword-only past the third
    path: Path,
    timeline: Timeline,
    profile: Profile,
    *,
    glances: Sequence[Glance],
    pieces: Sequence[Path],
    sound: Path,
    hearing: Hearing,
) -> ValidationReport:
    """Judge a joined file by what was seen and heard of its pieces.

    `pieces` are the segments' files, in order, and `sound` the programme's.
    """
    findings = list(_header_findings(inspect(path), timeline, profile))
    if not _same_packets(path, pieces, sound):
        findings.append(
            Finding(fault=Fault.ALTERED, message="The video does not hold what was encoded.")
        )
    findings += _picture_findings(glances, timeline, profile)
    findings += _sound_findings(hearing, timeline)
    return ValidationReport(
        findings=tuple(findings), frames=sum(glance.look.frames for glance in glances)
    )


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
    findings = list(_header_findings(inspect(path), timeline, profile))
    watches = [_Watch(segment, timeline.fps) for segment in cut(timeline)]
    frames = 0
    try:
        for frames in _decode(path, watches, threads):
            on_frame(frames)
    except _UndecodableError:
        return ValidationReport(
            findings=(*findings, _undecodable(frames, timeline.fps)), frames=frames
        )
    if frames != timeline.frames:
        findings.append(
            Finding(
                fault=Fault.DURATION,
                message=f"The video holds {frames} frames instead of {timeline.frames}.",
            )
        )
    findings += _picture_findings([watch.glance for watch in watches], timeline, profile)
    try:
        findings += _sound_findings(hear(path, timeline), timeline)
    except MediaError as error:
        findings.append(Finding(fault=Fault.STREAMS, message=error.message))
    return ValidationReport(findings=tuple(findings), frames=frames)


def _decode(path: Path, watches: list["_Watch"], threads: int) -> Iterator[int]:
    """Show every picture to whom it concerns; yield how many there were so far."""
    watching = deque(watches)
    frames = 0
    try:
        with open_mp4(path) as container:
            context = container.streams.video[0].codec_context
            context.thread_count = threads
            context.options = {"err_detect": "explode"}
            for frame in container.decode(video=0):
                while watching and frames >= watching[0].segment.end:
                    watching.popleft()
                if watching:
                    watching[0].measure(frames, frame)
                frames += 1
                yield frames
    except (FFmpegError, OSError, IndexError) as error:
        raise _UndecodableError from error


class _UndecodableError(Exception):
    """The file's own fault, told apart from whatever `on_frame` raises."""


class _Watch:
    """Looks at one segment of a whole file."""

    def __init__(self, segment: Segment, fps: Fraction) -> None:
        self.segment = segment
        self._meter = ActivityMeter()
        self._every = max(1, fps // LOOKS_A_SECOND)
        self._frames = 0

    def measure(self, number: int, frame: VideoFrame) -> None:
        self._frames += 1
        if (number - self.segment.start) % self._every == 0:
            self._meter.measure(luma(frame))

    @property
    def glance(self) -> Glance:
        look = Look(frames=self._frames, brightest=self._meter.brightest, moved=self._meter.moved)
        return Glance(segment=self.segment, look=look)


def _header_findings(info: MediaInfo, timeline: Timeline, profile: Profile) -> Iterator[Finding]:
    if (info.video_codec, info.audio_codec) != (profile.codec.value, "aac"):
        yield Finding(
            fault=Fault.STREAMS,
            message=f"The video does not hold one {profile.codec.upper()} and one AAC stream.",
        )
    if (info.width, info.height) != (profile.width, profile.height):
        yield Finding(
            fault=Fault.SIZE,
            message=f"The video is {info.width}×{info.height} "
            f"instead of {profile.width}×{profile.height}.",
        )
    for what, seconds in (("video", info.duration), ("sound", info.audio_duration)):
        if abs(seconds - float(timeline.duration)) > 1 / timeline.fps:
            yield Finding(
                fault=Fault.DURATION,
                message=f"The {what} lasts {seconds:.2f} seconds "
                f"instead of {float(timeline.duration):.2f}.",
            )
    yield from tag_findings(info)


def tag_findings(info: MediaInfo) -> Iterator[Finding]:
    """Judge what headers say of colour and order."""
    if info.colour != "bt709":
        yield Finding(fault=Fault.COLOUR, message="The video is not tagged as BT.709.")
    if not info.fast_start:
        yield Finding(fault=Fault.SLOW_START, message="The video's index lies behind its pictures.")


def _same_packets(path: Path, pieces: Sequence[Path], sound: Path) -> bool:
    def packets(places: Sequence[Path], kind: str) -> Iterator[bytes]:
        for place in places:
            with open_mp4(place, by_header=True) as container:
                stream = next(iter(container.streams.get({kind: 0})))
                for packet in container.demux(stream):
                    if packet.size:
                        yield bytes(packet)

    try:
        return all(
            joined == encoded
            for kind, places in (("video", pieces), ("audio", [sound]))
            for joined, encoded in zip_longest(packets([path], kind), packets(places, kind))
        )
    except (FFmpegError, StopIteration):
        return False


def _picture_findings(
    glances: Sequence[Glance], timeline: Timeline, profile: Profile
) -> Iterator[Finding]:
    reported: set[tuple[Fault, int]] = set()
    for glance in glances:
        for finding in _judge_glance(glance, timeline, profile):
            # A scene of several segments is told of once.
            key = (finding.fault, finding.scene or 0)
            if key not in reported:
                reported.add(key)
                yield finding


def _judge_glance(glance: Glance, timeline: Timeline, profile: Profile) -> Iterator[Finding]:
    segment, look = glance.segment, glance.look
    shot = segment.views[0].shot
    second = float(segment.start / timeline.fps)

    def finding(fault: Fault, what: str) -> Finding:
        message = f"Scene {shot.number} {what} at second {second:.1f}."
        return Finding(fault=fault, message=message, scene=shot.number, at=second)

    if look.frames != segment.frames:
        yield _undecodable(segment.start + look.frames, timeline.fps, scene=shot.number)
        return
    if look.drift > _DRIFT:
        yield finding(Fault.DRIFT, "does not show what was painted")
    # Where one gives way to another, both may be nearly unseen.
    if len(segment.views) > 1:
        return
    moves = isinstance(shot.source, Still) and shot.source.motion is not Motion.STILL
    # Under a second there is too little movement to judge by.
    black = look.brightest < BLACK
    frozen = moves and segment.frames > timeline.fps and look.moved < MOVED
    if not (black or frozen):
        return
    expected = _expected_activity(segment, timeline, profile)
    if black and expected.brightest >= BLACK:
        yield finding(Fault.BLACK, "is black")
    elif frozen and look.moved < expected.moved / 4:
        yield finding(Fault.FROZEN, "does not move")


def _expected_activity(segment: Segment, timeline: Timeline, profile: Profile) -> ActivityMeter:
    # What the source itself shows to the same camera.
    expected = ActivityMeter()
    for number in (0, segment.frames - 1):
        painter = Painter(timeline, profile, [segment])
        for canvas in painter.paint(segment, first=number, frames=1):
            expected.measure(canvas.y[::GRID, ::GRID])
    return expected


def _undecodable(frames: int, fps: Fraction, *, scene: int | None = None) -> Finding:
    second = float(frames / fps)
    return Finding(
        fault=Fault.UNDECODABLE,
        message=f"The video cannot be decoded past second {second:.1f}.",
        scene=scene,
        at=second,
    )


def _sound_findings(hearing: Hearing, timeline: Timeline) -> Iterator[Finding]:
    for voice, measured in zip(timeline.voices, hearing.voices, strict=True):
        second = float(voice.start)
        if measured.level < _SILENT_DBFS:
            own = wav.hear_narration(voice.path, scene=str(voice.number)).loudest
            if measured.level > own - _LOST:
                continue
            yield Finding(
                fault=Fault.SILENT,
                message=f"Scene {voice.number}: no narration is heard at second {second:.1f}.",
                scene=voice.number,
                at=second,
            )
        elif measured.offset is not None and abs(measured.offset) > _APART:
            late = "late" if measured.offset > 0 else "early"
            yield Finding(
                fault=Fault.OFFSET,
                message=f"Scene {voice.number}: the narration comes "
                f"{abs(measured.offset) * 1000:.0f} ms too {late} at second {second:.1f}.",
                scene=voice.number,
                at=second,
            )
    for clipped in hearing.clipped:
        yield Finding(
            fault=Fault.CLIPPED,
            message=f"Scene {_scene_at(timeline, clipped.start)}: the sound is clipped "
            f"at second {clipped.start:.1f}.",
            scene=_scene_at(timeline, clipped.start),
            at=clipped.start,
        )
    yield from too_loud(hearing.loudness)


def too_loud(measured: Loudness) -> Iterator[Finding]:
    """Judge how loud a sound is."""
    if measured.true_peak > TRUE_PEAK + _PEAK_SLACK:
        yield Finding(
            fault=Fault.LOUDNESS, message=f"The sound peaks at {measured.true_peak:.1f} dBTP."
        )
    if measured.integrated > TARGET_LUFS + _LOUDNESS_SLACK:
        yield Finding(
            fault=Fault.LOUDNESS, message=f"The sound is {measured.integrated:.1f} LUFS loud."
        )


def _scene_at(timeline: Timeline, second: float) -> int:
    frame = int(second * timeline.fps)
    return next(shot.number for shot in reversed(timeline.shots) if shot.start <= frame)
