"""A quick cut of the fuzz run, always the same; `make fuzz` takes ten minutes and another seed."""

import os
import subprocess
import sys
from pathlib import Path

RUNS = 24


def test_nothing_that_is_damaged_breaks_the_engine(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz", "--seed", "15", "--runs", str(RUNS)]
    done = subprocess.run(
        [*command, "--seconds", "120", "--keep", tmp_path],
        capture_output=True,
        text=True,
        check=False,
        # The process that forks has no threads, not even of those that calculate.
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"seed 15: {RUNS} runs" in done.stdout
    assert done.stdout.rstrip().endswith("0 broke the engine")
