"""The allocator's settings that matter here: what goes back to the system, and what is kept.

glibc raises the size from which blocks are mapped by themselves whenever one is
freed, up to 32 MiB; from then on pictures leave holes in the heap. Fixing it
took a tenth off the engine's peak. Fixing it also ends that glibc learns how
much to keep at the top of the heap: it would give back all but 128 KiB after
each frame, and the system would clear the same pages again for the next, which
was one second in thirty of a film's CPU time. Elsewhere than under glibc this
does nothing.
"""

import ctypes
import sys

# <malloc.h> of glibc.
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3

_LARGE = 4 * 1024 * 1024
"""Bytes: larger than what is made anew for every frame, smaller than a picture's planes."""
_KEPT = 128 * 1024 * 1024
"""Bytes at the top of the heap that stay with the process: more than frames take in turns."""


def set_up_allocator() -> None:
    """Have large blocks mapped, and the room of small ones kept, in this process."""
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE)
        mallopt(_M_TRIM_THRESHOLD, _KEPT)
