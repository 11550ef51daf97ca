"""The instruments of the built-in music: each plays one note, or one stroke, as mono samples.

Float32 at 48 kHz, peaking near 1, rising from silence and falling back to it, so that a note may
begin anywhere without a click. Nothing is recorded: all are sums of sines, or filtered noise.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from render.sound.arrangement import RATE

Mono = npt.NDArray[np.float32]

_Real = npt.NDArray[np.float64]


def hertz(note: int) -> float:
    """Return the frequency of a note by its MIDI number, in equal temperament."""
    return 440 * 2 ** ((note - 69) / 12)


def pad(note: int, seconds: float) -> Mono:
    """Strings from afar: slow to come and to go, so that chords flow into each other."""
    partials = 1 / np.arange(1, 13) ** _softness(note)
    rise, fall = min(0.9, seconds / 3), min(1.3, seconds / 3)
    return _envelope(_tone(note, seconds, partials), rise=rise, fall=fall)


def keys(note: int, seconds: float) -> Mono:
    """An electric piano: a soft tone with a bright stroke that is soon gone."""
    time = _time(seconds)
    turn = 2 * np.pi * hertz(note) * time
    stroke = 0.9 * np.exp(-time * 7) * np.sin(turn * 2)
    return _envelope(np.sin(turn + stroke) * np.exp(-time * 1.6), rise=0.006, fall=0.15)


def pluck(note: int, seconds: float) -> Mono:
    """A plucked string: its upper partials die away before the lower ones."""
    time = _time(seconds)
    tone = np.zeros_like(time)
    for partial in range(1, 11):
        if partial * hertz(note) > RATE / 4:
            break
        fade = np.exp(-time * (1.8 + 0.9 * partial))
        tone += np.sin(2 * np.pi * partial * hertz(note) * time) * fade / partial**1.2
    return _envelope(tone * 0.7, rise=0.004, fall=0.1)


def bell(note: int, seconds: float) -> Mono:
    """A small glockenspiel: a bar's partials, of which the higher are short."""
    time = _time(seconds)
    tone = np.zeros_like(time)
    for ratio, level, decay in ((1.0, 1.0, 1.4), (2.76, 0.25, 4.0), (5.4, 0.1, 9.0)):
        if ratio * hertz(note) < RATE / 3:
            tone += level * np.sin(2 * np.pi * ratio * hertz(note) * time) * np.exp(-time * decay)
    return _envelope(tone * 0.75, rise=0.003, fall=0.2)


def bass(note: int, seconds: float) -> Mono:
    """A round electric bass."""
    time = _time(seconds)
    tone = _tone(note, seconds, np.array([1, 0.45, 0.18, 0.07]))
    return _envelope(tone * (0.35 + 0.65 * np.exp(-time * 2.2)), rise=0.012, fall=0.08)


def horn(note: int, seconds: float) -> Mono:
    """A muted brass voice that swells as it goes on."""
    time = _time(seconds)
    dark = _tone(note, seconds, np.array([1, 0.5, 0.25, 0.1]))
    bright = _tone(note, seconds, np.array([0.6, 0.6, 0.5, 0.4, 0.28, 0.18, 0.1]))
    swell = np.sin(np.pi * time / seconds) ** 2 * 0.5
    return _envelope(dark * (1 - swell) + bright * swell, rise=0.12, fall=0.4)


def kick(random: np.random.Generator) -> Mono:
    """A bass drum, muffled: a sine that falls in pitch, and the felt that strikes it."""
    time = _time(0.45)
    turn = 2 * np.pi * (46 * time + 62 / 32 * (1 - np.exp(-time * 32)))
    felt = _noise(random, 0.45, low=200, high=1_500) * np.exp(-time * 90) * 0.12
    return _envelope(np.sin(turn) * np.exp(-time * 9) + felt, rise=0.003, fall=0.1)


def tom(note: int, seconds: float) -> Mono:
    """A large, deep drum, damped after so many seconds."""
    time = _time(seconds)
    turn = 2 * np.pi * hertz(note) * (time + 0.012 * (1 - np.exp(-time * 18)))
    tone = np.sin(turn) + 0.35 * np.sin(turn * 1.5) * np.exp(-time * 5)
    return _envelope(tone * np.exp(-time * 3.2) * 0.75, rise=0.005, fall=0.4)


def brush(random: np.random.Generator) -> Mono:
    """A brush on a snare drum."""
    noise = _noise(random, 0.26, low=900, high=7_000)
    return _envelope(noise * np.exp(-_time(0.26) * 16), rise=0.004, fall=0.06)


def shaker(random: np.random.Generator) -> Mono:
    """Seeds in a shaker, which rise before they fall."""
    noise = _noise(random, 0.11, low=5_000, high=13_000)
    return _envelope(noise * np.exp(-_time(0.11) * 26), rise=0.014, fall=0.03)


def _softness(note: int) -> float:
    """Return how steeply a pad's partials fall off: high notes would be shrill."""
    return 1.45 + max(0, note - 55) * 0.02


def _time(seconds: float) -> _Real:
    return np.arange(round(seconds * RATE)) / RATE


def _tone(note: int, seconds: float, partials: Sequence[float] | _Real) -> _Real:
    """Return a sum of harmonic partials by their levels, peaking near 1."""
    turn: npt.NDArray[np.complex128] = np.exp(2j * np.pi * hertz(note) * _time(seconds))
    heard = [level for number, level in enumerate(partials, 1) if number * hertz(note) < RATE / 4]
    # Horner's rule: all partials from one rotation.
    total = np.zeros_like(turn)
    for level in reversed(heard):
        total = (total + level) * turn
    return np.imag(total) / sum(heard) * 1.4


def _noise(random: np.random.Generator, seconds: float, *, low: float, high: float) -> _Real:
    """Return noise between two frequencies, in hertz, peaking at 1."""
    count = round(seconds * RATE)
    spectrum = np.fft.rfft(random.standard_normal(count))
    frequency = np.fft.rfftfreq(count, 1 / RATE)
    spectrum *= 1 / (1 + (low / np.maximum(frequency, 1)) ** 4) / (1 + (frequency / high) ** 4)
    noise = np.fft.irfft(spectrum, count)
    return noise / np.abs(noise).max()


def _envelope(tone: _Real, *, rise: float, fall: float) -> Mono:
    """Return a tone that rises and falls in so many seconds, by squared sines."""
    index = np.arange(tone.size)
    share = np.minimum(index / (rise * RATE), (tone.size - index) / (fall * RATE))
    return (tone * np.sin(np.pi / 2 * np.clip(share, 0, 1)) ** 2).astype(np.float32)
