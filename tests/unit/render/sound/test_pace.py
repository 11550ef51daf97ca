"""Pace: faster or slower at the same pitch."""

import numpy as np
import pytest

from render.sound.pace import paced

RATE = 24_000


def tone(seconds: float, hertz: float) -> np.ndarray:
    at = np.arange(round(seconds * RATE)) / RATE
    return np.rint(12_000 * np.sin(2 * np.pi * hertz * at)).astype(np.int16)


def pitch(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * RATE / len(samples)


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.25, 2.0])
def test_it_lasts_as_long_as_its_speed_says_at_the_same_pitch(speed: float) -> None:
    made = paced(tone(3.2, 220), RATE, speed)
    assert len(made) / RATE == pytest.approx(3.2 / speed, abs=0.06)
    assert pitch(made) == pytest.approx(220, abs=3)


def test_at_its_own_pace_it_is_as_it_was() -> None:
    samples = tone(0.1, 220)
    assert paced(samples, RATE, 1.0) is samples
    assert len(paced(samples[:0], RATE, 2.0)) == 0
