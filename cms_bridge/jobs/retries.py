"""Retries: how often, and after which waits, work is tried again without a person."""

from datetime import timedelta

import msgspec


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How often, and how patiently, a phase is tried again without a person."""

    max_retries: int = 3
    first_delay: timedelta = timedelta(seconds=5)
    longest_delay: timedelta = timedelta(minutes=15)
    longest_retry_after: timedelta = timedelta(days=1)
    """How long a provider's word on when to come back is believed at most."""
    away: timedelta = timedelta(days=1)
    """How long what is away is waited for, which costs no retries."""

    def delay(self, retry: int, *, retry_after: float | None = None) -> timedelta:
        """Return the wait before a retry: doubling up to the longest, or what was asked for.

        `retry_after` is in seconds.
        """
        own = self.first_delay.total_seconds() * 2.0 ** min(retry - 1, 100)
        asked = min(retry_after or 0.0, self.longest_retry_after.total_seconds())
        return timedelta(seconds=max(min(own, self.longest_delay.total_seconds()), asked))
