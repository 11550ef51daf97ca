"""Keeps a library from making itself more urgent than everything else on the machine.

SVT-AV1 asks for `SCHED_FIFO` at its highest priority wherever it runs as root, for its own threads
and for the one that opens it, which keeps it afterwards. Whatever that thread then waits for in a
loop, as numpy does for its helpers, never gets a core again: a daemon and all that shares the
machine with it stand still. What may not ask for that is not given it.
"""

import ctypes
import sys
from collections.abc import Generator
from contextlib import contextmanager

_VERSION_3 = 0x20080522
"""Of Linux' capabilities, in two words of 32 bits: `linux/capability.h`."""
_SYS_NICE = 1 << 23
"""`CAP_SYS_NICE`, in the first word."""


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Word(ctypes.Structure):
    _fields_ = [
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    ]


@contextmanager
def without_realtime() -> Generator[None]:
    """Within it this thread, and what it starts, cannot be given a realtime priority.

    Only root could be elsewhere. Has no meaning but on Linux, and none where the kernel refuses.
    """
    held = _effective() if sys.platform == "linux" else 0
    if not held & _SYS_NICE:
        yield
        return
    _make_effective(held & ~_SYS_NICE)
    try:
        yield
    finally:
        _make_effective(held)


def _read() -> "tuple[_Header, ctypes.Array[_Word]]":
    header, words = _Header(_VERSION_3, 0), (_Word * 2)()
    if ctypes.CDLL(None).capget(ctypes.byref(header), words) != 0:
        words = (_Word * 2)()
    return header, words


def _effective() -> int:
    return int(_read()[1][0].effective)


def _make_effective(capabilities: int) -> None:
    header, words = _read()
    words[0].effective = capabilities
    ctypes.CDLL(None).capset(ctypes.byref(header), words)
