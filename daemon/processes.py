"""Child processes: tethered to the one that started them, and ended in one way.

A tether is the command line of a process that ends when its starter does. The
started shell leaves a watcher behind, which reads the pipe on its standard
input, and then becomes the command. However the starter ends, `kill -9`
included, the kernel closes the pipe and the watcher asks the command to stop.
(The usual `prctl(PR_SET_PDEATHSIG)` is Linux only, needs the unsafe
`preexec_fn`, and fires already when the starting *thread* ends.)
"""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

import anyio
from anyio.abc import Process

# `exec` gives the command this shell's process id, the one that `$$` still names in the watcher.
_SCRIPT = """
exec 3<&0 </dev/null
( read -r _ <&3; kill -TERM $$ ) >/dev/null 2>&1 &
exec "$@" 3<&-
"""


def tethered(command: Sequence[str]) -> list[str]:
    """Return the command to start instead: with a pipe as standard input and a session of its own.

    The session's process group holds the watcher too: kill the group once the
    command has ended.
    """
    return ["/bin/sh", "-c", _SCRIPT, "tethered", *command]


async def start(  # noqa: PLR0913 - what a process is started with, by name
    command: Sequence[str],
    *,
    stderr: IO[bytes],
    stdout: IO[bytes] | int = subprocess.PIPE,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    pass_fds: Sequence[int] = (),
) -> Process:
    """Start a command on a tether; `end` it."""
    return await anyio.open_process(
        tethered(command),
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=stderr,
        env=env,
        cwd=cwd,
        pass_fds=pass_fds,
        # Ctrl-C reaches this process alone, which then stops its children in order.
        start_new_session=True,
    )


async def end(process: Process, *, seconds: float) -> None:
    """Ask a started process to stop, wait so long, and kill whatever is left of its group."""
    if process.returncode is None:
        process.terminate()
        with anyio.move_on_after(seconds):
            await process.wait()
    with suppress(ProcessLookupError):
        # The watcher, a command that did not listen, and children that it did not end itself.
        os.killpg(process.pid, signal.SIGKILL)
    await process.aclose()
