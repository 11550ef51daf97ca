"""An account with Gemini, through Google's own SDK: its client, its key and its errors.

One call is one request: the SDK's retries are off, because they ignore
Retry-After, and its aiohttp path sends a request again after a connection that
broke once it had been read, which is charged twice. httpx is forced in place
of aiohttp for that reason, and because its answers can be bounded in bytes.

What answers hold and cost is told in `render.generation.gemini.answers`.
Reference: https://ai.google.dev/api/generate-content.
"""

from collections.abc import Awaitable
from typing import TypeVar

from google import genai
from google.genai import types

from render.errors import OutcomeUnknown, RetryableGeneration
from render.generation.gemini.errors import NAME, PROVIDER, SDK_ERRORS, translate
from render.generation.transport import http_client, translating_errors

BASE_URL = "https://generativelanguage.googleapis.com"

_MOST_BYTES = 64 * 1024 * 1024
"""Of one answer; a 4K picture in base64 is some 30 MB."""

_T = TypeVar("_T")


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
            await self._call(self._client.aio.models.get(model=model), model)
        except OutcomeUnknown as error:  # nothing is charged for a look
            raise RetryableGeneration(
                f"{NAME} does not answer.", provider=PROVIDER, model=model
            ) from error

    async def generate(
        self, model: str, prompt: str, config: types.GenerateContentConfig
    ) -> types.GenerateContentResponse:
        """Make one paid call."""
        return await self._call(
            self._client.aio.models.generate_content(model=model, contents=prompt, config=config),
            model,
        )

    async def _call(self, call: Awaitable[_T], model: str) -> _T:
        try:
            with translating_errors(NAME, seconds=self._timeout):
                return await call
        except SDK_ERRORS as error:
            raise translate(error, model) from error
