"""What was found, over everything that was tried."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from render.generation.pcm import wav
from render.generation.reading import WordTimes, word_times

_NOISE = 10 ** (-20 / 20)
_MOST = 0.75
"""Of a text's letters: who says so many is never to be refused."""

Sound = npt.NDArray[np.float32]


class Narration(NamedTuple):
    """What is to be judged: which sentences of a text are said whole, and once."""

    kind: str
    what: str
    cut: Sequence[str]
    """The text, sentence by sentence."""
    said: frozenset[int]

    @property
    def mostly_said(self) -> bool:
        """Whether it is one that must not be refused."""
        letters = sum(len(self.cut[number]) for number in self.said)
        return letters >= _MOST * sum(map(len, self.cut))


class Tally:
    """Counts, errors in milliseconds, and a line for whatever is wrong."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "narration.wav"
        self._random = np.random.default_rng(1)
        self._counted: Counter[tuple[str, str]] = Counter()
        self.words = 0
        self.kinds: list[str] = []
        self.errors: dict[str, list[float]] = {}
        self.failures: list[str] = []

    def told(self, sound: Sound, rate: int, text: str, locale: str, *, noisy: bool) -> WordTimes:
        """Return what the product tells of a sound."""
        if noisy:
            level = float(np.sqrt(np.mean(sound**2)))
            sound = sound + self._random.normal(0, level * _NOISE, len(sound)).astype(np.float32)
        peak = float(np.abs(sound).max()) or 1.0
        self._file.write_bytes(wav((sound / peak * 30_000).astype(np.int16), rate))
        found = word_times(self._file, text, locale)
        return found or WordTimes(words=(), missing=(), repeated=())

    def borders(self, whose: str, told: WordTimes, known: dict[int, float]) -> None:
        """Compare where words were found with where they begin, in milliseconds."""
        found = {word.character: word.start for word in told.words}
        both = [abs(found[at] - known[at]) for at in found.keys() & known.keys()]
        self.words += len(known)
        self.errors.setdefault(whose, []).extend(both)

    def judge(self, narration: Narration, told: WordTimes, *, right: bool) -> None:
        """Count what was told of a narration, and whether that is what should be."""
        kind, what, cut, said = narration
        if kind not in self.kinds:
            self.kinds.append(kind)
        texts = [cut[number].strip() for number in sorted(said)]
        falsely = [text for text in texts if text in told.missing or text in told.repeated]
        refused = bool(told.unsaid) or told.says_another
        for about, count in {
            "narrations": 1,
            "right": right,
            "said": len(texts),
            "falsely told": len(falsely),
            "refused": refused,
            "mostly said": narration.mostly_said,
            "mostly said, refused": narration.mostly_said and refused,
        }.items():
            self._counted[kind, about] += int(count)
        if not right:
            self.failures.append(f"not found: {kind}: {what}")
        self.failures += [f"falsely told: {kind}: {what}: “{text}”" for text in falsely]
        if narration.mostly_said and refused:
            self.failures.append(f"wrongly refused: {kind}: {what}")

    def count(self, about: str, kinds: Iterable[str] | None = None) -> int:
        """Return how many there are of something, over some kinds of narrations or all."""
        return sum(self._counted[kind, about] for kind in kinds or self.kinds)
