"""An account with Gemini, through Google's own SDK: its client, its key and its errors.

One call is one request: the SDK's retries are off, because they ignore
Retry-After, and its aiohttp path sends a request again after a connection that
broke once it had been read, which is charged twice. httpx is forced in place
of aiohttp for that reason, and because its answers can be bounded in bytes.

What answers hold and cost is told in `render.generation.gemini.answers`.
Reference: https://ai.google.dev/api/generate-content.
"""

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, TypeVar, cast

from google import genai
from google.genai import types
from google.genai.interactions import Interaction

from render.egress import certificates
from render.errors import OutcomeUnknown, RetryableGeneration
from render.generation.gemini import BASE_URL
from render.generation.gemini.errors import NAME, PROVIDER, SDK_ERRORS, translate
from render.generation.transport import http_client, translating_errors

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
                client_args={"verify": certificates()},
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
        self,
        model: str,
        prompt: str,
        config: types.GenerateContentConfig,
        *,
        pictures: Sequence[bytes] = (),
    ) -> types.GenerateContentResponse:
        """Make one paid call, in words and with pictures (JPEG) that come before them."""
        contents = types.Content(
            role="user",
            parts=[
                *(types.Part.from_bytes(data=one, mime_type="image/jpeg") for one in pictures),
                types.Part.from_text(text=prompt),
            ],
        )
        return await self._call(
            self._client.aio.models.generate_content(model=model, contents=contents, config=config),
            model,
        )

    async def begin(self, model: str, asked: Mapping[str, Any]) -> Interaction:
        """Begin work in the background, which is what is charged, and return it as it stands."""
        create = self._client.aio.interactions.create(
            model=model, background=True, store=True, **asked
        )
        return cast("Interaction", await self._call(create, model))

    async def look(self, interaction_id: str, model: str) -> Interaction:
        """Return an interaction as it stands; what fails here is only the look at it."""
        look = self._client.aio.interactions.get(id=interaction_id)
        return await self._free(look, model)

    async def file_state(self, name: str, model: str) -> str:
        """Return the state of a file: `PROCESSING`, `ACTIVE` or `FAILED`."""
        file = await self._free(self._client.aio.files.get(name=name), model)
        return file.state.value if file.state else "ACTIVE"

    async def download(self, name: str, model: str) -> bytes:
        """Return the bytes of a file."""
        return await self._free(self._client.aio.files.download(file=name), model)

    async def _free(self, call: Awaitable[_T], model: str) -> _T:
        """Make a call that costs nothing: an answer that is lost is only to be asked for again."""
        try:
            return await self._call(call, model)
        except OutcomeUnknown as error:
            raise RetryableGeneration(error.message, provider=PROVIDER, model=model) from error

    async def _call(self, call: Awaitable[_T], model: str) -> _T:
        try:
            with translating_errors(NAME, seconds=self._timeout):
                return await call
        except SDK_ERRORS as error:
            raise translate(error, model) from error
