"""Absences: when the database last had no answer for this process.

A lease that was not renewed meanwhile says nothing about its worker. One that is merely busy, as
where two transactions meet, has answered: renewals try again at once.
"""

from datetime import datetime

from cms_bridge import clock

_noticed: datetime | None = None


def note() -> None:
    """Note that the database has no answer at this moment."""
    global _noticed  # noqa: PLW0603 - a process has one database
    _noticed = clock.now()


def any_since(moment: datetime) -> bool:
    """Tell whether this process went without an answer at that moment or later."""
    return _noticed is not None and _noticed >= moment


def forget() -> None:
    """Begin with none noticed."""
    global _noticed  # noqa: PLW0603 - as above
    _noticed = None
