"""The scores of the built-in music: for each mood a tempo, its chords, and who plays what.

Sixteen bars of four beats that lead back to their beginning: the eight chords are heard twice,
the second time with more of the layers. Original, and under this project's licence.
"""

from render.generation.offline.instruments import (
    bass,
    bell,
    brush,
    horn,
    keys,
    kick,
    pad,
    pluck,
    shaker,
    tom,
)
from render.generation.offline.score import BEATS, Drums, Layer, Score, Stroke
from render.storyboard import Mood

_SECOND_HALF = tuple(range(8, 16))
_FROM_FIFTH = tuple(range(4, 16))


def _every(
    step: float, *tones: int, beats: float, accents: tuple[float, ...]
) -> tuple[Stroke, ...]:
    """Return a bar of single notes, so many beats apart, that go through tones and accents."""
    count = round(BEATS / step)
    return tuple(
        Stroke(
            index * step,
            (tones[index % len(tones)],) if tones else (),
            beats,
            accents[index % len(accents)],
        )
        for index in range(count)
    )


def _held(*tones: int) -> tuple[Stroke, ...]:
    """Return a chord for the whole bar, that flows into the next."""
    return (Stroke(0, tones, BEATS + 1.4),)


SCORES: dict[Mood, Score] = {
    Mood.CALM: Score(
        tempo=72,
        chords=(
            (41, 57, 60, 64), (40, 55, 59, 62), (38, 53, 57, 60), (36, 55, 59, 64),
            (45, 55, 60, 64), (41, 57, 60, 67), (38, 53, 57, 64), (43, 53, 57, 62),
        ),
        layers=(
            Layer(play=pad, level=0.10, strokes=_held(1, 2, 3), wet=0.5),
            Layer(play=bass, level=0.13, strokes=(Stroke(0, (0,), 3.6),), wet=0.05),
            Layer(
                play=keys,
                level=0.11,
                strokes=(
                    Stroke(0, (1,), 3.5), Stroke(1, (2,), 3), Stroke(1.5, (3,), 2.5, 0.8),
                    Stroke(2.5, (5,), 1.5, 0.7),
                ),
                pan=-0.25,
                wet=0.4,
            ),
            Layer(
                play=bell, level=0.07, pan=0.3, wet=0.6,
                melody=(
                    (8, 0.5, 76, 2), (8, 3, 72, 1.5), (9, 1, 74, 3), (10, 0.5, 72, 2),
                    (10, 3, 69, 1.5), (11, 1, 67, 3), (12, 0.5, 76, 2), (12, 3, 79, 1.5),
                    (13, 1, 76, 3), (14, 0.5, 74, 2), (14, 3, 72, 1.5), (15, 1, 69, 2.5),
                ),
            ),
        ),
        room=2.6,
    ),
    Mood.WARM: Score(
        tempo=80,
        chords=(
            (38, 57, 62, 66), (37, 57, 61, 64), (47, 57, 62, 66), (43, 59, 62, 66),
            (42, 57, 62, 66), (40, 55, 59, 62), (43, 55, 59, 62), (45, 57, 61, 64),
        ),
        layers=(
            Layer(play=pad, level=0.07, strokes=_held(1, 2, 3), wet=0.4),
            Layer(
                play=bass,
                level=0.17,
                strokes=(Stroke(0, (0,), 1.8), Stroke(2.5, (0,), 1.3, 0.8)),
                wet=0.03,
            ),
            Layer(
                play=pluck,
                level=0.13,
                strokes=_every(
                    0.5, 1, 2, 3, 2, 4, 3, 2, 3, beats=1.6, accents=(1.0, 0.7, 0.85, 0.65),
                ),
                pan=-0.35,
                wet=0.25,
            ),
            Layer(
                play=keys,
                level=0.06,
                strokes=(Stroke(0, (1, 2, 3), 3), Stroke(2.5, (1, 2, 3), 1.4, 0.7)),
                bars=_FROM_FIFTH,
                pan=0.35,
                wet=0.3,
            ),
            Drums(
                strike=brush,
                level=0.05,
                strokes=(Stroke(1), Stroke(3), Stroke(3.75, accent=0.4)),
                bars=_FROM_FIFTH,
                pan=0.1,
                wet=0.2,
            ),
            Drums(
                strike=kick,
                level=0.16,
                strokes=(Stroke(0), Stroke(2.5, accent=0.7)),
                bars=_FROM_FIFTH,
                wet=0.03,
            ),
            Layer(
                play=keys, level=0.11, pan=0.15, wet=0.4,
                melody=(
                    (8, 0, 78, 1.5), (8, 1.5, 76, 0.5), (8, 2, 74, 2), (9, 1, 73, 1), (9, 2, 76, 2),
                    (10, 0, 74, 1.5), (10, 1.5, 73, 0.5), (10, 2, 71, 2), (11, 1, 74, 3),
                    (12, 0, 78, 1.5), (12, 1.5, 76, 0.5), (12, 2, 74, 2), (13, 1, 71, 1),
                    (13, 2, 74, 2), (14, 0, 71, 2), (14, 2, 74, 2), (15, 0, 76, 3),
                ),
            ),
        ),
    ),
    Mood.BRIGHT: Score(
        tempo=100,
        chords=(
            (43, 59, 62, 67), (38, 57, 62, 66), (40, 59, 64, 67), (36, 60, 64, 67),
            (43, 59, 62, 67), (47, 59, 62, 66), (36, 60, 64, 67), (38, 57, 62, 66),
        ),
        layers=(
            Layer(play=pad, level=0.05, strokes=_held(1, 2, 3), wet=0.4),
            Layer(
                play=bass,
                level=0.17,
                strokes=(
                    Stroke(0, (0,), 0.9), Stroke(1.5, (0,), 0.45, 0.8), Stroke(2, (0,), 0.9),
                    Stroke(3.5, (0,), 0.45, 0.8),
                ),
                wet=0.03,
            ),
            Layer(
                play=pluck,
                level=0.12,
                strokes=_every(0.5, 1, 3, 2, 4, 3, 5, 4, 2, beats=1, accents=(1.0, 0.65, 0.8, 0.7)),
                octave=0,
                pan=-0.4,
                wet=0.25,
            ),
            Layer(
                play=keys,
                level=0.07,
                strokes=(
                    Stroke(0.5, (1, 2, 3), 0.8), Stroke(1.5, (1, 2, 3), 0.8),
                    Stroke(2.5, (1, 2, 3), 0.8), Stroke(3.5, (1, 2, 3), 0.8),
                ),
                bars=_SECOND_HALF,
                pan=0.4,
                wet=0.2,
            ),
            Drums(
                strike=kick,
                level=0.2,
                strokes=(Stroke(0), Stroke(2), Stroke(2.5, accent=0.7)),
                bars=_FROM_FIFTH,
                wet=0.03,
            ),
            Drums(strike=brush, level=0.07, strokes=(Stroke(1), Stroke(3)), wet=0.25, pan=0.05),
            Drums(
                strike=shaker,
                level=0.035,
                strokes=_every(0.5, beats=0.2, accents=(0.6, 1.0)),
                pan=0.45,
                wet=0.1,
            ),
            Layer(
                play=bell, level=0.07, pan=0.2, wet=0.4,
                melody=(
                    (8, 0, 83, 1), (8, 1, 86, 1), (8, 2.5, 83, 1), (9, 0, 81, 2), (9, 2.5, 78, 1),
                    (10, 0, 79, 1), (10, 1, 83, 1), (10, 2.5, 79, 1), (11, 0, 76, 2.5),
                    (12, 0, 83, 1), (12, 1, 86, 1), (12, 2.5, 88, 1), (13, 0, 86, 2),
                    (13, 2.5, 83, 1), (14, 0, 84, 1), (14, 1, 83, 1), (14, 2, 79, 1.5),
                    (15, 0, 81, 2), (15, 2.5, 78, 1),
                ),
            ),
        ),
        room=1.4,
    ),
    Mood.DRIVING: Score(
        tempo=120,
        chords=(
            (45, 57, 60, 64), (45, 57, 60, 64), (41, 57, 60, 65), (41, 57, 60, 65),
            (36, 55, 60, 64), (36, 55, 60, 64), (43, 55, 59, 62), (43, 55, 62, 67),
        ),
        layers=(
            Layer(play=pad, level=0.06, strokes=_held(1, 2, 3), wet=0.4),
            Layer(
                play=bass,
                level=0.15,
                strokes=_every(0.5, 0, beats=0.45, accents=(1.0, 0.75, 0.9, 0.75)),
                wet=0.02,
            ),
            Layer(
                play=pluck,
                level=0.09,
                strokes=_every(
                    0.25, 4, 2, 3, 5, 3, 4, 2, 3, beats=0.6, accents=(1.0, 0.55, 0.7, 0.55)
                ),
                pan=-0.35,
                wet=0.3,
            ),
            Layer(
                play=keys,
                level=0.06,
                strokes=(
                    Stroke(0, (1, 2, 3), 1.4), Stroke(1.5, (1, 2, 3), 1.4),
                    Stroke(3, (1, 2, 3), 0.9),
                ),
                bars=_SECOND_HALF,
                pan=0.35,
                wet=0.3,
            ),
            Drums(
                strike=kick,
                level=0.22,
                strokes=(Stroke(0), Stroke(1), Stroke(2), Stroke(3)),
                wet=0.02,
            ),
            Drums(
                strike=brush,
                level=0.07,
                strokes=(Stroke(1), Stroke(3)),
                bars=_FROM_FIFTH,
                wet=0.25,
            ),
            Drums(
                strike=shaker,
                level=0.03,
                strokes=_every(0.25, beats=0.2, accents=(0.5, 0.35, 1.0, 0.45)),
                pan=0.45,
                wet=0.1,
            ),
            Layer(
                play=horn, level=0.06, octave=-1, pan=0.1, wet=0.5,
                melody=(
                    (8, 0, 76, 3), (9, 0, 72, 1.5), (9, 1.5, 74, 1.5), (9, 3, 76, 1),
                    (10, 0, 77, 3), (11, 0, 76, 1.5), (11, 1.5, 72, 2), (12, 0, 79, 3),
                    (13, 0, 76, 1.5), (13, 1.5, 74, 1.5), (13, 3, 72, 1), (14, 0, 74, 3),
                    (15, 0, 71, 1.5), (15, 1.5, 74, 2),
                ),
            ),
        ),
        room=1.5,
    ),
    Mood.TENSE: Score(
        tempo=90,
        chords=(
            (38, 57, 62, 65), (38, 57, 62, 65), (38, 58, 62, 65), (38, 58, 62, 65),
            (38, 57, 62, 65), (39, 58, 63, 67), (38, 58, 62, 67), (37, 57, 61, 64),
        ),
        layers=(
            Layer(play=pad, level=0.10, strokes=_held(1, 2, 3), wet=0.5),
            Layer(
                play=bass,
                level=0.13,
                strokes=_every(0.5, 0, beats=0.4, accents=(1.0, 0.55, 0.7, 0.55)),
                wet=0.05,
            ),
            Layer(
                play=pluck,
                level=0.09,
                strokes=_every(
                    0.5, 1, 1, 2, 1, 3, 1, 2, 1, beats=0.6, accents=(1.0, 0.6, 0.8, 0.6),
                ),
                octave=-1,
                pan=-0.3,
                wet=0.4,
            ),
            Drums(
                strike=shaker,
                level=0.025,
                strokes=_every(0.25, beats=0.2, accents=(1.0, 0.3, 0.6, 0.3)),
                bars=_SECOND_HALF,
                pan=0.5,
                wet=0.2,
            ),
            Layer(
                play=tom,
                level=0.22,
                strokes=(
                    Stroke(0, (0,)), Stroke(2.75, (0,), accent=0.45), Stroke(3.5, (0,), accent=0.6),
                ),
                bars=(0, 2, 4, 6, 8, 9, 10, 11, 12, 13, 14, 15),
                wet=0.4,
            ),
            Layer(
                play=pad, level=0.08, pan=0.25, wet=0.7,
                melody=(
                    (4, 0, 74, 4), (6, 0, 70, 4), (8, 0, 74, 3), (8, 3, 76, 1), (9, 0, 77, 4),
                    (10, 0, 74, 3), (10, 3, 72, 1), (11, 0, 70, 4), (12, 0, 74, 4), (13, 0, 75, 4),
                    (14, 0, 74, 4), (15, 0, 73, 3.5),
                ),
            ),
        ),
        room=2.4,
    ),
    Mood.SOLEMN: Score(
        tempo=64,
        chords=(
            (36, 55, 60, 63), (44, 56, 60, 63), (39, 55, 58, 63), (46, 53, 58, 62),
            (41, 56, 60, 65), (36, 55, 60, 63), (43, 55, 60, 62), (43, 55, 59, 62),
        ),
        layers=(
            Layer(play=pad, level=0.11, strokes=_held(1, 2, 3), wet=0.5),
            Layer(play=pad, level=0.10, strokes=_held(0), wet=0.3),
            Layer(
                play=horn,
                level=0.07,
                strokes=(Stroke(0, (1,), 3.9), Stroke(0, (3,), 3.9, 0.7)),
                bars=_SECOND_HALF,
                octave=-1,
                pan=-0.25,
                wet=0.6,
            ),
            Layer(
                play=keys,
                level=0.07,
                strokes=(
                    Stroke(0, (0,), 3.5), Stroke(1, (1,), 3), Stroke(2, (2,), 2),
                    Stroke(3, (3,), 1.5),
                ),
                pan=0.2,
                wet=0.4,
            ),
            Layer(
                play=tom,
                level=0.16,
                strokes=(Stroke(0, (0,)), Stroke(3.5, (0,), accent=0.35)),
                bars=(0, 4, 8, 10, 12, 14),
                wet=0.5,
            ),
            Layer(
                play=horn, level=0.11, pan=0.1, wet=0.6,
                melody=(
                    (8, 0, 67, 3), (8, 3, 68, 1), (9, 0, 72, 3), (9, 3, 70, 1), (10, 0, 70, 3),
                    (10, 3, 67, 1), (11, 0, 65, 4), (12, 0, 68, 3), (12, 3, 72, 1), (13, 0, 67, 4),
                    (14, 0, 67, 2), (14, 2, 65, 2), (15, 0, 62, 3.8),
                ),
            ),
        ),
        room=3.2,
    ),
}  # fmt: skip
"""Of each mood. Their voices keep below or above the middle of speech, or are soft there."""
