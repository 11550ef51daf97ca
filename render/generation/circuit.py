"""What calls of one model have shown lately: whether it is worth asking, and how well it does.

Closed, a model is asked. A few failures in a row open the circuit, and so does
one that is no accident (a retired model, a refused key) or one that names a
long time to stay away. Open, a model is passed over without any I/O; after 30
seconds, twice as long after each further failure, a single call is let through
and its end decides. Every success closes the circuit.
"""

import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

REST_SECONDS = 30.0
"""How long what was seen of a model counts as news."""
LONGEST_REST_SECONDS = 600.0
OPENS_AFTER = 3
"""Failures in a row."""
_LATENCIES = 200


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How one model does, as far as this process has seen."""

    provider: str
    model: str
    available: bool
    calls: int
    errors: int
    last_success: datetime | None
    last_error: str
    """A code; empty before the first."""
    p50: float | None
    """Seconds that calls took which succeeded, the latest 200 of them."""
    p95: float | None


class Circuit:
    """One model's circuit."""

    def __init__(
        self, *, opens_after: int = OPENS_AFTER, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._opens_after = opens_after
        self._clock = clock
        self._failures = 0
        """In a row."""
        self._rest = 0.0
        self._open_until: float | None = None
        self._calls = 0
        self._errors = 0
        self._last_success: datetime | None = None
        self._last_error = ""
        self._latencies: deque[float] = deque(maxlen=_LATENCIES)

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

    def succeeded(self, seconds: float | None = None) -> None:
        """Note a success, and how long it took where that says something."""
        self._failures, self._rest, self._open_until = 0, 0.0, None
        self._last_success = datetime.now(UTC)
        if seconds is not None:
            self._calls += 1
            self._latencies.append(seconds)

    def failed(self, code: str, *, for_good: bool = False, rest: float | None = None) -> None:
        """Note a failure; `for_good` for one that is no accident, `rest` for the seconds asked."""
        self._calls += 1
        self._errors += 1
        self._failures += 1
        self._last_error = code
        if not for_good and rest is None and self._failures < self._opens_after:
            return
        self._rest = min(max(REST_SECONDS, 2 * self._rest), LONGEST_REST_SECONDS)
        self._open_until = self._clock() + max(self._rest, rest or 0.0)

    def health(self, provider: str, model: str) -> Health:
        """Return how the model does."""
        ordered = sorted(self._latencies)
        return Health(
            provider=provider,
            model=model,
            available=self.available,
            calls=self._calls,
            errors=self._errors,
            last_success=self._last_success,
            last_error=self._last_error,
            p50=_quantile(ordered, 0.50),
            p95=_quantile(ordered, 0.95),
        )


def _quantile(ordered: list[float], share: float) -> float | None:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None
