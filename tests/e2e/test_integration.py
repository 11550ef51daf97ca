"""The README's integration, run as it is written there, against a whole installation."""

import os
import subprocess
import sys
from pathlib import Path

import av
import pytest

from tests.support.bridge_process import free_port
from tests.support.installation import running_installation

README = Path(__file__).parents[2] / "README.md"
pytestmark = pytest.mark.timeout(300)


def script() -> str:
    section = README.read_text().partition("## Building on it")[2]
    return section.partition("```python\n")[2].partition("```")[0]


ACTIONS = ("read", "write", "spend", "manage")


def test_whoever_knows_only_the_readme_gets_a_film(tmp_path: Path) -> None:
    assert len([line for line in script().splitlines() if line.strip()]) <= 40
    receiver = f"http://127.0.0.1:{free_port()}"
    with running_installation(
        tmp_path / "house", cms=False, webhook_targets_from=f'["{receiver}"]'
    ) as running:
        made = subprocess.run(
            [
                *(sys.executable, "-m", "daemon", "keys", "create", "Shop", "--project", "bakery"),
                *(part for action in ACTIONS for part in ("--action", action)),
            ],
            env=os.environ
            | {"REELWRIGHT_DATABASE_URL": f"sqlite:///{running.directory}/reelwright.db"},
            capture_output=True,
            text=True,
            check=True,
        )
        done = subprocess.run(
            [sys.executable, "-c", script()],
            cwd=tmp_path,
            env=os.environ
            | {
                "BRIDGE": running.installation.bridge_url,
                "KEY": made.stdout.split()[-1],
                "RECEIVER": receiver,
            },
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert "storyboard_complete" in done.stdout
    assert "video.completed" in done.stdout.splitlines()[-1]
    with av.open(tmp_path / "film.mp4") as film:
        assert film.duration > 2_000_000
