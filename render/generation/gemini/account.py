"""Pictures, speech and text by Google's Gemini, through its own SDK.

One call is one request: the SDK's retries are off, because they ignore
Retry-After, and its aiohttp path sends a request again after a connection that
broke once it had been read, which is charged twice. httpx is forced in place
of aiohttp for that reason, and because its answers can be bounded in bytes.

What an error status means is told in `render.generation.refusals`: what Gemini
itself refuses is not charged, what a gateway says in its place is an
`OutcomeUnknown`, like an answer that was lost or cannot be read.

What answers hold and cost is told in `render.generation.gemini.answers`.
Reference: https://ai.google.dev/api/generate-content.
"""

import json
import re
from collections.abc import Awaitable
from decimal import Decimal
from typing import Any, TypeVar, cast

import anyio.to_thread
import msgspec
from google import genai
from google.genai import errors, types

from render.errors import (
    GenerationError,
    OutcomeUnknown,
    RefusedGeneration,
    RetryableGeneration,
)
from render.generation.base import (
    Generated,
    GeneratedText,
    ImageRequest,
    SpeechRequest,
    TextRequest,
    Ticket,
)
from render.generation.gemini.answers import (
    NAME,
    PROVIDER,
    Bill,
    medium_of,
    parts_of,
    unusable,
)
from render.generation.pcm import finish, wav
from render.generation.prices import Price, image_price, speech_price, text_price
from render.generation.prompts import fenced, picture_prompt
from render.generation.refusals import refusal, unreadable
from render.generation.sniffing import picture_type
from render.generation.transport import http_client, translated
from render.generation.voices import unknown_voice
from render.storyboard import clean_text

BASE_URL = "https://generativelanguage.googleapis.com"
VOICES = frozenset({
    "Achernar", "Achird", "Algenib", "Algieba", "Alnilam", "Aoede", "Autonoe", "Callirrhoe",
    "Charon", "Despina", "Enceladus", "Erinome", "Fenrir", "Gacrux", "Iapetus", "Kore",
    "Laomedeia", "Leda", "Orus", "Puck", "Pulcherrima", "Rasalgethi", "Sadachbia", "Sadaltager",
    "Schedar", "Sulafat", "Umbriel", "Vindemiatrix", "Zephyr", "Zubenelgenubi",
})  # fmt: skip
DEFAULT_VOICE = "Kore"

SDK_ERRORS = (
    errors.APIError,
    errors.ContinuationInterruptedError,
    # The SDK reads fields before it looks at their types: an answer of another shape
    # ends in any of these, after the request was served.
    ValueError,
    TypeError,
    AttributeError,
    KeyError,
    RecursionError,
)
"""Everything its SDK raises beside the transport's errors."""

_MOST_BYTES = 64 * 1024 * 1024
"""Of one answer; a 4K picture in base64 is some 30 MB."""
_RATE = re.compile(r"rate=(?P<rate>\d{4,6})")
_SECONDS = re.compile(r"(?P<seconds>\d+(?:\.\d+)?)s?")
_UNPAID = re.compile(
    r"credits? (?:are|is|have|has) (?:been )?(?:depleted|exhausted)", re.IGNORECASE
)
_RPC_CODES = {
    "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "UNAUTHENTICATED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",
    "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
}  # fmt: skip
"""Of google.rpc.Code: what Google's own error bodies call themselves."""


_T = TypeVar("_T")


class _Error(msgspec.Struct):
    code: int
    status: str
    details: list[dict[str, Any]] = []


class _ErrorBody(msgspec.Struct):
    error: _Error


class Gemini:
    """An account with Gemini: what its three models have in common."""

    def __init__(
        self,
        *,
        key: str,
        base_url: str = BASE_URL,
        timeout: float = 120,
        most_bytes: int = _MOST_BYTES,
    ) -> None:
        """Take a key, and the seconds after which an answer counts as lost."""
        self._timeout = timeout
        self._http = http_client(seconds=timeout, most_bytes=most_bytes)
        self._client = genai.Client(
            api_key=key,
            http_options=types.HttpOptions(
                base_url=base_url,
                timeout=round(timeout * 1000),
                retry_options=types.HttpRetryOptions(attempts=1),
                httpx_async_client=self._http,
            ),
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def check(self, model: str) -> None:
        """Return if a model can be asked; raise `GenerationError`. Free of charge."""
        try:
            await self._asked(self._client.aio.models.get(model=model), model)
        except OutcomeUnknown as error:  # nothing is charged for a look
            raise RetryableGeneration(
                f"{NAME} does not answer.", provider=PROVIDER, model=model
            ) from error

    async def generate(
        self, model: str, prompt: str, config: types.GenerateContentConfig
    ) -> types.GenerateContentResponse:
        """Make one paid call."""
        return await self._asked(
            self._client.aio.models.generate_content(model=model, contents=prompt, config=config),
            model,
        )

    async def _asked(self, call: Awaitable[_T], model: str) -> _T:
        try:
            with translated(NAME, seconds=self._timeout):
                return await call
        except SDK_ERRORS as error:
            raise translate(error, model) from error


class GeminiImages:
    """An `ImageModel`: 2K pictures, which leave the camera room to zoom at 1080p."""

    provider = PROVIDER

    def __init__(self, gemini: Gemini, *, model: str, price: Price) -> None:
        self._gemini = gemini
        self.model = model
        self._price = price

    def price(self, request: ImageRequest) -> Decimal:
        """Return the most that a picture costs."""
        return image_price(self._price, picture_prompt(request))

    async def check(self) -> None:
        """Return if the model can be asked; raise `GenerationError`."""
        await self._gemini.check(self.model)

    async def draw(self, request: ImageRequest, ticket: Ticket | None = None) -> Generated:  # noqa: ARG002 - an answer comes within the call
        """Return a picture."""
        answer = await self._gemini.generate(
            self.model,
            picture_prompt(request),
            types.GenerateContentConfig(
                response_modalities=["IMAGE"],
                image_config=types.ImageConfig(
                    aspect_ratio=request.aspect_ratio.value,
                    image_size=None if self.model == "gemini-2.5-flash-image" else "2K",
                ),
            ),
        )
        bill = Bill(answer, self._price, out="IMAGE", most=self.price(request))
        data, _ = medium_of(answer, self.model, bill)
        cost, media_type = bill.whole, picture_type(data)
        if media_type is None:
            raise unusable(self.model, "something that is no picture").charged(cost)
        return Generated(
            data=data, media_type=media_type, provider=PROVIDER, model=self.model, cost=cost
        )


class GeminiSpeech:
    """A `SpeechModel`: 24 kHz; the language is heard from the text."""

    provider = PROVIDER

    def __init__(self, gemini: Gemini, *, model: str, price: Price) -> None:
        self._gemini = gemini
        self.model = model
        self._price = price

    def price(self, request: SpeechRequest) -> Decimal:
        """Return the most that a line costs."""
        return speech_price(self._price, clean_text(request.text), request.locale)

    async def check(self) -> None:
        """Return if the model can be asked; raise `GenerationError`."""
        await self._gemini.check(self.model)

    async def speak(self, request: SpeechRequest, ticket: Ticket | None = None) -> Generated:  # noqa: ARG002 - an answer comes within the call
        """Return a line of speech."""
        text = clean_text(request.text)
        if not text:
            raise RefusedGeneration("There is nothing to say in this line.")
        voice = request.voice if request.voice in VOICES else DEFAULT_VOICE
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
        pcm, media_type = medium_of(answer, self.model, bill)
        cost, match = bill.whole, _RATE.search(media_type)
        if not media_type.lower().startswith("audio/l16") or match is None or len(pcm) % 2:
            raise unusable(self.model, "something that is no speech").charged(cost)
        rate = int(match["rate"])
        samples, _ = await anyio.to_thread.run_sync(finish, pcm, rate)
        return Generated(
            data=wav(samples, rate),
            media_type="audio/wav",
            provider=PROVIDER,
            model=self.model,
            cost=cost,
            warnings=unknown_voice(NAME, request.voice, voice),
        )


class GeminiText:
    """A `TextModel`: JSON by the model's own structured output."""

    provider = PROVIDER

    def __init__(self, gemini: Gemini, *, model: str, price: Price) -> None:
        self._gemini = gemini
        self.model = model
        self._price = price

    def price(self, request: TextRequest) -> Decimal:
        """Return the most that an answer costs."""
        prompt = request.instructions + fenced(request.material) + json.dumps(request.schema)
        return text_price(self._price, prompt, most_tokens=request.max_tokens)

    async def check(self) -> None:
        """Return if the model can be asked; raise `GenerationError`."""
        await self._gemini.check(self.model)

    async def write(self, request: TextRequest, ticket: Ticket | None = None) -> GeneratedText:  # noqa: ARG002 - an answer comes within the call
        """Return an answer in the structure asked for."""
        answer = await self._gemini.generate(
            self.model,
            fenced(request.material),
            types.GenerateContentConfig(
                system_instruction=request.instructions,
                response_mime_type="application/json",
                response_json_schema=request.schema,
                max_output_tokens=request.max_tokens,
            ),
        )
        bill = Bill(answer, self._price, out="TEXT", most=self.price(request))
        parts = parts_of(answer, self.model, bill)
        cost, usage = bill.whole, bill.usage
        try:
            content = msgspec.json.decode(
                "".join(part.text or "" for part in parts if not part.thought), type=dict[str, Any]
            )
        except msgspec.DecodeError as error:
            raise unusable(self.model, "something that is not in the structure asked for").charged(
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


def translate(error: Exception, model: str) -> GenerationError:
    """Return what an error of the SDK means."""
    if not isinstance(error, errors.APIError):
        return unreadable(error, provider=PROVIDER, model=model)
    body = _body(error)
    details = body.details if body else []
    reason = str(error.message)
    precondition = error.status == "FAILED_PRECONDITION"
    return refusal(
        error.code,
        provider=PROVIDER,
        model=model,
        reason=reason,
        own=body is not None,
        retry_after=_retry_after(error, details),
        # A bad key, a place that is not served and an account without billing are all answered
        # 400; prepaid credit that is used up is answered 429, like a rate limit.
        denied=precondition or any(one.get("reason") == "API_KEY_INVALID" for one in details),
        unpaid=bool(_UNPAID.search(reason)) or (precondition and "billing" in reason.lower()),
    )


def _body(error: errors.APIError) -> _Error | None:
    """Return what an error says in Google's own words; None if it is somebody else's."""
    try:
        body = msgspec.convert(error.details, _ErrorBody).error
    except msgspec.ValidationError:
        return None
    return body if body.status in _RPC_CODES else None


def _retry_after(error: errors.APIError, details: list[dict[str, Any]]) -> float | None:
    # Some errors of the SDK carry no response, so whatever is there is asked for carefully.
    headers: dict[str, str] = dict(getattr(cast("object", error.response), "headers", {}))
    told = [headers.get("retry-after"), *(detail.get("retryDelay") for detail in details)]
    for value in told:
        match = _SECONDS.fullmatch(str(value or "").strip())
        if match:
            return float(match["seconds"])
    return None
