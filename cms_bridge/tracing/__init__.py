"""Traces: what becomes of a job, as spans that are sent by OTLP where an endpoint is configured.

A job is one trace, whose id is the job's own: whatever works on it, in whichever process and
however much later, hangs its spans under the request that began it, and an operator finds the
trace by the job's id. Without an endpoint nothing is imported and a span costs one comparison.

Spans hold ids, names of models and kinds, numbers and codes: no texts of people, programs or
errors, and no secrets.
"""

import time
from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TypeAlias
from uuid import UUID

Value: TypeAlias = str | int | float | bool


class Span(Protocol):
    """A span under way."""

    def note(self, **attributes: Value) -> None:
        """Add what became known meanwhile."""
        ...

    def fail(self, code: str) -> None:
        """Say that it failed, by the error's kind or code and never by its text."""
        ...


class Recorder(Protocol):
    """Makes spans and sends them on; `cms_bridge.tracing.otlp` has the one there is."""

    def root(self, job: UUID, name: str, since: float, attributes: Mapping[str, Value]) -> None:
        """Make the span that all others of a job hang under, which ends now."""
        ...

    def span(
        self, name: str, job: UUID | None, attributes: Mapping[str, Value], *, outward: bool
    ) -> AbstractContextManager[Span]:
        """Make a span of what a block does, under the job's root or the span around it."""
        ...

    def past(  # noqa: PLR0913 - a span is that
        self,
        name: str,
        job: UUID | None,
        attributes: Mapping[str, Value],
        *,
        since: float,
        until: float,
        failed: str,
        outward: bool,
    ) -> None:
        """Make a span of what is over."""
        ...

    def close(self) -> None:
        """Send what is left, and take no more."""
        ...


class _Untold:
    """A span that nobody is told of."""

    def note(self, **attributes: Value) -> None:
        """Forget them."""

    def fail(self, code: str) -> None:
        """Forget it."""


class _Process:
    """This process's recorder, if it has one."""

    recorder: Recorder | None = None


_UNTOLD = _Untold()


@contextmanager
def sent_to(endpoint: str | None, *, service: str) -> Generator[None]:
    """Send the spans of this process to an OTLP endpoint for as long as the block runs."""
    if endpoint is None:
        yield
        return
    # The SDK is an extra, and takes time and memory that nobody owes who sends nothing.
    from cms_bridge.tracing.otlp import open_recorder  # noqa: PLC0415 - as above

    recorder = _Process.recorder = open_recorder(endpoint, service=service)
    try:
        yield
    finally:
        _Process.recorder = None
        recorder.close()


def now() -> float:
    """Return this moment, in seconds of Unix time, as `begun` and `past` take it."""
    return time.time()


def begun(job: UUID, name: str, *, since: float | None = None, **attributes: Value) -> None:
    """Tell of the request that began a job; call once, after it is stored."""
    if recorder := _Process.recorder:
        recorder.root(job, name, since or now(), attributes)


@contextmanager
def span(
    name: str, *, job: UUID | None = None, outward: bool = False, **attributes: Value
) -> Generator[Span]:
    """Tell of what a block does: under a job's beginning, or under the span around it.

    `outward` says that another service is asked. An error that leaves the block is told of by
    its kind.
    """
    if (recorder := _Process.recorder) is None:
        yield _UNTOLD
        return
    with recorder.span(name, job, attributes, outward=outward) as told:
        try:
            yield told
        except BaseException as error:
            told.fail(type(error).__name__)
            raise


def past(  # noqa: PLR0913 - a span is that
    name: str,
    *,
    since: float,
    until: float | None = None,
    job: UUID | None = None,
    failed: str = "",
    outward: bool = False,
    **attributes: Value,
) -> None:
    """Tell of what is over, as `span` does of a block; `failed` is a kind or code of error."""
    if recorder := _Process.recorder:
        recorder.past(
            name,
            job,
            attributes,
            since=since,
            until=until or now(),
            failed=failed,
            outward=outward,
        )
