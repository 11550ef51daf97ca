"""Programs of others that the tests run: their absence fails CI, and skips elsewhere."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

_SHIPPED = Path(__file__).parents[2] / "deploy" / "prometheus"


def find(tool: str, package: str) -> str:
    found = shutil.which(tool)
    if found is None and os.environ.get("CI"):
        pytest.fail(f"CI needs {tool}: apt-get install {package}")
    if found is None:
        pytest.skip(f"There is no {tool} here: apt-get install {package}")
    return found


def promtool(*arguments: str | Path, at: Path = _SHIPPED) -> str:
    command = [find("promtool", "prometheus"), *map(str, arguments)]
    told = subprocess.run(command, cwd=at, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout
