"""Levels of a finished video's sound: how loud the voice is, and what lies under it.

What is under a voice is heard in its shortest stops, between syllables: the level
that a tenth of the moments around do not reach. Levels are in dB of full scale.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from render.sound.arrangement import RATE
from render.sound.loudness import decode_sound
from render.sound.waveform import Peaks, waveform

_STEP = RATE // 50
"""Samples of a moment: 20 ms."""
_AROUND = 61
"""Moments, 1.2 seconds, in whose stops one hears what is under a voice."""
_STOPS = 10
"""Percent of moments that are stops."""
_FLOOR = -70.0
_FONT = Path(__file__).parents[1] / "render" / "fonts" / "Inter-Medium.ttf"
_PAPER, _INK, _GREY, _RULE = "#faf7f0", "#1f2430", "#c9c6bd", "#d8d4c9"
_SPOKEN, _UNDER = "#f6e4c8", "#c8661b"
_GRID = (0, -20, -40, -60)

Decibels = npt.NDArray[np.float64]


class Span(NamedTuple):
    """A stretch of time, in seconds."""

    start: float
    end: float


class Levels(NamedTuple):
    """A sound's level at every moment."""

    seconds: float
    peaks: Peaks
    power: Decibels
    """Mean squares, one a moment; not in dB."""
    under: Decibels
    """Decibels, one a moment."""

    def loud(self, spans: Sequence[Span]) -> float:
        """Return the level of these stretches."""
        return _decibels(np.concatenate([np.zeros(0), *map(self._power, spans)]))

    def beneath(self, spans: Sequence[Span]) -> float:
        """Return the level under these stretches."""
        parts = [self.under[self._moments(span)] for span in spans]
        return float(np.median(np.concatenate(parts))) if parts else float("nan")

    def outside(self, whole: Span, spans: Sequence[Span]) -> float:
        """Return the level of a stretch where none of the spans is."""
        quiet = np.ones(len(self.power), bool)
        for span in spans:
            quiet[self._moments(span)] = False
        part = self._moments(whole)
        return _decibels(self.power[part][quiet[part]])

    def _power(self, span: Span) -> Decibels:
        return self.power[self._moments(span)]

    def _moments(self, span: Span) -> slice:
        each = self.seconds / len(self.power)
        return slice(round(span.start / each), max(0, round(span.end / each)))


def listen(video: Path, *, seconds: float, columns: int = 1920) -> Levels:
    """Return the levels of a video that lasts so long."""
    samples = round(seconds * RATE)
    sound = np.concatenate([block.mean(axis=0) for block in decode_sound(video)])[:samples]
    moments = sound[: len(sound) // _STEP * _STEP].reshape(-1, _STEP)
    power = np.mean(np.square(moments, dtype=np.float64), axis=1)
    around = np.lib.stride_tricks.sliding_window_view(
        np.pad(power, _AROUND // 2, mode="edge"), _AROUND
    )
    stops = np.percentile(around, _STOPS, axis=1)
    return Levels(
        seconds=len(moments) * _STEP / RATE,
        peaks=waveform(video, samples=samples, columns=columns),
        power=power,
        under=10 * np.log10(np.maximum(stops, 1e-7)),
    )


def draw(
    levels: Levels, *, spoken: Sequence[Span], scenes: Sequence[float], size: tuple[int, int]
) -> Image.Image:
    """Draw samples above and levels below, spoken stretches shaded, scenes numbered."""
    width, height = size
    image = Image.new("RGB", size, _PAPER)
    pen = ImageDraw.Draw(image)
    head, foot = 34, 26
    font = ImageFont.truetype(_FONT, 20)
    small = ImageFont.truetype(_FONT, 15)
    upper = (head, head + (height - head - foot) * 0.52)
    lower = (upper[1] + 10, height - foot)
    middle, reach = sum(upper) / 2, (upper[1] - upper[0]) / 2

    def across(seconds: float) -> float:
        return seconds / levels.seconds * width

    def down(level: float) -> float:
        return lower[0] + level / _FLOOR * (lower[1] - lower[0])

    for span in spoken:
        pen.rectangle((across(span.start), head, across(span.end), lower[1]), fill=_SPOKEN)
    for level in _GRID:
        pen.line((0, down(level), width, down(level)), fill=_RULE)
    columns = levels.peaks.shape[1]
    for column, (lowest, highest) in enumerate(levels.peaks.T):
        x = column / columns * width
        pen.line((x, middle - float(highest) * reach, x, middle - float(lowest) * reach), fill=_INK)
    loud = 10 * np.log10(np.maximum(levels.power, 1e-7))
    places = [across(levels.seconds * number / len(loud)) for number in range(len(loud))]
    outline = [(x, down(float(level))) for x, level in zip(places, loud, strict=True)]
    pen.polygon([(0, lower[1]), *outline, (width, lower[1])], fill=_GREY)
    under = [(x, down(float(level))) for x, level in zip(places, levels.under, strict=True)]
    pen.line(under, fill=_UNDER, width=3)
    for level in _GRID:
        pen.text((width - 34, down(level) - 1), str(level), fill=_INK, font=small)
    for number, start in enumerate(scenes, 1):
        pen.line((across(start), 0, across(start), lower[1]), fill=_INK)
        pen.text((across(start) + 7, 4), str(number), fill=_INK, font=font)
    for second in range(0, int(levels.seconds) + 1, 5):
        pen.line((across(second), lower[1], across(second), lower[1] + 5), fill=_INK)
        pen.text((across(second) + 4, lower[1] + 5), f"{second} s", fill=_INK, font=small)
    return image


def _decibels(power: Decibels) -> float:
    return 10 * float(np.log10(max(power.mean(), 1e-12))) if power.size else float("nan")
