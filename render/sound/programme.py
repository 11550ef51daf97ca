"""The sound of a video: every narration in its place, at one loudness, as AAC.

Sound runs at 48 kHz in stereo, in blocks of float32 shaped (2, samples) within
±1, and is never held whole: memory does not grow with length. Two passes: one
measures the programme after EBU R128, one applies a single gain to reach the
target and limits peaks. Source of the measure and the limiter: FFmpeg's
`ebur128` and `alimiter`.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path

import av
import msgspec
import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.error import FFmpegError
from av.filter import Graph

from render.errors import MediaError
from render.timeline import Timeline, Voice

Block = npt.NDArray[np.float32]

RATE = 48_000
"""Samples a second."""
TARGET_LUFS = -16.0
"""What podcasts and video platforms settle on for speech."""
_PEAK = 0.794
"""−2 dBFS on samples, which keeps true peaks under −1 dB after AAC."""
_MAX_GAIN_DB = 24.0
_SILENCE_LUFS = -60.0
"""Below this there is nothing to make louder."""
_BIT_RATE = 160_000
_RAMP = RATE // 200
"""Five milliseconds in and out, so that no narration starts with a click."""
_RECIPE = 1


def wav_duration(path: Path, *, scene: str | None = None) -> Fraction:
    """Return a WAV file's seconds by counting its samples.

    Raises `MediaError` unless the file is PCM, not empty and as long as it says.
    """
    try:
        with _open_wav(path) as container:
            stream = container.streams.audio[0]
            if not stream.codec_context.name.startswith("pcm_"):
                raise _refused("is not PCM", scene)
            promised = stream.duration
            held = sum(packet.duration or 0 for packet in container.demux(stream) if packet.size)
            rate = stream.codec_context.sample_rate
    except FileNotFoundError as error:
        raise _refused("is missing", scene) from error
    except (FFmpegError, OSError, IndexError) as error:
        raise _refused("is not a readable WAV file", scene) from error
    if not held:
        raise _refused("holds no sound", scene)
    if promised and held < promised:
        raise _refused("is cut short", scene)
    return Fraction(held, rate)


def sound_digest(timeline: Timeline, fingerprints: Mapping[Path, str]) -> str:
    """Return the digest of everything that decides the sound's bytes."""
    content = [
        _RECIPE,
        av.library_versions["libavcodec"],
        [timeline.frames, timeline.fps],
        [[fingerprints[voice.path], str(voice.start)] for voice in timeline.voices],
    ]
    return hashlib.sha256(msgspec.json.encode(content)).hexdigest()


def encode_sound(timeline: Timeline, place: Path, *, check: Callable[[], None]) -> None:
    """Write a timeline's sound as AAC in an MP4 of its own.

    `check` is called often, and stops the work by raising.
    """
    gain = _gain(loudness(mix(timeline, check=check))) if timeline.voices else 1.0
    with av.open(place, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=RATE)
        stream.codec_context.layout = "stereo"
        stream.codec_context.bit_rate = _BIT_RATE
        blocks = (np.multiply(block, gain) for block in mix(timeline, check=check))
        # `level` would turn the result up again; `latency` takes back the delay
        # of the limiter's look-ahead, which keeps the voice in its place.
        limiter = f"limit={_PEAK}:attack=5:release=80:level=0:latency=1"
        position = 0
        for frame in _filtered(blocks, "alimiter", limiter):
            frame.pts = position
            frame.time_base = Fraction(1, RATE)
            position += frame.samples
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def mix(timeline: Timeline, *, check: Callable[[], None] = lambda: None) -> Iterator[Block]:
    """Yield a timeline's narrations, unchanged in level, in exact place."""
    position = 0
    total = round(timeline.duration * RATE)
    starts = [round(voice.start * RATE) for voice in timeline.voices]
    limits = [*starts[1:], total]
    for voice, start, limit in zip(timeline.voices, starts, limits, strict=False):
        yield from _silence(start - position, check)
        position = start
        for block in _voice(voice):
            check()
            fitting = block[:, : limit - position]
            if not fitting.size:
                break
            position += fitting.shape[1]
            yield fitting
    yield from _silence(total - position, check)


def loudness(blocks: Iterable[Block]) -> float:
    """Return the integrated loudness of a programme in LUFS, after EBU R128."""
    measured = _SILENCE_LUFS
    for frame in _filtered(blocks, "ebur128", "metadata=1:framelog=quiet"):
        measured = float(frame.metadata.get("lavfi.r128.I", measured))
    return measured


def _gain(measured: float) -> float:
    if measured <= _SILENCE_LUFS:
        return 1.0
    return 10 ** (min(TARGET_LUFS - measured, _MAX_GAIN_DB) / 20)


def _voice(voice: Voice) -> Iterator[Block]:
    length = round(voice.duration * RATE)
    position = 0
    resampler = av.AudioResampler(format="fltp", layout="stereo", rate=RATE)
    try:
        with _open_wav(voice.path) as container:
            frames = container.decode(container.streams.audio[0])
            for decoded in (*frames, None):
                for frame in resampler.resample(decoded):
                    block = frame.to_ndarray().astype(np.float32, copy=False)
                    index = np.arange(position, position + frame.samples)
                    position += frame.samples
                    envelope = np.clip(np.minimum(index, length - index) / _RAMP, 0, 1)
                    yield block * envelope.astype(np.float32)
    except (FFmpegError, OSError, IndexError) as error:
        raise _refused("is damaged", str(voice.number)) from error


def _silence(samples: int, check: Callable[[], None]) -> Iterator[Block]:
    while samples > 0:
        check()
        length = min(samples, RATE)
        yield np.zeros((2, length), np.float32)
        samples -= length


def _filtered(blocks: Iterable[Block], name: str, arguments: str) -> Iterator[av.AudioFrame]:
    graph = Graph()
    source = graph.add_abuffer(
        sample_rate=RATE, format="fltp", layout="stereo", time_base=Fraction(1, RATE)
    )
    form = graph.add("aformat", "sample_fmts=fltp:channel_layouts=stereo")
    sink = graph.add("abuffersink")
    graph.link_nodes(source, graph.add(name, arguments), form, sink).configure()
    position = 0
    for block in blocks:
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(block), format="fltp", layout="stereo"
        )
        frame.sample_rate = RATE
        frame.pts = position
        frame.time_base = Fraction(1, RATE)
        position += frame.samples
        graph.push(frame)
        yield from _pulled(graph)
    graph.push(None)
    yield from _pulled(graph)


def _pulled(graph: Graph) -> Iterator[av.AudioFrame]:
    while True:
        try:
            frame = graph.pull()
        except (BlockingIOError, EOFError):
            # More is needed first, or all has been given.
            return
        if isinstance(frame, av.AudioFrame):
            yield frame


def _open_wav(path: Path) -> InputContainer:
    # One named demuxer and one protocol: never a playlist, never an address.
    return av.open(f"file:{path}", format="wav", options={"protocol_whitelist": "file"})


def _refused(reason: str, scene: str | None) -> MediaError:
    where = f"Scene {scene}: the narration" if scene else "The narration"
    return MediaError(f"{where} {reason}.", **({"scene": scene} if scene else {}))
