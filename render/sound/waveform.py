"""A waveform: a finished video's sound as a picture, with its scenes and narrations marked."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from render.sound.graph import RATE
from render.sound.loudness import decoded
from render.timeline import Timeline

_FONT = Path(__file__).parent.parent / "fonts" / "Inter-Medium.ttf"
_PAPER, _INK, _SPOKEN, _RULE = "#ffffff", "#14213d", "#fdebc8", "#b8bcc6"

Places = npt.NDArray[np.int64]
Peaks = npt.NDArray[np.float32]
"""Shaped (2, columns): the lowest and the highest sample of each column, within ±1."""


def waveform(path: Path, *, samples: int, columns: int) -> Peaks:
    """Return the peaks of so many samples at 48 kHz, which a video's sound has in an MP4."""
    peaks = np.zeros((2, columns), np.float32)
    position = 0
    for block in decoded(path):
        fitting = block[:, : samples - position]
        if not fitting.size:
            break
        index: Places = np.arange(position, position + fitting.shape[1], dtype=np.int64)
        column: Places = np.floor_divide(index * columns, samples)
        position += fitting.shape[1]
        starts = np.flatnonzero(np.diff(column, prepend=-1))
        touched = column[starts]
        lowest = np.minimum.reduceat(fitting.min(axis=0), starts)
        highest = np.maximum.reduceat(fitting.max(axis=0), starts)
        peaks[0, touched] = np.minimum(peaks[0, touched], lowest)
        peaks[1, touched] = np.maximum(peaks[1, touched], highest)
    return peaks


def draw_waveform(path: Path, timeline: Timeline, *, width: int, height: int) -> Image.Image:
    """Draw a video's sound: narrations shaded, scenes numbered where they begin."""
    peaks = waveform(path, samples=round(timeline.duration * RATE), columns=width)
    image = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(image)
    margin = height // 6
    font = ImageFont.truetype(_FONT, margin * 2 // 3)
    middle, reach = (height + margin) / 2, (height - margin) / 2 - 1

    def across(seconds: float) -> float:
        return seconds / float(timeline.duration) * width

    for voice in timeline.voices:
        span = (across(float(voice.start)), margin, across(float(voice.end)), height)
        draw.rectangle(span, fill=_SPOKEN)
    for column, (lowest, highest) in enumerate(peaks.T):
        bottom, top = middle - lowest * reach, middle - highest * reach
        draw.line((column, float(top), column, float(bottom)), fill=_INK)
    for shot in timeline.shots:
        place = across(shot.start / timeline.fps)
        draw.line((place, 0, place, height), fill=_RULE)
        draw.text((place + margin // 4, margin // 8), str(shot.number), fill=_INK, font=font)
    return image
