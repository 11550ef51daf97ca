"""Pictures, speech and text by Google's Gemini, through its own SDK.

One call is one request: the SDK's retries are off, because they ignore
Retry-After, and its aiohttp path sends a request again after a connection that
broke once it had been read, which is charged twice. httpx is forced in place
of aiohttp for that reason, and because its answers can be bounded in bytes.

4xx and 5xx answers are not charged. Blocked prompts and pictures are
`UnsafeRequest`; a model that is gone is `RetiredModel`; a key that is not taken
`AccessDenied`; 408, 429 and 5xx `RetryableGeneration` with the seconds asked
for; an answer that was lost or cannot be read `OutcomeUnknown`.
Reference: https://ai.google.dev/api/generate-content.
"""

import json
import re
from decimal import Decimal
from typing import Any, cast

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
from render.generation.pictures import picture_type
from render.generation.prices import Price, Usage, image_price, speech_price, text_price, usage_cost
from render.generation.prompts import fenced, picture_prompt
from render.generation.refusals import refusal, unreadable, unsafe
from render.generation.transport import http_client, translated
from render.generation.voices import unknown_voice
from render.generation.waveform import finish, wav
from render.storyboard import clean_text

PROVIDER = "gemini"
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
)
"""Everything its SDK raises beside the transport's errors."""

_NAME = "Gemini"
_MOST_BYTES = 64 * 1024 * 1024
"""Of one answer; a 4K picture in base64 is some 30 MB."""
_UNSAFE = {
    "SAFETY", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "RECITATION", "MODEL_ARMOR", "JAILBREAK",
    "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION",
}  # fmt: skip
_RATE = re.compile(r"rate=(?P<rate>\d{4,6})")
_SECONDS = re.compile(r"(?P<seconds>\d+(?:\.\d+)?)s?")


class _Error(msgspec.Struct):
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
            with translated(_NAME, seconds=self._timeout):
                await self._client.aio.models.get(model=model)
        except OutcomeUnknown as error:  # nothing is charged for a look
            raise RetryableGeneration(
                f"{_NAME} does not answer.", provider=PROVIDER, model=model
            ) from error
        except SDK_ERRORS as error:
            raise translate(error, model) from error

    async def generate(
        self, model: str, prompt: str, config: types.GenerateContentConfig
    ) -> types.GenerateContentResponse:
        """Make one paid call."""
        try:
            with translated(_NAME, seconds=self._timeout):
                return await self._client.aio.models.generate_content(
                    model=model, contents=prompt, config=config
                )
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
        usage = _usage(answer, out="IMAGE")
        cost = usage_cost(self._price, usage) if usage else self.price(request)
        data, _ = _media(answer, self.model, cost)
        media_type = picture_type(data)
        if media_type is None:
            raise RetryableGeneration(f"{_NAME} sent something that is no picture.").charged(cost)
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
        usage = _usage(answer, out="AUDIO")
        cost = usage_cost(self._price, usage) if usage else self.price(request)
        pcm, media_type = _media(answer, self.model, cost)
        match = _RATE.search(media_type)
        if not media_type.lower().startswith("audio/l16") or match is None or len(pcm) % 2:
            raise RetryableGeneration(f"{_NAME} sent something that is no speech.").charged(cost)
        rate = int(match["rate"])
        samples, _ = await anyio.to_thread.run_sync(finish, pcm, rate)
        return Generated(
            data=wav(samples, rate),
            media_type="audio/wav",
            provider=PROVIDER,
            model=self.model,
            cost=cost,
            warnings=unknown_voice(_NAME, request.voice, voice),
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
        usage = _usage(answer, out="TEXT")
        cost = usage_cost(self._price, usage) if usage else self.price(request)
        parts = _parts(answer, self.model, cost)
        try:
            content = msgspec.json.decode(
                "".join(part.text or "" for part in parts if not part.thought), type=dict[str, Any]
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


def translate(error: Exception, model: str) -> GenerationError:
    """Return what an error of the SDK means."""
    if not isinstance(error, errors.APIError):
        return unreadable(error, provider=PROVIDER, model=model)
    details = _details(error)
    return refusal(
        error.code,
        provider=PROVIDER,
        model=model,
        reason=str(error.message),
        retry_after=_retry_after(error, details),
        denied=_is_about_the_key(error, details),
    )


def _details(error: errors.APIError) -> list[dict[str, Any]]:
    """Return the structured part of an error's body, where it has one."""
    try:
        return msgspec.convert(error.details, _ErrorBody).error.details
    except msgspec.ValidationError:
        return []


def _is_about_the_key(error: errors.APIError, details: list[dict[str, Any]]) -> bool:
    """Tell a bad key, and an account without billing, from a bad request: all are answered 400."""
    return error.status == "FAILED_PRECONDITION" or any(
        detail.get("reason") == "API_KEY_INVALID" for detail in details
    )


def _retry_after(error: errors.APIError, details: list[dict[str, Any]]) -> float | None:
    # Some errors of the SDK carry no response, so whatever is there is asked for carefully.
    headers: dict[str, str] = dict(getattr(cast("object", error.response), "headers", {}))
    told = [headers.get("retry-after"), *(detail.get("retryDelay") for detail in details)]
    for value in told:
        match = _SECONDS.fullmatch(str(value or "").strip())
        if match:
            return float(match["seconds"])
    return None


def _usage(answer: types.GenerateContentResponse, *, out: str) -> Usage | None:
    """Return what was used, if told; tokens of unnamed kind count as what was asked for."""
    used = answer.usage_metadata
    if used is None:
        return None
    named = {
        str(item.modality.value): item.token_count or 0
        for item in used.candidates_tokens_details or []
        if item.modality is not None
    }
    rest = max(0, (used.candidates_token_count or 0) - sum(named.values()))
    named[out] = named.get(out, 0) + rest
    return Usage(
        text_in=used.prompt_token_count or 0,
        text_out=named.get("TEXT", 0) + (used.thoughts_token_count or 0),
        image_out=named.get("IMAGE", 0),
        audio_out=named.get("AUDIO", 0),
    )


def _parts(answer: types.GenerateContentResponse, model: str, cost: Decimal) -> list[types.Part]:
    feedback = answer.prompt_feedback
    if feedback is not None and feedback.block_reason is not None:
        raise unsafe(feedback.block_reason.value, provider=PROVIDER, model=model).charged(cost)
    candidate = (answer.candidates or [None])[0]
    reason = candidate.finish_reason.value if candidate and candidate.finish_reason else "none"
    if reason in _UNSAFE:
        raise unsafe(reason, provider=PROVIDER, model=model).charged(cost)
    parts = candidate.content.parts if candidate and candidate.content else None
    if not parts and answer.usage_metadata is None:
        raise unreadable(
            ValueError("neither an answer nor its price"), provider=PROVIDER, model=model
        )
    if not parts:
        raise RetryableGeneration(
            f"{_NAME} answered without making anything.", provider=PROVIDER, reason=reason
        ).charged(cost)
    return parts


def _media(answer: types.GenerateContentResponse, model: str, cost: Decimal) -> tuple[bytes, str]:
    """Return the last medium that is no thought: models draw drafts before they answer."""
    for part in reversed(_parts(answer, model, cost)):
        if part.inline_data and part.inline_data.data and not part.thought:
            return part.inline_data.data, part.inline_data.mime_type or ""
    raise RetryableGeneration(f"{_NAME} answered in words alone.", provider=PROVIDER).charged(cost)
