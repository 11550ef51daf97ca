"""A waveform: the peaks of a finished video's sound, to be drawn."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from render.sound.loudness import decode_sound

Places = npt.NDArray[np.int64]
Peaks = npt.NDArray[np.float32]
"""Shaped (2, columns): the lowest and the highest sample of each column, within ±1."""


def waveform(path: Path, *, samples: int, columns: int) -> Peaks:
    """Return the peaks of so many samples at 48 kHz, which a video's sound has in an MP4."""
    peaks = np.zeros((2, columns), np.float32)
    position = 0
    for block in decode_sound(path):
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
