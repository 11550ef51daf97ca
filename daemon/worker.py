"""The worker process: opens database, queue, store and providers, and listens to arq.

Three arq workers share the process, one for each lane of the queue. Redis going
away ends them for good; whoever starts this process starts it again
(`reelwright up` does, as do Procfile runners and containers).
"""

import asyncio
import os
import signal
import socket
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import uuid4

import anyio
import httpx
import structlog
from arq import cron, func
from arq.worker import Worker

from cms_bridge import telemetry
from cms_bridge.database import connected, migrate
from cms_bridge.payload import PayloadClient
from cms_bridge.queue import (
    HEALTH_KEY,
    Lane,
    Task,
    deserialise,
    open_queue,
    redis_settings,
    serialise,
)
from cms_bridge.settings import load
from cms_bridge.storage.factory import store_from
from daemon import tasks
from daemon.pacing import open_paces
from daemon.services import Services
from daemon.settings import DaemonSettings
from daemon.watch import Watch
from render.generation.providers import Providers, open_providers

log = structlog.get_logger()

_HEALTH_SECONDS = 5
_POLL_SECONDS = 0.05
"""How long a wake-up may wait unseen; arq's default of half a second is felt by an editor."""
_NEWS_AT_ONCE = 10
_DRAIN_SECONDS = 8
"""Longer than an engine takes to end, shorter than supervisors wait before SIGKILL."""


async def run(settings: DaemonSettings | None = None) -> None:
    """Work until SIGTERM or SIGINT; running jobs are let go for another worker to take."""
    settings = settings or load(DaemonSettings)
    telemetry.configure_logging(
        form=settings.log_format, level=settings.log_level, secrets=settings.secrets
    )
    await migrate(settings.database_url)
    async with AsyncExitStack() as stack:
        services = await open_services(settings, stack)
        lanes = [_work_lane(services), _news_lane(services), _sweep_lane(services)]
        log.info("daemon.ready", worker=services.worker, cms=services.payload is not None)
        await _listen(lanes, services)
    log.info("daemon.stopped", worker=services.worker)


async def open_services(settings: DaemonSettings, stack: AsyncExitStack) -> Services:
    """Open everything that tasks work with; the stack closes it."""
    await stack.enter_async_context(connected(settings.database_url))
    http = await stack.enter_async_context(
        httpx.AsyncClient(timeout=settings.payload_timeout_seconds)
    )
    return Services(
        settings=settings,
        worker=f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}",
        queue=await stack.enter_async_context(open_queue(settings.redis_url)),
        store=await stack.enter_async_context(store_from(settings)),
        payload=_payload(settings, http),
        providers=await _providers(settings, stack),
        generations=anyio.CapacityLimiter(settings.concurrent_generations),
        renders=anyio.CapacityLimiter(settings.concurrent_renders),
        attempts=set(),
    )


async def _listen(lanes: list[Worker], services: Services) -> None:
    """Run every lane until a signal asks to stop or one of them fails."""
    running = [asyncio.create_task(lane.async_run()) for lane in lanes]
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    asked = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait([*running, asked], return_when=asyncio.FIRST_COMPLETED)
        for lane in done - {asked}:
            lane.result()
    finally:
        asked.cancel()
        await _drain(lanes, services)
        for lane in lanes:
            await lane.close()


async def _drain(lanes: list[Worker], services: Services) -> None:
    """Let go of every job in order, before arq cancels whatever still runs.

    arq's cancellation is asyncio's own, which may strike in the middle of a
    COMMIT; that of a scope waits for the end of what is shielded.
    """
    for lane in lanes:
        lane.allow_pick_jobs = False
    for scope in services.attempts:
        scope.cancel()
    if running := [task for lane in lanes for task in lane.tasks.values()]:
        await asyncio.wait(running, timeout=_DRAIN_SECONDS)


def _work_lane(services: Services) -> Worker:
    return _lane(
        services,
        Lane.WORK,
        max_jobs=services.settings.concurrent_jobs,
        functions=[
            func(tasks.draft_storyboard, name=Task.DRAFT_STORYBOARD, keep_result=0),
            func(tasks.render_video, name=Task.RENDER_VIDEO, keep_result=0),
        ],
        job_timeout=services.settings.task_timeout_minutes * 60,
    )


def _news_lane(services: Services) -> Worker:
    return _lane(
        services,
        Lane.NEWS,
        max_jobs=_NEWS_AT_ONCE,
        functions=[func(tasks.deliver_outbox, name=Task.DELIVER_OUTBOX, keep_result=0)],
    )


def _sweep_lane(services: Services) -> Worker:
    return _lane(
        services,
        Lane.SWEEP,
        max_jobs=1,
        cron_jobs=[
            cron(
                tasks.sweep,
                name="sweep",
                second=set(range(0, 60, services.settings.sweep_seconds)),
                run_at_startup=True,
                keep_result=0,
            ),
        ],
        health_check_key=HEALTH_KEY,
        health_check_interval=_HEALTH_SECONDS,
    )


def _lane(services: Services, lane: Lane, **options: Any) -> Worker:
    return Worker(
        redis_settings=redis_settings(services.settings.redis_url),
        queue_name=lane,
        ctx={"services": services},
        # The database counts attempts; arq only ever wakes.
        max_tries=1_000,
        poll_delay=_POLL_SECONDS,
        handle_signals=False,
        log_results=False,
        job_serializer=serialise,
        job_deserializer=deserialise,
        **options,
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
        )
    )
    await stack.enter_async_context(watch.over(providers))
    return providers


def _payload(settings: DaemonSettings, http: httpx.AsyncClient) -> PayloadClient | None:
    if settings.payload_url is None:
        return None
    secret = settings.webhook_secret.get_secret_value().split()[0]
    return PayloadClient(http, url=str(settings.payload_url), secret=secret)
