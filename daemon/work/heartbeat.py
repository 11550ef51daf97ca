"""Keeping a claim alive while work runs, and ending the work when the claim is lost."""

import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

import anyio
import structlog

from cms_bridge.errors import DatabaseError, LeaseLost
from cms_bridge.jobs import leases
from cms_bridge.jobs.leases import Lease
from daemon.work.stops import Bell, Stops
from render import tracebacks

log = structlog.get_logger()

_LOOK_SECONDS = 0.5
"""Whoever cancels is to wait for no second."""


async def hold(  # noqa: PLR0913 - what is held, how, and what ends with it
    lease: Lease,
    work: Callable[[], Awaitable[None]],
    *,
    every: timedelta,
    duration: timedelta,
    stops: Stops,
    within: anyio.CancelScope | None = None,
    on_loss: Callable[[], None] = lambda: None,
) -> None:
    """Run work under a lease that is renewed beside it.

    Work is cancelled as soon as the lease is lost, by a person's cancellation
    or to another worker, which is looked for `every` so often and when `stops`
    tells; then `LeaseLost` is raised, and `on_loss` called as soon as it is
    known. Work's own error is raised as it is. Work runs `within` a scope of
    the caller's: cancelled there it may take its time to end, and the lease is
    renewed until it has.
    """
    lost: LeaseLost | None = None
    failure: Exception | None = None

    async with anyio.create_task_group() as group:

        async def renew() -> None:
            nonlocal lost
            try:
                with stops.of(lease.job_id) as bell:
                    await _renew_until_lost(lease, bell, every=every, duration=duration)
            except LeaseLost as error:
                if await _is_done(lease):
                    return  # and work is at its last words
                lost = error
                group.cancel_scope.cancel()
                on_loss()

        group.start_soon(renew)
        try:
            with within or anyio.CancelScope():
                await work()
        except Exception as error:  # noqa: BLE001 - carried past the task group, raised below
            failure = error
        group.cancel_scope.cancel()

    if lost:
        raise lost
    if failure:
        raise failure


async def _is_done(lease: Lease) -> bool:
    with suppress(DatabaseError), anyio.move_on_after(_LOOK_SECONDS):
        return await leases.is_done(lease)
    return False


async def _renew_until_lost(
    lease: Lease, bell: Bell, *, every: timedelta, duration: timedelta
) -> None:
    valid_until = time.monotonic() + duration.total_seconds()
    while True:
        await bell.wait(every.total_seconds())
        requested_at = time.monotonic()
        try:
            # A database that hangs must not keep work going that another may have taken by now.
            with anyio.fail_after(max(0.0, valid_until - requested_at)):
                await leases.renew(lease, duration=duration)
        except LeaseLost:
            raise
        except Exception as error:  # a database that is away for a moment costs no work
            if time.monotonic() >= valid_until:
                raise LeaseLost("The lease ran out while the database was away.") from error
            log.warning("lease.renewal_failed", reason=tracebacks.summary(error))
        else:
            valid_until = requested_at + duration.total_seconds()
