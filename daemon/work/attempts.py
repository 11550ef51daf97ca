"""One attempt at one phase: claimed, held, run, and ended in exactly one way."""

import errno
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import anyio
import structlog

from cms_bridge import metrics, tracing
from cms_bridge.errors import DatabaseError, DatabaseUnavailable, LeaseLost
from cms_bridge.jobs import leases
from cms_bridge.jobs.leases import Lease, Phase
from cms_bridge.jobs.outages import Awaited
from cms_bridge.ledger.outages import outlast
from cms_bridge.ledger.vault import SpoolFull
from cms_bridge.storage.base import (
    StorageError,
    StorageFull,
    StorageRefused,
    StorageUnavailable,
)
from daemon.errors import DaemonError, first_error
from daemon.work.cms_files import OwnFileUnavailable
from daemon.work.engine import EngineDied
from daemon.work.heartbeat import hold
from daemon.work.pools import NoEngineFree
from daemon.work.services import Services
from daemon.work.workspace import clear_attempt
from render.errors import DiskFull, RenderError, RetryableGeneration
from render.problem import Problem

log = structlog.get_logger()


class TaskTimedOut(DaemonError):
    """An attempt was not done within the task time-out: one that failed, and is tried again."""

    def __init__(self, minutes: float) -> None:
        """Take the time-out."""
        super().__init__(f"The work was not done within its time-out of {minutes:g} minutes.")
        self.minutes = minutes


Work = Callable[[Lease, Services], Awaitable[None]]


async def attempt(
    job: UUID, phase: Phase, work: Work, services: Services, *, after: int | None = None
) -> bool:
    """Claim a job and run a phase of it; say in one log line how it ended.

    Returns False where there was nothing to claim. `after` is the attempt that
    the wake-up knew of, if it was one.
    """
    lease = await leases.claim(
        job,
        phase,
        worker=services.worker,
        duration=services.lease_duration,
        policy=services.retry_policy,
        after=after,
    )
    if lease is None:
        return False
    structlog.contextvars.bind_contextvars(
        job_id=str(job), project_id=lease.project, attempt=lease.attempt, phase=phase
    )
    started = time.monotonic()
    outcome, reason = "released", ""
    try:
        with (
            tracing.span(
                f"attempt {phase}",
                job=job,
                job_id=str(job),
                project_id=lease.project,
                attempt=lease.attempt,
                worker=services.worker,
            ) as span,
            services.in_flight.attempt(seconds=services.task_seconds) as scope,
        ):
            outcome, reason = await _run(lease, work, services, scope)
            span.note(outcome=outcome)
            if outcome == "failed":
                span.fail(outcome)
    finally:
        with anyio.CancelScope(shield=True):
            if outcome == "released":
                await _release(lease, services)
            seconds = round(time.monotonic() - started, 3)
            metrics.ATTEMPTS.labels(phase, outcome).inc()
            log.info("attempt.finished", outcome=outcome, reason=reason, seconds=seconds)
            structlog.contextvars.clear_contextvars()
            await clear_attempt(services.settings.work_directory, lease)
    return True


async def _run(
    lease: Lease, work: Work, services: Services, scope: anyio.CancelScope
) -> tuple[str, str]:
    """Run the work and record its end; return the outcome and the reason, if there is one."""
    try:
        await hold(
            lease,
            lambda: work(lease, services),
            every=timedelta(seconds=services.settings.heartbeat_seconds),
            duration=services.lease_duration,
            stops=services.stops,
            within=scope,
            on_loss=lambda: services.in_flight.cut_off(lease),
        )
    except LeaseLost as error:
        return "lost", str(error)
    except Exception as error:  # noqa: BLE001 - every end is recorded, also the unforeseen
        return await _record_failure(lease, first_error(error), services)
    if not scope.cancelled_caught:
        return "succeeded", ""
    if services.in_flight.draining:
        return "released", "The daemon is stopping."
    return await _record_failure(lease, TaskTimedOut(services.task_seconds / 60), services)


async def _record_failure(lease: Lease, error: Exception, services: Services) -> tuple[str, str]:
    async def record() -> tuple[str, str]:
        if awaited := _awaited(error):
            waits = await leases.wait_out(
                lease, _problem(error), awaited=awaited, policy=services.retry_policy
            )
            return ("waiting" if waits else "failed"), str(error)
        return await _retry_or_fail(lease, error, services)

    try:
        # The very database that is away has to take it down; written twice, the second finds
        # nothing in hand.
        return await outlast(record, patience=services.settings.outage_patience)
    except (LeaseLost, DatabaseError) as lost:
        return "lost", str(lost)


async def _retry_or_fail(lease: Lease, error: Exception, services: Services) -> tuple[str, str]:
    match error:
        case LeaseLost():
            return "lost", str(error)
        case NoEngineFree():
            return "released", str(error)
        case RetryableGeneration() | EngineDied() | TaskTimedOut():
            postponed = await leases.postpone(
                lease,
                _problem(error),
                policy=services.retry_policy,
                retry_after=getattr(error, "retry_after", None),
            )
            return ("postponed" if postponed else "failed"), str(error)
        case RenderError() | StorageError():
            await leases.fail(lease, _problem(error))
            return "failed", str(error)
        case _:
            log.error("attempt.crashed", exc_info=error)
            postponed = await leases.postpone(lease, _problem(error), policy=services.retry_policy)
            return ("postponed" if postponed else "failed"), type(error).__name__


def _awaited(error: Exception) -> Awaited | None:  # noqa: PLR0911 - a case each
    """Return what is away, if an error says that something is; it comes back without us."""
    match error:
        case SpoolFull():
            return Awaited.DISK
        case DatabaseError():
            return Awaited.DATABASE
        case StorageUnavailable() | StorageFull() | StorageRefused():
            return Awaited.STORE
        case OwnFileUnavailable():
            return Awaited.FILE
        case RenderError(code=DiskFull.code):
            return Awaited.DISK
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return Awaited.DISK
        case _:
            return None


def _problem(error: Exception) -> Problem:  # noqa: PLR0911 - a case each
    match error:
        case RenderError():
            # A provider's own reason is for the log.
            shown = {name: value for name, value in error.params.items() if name != "reason"}
            return Problem(code=error.code, message=error.message, params=shown)
        case TaskTimedOut():
            return Problem(
                code="task_timed_out", message=str(error), params={"minutes": error.minutes}
            )
        case SpoolFull() | OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return Problem(code=DiskFull.code, message="The render service's disk is full.")
        case DatabaseError():
            return Problem(
                code=DatabaseUnavailable.code,
                message="The render service's database did not answer.",
            )
        case StorageFull():
            return Problem(code="storage_full", message="There is no room left to store files.")
        case StorageError():
            return Problem(
                code="storage_unavailable", message="The file store did not take the video."
            )
        case _:
            # Its text is for the log: it may hold what no editor should read.
            return Problem(
                code="internal_error", message="Something went wrong in the render service."
            )


async def _release(lease: Lease, services: Services) -> None:
    try:
        await outlast(lambda: leases.release(lease), patience=services.settings.outage_patience)
    except (LeaseLost, DatabaseError) as error:
        log.info("attempt.lease_lost", job_id=str(lease.job_id), reason=str(error))
