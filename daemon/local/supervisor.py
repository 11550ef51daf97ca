"""Several processes run as one: started in order, watched, logged, and stopped together.

Each child writes to a log file of its own. One that may be restarted is, after
a pause; one that may not ends the whole stack with the last lines it wrote.
However the stack ends, `kill -9` included, its children end with it.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import msgspec
import structlog
from anyio.abc import Process, TaskGroup

from daemon import processes
from daemon.errors import DaemonError

log = structlog.get_logger()

_RESTART_SECONDS = 1
_POLL_SECONDS = 0.1
_LOG_LINES = 15


class ChildFailed(DaemonError):
    """A process that ended, or never became ready, with the last lines of its log."""

    def __init__(self, name: str, what: str, log_file: Path) -> None:
        super().__init__(f"{name} {what}. Its last lines ({log_file}):\n{_tail(log_file)}")
        self.name = name


def _tail(log_file: Path) -> str:
    lines = log_file.read_text(errors="replace").splitlines()[-_LOG_LINES:]
    return "\n".join(f"    {line}" for line in lines) or "    (it wrote nothing)"


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
    stop_seconds: float = 15
    """How long it may take to end, once it is told to, before it is killed."""


Ready = Callable[[], Awaitable[bool]]
"""Tells whether a child does its work by now."""


@dataclass(kw_only=True)
class _Running:
    child: Child
    ready: Ready
    process: Process
    wanted: bool = True
    """False once it is stopped on purpose."""

    async def end(self) -> None:
        """Stop the process, if it still runs, and everything that is left of its group."""
        await processes.end(self.process, seconds=self.child.stop_seconds)


class Stack:
    """The running children of one `open_stack` block."""

    def __init__(self, logs: Path, group: TaskGroup) -> None:
        """Take the directory of the logs and the task group that watches the children."""
        self._logs = logs
        self._group = group
        self._running: dict[str, _Running] = {}

    def log_file(self, name: str) -> Path:
        """Return where a child's output goes."""
        return self._logs / f"{name}.log"

    def last_lines(self, name: str) -> str:
        """Return the end of a child's log, for a person who asks what went wrong."""
        return _tail(self.log_file(name))

    def child(self, name: str) -> Child:
        """Return what was started under a name."""
        return self._running[name].child

    def pid(self, name: str) -> int:
        """Return a child's present process id."""
        return self._running[name].process.pid

    async def start(self, child: Child, *, ready: Ready) -> None:
        """Start a child and wait until it is ready; raise `ChildFailed`."""
        self.log_file(child.name).unlink(missing_ok=True)
        await self._start(child, ready)

    async def halt(self, name: str) -> None:
        """Stop one child and leave it stopped, as an outage would, until `resume`."""
        running = self._running[name]
        running.wanted = False
        await running.end()

    async def resume(self, name: str) -> None:
        """Start a halted child again, as it was, and wait until it is ready."""
        halted = self._running[name]
        await self._start(halted.child, halted.ready)

    async def stop(self) -> None:
        """Stop every child, the last started first."""
        for running in self._running.values():
            running.wanted = False
        for running in reversed(self._running.values()):
            await running.end()

    async def _start(self, child: Child, ready: Ready) -> None:
        running = _Running(child=child, ready=ready, process=await self._spawn(child))
        self._running[child.name] = running
        with anyio.move_on_after(child.start_seconds):
            while not await ready():
                if running.process.returncode is not None:
                    raise ChildFailed(
                        child.name,
                        f"ended with status {running.process.returncode} while starting",
                        self.log_file(child.name),
                    )
                await anyio.sleep(_POLL_SECONDS)
            self._group.start_soon(self._watch, running)
            return
        raise ChildFailed(
            child.name,
            f"was not ready within {child.start_seconds:g} seconds",
            self.log_file(child.name),
        )

    async def _spawn(self, child: Child) -> Process:
        with self.log_file(child.name).open("ab") as output:
            return await processes.start(
                child.command,
                stdout=output,
                stderr=output,
                env=child.environment,
                cwd=child.directory,
            )

    async def _watch(self, running: _Running) -> None:
        child = running.child
        while True:
            status = await running.process.wait()
            if not running.wanted:
                return
            await running.end()
            if not child.restart:
                raise ChildFailed(
                    child.name, f"ended with status {status}", self.log_file(child.name)
                )
            log.warning("stack.restarting", child=child.name, status=status)
            await anyio.sleep(_RESTART_SECONDS)
            if not running.wanted:
                return
            running.process = await self._spawn(child)


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
