"""Speech by models on Replicate: MiniMax, and whatever takes its inputs."""

import re
from decimal import Decimal

import anyio.to_thread

from render.errors import RefusedGeneration
from render.generation.base import Generated, SpeechRequest, Ticket
from render.generation.pcm import UnreadableSound, finish, read_wav, wav
from render.generation.prices import Price, characters_price, speech_price
from render.generation.replicate.errors import NAME, PROVIDER, unusable
from render.generation.replicate.predictions import PREDICTION_SECONDS, Predictions
from render.generation.voices import own_name, unknown_voice
from render.storyboard import clean_text

DEFAULT_VOICE = "Wise_Woman"

_VOICE_ID = re.compile(r"[A-Za-z][A-Za-z0-9_ ()-]{0,63}")
_PAUSE_MARK = re.compile(r"<#[^#]*#>")


class ReplicateSpeech:
    """A `SpeechModel`: MiniMax, or any model with its inputs."""

    provider = PROVIDER

    def __init__(
        self,
        predictions: Predictions,
        *,
        model: str,
        price: Price,
        seconds: float = PREDICTION_SECONDS,
    ) -> None:
        self._predictions = predictions
        self.model = model
        self._price = price
        self._seconds = seconds

    def price(self, request: SpeechRequest) -> Decimal:
        """Return the most that a line costs."""
        return speech_price(self._price, _spoken_text(request), request.locale)

    async def check(self) -> None:
        """Return if the model can be asked; raise `GenerationError`."""
        await self._predictions.account.check(self.model)

    async def speak(self, request: SpeechRequest, ticket: Ticket | None = None) -> Generated:
        """Return a line of speech."""
        text = _spoken_text(request)
        if not text:
            raise RefusedGeneration("There is nothing to say in this line.")
        wanted = own_name(request.voice, PROVIDER)
        voice = wanted if _VOICE_ID.fullmatch(wanted) else DEFAULT_VOICE
        inputs = {
            "text": text,
            "voice_id": voice,
            "audio_format": "wav",
            "channel": "mono",
            "language_boost": "Automatic",
            **({"speed": request.speed} if request.speed != 1 else {}),
        }
        prediction = await self._predictions.run(
            self.model, inputs, ticket=ticket or Ticket(), seconds=self._seconds
        )
        cost = characters_price(self._price, text)
        data = await self._predictions.output(prediction, model=self.model, kind="audio", cost=cost)
        try:
            pcm, rate = read_wav(data)
        except UnreadableSound as error:
            raise unusable(self.model, "something that is no speech").charged(cost) from error
        samples, _ = await anyio.to_thread.run_sync(finish, pcm, rate)
        return Generated(
            data=wav(samples, rate),
            media_type="audio/wav",
            provider=PROVIDER,
            model=self.model,
            cost=cost,
            warnings=unknown_voice(NAME, wanted, voice),
        )


def _spoken_text(request: SpeechRequest) -> str:
    """Return what is to be said; MiniMax's marks for pauses are no words."""
    return clean_text(_PAUSE_MARK.sub(" ", clean_text(request.said)))
