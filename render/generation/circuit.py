"""What calls of one model have shown lately: whether it is worth asking.

Closed, a model is asked. A few failures in a row open the circuit, and so does
one that is no accident (a retired model, a refused key) or one that names a
long time to stay away. Open, a model is passed over without any I/O; after 30
seconds, twice as long after each further failure, a single call is let through
and its end decides. Every call that is answered closes the circuit.

A free look at a model closes only what a look has opened: that a provider
lists a model says nothing of calls that fail, and one that asked to be left
alone is. Whatever is seen is told on as `Evidence`, without waiting.
"""

import enum
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec

from render.errors import AccessDenied, GenerationError, RetiredModel
from render.problem import Problem

REST_SECONDS = 30.0
"""How long what was seen of a model counts as news."""
LONGEST_REST_SECONDS = 600.0
OPENS_AFTER = 3
"""Failures in a row."""
_NO_ACCIDENT = (RetiredModel, AccessDenied)


class Sign(enum.StrEnum):
    """What a piece of evidence shows."""

    MADE = "made"
    """A call made what was asked for."""
    REFUSED = "refused"
    """A call was refused for what it asked: the model works."""
    FAILED = "failed"
    """A call failed, or its answer was lost."""
    SEEN = "seen"
    """A free look found the model."""
    MISSED = "missed"
    """A free look did not find the model."""
    REPLACED = "replaced"
    """Another model made what was asked of this one first."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One thing seen of a model, and how its circuit stands after it."""

    at: datetime
    sign: Sign
    seconds: float | None = None
    """What a call took that made something."""
    failure: Problem | None = None
    open_since: datetime | None = None
    """When the circuit opened; None while it is closed."""
    open_until: datetime | None = None
    """When a call is let through again."""


Witness = Callable[[str, str, Evidence], None]
"""Told of a provider's name, a model's name and what was seen of it; never waits."""


class Circuit:
    """One model's circuit."""

    def __init__(
        self,
        *,
        opens_after: int = OPENS_AFTER,
        clock: Callable[[], float] = time.monotonic,
        witness: Callable[[Evidence], None] | None = None,
    ) -> None:
        """Take who is told of evidence, besides the limits."""
        self._opens_after = opens_after
        self._clock = clock
        self._witness = witness
        self._failures = 0
        """In a row."""
        self._rest = 0.0
        self._open_until: float | None = None
        self._open_since: datetime | None = None
        self._opened_by_look = False

    @property
    def available(self) -> bool:
        """Whether a call would be let through."""
        opens = self._open_until
        return opens is None or self._clock() >= opens

    @property
    def retry_after(self) -> float:
        """Seconds until a call is let through."""
        return max(0.0, (self._open_until or 0.0) - self._clock())

    def admit(self) -> bool:
        """Let a call through or not; of a model that has rested, one at a time."""
        if not self.available:
            return False
        if self._open_until is not None:
            self._open_until = self._clock() + REST_SECONDS
        return True

    def record_success(self, seconds: float) -> None:
        """Note that a call made what was asked for, and what it took."""
        self._close()
        self._emit(Sign.MADE, seconds=seconds)

    def record_refusal(self, error: GenerationError) -> None:
        """Note that a call was refused for what it asked."""
        self._close()
        self._emit(Sign.REFUSED, failure=error)

    def record_failure(self, error: GenerationError, *, rest: float | None = None) -> None:
        """Note that a call failed; `rest` are the seconds to leave the model alone, if told."""
        self._failures += 1
        if isinstance(error, _NO_ACCIDENT) or rest or self._failures >= self._opens_after:
            self._open(rest or 0.0, by_look=False)
        self._emit(Sign.FAILED, failure=error)

    def record_found(self) -> None:
        """Note that a free look found the model."""
        if self._opened_by_look:
            self._close()
        self._emit(Sign.SEEN)

    def record_missing(self, error: GenerationError) -> None:
        """Note that a free look did not find the model."""
        if self.available or self._opened_by_look:
            self._open(0.0, by_look=True)
        self._emit(Sign.MISSED, failure=error)

    def record_replacement(self) -> None:
        """Note that another model made what was asked of this one first."""
        self._emit(Sign.REPLACED)

    def restore(self, *, open_since: datetime, open_until: datetime) -> None:
        """Go on where an earlier process stood, whose circuit was open."""
        self._failures = self._opens_after
        self._rest = REST_SECONDS
        self._open_since = open_since
        self._open_until = self._clock() + (open_until - datetime.now(UTC)).total_seconds()

    def _close(self) -> None:
        self._failures, self._rest = 0, 0.0
        self._open_until = self._open_since = None
        self._opened_by_look = False

    def _open(self, seconds: float, *, by_look: bool) -> None:
        self._rest = min(max(REST_SECONDS, 2 * self._rest), LONGEST_REST_SECONDS)
        self._open_until = self._clock() + max(self._rest, seconds)
        self._open_since = self._open_since or datetime.now(UTC)
        self._opened_by_look = by_look

    def _emit(
        self, sign: Sign, *, seconds: float | None = None, failure: GenerationError | None = None
    ) -> None:
        if self._witness is None:
            return
        now = datetime.now(UTC)
        is_open = self._open_until is not None
        self._witness(
            Evidence(
                at=now,
                sign=sign,
                seconds=seconds,
                failure=Problem(code=failure.code, message=failure.message, params=failure.params)
                if failure
                else None,
                open_since=self._open_since,
                open_until=now + timedelta(seconds=self.retry_after) if is_open else None,
            )
        )
