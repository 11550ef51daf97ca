"""Speech by Gemini, at 24 kHz, by voices of its own."""

import re
from decimal import Decimal

import anyio.to_thread
import numpy as np
from google.genai import types

from render.errors import RefusedGeneration
from render.generation.base import Generated, SpeechRequest, Ticket
from render.generation.gemini.account import Gemini
from render.generation.gemini.answers import Bill, last_medium, unusable
from render.generation.gemini.errors import NAME, PROVIDER
from render.generation.gemini.voices import VOICES
from render.generation.pcm import finish, wav
from render.generation.prices import Price, speech_price
from render.generation.voices import own_name, unknown_voice
from render.sound.pace import paced
from render.storyboard import clean_text

DEFAULT_VOICE = "Kore"
_NAMES = frozenset(voice.name for voice in VOICES)
_RATE = re.compile(r"rate=(?P<rate>\d{4,6})")


class GeminiSpeech:
    """A `SpeechModel`: 24 kHz; the language is heard from the text.

    It takes no speed, and so what it says is made faster or slower here.
    """

    provider = PROVIDER

    def __init__(self, gemini: Gemini, *, model: str, price: Price) -> None:
        self._gemini = gemini
        self.model = model
        self._price = price

    def price(self, request: SpeechRequest) -> Decimal:
        """Return the most that a line costs."""
        return speech_price(self._price, clean_text(request.said), request.locale)

    async def check(self) -> None:
        """Return if the model can be asked; raise `GenerationError`."""
        await self._gemini.check(self.model)

    async def speak(self, request: SpeechRequest, ticket: Ticket | None = None) -> Generated:  # noqa: ARG002 - an answer comes within the call
        """Return a line of speech."""
        text = clean_text(request.said)
        if not text:
            raise RefusedGeneration("There is nothing to say in this line.")
        wanted = own_name(request.voice, PROVIDER)
        voice = wanted if wanted in _NAMES else DEFAULT_VOICE
        answer = await self._gemini.generate(
            self.model,
            text,
            types.GenerateContentConfig(
                response_modalities=["AUDIO"],
                speech_config=types.SpeechConfig(
                    voice_config=types.VoiceConfig(
                        prebuilt_voice_config=types.PrebuiltVoiceConfig(voice_name=voice)
                    )
                ),
            ),
        )
        bill = Bill(answer, self._price, out="AUDIO", most=self.price(request))
        pcm, media_type = last_medium(answer, self.model, bill)
        cost, match = bill.full_cost, _RATE.search(media_type)
        if not media_type.lower().startswith("audio/l16") or match is None or len(pcm) % 2:
            raise unusable(self.model, "something that is no speech").charged(cost)
        rate = int(match["rate"])
        samples, _ = await anyio.to_thread.run_sync(
            lambda: finish(_paced(pcm, rate, request.speed), rate)
        )
        return Generated(
            data=wav(samples, rate),
            media_type="audio/wav",
            provider=PROVIDER,
            model=self.model,
            cost=cost,
            warnings=unknown_voice(NAME, wanted, voice),
        )


def _paced(pcm: bytes, rate: int, speed: float) -> bytes:
    return paced(np.frombuffer(pcm, np.int16), rate, speed).tobytes()
