"""An account with Replicate, through its own SDK: its client, its key, and one request a method.

What a prediction is, from its beginning to its output, is told in
`render.generation.replicate.predictions`. Outputs are downloaded by a plain
client, since the SDK's own would send the account's token to whatever host the
output lies on. Reference: https://replicate.com/docs/reference/http.
"""

from collections.abc import Awaitable, Collection
from datetime import datetime
from typing import Any, TypeVar, cast

from replicate.client import Client
from replicate.prediction import Prediction

from render.errors import OutcomeUnknown, RefusedGeneration, RetiredModel, RetryableGeneration
from render.generation.replicate.errors import (
    NAME,
    PROVIDER,
    SDK_ERRORS,
    Aborted,
    PredictionNotFound,
    translate,
)
from render.generation.replicate.inputs import faults, input_fields, seeded, silenced
from render.generation.replicate.outputs import file_link, inline_bytes
from render.generation.transport import BoundedTransport, Reader, fetch, timeout, translating_errors

BASE_URL = "https://api.replicate.com"

_CALL_SECONDS = 30
_MOST_ANSWER = 4 * 1024 * 1024
"""Of one answer, beside an output that it may hold as a `data:` URL."""
_MOST_OUTPUT = 64 * 1024 * 1024

_T = TypeVar("_T")


class Replicate:
    """An account with Replicate: what its models have in common."""

    def __init__(
        self,
        *,
        token: str,
        base_url: str = BASE_URL,
        outputs_from: Collection[str] = (),
        call_seconds: float = _CALL_SECONDS,
        most_output: int = _MOST_OUTPUT,
    ) -> None:
        """Take a token, where outputs may lie beside the public internet, and bounds."""
        self._outputs_from = outputs_from
        self._call_seconds = call_seconds
        self._most_output = most_output
        most_bytes = _MOST_ANSWER + most_output * 4 // 3
        self._transport = BoundedTransport(most_bytes=most_bytes)
        self._client = Client(
            token, base_url=base_url, timeout=timeout(call_seconds), transport=self._transport
        )
        self.reader = Reader(base_url, token=token, seconds=call_seconds, most_bytes=most_bytes)
        """Reads the account's list of predictions."""

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()
        await self.reader.aclose()

    def now(self) -> datetime:
        """Return the time by the service's own clock, as its last answer told it."""
        return self._transport.now()

    async def check(self, model: str) -> None:
        """Return if a model can be asked; raise `GenerationError`. Free of charge."""
        try:
            await self._call(self._client.models.async_get(model), model)
        except OutcomeUnknown as error:  # nothing is charged for a look
            raise RetryableGeneration(
                f"{NAME} does not answer.", provider=PROVIDER, model=model
            ) from error

    async def schema(self, model: str) -> dict[str, dict[str, Any]] | None:
        """Return a model's input fields, None where it tells of none. Free of charge."""
        try:
            found = await self._call(self._client.models.async_get(model), model)
        except OutcomeUnknown as error:
            raise RetryableGeneration(
                f"{NAME} does not answer.", provider=PROVIDER, model=model
            ) from error
        return input_fields(
            cast("object", found.latest_version and found.latest_version.openapi_schema)
        )

    async def checked(
        self, model: str, inputs: dict[str, Any], *, what: str, charge: str
    ) -> dict[str, Any]:
        """Return what is to be sent: with a charge's seed, and no sound nobody asked for. Free.

        `what` is what it is to make: `this clip`. Raises `RefusedGeneration` where it does not
        take all of it.
        """
        fields = await self.schema(model)
        if found := faults(inputs, fields):
            raise RefusedGeneration(
                f"“{model}” cannot be asked for {what}: {' and '.join(found)}.",
                provider=PROVIDER,
                model=model,
            )
        return seeded(silenced(inputs, fields), fields, charge=charge)

    async def create(self, model: str, inputs: dict[str, Any]) -> str:
        """Begin a prediction without waiting for it; return its id. This is what is charged."""
        create = self._client.models.predictions.async_create(model=model, input=inputs)
        return (await self._call(create, model)).id

    async def get(self, prediction_id: str, model: str) -> Prediction:
        """Return a prediction as it stands; what fails here is only the look at it."""
        try:
            return await self._call(self._client.predictions.async_get(prediction_id), model)
        except Aborted:
            raise
        except RetiredModel as error:
            raise PredictionNotFound(
                f"{NAME} no longer knows what became of this call of “{model}”.",
                provider=PROVIDER,
                model=model,
            ) from error
        except (OutcomeUnknown, RefusedGeneration) as error:
            raise RetryableGeneration(error.message, provider=PROVIDER, model=model) from error

    async def cancel(self, prediction_id: str, model: str) -> None:
        """Ask for a prediction to be stopped; when it has, its status says so."""
        await self._call(self._client.predictions.async_cancel(prediction_id), model)

    async def download(self, output: object, *, kind: str) -> bytes:
        """Return the bytes of an output's first file; raise `UnusableOutput` or `FetchFailed`."""
        url = file_link(output, kind=kind)
        held = inline_bytes(url, most_bytes=self._most_output)
        if held is not None:
            return held
        return await fetch(
            url,
            seconds=self._call_seconds,
            most_bytes=self._most_output,
            trusted=self._outputs_from,
        )

    async def _call(self, call: Awaitable[_T], model: str) -> _T:
        try:
            with translating_errors(NAME, seconds=self._call_seconds):
                return await call
        except SDK_ERRORS as error:
            raise translate(error, model) from error
