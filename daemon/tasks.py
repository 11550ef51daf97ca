"""The tasks a worker can be woken for; each only finds the work and starts it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

from cms_bridge import charges, jobs, outbox
from cms_bridge.leases import Phase
from daemon import drafting, rendering
from daemon.attempts import attempt
from daemon.cleanup import clear_leftovers
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
    # News that came during a delivery found it under way and went home: so look again.
    while messages := await outbox.due_for(UUID(job)):
        told = [
            await outbox.deliver(message, services.payload, backoff=services.backoff)
            for message in messages
        ]
        if not any(told):
            return


async def sweep(ctx: Context) -> None:
    """Repair what was lost: wake waiting jobs, deliver what is due, clear what was left behind."""
    services: Services = ctx["services"]
    # A job can also end while no worker holds it: cancelled, or given up.
    await clear_leftovers(services.settings.work_directory)
    silence = timedelta(minutes=services.settings.charge_silence_minutes)
    await services.vault.sweep(silence=silence)
    await charges.sweep(silence=silence)
    for job, number, status in await jobs.due():
        log.info("sweep.woken", job_id=str(job), status=status, attempt=number)
        await services.queue.wake_job(job, status, attempt=number)
    if services.payload is not None:
        for job in {job for _, job in await outbox.due()}:
            await services.queue.wake_outbox(job, once=True)
