"""The units of systemd: systemd takes them and finds them closed, and the engine can compile."""

import subprocess
from pathlib import Path

import pytest

from daemon.settings import DaemonSettings
from tests.support.tools import find

UNITS = sorted((Path(__file__).parents[3] / "deploy" / "systemd").glob("*.service"))
PROGRAM = "/opt/reelwright/bin/reelwright"


def named(part: str) -> Path:
    return next(unit for unit in UNITS if part in unit.name)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_takes_it_without_a_word(unit: Path, tmp_path: Path) -> None:
    written = unit.read_text()
    assert f"ExecStart={PROGRAM} " in written
    # The program is not installed where it will be; that is all that differs.
    copy = tmp_path / unit.name
    copy.write_text(written.replace(PROGRAM, "/bin/true"))
    analyze = find("systemd-analyze", "systemd")
    for command in (["verify", "--man=no"], ["security", "--offline=yes", "--threshold=20"]):
        told = subprocess.run(
            [analyze, *command, str(copy)], capture_output=True, text=True, check=False
        )
        assert told.returncode == 0, told.stdout + told.stderr
        assert told.stderr == ""


def test_the_bridge_never_executes_what_was_written_and_a_daemon_must() -> None:
    assert "\nMemoryDenyWriteExecute=yes\n" in named("bridge").read_text()
    assert "\nMemoryDenyWriteExecute=no\n" in named("daemon").read_text()


def test_what_is_forbidden_is_refused_and_kills_nobody() -> None:
    """The bridge raises its own limit of open files, and goes on where it may not."""
    for unit in UNITS:
        text = unit.read_text()
        assert "\nSystemCallErrorNumber=EPERM\n" in text
        assert "@resources" not in text


def test_a_daemon_has_the_time_to_finish_paid_calls() -> None:
    drain = DaemonSettings.model_fields["drain_seconds"].default
    assert f"\nTimeoutStopSec={drain + 15:g}\n" in named("daemon").read_text()
