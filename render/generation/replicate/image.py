"""Pictures, speech and text by models on Replicate: which inputs each kind of model takes.

How predictions are begun, waited for and fetched is told in
`render.generation.replicate.predictions`.
"""

import json
import re
from decimal import Decimal
from hashlib import sha256
from typing import Any

import anyio.to_thread
import msgspec
from replicate.prediction import Prediction

from render.errors import RefusedGeneration, UnusableAnswer
from render.generation.base import (
    Generated,
    GeneratedText,
    ImageRequest,
    SpeechRequest,
    TextRequest,
    Ticket,
)
from render.generation.pcm import UnreadableSound, finish, read_wav, wav
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
from render.generation.replicate.outputs import words
from render.generation.replicate.predictions import IMAGE_SECONDS, PROVIDER, Replicate
from render.generation.sniffing import picture_type
from render.generation.voices import unknown_voice
from render.storyboard import clean_text

DEFAULT_VOICE = "Wise_Woman"

_NAME = "Replicate"
_SEEDED = "black-forest-labs/flux"
"""Models that are known to take a `seed`; another may refuse what it does not know."""
_SAMPLE = "00000000-0000-0000-0000-000000000000"
"""As long as a charge's id: what goes along is part of the price."""
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
        ticket = ticket or Ticket()
        inputs: dict[str, Any] = {
            "prompt": picture_prompt(request),
            "aspect_ratio": request.aspect_ratio.value,
            "output_format": "png",
        }
        if ticket.charge and self.model.startswith(_SEEDED):
            inputs["seed"] = _seed(ticket.charge)
        ended = await self._account.run(self.model, inputs, ticket=ticket, seconds=self._seconds)
        cost = self.price(request)
        data = await self._account.output(ended, model=self.model, kind="image", cost=cost)
        media_type = picture_type(data)
        if media_type is None:
            raise _unusable(self.model, "something that is no picture").charged(cost)
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
        data = await self._account.output(ended, model=self.model, kind="audio", cost=cost)
        try:
            pcm, rate = read_wav(data)
        except UnreadableSound as error:
            raise _unusable(self.model, "something that is no speech").charged(cost) from error
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
        prompt = _structured(request, charge=_SAMPLE) + fenced(request.material)
        return text_price(self._price, prompt, most_tokens=request.max_tokens)

    async def check(self) -> None:
        """Return if the model can be asked; raise `GenerationError`."""
        await self._account.check(self.model)

    async def write(self, request: TextRequest, ticket: Ticket | None = None) -> GeneratedText:
        """Return an answer in the structure asked for."""
        ticket = ticket or Ticket()
        inputs = {
            "system_prompt": _structured(request, charge=ticket.charge),
            "prompt": fenced(request.material),
            "max_tokens": request.max_tokens,
        }
        ended = await self._account.run(self.model, inputs, ticket=ticket, seconds=self._seconds)
        usage = _usage(ended)
        cost = usage_cost(self._price, usage) if usage else self.price(request)
        told = words(ended.output)
        try:
            content = msgspec.json.decode(
                told[told.find("{") : told.rfind("}") + 1], type=dict[str, Any]
            )
        except msgspec.DecodeError as error:
            raise _unusable(self.model, "something that is not in the structure asked for").charged(
                cost
            ) from error
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


def _structured(request: TextRequest, *, charge: str) -> str:
    """Return what a chat model is told; the charge's id goes along as a comment in the schema."""
    schema = {"$comment": charge[: len(_SAMPLE)], **request.schema} if charge else request.schema
    return (
        f"{request.instructions}\n\nAnswer with one JSON object and nothing else."
        f" It follows this JSON schema:\n{json.dumps(schema)}"
    )


def _seed(charge: str) -> int:
    """Return a seed that no other charge's picture has: what a lost call is found by."""
    return int.from_bytes(sha256(charge.encode()).digest()[:4]) >> 1


def _unusable(model: str, what: str) -> UnusableAnswer:
    return UnusableAnswer(f"{_NAME} sent {what}.", provider=PROVIDER, model=model)


def _usage(prediction: Prediction) -> Usage | None:
    metrics = prediction.metrics or {}
    text_in, text_out = (metrics.get(name) for name in ("input_token_count", "output_token_count"))
    if not isinstance(text_in, int) or not isinstance(text_out, int):
        return None
    return Usage(text_in=text_in, text_out=text_out)
