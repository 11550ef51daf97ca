"""Amounts of money as columns hold them."""

DOLLARS = (12, 6)
"""US dollars to a millionth: digits in all, and of them behind the point."""
