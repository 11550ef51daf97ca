"""How long a chain puts up with a model that fails."""

import random

import msgspec


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How often a model is asked, and how long is waited for it."""

    calls: int = 3
    """Of one model for one request."""
    first_delay: float = 1.0
    """Seconds before the second call; doubles from then on."""
    longest_delay: float = 30.0
    """A provider that asks for more is left for the next one."""
    unsafe_falls_through: bool = True
    """Whether what one model will not make for safety's sake is asked of the next."""

    def delay(self, calls: int, *, retry_after: float | None = None) -> float:
        """Return the seconds to wait after so many calls: from half to the whole of the doubled."""
        full = min(self.first_delay * 2 ** (calls - 1), self.longest_delay)
        spread = full * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
        return max(spread, retry_after or 0.0)
