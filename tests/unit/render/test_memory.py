"""What a frame takes stays with the engine until the next, and large blocks do not."""

import subprocess
import sys

import pytest

_FRAMES = """
import ctypes, resource, sys
from render.memory import set_up_allocator

libc = ctypes.CDLL(None)
if sys.platform != "linux" or not hasattr(libc, "mallopt"):
    sys.exit(77)
set_up_allocator()
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]

def take(size):
    block = libc.malloc(size)
    ctypes.memset(block, 1, size)
    libc.free(block)

size = int(sys.argv[1]) << 20
take(size)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    take(size)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(mebibytes: int) -> int:
    """Page faults of twenty blocks, each taken when the one before was freed."""
    run = subprocess.run(
        [sys.executable, "-c", _FRAMES, str(mebibytes)], check=False, capture_output=True, text=True
    )
    if run.returncode == 77:
        pytest.skip("This C library is not glibc.")
    assert run.returncode == 0, run.stderr
    return int(run.stdout)


def test_a_frame_s_room_is_used_again_and_a_large_block_s_is_given_back() -> None:
    assert faults(mebibytes=3) < 100
    # Mapped anew each time, in pages of whatever size.
    assert faults(mebibytes=16) >= 20
