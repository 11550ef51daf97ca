"""Several processes run as one: started in order, watched, logged, and stopped together.

Each child writes to a log file of its own. One that may be restarted is, after
a pause; one that may not ends the whole stack with the last lines it wrote.
However the stack ends, `kill -9` included, its children end with it.
"""

import os
import signal
import subprocess
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio
import msgspec
import structlog
from anyio.abc import Process, TaskGroup

from cms_bridge.tether import tethered

log = structlog.get_logger()

_STOP_SECONDS = 15
_RESTART_SECONDS = 1
_POLL_SECONDS = 0.1
_LOG_LINES = 15


class ChildFailed(Exception):
    """A process that ended, or never became ready, with the last lines of its log."""

    def __init__(self, name: str, what: str, log_file: Path) -> None:
        lines = log_file.read_text(errors="replace").splitlines()[-_LOG_LINES:]
        tail = "\n".join(f"    {line}" for line in lines) or "    (it wrote nothing)"
        super().__init__(f"{name} {what}. Its last lines ({log_file}):\n{tail}")
        self.name = name


class Child(msgspec.Struct, frozen=True, kw_only=True):
    """A program to run."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    """Everything the program sees; nothing is inherited but what stands here."""
    directory: Path
    restart: bool = False
    """Whether it is started again when it ends by itself."""
    start_seconds: float = 60


class Stack:
    """The running children of one `open_stack` block."""

    def __init__(self, logs: Path, group: TaskGroup) -> None:
        """Take the directory of the logs and the task group that watches the children."""
        self._logs = logs
        self._group = group
        self._children: list[tuple[Child, Process]] = []
        self._stopping = False

    def log_file(self, name: str) -> Path:
        """Return where a child's output goes."""
        return self._logs / f"{name}.log"

    def pid(self, name: str) -> int:
        """Return a child's present process id."""
        return next(process.pid for child, process in self._children if child.name == name)

    async def start(self, child: Child, *, ready: Callable[[], Awaitable[bool]]) -> None:
        """Start a child and wait until it is ready; raise `ChildFailed`."""
        self.log_file(child.name).unlink(missing_ok=True)
        process = await self._spawn(child)
        with anyio.move_on_after(child.start_seconds):
            while not await ready():
                if process.returncode is not None:
                    raise ChildFailed(
                        child.name,
                        f"ended with status {process.returncode} while starting",
                        self.log_file(child.name),
                    )
                await anyio.sleep(_POLL_SECONDS)
            self._group.start_soon(self._watch, child, process)
            return
        raise ChildFailed(
            child.name,
            f"was not ready within {child.start_seconds:g} seconds",
            self.log_file(child.name),
        )

    async def stop(self) -> None:
        """Stop every child, the last started first: SIGTERM, and SIGKILL after a while."""
        self._stopping = True
        for _, process in reversed(self._children):
            if process.returncode is None:
                process.terminate()
                with anyio.move_on_after(_STOP_SECONDS):
                    await process.wait()
            with suppress(ProcessLookupError):
                # What is left of its group: the watcher, and children it did not end itself.
                os.killpg(process.pid, signal.SIGKILL)
            await process.aclose()

    async def _spawn(self, child: Child) -> Process:
        with self.log_file(child.name).open("ab") as output:
            process = await anyio.open_process(
                tethered(child.command),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=child.environment,
                cwd=child.directory,
                # Ctrl-C reaches this process alone, which then stops the children in order.
                start_new_session=True,
            )
        self._children = [(one, at) for one, at in self._children if one.name != child.name]
        self._children.append((child, process))
        return process

    async def _watch(self, child: Child, process: Process) -> None:
        while True:
            status = await process.wait()
            if self._stopping:
                return
            if not child.restart:
                raise ChildFailed(
                    child.name, f"ended with status {status}", self.log_file(child.name)
                )
            log.warning("stack.restarting", child=child.name, status=status)
            await anyio.sleep(_RESTART_SECONDS)
            process = await self._spawn(child)


@asynccontextmanager
async def open_stack(logs: Path) -> AsyncGenerator[Stack]:
    """Run children for as long as the block does; raise `ChildFailed` if one ends that may not."""
    await anyio.Path(logs).mkdir(parents=True, exist_ok=True)
    async with anyio.create_task_group() as group:
        stack = Stack(logs, group)
        try:
            yield stack
        finally:
            with anyio.CancelScope(shield=True):
                await stack.stop()
        group.cancel_scope.cancel()
