"""How a daemon stops: its paid calls are over, or its time is, and its jobs are let go."""

import asyncio
import signal
import time
from collections.abc import Generator
from contextlib import contextmanager

import anyio
import structlog

from daemon.tasks import Desk
from daemon.work.services import Services

log = structlog.get_logger()

_END_SECONDS = 8
"""Longer than an engine takes to end, and a job to be let go."""
_SAME_WORD_SECONDS = 2
"""Ctrl-C reaches a whole terminal, and a supervisor passes it on: that is one word, not two."""


class Stop:
    """What a daemon is told from outside."""

    def __init__(self) -> None:
        """Begin with nothing said."""
        self.asked = anyio.Event()
        """It is to stop."""
        self.urged = anyio.Event()
        """It is to stop now, whatever is under way."""
        self._since = 0.0

    def say(self) -> None:
        """Ask it, or urge it if it was asked before."""
        if not self.asked.is_set():
            self._since = time.monotonic()
            self.asked.set()
        elif time.monotonic() - self._since > _SAME_WORD_SECONDS:
            self.urged.set()


@contextmanager
def told_to_stop() -> Generator[Stop]:
    """Take SIGTERM and SIGINT for a word to stop, and a second one for an urgent one."""
    stop = Stop()
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, stop.say)
    try:
        yield stop
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


async def drain(desk: Desk, services: Services, stop: Stop) -> None:
    """Let go of every job in order: at once where nothing is being paid for."""
    in_flight = services.in_flight
    in_flight.drain()
    log.info("daemon.draining", worker=services.worker, calls=in_flight.calls)
    async with anyio.create_task_group() as patience:

        async def lose() -> None:
            with anyio.move_on_after(services.settings.drain_seconds):
                await stop.urged.wait()
            log.warning("daemon.cut_off", worker=services.worker, calls=in_flight.calls)
            in_flight.cut_off_all()
            await anyio.sleep(_END_SECONDS)
            patience.cancel_scope.cancel()

        patience.start_soon(lose)
        await desk.drafts.hands.emptied()
        await desk.renders.hands.emptied()
        patience.cancel_scope.cancel()
    with anyio.move_on_after(_END_SECONDS):
        await desk.news.hands.emptied()
    for hands in (desk.drafts.hands, desk.renders.hands, desk.news.hands):
        await hands.drop()
