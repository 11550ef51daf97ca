"""Predictions on Replicate: begun, waited for, fetched, never paid twice.

A prediction is begun without waiting for it, so that its id is known at once
and can be written down. Where the answer to that is lost, or a gateway or the
service itself answers with a failure of its own, the account's list tells
whether anything was begun (`render.generation.replicate.lost_predictions`): what is found
is gone on with, what is not there after some looks was not charged, and only
where the list cannot tell is the outcome unknown.

From then on nothing is paid again: polls and downloads that fail are made
again, an interrupted wait is taken up by the id, and a cancelled one cancels
the prediction. Outputs are downloaded at once. They are kept for an hour:
within it a file that cannot be had is a `RunningGeneration`, to be fetched
later, whatever the download was answered.

Models priced by picture, character or token charge for what they put out: what
failed, was stopped or was `aborted` (a status that the SDK does not know and
stumbles over) has cost nothing (https://replicate.com/docs/topics/billing). A
private model or a deployment is billed by time, failed runs too, and has no row
in `render.generation.prices`. Reference: https://replicate.com/docs/reference/http.
"""

import time
from datetime import timedelta
from decimal import Decimal
from typing import Any, NoReturn

import anyio
from replicate.prediction import Prediction

from render.errors import (
    GenerationError,
    OutcomeUnknown,
    RetryableGeneration,
    RunningGeneration,
    UnusableAnswer,
)
from render.generation.base import Fate, Ticket
from render.generation.replicate.account import Replicate
from render.generation.replicate.errors import (
    NAME,
    PROVIDER,
    Aborted,
    PredictionNotFound,
    failure,
    is_servers_failure,
)
from render.generation.replicate.lost_predictions import CannotTell, Sent, find, moment
from render.generation.replicate.outputs import UnusableOutput, is_empty
from render.generation.transport import FetchFailed

PREDICTION_SECONDS = 120
"""How long a model may take before its prediction is cancelled."""

_CANCEL_SECONDS = 5
_STOP_SECONDS = 1
"""Shorter, where a person waits for it: what has not ended by then keeps its id, and is looked at
when somebody asks for it again."""
_STOP_POLL_SECONDS = 0.2
_LOOK_SECONDS = 15
_DOWNLOADS = 4
_NOT_FOUND = 5
"""Looks in a row that find no prediction under its id, before it is believed to be gone."""
_KEPT = timedelta(hours=1)
"""How long an output can be fetched."""
_SOONEST_SECONDS, _GROWTH, _LATEST = 60, 6, 0.9
"""Later fetches are spread over the hour: a job has three retries of its own."""
_MOST_KNOWN = 10_000
_FINAL = {"succeeded", "failed", "canceled"}


class Predictions:
    """The predictions of one account, from their beginning to their output."""

    def __init__(
        self, account: Replicate, *, poll_seconds: float = 2, look_seconds: float = _LOOK_SECONDS
    ) -> None:
        """Take how often one is asked after, and how long one whose answer was lost is sought."""
        self.account = account
        self._poll_seconds = poll_seconds
        self._look_seconds = look_seconds
        self._known: dict[str, None] = {}
        """The ids of all calls, the latest last: none of them is another call's."""

    async def run(
        self, model: str, inputs: dict[str, Any], *, ticket: Ticket, seconds: float
    ) -> Prediction:
        """Return a prediction that succeeded, begun now or earlier; raise `GenerationError`."""
        prediction_id = ticket.resume
        if prediction_id is None:
            prediction_id = await self._begin(model, inputs, ticket)
            with anyio.CancelScope(shield=True):
                await ticket.on_started(prediction_id)
        self._remember(prediction_id)
        try:
            prediction = await self._wait(prediction_id, model, seconds=seconds)
        except anyio.get_cancelled_exc_class():
            with anyio.move_on_after(_STOP_SECONDS, shield=True):
                if await self._cancel(prediction_id, model):
                    await ticket.on_dropped()
            raise
        if prediction.status == "succeeded":
            return prediction
        raise failure(prediction, model)

    async def fate(self, prediction_id: str, model: str) -> Fate:
        """Return what became of a prediction; raise `GenerationError` where nobody says."""
        try:
            prediction = await self.account.get(prediction_id, model)
        except Aborted:
            return Fate.FREE
        except PredictionNotFound:
            return Fate.LOST
        if prediction.status == "succeeded":
            return Fate.GONE if self._age(prediction) >= _KEPT else Fate.MADE
        return Fate.FREE if prediction.status in _FINAL else Fate.RUNNING

    async def output(
        self, prediction: Prediction, *, model: str, kind: str, cost: Decimal
    ) -> bytes:
        """Return the bytes of a prediction's first file; `kind` is `image`, `audio` or `video`.

        A link that has expired is asked for anew. What cannot be had now, but is
        still kept, is a `RunningGeneration`; what is gone or is no file is an
        `UnusableAnswer` that has cost its price.
        """
        output = prediction.output
        if is_empty(output) and self._age(prediction) >= _KEPT:
            _raise_deleted(model, cost)
        for tries in range(_DOWNLOADS):
            try:
                return await self.account.download(output, kind=kind)
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
                if self._age(prediction) >= _KEPT:
                    _raise_deleted(model, cost)
            await anyio.sleep(self._poll_seconds * 2**tries)
            try:
                renewed = (await self.account.get(prediction.id, model)).output
            except RetryableGeneration:
                continue
            if is_empty(renewed):
                _raise_deleted(model, cost)
            output = renewed
        raise _running(
            prediction.id, model, retry_after=_fetch_again_seconds(self._age(prediction))
        )

    def _age(self, prediction: Prediction) -> timedelta:
        """Return how long ago a prediction ended, as far as it tells, by the service's clock."""
        when = moment(prediction.completed_at) or moment(prediction.created_at)
        return self.account.now() - when if when else timedelta()

    async def _begin(self, model: str, inputs: dict[str, Any], ticket: Ticket) -> str:
        """Begin a prediction, once, and return its id, also where the answer to that is lost."""
        sent = Sent(model=model, inputs=inputs, at=time.monotonic())
        try:
            return await self.account.create(model, inputs)
        except GenerationError as error:
            if not (isinstance(error, OutcomeUnknown) or is_servers_failure(error)):
                raise
            return await self._find(sent, error, ticket)

    async def _find(self, sent: Sent, error: GenerationError, ticket: Ticket) -> str:
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
                prediction_id = await find(
                    self.account.reader, sent, but=self._known, is_taken=ticket.is_taken
                )
            except CannotTell as unclear:
                if is_last:
                    raise error from unclear
            else:
                if prediction_id is not None:
                    self._remember(prediction_id)
                    return prediction_id
                if is_last and not lost:
                    raise error
                if is_last:
                    raise RetryableGeneration(
                        f"The answer of {NAME} was lost; its list shows that nothing was begun.",
                        provider=PROVIDER,
                        model=sent.model,
                    ) from error
            await anyio.sleep(self._poll_seconds)

    def _remember(self, prediction_id: str) -> None:
        self._known[prediction_id] = None
        if len(self._known) > _MOST_KNOWN:
            del self._known[next(iter(self._known))]

    async def _wait(self, prediction_id: str, model: str, *, seconds: float) -> Prediction:
        """Poll until a prediction has ended; cancel it when it takes too long."""
        missed = 0
        with anyio.move_on_after(seconds):
            while True:
                try:
                    prediction = await self.account.get(prediction_id, model)
                    if prediction.status in _FINAL:
                        return prediction
                    missed = 0
                except Aborted:
                    raise
                except PredictionNotFound as error:
                    missed += 1
                    if missed == _NOT_FOUND:
                        raise OutcomeUnknown(
                            error.message, provider=PROVIDER, model=model, provider_id=prediction_id
                        ) from error
                except RetryableGeneration:
                    pass  # the prediction runs on: only the look at it failed
                await anyio.sleep(self._poll_seconds)
        with anyio.move_on_after(_CANCEL_SECONDS):
            if await self._cancel(prediction_id, model):
                raise RetryableGeneration(
                    f"“{model}” took longer than {seconds:g} seconds and was stopped.",
                    provider=PROVIDER,
                    model=model,
                )
            return await self.account.get(prediction_id, model)
        raise _running(prediction_id, model)

    async def _cancel(self, prediction_id: str, model: str) -> bool:
        """Cancel a prediction; tell whether it ended without a charge, once it has ended."""
        try:
            await self.account.cancel(prediction_id, model)
            while (prediction := await self.account.get(prediction_id, model)).status not in _FINAL:  # noqa: ASYNC110 - it is the provider's
                await anyio.sleep(min(self._poll_seconds, _STOP_POLL_SECONDS))
        except Aborted:
            return True
        except GenerationError:
            return False
        return prediction.status == "canceled"


def _running(
    prediction_id: str, model: str, *, retry_after: float | None = None
) -> RunningGeneration:
    return RunningGeneration(
        f"{NAME} still holds what “{model}” makes; it is fetched as soon as it can be reached.",
        retry_after=retry_after,
        provider=PROVIDER,
        model=model,
        provider_id=prediction_id,
    )


def _raise_deleted(model: str, cost: Decimal) -> NoReturn:
    raise UnusableAnswer(
        f"{NAME} deleted what “{model}” had made before it could be fetched.",
        provider=PROVIDER,
        model=model,
    ).charged(cost)


def _fetch_again_seconds(age: timedelta) -> float:
    """Return after how many seconds to fetch again: ever later, but within what is left."""
    seconds = max(0.0, age.total_seconds())
    remaining = max(0.0, _KEPT.total_seconds() - seconds)
    return min(max(_SOONEST_SECONDS, _GROWTH * seconds), _LATEST * remaining)
