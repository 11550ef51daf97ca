"""The allocator's one setting that matters here: large blocks go back to the system at once.

glibc raises the size from which blocks are mapped by themselves whenever one is
freed, up to 32 MiB; from then on pictures leave holes in the heap. Fixing it
took a tenth off the engine's peak, and nothing from its speed. Elsewhere than
under glibc this does nothing.
"""

import ctypes
import sys

_M_MMAP_THRESHOLD = -3  # malloc.h
_LARGE = 4 * 1024 * 1024
"""Bytes: larger than what is made anew for every frame, smaller than a picture's planes."""


def map_large_blocks() -> None:
    """Fix the size from which blocks are mapped, for this process."""
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE)
