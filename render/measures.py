"""Measures: what is known of a medium once it was decoded to its end, kept with its record.

With them a film is laid out to the frame and the sample by who never opens a file.
"""

from fractions import Fraction
from typing import TypeAlias

import msgspec

_PAUSES_A_SECOND = 100
"""Pauses are counted in hundredths of a second, the steps in which they are heard."""


class PictureMeasures(msgspec.Struct, frozen=True, kw_only=True, tag="picture"):
    """A picture's size in pixels, once it stands upright."""

    width: int
    height: int


class WordTime(msgspec.Struct, frozen=True, array_like=True):
    """When a part of a text was heard in its narration (`render.generation.reading`)."""

    character: int
    """Where in the text it begins, the text being without more than one space in a row."""
    start: int
    """Milliseconds."""
    end: int


class SpeechMeasures(msgspec.Struct, frozen=True, kw_only=True, tag="speech"):
    """How long a narration is, and where it pauses."""

    samples: int
    rate: int
    """Samples a second."""
    pauses: tuple[tuple[int, int], ...] = ()
    """Its silent stretches, each from one hundredth of a second to another."""
    words: tuple[WordTime, ...] = ()
    """When each word is said; none where that could not be told."""

    @classmethod
    def of(
        cls,
        seconds: Fraction,
        rate: int,
        pauses: tuple[tuple[Fraction, Fraction], ...],
        words: tuple[WordTime, ...] = (),
    ) -> "SpeechMeasures":
        """Write down what was measured, in seconds."""
        return cls(
            samples=int(seconds * rate),
            rate=rate,
            words=words,
            pauses=tuple(
                (int(start * _PAUSES_A_SECOND), int(end * _PAUSES_A_SECOND))
                for start, end in pauses
            ),
        )

    @property
    def seconds(self) -> Fraction:
        """How long it is."""
        return Fraction(self.samples, self.rate)

    @property
    def silences(self) -> tuple[tuple[Fraction, Fraction], ...]:
        """Its silent stretches in seconds."""
        return tuple(
            (Fraction(start, _PAUSES_A_SECOND), Fraction(end, _PAUSES_A_SECOND))
            for start, end in self.pauses
        )


class ClipMeasures(msgspec.Struct, frozen=True, kw_only=True, tag="clip"):
    """A clip's size in pixels, how long it is, and whether it has sound of its own."""

    width: int
    height: int
    milliseconds: int
    sounds: bool = False


class MusicMeasures(msgspec.Struct, frozen=True, kw_only=True, tag="music"):
    """How long a piece of music is."""

    milliseconds: int


Measures: TypeAlias = PictureMeasures | SpeechMeasures | ClipMeasures | MusicMeasures
