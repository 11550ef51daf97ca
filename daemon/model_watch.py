"""The watch over models: a look at each every minute, and a record of all that is seen of them.

Evidence is written down as it comes, behind the calls' back: none waits for
it. While the database is away it is held, up to a bound. Each daemon looks for
itself, so this is no task of the queue, which any of them might take.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

import anyio
import structlog

from cms_bridge import metrics, tracing
from cms_bridge.health import models as model_health
from render.generation.circuit import Evidence, Sign
from render.generation.providers import Providers
from render.generation.replicate.errors import PROVIDER as REPLICATE

log = structlog.get_logger()

_MAX_UNWRITTEN = 1_000
"""Pieces of evidence for each model, while they cannot be written."""
_RETRY_SECONDS = 1.0
_CALLS = frozenset({Sign.MADE, Sign.REFUSED, Sign.FAILED})
_FAILURES = frozenset({Sign.FAILED, Sign.MISSED})


class ModelWatch:
    """One daemon's watch; `record` is the witness of its providers."""

    def __init__(self, *, every: float, keep: timedelta) -> None:
        """Take the seconds between two looks, and how long records are kept."""
        self._every = every
        self._keep = keep
        self._unwritten: dict[tuple[str, str], list[Evidence]] = {}
        self._evidence_added = anyio.Event()

    def record(self, provider: str, model: str, evidence: Evidence) -> None:
        """Take note of what was seen of a model, to be written down at once."""
        _count(provider, model, evidence)
        _trace(provider, model, evidence)
        self._unwritten.setdefault((provider, model), []).append(evidence)
        self._evidence_added.set()

    @asynccontextmanager
    async def watching(self, providers: Providers) -> AsyncGenerator[None]:
        """Watch models for as long as the block runs, beginning with what is known of them."""
        open_circuits = await model_health.open_circuits()
        for provider, model, circuit in providers.circuits():
            if (provider, model) in open_circuits:
                since, until = open_circuits[provider, model]
                circuit.restore(open_since=since, open_until=until)
        async with anyio.create_task_group() as group:
            group.start_soon(self._check, providers)
            group.start_soon(self._flush_as_it_comes)
            try:
                yield
            finally:
                group.cancel_scope.cancel()
        await self._flush()

    async def _check(self, providers: Providers) -> None:
        models = [(provider, model) for provider, model, _ in providers.circuits()]
        while True:
            began = anyio.current_time()
            try:
                await providers.check()
                # A query that is cancelled half-way would leave its connection open.
                with anyio.CancelScope(shield=True):
                    await model_health.report(models)
                    await model_health.prune(self._keep)
            except Exception:  # whatever fails here is no reason to stop the work
                log.warning("model_watch.check_failed", exc_info=True)
            await anyio.sleep(max(0.0, began + self._every - anyio.current_time()))

    async def _flush_as_it_comes(self) -> None:
        while True:
            await self._evidence_added.wait()
            self._evidence_added = anyio.Event()
            if not await self._flush():
                await anyio.sleep(_RETRY_SECONDS)
                self._evidence_added.set()

    async def _flush(self) -> bool:
        """Write down what was seen; return False if the database would not take it."""
        for provider, model in list(self._unwritten):
            evidence = self._unwritten.pop((provider, model))
            try:
                # Interrupted, it would not be known whether it was written.
                with anyio.CancelScope(shield=True):
                    await model_health.record(provider, model, evidence)
            except Exception:  # whatever the driver raises, the evidence is held
                log.warning(
                    "model_watch.write_failed", provider=provider, model=model, exc_info=True
                )
                later = self._unwritten.get((provider, model), [])
                self._unwritten[provider, model] = [*evidence, *later][-_MAX_UNWRITTEN:]
                return False
        return True


def _trace(provider: str, model: str, evidence: Evidence) -> None:
    """Tell of a call in the trace of the work that made it, in whose context this is."""
    if evidence.sign not in _CALLS:
        return
    ended = evidence.at.timestamp()
    tracing.past(
        f"provider {provider}",
        since=ended - (evidence.seconds or 0),
        until=ended,
        failed=evidence.failure.code if evidence.failure else "",
        outward=True,
        provider=provider,
        model=model,
        sign=evidence.sign.value,
    )


def _count(provider: str, model: str, evidence: Evidence) -> None:
    if evidence.sign in _CALLS:
        metrics.PROVIDER_CALLS.labels(provider, model, evidence.sign).inc()
    if evidence.sign is Sign.MADE and evidence.seconds is not None:
        metrics.PROVIDER_SECONDS.labels(provider, model).observe(evidence.seconds)
    if provider == REPLICATE and evidence.sign in _FAILURES:
        code = evidence.failure.code if evidence.failure else ""
        metrics.REPLICATE_API_ERRORS.labels(code).inc()
