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

from cms_bridge import clock, telemetry, tracing, voices, wakeups
from cms_bridge.database import connected, migrate
from cms_bridge.jobs import history as job_history
from cms_bridge.jobs import workers
from cms_bridge.jobs.queue import QueueName, Task, open_queue
from cms_bridge.ledger import charges, followed
from cms_bridge.ledger.followed import Rounds
from cms_bridge.operations import retention
from cms_bridge.operations.retention import Retention
from cms_bridge.outbox.payload import PayloadClient
from cms_bridge.settings import load
from cms_bridge.states import Lane
from cms_bridge.storage.factory import store_from
from cms_bridge.uploads import registry as uploads
from cms_bridge.webhooks import history
from cms_bridge.webhooks.targets import open_targets
from daemon import tasks
from daemon.allocator import return_freed_memory, trim
from daemon.deliveries import MAX_CONCURRENT
from daemon.exposition import places_of, served
from daemon.listener import Subscription, listen
from daemon.model_watch import ModelWatch
from daemon.resources import ResourceMonitor
from daemon.settings import DaemonSettings
from daemon.shared_pace import open_shared_paces
from daemon.shutdown import StopSignal, drain, stop_signals
from daemon.tasks import Dispatcher, open_dispatcher
from daemon.work.pieces import open_pieces
from daemon.work.pools import TaskPool
from daemon.work.services import Services
from daemon.work.workspace import cache_directory, clear_leftovers, temporary_files
from render import tracebacks
from render.cache import Cache
from render.egress import certificates
from render.generation.piper.library import find_voices
from render.generation.providers import Providers, open_providers

log = structlog.get_logger()

_REPORT_SECONDS = 2.0
_REPORT_EXPIRY_SECONDS = 6.0
_PIECES_SECONDS = 60.0
"""How often shared pieces of films are swept, which adds up all there are."""
_VOICES_SECONDS = 3_600.0
_RETENTION_SECONDS = 300.0
"""How often it is looked which films are no longer kept, which reads all that are superseded."""
_MEMORY_SECONDS = 60.0
"""How often free memory is given back to the machine."""
_CACHE_SECONDS = 3_600.0
"""How often what is too old is looked for in the engine's cache, which reads the whole folder."""
_UPLOADS_SECONDS = 3_600.0
"""How often the store is asked for uploads that nobody goes on with."""
_PRESENCE_SECONDS = 10.0
"""How often the database is told; a third of what passes for silence there."""
_STUCK_SECONDS = 30.0
"""How late a look for due jobs is, beyond what it may take, when a daemon no longer says that it
is there."""
_WAKE_SECONDS = 30.0
"""How often Payload is asked for something, so that it runs."""


async def run(settings: DaemonSettings | None = None) -> None:
    """Work until SIGTERM or SIGINT; running jobs are let go for another worker to take."""
    return_freed_memory()
    settings = settings or load(DaemonSettings)
    telemetry.configure_logging(
        form=settings.log_format, level=settings.log_level, secrets=settings.secrets
    )
    await migrate(settings.database_url)
    async with AsyncExitStack() as stack:
        stack.enter_context(temporary_files(settings.work_directory))
        stack.enter_context(tracing.sent_to(settings.traced_to, service="reelwright-daemon"))
        services = await open_services(settings, stack)
        targets = await stack.enter_async_context(
            open_targets(
                trusted=settings.webhook_origins,
                seconds=settings.webhook_timeout_seconds,
                most_bytes=settings.webhook_answer_bytes,
            )
        )
        dispatcher = open_dispatcher(services, targets)
        monitor = ResourceMonitor(settings.work_directory)
        port = stack.enter_context(served(settings, lambda: places_of(dispatcher, services)))
        with stop_signals() as stop:
            log.info(
                "daemon.ready",
                worker=services.worker,
                cms=services.payload is not None,
                metrics_port=port,
            )
            try:
                await _run_until_stopped(dispatcher, services, monitor, stop)
            finally:
                with anyio.CancelScope(shield=True):
                    await _try("presence", lambda: _tell_presence(services, monitor, draining=True))
                    await drain(dispatcher, services, stop)
                    await _try("presence", lambda: workers.leave(services.worker))
    log.info("daemon.stopped", worker=services.worker)


async def _run_until_stopped(
    dispatcher: Dispatcher, services: Services, monitor: ResourceMonitor, stop: StopSignal
) -> None:
    """Take up work and news, and repair what was lost, until told to stop.

    Each goes its own way: an object store that hangs holds up no claim.
    """
    every = float(services.settings.sweep_seconds)
    async with anyio.create_task_group() as group:
        for subscription in _subscriptions(dispatcher):
            group.start_soon(_listen, subscription, dispatcher, services)
        group.start_soon(services.stops.listen, services.settings.redis_url)
        for workload in dispatcher.workloads:
            if workload.pool.size:
                group.start_soon(lambda workload=workload: workload.poll(every=every))
        group.start_soon(_repeat, "deliveries", dispatcher.deliveries.sweep, every)
        group.start_soon(lambda: dispatcher.webhooks.poll(every=every))
        group.start_soon(_repeat, "repairs", lambda: _repair(services), every)
        group.start_soon(_repeat, "vault", lambda: _store_spooled(services), every)
        group.start_soon(_repeat, "half kept", lambda: _clear_half_kept(services), every)
        group.start_soon(_repeat, "followed", lambda: _follow(services), every)
        if services.pieces is not None:
            group.start_soon(_repeat, "pieces", services.pieces.sweep, _PIECES_SECONDS)
        group.start_soon(_repeat, "memory", _trim_memory, _MEMORY_SECONDS)
        group.start_soon(_repeat, "cache", lambda: _trim_cache(services), _CACHE_SECONDS)
        group.start_soon(_repeat, "retention", lambda: _retain(services), _RETENTION_SECONDS)
        group.start_soon(_repeat, "uploads", lambda: _sweep_uploads(services), _UPLOADS_SECONDS)
        group.start_soon(_repeat, "report", lambda: _report(dispatcher, services), _REPORT_SECONDS)
        group.start_soon(_repeat, "voices", lambda: _tell_voices(services), _VOICES_SECONDS)
        if services.payload:
            group.start_soon(_repeat, "cms", services.payload.wake, _WAKE_SECONDS)
        group.start_soon(
            _repeat,
            "presence",
            lambda: _show_presence(dispatcher, services, monitor),
            _PRESENCE_SECONDS,
        )
        await stop.requested.wait()
        group.cancel_scope.cancel()


async def _listen(subscription: Subscription, dispatcher: Dispatcher, services: Services) -> None:
    await listen(
        subscription,
        redis_url=services.settings.redis_url,
        hold=services.settings.lease_seconds,
        context={"dispatcher": dispatcher},
    )


def _subscriptions(dispatcher: Dispatcher) -> list[Subscription]:
    return [
        *(
            Subscription(
                queue=queue,
                tasks=[func(task, name=name) for task, name in named],
                concurrency=workload.pool.size,
                free_slots=lambda workload=workload: workload.free_slots,
            )
            for workload, queue, named in (
                (
                    dispatcher.drafts,
                    QueueName.DRAFTS,
                    [(tasks.draft_storyboard, Task.DRAFT_STORYBOARD)],
                ),
                (
                    dispatcher.generation,
                    QueueName.GENERATION,
                    [(tasks.render_video, Task.RENDER_VIDEO)],
                ),
                (
                    dispatcher.readings,
                    QueueName.READINGS,
                    [(tasks.read_aloud, Task.READ_ALOUD)],
                ),
                (
                    dispatcher.composition,
                    QueueName.COMPOSITION,
                    [
                        (tasks.compose_video, Task.COMPOSE_VIDEO),
                        (tasks.help_compose, Task.HELP_COMPOSE),
                    ],
                ),
            )
            if workload.pool.size
        ),
        Subscription(
            queue=QueueName.NEWS,
            tasks=[
                func(tasks.deliver_outbox, name=Task.DELIVER_OUTBOX),
                func(tasks.deliver_webhooks, name=Task.DELIVER_WEBHOOKS),
            ],
            concurrency=MAX_CONCURRENT,
            free_slots=lambda: dispatcher.deliveries.pool.free_slots,
        ),
    ]


async def _repeat(name: str, work: Callable[[], Awaitable[None]], every: float) -> None:
    """Do something for ever, so many seconds apart, whatever comes of it."""
    while True:
        await _try(name, work)
        await anyio.sleep(every)


async def _try(name: str, work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except Exception as error:  # noqa: BLE001 - the next time may be better
        log.warning("sweep.failed", part=name, reason=tracebacks.summary(error))


async def _repair(services: Services) -> None:
    """Sort out what was left open, and clear what was left behind; no object store is needed."""
    # A job can also end while no worker holds it: cancelled, or given up.
    await clear_leftovers(services.settings.work_directory)
    await charges.sweep(silence=services.charge_silence, allowed=services.settings.caps)
    await workers.sweep()
    await history.prune(timedelta(days=services.settings.webhook_log_days))
    kept = timedelta(days=services.settings.progress_days)
    await job_history.forget(before=clock.now() - kept)


async def _store_spooled(services: Services) -> None:
    """Store what was paid for and that nobody has in hand."""
    await services.vault.sweep(silence=services.charge_silence)


async def _clear_half_kept(services: Services) -> None:
    """Remove uploads that dead processes left half kept or half deleted."""
    await uploads.sweep(services.store)


async def _trim_cache(services: Services) -> None:
    """Forget pieces of films that were not used for long, also while no film is made."""
    settings = services.settings
    cache = Cache(
        cache_directory(settings.work_directory),
        max_bytes=settings.render_cache_mebibytes * 2**20,
    )
    unused = timedelta(days=settings.render_cache_days)
    await anyio.to_thread.run_sync(lambda: cache.trim(unused_seconds=unused.total_seconds()))


async def _trim_memory() -> None:
    # In a thread: it waits for whoever allocates at the moment.
    await anyio.to_thread.run_sync(trim)


async def _follow(services: Services) -> None:
    """Ask providers for what became of the paid calls of ended jobs."""
    settings, providers = services.settings, services.providers
    await followed.follow(
        lambda charge: providers.fate(charge.provider, charge.model, charge.provider_id or ""),
        providers.fates.keys(),
        Rounds(
            silence=services.charge_silence,
            patience=timedelta(hours=settings.away_hours),
        ),
    )


async def _retain(services: Services) -> None:
    """Keep films of the past as long as they are to be kept; by default for ever."""
    settings = services.settings
    if settings.retention != Retention():
        await retention.retire((await retention.report(settings.retention)).due)
    # What was retired goes, whatever is set meanwhile: no link leads to it any more.
    await retention.clear(services.store, links_last=timedelta(seconds=settings.link_seconds))


async def _sweep_uploads(services: Services) -> None:
    """Give up what was being stored by processes that died."""
    hours = services.settings.unfinished_upload_hours
    if swept := await services.store.sweep(older_than=timedelta(hours=hours)):
        log.info("uploads.swept", count=swept)


async def _report(dispatcher: Dispatcher, services: Services) -> None:
    if _is_stuck(dispatcher, services):
        return
    try:
        await services.queue.report_daemon(services.worker, seconds=_REPORT_EXPIRY_SECONDS)
    except (RedisError, OSError):
        log.debug("daemon.report_failed", worker=services.worker)


async def _tell_voices(services: Services) -> None:
    """Let the database know which voices can be asked for here."""
    await voices.report(services.providers.voices)
    await voices.prune(timedelta(days=services.settings.model_health_days))


async def _show_presence(
    dispatcher: Dispatcher, services: Services, monitor: ResourceMonitor
) -> None:
    """Let the database know of this daemon, unless it takes up nothing any more.

    Whoever watches over it then takes it for dead, and starts it again.
    """
    if _is_stuck(dispatcher, services):
        log.error("daemon.stuck", worker=services.worker)
        return
    await _tell_presence(services, monitor)


def _is_stuck(dispatcher: Dispatcher, services: Services) -> bool:
    """Tell whether jobs that are due have not been looked for in a long time."""
    settings = services.settings
    usual = settings.sweep_seconds + settings.daemon_database_wait_seconds
    return dispatcher.idles(seconds=usual + _STUCK_SECONDS)


async def _tell_presence(
    services: Services, monitor: ResourceMonitor, *, draining: bool = False
) -> None:
    """Let the database know what this daemon takes up, and whether it still does."""
    settings = services.settings
    await workers.report(
        services.worker,
        drafts=settings.places(Lane.DRAFTS),
        jobs=settings.places(Lane.GENERATION) + settings.places(Lane.COMPOSITION),
        lanes=settings.lanes,
        draining=draining,
        resources=await anyio.to_thread.run_sync(monitor.look),
    )


async def open_services(settings: DaemonSettings, stack: AsyncExitStack) -> Services:
    """Open everything that tasks work with; the stack closes it."""
    await stack.enter_async_context(connected(settings.database_url, settings.database_bounds))
    http = await stack.enter_async_context(
        httpx.AsyncClient(verify=certificates(), timeout=settings.payload_timeout_seconds)
    )
    queue = await stack.enter_async_context(open_queue(settings.redis_url))
    stack.enter_context(wakeups.sent_to(queue))
    store = await stack.enter_async_context(store_from(settings))
    return Services(
        settings=settings,
        worker=f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}",
        queue=queue,
        store=store,
        payload=_payload(settings, http),
        providers=await _providers(settings, stack),
        generations=anyio.CapacityLimiter(settings.concurrent_generations),
        clips=anyio.CapacityLimiter(settings.concurrent_clips),
        renders=anyio.CapacityLimiter(settings.concurrent_renders),
        readings=anyio.CapacityLimiter(settings.concurrent_readings),
        generating=TaskPool(size=settings.places(Lane.GENERATION)),
        reading=TaskPool(size=settings.reading_places),
        composing=TaskPool(size=settings.places(Lane.COMPOSITION)),
        pieces=await stack.enter_async_context(open_pieces(settings, store)),
    )


async def _providers(settings: DaemonSettings, stack: AsyncExitStack) -> Providers:
    """Open the providers and keep watch over them; everybody's limits go through Redis."""
    gemini, token = (
        secret.get_secret_value() if secret else ""
        for secret in (settings.gemini_api_key, settings.replicate_api_token)
    )
    paces = await stack.enter_async_context(open_shared_paces(settings.redis_url))
    watch = ModelWatch(
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
            witness=watch.record,
            stock=settings.stock_directory,
            voices=find_voices(settings.voices_directory) if settings.piper else (),
            voice_bounds=settings.voice_bounds,
            standards=settings.standards,
        )
    )
    await stack.enter_async_context(watch.watching(providers))
    return providers


def _payload(settings: DaemonSettings, http: httpx.AsyncClient) -> PayloadClient | None:
    if settings.payload_url is None:
        return None
    secret = settings.webhook_secret.get_secret_value().split()[0]
    return PayloadClient(
        http,
        url=str(settings.payload_url),
        api_path=settings.payload_api_path,
        secret=secret,
    )
