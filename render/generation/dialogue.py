"""Dialogue: a narration in which several people speak, joined from what each of them says.

Each turn is asked for, kept and paid for by itself, with its own voice. So is each passage of
what one voice says at too great a length for a call. They are brought to one loudness, as
measured after EBU R128, and parted by a short rest. What was heard of each, when its words are
said above all, holds in the whole, moved to where it is said there.
"""

import tempfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import anyio.to_thread
import numpy as np
import numpy.typing as npt

from render.generation.base import Generated, SpeechModel, SpeechRequest
from render.generation.pcm import PEAK, wav
from render.measures import SpeechMeasures, WordTime
from render.problem import Problem
from render.sound.arrangement import RATE
from render.sound.graph import Block
from render.sound.loudness import SILENCE, integrated, momentary
from render.sound.track import blocks
from render.sound.wav import PauseDetector, narration
from render.storyboard import clean_text

REST = Fraction(2, 5)
"""Seconds from one part's last sample to the next one's first: as between two sentences."""


class _Heard(NamedTuple):
    """A part's sound in one channel, and how loud it is in LUFS."""

    samples: npt.NDArray[np.float32]
    loudness: float
    peak: float


async def speak(model: SpeechModel, request: SpeechRequest) -> Generated:
    """Return a narration, whole or joined from its parts; raise `GenerationError`."""
    if not request.parts:
        return await model.speak(request)
    return await joined(request, [await speak(model, part) for part in request.parts])


async def joined(request: SpeechRequest, answers: Sequence[Generated]) -> Generated:
    """Return the parts of a narration as one, which costs nothing by itself.

    It is told of as the least of its parts is: one that stands in for another voice, if any
    does. Raises `MediaError` for a part that is no sound.
    """
    return await anyio.to_thread.run_sync(_joined, request, answers)


def _joined(request: SpeechRequest, answers: Sequence[Generated]) -> Generated:
    heard = [_hear(answer.data) for answer in answers]
    gains = _gains(heard)
    rest = np.zeros(int(REST * RATE), np.float32)
    pieces: list[npt.NDArray[np.float32]] = []
    starts: list[Fraction] = []
    samples = 0
    for part, gain in zip(heard, gains, strict=True):
        starts.append(Fraction(samples, RATE))
        pieces += [part.samples * np.float32(gain), rest]
        samples += len(part.samples) + len(rest)
    sound = np.concatenate(pieces[:-1])
    detector = PauseDetector()
    for begun in range(0, len(sound), RATE):
        detector.hear(np.tile(sound[begun : begun + RATE], (2, 1)))
    least = min(answers, key=lambda one: (not one.source.placeholder, not one.fallback))
    return Generated(
        data=wav(np.rint(sound * np.iinfo(np.int16).max).astype(np.int16), RATE),
        media_type="audio/wav",
        provider=least.provider,
        model=least.model,
        model_intended=least.model_intended,
        source=least.source,
        credit=least.credit,
        warnings=_warnings(answers),
        attempts=sum(answer.attempts for answer in answers),
        latency=sum(answer.latency for answer in answers),
        seconds=sum(answer.seconds for answer in answers),
        inspected=True,
        measures=SpeechMeasures.of(
            Fraction(len(sound), RATE), RATE, detector.pauses(), _words(request, answers, starts)
        ),
    )


def _hear(data: bytes) -> _Heard:
    with tempfile.TemporaryDirectory(prefix="reelwright-") as folder:
        path = Path(folder) / "part"
        path.write_bytes(data)
        sound: list[Block] = list(blocks(narration(path)))
    samples = np.concatenate([block.mean(axis=0, dtype=np.float32) for block in sound])
    loudness = integrated(momentary(sound))
    return _Heard(samples, loudness, float(np.abs(samples).max(initial=0)))


def _gains(heard: Sequence[_Heard]) -> list[float]:
    """Return by what each part is multiplied: all are as loud, as loud as none is clipped."""
    audible = [part for part in heard if part.loudness > SILENCE and part.peak > 0]
    if not audible:
        return [1.0] * len(heard)
    loudest = min(PEAK / part.peak * 10 ** (part.loudness / 20) for part in audible)
    return [
        loudest / 10 ** (part.loudness / 20) if part.loudness > SILENCE and part.peak > 0 else 1.0
        for part in heard
    ]


def _warnings(answers: Sequence[Generated]) -> tuple[Problem, ...]:
    told: list[Problem] = []
    for warning in (one for answer in answers for one in answer.warnings):
        if warning not in told:
            told.append(warning)
    return tuple(told)


def _words(
    request: SpeechRequest, answers: Sequence[Generated], starts: Sequence[Fraction]
) -> tuple[WordTime, ...]:
    """Return when each word is said; of a part of which it is not known, when it begins."""
    words: list[WordTime] = []
    whole = _one_line(request.text)
    character, known = 0, False
    for part, answer, start in zip(request.parts, answers, starts, strict=True):
        later = round(start * 1000)
        measures = answer.measures
        found = measures.words if isinstance(measures, SpeechMeasures) else ()
        known = known or bool(found)
        words += [
            WordTime(character + word.character, word.start + later, word.end + later)
            for word in found or (WordTime(0, 0, 0),)
        ]
        character += len(_one_line(part.text))
        # Between two passages there is a space only where their script has one.
        character += whole[character : character + 1].isspace()
    return tuple(words) if known else ()


def _one_line(text: str) -> str:
    return " ".join(clean_text(text).split())
