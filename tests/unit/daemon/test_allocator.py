"""What a daemon has freed is the machine's again, in whatever order it was held."""

import subprocess
import sys

import pytest

from daemon.allocator import return_freed_memory

_HOLD = """
import ctypes, sys
import psutil
from daemon.allocator import return_freed_memory

if sys.argv[1] == "told":
    return_freed_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
libc.free(libc.malloc(30 << 20))  # From here on glibc maps only what is larger.
blocks = [libc.malloc(2 << 20) for _ in range(64)]
for block in blocks:
    ctypes.memset(block, 1, 2 << 20)
held = psutil.Process().memory_info().rss
for block in blocks[:-1]:
    libc.free(block)
print((held - psutil.Process().memory_info().rss) >> 20)
"""

_SCATTER = """
import ctypes
import psutil
from daemon.allocator import return_freed_memory, trim

return_freed_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
blocks = [libc.malloc(64 << 10) for _ in range(2048)]
for block in blocks:
    ctypes.memset(block, 1, 64 << 10)
for block in blocks[::2]:
    libc.free(block)
held = psutil.Process().memory_info().rss
trim()
print((held - psutil.Process().memory_info().rss) >> 20)
"""


def returned(script: str, *told: str) -> int:
    run = subprocess.run(
        [sys.executable, "-c", script, *told], check=True, capture_output=True, text=True
    )
    return int(run.stdout)


def test_what_is_freed_below_something_in_use_goes_back_to_the_machine() -> None:
    if not return_freed_memory():
        pytest.skip("This C library is not glibc.")
    assert returned(_HOLD, "told") >= 120
    # Otherwise it stays: the reason why glibc is told at all.
    assert returned(_HOLD, "untold") < 60


def test_free_pages_between_small_blocks_in_use_are_given_back() -> None:
    if not return_freed_memory():
        pytest.skip("This C library is not glibc.")
    # Of the 64 MiB that are free, all but the pages that blocks in use begin and end in.
    assert returned(_SCATTER) >= 50
