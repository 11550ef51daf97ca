"""Sounds for tests, made of formulas: voices, music, clips, and timelines that hold them."""

import wave
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet

from render.sound.arrangement import RATE
from render.sound.graph import Block
from render.sound.loudness import decode_sound
from render.sound.programme import encode_sound
from render.sound.wav import wav_duration
from render.storyboard import Solid, Transition
from render.timeline import ClipSound, MusicBed, Shot, Timeline, Voice

Floats = npt.NDArray[np.float64]


def speech(seconds: float, *, rate: int = 22_050, level: float = 0.2, seed: int = 1) -> Floats:
    """Noise that comes and goes at the pace of syllables; no two stretches are alike."""
    count = round(seconds * rate)
    noise = np.random.default_rng(seed).standard_normal(count)
    syllables = 0.5 + 0.5 * np.sin(2 * np.pi * 4 * np.arange(count) / rate)
    return level * noise * syllables


def tone(seconds: float, *, hertz: float = 440, rate: int = RATE, level: float = 0.5) -> Floats:
    return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def write_wav(path: Path, samples: Floats, *, rate: int = 22_050, width: int = 2) -> Path:
    """Write samples, shaped (samples,) or (samples, channels), by Python's own `wave`."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        file.setsampwidth(width)
        file.setframerate(rate)
        scaled = np.rint(np.clip(samples, -1, 1) * (2 ** (8 * width - 1) - 1)).astype("<i4")
        if width == 1:  # the one width that WAV counts from 0
            file.writeframes((scaled + 128).astype(np.uint8).tobytes())
        else:
            file.writeframes(scaled.reshape(-1, 1).view(np.uint8)[:, :width].tobytes())
    return path


def write_track(
    path: Path, samples: Floats, *, codec: str, rate: int = RATE, title: str = ""
) -> Path:
    """Encode samples in both channels, by the container of the path's name."""
    with av.open(path, "w") as container:
        if title:
            container.metadata["title"] = title
        container.mux(_packets(_stream(container, codec, rate), samples))
    return path


def write_clip(path: Path, samples: Floats | None, *, codec: str = "aac", fps: int = 30) -> Path:
    """Write a small grey clip with samples at 48 kHz as its sound."""
    with av.open(path, "w") as container:
        name = "libvpx-vp9" if path.suffix == ".webm" else "libx264"
        video = container.add_stream(name, rate=fps)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        seconds = 2.0 if samples is None else len(samples) / RATE
        # All streams are there before the first packet: that is when the header is written.
        audio = None if samples is None else _stream(container, codec, RATE)
        picture = av.VideoFrame.from_ndarray(np.full((96, 64), 128, np.uint8), "yuv420p")
        for number in range(round(seconds * fps)):
            picture.pts, picture.time_base = number, Fraction(1, fps)
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        if audio is not None and samples is not None:
            container.mux(_packets(audio, samples))
    return path


def _stream(container: OutputContainer, codec: str, rate: int) -> AudioStream:
    stream = container.add_stream(codec, rate=rate)
    stream.codec_context.layout = "stereo"
    stream.codec_context.bit_rate = 192_000
    return stream


def _packets(stream: AudioStream, samples: Floats) -> list[Packet]:
    context = stream.codec_context
    frame = av.AudioFrame.from_ndarray(
        np.stack([samples, samples]).astype(np.float32), "fltp", "stereo"
    )
    frame.sample_rate, frame.pts = context.sample_rate, 0
    resampler = av.AudioResampler(context.format or "s16", "stereo", context.sample_rate)
    blocks = [block for given in (frame, None) for block in resampler.resample(given)]
    return [packet for block in (*blocks, None) for packet in stream.encode(block)]


def voice(path: Path, start: float | Fraction, *, number: int = 1) -> Voice:
    return Voice(
        scene_id=f"s{number}",
        number=number,
        path=path,
        start=Fraction(start),
        duration=wav_duration(path),
    )


def clip_sound(
    path: Path,
    start: float,
    seconds: float,
    *,
    trim: float = 0,
    fade_in: float = 0,
    fade_out: float = 0,
    volume: float = 0,
) -> ClipSound:
    return ClipSound(
        number=7,
        path=path,
        start=Fraction(start),
        trim=Fraction(trim),
        duration=Fraction(seconds),
        fade_in=Fraction(fade_in),
        fade_out=Fraction(fade_out),
        volume=volume,
    )


def music_bed(
    path: Path,
    *,
    volume: float = -14,
    duck: float = 8,
    fade_in: float = 0,
    fade_out: float = 0,
    seamless: bool = False,
) -> MusicBed:
    return MusicBed(
        path=path,
        seamless=seamless,
        volume=volume,
        duck=duck,
        fade_in=Fraction(fade_in),
        fade_out=Fraction(fade_out),
    )


def timeline(
    frames: int,
    *voices: Voice,
    sounds: tuple[ClipSound, ...] = (),
    music: MusicBed | None = None,
    fps: Fraction = Fraction(30),
) -> Timeline:
    shot = Shot(
        scene_id="s1",
        number=1,
        title="One",
        source=Solid(colour="#000000"),
        start=0,
        frames=frames,
        span=frames,
        fade_in=0,
        fade_out=0,
        transition=Transition.CUT,
        colour="#000000",
    )
    return Timeline(fps=fps, shots=(shot,), voices=voices, sounds=sounds, music=music)


def encoded(sound: Timeline, path: Path, *, check: Callable[[], None] = lambda: None) -> Block:
    """Return what is heard of a timeline once it is encoded and decoded."""
    encode_sound(sound, path, check=check)
    return np.concatenate(list(decode_sound(path)), axis=1)


def found(spoken: Floats, heard: npt.NDArray[np.floating]) -> int:
    """Return the sample at which a sound is heard, by cross-correlation."""
    size = len(heard) + len(spoken)
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(spoken, size))
    return int(np.fft.irfft(spectrum, size).argmax())


def level(block: npt.NDArray[np.floating]) -> float:
    """Return the mean square in dB."""
    return float(10 * np.log10(np.square(block, dtype=np.float64).mean() + 1e-12))
