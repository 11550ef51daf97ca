"""A real clamd for tests, with one signature of our own: that of the EICAR test file."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def find_clamd() -> str:
    found = shutil.which("clamd") or shutil.which("/usr/sbin/clamd")
    if found is None and os.environ.get("CI"):
        pytest.fail("CI needs clamd: apt-get install clamav-daemon")
    if found is None:
        pytest.skip("There is no clamd here: apt-get install clamav-daemon")
    return found


@contextmanager
def running_clamd(folder: Path) -> Iterator[str]:
    """Run one; yield the address of its socket."""
    clamd = find_clamd()
    database, socket = folder / "signatures", folder / "clamd.ctl"
    database.mkdir(parents=True)
    # No signature is fetched from anywhere: anywhere in a file of any kind, as hex.
    (database / "own.ndb").write_text(f"Test.Eicar:0:*:{EICAR.hex()}\n")
    settings = folder / "clamd.conf"
    settings.write_text(
        f"DatabaseDirectory {database}\nLocalSocket {socket}\nForeground yes\n"
        f"User {'root' if os.geteuid() == 0 else os.environ.get('USER', 'nobody')}\n"
        "StreamMaxLength 60M\nMaxThreads 2\n"
    )
    with (folder / "clamd.log").open("wb") as log:
        process = subprocess.Popen([clamd, "-c", str(settings)], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while not socket.exists():
            if time.monotonic() > deadline or process.poll() is not None:
                raise AssertionError((folder / "clamd.log").read_text())
            time.sleep(0.1)
        yield f"unix://{socket}"
    finally:
        process.terminate()
        process.wait(30)
