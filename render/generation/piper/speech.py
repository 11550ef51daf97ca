"""Piper as a `SpeechModel`: a neural voice without a key, where there is one for the language.

A text is spoken in pieces of a sentence or less, since what the model takes of
memory grows with the longest; pauses stand between sentences and paragraphs.
A trained model speaks, and so its speech is no placeholder; but it costs
nothing, and never keeps a paid voice away (`cms_bridge.assets`). Raises
`RefusedGeneration` for empty text or no voice, and `RetryableGeneration` where
a voice's process breaks, hangs or says too much.
"""

import re
from collections.abc import Sequence
from decimal import Decimal

import anyio.to_thread
import msgspec
import numpy as np

from render.errors import RefusedGeneration
from render.generation.base import Generated, SpeechRequest
from render.generation.pcm import finish, wav
from render.generation.piper.library import PROVIDER, Chosen, Voice, choose, installed
from render.generation.piper.processes import Bounds, Processes
from render.generation.voices import (
    own_name,
    pronounceable,
    unknown_voice,
    unpronounced,
    unread_letters,
)
from render.languages import ENGLISH, language_of
from render.sentences import clauses, clusters, sentences, words
from render.source import Source
from render.storyboard import clean_text

NAME = "Piper"
_PIECE_CHARS = 250
"""A sentence of 425 characters takes 350 MB more than one of 60 (decision 47)."""
_SENTENCE_SECONDS = 0.15
"""Besides the fifth of a second in which a sentence fades away."""
_PARAGRAPH_SECONDS = 0.5
_CLAUSE_SECONDS = 0.0
_ESPEAK_NAME = re.compile(r"[a-z]{2,3}(-[a-z0-9]+)*(\+[A-Za-z0-9_-]+)?")
"""Such as `en-gb-x-rp+f3`: whoever writes it wants espeak-ng's voice."""


class _Piece(msgspec.Struct, frozen=True):
    text: str
    pause: float
    """Seconds after it."""


class PiperSpeech:
    """A `SpeechModel` that needs neither network nor key."""

    def __init__(self, voices: Sequence[Voice], *, bounds: Bounds | None = None) -> None:
        """Take the voices there are; `aclose` ends their processes."""
        self._voices = tuple(voices)
        self._processes = Processes(bounds or Bounds())
        self._version = installed()

    async def aclose(self) -> None:
        """End every process that speaks."""
        await self._processes.aclose()

    def price(self, request: SpeechRequest) -> Decimal:  # noqa: ARG002 - the port asks for it
        """Return nothing: this voice costs only time."""
        return Decimal(0)

    def speaks(self, request: SpeechRequest) -> bool:
        """Tell whether there is a voice for this: else another is asked in the first place."""
        return self._choose(request) is not None

    async def speak(self, request: SpeechRequest) -> Generated:
        """Return a request's text as speech."""
        text = clean_text(request.said)
        if not text:
            raise RefusedGeneration("There is nothing to say in this line.")
        chosen = self._choose(request)
        if chosen is None:
            raise RefusedGeneration(f"Piper has no voice for the language “{request.locale}” here.")
        voice = chosen.voice
        pieces = [
            _Piece(piece.text, piece.pause / request.speed)
            for piece in _pieces(pronounceable(text))
        ]
        rate, sounds = await self._processes.ask(
            voice,
            [piece.text for piece in pieces],
            speaker=voice.speakers.get(chosen.speaker) if chosen.speaker else None,
            length_scale=1 / request.speed,
        )
        samples, silent = await anyio.to_thread.run_sync(
            lambda: finish(_joined(pieces, sounds, rate), rate)
        )
        script = (language_of(voice.locale) or ENGLISH).script
        return Generated(
            data=wav(samples, rate),
            media_type="audio/wav",
            provider=PROVIDER,
            model=f"piper-{self._version}/{voice.name}",
            source=Source.MODEL,
            credit=voice.credit,
            warnings=(
                *(() if chosen.asked_for else unknown_voice(NAME, request.voice, voice.name)),
                *unread_letters(text, script),
                *((unpronounced(),) if silent else ()),
            ),
        )

    def _choose(self, request: SpeechRequest) -> Chosen | None:
        name = own_name(request.voice, PROVIDER)
        chosen = choose(self._voices, locale=request.locale, name=name)
        if chosen and not chosen.asked_for and _ESPEAK_NAME.fullmatch(request.voice):
            return None
        return chosen


def _pieces(text: str) -> list[_Piece]:
    """Cut a text where a speaker pauses, and where a piece would be too long."""
    pieces: list[_Piece] = []
    for paragraph in text.split("\n"):
        for sentence in sentences(paragraph):
            pieces += [_Piece(part, _CLAUSE_SECONDS) for part in _parts(sentence)]
            if pieces:
                pieces[-1] = _Piece(pieces[-1].text, _SENTENCE_SECONDS)
        if pieces:
            pieces[-1] = _Piece(pieces[-1].text, _PARAGRAPH_SECONDS)
    return pieces


def _parts(sentence: str) -> list[str]:
    """Cut a sentence into parts that are short enough, at the widest borders that do."""
    parts = [sentence]
    for cut in (clauses, words, clusters):
        if max(map(len, parts)) <= _PIECE_CHARS:
            break
        parts = [
            joined
            for part in parts
            for joined in (_packed(cut(part)) if len(part) > _PIECE_CHARS else [part])
        ]
    # Two brackets would begin phonemes.
    return [bare for part in parts if (bare := part.replace("[[", "[ [").strip())]


def _packed(slices: list[str]) -> list[str]:
    """Join neighbours as far as they fit."""
    packed = [""]
    for one in slices:
        if packed[-1] and len(packed[-1]) + len(one) > _PIECE_CHARS:
            packed.append("")
        packed[-1] += one
    return packed


def _joined(pieces: list[_Piece], sounds: list[bytes], rate: int) -> bytes:
    """Return the pieces' sound, one after the other, their pauses between them."""
    parts: list[bytes] = []
    for piece, sound in zip(pieces, sounds, strict=True):
        samples = np.frombuffer(sound, np.int16).astype(np.float32)
        # What does not end in silence is led there, in four milliseconds: a jump would click.
        ramp = np.linspace(0, 1, min(len(samples) // 2, rate // 250), dtype=np.float32)
        if len(ramp):
            samples[: len(ramp)] *= ramp
            samples[-len(ramp) :] *= ramp[::-1]
        parts += [samples.astype(np.int16).tobytes(), bytes(2 * round(piece.pause * rate))]
    return b"".join(parts)
