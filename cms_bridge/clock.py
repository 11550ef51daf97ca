"""The clock that all processes go by: the database server's, as far as it has been asked.

A lease is written by one machine and judged by another, and so is every due time and silence. By
clocks of their own an hour between two machines would have one take what the other has in hand;
so all of them go by the one clock that they share. SQLite has no server: its processes are on one
machine, and go by that.
"""

import time
from datetime import UTC, datetime, timedelta

_reading: tuple[datetime, float] | None = None
"""What the server's clock said, and this machine's counter of seconds at that moment."""


def now() -> datetime:
    """Return the time, in UTC."""
    if _reading is None:
        return datetime.now(UTC)
    said, counted = _reading
    # The counter goes on whatever is done to this machine's clock meanwhile.
    return said + timedelta(seconds=time.monotonic() - counted)


def set_by(said: datetime, *, asked: float, answered: float) -> timedelta:
    """Go by what a server said; return how far this machine's own clock is ahead of it.

    `asked` and `answered` are of `time.monotonic`: the truth lies between them.
    """
    global _reading  # noqa: PLW0603 - a process has one clock
    _reading = said, (asked + answered) / 2
    return datetime.now(UTC) - now()


def go_alone() -> None:
    """Go by this machine's clock again."""
    global _reading  # noqa: PLW0603 - as above
    _reading = None
