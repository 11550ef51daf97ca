"""Pictures, speech and text by models on Replicate: which inputs each kind of model takes.

How predictions are begun, waited for and fetched is told in
`render.generation.predictions`.
"""

import json
import re
from decimal import Decimal
from typing import Any

import anyio.to_thread
import msgspec
from replicate.prediction import Prediction

from render.errors import RefusedGeneration, RetryableGeneration
from render.generation.base import (
    Generated,
    GeneratedText,
    ImageRequest,
    SpeechRequest,
    TextRequest,
    Ticket,
)
from render.generation.pictures import picture_type
from render.generation.predictions import IMAGE_SECONDS, PROVIDER, Replicate, listed
from render.generation.prices import (
    Price,
    Usage,
    characters_price,
    image_price,
    speech_price,
    text_price,
    usage_cost,
)
from render.generation.prompts import fenced, picture_prompt
from render.generation.voices import unknown_voice
from render.generation.waveform import UnreadableSound, finish, read_wav, wav
from render.storyboard import clean_text

DEFAULT_VOICE = "Wise_Woman"

_NAME = "Replicate"
_VOICE_ID = re.compile(r"[A-Za-z][A-Za-z0-9_ ()-]{0,63}")
_PAUSE_MARK = re.compile(r"<#[^#]*#>")


class ReplicateImages:
    """An `ImageModel`: FLUX, or any model with its inputs."""

    provider = PROVIDER

    def __init__(
        self, account: Replicate, *, model: str, price: Price, seconds: float = IMAGE_SECONDS
    ) -> None:
        self._account = account
        self.model = model
        self._price = price
        self._seconds = seconds

    def price(self, request: ImageRequest) -> Decimal:
        """Return what a picture costs."""
        return image_price(self._price, picture_prompt(request))

    async def check(self) -> None:
        """Return if the model can be asked; raise `GenerationError`."""
        await self._account.check(self.model)

    async def draw(self, request: ImageRequest, ticket: Ticket | None = None) -> Generated:
        """Return a picture."""
        inputs = {
            "prompt": picture_prompt(request),
            "aspect_ratio": request.aspect_ratio.value,
            "output_format": "png",
        }
        ended = await self._account.run(
            self.model, inputs, ticket=ticket or Ticket(), seconds=self._seconds
        )
        cost = self.price(request)
        data = await self._account.output(ended, model=self.model, cost=cost)
        media_type = picture_type(data)
        if media_type is None:
            raise RetryableGeneration(f"{_NAME} sent something that is no picture.").charged(cost)
        return Generated(
            data=data, media_type=media_type, provider=PROVIDER, model=self.model, cost=cost
        )


class ReplicateSpeech:
    """A `SpeechModel`: MiniMax, or any model with its inputs."""

    provider = PROVIDER

    def __init__(
        self, account: Replicate, *, model: str, price: Price, seconds: float = IMAGE_SECONDS
    ) -> None:
        self._account = account
        self.model = model
        self._price = price
        self._seconds = seconds

    def price(self, request: SpeechRequest) -> Decimal:
        """Return the most that a line costs."""
        return speech_price(self._price, _spoken(request), request.locale)

    async def check(self) -> None:
        """Return if the model can be asked; raise `GenerationError`."""
        await self._account.check(self.model)

    async def speak(self, request: SpeechRequest, ticket: Ticket | None = None) -> Generated:
        """Return a line of speech."""
        text = _spoken(request)
        if not text:
            raise RefusedGeneration("There is nothing to say in this line.")
        voice = request.voice if _VOICE_ID.fullmatch(request.voice) else DEFAULT_VOICE
        inputs = {
            "text": text,
            "voice_id": voice,
            "audio_format": "wav",
            "channel": "mono",
            "language_boost": "Automatic",
        }
        ended = await self._account.run(
            self.model, inputs, ticket=ticket or Ticket(), seconds=self._seconds
        )
        cost = characters_price(self._price, text)
        data = await self._account.output(ended, model=self.model, cost=cost)
        try:
            pcm, rate = read_wav(data)
        except UnreadableSound as error:
            raise RetryableGeneration(f"{_NAME} sent something that is no speech.").charged(
                cost
            ) from error
        samples, _ = await anyio.to_thread.run_sync(finish, pcm, rate)
        return Generated(
            data=wav(samples, rate),
            media_type="audio/wav",
            provider=PROVIDER,
            model=self.model,
            cost=cost,
            warnings=unknown_voice(_NAME, request.voice, voice),
        )


class ReplicateText:
    """A `TextModel`: a chat model told to answer in JSON, which none of them guarantees."""

    provider = PROVIDER

    def __init__(
        self, account: Replicate, *, model: str, price: Price, seconds: float = IMAGE_SECONDS
    ) -> None:
        self._account = account
        self.model = model
        self._price = price
        self._seconds = seconds

    def price(self, request: TextRequest) -> Decimal:
        """Return the most that an answer costs."""
        prompt = _structured(request) + fenced(request.material)
        return text_price(self._price, prompt, most_tokens=request.max_tokens)

    async def check(self) -> None:
        """Return if the model can be asked; raise `GenerationError`."""
        await self._account.check(self.model)

    async def write(self, request: TextRequest, ticket: Ticket | None = None) -> GeneratedText:
        """Return an answer in the structure asked for."""
        inputs = {
            "system_prompt": _structured(request),
            "prompt": fenced(request.material),
            "max_tokens": request.max_tokens,
        }
        ended = await self._account.run(
            self.model, inputs, ticket=ticket or Ticket(), seconds=self._seconds
        )
        usage = _usage(ended)
        cost = usage_cost(self._price, usage) if usage else self.price(request)
        told = "".join(map(str, listed(ended.output)))
        try:
            content = msgspec.json.decode(
                told[told.find("{") : told.rfind("}") + 1], type=dict[str, Any]
            )
        except msgspec.DecodeError as error:
            raise RetryableGeneration(
                f"{_NAME} sent something that is not in the structure asked for."
            ).charged(cost) from error
        return GeneratedText(
            content=content,
            provider=PROVIDER,
            model=self.model,
            cost=cost,
            input_tokens=usage.text_in if usage else 0,
            output_tokens=usage.text_out if usage else 0,
        )


def _spoken(request: SpeechRequest) -> str:
    """Return what is to be said; MiniMax's marks for pauses are no words."""
    return clean_text(_PAUSE_MARK.sub(" ", clean_text(request.text)))


def _structured(request: TextRequest) -> str:
    return (
        f"{request.instructions}\n\nAnswer with one JSON object and nothing else."
        f" It follows this JSON schema:\n{json.dumps(request.schema)}"
    )


def _usage(prediction: Prediction) -> Usage | None:
    metrics = prediction.metrics or {}
    text_in, text_out = (metrics.get(name) for name in ("input_token_count", "output_token_count"))
    if not isinstance(text_in, int) or not isinstance(text_out, int):
        return None
    return Usage(text_in=text_in, text_out=text_out)
