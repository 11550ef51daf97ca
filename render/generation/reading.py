"""A reading: a text as espeak-ng says it, with the moment each part of it begins.

It is never heard. What somebody else made of the same text is set against it
(`render.sound.alignment`), which tells when each word of a narration is said, and whether
all of it is. Where no voice reads the language, or the text is too long, there is none.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path

import espeakng_loader
import msgspec
import numpy as np
import numpy.typing as npt

from render.languages import (
    ENGLISH,
    estimate_seconds,
    language_of,
    scripts,
    scripts_read,
    voices_of,
)
from render.measures import WordTime
from render.problem import Problem
from render.pronunciation import Pair, pronounced
from render.sentences import sentences, shorten
from render.sound import alignment
from render.sound.alignment import Alignment, Mark, align, distance_backwards
from render.sound.arrangement import RATE
from render.sound.mfcc import features, spectrum
from render.sound.track import blocks
from render.sound.wav import narration
from render.storyboard import clean_text
from render.words.captions import pieces

CHILD = Path(__file__).parent / "offline" / "espeak.py"
_TIMBRE = "+f2"
_THROATS = (0.85, 1.0, 1.18)
"""Of a child, of the reading itself and of a large man, about."""
_FEW_WORDS_A_MINUTE, _MANY_WORDS_A_MINUTE = 100, 260
_SHARE_READ = 0.8
"""Of a text's letters that the voice can read; else what it says is no reading of it."""
_UNSPACED = frozenset({"CJK", "HIRAGANA", "THAI", "KHMER", "LAO", "MYANMAR"})
_UNSAID = re.compile("[*`\U0001f000-\U0001faff\u2600-\u27bf\ufe0f\u20e3\u200d]")
_TIMEOUT = 60.0
_UNLIKE = 4.0
"""From which distance on nothing is believed; narrations by other voices stay below 3.9."""
_SHORTEST_JUDGED, _SHORTEST_GUESSED = 3.0, 4.5
"""Seconds that a text takes, about, below which it is not told what of it is said: in a language
whose pace was measured, and in any other, where they are a guess."""
_CLEARLY = 0.25
"""Of a text's letters: who leaves so many out at its end broke off."""
_FAR = 3.5
"""From which distance on it is asked whether a narration that lacks a sentence says something
else; one that lacks none has to be `_UNLIKE`."""
_NO_NEARER = 0.96
"""Times the distance to the reading backwards: who is no nearer than that says something else.
Who says their text stays below 0.9."""
_WITHOUT_VOWELS = frozenset({"ARABIC", "HEBREW"})
"""A reading of what is written so guesses at its vowels, and voices may be far from it."""
_LONGEST_QUOTE = 80
_MOST_PROBLEMS = 3


class ReadingHeader(msgspec.Struct, frozen=True, rename="camel"):
    """What the child says about the sound that follows."""

    sample_rate: int
    words: list[tuple[int, int, int]]


_Spoken = tuple[ReadingHeader, npt.NDArray[np.float32]]


class WordTimes(msgspec.Struct, frozen=True, kw_only=True):
    """A narration set against the text that it is to say."""

    words: tuple[WordTime, ...]
    """None unless it says all of the text, once."""
    missing: tuple[str, ...]
    """Sentences that are not said, or not to their end."""
    repeated: tuple[str, ...]
    """Sentences that are said more than once."""
    unsaid: str = ""
    """What stands after the place where it breaks off for certain: a quarter of the text or more,
    all that is before being said."""
    says_another: bool = False
    """Whether it is no nearer to its text than to the same backwards: it says another one, or in
    another language."""


def word_times(
    path: Path,
    text: str,
    locale: str,
    speed: float = 1.0,
    pronunciations: Sequence[Pair] = (),
) -> WordTimes | None:
    """Return when a narration says each part of a text; None where that cannot be told.

    It was to be said so many times as fast as usual, and some words otherwise than written:
    what is returned speaks of the text as it is written.

    Takes a hundredth of the narration's length, or a few. Raises `MediaError` for a file that
    is no sound.
    """
    text = " ".join(clean_text(text).split())
    letters = scripts(text)
    read_letters = sum(letters[script] for script in scripts_read(locale))
    if read_letters <= _SHARE_READ * letters.total():
        return None
    if estimate_seconds(text, locale) > alignment.MAX_SECONDS:
        return None
    samples = _samples(path)
    parts = pieces(text, locale)
    read, starts = _readable(parts, pronunciations)
    expected = estimate_seconds(text, locale) / speed
    spoken = _read_as_fast(
        read, locale, speed=speed, expected=expected, seconds=len(samples) / RATE
    )
    heard = features(spectrum(samples, RATE))
    if spoken is None or heard.quiet.all():
        return None
    header, sound = spoken
    found = [(part, mark) for part, mark in enumerate(_marks(parts, starts, header, text)) if mark]
    if not found:
        return None
    read_spectrum = spectrum(sound, header.sample_rate)
    readings = [features(read_spectrum, throat=throat) for throat in _THROATS]
    marks = [mark for _, mark in found]
    aligned = align(heard, readings, marks)
    told = _told(text, parts, [part for part, _ in found], aligned, locale)
    language = language_of(locale)
    another = bool(
        language is not None
        and language.script not in _WITHOUT_VOWELS
        and aligned.distance > (_FAR if aligned.missing else _UNLIKE)
        and _judges(text, locale, certain=False)
        and aligned.distance > _NO_NEARER * distance_backwards(heard, readings, marks)
    )
    if not another:
        return told
    every = tuple(sentence.strip() for sentence in sentences(text))
    return WordTimes(words=(), missing=every, repeated=(), says_another=True)


def _read_as_fast(
    text: str, locale: str, *, speed: float, expected: float, seconds: float
) -> _Spoken | None:
    """Return a text read about as fast as it is said, in so many seconds for those `expected`.

    So all of it is near where it is looked for. Where a language's pace was not measured, the
    text is read once more to learn what is to be expected.
    """
    language = language_of(locale)
    voices = [name + _TIMBRE for name in voices_of(locale)]
    usual = (language or ENGLISH).words_per_minute * speed
    if language is None:
        first = read_aloud(text, voices, round(usual))
        if first is None:
            return None
        expected = len(first[1]) / first[0].sample_rate
        if expected > alignment.MAX_SECONDS:
            return None
    pace = expected / seconds if seconds else 1.0
    return read_aloud(text, voices, round(usual * min(1.3, max(0.75, pace))))


def quoted(text: str) -> str:
    """Return what of a text is shown where it is told of."""
    return shorten(text, _LONGEST_QUOTE)


def problems_of(told: WordTimes | None) -> tuple[Problem, ...]:
    """Return what an editor should know of how a text is said."""
    if told is None:
        return ()
    problems = [
        Problem(
            code=code,
            message=f"The voice {what}: “{quoted(sentence)}”.",
            params={"sentence": quoted(sentence)},
        )
        for code, what, sentences_told in (
            ("sentence_unsaid", "does not say this, or not to its end", told.missing),
            ("sentence_repeated", "says this more than once", told.repeated),
        )
        for sentence in sentences_told[:_MOST_PROBLEMS]
    ]
    return tuple(problems)


def _told(
    text: str, parts: Sequence[str], found: Sequence[int], aligned: Alignment, locale: str
) -> WordTimes:
    begins = [0, *accumulate(map(len, parts))]
    words = tuple(
        WordTime(
            character=begins[part],
            start=round(heard.start * 1000),
            end=round(heard.end * 1000),
        )
        for part, heard in zip(found, aligned.heard, strict=True)
        if heard
    )
    # Where it does not say its text, when it says which word is a guess.
    certain = aligned.distance < _UNLIKE
    whole = not (aligned.missing or aligned.repeated)
    judged = _judges(text, locale, certain=certain)
    cut = [sentence.strip() for sentence in sentences(text)]
    return WordTimes(
        words=words if certain and whole else (),
        missing=tuple(cut[number] for number in aligned.missing) if judged else (),
        repeated=tuple(cut[number] for number in aligned.repeated) if judged else (),
        unsaid=_unsaid_end(cut, aligned) if judged and certain else "",
    )


def _judges(text: str, locale: str, *, certain: bool) -> bool:
    """Tell whether a text is long enough for it to be told what of it is said.

    In a language whose pace was not measured, nothing was but that its voice reads: there it has
    to be certain as well.
    """
    seconds = estimate_seconds(text, locale)
    if language_of(locale) is None:
        return certain and seconds > _SHORTEST_GUESSED
    return seconds > _SHORTEST_JUDGED


def _unsaid_end(cut: Sequence[str], aligned: Alignment) -> str:
    """Return the sentences of the end, if they are all that is missing, and enough to be sure."""
    missing = aligned.missing
    first = len(cut) - len(missing)
    if not missing or first == 0 or aligned.repeated or missing[0] != first:
        return ""
    unsaid = " ".join(cut[first:])
    return unsaid if len(unsaid) >= _CLEARLY * sum(map(len, cut)) else ""


def _readable(parts: Sequence[str], pronunciations: Sequence[Pair] = ()) -> tuple[str, list[int]]:
    """Return what the voice is given, and where each part begins in it.

    What is written without spaces gets one between its phrases, so that each is told of.
    """
    text = ""
    starts: list[int] = []
    for part in parts:
        starts.append(len(text))
        text += _UNSAID.sub(" ", pronounced(part, pronunciations))
        if not part[-1].isspace() and scripts(part).keys() & _UNSPACED:
            text += " "
    return text, starts


def _marks(
    parts: Sequence[str], starts: Sequence[int], header: ReadingHeader, text: str
) -> Iterator[Mark | None]:
    ends = list(accumulate(map(len, sentences(text))))
    sentence, reached = 0, 0
    events = sorted({character: at for character, _, at in reversed(header.words)}.items())
    number, latest = 0, 0
    for part, start, following in zip(parts, starts, [*starts[1:], sys.maxsize], strict=True):
        while sentence < len(ends) - 1 and reached >= ends[sentence]:
            sentence += 1
        reached += len(part)
        while number < len(events) and events[number][0] < start:
            number += 1
        if number < len(events) and events[number][0] < following:
            latest = max(latest, events[number][1])
            yield Mark(latest / 1000, sentence)
        else:
            yield None


def _samples(path: Path) -> npt.NDArray[np.float32]:
    """Return a narration in one channel; nothing of one that is too long."""
    heard = [np.zeros(0, np.float32)]
    count = 0
    for block in blocks(narration(path)):
        heard.append(block.mean(axis=0, dtype=np.float32))
        count += block.shape[1]
        if count > alignment.MAX_SECONDS * RATE:
            return heard[0]
    return np.concatenate(heard)


def read_aloud(text: str, voices: Sequence[str], speed: int) -> _Spoken | None:
    """Return a text as the first voice that there is says it, with what it says of that.

    None where there is none, or it fails.
    """
    request = {
        "library": espeakng_loader.get_library_path(),
        "data": espeakng_loader.get_data_path(),
        "voices": voices,
        "wordsPerMinute": min(_MANY_WORDS_A_MINUTE, max(_FEW_WORDS_A_MINUTE, speed)),
        "text": text,
    }
    try:
        completed = subprocess.run(  # noqa: S603  our own file, by this very Python
            [sys.executable, "-I", "-S", str(CHILD)],
            input=msgspec.json.encode(request),
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if completed.returncode != 0:
        return None
    head, _, pcm = completed.stdout.partition(b"\n")
    samples = np.frombuffer(pcm, np.int16).astype(np.float32) / np.float32(32_768)
    return msgspec.json.decode(head, type=ReadingHeader), samples
