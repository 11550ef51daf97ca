"""How a daemon's memory goes back to its machine.

Pictures and sound are megabytes each, held by many short threads. Left to itself, glibc gives each
thread a heap of its own and, once one large block was freed, takes the next from such a heap
instead of mapping it: what is freed between two blocks in use stays with the process. A daemon of
the soak held 341 MiB in its second quarter so, and 12 % more in its last. What is freed between
smaller blocks stays as well, and grew from 17 to 46 MiB while what was in use stayed the same: that
is given back from time to time. With both it is as `specs/soak.md` says.
"""

import ctypes
from typing import Any

# <malloc.h> of glibc.
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8

_MAPPED_FROM = 1024 * 1024
"""Bytes from which a block is mapped by itself, and unmapped once it is freed."""
_ARENAS = 2
"""Heaps that all threads share; here Python's own lock keeps most of them apart anyway."""


def return_freed_memory() -> bool:
    """Have what is freed go back to the machine; return whether this C library can be told so."""
    mallopt = _function("mallopt")
    if mallopt is None:
        return False
    return bool(mallopt(_M_ARENA_MAX, _ARENAS) and mallopt(_M_MMAP_THRESHOLD, _MAPPED_FROM))


def trim() -> None:
    """Give back every whole page that is free, wherever in the heaps it lies: milliseconds."""
    if (malloc_trim := _function("malloc_trim")) is not None:
        malloc_trim(0)


def _function(name: str) -> Any:
    """Return a function of glibc; neither macOS nor musl has it, and both do without."""
    return getattr(ctypes.CDLL(None), name, None)
