"""The worker process: opens database, queue, store and providers, and takes up work.

Work is begun by wake-ups from Redis and by looking into the database; it
belongs to neither, so that it outlives a Redis that goes away. Told to stop,
the process takes up nothing more, waits for the paid calls that are under way,
and lets go of its jobs for others to take.
"""

import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from uuid import uuid4

import anyio
import httpx
import structlog
from arq import func
from redis.exceptions import RedisError

from cms_bridge import telemetry, wakeups
from cms_bridge.database import connected, migrate
from cms_bridge.jobs.leases import Phase
from cms_bridge.jobs.queue import Lane, Task, open_queue
from cms_bridge.ledger import charges
from cms_bridge.outbox.payload import PayloadClient
from cms_bridge.settings import load
from cms_bridge.storage.factory import store_from
from daemon import tasks
from daemon.deliveries import AT_ONCE, Deliveries
from daemon.listener import Post, listen
from daemon.model_watch import Watch
from daemon.settings import DaemonSettings
from daemon.shared_pace import open_paces
from daemon.shutdown import Stop, drain, told_to_stop
from daemon.tasks import Desk
from daemon.work import drafting, rendering
from daemon.work.services import Services
from daemon.work.workload import Workload
from daemon.work.workspace import clear_leftovers
from render import tracebacks
from render.generation.providers import Providers, open_providers

log = structlog.get_logger()

_REPORT_SECONDS = 2.0
_REPORT_LASTS_SECONDS = 6.0


async def run(settings: DaemonSettings | None = None) -> None:
    """Work until SIGTERM or SIGINT; running jobs are let go for another worker to take."""
    settings = settings or load(DaemonSettings)
    telemetry.configure_logging(
        form=settings.log_format, level=settings.log_level, secrets=settings.secrets
    )
    await migrate(settings.database_url)
    async with AsyncExitStack() as stack:
        services = await open_services(settings, stack)
        desk = _desk(services)
        with told_to_stop() as stop:
            log.info("daemon.ready", worker=services.worker, cms=services.payload is not None)
            try:
                await _take_up(desk, services, stop)
            finally:
                with anyio.CancelScope(shield=True):
                    await drain(desk, services, stop)
    log.info("daemon.stopped", worker=services.worker)


def _desk(services: Services) -> Desk:
    settings = services.settings
    return Desk(
        drafts=Workload(
            Phase.STORYBOARD,
            drafting.draft_storyboard,
            services,
            most=settings.concurrent_drafts,
        ),
        renders=Workload(
            Phase.RENDER, rendering.render_video, services, most=settings.concurrent_jobs
        ),
        news=Deliveries(services),
    )


async def _take_up(desk: Desk, services: Services, stop: Stop) -> None:
    """Take up work and news, and repair what was lost, until told to stop.

    Each goes its own way: an object store that hangs holds up no claim.
    """
    every = float(services.settings.sweep_seconds)
    async with anyio.create_task_group() as group:
        for post in _posts(desk):
            group.start_soon(_listen, post, desk, services)
        group.start_soon(lambda: desk.drafts.watch(every=every))
        group.start_soon(lambda: desk.renders.watch(every=every))
        group.start_soon(_repeat, "news", desk.news.sweep, every)
        group.start_soon(_repeat, "repairs", lambda: _repair(services), every)
        group.start_soon(_repeat, "report", lambda: _report(services), _REPORT_SECONDS)
        await stop.asked.wait()
        group.cancel_scope.cancel()


async def _listen(post: Post, desk: Desk, services: Services) -> None:
    await listen(
        post,
        redis_url=services.settings.redis_url,
        hold=services.settings.lease_seconds,
        context={"desk": desk},
    )


def _posts(desk: Desk) -> list[Post]:
    return [
        Post(
            lane=Lane.DRAFTS,
            tasks=[func(tasks.draft_storyboard, name=Task.DRAFT_STORYBOARD)],
            most=desk.drafts.hands.most,
            room=lambda: desk.drafts.room,
        ),
        Post(
            lane=Lane.RENDERS,
            tasks=[func(tasks.render_video, name=Task.RENDER_VIDEO)],
            most=desk.renders.hands.most,
            room=lambda: desk.renders.room,
        ),
        Post(
            lane=Lane.NEWS,
            tasks=[func(tasks.deliver_outbox, name=Task.DELIVER_OUTBOX)],
            most=AT_ONCE,
            room=lambda: desk.news.hands.room,
        ),
    ]


async def _repeat(name: str, do: Callable[[], Awaitable[None]], every: float) -> None:
    """Do something for ever, so many seconds apart, whatever comes of it."""
    while True:
        try:
            await do()
        except Exception as error:  # noqa: BLE001 - the next time may be better
            log.warning("sweep.failed", part=name, reason=tracebacks.summary(error))
        await anyio.sleep(every)


async def _repair(services: Services) -> None:
    """Sort out what was left open, and clear what was left behind."""
    silence = timedelta(minutes=services.settings.charge_silence_minutes)
    # A job can also end while no worker holds it: cancelled, or given up.
    await clear_leftovers(services.settings.work_directory)
    await charges.sweep(silence=silence)
    await services.vault.sweep(silence=silence)


async def _report(services: Services) -> None:
    try:
        await services.queue.report_daemon(services.worker, seconds=_REPORT_LASTS_SECONDS)
    except (RedisError, OSError):
        log.debug("daemon.unreported", worker=services.worker)


async def open_services(settings: DaemonSettings, stack: AsyncExitStack) -> Services:
    """Open everything that tasks work with; the stack closes it."""
    await stack.enter_async_context(connected(settings.database_url))
    http = await stack.enter_async_context(
        httpx.AsyncClient(timeout=settings.payload_timeout_seconds)
    )
    queue = await stack.enter_async_context(open_queue(settings.redis_url))
    stack.enter_context(wakeups.sent_to(queue))
    return Services(
        settings=settings,
        worker=f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}",
        queue=queue,
        store=await stack.enter_async_context(store_from(settings)),
        payload=_payload(settings, http),
        providers=await _providers(settings, stack),
        generations=anyio.CapacityLimiter(settings.concurrent_generations),
        renders=anyio.CapacityLimiter(settings.concurrent_renders),
    )


async def _providers(settings: DaemonSettings, stack: AsyncExitStack) -> Providers:
    """Open the providers and keep watch over them; everybody's limits go through Redis."""
    gemini, token = (
        secret.get_secret_value() if secret else ""
        for secret in (settings.gemini_api_key, settings.replicate_api_token)
    )
    paces = await stack.enter_async_context(open_paces(settings.redis_url))
    watch = Watch(
        every=settings.model_look_seconds, keep=timedelta(days=settings.model_health_days)
    )
    providers = await stack.enter_async_context(
        open_providers(
            settings.models,
            gemini_key=gemini,
            replicate_token=token,
            gemini_url=str(settings.gemini_url).rstrip("/"),
            replicate_url=str(settings.replicate_url).rstrip("/"),
            outputs_from=[str(url) for url in settings.provider_outputs_from],
            gemini_pace=paces.pace(
                "gemini", key=gemini, per_minute=settings.gemini_calls_per_minute
            ),
            replicate_pace=paces.pace(
                "replicate", key=token, per_minute=settings.replicate_calls_per_minute
            ),
            told=watch.note,
            stock=settings.stock_directory,
            standards=settings.standards,
        )
    )
    await stack.enter_async_context(watch.over(providers))
    return providers


def _payload(settings: DaemonSettings, http: httpx.AsyncClient) -> PayloadClient | None:
    if settings.payload_url is None:
        return None
    secret = settings.webhook_secret.get_secret_value().split()[0]
    return PayloadClient(http, url=str(settings.payload_url), secret=secret)
