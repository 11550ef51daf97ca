"""What a daemon takes of its machine: its children's share too, while they live and after."""

import subprocess
import sys
import time
from pathlib import Path

from daemon.resources import ResourceMonitor

_BUSY = """
import sys, time
held = b"x" * (96 * 1024 * 1024)
while time.process_time() < 0.6: pass
print("tired", flush=True); sys.stdin.read()
"""


def test_children_count_while_they_run_and_when_they_have_ended(tmp_path: Path) -> None:
    monitor = ResourceMonitor(tmp_path / "not" / "made" / "yet")
    before, alone = monitor.cpu_seconds(), monitor.look()
    with subprocess.Popen(
        [sys.executable, "-c", _BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout
        child.stdout.readline()
        running, used = monitor.cpu_seconds(), monitor.look()
        child.communicate()
    assert running - before >= 0.55  # the system counts in hundredths
    assert used.memory_bytes - alone.memory_bytes >= 96 * 1024 * 1024
    assert used.cpu > 0
    ended = monitor.look()
    # It is not forgotten, and its memory is free.
    assert monitor.cpu_seconds() >= running - 0.05
    assert ended.memory_bytes < used.memory_bytes
    assert used.cores >= 1
    assert 0 < used.memory_available_bytes <= used.memory_total_bytes
    assert 0 < used.disk_free_bytes <= used.disk_size_bytes


def test_the_mean_is_of_the_time_since_the_last_look(tmp_path: Path) -> None:
    monitor = ResourceMonitor(tmp_path)
    began = time.process_time()
    while time.process_time() - began < 0.3:
        pass
    busy = monitor.look()
    time.sleep(0.3)
    idle = monitor.look()
    assert busy.cpu > idle.cpu
