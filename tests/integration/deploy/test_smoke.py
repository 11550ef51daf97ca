"""The run through all of production that `make smoke` is, as a machine without images has it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.browsers import find_chromium
from tests.support.images import ROOT
from tests.support.tools import find


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.timeout(1_800)
def test_a_first_day_in_production_ends_well(tmp_path: Path) -> None:
    find_chromium()
    find("prometheus-alertmanager", "prometheus-alertmanager")
    command = [sys.executable, "-m", "tests.smoke", "--images", "no", "--out", tmp_path / "out"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    journal = (tmp_path / "out" / "journal.log").read_text()
    assert journal == told.stdout
    assert "Done: everything ended in good order" in journal
    assert {one.name for one in (tmp_path / "out").glob("*.png")} == {
        "ops-stuck.png",
        "ops-stuck-phone.png",
        "ops-well.png",
        "ops-well-phone.png",
    }
