"""Media of every kind that may be uploaded, made here: the smallest that their encoders write."""

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pillow_heif
from PIL import Image

pillow_heif.register_heif_opener()

SIZE = (64, 48)
SECONDS = 1
RATE = 48_000
PICTURES = {
    "png": "PNG",
    "jpg": "JPEG",
    "gif": "GIF",
    "webp": "WEBP",
    "avif": "AVIF",
    "heic": "HEIF",
}
CLIPS = {
    "mp4": ("mp4", "libx264"),
    "mov": ("mov", "libx264"),
    "webm": ("webm", "libvpx"),
    "mkv": ("matroska", "libx264"),
}
SOUNDS = {
    "wav": ("wav", "pcm_s16le"),
    "flac": ("flac", "flac"),
    "mp3": ("mp3", "libmp3lame"),
    "m4a": ("ipod", "aac"),
    "ogg": ("ogg", "libopus"),
}
EVERY = (*PICTURES, *CLIPS, *SOUNDS)


def picture(extension: str, *, size: tuple[int, int] = SIZE) -> bytes:
    noise = np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, PICTURES[extension])
    return out.getvalue()


def clip(extension: str, folder: Path, *, options: dict[str, str] | None = None) -> bytes:
    form, codec = CLIPS[extension]
    path = folder / f"clip.{extension}"
    with av.open(str(path), "w", format=form, options=options or {}) as container:
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        for number in range(10 * SECONDS):
            shade = np.full((SIZE[1], SIZE[0], 3), number * 20, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(shade)))
        container.mux(stream.encode())
    return path.read_bytes()


def sound(extension: str, folder: Path) -> bytes:
    form, codec = SOUNDS[extension]
    path = folder / f"sound.{extension}"
    with av.open(str(path), "w", format=form) as container:
        stream = container.add_stream(codec, rate=RATE, layout="mono")
        resampler = av.AudioResampler(
            stream.format, "mono", RATE, frame_size=stream.frame_size or 1024
        )
        wave = (np.sin(np.arange(RATE * SECONDS) / 20) * 8_000).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(wave, "s16", "mono")
        frame.rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
        for resampled in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(resampled))
        container.mux(stream.encode())
    return path.read_bytes()


def medium(extension: str, folder: Path) -> bytes:
    """Return a file of a kind, by its extension."""
    if extension in PICTURES:
        return picture(extension)
    return clip(extension, folder) if extension in CLIPS else sound(extension, folder)
