"""Models in the order they are asked: a chain is itself a provider.

Each rung is called until it succeeds, fails for good or has used up its calls,
with waits in between that double, are spread at random, and never undercut
what the provider asked for. Then the next rung is asked; which one follows
from circuits in memory, without any I/O. A model that was paid for an answer
that nothing can be made of is asked once more and then left.

A `Meter` stands around every paid call. Nothing that was charged is thrown
away by going on: a call that an interruption left running is fetched first, one
that still runs ends the chain with `RunningGeneration`, and one whose answer
was lost with `OutcomeUnknown`, since another model would be paid as well; where
the meter counts it as paid, it is a failure of the moment. And what was made is
put into safe keeping before its price is settled (`Keep`).
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
    Announce,
    Call,
    ClipRequest,
    Generated,
    GeneratedText,
    GenerationRecord,
    Guard,
    ImageRequest,
    Keep,
    Kind,
    Meter,
    MusicRequest,
    Reservation,
    SpeechRequest,
    TextRequest,
    Ticket,
    announce_nothing,
    keep_nothing,
)
from render.generation.circuit import Circuit
from render.generation.patience import Patience
from render.generation.requests import request_digest
from render.generation.unmetered import Unmetered
from render.generation.voices import FREE, provider_of
from render.problem import Problem

Q = TypeVar("Q", ImageRequest, SpeechRequest, ClipRequest, MusicRequest, TextRequest)
A = TypeVar("A", bound=GenerationRecord)


_INTERRUPTED = "The call was interrupted"
_CHECK_SECONDS = 20
"""A provider that takes longer over a look does not answer."""


async def accept_unseen(_request: object, answer: A) -> A:
    """Take whatever was answered for what was asked: an `inspect` for use by hand."""
    return answer


def serve_all(_request: object) -> bool:
    """Tell that a model can be asked for anything: a `serves` for most of them."""
    return True


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
    serves: Callable[[Q], bool] = serve_all
    """Tells whether it is there for a request at all: where it is not, nothing has failed, and
    the next rung does not stand in for it."""
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
    announce: Announce = announce_nothing
    inspect: Callable[[Q, A], Awaitable[A]] = accept_unseen
    """Looks at what a model answered before it counts as made; raises `UnusableAnswer`."""

    def metered(
        self,
        meter: Meter,
        *,
        keep: Keep = keep_nothing,
        guard: Guard = nullcontext,
        announce: Announce = announce_nothing,
    ) -> Self:
        """Return the same chain, with what it has seen so far, under a meter."""
        return replace(self, meter=meter, keep=keep, guard=guard, announce=announce)

    def price(self, request: Q) -> Decimal:
        """Return what a call costs at most, whichever rung makes it: what is approved holds."""
        return max(rung.price(request) for rung in self.rungs)

    async def check(self) -> None:
        """Look whether each model can be asked, and remember it. Free of charge."""
        async with anyio.create_task_group() as looks:
            for rung in self.rungs:
                if rung.check is not None:
                    looks.start_soon(_check_rung, rung, rung.check)

    async def _generate(self, request: Q) -> A:
        """Return what the first rung that can makes of a request; raise `GenerationError`."""
        rungs = [rung for rung in self.rungs if rung.serves(request)]
        if len(rungs) < len(self.rungs):
            return await replace(self, rungs=rungs)._generate(request)  # noqa: SLF001 - its own
        digest = request_digest(request)
        failures = _Failures()
        answer = await self._resume_unfinished(request, digest, failures)
        if answer is not None:
            return answer
        for rung in self.rungs:
            if not rung.circuit.admit():
                failures.append(_circuit_open(rung))
                continue
            answer = await self._try_rung(rung, request, digest, failures)
            if answer is not None:
                return answer
        raise _error_to_raise(failures)

    async def _resume_unfinished(self, request: Q, digest: str, failures: "_Failures") -> A | None:
        """Fetch what an interrupted call has made, if there is one."""
        reservation = await self.meter.find_unfinished(digest)
        if reservation is None:
            return None
        names = (reservation.provider, reservation.model)
        rung = next((rung for rung in self.rungs if (rung.provider, rung.model) == names), None)
        if rung is None:
            reason = f"“{reservation.model}”, which was asked earlier, is no longer configured."
            await self.meter.mark_unknown(reservation, reason)
            raise OutcomeUnknown(reason, provider=reservation.provider, model=reservation.model)
        await self.announce(rung.provider, rung.model)
        try:
            async with self.guard():
                return await self._call_metered(rung, request, reservation, failures)
        except (RunningGeneration, OutcomeUnknown):
            raise
        except GenerationError as error:
            failures.append(error)
            return None

    async def _try_rung(
        self, rung: Rung[Q, A], request: Q, digest: str, failures: "_Failures"
    ) -> A | None:
        """Call one model until it succeeds or there is no sense in asking it again."""
        useless = 0
        for calls in range(1, self.patience.calls + 1):
            try:
                async with rung.gate:
                    return await self._call_once(rung, request, digest, failures)
            except (RunningGeneration, OutcomeUnknown):
                raise
            except UnsafeRequest as error:
                if not self.patience.unsafe_falls_through:
                    raise
                failures.append(error)
                return None
            except RefusedGeneration as error:
                failures.append(error)
                return None
            except RetryableGeneration as error:
                failures.append(error)
                useless += _is_useless(error)
                delay = self.patience.delay(calls, retry_after=error.retry_after)
                asked_enough = calls == self.patience.calls or useless == USELESS_CALLS
                if asked_enough or delay > self.patience.longest_delay:
                    return None
                if not rung.circuit.available:
                    return None
                await anyio.sleep(delay)
        return None

    async def _call_once(
        self, rung: Rung[Q, A], request: Q, digest: str, failures: "_Failures"
    ) -> A:
        """Make one call, under guard where it is paid."""
        # Before anything is set aside for it: whoever is told may say that it comes too late.
        await self.announce(rung.provider, rung.model)
        if rung.paid:
            async with self.guard():
                return await self._call_paid(rung, request, digest, failures)
        return await self._keep_and_settle(
            self._with_record(await self._call_model(rung, request, Ticket()), rung, failures), None
        )

    async def _call_paid(
        self, rung: Rung[Q, A], request: Q, digest: str, failures: "_Failures"
    ) -> A:
        """Make one call, with its intent written down before it leaves."""
        reservation = await self.meter.reserve(
            Call(
                kind=self.kind,
                provider=rung.provider,
                model=rung.model,
                request_digest=digest,
                price=rung.price(request),
                attempt=len(failures) + 1,
            )
        )
        try:
            await self.meter.mark_started(reservation)
        except BaseException:  # nothing has left yet, whatever it was
            with anyio.CancelScope(shield=True):
                await self.meter.release(reservation)
            raise
        return await self._call_metered(rung, request, reservation, failures)

    async def _call_metered(
        self, rung: Rung[Q, A], request: Q, reservation: Reservation, failures: "_Failures"
    ) -> A:
        """Make or take up a call, and account for however it ends."""
        has_id = reservation.provider_id is not None

        async def on_started(provider_id: str) -> None:
            nonlocal has_id
            has_id = True
            await self.meter.mark_started(reservation, provider_id)

        async def is_taken(provider_id: str) -> bool:
            return await self.meter.is_taken(reservation, provider_id)

        async def on_dropped() -> None:
            await self.meter.release(reservation)

        ticket = Ticket(
            charge=reservation.id,
            resume=reservation.provider_id,
            on_started=on_started,
            is_taken=is_taken,
            on_dropped=on_dropped,
        )
        try:
            answer = await self._call_model(rung, request, ticket)
        except RunningGeneration:
            raise  # the reservation stays open: asking again takes the call up
        except OutcomeUnknown as error:
            raise await self._lost(reservation, error) from error.__cause__
        except GenerationError as error:
            if error.cost:
                await self.meter.settle(reservation, error.cost, useless=_is_useless(error))
            else:
                await self.meter.release(reservation)
            raise
        except (anyio.get_cancelled_exc_class(), Exception) as error:
            if not has_id:
                # Also of what nobody foresaw: left open, it would be in every equal call's way.
                what = "Something went wrong here" if isinstance(error, Exception) else _INTERRUPTED
                with anyio.CancelScope(shield=True):
                    await self.meter.mark_unknown(
                        reservation, f"{what} before its answer was kept."
                    )
            raise
        return await self._keep_and_settle(self._with_record(answer, rung, failures), reservation)

    async def _lost(self, reservation: Reservation, error: OutcomeUnknown) -> GenerationError:
        """Note that an answer was lost, and return what that means here."""
        is_paid = await self.meter.mark_unknown(reservation, error.message)
        if not is_paid:
            return error
        return RetryableGeneration(
            error.message, provider=reservation.provider, model=reservation.model
        )

    async def _keep_and_settle(self, answer: A, reservation: Reservation | None) -> A:
        """Return what was made once it is kept and, where it was paid for, settled."""
        with anyio.CancelScope(shield=True):
            await self.keep(answer, reservation)
            if reservation is not None:
                await self.meter.settle(reservation, answer.cost)
        return answer

    async def _call_model(self, rung: Rung[Q, A], request: Q, ticket: Ticket) -> A:
        """Make one call, and remember what it shows of the model."""
        began = time.monotonic()
        try:
            answer = await rung.make(request, ticket)
            seconds = time.monotonic() - began
            # What was paid for is in nobody's hands yet: nothing may interrupt the look at it.
            with anyio.CancelScope(shield=True):
                answer = await self.inspect(request, answer)
        except (RetiredModel, AccessDenied) as error:
            rung.circuit.record_failure(error)
            raise
        except RefusedGeneration as error:
            rung.circuit.record_refusal(error)
            raise
        except (RetryableGeneration, OutcomeUnknown) as error:
            # What still runs says when to fetch it, not that the model wants to be left alone.
            running = isinstance(error, RunningGeneration)
            retry_after = None if running else getattr(error, "retry_after", None)
            long = retry_after if (retry_after or 0) > self.patience.longest_delay else None
            rung.circuit.record_failure(error, rest=long)
            raise
        rung.circuit.record_success(seconds)
        return msgspec.structs.replace(answer, latency=round(seconds, 3))

    def _with_record(self, answer: A, rung: Rung[Q, A], failures: "_Failures") -> A:
        """Return what was made with the record of how it came about."""
        first = self.rungs[0]
        warnings = answer.warnings
        if rung is not first:
            first.circuit.record_replacement()
            warnings = (*warnings, _fallback_warning(first.model, answer.model, failures))
        return msgspec.structs.replace(
            answer,
            model_intended=answer.model if rung is first else first.model,
            attempts=1 + sum(not isinstance(error, _CircuitOpen) for error in failures),
            seconds=round(time.monotonic() - failures.since, 3),
            warnings=warnings,
        )


class ImageChain(Chain[ImageRequest, Generated]):
    """An `ImageModel`."""

    async def draw(self, request: ImageRequest) -> Generated:
        """Return a picture; raise `GenerationError`."""
        return await self._generate(request)


class SpeechChain(Chain[SpeechRequest, Generated]):
    """A `SpeechModel`."""

    async def speak(self, request: SpeechRequest) -> Generated:
        """Return a line of speech; raise `GenerationError`.

        Who has the voice that is asked for by its provider's name is asked first, and for a
        voice that costs nothing nobody is paid.
        """
        provider = provider_of(request.voice)
        if not provider:
            return await self._generate(request)
        rungs = [rung for rung in self.rungs if not (rung.paid and provider in FREE)]
        rungs.sort(key=lambda rung: rung.provider != provider)
        return await replace(self, rungs=rungs)._generate(request)  # noqa: SLF001 - its own


class VideoChain(Chain[ClipRequest, Generated]):
    """A `VideoModel`."""

    async def animate(self, request: ClipRequest) -> Generated:
        """Return a clip; raise `GenerationError`."""
        return await self._generate(request)


class MusicChain(Chain[MusicRequest, Generated]):
    """A `MusicModel`."""

    async def compose(self, request: MusicRequest) -> Generated:
        """Return a piece of music; raise `GenerationError`."""
        return await self._generate(request)


class TextChain(Chain[TextRequest, GeneratedText]):
    """A `TextModel`."""

    async def write(self, request: TextRequest) -> GeneratedText:
        """Return an answer in the structure asked for; raise `GenerationError`."""
        return await self._generate(request)


class _Failures(list[GenerationError]):
    """How the calls of one request failed so far, and since when it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.since = time.monotonic()


class _CircuitOpen(RetryableGeneration):
    """A model that was passed over, because it has failed lately."""


async def _check_rung(rung: Rung[Q, A], check: Callable[[], Awaitable[None]]) -> None:
    with anyio.move_on_after(_CHECK_SECONDS):
        try:
            await check()
        except GenerationError as error:
            rung.circuit.record_missing(error)
        else:
            rung.circuit.record_found()
        return
    rung.circuit.record_missing(
        RetryableGeneration(f"“{rung.model}” cannot be looked up: its provider does not answer.")
    )


def _is_useless(error: GenerationError) -> bool:
    """Tell whether an answer came, or was paid for, that nothing can be made of."""
    paid = isinstance(error, RetryableGeneration) and error.cost > 0
    return paid or isinstance(error, UnusableAnswer)


def _circuit_open(rung: Rung[Q, A]) -> _CircuitOpen:
    return _CircuitOpen(
        f"“{rung.model}” has failed lately and is left alone for a while.",
        retry_after=rung.circuit.retry_after,
        provider=rung.provider,
        model=rung.model,
    )


def _error_to_raise(failures: list[GenerationError]) -> GenerationError:
    """Return what to tell of: something that passes, if any of it does, else the first refusal."""
    passing = [error for error in failures if isinstance(error, RetryableGeneration)]
    return min(passing, key=lambda error: error.retry_after or 0.0) if passing else failures[0]


def _fallback_warning(intended: str, used: str, failures: list[GenerationError]) -> Problem:
    why = f" {failures[0].message}" if failures else ""
    return Problem(
        code="model_fallback",
        message=f"“{used}” made this in place of “{intended}”.{why}",
        params={
            "intended": intended,
            "used": used,
            "reason": failures[0].code if failures else "",
        },
    )
