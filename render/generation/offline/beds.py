"""The built-in music as files: a mood's bed is composed once and kept where segments are kept."""

import hashlib
import wave
from pathlib import Path

import msgspec
import numpy as np

from render.cache import Cache
from render.generation.offline.music import compose
from render.sound.arrangement import RATE
from render.storyboard import Mood

_EDITION = 1
"""Counts the scores and the ways in which they are played; others sound otherwise."""


def write_bed(mood: Mood, folder: Path) -> Path:
    """Compose a mood's bed into a folder, as 16-bit stereo WAV, and return its file."""
    place = folder / _file(mood)
    samples = np.rint(compose(mood) * np.iinfo(np.int16).max).astype("<i2")
    with wave.open(str(place), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(samples.itemsize)
        file.setframerate(RATE)
        file.writeframes(samples.T.tobytes())
    return place


class KeptBeds:
    """The beds that a cache holds, and the composing of those that it does not."""

    def __init__(self, cache: Cache) -> None:
        """Keep them where segments are kept."""
        self._cache = cache

    def lay(self, mood: Mood, folder: Path) -> Path:
        """Lay a mood's bed into a folder, and return its file."""
        content = msgspec.json.encode([_EDITION, mood, np.__version__])
        name = f"{hashlib.sha256(content).hexdigest()}.bed.wav"
        place = folder / _file(mood)
        if self._cache.fetch(name, place) is None:
            write_bed(mood, folder)
            self._cache.keep(name, place, b"{}")
        return place


def _file(mood: Mood) -> str:
    # With a dot, as no scene's id has one.
    return f"bed.{mood}.wav"
