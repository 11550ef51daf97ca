"""A backup as deploy/README.md has it made, and its way back on another machine."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.servers.postgres import PostgresServer

ROOT = Path(__file__).parents[2]


def reelwright(
    server: PostgresServer, data: Path, variables: dict[str, str], *arguments: str
) -> str:
    """Run a command where the settings are, beside the server's own programs; return its words.

    From the checkout: the images of bridge and daemon have no program of PostgreSQL's.
    """
    done = subprocess.run(
        [sys.executable, "-m", "daemon", *arguments],
        cwd=data,
        env={
            **variables,
            "PATH": f"{server.binaries}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
