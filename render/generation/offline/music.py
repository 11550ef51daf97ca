"""The built-in music: a bed of each mood, composed from its score, that repeats without a seam.

A bed is a circle. What rings on past its end is heard at its beginning, and the room, the chorus
and the filters go round it too: its last sample is followed by its first as any other by the next.
The same score gives the same samples every time.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from render.generation.offline.instruments import Mono, pad
from render.generation.offline.score import BARS, BEATS, Chord, Drums, Layer, Score
from render.generation.offline.scores import SCORES
from render.sound.arrangement import RATE
from render.sound.graph import Block
from render.sound.loudness import integrated_loudness
from render.sound.mix import factor
from render.storyboard import Mood

LOUDNESS = -20.0
"""LUFS of every bed: what music is delivered at, with room above for its drums."""
PEAK = 0.8
"""That no sample passes, −2 dBFS; a bed whose drums would pass it is quieter as a whole."""

_SPREAD = 0.35
"""How far apart notes that are played together stand."""
_CHORUS_SECONDS = 0.012
_CHORUS_DEPTH = 0.0016
"""Seconds by which the pads' second voice comes later, and by how much more and less."""
_ROOM = 0.5
"""How loud the room answers, against what is played."""


def compose(mood: Mood) -> Block:
    """Return a mood's bed: float32 shaped (2, samples) at 48 kHz, at `LOUDNESS`."""
    score = SCORES[mood]
    beat = RATE * 60 // score.tempo
    dry, wet = (np.zeros((2, BARS * BEATS * beat), np.float32) for _ in range(2))
    random = np.random.default_rng(list(mood.value.encode()))
    for layer in score.layers:
        played = np.zeros_like(dry)
        for note in _drums(layer, random) if isinstance(layer, Drums) else _notes(layer, score):
            _add(played, round(note.beat * beat), note)
        if isinstance(layer, Layer) and layer.play is pad:
            played = _chorus(played)
        dry += played
        wet += played * np.float32(layer.wet)
    bed = _in_a_room(dry, wet, seconds=score.room)
    bed *= factor(LOUDNESS - integrated_loudness(iter((bed,))))
    return bed * np.float32(min(1, PEAK / np.abs(bed).max()))


class _Note(NamedTuple):
    beat: float
    """From the first of the piece."""
    sound: Mono
    level: float
    pan: float


def _notes(layer: Layer, score: Score) -> Iterator[_Note]:
    beat = 60 / score.tempo
    # Most notes come back: each is made once.
    play = lru_cache(maxsize=None)(layer.play)
    for bar in layer.bars:
        chord = score.chords[bar % len(score.chords)]
        for stroke in layer.strokes:
            for place, tone in enumerate(stroke.tones):
                side = place - (len(stroke.tones) - 1) / 2
                yield _Note(
                    bar * BEATS + stroke.beat,
                    play(_tone(chord, tone) + 12 * layer.octave, stroke.beats * beat),
                    layer.level * stroke.accent,
                    layer.pan + side * _SPREAD,
                )
    for bar, start, note, beats in layer.melody:
        sound = play(note + 12 * layer.octave, beats * beat)
        yield _Note(bar * BEATS + start, sound, layer.level, layer.pan)


def _drums(layer: Drums, random: np.random.Generator) -> Iterator[_Note]:
    for bar in layer.bars:
        for stroke in layer.strokes:
            yield _Note(
                bar * BEATS + stroke.beat,
                layer.strike(random),
                layer.level * stroke.accent,
                layer.pan,
            )


def _tone(chord: Chord, index: int) -> int:
    """Return a chord's note; past its last its upper ones follow again, an octave higher."""
    if index < len(chord):
        return chord[index]
    octave, upper = divmod(index - 1, len(chord) - 1)
    return chord[1 + upper] + 12 * octave


def _add(played: Block, start: int, note: _Note) -> None:
    """Add a note; what rings on past the end is heard at the beginning."""
    angle = (np.clip(note.pan, -1, 1) + 1) * np.pi / 4
    sides = np.array([[np.cos(angle)], [np.sin(angle)]], np.float32) * np.float32(note.level)
    length = played.shape[1]
    first = note.sound[: length - start]
    played[:, start : start + first.size] += sides * first
    rest = note.sound[first.size :]
    played[:, : rest.size] += sides * rest


def _chorus(played: Block) -> Block:
    """Add a second voice to each side, whose delay swings, to the other side the other way."""
    length = played.shape[1]
    index = np.arange(length, dtype=np.float64)
    # Whole swings, about one in three seconds, so that the last leads to the first.
    swing = np.sin(2 * np.pi * round(length / RATE / 3) * index / length)
    heard = played.copy()
    for side, sign in ((0, 1), (1, -1)):
        place = index - (_CHORUS_SECONDS + sign * _CHORUS_DEPTH * swing) * RATE
        whole = np.floor(place)
        share = (place - whole).astype(np.float32)
        before = np.take(played[1 - side], whole.astype(np.int64), mode="wrap")
        after = np.take(played[1 - side], whole.astype(np.int64) + 1, mode="wrap")
        heard[side] += (before + share * (after - before)) * np.float32(0.7)
    return heard


def _in_a_room(dry: Block, wet: Block, *, seconds: float) -> Block:
    """Return what is played with the room's answer, without what a bed is better without."""
    length = dry.shape[1]
    frequency = np.fft.rfftfreq(length, 1 / RATE)
    # No rumble, more air the higher, and a little less where a voice is understood by.
    tone = 1 / (1 + (32 / np.maximum(frequency, 0.01)) ** 4)
    tone *= (np.clip(frequency, 300, 9_000) / 300) ** 0.35
    tone *= 1 - 0.25 * np.exp(-(np.log2(np.maximum(frequency, 1) / 2_800) ** 2))
    heard = np.empty_like(dry)
    for side in range(2):
        answer = np.fft.rfft(_room(seconds, side), length)
        spectrum = np.fft.rfft(dry[side]) + np.fft.rfft(wet[side]) * answer
        heard[side] = np.fft.irfft(spectrum * tone, length)
    return heard


def _room(seconds: float, side: int) -> npt.NDArray[np.float64]:
    """Return how a room answers a single sample: noise that dies away, the high of it sooner."""
    random = np.random.default_rng(side)
    time = np.arange(round(seconds * RATE)) / RATE
    fade = 10 ** (-3 * time / seconds)
    noise = random.standard_normal(time.size)
    low = np.convolve(noise, np.hanning(25) / np.hanning(25).sum(), mode="same")
    answer = low * fade * 3 + (noise - low) * fade**2.5 * 0.35
    early = np.minimum(time / 0.02, 1)
    answer *= early
    return answer / np.sqrt(np.sum(answer**2)) * _ROOM
