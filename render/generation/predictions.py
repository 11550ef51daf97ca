"""Predictions on Replicate, through its own SDK: begun, waited for, fetched, never paid twice.

A prediction is begun without waiting for it, so that its id is known at once
and can be written down; from then on nothing is paid again: polls and downloads
that fail are made again, an interrupted wait is taken up by the id, and a
cancelled one cancels the prediction. Outputs are downloaded at once, since they
are deleted after an hour, and by a plain client, since the SDK's own would send
the account's token to whatever host the output lies on.

Answers are mapped as Gemini's are. `aborted`, a status that the SDK does not
know and stumbles over, is not charged and may be tried again.
Reference: https://replicate.com/docs/reference/http.
"""

import re
from collections.abc import Awaitable
from decimal import Decimal
from typing import Any, TypeVar, cast

import anyio
from pydantic.v1 import ValidationError
from replicate.client import Client
from replicate.exceptions import ModelError, ReplicateError, ReplicateException
from replicate.prediction import Prediction

from render.errors import (
    GenerationError,
    OutcomeUnknown,
    RefusedGeneration,
    RetiredModel,
    RetryableGeneration,
    RunningGeneration,
)
from render.generation.base import (
    Ticket,
)
from render.generation.refusals import refusal, unreadable, unsafe
from render.generation.transport import BoundedTransport, FetchFailed, fetch, timeout, translated

PROVIDER = "replicate"
BASE_URL = "https://api.replicate.com"
IMAGE_SECONDS = 120

_NAME = "Replicate"
_CALL_SECONDS = 30
_CANCEL_SECONDS = 5
_MOST_ANSWER = 4 * 1024 * 1024
_MOST_OUTPUT = 64 * 1024 * 1024
_DOWNLOADS = 4
_FINAL = {"succeeded", "failed", "canceled"}
_RESETS = re.compile(r"resets in ~?(?P<seconds>\d+(?:\.\d+)?)\s*s")
_UNSAFE = re.compile(r"nsfw|sensitive|safety|flagged|moderation|copyright", re.IGNORECASE)

SDK_ERRORS = (
    ReplicateException,
    # `ValidationError` and broken JSON are ValueErrors; the SDK reads fields before it
    # looks at their types.
    ValueError,
    TypeError,
    AttributeError,
    KeyError,
)
"""Everything its SDK raises beside the transport's errors."""

_T = TypeVar("_T")


class _Aborted(RetryableGeneration):
    """A prediction that ended before it ran: nothing is charged."""


class Replicate:
    """An account with Replicate: predictions, from their beginning to their output."""

    def __init__(
        self,
        *,
        token: str,
        base_url: str = BASE_URL,
        poll_seconds: float = 2,
        call_seconds: float = _CALL_SECONDS,
        most_output: int = _MOST_OUTPUT,
    ) -> None:
        """Take a token, the time between polls, and bounds for one HTTP call and one output."""
        self._poll_seconds = poll_seconds
        self._call_seconds = call_seconds
        self._most_output = most_output
        self._transport = BoundedTransport(most_bytes=_MOST_ANSWER)
        self._client = Client(
            token, base_url=base_url, timeout=timeout(call_seconds), transport=self._transport
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def check(self, model: str) -> None:
        """Return if a model can be asked; raise `GenerationError`. Free of charge."""
        try:
            await self._call(self._client.models.async_get(model), model)
        except OutcomeUnknown as error:  # nothing is charged for a look
            raise RetryableGeneration(
                f"{_NAME} does not answer.", provider=PROVIDER, model=model
            ) from error

    async def run(
        self, model: str, inputs: dict[str, Any], *, ticket: Ticket, seconds: float
    ) -> Prediction:
        """Return a prediction that succeeded, begun now or earlier; raise `GenerationError`."""
        name = ticket.resume
        if name is None:
            begun = await self._call(
                self._client.models.predictions.async_create(model=model, input=inputs), model
            )
            name = begun.id
            with anyio.CancelScope(shield=True):
                await ticket.started(name)
        try:
            ended = await self._ended(name, model, seconds=seconds)
        except anyio.get_cancelled_exc_class():
            with anyio.move_on_after(_CANCEL_SECONDS, shield=True):
                if await self._cancelled(name, model):
                    await ticket.dropped()
            raise
        if ended.status == "succeeded":
            return ended
        raise _failure(ended, model)

    async def output(self, prediction: Prediction, *, model: str, cost: Decimal) -> bytes:
        """Return the bytes of a prediction's first file.

        A link that has expired is asked for anew. A file that is gone for good
        is a `RetryableGeneration` that has cost its price; one that cannot be
        had at the moment is a `RunningGeneration`.
        """
        url = _url(prediction.output)
        for _ in range(_DOWNLOADS):
            try:
                if url:
                    return await fetch(
                        url, seconds=self._call_seconds, most_bytes=self._most_output
                    )
            except FetchFailed as failed:
                if not failed.gone:
                    await anyio.sleep(self._poll_seconds)
                    continue
            try:
                renewed = _url((await self._get(prediction.id, model)).output)
            except RetryableGeneration:
                await anyio.sleep(self._poll_seconds)
                continue
            if not renewed or renewed == url:
                raise RetryableGeneration(
                    f"{_NAME} no longer has what “{model}” had made.",
                    provider=PROVIDER,
                    model=model,
                ).charged(cost)
            url = renewed
        raise _running(prediction.id, model)

    async def _ended(self, name: str, model: str, *, seconds: float) -> Prediction:
        """Poll until a prediction has ended; cancel it when it takes too long."""
        with anyio.move_on_after(seconds):
            while True:
                try:
                    prediction = await self._get(name, model)
                    if prediction.status in _FINAL:
                        return prediction
                except _Aborted:
                    raise
                except RetryableGeneration:
                    pass  # the prediction runs on: only the look at it failed
                await anyio.sleep(self._poll_seconds)
        with anyio.move_on_after(_CANCEL_SECONDS):
            if await self._cancelled(name, model):
                raise RetryableGeneration(
                    f"“{model}” took longer than {seconds:g} seconds and was stopped.",
                    provider=PROVIDER,
                    model=model,
                )
            return await self._get(name, model)
        raise _running(name, model)

    async def _cancelled(self, name: str, model: str) -> bool:
        """Cancel a prediction; tell whether it ended without a charge, once it has ended."""
        try:
            await self._call(self._client.predictions.async_cancel(name), model)
            while (prediction := await self._get(name, model)).status not in _FINAL:  # noqa: ASYNC110 - it is the provider's
                await anyio.sleep(min(self._poll_seconds, 1))
        except _Aborted:
            return True
        except GenerationError:
            return False
        return prediction.status == "canceled"

    async def _get(self, name: str, model: str) -> Prediction:
        try:
            return await self._call(self._client.predictions.async_get(name), model)
        except _Aborted:
            raise
        except RetiredModel as error:
            raise OutcomeUnknown(
                f"{_NAME} no longer knows what became of this call of “{model}”.",
                provider=PROVIDER,
                model=model,
                provider_id=name,
            ) from error
        except (OutcomeUnknown, RefusedGeneration) as error:
            raise RetryableGeneration(error.message, provider=PROVIDER, model=model) from error

    async def _call(self, call: Awaitable[_T], model: str) -> _T:
        try:
            with translated(_NAME, seconds=self._call_seconds):
                return await call
        except SDK_ERRORS as error:
            raise translate(error, model) from error


def translate(error: Exception, model: str) -> GenerationError:
    """Return what an error of the SDK means."""
    if isinstance(error, ValidationError) and _is_aborted(error):
        return _Aborted(f"{_NAME} stopped “{model}” before it ran.", provider=PROVIDER, model=model)
    if isinstance(error, ModelError):
        return _failure(cast("Prediction", error.prediction), model)
    if not isinstance(error, ReplicateError) or error.status is None:
        return unreadable(error, provider=PROVIDER, model=model)
    # The SDK keeps no headers of an answer; its sentence is all that says when.
    resets = _RESETS.search(error.detail or "")
    return refusal(
        error.status,
        provider=PROVIDER,
        model=model,
        reason=str(error.detail or error.title),
        retry_after=float(resets["seconds"]) if resets else None,
    )


def _is_aborted(error: ValidationError) -> bool:
    return any(
        fault["loc"] == ("status",) and fault.get("ctx", {}).get("given") == "aborted"
        for fault in error.errors()
    )


def _failure(prediction: Prediction, model: str) -> GenerationError:
    """Return what a prediction that ended without an output means; none is charged."""
    reason = str(prediction.error or prediction.status)
    if _UNSAFE.search(reason):
        return unsafe(reason, provider=PROVIDER, model=model)
    stopped = prediction.status == "canceled"
    return RetryableGeneration(
        f"“{model}” was stopped." if stopped else f"“{model}” failed.",
        provider=PROVIDER,
        model=model,
        reason=reason,
    )


def _running(name: str, model: str) -> RunningGeneration:
    return RunningGeneration(
        f"{_NAME} still holds what “{model}” makes; it is fetched as soon as it can be reached.",
        provider=PROVIDER,
        model=model,
        provider_id=name,
    )


def listed(output: object) -> list[object]:
    """Return an output's parts; some models give one, some a list."""
    return cast("list[object]", output) if isinstance(output, list) else [output]


def _url(output: object) -> str:
    first = next(iter(listed(output)), None)
    return first if isinstance(first, str) else ""
