"""The bakery's music: eight bars of soft chords and a few bells, that begin again where they end.

Sound is float32 at 48 kHz, shaped (2, samples), within ±1.
"""

import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

Sound = npt.NDArray[np.float32]

RATE = 48_000
_BEAT = 60 / 80
_BARS = 8
_CHORDS = (
    (41, 57, 60, 64),
    (40, 55, 60, 67),
    (38, 53, 57, 60),
    (43, 53, 59, 62),
    (45, 55, 60, 64),
    (38, 57, 60, 65),
    (43, 57, 60, 62),
    (36, 55, 59, 64),
)
"""A chord a bar, in MIDI's numbers: F, C over E, D minor, G; A minor, D minor, G, C."""
_BELLS = (
    (0, 76), (1.5, 72), (3, 67), (6, 69), (8, 72), (9.5, 69), (11, 65),
    (14, 67), (16, 72), (17.5, 76), (19, 79), (22, 77), (24, 74), (25.5, 72), (27, 71), (30, 67),
)  # fmt: skip
"""Beats, and notes."""


def loop(place: Path) -> None:
    """Write the music as a WAV file."""
    samples = np.clip(_played() * 32_767, -32_767, 32_767).astype("<i2")
    with wave.open(str(place), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.T.tobytes())


def _played() -> Sound:
    total = np.zeros((2, round(_BARS * 4 * _BEAT * RATE)), np.float32)
    for bar, chord in enumerate(_CHORDS):
        for voice, note in enumerate(chord):
            side = (voice - 1.5) / 4
            _ring(total, bar * 4 * _BEAT, _pad(note), side, 0.16 if voice else 0.22)
            _ring(total, (bar * 4 + voice * 0.5) * _BEAT, _string(note + 12), -side, 0.05)
    for beat, note in _BELLS:
        _ring(total, beat * _BEAT, _bell(note), 0.3, 0.075)
    return total * np.float32(0.5 / np.abs(total).max())


def _ring(
    total: Sound, start: float, note: npt.NDArray[np.float64], side: float, level: float
) -> None:
    """Add a note; what rings on past the end is heard at the beginning."""
    places = (round(start * RATE) + np.arange(note.size)) % total.shape[1]
    for channel, share in enumerate((0.5 - side / 2, 0.5 + side / 2)):
        total[channel, places] += (note * level * np.sqrt(share)).astype(np.float32)


def _time(seconds: float) -> npt.NDArray[np.float64]:
    return np.arange(round(seconds * RATE)) / RATE


def _hertz(note: int) -> float:
    return 440 * 2 ** ((note - 69) / 12)


def _pad(note: int) -> npt.NDArray[np.float64]:
    """A slow, warm tone: two strings a little out of tune."""
    time, hertz = _time(4 * _BEAT + 1.2), _hertz(note)
    tone = sum(
        np.sin(2 * np.pi * hertz * part * detune * time) / part**1.8
        for part in (1, 2, 3, 4)
        for detune in (0.9985, 1.0015)
    )
    rise, fall = np.minimum(time / 0.9, 1), np.minimum((time[-1] - time) / 1.4, 1)
    return tone * np.sin(rise * np.pi / 2) ** 2 * np.sin(fall * np.pi / 2) ** 2 * 0.5


def _string(note: int) -> npt.NDArray[np.float64]:
    time, hertz = _time(2.2), _hertz(note)
    tone = sum(np.sin(2 * np.pi * hertz * part * time) / part**1.4 for part in (1, 2, 3, 5))
    return tone * np.exp(-time * 2.6) * np.minimum(time / 0.006, 1)


def _bell(note: int) -> npt.NDArray[np.float64]:
    """A struck bar, as in an electric piano: its overtone is bright and soon gone."""
    time, hertz = _time(3.2), _hertz(note)
    bright = 1.1 * np.exp(-time * 5) * np.sin(2 * np.pi * hertz * 3 * time)
    return (
        np.sin(2 * np.pi * hertz * time + bright)
        * np.exp(-time * 1.5)
        * np.minimum(time / 0.004, 1)
    )
