"""Pictures and sounds as a model would make them: real files, and never the same one twice.

And as no model should: `BAD_PICTURES` and `BAD_SPEECH` hold one of each kind that nothing can be
made of, for a simulator's `Made` or `Raw` to hand over.
"""

import io
import itertools
import re
import struct
import wave
import zlib
from collections.abc import Callable, Mapping

import av
import cv2
import numpy as np

from render.generation.reading import read_aloud

_SEEDS = itertools.count()
SECONDS_PER_CHARACTER = 0.065
_VOICES = {
    re.compile(pattern): voice
    for pattern, voice in {
        "[äöüß]|\\b(der|die|das|und|ist)\\b": "de",
        "[\u0600-\u06ff]": "ar",
        "[\u0400-\u04ff]": "ru",
        "[\u0900-\u097f]": "hi",
        "[\u4e00-\u9fff]": "cmn",
    }.items()
}
"""Of espeak-ng, by what a text is written in: providers are told no language either."""


def picture(width: int, height: int, kind: str = "jpg") -> bytes:
    """Return a picture of soft random colours."""
    colours = np.random.default_rng(next(_SEEDS)).integers(0, 255, (9, 16, 3), np.uint8)
    done, data = cv2.imencode(f".{kind}", cv2.resize(colours, (width, height)))
    assert done
    return data.tobytes()


def speech(text: str, rate: int, *, speed: float = 1) -> bytes:
    """Return a text as a voice says it, so many times as fast, as 16-bit PCM within silence."""
    voice = next((voice for script, voice in _VOICES.items() if script.search(text)), "en-us")
    spoken = read_aloud(text, [f"{voice}+m3"], round(170 * speed))
    assert spoken
    header, samples = spoken
    count = round(len(samples) * rate / header.sample_rate)
    heard = np.interp(
        np.arange(count) * header.sample_rate / rate, np.arange(len(samples)), samples
    )
    silence = np.zeros(rate // 4)
    return (np.concatenate([silence, heard, silence]) * 32_767).astype("<i2").tobytes()


def syllables(text: str, rate: int) -> bytes:
    """Return syllables of a tone, as 16-bit PCM, at a narrator's pace; some silence around them."""
    seconds = 0.3 + SECONDS_PER_CHARACTER * len(text)
    time = np.arange(round(seconds * rate)) / rate
    tone = 0.7 * np.sin(2 * np.pi * 180 * time) * np.cos(np.pi * 4 * time) ** 12
    silence = np.zeros(rate // 4)
    return (np.concatenate([silence, tone, silence]) * 32_767).astype("<i2").tobytes()


def clip(
    first: bytes,
    seconds: float,
    *,
    fps: int = 8,
    size: tuple[int, int] = (448, 252),
    sound: float | None = None,
) -> bytes:
    """Return an MP4 that begins with a picture and slowly goes on into another.

    `sound` is the level of its tone of 440 Hz, 1 for full scale; None for no sound at all.
    """
    start = cv2.imdecode(np.frombuffer(first, np.uint8), cv2.IMREAD_COLOR)
    assert start is not None
    if start.shape[0] > start.shape[1]:
        size = (size[1], size[0])
    if start.shape[0] == start.shape[1]:
        size = (size[1], size[1])
    colours = np.random.default_rng(next(_SEEDS)).integers(0, 255, (9, 16, 3), np.uint8)
    one, other = cv2.resize(start, size), cv2.resize(colours, size)
    out = io.BytesIO()
    count = max(1, round(seconds * fps))
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=fps, options={"preset": "ultrafast"})
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        # All streams are there before the first packet: that is when the header is written.
        heard = None if sound is None else container.add_stream("aac", rate=48_000, layout="mono")
        for number in range(count):
            share = 0.4 * number / count
            shown = cv2.addWeighted(one, 1 - share, other, share, 0)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(shown, format="bgr24")))
        container.mux(stream.encode())
        if heard is not None and sound is not None:
            time = np.arange(round(seconds * 48_000)) / 48_000
            tone = (sound * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
            samples = av.AudioFrame.from_ndarray(tone[None], "fltp", "mono")
            samples.sample_rate = 48_000
            for frame in (samples, None):
                container.mux(heard.encode(frame))
    return out.getvalue()


def music(seconds: float, rate: int = 44_100) -> bytes:
    """Return an MP3 in stereo: notes of a scale, a different tune each time."""
    notes = np.random.default_rng(next(_SEEDS)).integers(0, 12, max(1, round(seconds * 2)))
    time = np.arange(round(seconds * rate)) / rate
    hertz = 220 * 2 ** (notes[np.minimum(time * 2, len(notes) - 1).astype(int)] / 12)
    tone = (0.3 * np.sin(2 * np.pi * np.cumsum(hertz) / rate) * 32_767).astype("<i2")
    frame = av.AudioFrame.from_ndarray(np.repeat(tone, 2)[None], "s16", "stereo")
    frame.sample_rate = rate
    out = io.BytesIO()
    with av.open(out, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=rate, layout="stereo")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


def wav(pcm: bytes, rate: int) -> bytes:
    """Return PCM as a WAV file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm)
    return buffer.getvalue()


def bomb(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes that claims any number of pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    lines = chunk(b"IDAT", zlib.compress(bytes(1_000_000), 9))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + lines + chunk(b"IEND", b"")


def plain(width: int, height: int, level: int = 0) -> bytes:
    """Return a picture of one grey, black by default."""
    done, data = cv2.imencode(".png", np.full((height, width, 3), level, np.uint8))
    assert done
    return data.tobytes()


BAD_PICTURES: Mapping[str, Callable[[], bytes]] = {
    "truncated": lambda: picture(1376, 768, "png")[:20_000],
    "magic": lambda: b"\x89PNG\r\n\x1a\n" + bytes(64),
    "bomb": lambda: bomb(30_000, 30_000),
    "tiny": lambda: picture(1, 1, "png"),
}
BAD_SPEECH: Mapping[str, tuple[bytes, int]] = {
    "rate": (syllables("A line.", 24_000), 999_999),
    "overlong": (syllables("x" * 10_000, 8_000), 8_000),
    "silence": (bytes(48_000), 24_000),
    "faint": (np.resize([3, -3], 24_000).astype("<i2").tobytes(), 24_000),
    "empty": (bytes(2), 24_000),
}
"""PCM and its rate, by what is wrong with it."""


BLACK = plain(1280, 720)
"""What a refusal can look like."""


def instance(schema: dict[str, object]) -> object:
    """Return the least thing that follows a JSON schema."""
    if "enum" in schema:
        return schema["enum"][0]  # pyright: ignore[reportIndexIssue]
    match schema.get("type"):
        case "object":
            properties = schema.get("properties", {})
            return {name: instance(inner) for name, inner in properties.items()}  # pyright: ignore[reportAttributeAccessIssue]
        case "array":
            return [instance(schema["items"])]  # pyright: ignore[reportArgumentType]
        case "integer" | "number":
            return 1
        case "boolean":
            return True
        case _:
            return "words"
