"""Errors out of task groups."""

from typing import cast


def first_error(error: Exception) -> Exception:
    """Return the first error inside nested groups: the one the other tasks were cancelled for."""
    while isinstance(error, ExceptionGroup):
        error = cast("Exception", error.exceptions[0])
    return error
