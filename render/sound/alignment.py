"""An alignment: when a narration says each part of a text, and whether it says all of it.

The text is read by a machine whose word times are known; where the narration sounds like
that reading it says the same (dynamic time warping). Every frame of the narration is given
a moment of the reading, never going back: at most three times as fast as it was read, or as
slow as need be. Between any two words there may be a pause.

First in steps of 40 ms over everything, where a whole sentence may be left out, said again or
broken off at a price, which is how that is found out. Then in steps of 10 ms, near the way
that was found.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from render.sound.mfcc import HOP, Features, Frames, backwards

Way = npt.NDArray[np.int64]
"""Of each frame of a narration, the state it is in."""
Flags = npt.NDArray[np.bool_]

MAX_SECONDS = 400
"""Of a narration or of its reading: what the first step keeps grows with the square."""
_COARSE = 4
"""Frames in one step of the first pass."""
_NEAR = 60
"""Moments of the reading on either side that the second pass looks at."""
_AHEAD = np.array([[0.3], [0.0], [0.3], [1.0]], np.float32)
"""What it costs to stay, to go on by one moment, or to leave one or two out."""
_BOTH_QUIET = 1.0
_SPOKEN_OVER = 7.0
"""What a frame in which somebody speaks costs at a pause."""
_SHORTEST_REST = 5
"""Frames of a pause of the reading; shorter ones are a consonant's."""
_LEAP = 10.0
"""What it costs to leave out a sentence or to say it again, in steps of the first pass."""
_LEAPT = 3 * _COARSE + 3
"""Moments of the reading: who goes on by more has leapt."""
_BARELY, _AGAIN, _WHOLE = 0.5, 0.6, 0.85
"""What of a part, or of a sentence, must be gone through: to be heard, to be said again, and
to be said at all."""


class Mark(NamedTuple):
    """Where a part of the text begins in its reading."""

    seconds: float
    sentence: int
    """Which sentence it belongs to, counted from 0."""


class Heard(NamedTuple):
    """When a part is heard in the narration, in seconds."""

    start: float
    end: float


class Alignment(NamedTuple):
    """A narration set against its text."""

    heard: tuple[Heard | None, ...]
    """By part; None where it is not said."""
    missing: tuple[int, ...]
    """Sentences that are not said, or not to their end."""
    repeated: tuple[int, ...]
    """Sentences that are said more than once."""
    distance: float
    """How unlike the reading it sounds where somebody speaks: the less, the surer is all else."""


class _States(NamedTuple):
    """The reading as what a narration goes through: its frames, and a pause before each part."""

    frames: Frames
    quiet: Flags
    pauses: list[int]
    """The state of the pause before each part, and of the one after the last."""


def align(narration: Features, readings: Sequence[Features], marks: Sequence[Mark]) -> Alignment:
    """Set a narration against a reading of its text, in which each part begins at a mark.

    `readings` are one reading as out of throats of different lengths; the nearest counts.
    """
    borders = [0] + [
        number
        for number, (before, mark) in enumerate(pairwise(marks), start=1)
        if mark.sentence != before.sentence
    ]
    found: list[tuple[float, Way, _States]] = []
    for reading in readings:
        states = _states(reading, marks)
        way, cost = _coarse_way(narration, states, [states.pauses[part] for part in borders])
        found.append((cost, way, states))
    _, way, states = min(found, key=lambda one: one[0])
    way, distance = _fine_way(narration, states, way)
    return _alignment(states, marks, way, distance)


def distance_backwards(
    narration: Features, readings: Sequence[Features], marks: Sequence[Mark]
) -> float:
    """Return how unlike a narration is to these readings played backwards.

    Who says their text is much nearer to them as they are; who says something else is as near.
    """
    ends = [*(mark.seconds for mark in marks[1:]), readings[0].seconds]
    turned = [
        Mark(ends[-1] - end, marks[-1].sentence - mark.sentence)
        for mark, end in zip(reversed(marks), reversed(ends), strict=True)
    ]
    return align(narration, [backwards(reading) for reading in readings], turned).distance


def _states(reading: Features, marks: Sequence[Mark]) -> _States:
    count = len(reading.frames)
    resting = np.zeros(count, np.bool_)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], reading.quiet, [False]))))
    for begin, end in edges.reshape(-1, 2):
        if end - begin >= _SHORTEST_REST or begin == 0 or end == count:
            resting[begin:end] = True
    places: list[int] = []
    pauses: list[int] = []
    begin = 0
    for mark in (*marks, Mark(count / HOP, -1)):
        end = min(count, max(begin, round(mark.seconds * HOP)))
        # A pause belongs before the part that follows it, wherever it was marked.
        while end < count and resting[end]:
            end += 1
        places += [frame for frame in range(begin, end) if not resting[frame]]
        pauses.append(len(places))
        places.append(-1)
        begin = end
    chosen = np.array(places)
    frames = reading.frames[chosen]
    quiet = reading.quiet[chosen]
    frames[chosen < 0] = 0
    quiet[chosen < 0] = True
    return _States(frames, quiet, pauses)


def _costs(frames: Frames, quiet: Flags, states: Frames, pausing: Flags) -> Frames:
    squares = (
        np.einsum("nd,nd->n", frames, frames)[:, np.newaxis]
        + np.einsum("md,md->m", states, states)
        - 2 * frames @ states.T
    )
    costs = np.sqrt(np.maximum(squares, 0))
    costs[:, pausing] = np.where(quiet, _BOTH_QUIET, _SPOKEN_OVER)[:, np.newaxis]
    return costs


def _coarse_way(narration: Features, states: _States, borders: Sequence[int]) -> tuple[Way, float]:
    """Return the state of each frame, in large steps that leap between `borders`, and its cost."""
    steps = -(-len(narration.frames) // _COARSE)
    frames, quiet = _gathered(
        narration.frames, narration.quiet, np.arange(len(narration.frames)) // _COARSE, steps
    )
    # Pauses stay states of their own.
    pausing = np.zeros(len(states.frames), np.bool_)
    pausing[states.pauses] = True
    group = np.zeros(len(states.frames), np.int64)
    number, filled = -1, _COARSE
    for state, pause in enumerate(pausing):
        if pause or filled == _COARSE:
            number, filled = number + 1, 0
        group[state] = number
        filled = _COARSE if pause else filled + 1
    count = number + 1
    gathered, _ = _gathered(states.frames, states.quiet, group, count)
    small_pausing = np.zeros(count, np.bool_)
    small_pausing[group[pausing]] = True
    costs = _costs(frames, quiet, gathered, small_pausing)
    stay = np.where(small_pausing, 0, _AHEAD[0]).astype(np.float32)
    doors = np.unique(np.append(group[borders], count - 1))
    totals = np.full(count + 3, np.inf, np.float32)
    totals[3] = 0
    totals[4:7] = _AHEAD[1:, 0]
    came = np.zeros((steps, count), np.int32)
    index = np.arange(count)
    choices = np.empty((4, count), np.float32)
    totals[3:] += costs[0]
    for step in range(1, steps):
        np.add(totals[3:], stay, out=choices[0])
        for ahead in (1, 2, 3):
            np.add(totals[3 - ahead : -ahead], _AHEAD[ahead, 0], out=choices[ahead])
        chosen = choices.argmin(axis=0)
        best = choices[chosen, index]
        np.subtract(index, chosen, out=came[step], casting="unsafe")
        at = doors[totals[3 + doors].argmin()]
        leapt = totals[3 + at] + _LEAP
        better = doors[best[doors] > leapt]
        best[better] = leapt
        came[step, better] = at
        np.add(best, costs[step], out=totals[3:])
    ends = totals[3:] + _LEAP
    ends[-1] -= _LEAP
    state = int(ends.argmin())
    cost = float(ends[state])
    found = np.empty(steps, np.int64)
    for step in range(steps - 1, -1, -1):
        found[step] = state
        state = came[step, state]
    first = np.searchsorted(group, found)
    return np.repeat(first, _COARSE)[: len(narration.frames)], cost


def _gathered(frames: Frames, quiet: Flags, group: Way, count: int) -> tuple[Frames, Flags]:
    """Return what groups of frames in a row are like, and which are quiet."""
    size = np.maximum(1, np.bincount(group, minlength=count))[:, np.newaxis]
    starts = np.searchsorted(group, np.arange(count))
    return (np.add.reduceat(frames, starts, axis=0) / size).astype(np.float32), np.add.reduceat(
        quiet.astype(np.float32), starts
    ) * 2 > size[:, 0]


def _fine_way(narration: Features, states: _States, way: Way) -> tuple[Way, float]:
    """Return the state of each frame, near `way`, and how unlike they are on average."""
    pausing = np.zeros(len(states.frames), np.bool_)
    pausing[states.pauses] = True
    found = np.empty(len(way), np.int64)
    total, spoken = 0.0, 0
    for begin, end in pairwise([0, *_leaps(way), len(way)]):
        found[begin:end], cost = _fine_stretch(narration, states, pausing, way[begin:end], begin)
        loud = ~narration.quiet[begin:end]
        total += float(cost[loud].sum())
        spoken += int(loud.sum())
    return found, total / max(1, spoken)


def _fine_stretch(
    narration: Features, states: _States, pausing: Flags, way: Way, begin: int
) -> tuple[Way, Frames]:
    """Do so for what follows `way` from a frame on, without a leap."""
    count, last = len(way), len(states.frames)
    width = min(2 * _NEAR + 1, last)
    low = np.clip(way - _NEAR, 0, last - width)
    totals = np.full(width + 3, np.inf, np.float32)
    came = np.zeros((count, width), np.int8)
    choices = np.empty((4, width), np.float32)
    index = np.arange(width)
    stays = np.where(pausing, 0, _AHEAD[0]).astype(np.float32)
    norms = np.einsum("md,md->m", states.frames, states.frames)
    frames = narration.frames[begin : begin + count]
    own = np.einsum("nd,nd->n", frames, frames)
    kept = np.empty((count, width), np.float32)
    for step in range(count):
        here = slice(low[step], low[step] + width)
        squares = norms[here] + own[step] - 2 * (states.frames[here] @ frames[step])
        cost = np.sqrt(np.maximum(squares, 0))
        cost[pausing[here]] = _BOTH_QUIET if narration.quiet[begin + step] else _SPOKEN_OVER
        kept[step] = cost
        if step == 0:
            at = way[0] - low[0]
            totals[3 + at : 3 + at + 4] = cost[at : at + 4]
            continue
        shift = low[step] - low[step - 1]
        if shift:
            totals[3:-shift] = totals[3 + shift :]
            totals[-shift:] = np.inf
        np.add(totals[3:], stays[here], out=choices[0])
        for ahead in (1, 2, 3):
            np.add(totals[3 - ahead : -ahead], _AHEAD[ahead, 0], out=choices[ahead])
        chosen = choices.argmin(axis=0)
        came[step] = chosen
        np.add(choices[chosen, index], cost, out=totals[3:])
    state = int(way[-1] - low[-1]) if way[-1] < last - 1 - 2 * _COARSE else width - 1
    if not np.isfinite(totals[3 + state]):
        state = int(totals[3:].argmin())
    found = np.empty(count, np.int64)
    costs = np.empty(count, np.float32)
    for step in range(count - 1, -1, -1):
        found[step] = state + low[step]
        costs[step] = kept[step, state]
        if step:
            state += int(low[step]) - int(low[step - 1]) - int(came[step, state])
    return found, costs


def _alignment(states: _States, marks: Sequence[Mark], way: Way, distance: float) -> Alignment:
    runs = _runs(way)
    heard: list[Heard | None] = []
    for part in range(len(marks)):
        # What takes no time in the reading, such as a dash, is heard where the next part begins.
        first, until = (
            states.pauses[part] + 1,
            max(states.pauses[part] + 2, states.pauses[part + 1]),
        )
        here = next((run for run in runs if run.covers(first, until) >= _BARELY), None)
        heard.append(here.span(way, first, until) if here else None)
    missing: list[int] = []
    repeated: list[int] = []
    for sentence in range(marks[-1].sentence + 1):
        parts = [part for part, mark in enumerate(marks) if mark.sentence == sentence]
        if not parts:
            continue
        first, until = states.pauses[parts[0]] + 1, states.pauses[parts[-1] + 1]
        covered = [run.covers(first, until) for run in runs]
        if max(covered) < _WHOLE:
            missing.append(sentence)
        if sum(share >= _AGAIN for share in covered) > 1:
            repeated.append(sentence)
    return Alignment(tuple(heard), tuple(missing), tuple(repeated), distance)


class _Run(NamedTuple):
    """A stretch of a narration that follows its text without a leap."""

    begin: int
    end: int
    first: int
    """State."""
    last: int

    def covers(self, first: int, until: int) -> float:
        """Return how much of these states it goes through."""
        return (min(until, self.last + 1) - max(first, self.first)) / max(1, until - first)

    def span(self, way: Way, first: int, until: int) -> Heard:
        """Return when the first and the last of these states are gone through."""
        start, stop = np.searchsorted(way[self.begin : self.end], [first, until]) + self.begin
        return Heard(float(start) / HOP, float(stop) / HOP)


def _runs(way: Way) -> list[_Run]:
    return [
        _Run(begin, end, int(way[begin]), int(way[end - 1]))
        for begin, end in pairwise([0, *_leaps(way), len(way)])
    ]


def _leaps(way: Way) -> list[int]:
    ahead = np.diff(way)
    return [int(place) + 1 for place in np.flatnonzero((ahead < 0) | (ahead > _LEAPT))]
