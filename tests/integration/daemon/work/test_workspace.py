"""Temporary files: a daemon's own folder, and nobody's once it was killed."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import anyio

from daemon.work.workspace import abandoned, clear_leftovers, temporary_files
from tests.support.work_files import left_in

KILLED = """
import os, signal, subprocess, sys, tempfile
from pathlib import Path
from daemon.work.workspace import temporary_files

with temporary_files(Path(sys.argv[1])), tempfile.TemporaryDirectory() as folder:
    Path(folder, "a-picture").write_bytes(b"a picture")
    asked = "import tempfile; print(tempfile.gettempdir(), flush=True)"
    subprocess.run([sys.executable, "-c", asked], check=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_daemon_left_is_cleared_away_and_a_living_one_s_is_not(
    tmp_path: Path,
) -> None:
    with temporary_files(tmp_path), tempfile.NamedTemporaryFile() as own:
        died = subprocess.run(
            [sys.executable, "-c", KILLED, str(tmp_path)],
            check=False,
            capture_output=True,
            text=True,
        )
        assert died.returncode == -signal.SIGKILL, died.stderr
        (folder,) = abandoned(tmp_path)
        assert died.stdout == f"{folder}\n", "where its children put theirs"
        (left,) = folder.iterdir()
        assert [file.name for file in left.iterdir()] == ["a-picture"]
        kept = str(Path(own.name).relative_to(tmp_path))
        names = {str(one.relative_to(tmp_path)) for one in (folder, left)}
        assert set(left_in(tmp_path)) == {*names, kept}
        anyio.run(clear_leftovers, tmp_path)
        assert not folder.exists()
        assert Path(own.name).exists()
        assert left_in(tmp_path) == [kept]
    assert list((tmp_path / "tmp").iterdir()) == []


def test_who_ends_in_good_order_leaves_nothing_and_all_as_it_was(tmp_path: Path) -> None:
    before = tempfile.gettempdir(), os.environ.get("TMPDIR")
    with temporary_files(tmp_path):
        tempfile.mkdtemp()
        assert Path(tempfile.gettempdir()).parent == tmp_path / "tmp"
    assert (tempfile.gettempdir(), os.environ.get("TMPDIR")) == before
    assert list((tmp_path / "tmp").iterdir()) == []
