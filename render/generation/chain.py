"""Models in the order they are asked: a chain is itself a provider.

Each rung is called until it succeeds, fails for good or has used up its calls,
with waits in between that double, are spread at random, and never undercut
what the provider asked for. Then the next rung is asked; which one follows
from circuits in memory, without any I/O. A model that was paid for an answer
that nothing can be made of is asked once more and then left.

A `Meter` stands around every paid call. Nothing that was charged is thrown
away by going on: a call that an interruption left running is fetched first, one
that still runs ends the chain with `RunningGeneration`, and one whose answer
was lost with `OutcomeUnknown`, since another model would be paid as well. And
what was made is put into safe keeping before its price is settled (`Keep`).
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Generic, Self, TypeVar

import anyio
import msgspec

from render.errors import (
    AccessDenied,
    GenerationError,
    OutcomeUnknown,
    RefusedGeneration,
    RetiredModel,
    RetryableGeneration,
    RunningGeneration,
    UnsafeRequest,
    UnusableAnswer,
)
from render.generation.base import (
    USELESS_CALLS,
    Call,
    Generated,
    GeneratedText,
    Guard,
    ImageRequest,
    Keep,
    Kind,
    Made,
    Meter,
    Reservation,
    SpeechRequest,
    TextRequest,
    Ticket,
    keep_nothing,
)
from render.generation.circuit import Circuit
from render.generation.patience import Patience
from render.generation.requests import request_digest
from render.generation.unmetered import Unmetered
from render.problem import Problem

Q = TypeVar("Q", ImageRequest, SpeechRequest, TextRequest)
A = TypeVar("A", bound=Made)


_CUT_OFF = "The call was interrupted"
_LOOK_SECONDS = 20
"""A provider that takes longer over a look does not answer."""


async def believe(_request: object, made: A) -> A:
    """Take whatever was answered for what was asked: an `inspect` for use by hand."""
    return made


@dataclass(frozen=True, kw_only=True)
class Rung(Generic[Q, A]):
    """One model on a chain."""

    provider: str
    model: str
    price: Callable[[Q], Decimal]
    make: Callable[[Q, Ticket], Awaitable[A]]
    check: Callable[[], Awaitable[None]] | None = None
    """Looks whether the model can be asked, free of charge; None where there is nothing to see."""
    paid: bool = True
    """Whether the meter is told of calls."""
    gate: AbstractAsyncContextManager[object] = field(default_factory=nullcontext[None])
    """Held during each call: bounds how many run at the same time; may be shared by rungs."""
    circuit: Circuit = field(default_factory=Circuit)


@dataclass(frozen=True, kw_only=True)
class Chain(Generic[Q, A]):
    """Rungs, asked from the first to the last."""

    kind: Kind
    rungs: Sequence[Rung[Q, A]]
    patience: Patience = field(default_factory=Patience)
    meter: Meter = field(default_factory=Unmetered)
    keep: Keep = keep_nothing
    guard: Guard = nullcontext
    inspect: Callable[[Q, A], Awaitable[A]] = believe
    """Looks at what a model answered before it counts as made; raises `UnusableAnswer`."""

    def metered(
        self, meter: Meter, *, keep: Keep = keep_nothing, guard: Guard = nullcontext
    ) -> Self:
        """Return the same chain, with what it has seen so far, under a meter."""
        return replace(self, meter=meter, keep=keep, guard=guard)

    def price(self, request: Q) -> Decimal:
        """Return what a call costs at most, whichever rung makes it: what is approved holds."""
        return max(rung.price(request) for rung in self.rungs)

    async def check(self) -> None:
        """Look whether each model can be asked, and remember it. Free of charge."""
        async with anyio.create_task_group() as looks:
            for rung in self.rungs:
                if rung.check is not None:
                    looks.start_soon(_look, rung, rung.check)

    async def _make(self, request: Q) -> A:
        """Return what the first rung that can makes of a request; raise `GenerationError`."""
        digest = request_digest(request)
        failed = _Failed()
        made = await self._taken_up(request, digest, failed)
        if made is not None:
            return made
        for rung in self.rungs:
            if not rung.circuit.admit():
                failed.append(_resting(rung))
                continue
            made = await self._climbed(rung, request, digest, failed)
            if made is not None:
                return made
        raise _worst(failed)

    async def _taken_up(self, request: Q, digest: str, failed: "_Failed") -> A | None:
        """Fetch what an interrupted call has made, if there is one."""
        left = await self.meter.unfinished(digest)
        if left is None:
            return None
        names = (left.provider, left.model)
        rung = next((rung for rung in self.rungs if (rung.provider, rung.model) == names), None)
        if rung is None:
            reason = f"“{left.model}”, which was asked earlier, is no longer configured."
            await self.meter.unknown(left, reason)
            raise OutcomeUnknown(reason, provider=left.provider, model=left.model)
        try:
            async with self.guard():
                return await self._called(rung, request, left, failed)
        except (RunningGeneration, OutcomeUnknown):
            raise
        except GenerationError as error:
            failed.append(error)
            return None

    async def _climbed(
        self, rung: Rung[Q, A], request: Q, digest: str, failed: "_Failed"
    ) -> A | None:
        """Call one model until it succeeds or there is no sense in asking it again."""
        useless = 0
        for calls in range(1, self.patience.calls + 1):
            try:
                async with rung.gate:
                    return await self._once(rung, request, digest, failed)
            except (RunningGeneration, OutcomeUnknown):
                raise
            except UnsafeRequest as error:
                if not self.patience.unsafe_falls_through:
                    raise
                failed.append(error)
                return None
            except RefusedGeneration as error:
                failed.append(error)
                return None
            except RetryableGeneration as error:
                failed.append(error)
                useless += _is_useless(error)
                delay = self.patience.delay(calls, retry_after=error.retry_after)
                asked_enough = calls == self.patience.calls or useless == USELESS_CALLS
                if asked_enough or delay > self.patience.longest_delay:
                    return None
                if not rung.circuit.available:
                    return None
                await anyio.sleep(delay)
        return None

    async def _once(self, rung: Rung[Q, A], request: Q, digest: str, failed: "_Failed") -> A:
        """Make one call, under guard where it is paid."""
        if rung.paid:
            async with self.guard():
                return await self._paid(rung, request, digest, failed)
        return await self._kept(
            self._told(await self._asked(rung, request, Ticket()), rung, failed), None
        )

    async def _paid(self, rung: Rung[Q, A], request: Q, digest: str, failed: "_Failed") -> A:
        """Make one call, with its intent written down before it leaves."""
        reservation = await self.meter.reserve(
            Call(
                kind=self.kind,
                provider=rung.provider,
                model=rung.model,
                request_digest=digest,
                price=rung.price(request),
                attempt=len(failed) + 1,
            )
        )
        try:
            await self.meter.started(reservation)
        except BaseException:  # nothing has left yet, whatever it was
            with anyio.CancelScope(shield=True):
                await self.meter.release(reservation)
            raise
        return await self._called(rung, request, reservation, failed)

    async def _called(
        self, rung: Rung[Q, A], request: Q, reservation: Reservation, failed: "_Failed"
    ) -> A:
        """Make or take up a call, and account for however it ends."""
        named = reservation.provider_id is not None

        async def started(provider_id: str) -> None:
            nonlocal named
            named = True
            await self.meter.started(reservation, provider_id)

        async def taken(provider_id: str) -> bool:
            return await self.meter.taken(reservation, provider_id)

        async def dropped() -> None:
            await self.meter.release(reservation)

        ticket = Ticket(
            charge=reservation.id,
            resume=reservation.provider_id,
            started=started,
            taken=taken,
            dropped=dropped,
        )
        try:
            made = await self._asked(rung, request, ticket)
        except RunningGeneration:
            raise  # the reservation stays open: asking again takes the call up
        except OutcomeUnknown as error:
            await self.meter.unknown(reservation, error.message)
            raise
        except GenerationError as error:
            if error.cost:
                await self.meter.settle(reservation, error.cost, useless=_is_useless(error))
            else:
                await self.meter.release(reservation)
            raise
        except (anyio.get_cancelled_exc_class(), Exception) as error:
            if not named:
                # Also of what nobody foresaw: left open, it would be in every equal call's way.
                what = "Something went wrong here" if isinstance(error, Exception) else _CUT_OFF
                with anyio.CancelScope(shield=True):
                    await self.meter.unknown(reservation, f"{what} before its answer was kept.")
            raise
        return await self._kept(self._told(made, rung, failed), reservation)

    async def _kept(self, made: A, reservation: Reservation | None) -> A:
        """Return what was made once it is kept and, where it was paid for, settled."""
        with anyio.CancelScope(shield=True):
            await self.keep(made, reservation)
            if reservation is not None:
                await self.meter.settle(reservation, made.cost)
        return made

    async def _asked(self, rung: Rung[Q, A], request: Q, ticket: Ticket) -> A:
        """Make one call, and remember what it shows of the model."""
        began = time.monotonic()
        try:
            made = await rung.make(request, ticket)
            seconds = time.monotonic() - began
            # What was paid for is in nobody's hands yet: nothing may interrupt the look at it.
            with anyio.CancelScope(shield=True):
                made = await self.inspect(request, made)
        except (RetiredModel, AccessDenied) as error:
            rung.circuit.failed(error)
            raise
        except RefusedGeneration as error:
            rung.circuit.refused(error)
            raise
        except (RetryableGeneration, OutcomeUnknown) as error:
            # What still runs says when to fetch it, not that the model wants to be left alone.
            running = isinstance(error, RunningGeneration)
            wanted = None if running else getattr(error, "retry_after", None)
            long = wanted if wanted and wanted > self.patience.longest_delay else None
            rung.circuit.failed(error, rest=long)
            raise
        rung.circuit.made(seconds)
        return msgspec.structs.replace(made, latency=round(seconds, 3))

    def _told(self, made: A, rung: Rung[Q, A], failed: "_Failed") -> A:
        """Return what was made with the record of how it came about."""
        first = self.rungs[0]
        warnings = made.warnings
        if rung is not first:
            first.circuit.replaced()
            warnings = (*warnings, _stepped_in(first.model, made.model, failed))
        return msgspec.structs.replace(
            made,
            model_intended=made.model if rung is first else first.model,
            attempts=1 + sum(not isinstance(error, _Resting) for error in failed),
            seconds=round(time.monotonic() - failed.since, 3),
            warnings=warnings,
        )


class ImageChain(Chain[ImageRequest, Generated]):
    """An `ImageModel`."""

    async def draw(self, request: ImageRequest) -> Generated:
        """Return a picture; raise `GenerationError`."""
        return await self._make(request)


class SpeechChain(Chain[SpeechRequest, Generated]):
    """A `SpeechModel`."""

    async def speak(self, request: SpeechRequest) -> Generated:
        """Return a line of speech; raise `GenerationError`."""
        return await self._make(request)


class TextChain(Chain[TextRequest, GeneratedText]):
    """A `TextModel`."""

    async def write(self, request: TextRequest) -> GeneratedText:
        """Return an answer in the structure asked for; raise `GenerationError`."""
        return await self._make(request)


class _Failed(list[GenerationError]):
    """How the calls of one request failed so far, and since when it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.since = time.monotonic()


class _Resting(RetryableGeneration):
    """A model that was passed over, because it has failed lately."""


async def _look(rung: Rung[Q, A], check: Callable[[], Awaitable[None]]) -> None:
    with anyio.move_on_after(_LOOK_SECONDS):
        try:
            await check()
        except GenerationError as error:
            rung.circuit.missed(error)
        else:
            rung.circuit.seen()
        return
    rung.circuit.missed(
        RetryableGeneration(f"“{rung.model}” cannot be looked up: its provider does not answer.")
    )


def _is_useless(error: GenerationError) -> bool:
    """Tell whether an answer came, or was paid for, that nothing can be made of."""
    paid = isinstance(error, RetryableGeneration) and error.cost > 0
    return paid or isinstance(error, UnusableAnswer)


def _resting(rung: Rung[Q, A]) -> _Resting:
    return _Resting(
        f"“{rung.model}” has failed lately and is left alone for a while.",
        retry_after=rung.circuit.retry_after,
        provider=rung.provider,
        model=rung.model,
    )


def _worst(failed: list[GenerationError]) -> GenerationError:
    """Return what to tell of: something that passes, if any of it does, else the first refusal."""
    passing = [error for error in failed if isinstance(error, RetryableGeneration)]
    return min(passing, key=lambda error: error.retry_after or 0.0) if passing else failed[0]


def _stepped_in(intended: str, used: str, failed: list[GenerationError]) -> Problem:
    why = f" {failed[0].message}" if failed else ""
    return Problem(
        code="model_fallback",
        message=f"“{used}” made this in place of “{intended}”.{why}",
        params={
            "intended": intended,
            "used": used,
            "reason": failed[0].code if failed else "",
        },
    )
