"""An examination of any MP4, without the storyboard that it may have been made of.

The file is decoded to its end. Faults are what no video should have: it cannot be
decoded, its sound is clipped, it says the wrong things of itself. Black, frozen and
silent passages are told and are no faults, since only its maker knows what was
wanted; but a video that is nothing else is one.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Stream

from render.errors import MediaError
from render.inspection.frames import BLACK, MOVED, luma
from render.inspection.probe import UNKNOWN, MediaInfo, inspect, open_mp4
from render.inspection.validation import Fault, Finding, tag_findings, too_loud
from render.pictures.canvas import Plane
from render.sound.arrangement import RATE
from render.sound.graph import Block
from render.sound.hearing import ClippingDetector
from render.sound.loudness import Loudness, decode_sound, measure
from render.sound.wav import PauseDetector

if TYPE_CHECKING:
    from render.signing.provenance import Provenance

_SHORTEST_BLACK = 0.5
"""Seconds; a fade through black takes less."""
_SHORTEST_FROZEN = 2.0
_SHORTEST_SILENCE = 2
_APART = 0.1
"""Seconds between sound and pictures that begin or end together; a frame of AAC and one
of 24 pictures a second come to 63 ms."""
_CODECS = frozenset({"h264", "hevc", "av1"})


class Passage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A stretch of the video in which something is conspicuous, in seconds."""

    kind: Fault
    """`black`, `frozen`, `silent` or `clipped`."""
    start: float
    end: float


class Examination(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="event", tag="examination"
):
    """Everything that was found out about a file."""

    info: MediaInfo
    frames: int
    """Frames decoded."""
    sound_seconds: float
    """Seconds of sound decoded, from the first picture on."""
    loudness: Loudness | None
    """None where no sound could be decoded."""
    sound_starts_late: float | None
    """Seconds from the first picture to the first sound, below 0 where sound comes first."""
    sound_ends_late: float | None
    passages: tuple[Passage, ...]
    provenance: "Provenance | None"
    """None where there is no manifest, or none of ours."""
    origin: str
    """What can be said of the manifest, in words."""
    faults: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def examine(
    path: Path,
    *,
    threads: int = 2,
    on_frame: Callable[[int, int], None] = lambda _done, _total: None,
) -> Examination:
    """Decode an MP4 to its end and tell what it holds.

    `on_frame` hears how many frames were decoded, and how many there should be.
    Raises `MediaError` for what is no MP4.
    """
    info = inspect(path)
    pictures, sound = _PictureScan(), _SoundScan()
    faults = list(_streams(info))
    starts = None
    with open_mp4(path) as container:
        if info.video_codec not in {"", UNKNOWN}:
            faults += pictures.watch(
                container, threads, on_frame=lambda done: on_frame(done, info.frames)
            )
        if info.video_codec and info.audio_codec:
            starts = _start(container.streams.audio[0]) - _start(container.streams.video[0])
    if info.audio_codec:
        faults += sound.listen(path, info.audio_duration + min(starts or 0.0, 0.0))
    ends = sound.seconds - pictures.seconds if pictures.frames and sound.seconds else None
    provenance, origin = _origin(path)
    if provenance and provenance.faults:
        faults.append(Finding(fault=Fault.ALTERED, message=origin))
    faults += _apart(starts, "begins")
    if not any(finding.fault is Fault.UNDECODABLE for finding in faults):
        faults += [*_apart(ends, "ends"), *_nothing_else(pictures, sound)]
    return Examination(
        info=info,
        frames=pictures.frames,
        sound_seconds=sound.seconds,
        loudness=sound.loudness,
        sound_starts_late=starts,
        sound_ends_late=ends,
        passages=tuple(
            sorted((*pictures.passages, *sound.passages), key=lambda passage: passage.start)
        ),
        provenance=provenance,
        origin=origin,
        faults=tuple(faults),
    )


def _streams(info: MediaInfo) -> Iterator[Finding]:
    if not info.video_codec:
        yield Finding(fault=Fault.STREAMS, message="The file holds no pictures.")
    elif info.video_codec not in _CODECS:
        yield Finding(
            fault=Fault.STREAMS,
            message=f"The pictures are coded as {_name(info.video_codec)}, which few players show.",
        )
    if not info.audio_codec:
        yield Finding(fault=Fault.STREAMS, message="The file holds no sound.")
    elif info.audio_codec != "aac":
        yield Finding(
            fault=Fault.STREAMS,
            message=f"The sound is coded as {_name(info.audio_codec)}, which few players take.",
        )
    yield from tag_findings(info)


def _name(codec: str) -> str:
    return "something unknown" if codec == UNKNOWN else codec


def _apart(seconds: float | None, what: str) -> Iterator[Finding]:
    if seconds is not None and abs(seconds) > _APART:
        later = "after" if seconds > 0 else "before"
        yield Finding(
            fault=Fault.OFFSET,
            message=f"The sound {what} {abs(seconds):.2f} seconds {later} the pictures.",
        )


def _nothing_else(pictures: "_PictureScan", sound: "_SoundScan") -> Iterator[Finding]:
    whole = {
        passage.kind
        for seconds, passages in (
            (pictures.seconds, pictures.passages),
            (sound.seconds, sound.passages),
        )
        for passage in passages
        if passage.end - passage.start > seconds - _APART
    }
    for kind, words in (
        (Fault.BLACK, "The video is black from beginning to end."),
        (Fault.SILENT, "The video is silent from beginning to end."),
    ):
        if kind in whole:
            yield Finding(fault=kind, message=words)
    if Fault.FROZEN in whole and Fault.BLACK not in whole:
        yield Finding(fault=Fault.FROZEN, message="The picture never moves.")


def _origin(path: Path) -> "tuple[Provenance | None, str]":
    # Half a second to load, for this command alone.
    from render.signing import provenance  # noqa: PLC0415

    try:
        manifest = provenance.read(path)
    except MediaError as error:
        return None, error.message
    words = {
        provenance.Standing.TRUSTED: "Signed by a trusted signer, and unaltered since.",
        provenance.Standing.VALID: "Signed, and unaltered since; the signer is not known here.",
        provenance.Standing.INVALID: "The video was altered after it was signed.",
    }
    return manifest, words[manifest.standing]


class _Run:
    """Watches for one thing to last, and keeps the passages in which it does."""

    def __init__(self, kind: Fault, shortest: float) -> None:
        self._kind = kind
        self._shortest = shortest
        self._since: float | None = None
        self.passages: list[Passage] = []

    def measure(self, now: float, *, holds: bool) -> None:
        """Be told whether it is so from now on."""
        if holds and self._since is None:
            self._since = now
        elif not holds and self._since is not None:
            if now - self._since >= self._shortest:
                self.passages.append(Passage(kind=self._kind, start=self._since, end=now))
            self._since = None


class _PictureScan:
    """Sees every picture of a file; seconds count from the first."""

    def __init__(self) -> None:
        self.frames = 0
        self.seconds = 0.0
        self._black = _Run(Fault.BLACK, _SHORTEST_BLACK)
        self._frozen = _Run(Fault.FROZEN, _SHORTEST_FROZEN)
        self._reference: Plane | None = None

    @property
    def passages(self) -> list[Passage]:
        return [*self._black.passages, *self._frozen.passages]

    def watch(
        self, container: InputContainer, threads: int, *, on_frame: Callable[[int], None]
    ) -> Iterator[Finding]:
        stream = container.streams.video[0]
        promised = float((stream.duration or 0) * (stream.time_base or 0))
        usual = 1 / (stream.average_rate or Fraction(30))
        stream.codec_context.thread_count = threads
        stream.codec_context.options = {"err_detect": "explode"}
        first = _start(stream)
        broken = False
        frames = container.decode(stream)
        while True:
            try:
                frame = next(frames, None)
            except FFmpegError:
                broken = True
                break
            if frame is None:
                break
            now = float((frame.pts or 0) * (frame.time_base or 0)) - first
            self._scan(luma(frame), now)
            lasts = (frame.duration or 0) * (frame.time_base or 0) or usual
            self.frames, self.seconds = self.frames + 1, now + float(lasts)
            on_frame(self.frames)
        self._black.measure(self.seconds, holds=False)
        self._frozen.measure(self.seconds, holds=False)
        if broken or self.seconds < promised - 1.5 * usual:
            yield Finding(
                fault=Fault.UNDECODABLE,
                message=f"The pictures cannot be decoded past second {self.seconds:.1f}.",
                at=self.seconds,
            )

    def _scan(self, seen: Plane, now: float) -> None:
        self._black.measure(now, holds=float(np.percentile(seen, 99)) < BLACK)
        if self._reference is not None and self._reference.shape == seen.shape:
            change = np.abs(self._reference.astype(np.int16) - seen)
            if float(np.percentile(change, 99)) < MOVED:
                self._frozen.measure(now, holds=True)
                return
        self._frozen.measure(now, holds=False)
        self._frozen.measure(now, holds=True)
        self._reference = seen.copy()


class _SoundScan:
    """Hears all of a file's sound; seconds count from the first picture."""

    def __init__(self) -> None:
        self.loudness: Loudness | None = None
        self._samples = 0
        self._pauses = PauseDetector()
        self._clipping = ClippingDetector()

    @property
    def seconds(self) -> float:
        return self._samples / RATE

    @property
    def passages(self) -> list[Passage]:
        silences = self._pauses.silences(_SHORTEST_SILENCE)
        return [
            *(Passage(kind=Fault.SILENT, start=float(a), end=float(b)) for a, b in silences),
            *(
                Passage(kind=Fault.CLIPPED, start=clipped.start, end=clipped.end)
                for clipped in self._clipping.stretches
            ),
        ]

    def listen(self, path: Path, promised: float) -> Iterator[Finding]:
        broken = False
        try:
            self.loudness = measure(self._heard(path))
        except MediaError:
            broken = True
        if broken or self.seconds < promised - _APART:
            yield Finding(
                fault=Fault.UNDECODABLE,
                message=f"The sound cannot be decoded past second {self.seconds:.1f}.",
                at=self.seconds,
            )
        for clipped in self._clipping.stretches:
            yield Finding(
                fault=Fault.CLIPPED,
                message=f"The sound is clipped at second {clipped.start:.1f}.",
                at=clipped.start,
            )
        if self.loudness:
            yield from too_loud(self.loudness)

    def _heard(self, path: Path) -> Iterator[Block]:
        for block in decode_sound(path):
            self._pauses.hear(block)
            self._clipping.hear(block, self._samples)
            self._samples += block.shape[1]
            yield block


def _start(stream: Stream) -> float:
    return float((stream.start_time or 0) * (stream.time_base or 0))
