"""The offline voice: real speech from espeak-ng, as 16-bit mono WAV, without any key.

A request is spoken by the first voice that fits: the one asked for, the
locale's, its base language's, and at last English, each step down told as a
warning. Silence at either end is trimmed and the peak brought to −1 dBFS.
Raises `RefusedGeneration` for empty text and `RetryableGeneration` when the
voice's process breaks or hangs.
"""

import re
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

import anyio
import anyio.to_thread
import espeakng_loader
import msgspec

from render.errors import RefusedGeneration, RetryableGeneration
from render.generation.base import Generated, SpeechRequest
from render.generation.pcm import finish, wav
from render.generation.voices import (
    ANY_FREE,
    OFFLINE,
    own_name,
    pronounceable,
    unpronounced,
    unread_letters,
)
from render.languages import ENGLISH, Language, language_of, tags_of, voices_of
from render.problem import Problem
from render.source import Source
from render.storyboard import clean_text

PROVIDER = OFFLINE
CHILD = Path(__file__).with_name("espeak.py")

TIMBRE = "+f2"
"""espeak-ng's variant for every voice: a speech recogniser mishears it least (decision 4)."""

_ENGLISH_VOICE = ENGLISH.voice + TIMBRE

_SLOWEST, _FASTEST = 80, 450
"""Words a minute that espeak-ng can be told; half of a language's pace is hardly less."""

_VOICE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9+_-]{0,63}")


class _SpeechHeader(msgspec.Struct, frozen=True, rename="camel"):
    """What the child says about the sound that follows."""

    voice: str
    version: str
    sample_rate: int


class OfflineSpeech:
    """A `SpeechModel` that needs neither network nor key."""

    def __init__(self, *, timeout: float = 60) -> None:
        """Take the seconds after which a voice that has not finished is stopped."""
        self._timeout = timeout

    def price(self, request: SpeechRequest) -> Decimal:  # noqa: ARG002 - the port asks for it
        """Return nothing: this voice costs only time."""
        return Decimal(0)

    async def speak(self, request: SpeechRequest) -> Generated:
        """Return a request's text as speech."""
        text = clean_text(request.said)
        if not text:
            raise RefusedGeneration("There is nothing to say in this line.")
        language = language_of(request.locale)
        wanted = _wanted(request)
        requested = [wanted] if _VOICE_NAME.fullmatch(wanted) else []
        own = [name + TIMBRE for name in voices_of(request.locale)]
        wanted_pace = (language or ENGLISH).words_per_minute * request.speed
        pace = round(min(_FASTEST, max(_SLOWEST, wanted_pace)))
        spoken, pcm = await self._run(
            pronounceable(text), [*requested, *own, _ENGLISH_VOICE], words_per_minute=pace
        )
        samples, silent = await anyio.to_thread.run_sync(finish, pcm, spoken.sample_rate)
        warnings = _warnings(request, text, spoken.voice, language)
        if silent:
            warnings.append(unpronounced())
        return Generated(
            data=wav(samples, spoken.sample_rate),
            media_type="audio/wav",
            provider=PROVIDER,
            model=f"espeak-ng-{spoken.version}",
            source=Source.RULE,
            warnings=tuple(warnings),
        )

    async def _run(
        self, text: str, voices: list[str], *, words_per_minute: int
    ) -> tuple[_SpeechHeader, bytes]:
        request = {
            "library": espeakng_loader.get_library_path(),
            "data": espeakng_loader.get_data_path(),
            "voices": voices,
            "wordsPerMinute": words_per_minute,
            "text": text,
        }
        try:
            # A file, not a pipe: writing to one fails where the voice crashes before it reads.
            with anyio.fail_after(self._timeout), tempfile.TemporaryFile() as asked:
                asked.write(msgspec.json.encode(request))
                asked.seek(0)
                # Isolated and without site-packages: starts in 20 ms, imports nothing of ours.
                completed = await anyio.run_process(
                    [sys.executable, "-I", "-S", str(CHILD)],
                    stdin=asked,
                    stderr=subprocess.PIPE,
                    check=False,
                )
        except TimeoutError as error:
            raise RetryableGeneration(
                f"The offline voice did not finish within {self._timeout:g} seconds."
            ) from error
        except OSError as error:
            raise RetryableGeneration("The offline voice could not be started.") from error
        if completed.returncode != 0:
            raise RetryableGeneration(
                f"The offline voice stopped unexpectedly, with code {completed.returncode}.",
                reason=completed.stderr.decode(errors="replace").strip().rpartition("\n")[2],
            )
        head, _, pcm = completed.stdout.partition(b"\n")
        return msgspec.json.decode(head, type=_SpeechHeader), pcm


def _wanted(request: SpeechRequest) -> str:
    """Return the voice asked for by espeak-ng's name: one of the catalogue's in our timbre."""
    if request.voice == ANY_FREE:
        return ""
    name = own_name(request.voice, PROVIDER)
    return name + TIMBRE if name != request.voice and "+" not in name else name


def _warnings(
    request: SpeechRequest, text: str, used: str, language: Language | None
) -> list[Problem]:
    warnings: list[Problem] = []
    wanted = _wanted(request)
    if wanted and used != wanted:
        warnings.append(
            Problem(
                code="voice_unknown",
                message=f"The offline provider has no voice called “{request.voice}”;"
                " the language's own voice speaks instead.",
                params={"voice": request.voice},
            )
        )
    tags = tags_of(request.locale)
    if used == _ENGLISH_VOICE and "en" not in tags and used != wanted:
        warnings.append(
            Problem(
                code="language_unknown",
                message=f"The offline provider has no voice for the language “{request.locale}”;"
                " an English voice reads the text.",
                params={"language": request.locale},
            )
        )
    elif language is None and used != _ENGLISH_VOICE:
        return warnings  # a voice whose scripts are not listed reads its own language
    return [*warnings, *unread_letters(text, (language or ENGLISH).script)]
