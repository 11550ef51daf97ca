"""The tasks a worker can be woken for; each only finds the work and starts it."""

import shutil
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio.to_thread
import structlog

from cms_bridge import jobs, outbox
from cms_bridge.leases import Phase
from cms_bridge.states import FINISHED
from cms_bridge.tables import Job
from daemon import drafting, rendering
from daemon.attempts import attempt
from daemon.services import Services

log = structlog.get_logger()

Context = dict[str, Any]


async def draft_storyboard(ctx: Context, job: str) -> None:
    """Turn a pending job's brief into a storyboard."""
    services: Services = ctx["services"]
    await attempt(UUID(job), Phase.STORYBOARD, drafting.draft_storyboard, services)


async def render_video(ctx: Context, job: str) -> None:
    """Turn an approved job's storyboard into a video."""
    services: Services = ctx["services"]
    await attempt(UUID(job), Phase.RENDER, rendering.render_video, services)


async def deliver_outbox(ctx: Context, job: str) -> None:
    """Tell Payload what is new about a job."""
    services: Services = ctx["services"]
    if services.payload is None:
        return
    for message in await outbox.due_for(UUID(job)):
        await outbox.deliver(message, services.payload, backoff=services.backoff)


async def sweep(ctx: Context) -> None:
    """Repair what was lost: wake jobs whose worker is gone, deliver messages that are due."""
    services: Services = ctx["services"]
    for job, number, status in await jobs.due():
        log.info("sweep.woken", job_id=str(job), status=status, attempt=number)
        await services.queue.wake_job(job, status, attempt=number)
    if services.payload is not None:
        for message in await outbox.due():
            await outbox.deliver(message, services.payload, backoff=services.backoff)


async def clear_leftovers(services: Services) -> None:
    """Remove the working files of jobs that are finished: what a killed worker left."""
    root = services.settings.work_directory.absolute()
    names = await anyio.to_thread.run_sync(_folders, root)
    for name in names:
        row = await Job.select(Job.status).where(Job.id == UUID(name)).first()
        if row is None or row["status"] in FINISHED:
            await anyio.to_thread.run_sync(lambda: shutil.rmtree(root / name, ignore_errors=True))  # noqa: B023 - run at once
            log.info("leftovers.cleared", job_id=name)


def _folders(root: Path) -> list[str]:
    return [path.name for path in root.iterdir() if _is_uuid(path.name)] if root.is_dir() else []


def _is_uuid(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return False
    return True
