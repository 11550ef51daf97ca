"""A track: the sound of one file, whatever it is made of, as blocks.

Files are opened by the demuxer of their kind over one protocol, so that none can be a
playlist or an address, and only codecs of the list below are decoded. What a track lacks is filled
with silence and what it has twice is left out, so that a sample's place in the blocks
is its time in the file. Channels are brought to stereo as players do it, by their
positions; where a file of more than two names none, all are heard in the middle.
"""

import enum
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import msgspec
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.filter import Graph
from av.stream import Discard

from render.decoding import decoding
from render.errors import MediaError
from render.sound.arrangement import RATE
from render.sound.graph import Block, pull_frames, silence

MAX_CHANNELS = 64
MIN_RATE, MAX_RATE = 4_000, 768_000
"""Samples a second a file may have."""

_CODECS = frozenset({"aac", "ac3", "alac", "eac3", "flac", "mp3", "opus", "vorbis"})
"""Decoded beside PCM."""
_PREROLL = Fraction(1, 4)
"""Seconds decoded ahead of where a track begins: codecs need some to settle, Opus 80 ms."""
_DRIFT = Fraction(3, 100)
"""Seconds by which timestamps may stray from the samples before these are moved: Matroska
rounds to milliseconds, and recorders are late by a frame."""


class SoundFormat(enum.StrEnum):
    """A kind of file, told by its first bytes and not by its name."""

    WAV = "WAV"
    MP3 = "MP3"
    MP4 = "MP4"
    """M4A and QuickTime's MOV too."""
    AAC = "AAC"
    """By itself, in ADTS frames."""
    FLAC = "FLAC"
    OGG = "Ogg"
    WEBM = "WebM"
    """Any Matroska."""


_ID3 = b"ID3"
"""What a tag before the sound begins with."""
_MARKS = {
    SoundFormat.WAV: (0, (b"RIFF", b"RF64")),
    SoundFormat.MP4: (4, (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")),
    SoundFormat.FLAC: (0, (b"fLaC",)),
    SoundFormat.OGG: (0, (b"OggS",)),
    SoundFormat.WEBM: (0, (b"\x1a\x45\xdf\xa3",)),
}
_DEMUXERS = {
    SoundFormat.WAV: "wav",
    SoundFormat.MP3: "mp3",
    SoundFormat.MP4: "mp4",
    SoundFormat.AAC: "aac",
    SoundFormat.FLAC: "flac",
    SoundFormat.OGG: "ogg",
    SoundFormat.WEBM: "matroska",
}

_OPTIONS = {SoundFormat.WAV: {"probesize": "4096"}}
"""FFmpeg looks through a WAV file's samples for other codecs in disguise, which takes longer
than decoding them: not here."""


class SoundFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file with sound, and what to call it when it cannot be used."""

    path: Path
    formats: tuple[SoundFormat, ...]
    """What it may be."""
    what: str
    """As an editor would say: `the narration`."""
    scene: str | None = None
    """The number, where it belongs to one."""

    def error_of(self, reason: str) -> MediaError:
        """Return the error that says why."""
        where = f"Scene {self.scene}: " if self.scene else ""
        subject = self.what if self.scene else self.what[:1].upper() + self.what[1:]
        return MediaError(
            f"{where}{subject} {reason}.", **({"scene": self.scene} if self.scene else {})
        )


@contextmanager
def open_sound(source: SoundFile) -> Generator[tuple[InputContainer, AudioStream]]:
    """Open a file at its first sound that can be decoded; raise `MediaError` if there is none."""
    *others, last = source.formats
    unreadable = f"is not a readable {' or '.join(filter(None, (', '.join(others), last)))} file"
    with decoding(source.error_of, unreadable):
        try:
            form = _format(source.path)
        except FileNotFoundError as error:
            raise source.error_of("is missing") from error
        if form is None or form not in source.formats:
            raise source.error_of(unreadable)
        container = av.open(
            f"file:{source.path}",
            format=_DEMUXERS[form],
            options={"protocol_whitelist": "file", **_OPTIONS.get(form, {})},
            metadata_errors="replace",
        )
    with container:
        stream = next(filter(_decodable, container.streams.audio), None)
        if stream is None:
            raise source.error_of("holds no sound that can be decoded")
        context = stream.codec_context
        if not MIN_RATE <= context.sample_rate <= MAX_RATE:
            raise source.error_of(
                f"has {context.sample_rate} samples a second; {MIN_RATE} to {MAX_RATE} are possible"
            )
        if context.layout.nb_channels > MAX_CHANNELS:
            raise source.error_of(
                f"has {context.layout.nb_channels} channels; {MAX_CHANNELS} are possible"
            )
        for other in container.streams:
            if other is not stream:
                other.discard = Discard.all
        context.thread_count = 1
        context.options = {"err_detect": "explode"}
        yield container, stream


def blocks(source: SoundFile, *, start: Fraction = Fraction(0)) -> Iterator[Block]:
    """Yield a track from a second on, where 0 is the file's first picture or else its first sound.

    Raises `MediaError` where the file is missing, damaged or none of its kind.
    """
    with open_sound(source) as (container, stream):
        zero = _zero(container, stream)
        with decoding(source.error_of, "is damaged"):
            if start > _PREROLL and stream.time_base:
                target = (zero + start - _PREROLL) / stream.time_base
                container.seek(int(target), stream=stream)
            yield from _align(_resample(container.decode(stream)), round((zero + start) * RATE))


class Tape:
    """Blocks of any length, read in lengths of one's own."""

    def __init__(self, source: Iterable[Block]) -> None:
        self._blocks = iter(source)
        self._rest = np.zeros((2, 0), np.float32)

    def pieces(self, samples: int) -> Iterator[Block]:
        """Yield the next samples as they come: fewer only at the end, none after it."""
        while samples > 0:
            piece = self._rest[:, :samples]
            self._rest = self._rest[:, samples:]
            samples -= piece.shape[1]
            if piece.size:
                yield piece
            elif (block := next(self._blocks, None)) is not None:
                self._rest = block
            else:
                return

    def read(self, samples: int) -> Block:
        """Return the next samples in one block."""
        return np.concatenate([np.zeros((2, 0), np.float32), *self.pieces(samples)], axis=1)


def _format(path: Path) -> SoundFormat | None:
    with path.open("rb") as file:
        head = file.read(12)
        tagged = head.startswith(_ID3)
        if tagged:
            # Of an MP3, or of what follows: seven bits of its length a byte, without its head.
            length = 0
            for byte in head[6:10]:
                length = length << 7 | byte & 0x7F
            file.seek(10 + length)
            head = file.read(12)
    for form, (offset, marks) in _MARKS.items():
        if head[offset:].startswith(marks):
            return form
    # The eleven set bits that every frame of MPEG audio begins with; ADTS sets a twelfth, and
    # has no layer.
    if head[:1] != b"\xff" or head[1:2] < b"\xe0":
        return SoundFormat.MP3 if tagged else None
    return SoundFormat.AAC if head[1] & 0xF6 == 0xF0 else SoundFormat.MP3  # noqa: PLR2004


def _decodable(stream: AudioStream) -> bool:
    context = stream.codec_context
    # PyAV has no context for a codec that this FFmpeg does not know.
    name = context.codec.canonical_name if context else ""
    return name in _CODECS or name.startswith("pcm_")


def _zero(container: InputContainer, stream: AudioStream) -> Fraction:
    for first in (*container.streams.video[:1], stream):
        if first.start_time is not None and first.time_base:
            return first.start_time * first.time_base
    return Fraction(0)


def _align(frames: Iterable[AudioFrame], start: int) -> Iterator[Block]:
    position: int | None = None
    for frame in frames:
        block = frame.to_ndarray().astype(np.float32, copy=False)
        if position is None:
            position = frame.pts or 0
            yield from silence(position - start)
        heard = block[:, max(0, start - position) :]
        if heard.size:
            yield heard
        position += frame.samples


def _resample(frames: Iterable[AudioFrame]) -> Iterator[AudioFrame]:
    graph: Graph | None = None
    form: tuple[int, str, str] | None = None
    pushed = 0
    for frame in frames:
        frame_form = (frame.sample_rate, frame.format.name, frame.layout.name)
        if graph is None or frame_form != form:
            # AAC may find out in its first frames that it has twice the rate it said.
            yield from _drain(graph)
            graph, form = _graph(frame), frame_form
        graph.push(frame)
        pushed += frame.samples
        if pushed >= frame.sample_rate:
            pushed = 0
            yield from pull_frames(graph)
    yield from _drain(graph)


def _drain(graph: Graph | None) -> Iterator[AudioFrame]:
    if graph is not None:
        graph.push(None)
        yield from pull_frames(graph)


def _graph(frame: AudioFrame) -> Graph:
    graph = Graph()
    nodes = [
        graph.add_abuffer(
            sample_rate=frame.sample_rate,
            format=frame.format.name,
            layout=frame.layout,
            time_base=frame.time_base,
        )
    ]
    count = frame.layout.nb_channels
    if count > 2 and frame.layout.name.endswith("channels"):  # noqa: PLR2004  no positions
        # As loud as one channel where one alone speaks in each moment.
        every = "+".join(f"{count**-0.5:.6f}*c{channel}" for channel in range(count))
        nodes.append(graph.add("pan", f"mono|c0={every}"))
    nodes.append(graph.add("aresample", f"{RATE}:async=1:min_hard_comp={float(_DRIFT)}"))
    nodes.append(graph.add("aformat", "sample_fmts=fltp:channel_layouts=stereo"))
    nodes.append(graph.add("abuffersink"))
    graph.link_nodes(*nodes).configure()
    # Decoders hand over a fiftieth of a second at a time; here it becomes a second.
    graph.set_audio_frame_size(RATE)
    return graph
