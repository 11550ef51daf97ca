"""How a daemon stops: what is nearly done is finished and paid calls are over, or its time is.

The rest is let go at once.
"""

import asyncio
import signal
import time
from collections.abc import Generator
from contextlib import contextmanager

import anyio
import structlog

from daemon.tasks import Dispatcher
from daemon.work.services import Services

log = structlog.get_logger()

_END_SECONDS = 8
"""Longer than an engine takes to end, and a job to be let go."""
_SAME_SIGNAL_SECONDS = 2
"""Ctrl-C reaches a whole terminal, and a supervisor passes it on: that is one signal, not two."""


class StopSignal:
    """What a daemon is told from outside: to stop, or to stop now."""

    def __init__(self) -> None:
        """Begin with nothing said."""
        self.requested = anyio.Event()
        """It is to stop."""
        self.forced = anyio.Event()
        """It is to stop now, whatever is under way."""
        self._requested_at = 0.0

    def receive(self) -> None:
        """Request a stop, or force one that was requested before."""
        if not self.requested.is_set():
            self._requested_at = time.monotonic()
            self.requested.set()
        elif time.monotonic() - self._requested_at > _SAME_SIGNAL_SECONDS:
            self.forced.set()


@contextmanager
def stop_signals() -> Generator[StopSignal]:
    """Take SIGTERM and SIGINT for a request to stop, and a second one for an order to."""
    stop = StopSignal()
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, stop.receive)
    try:
        yield stop
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


async def drain(dispatcher: Dispatcher, services: Services, stop: StopSignal) -> None:
    """Let go of every job in order: at once where nothing is nearly done, or being paid for.

    Their leases are renewed meanwhile.
    """
    in_flight = services.in_flight
    in_flight.drain()
    log.info(
        "daemon.draining",
        worker=services.worker,
        calls=in_flight.calls,
        finishing=in_flight.finishing,
    )
    settings = services.settings
    async with anyio.create_task_group() as patience:

        async def finish() -> None:
            with anyio.move_on_after(min(settings.finish_seconds, settings.drain_seconds)):
                await stop.forced.wait()
            if in_flight.finishing:
                log.warning("daemon.let_go_unfinished", finishing=in_flight.finishing)
            in_flight.finish_no_longer()

        async def cut_off() -> None:
            with anyio.move_on_after(settings.drain_seconds):
                await stop.forced.wait()
            log.warning("daemon.calls_cut_off", worker=services.worker, calls=in_flight.calls)
            in_flight.cut_off_all()
            await anyio.sleep(_END_SECONDS)
            patience.cancel_scope.cancel()

        patience.start_soon(finish)
        patience.start_soon(cut_off)
        for workload in dispatcher.workloads:
            await workload.pool.join()
        patience.cancel_scope.cancel()
    with anyio.move_on_after(_END_SECONDS):
        await dispatcher.deliveries.pool.join()
        await dispatcher.webhooks.pool.join()
    for pool in dispatcher.pools:
        await pool.cancel()
