"""No library makes itself more urgent than the machine: an encoder as root is one among others."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ENCODED = """
import os
import av
import numpy as np
from render.encoder import choose_encoder, set_up
from render.rendition import Codec, Profile

def policies():
    return {os.sched_getscheduler(int(thread)) for thread in os.listdir("/proc/self/task")}

context = av.CodecContext.create("libsvtav1", "w")
set_up(context, Profile(name="p", width=256, height=256), choose_encoder(Codec.AV1))
threads = len(os.listdir("/proc/self/task"))
frame = av.VideoFrame.from_numpy_buffer(np.zeros((384, 256), np.uint8), "yuv420p")
frame.pts = 0
packets = context.encode(frame)
print(sorted(policies()), threads > 3)
assert packets + context.encode(None)
del context
print(sorted(policies()))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="priorities of Linux")
def test_an_encoder_takes_no_realtime_priority_for_itself_or_for_whoever_opens_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ENCODED], cwd=ROOT, capture_output=True, text=True, check=True
    )
    printed = [line for line in done.stdout.splitlines() if line.startswith("[")]
    assert printed == [f"[{os.SCHED_OTHER}] True", f"[{os.SCHED_OTHER}]"]


@pytest.mark.skipif(sys.platform != "linux", reason="priorities of Linux")
def test_what_may_be_asked_for_is_what_it_was_before() -> None:
    # Elsewhere in the tests it is taken away for good: a fresh process has it.
    asked = """
import os
from render.priority import _effective, without_realtime
before = _effective()
with without_realtime():
    assert not _effective() & 1 << 23
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        print("refused")
assert _effective() == before
"""
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "refused\n"
