"""A fire in the oven, filmed: six seconds of flames and their crackle, as H.264 and AAC.

It is filmed at 25 frames a second on purpose, which a video of 30 has to make up for.
"""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

from samples.bakery.brush import paint
from samples.bakery.sheet import Field, ramp, step
from samples.bakery.views import hearth

SECONDS = 6
RATE = 48_000
FPS = 25

_FLAMES = (
    (0.0, "#000000"),
    (0.25, "#5a1204"),
    (0.45, "#c8400a"),
    (0.65, "#ff9420"),
    (0.85, "#ffd45c"),
    (1.0, "#fff6cf"),
)
_LUMPS = 48
"""Rows of the coarsest clouds that flames are cut from, four times over."""
_MOUTH = np.s_[130:625, 370:910]
"""The pixels in which there may be fire."""


def film(place: Path, *, seconds: float = SECONDS, size: tuple[int, int] = (1280, 720)) -> None:
    """Write the clip."""
    random = np.random.default_rng(5)
    sheet = hearth()
    wall = paint(np.clip(sheet.rgb, 0, 1), scale=1, seed=5).astype(np.float32) / 255
    x, y = sheet.x - 8 / 9, sheet.y
    lit = np.exp(-((x / 0.75) ** 2) - ((y - 0.62) / 0.5) ** 2)[..., None]
    warm = wall * lit * np.array([0.9, 0.5, 0.25], np.float32)
    x, y = x[_MOUTH], y[_MOUTH]
    mouth = 1 - step(np.hypot(x, np.minimum(y - 0.56, 0)), 0.35, 0.364)
    clouds = [_clouds(random, octave) for octave in (1, 2, 4)]
    with av.open(place, "w") as container:
        video = container.add_stream("libx264", FPS, options={"crf": "19", "preset": "fast"})
        video.width, video.height = size
        video.pix_fmt = "yuv420p"
        video.codec_context.thread_count = 1
        audio = container.add_stream("aac", RATE)
        audio.codec_context.layout = "stereo"
        for number in range(round(seconds * FPS)):
            heat = _heat(clouds, number / FPS, x, y) * mouth
            picture = wall * 0.62 + warm * (0.8 + 0.6 * float(heat.mean()))
            picture[_MOUTH] = 1 - (1 - picture[_MOUTH]) * (1 - ramp(heat, _FLAMES))
            frame = av.VideoFrame.from_ndarray(
                np.clip(picture * 255, 0, 255).astype(np.uint8), format="rgb24"
            )
            frame = frame.reformat(*size, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        crackle = av.AudioFrame.from_ndarray(_crackle(seconds, random), "fltp", "stereo")
        crackle.sample_rate, crackle.pts = RATE, 0
        container.mux(audio.encode(crackle))
        container.mux(audio.encode(None))


def _clouds(random: np.random.Generator, octave: int) -> Field:
    # Tall enough that six seconds of rising never repeat.
    return random.random((_LUMPS * octave // 4, 12 * octave), np.float32)


def _heat(clouds: list[Field], time: float, x: Field, y: Field) -> Field:
    """Return how hot each place is: clouds that rise, cut to tongues above the logs."""
    total = np.zeros_like(x)
    for octave, (cloud, speed) in enumerate(zip(clouds, (0.85, 1.25, 1.7), strict=True)):
        high, wide = cloud.shape
        down = (y * 3 * 2**octave + time * speed * 3 * 2**octave) % high
        sway = 0.05 * np.sin(y * 9 + time * 5 + octave)
        across = (x + sway + 1) * wide / 2
        wrapped = cv2.copyMakeBorder(cloud, 0, 4, 0, 4, cv2.BORDER_WRAP)
        total += cv2.remap(wrapped, across.astype(np.float32), down, cv2.INTER_CUBIC) / 2**octave
    total /= 1.75
    # A tall tongue in the middle, lower ones beside it.
    tall = 0.3 * np.exp(-((x / 0.15) ** 2)) + 0.14 * np.exp(-((x / 0.28) ** 2)) + 0.03
    risen = np.clip((0.84 - y) / tall, -0.3, 3)
    body = 1.25 - risen
    heat = np.clip(body * 0.85 + (total - 0.52) * 1.5, 0, 1)
    near = 1 - step(np.abs(x), 0.26, 0.36)
    return (heat * near * step(0.86 - y, 0, 0.05)).astype(np.float32)


def _crackle(seconds: float, random: np.random.Generator) -> npt.NDArray[np.float32]:
    """Return a low roar, and snaps that come as they like; shaped (2, samples)."""
    count = round(seconds * RATE)
    roar = cv2.blur(random.standard_normal((2, count)).astype(np.float32), (121, 1)) * 0.35
    snaps = np.zeros((2, count), np.float32)
    for _ in range(round(seconds * 9)):
        at, length = int(random.integers(0, count - 2400)), int(random.integers(200, 2000))
        burst = random.standard_normal(length) * np.exp(-np.arange(length) / (length / 6))
        sides = random.uniform(0.4, 1, (2, 1))
        snaps[:, at : at + length] += sides * burst * random.uniform(0.02, 0.16)
    return np.clip(roar + snaps, -0.9, 0.9).astype(np.float32)
