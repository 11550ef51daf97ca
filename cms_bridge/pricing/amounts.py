"""Amounts of US dollars: the caps on them, and their exact form in a database.

Amounts are `Decimal` with six places. Sums that a database adds up are whole
micro-dollars, because SQLite's NUMERIC is a float.
"""

from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal

import msgspec

_PLACES = Decimal("0.000001")
_TOO_MUCH = Decimal(1_000_000)
"""More than the columns hold."""


class Caps(msgspec.Struct, frozen=True, kw_only=True):
    """What may be spent at most, where a project has no cap of its own."""

    video: Decimal
    """On one video, all its submissions together."""
    project: Decimal
    """On one project, all its videos together."""
    month: Decimal
    """On everything, in one calendar month (UTC)."""
    lost_call: Decimal = Decimal(0)
    """On one call whose outcome nobody knows, for it to count as paid; 0 for none ever."""
    lost_video: Decimal = Decimal(0)
    """On all such calls of one video together."""


def ceiling(amount: Decimal) -> Decimal:
    """Return an amount to be set aside, rounded up; raise ValueError if it is none."""
    return _sound(_sound(amount).quantize(_PLACES, ROUND_CEILING))


def rounded(amount: Decimal) -> Decimal:
    """Return an amount that was paid, rounded; raise ValueError if it is none."""
    return _sound(_sound(amount).quantize(_PLACES, ROUND_HALF_EVEN))


def micros(amount: Decimal) -> int:
    """Return whole micro-dollars."""
    return int(amount.scaleb(6).to_integral_value())


def dollars(micros: int) -> Decimal:
    """Return the amount of so many micro-dollars."""
    return Decimal(micros).scaleb(-6)


def _sound(amount: Decimal) -> Decimal:
    # A price below zero, from a broken price table, would make room under a cap.
    if not (amount.is_finite() and 0 <= amount < _TOO_MUCH):
        raise ValueError(f"An amount must be from 0 to below {_TOO_MUCH}; this is {amount}.")
    return amount
