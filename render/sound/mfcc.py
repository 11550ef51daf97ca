"""What a sound is like, a hundred times a second: mel-frequency cepstral coefficients.

Each window of 25 ms becomes twelve numbers for the shape of its spectrum, twelve for how
that changes, and one for its level. A voice's own colour and the room are the same all
along, so what is the same all along is taken out, and every number has the same spread:
two voices that say the same come out alike.
"""

import functools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Frames = npt.NDArray[np.float32]
"""A row for each frame."""

HOP = 100
"""Frames a second."""
_WINDOW = 0.025
"""Seconds."""
_BANDS = 26
_LOWEST, _HIGHEST = 80.0, 7_000.0
"""Hertz: what voices and readings have in common."""
_COEFFICIENTS = 12
_NEIGHBOURS = 2
"""Frames on either side by which change is told."""
_CHANGE = 0.7
"""What change counts beside shape."""
_LEVEL = 1.2
SHORTEST_THROAT = 0.8
"""Of those that a sound can be heard as out of."""
_BLOCK = 2_048
"""Frames whose spectra are in memory at once."""
_FAINTEST = 35.0
"""Decibels below the loudest, under which there is no more difference: there noise is."""
_LOUD, _FAINT = 95, 5
"""Percentiles of level that tell speech, and the room without it."""
_NEAREST, _FARTHEST = -22.0, -38.0
"""Decibels below speech between which silence begins."""


class Features(NamedTuple):
    """A sound as frames."""

    frames: Frames
    quiet: npt.NDArray[np.bool_]
    """Which of them nobody speaks in."""

    @property
    def seconds(self) -> float:
        """How long it is, to a frame."""
        return len(self.frames) / HOP


class Spectrum(NamedTuple):
    """How loud each frequency of a mono sound is, frame by frame."""

    powers: npt.NDArray[np.float32]
    rate: int
    length: int
    """Samples in the window of a frame."""


def spectrum(samples: npt.NDArray[np.float32], rate: int) -> Spectrum:
    """Return the spectrum of a mono sound; frame `n` is around the time `n / HOP`."""
    length = round(_WINDOW * rate)
    count = len(samples) * HOP // rate
    size = _fft_size(length)
    heard = min(size // 2 + 1, int(_HIGHEST / SHORTEST_THROAT * size / rate) + 2)
    powers = np.empty((count, heard), np.float32)
    padded = np.pad(samples, (length // 2, length))
    starts = np.arange(count) * rate // HOP
    windows = np.lib.stride_tricks.sliding_window_view(padded, length)
    for first in range(0, count, _BLOCK):
        framed = windows[starts[first : first + _BLOCK]] * _hann(length)
        waves = np.fft.rfft(framed, size)[:, :heard]
        powers[first : first + _BLOCK] = waves.real**2 + waves.imag**2
    return Spectrum(powers, rate, length)


def features(sound: Spectrum, *, throat: float = 1.0) -> Features:
    """Return what a sound is like.

    A voice out of a throat longer than usual is as if out of a usual one, with its frequencies
    lower by as much: `throat` is how many times as long, from `SHORTEST_THROAT` on.
    """
    if not len(sound.powers):
        return Features(np.zeros((0, 2 * _COEFFICIENTS + 1), np.float32), np.zeros(0, np.bool_))
    filters = _filters(sound.rate, sound.length, throat)
    energies = _product(sound.powers[:, : filters.shape[1]], filters)
    decibels = 10 * np.log10(energies + 1e-10)
    decibels = np.maximum(decibels, decibels.max() - _FAINTEST)
    level = 10 * np.log10(energies.sum(axis=1) + 1e-10)
    quiet = _quiet(level)
    cepstra = _product(decibels, _cosines())
    heard = cepstra if quiet.all() else cepstra[~quiet]
    cepstra = (cepstra - heard.mean(axis=0)) / (heard.std(axis=0) + 1e-3)
    loud = np.percentile(level, _LOUD)
    level = np.clip((level - loud) / 20 + 1, -1, 1.5)[:, np.newaxis]
    frames = np.hstack([cepstra, _CHANGE * _changes(cepstra), _LEVEL * level])
    return Features(frames.astype(np.float32, copy=False), quiet)


def backwards(sound: Features) -> Features:
    """Return a sound as if it were played backwards: as like a voice, and without its words."""
    frames = sound.frames[::-1].copy()
    frames[:, _COEFFICIENTS : 2 * _COEFFICIENTS] *= -1
    return Features(frames, sound.quiet[::-1].copy())


def _product(frames: Frames, weights: npt.NDArray[np.float32]) -> Frames:
    """Return the sums of each frame's numbers, as each row of `weights` weighs them."""
    # `@` hands so little to the threads of a BLAS, which then spin for 50 ms in wait of more.
    return np.einsum("fn,wn->fw", frames, weights)


def _quiet(level: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    loud, faint = np.percentile(level, [_LOUD, _FAINT])
    return level < np.clip(faint + (loud - faint) / 4, loud + _FARTHEST, loud + _NEAREST)


def _changes(cepstra: Frames) -> Frames:
    padded = np.pad(cepstra, ((_NEIGHBOURS, _NEIGHBOURS), (0, 0)), mode="edge")
    count = len(cepstra)
    slopes = sum(
        step * (padded[_NEIGHBOURS + step :][:count] - padded[_NEIGHBOURS - step :][:count])
        for step in range(1, _NEIGHBOURS + 1)
    )
    return np.asarray(slopes / 3, np.float32)


@functools.cache
def _hann(length: int) -> npt.NDArray[np.float32]:
    return np.hanning(length).astype(np.float32)


def _fft_size(length: int) -> int:
    return 1 << (length - 1).bit_length()


@functools.cache
def _filters(rate: int, length: int, throat: float) -> npt.NDArray[np.float32]:
    """Return triangles, even in mel: a row of weights for each band."""
    mels = np.linspace(_mel(_LOWEST), _mel(_HIGHEST), _BANDS + 2)
    corners = np.minimum(
        700 * (10 ** (mels / 2595) - 1) / throat, rate / 2 - _BANDS + np.arange(_BANDS + 2)
    )
    highest = float(corners[-1])
    size = _fft_size(length)
    bins = np.arange(int(highest * size / rate) + 2)[:, np.newaxis] * rate / size
    rising = (bins - corners[:-2]) / (corners[1:-1] - corners[:-2])
    falling = (corners[2:] - bins) / (corners[2:] - corners[1:-1])
    triangles = np.maximum(0, np.minimum(rising, falling)) / length
    return np.ascontiguousarray(triangles.T, np.float32)


def _mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))


@functools.cache
def _cosines() -> npt.NDArray[np.float32]:
    numbers = np.arange(1, _COEFFICIENTS + 1)[:, np.newaxis]
    bands = np.arange(_BANDS) + 0.5
    return np.cos(np.pi / _BANDS * bands * numbers).astype(np.float32)
