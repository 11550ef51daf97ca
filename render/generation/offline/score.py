"""What a piece of the built-in music is written as: tempo, chords, and who plays what when."""

from collections.abc import Callable

import msgspec
import numpy as np

from render.generation.offline.instruments import Mono

BARS = 16
BEATS = 4
"""Of a bar."""

Chord = tuple[int, ...]
"""MIDI notes, the bass first."""


Play = Callable[[int, float], Mono]
"""An instrument: a MIDI note and seconds to samples."""
Strike = Callable[[np.random.Generator], Mono]
"""A drum, whose strokes differ a little."""


class Stroke(msgspec.Struct, frozen=True):
    """Something played in every bar."""

    beat: float
    """From 0, in the bar."""
    tones: tuple[int, ...] = ()
    """Which of the chord's notes, 0 for its bass; past its last, an octave up."""
    beats: float = 1.0
    """How long it is held."""
    accent: float = 1.0


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """One instrument, and what it plays."""

    play: Play
    level: float
    """Amplitude of one note."""
    strokes: tuple[Stroke, ...] = ()
    """In every bar."""
    melody: tuple[tuple[int, float, int, float], ...] = ()
    """Bar, beat, MIDI note and beats of each note, beside the strokes."""
    octave: int = 0
    bars: tuple[int, ...] = tuple(range(BARS))
    """In which the strokes are played."""
    pan: float = 0.0
    """−1 for left to 1 for right; notes of one stroke are spread around it."""
    wet: float
    """How much of it the room answers."""


class Drums(msgspec.Struct, frozen=True, kw_only=True):
    """One drum, and when it is struck; fields as a layer's."""

    strike: Strike
    level: float
    strokes: tuple[Stroke, ...]
    bars: tuple[int, ...] = tuple(range(BARS))
    pan: float = 0.0
    wet: float


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of music that can be repeated without an end."""

    tempo: int
    """Beats a minute; a whole number of samples each."""
    chords: tuple[Chord, ...]
    """One a bar, over and over."""
    layers: tuple[Layer | Drums, ...]
    room: float = 1.8
    """Seconds in which the room's answer falls by 60 dB."""
