"""Predictions on Replicate, through its own SDK: begun, waited for, fetched, never paid twice.

A prediction is begun without waiting for it, so that its id is known at once
and can be written down. Where the answer to that is lost, or a gateway or the
service itself answers with a failure of its own, the account's list tells
whether anything was begun (`render.generation.replicate.lost_predictions`): what is found
is gone on with, what is not there after some looks was not charged, and only
where the list cannot tell is the outcome unknown.

From then on nothing is paid again: polls and downloads that fail are made
again, an interrupted wait is taken up by the id, and a cancelled one cancels
the prediction. Outputs are downloaded at once, by a plain client, since the
SDK's own would send the account's token to whatever host the output lies on.
They are kept for an hour: within it a file that cannot be had is a
`RunningGeneration`, to be fetched later, whatever the download was answered.

Models priced by picture, character or token charge for what they put out: what
failed, was stopped or was `aborted` (a status that the SDK does not know and
stumbles over) has cost nothing (https://replicate.com/docs/topics/billing). A
private model or a deployment is billed by time, failed runs too, and has no row
in `render.generation.prices`. Reference: https://replicate.com/docs/reference/http.
"""

import time
from collections.abc import Awaitable, Collection
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NoReturn, TypeVar

import anyio
from replicate.client import Client
from replicate.prediction import Prediction

from render.errors import (
    GenerationError,
    OutcomeUnknown,
    RefusedGeneration,
    RetiredModel,
    RetryableGeneration,
    RunningGeneration,
    UnusableAnswer,
)
from render.generation.base import Ticket
from render.generation.replicate.errors import (
    NAME,
    PROVIDER,
    SDK_ERRORS,
    Aborted,
    failure,
    is_servers_failure,
    translate,
)
from render.generation.replicate.lost_predictions import CannotTell, Sent, find, moment
from render.generation.replicate.outputs import UnusableOutput, file_link, inline_bytes, is_empty
from render.generation.transport import (
    BoundedTransport,
    FetchFailed,
    Reader,
    fetch,
    timeout,
    translated,
)

BASE_URL = "https://api.replicate.com"
IMAGE_SECONDS = 120

_CALL_SECONDS = 30
_CANCEL_SECONDS = 5
_LOOK_SECONDS = 15
_MOST_ANSWER = 4 * 1024 * 1024
"""Of one answer, beside an output that it may hold as a `data:` URL."""
_MOST_OUTPUT = 64 * 1024 * 1024
_DOWNLOADS = 4
_NOT_FOUND = 5
"""Looks in a row that find no prediction under its id, before it is believed to be gone."""
_KEPT = timedelta(hours=1)
"""How long an output can be fetched."""
_SOONEST_SECONDS, _GROWTH, _LATEST = 60, 6, 0.9
"""Later fetches are spread over the hour: a job has three retries of its own."""
_MOST_KNOWN = 10_000
_FINAL = {"succeeded", "failed", "canceled"}

_T = TypeVar("_T")


class _NotFound(RetryableGeneration):
    """A look that found no prediction under its id; right after its beginning that may be."""


class Replicate:
    """An account with Replicate: predictions, from their beginning to their output."""

    def __init__(  # noqa: PLR0913 - two bounds in bytes, and three in time
        self,
        *,
        token: str,
        base_url: str = BASE_URL,
        outputs_from: Collection[str] = (),
        poll_seconds: float = 2,
        call_seconds: float = _CALL_SECONDS,
        look_seconds: float = _LOOK_SECONDS,
        most_output: int = _MOST_OUTPUT,
    ) -> None:
        """Take a token, where outputs may lie beside the public internet, and bounds.

        `look_seconds` is how long a prediction whose answer was lost is looked for.
        """
        self._outputs_from = outputs_from
        self._poll_seconds = poll_seconds
        self._call_seconds = call_seconds
        self._look_seconds = look_seconds
        self._most_output = most_output
        most_bytes = _MOST_ANSWER + most_output * 4 // 3
        self._transport = BoundedTransport(most_bytes=most_bytes)
        self._client = Client(
            token, base_url=base_url, timeout=timeout(call_seconds), transport=self._transport
        )
        self._reader = Reader(base_url, token=token, seconds=call_seconds, most_bytes=most_bytes)
        self._known: dict[str, None] = {}
        """The ids of all calls, the latest last: none of them is another call's."""

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()
        await self._reader.aclose()

    async def check(self, model: str) -> None:
        """Return if a model can be asked; raise `GenerationError`. Free of charge."""
        try:
            await self._call(self._client.models.async_get(model), model)
        except OutcomeUnknown as error:  # nothing is charged for a look
            raise RetryableGeneration(
                f"{NAME} does not answer.", provider=PROVIDER, model=model
            ) from error

    async def run(
        self, model: str, inputs: dict[str, Any], *, ticket: Ticket, seconds: float
    ) -> Prediction:
        """Return a prediction that succeeded, begun now or earlier; raise `GenerationError`."""
        name = ticket.resume
        if name is None:
            name = await self._begun(model, inputs, ticket)
            with anyio.CancelScope(shield=True):
                await ticket.started(name)
        self._know(name)
        try:
            ended = await self._ended(name, model, seconds=seconds)
        except anyio.get_cancelled_exc_class():
            with anyio.move_on_after(_CANCEL_SECONDS, shield=True):
                if await self._cancelled(name, model):
                    await ticket.dropped()
            raise
        if ended.status == "succeeded":
            return ended
        raise failure(ended, model)

    async def output(
        self, prediction: Prediction, *, model: str, kind: str, cost: Decimal
    ) -> bytes:
        """Return the bytes of a prediction's first file; `kind` is `image` or `audio`.

        A link that has expired is asked for anew. What cannot be had now, but is
        still kept, is a `RunningGeneration`; what is gone or is no file is an
        `UnusableAnswer` that has cost its price.
        """
        output = prediction.output
        if is_empty(output) and _age(prediction) >= _KEPT:
            _lost(model, cost)
        for tries in range(_DOWNLOADS):
            try:
                return await self._fetched(output, kind)
            except UnusableOutput as error:
                raise UnusableAnswer(
                    f"“{model}” answered with {error}.", provider=PROVIDER, model=model
                ).charged(cost) from error
            except FetchFailed as failed:
                if failed.useless:
                    raise UnusableAnswer(
                        f"What “{model}” made cannot be fetched. {failed}",
                        provider=PROVIDER,
                        model=model,
                    ).charged(cost) from failed
                if _age(prediction) >= _KEPT:
                    _lost(model, cost)
            await anyio.sleep(self._poll_seconds * 2**tries)
            try:
                renewed = (await self._get(prediction.id, model)).output
            except RetryableGeneration:
                continue
            if is_empty(renewed):
                _lost(model, cost)
            output = renewed
        raise _running(prediction.id, model, later=_later(prediction))

    async def _fetched(self, output: object, kind: str) -> bytes:
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

    async def _begun(self, model: str, inputs: dict[str, Any], ticket: Ticket) -> str:
        """Begin a prediction, once, and return its id, also where the answer to that is lost."""
        sent = Sent(model=model, inputs=inputs, at=time.monotonic())
        try:
            begun = await self._call(
                self._client.models.predictions.async_create(model=model, input=inputs), model
            )
        except GenerationError as error:
            if not (isinstance(error, OutcomeUnknown) or is_servers_failure(error)):
                raise
            return await self._found(sent, error, ticket)
        return begun.id

    async def _found(self, sent: Sent, error: GenerationError, ticket: Ticket) -> str:
        """Return the id of a prediction that was begun although the answer was an error.

        Raises the error where the list cannot tell. What the service itself has
        said it could not do is looked for shortly; a request may still be on
        its way where something else answered, or nothing did.
        """
        lost = isinstance(error, OutcomeUnknown)
        last_look = time.monotonic() + (self._look_seconds if lost else self._poll_seconds)
        while True:
            is_last = time.monotonic() >= last_look
            try:
                name = await find(self._reader, sent, but=self._known, taken=ticket.taken)
            except CannotTell as unclear:
                if is_last:
                    raise error from unclear
            else:
                if name is not None:
                    self._know(name)
                    return name
                if is_last and not lost:
                    raise error
                if is_last:
                    raise RetryableGeneration(
                        f"The answer of {NAME} was lost; its list shows that nothing was begun.",
                        provider=PROVIDER,
                        model=sent.model,
                    ) from error
            await anyio.sleep(self._poll_seconds)

    def _know(self, name: str) -> None:
        self._known[name] = None
        if len(self._known) > _MOST_KNOWN:
            del self._known[next(iter(self._known))]

    async def _ended(self, name: str, model: str, *, seconds: float) -> Prediction:
        """Poll until a prediction has ended; cancel it when it takes too long."""
        missed = 0
        with anyio.move_on_after(seconds):
            while True:
                try:
                    prediction = await self._get(name, model)
                    if prediction.status in _FINAL:
                        return prediction
                    missed = 0
                except Aborted:
                    raise
                except _NotFound as error:
                    missed += 1
                    if missed == _NOT_FOUND:
                        raise OutcomeUnknown(
                            error.message, provider=PROVIDER, model=model, provider_id=name
                        ) from error
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
        except Aborted:
            return True
        except GenerationError:
            return False
        return prediction.status == "canceled"

    async def _get(self, name: str, model: str) -> Prediction:
        try:
            return await self._call(self._client.predictions.async_get(name), model)
        except Aborted:
            raise
        except RetiredModel as error:
            raise _NotFound(
                f"{NAME} no longer knows what became of this call of “{model}”.",
                provider=PROVIDER,
                model=model,
            ) from error
        except (OutcomeUnknown, RefusedGeneration) as error:
            raise RetryableGeneration(error.message, provider=PROVIDER, model=model) from error

    async def _call(self, call: Awaitable[_T], model: str) -> _T:
        try:
            with translated(NAME, seconds=self._call_seconds):
                return await call
        except SDK_ERRORS as error:
            raise translate(error, model) from error


def _running(name: str, model: str, *, later: float | None = None) -> RunningGeneration:
    return RunningGeneration(
        f"{NAME} still holds what “{model}” makes; it is fetched as soon as it can be reached.",
        retry_after=later,
        provider=PROVIDER,
        model=model,
        provider_id=name,
    )


def _lost(model: str, cost: Decimal) -> NoReturn:
    raise UnusableAnswer(
        f"{NAME} deleted what “{model}” had made before it could be fetched.",
        provider=PROVIDER,
        model=model,
    ).charged(cost)


def _age(prediction: Prediction) -> timedelta:
    """Return how long ago a prediction ended, as far as it tells."""
    when = moment(prediction.completed_at) or moment(prediction.created_at)
    return datetime.now(UTC) - when if when else timedelta()


def _later(prediction: Prediction) -> float:
    """Return after how many seconds to fetch again: ever later, but within what is left."""
    age = max(0.0, _age(prediction).total_seconds())
    left = max(0.0, _KEPT.total_seconds() - age)
    return min(max(_SOONEST_SECONDS, _GROWTH * age), _LATEST * left)
