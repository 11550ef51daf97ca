"""What runs, and can be struck: processes of ours, and a Redis."""

import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from anyio.from_thread import BlockingPortal

from daemon.local.redis import embedded_redis

_END_SECONDS = 60


@dataclass
class Running:
    """A process that is started anew whenever it was struck, as a supervisor does."""

    begin: Callable[[], BaseProcess | subprocess.Popen[bytes]]
    process: BaseProcess | subprocess.Popen[bytes] | None = None
    struck: bool = False

    def start(self) -> None:
        """Start it, without waiting until it is up."""
        # In this order: another thread may be asking whether it has died.
        self.process = self.begin()
        self.struck = False

    @property
    def died(self) -> bool:
        """Whether it has ended although nobody told it to."""
        return not self.struck and not self._alive

    @property
    def pid(self) -> int:
        assert self.process
        assert self.process.pid
        return self.process.pid

    @property
    def _alive(self) -> bool:
        if isinstance(self.process, subprocess.Popen):
            return self.process.poll() is None
        return self.process is not None and self.process.is_alive()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal that ends it."""
        self.struck = True
        if self._alive:
            os.kill(self.pid, number)

    def wait(self) -> None:
        """Wait until it has ended, and clear up after it."""
        if isinstance(self.process, subprocess.Popen):
            self.process.wait(_END_SECONDS)
            assert self.process.stdin
            self.process.stdin.close()
        elif self.process is not None:
            wait([self.process.sentinel], _END_SECONDS)
            assert not self.process.is_alive(), "it does not end"
            self.process.join()
        self.process = None

    def end(self) -> None:
        """Kill it, if it runs."""
        if self.process is not None:
            self.send(signal.SIGKILL)
            self.wait()


@dataclass
class Redis:
    """A Redis that can be stopped, and started again at the same address."""

    directory: Path
    portal: BlockingPortal
    url: str = ""
    running: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        """Start it, with what it held when it was stopped."""
        server = self.portal.wrap_async_context_manager(embedded_redis(self.directory))
        self.url = self.running.enter_context(server)

    def stop(self) -> None:
        """Stop it."""
        self.running.close()
