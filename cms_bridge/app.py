"""The web process: reads settings, opens database, queue and store, and serves the HTTP edge.

`reelwright bridge` serves it with the bounds of `cms_bridge.server`.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import fields
from itertools import chain
from typing import Any, NamedTuple, Self

from litestar import Litestar
from litestar.di import Provide
from litestar.types import ASGIApp, Receive, Scope, Send

from cms_bridge import failures, problems, protections, telemetry, tracing, traffic, wakeups
from cms_bridge.access.keys import caller_of, requires_key
from cms_bridge.access.rates import tell_rate
from cms_bridge.api import (
    approvals,
    charges,
    deliveries,
    events,
    exports,
    fleet,
    generation,
    health,
    lexicons,
    media,
    metrics,
    models,
    objects,
    ops,
    playlists,
    priorities,
    spending,
    storyboards,
    subscriptions,
    task_lists,
    tasks,
    timelines,
    uploads,
    videos,
    voices,
    webhooks,
)
from cms_bridge.api.bodies import BridgeRequest, KnownParameters, plain_body
from cms_bridge.api.browsers import cors_for, one_after_the_other, serves
from cms_bridge.api.contract import openapi_config
from cms_bridge.database import connected, migrate
from cms_bridge.jobs.queue import open_queue
from cms_bridge.parts import Parts
from cms_bridge.pricing.estimates import Prices
from cms_bridge.settings import BridgeSettings, load
from cms_bridge.webhooks.targets import open_targets
from cms_bridge.webhooks.trials import Trials

VERSION = "0.1.0"

RESOURCES = (
    webhooks,
    tasks,
    videos,
    exports,
    charges,
    approvals,
    storyboards,
    media,
    voices,
    timelines,
    events,
    uploads,
    spending,
    priorities,
    subscriptions,
    deliveries,
    task_lists,
    fleet,
    health,
    lexicons,
    metrics,
    models,
    generation,
    ops,
)

_HELD = (*(field.name for field in fields(Parts)), "queue", "targets", "trials")
"""Dependencies of handlers, by their names in the application's state."""


def _wakes_workers(app: ASGIApp) -> ASGIApp:
    """Send what requests make due to the workers."""

    async def waking(scope: Scope, receive: Receive, send: Send) -> None:
        with wakeups.sent_to(scope["app"].state.queue):
            await app(scope, receive, send)

    return waking


class Edge(NamedTuple):
    """What the routes themselves depend on; all else is handed over once they stand."""

    serves_objects: bool
    host_names: tuple[str, ...]
    origins: tuple[str, ...]
    max_body_bytes: int

    @classmethod
    def of(cls, settings: BridgeSettings) -> Self:
        """Return that of a bridge with these settings."""
        return cls(
            settings.storage == "local",
            settings.host_names,
            settings.origins,
            settings.max_body_bytes,
        )


def create_app(settings: BridgeSettings | None = None, *, prices: Prices | None = None) -> Litestar:
    """Return the application; what is not given is read from the environment.

    `prices` are those of the providers that the daemons work with.
    """
    settings = settings or load(BridgeSettings)
    app = routed(Edge.of(settings))
    furnish(app, settings, prices=prices)
    return app


def furnish(app: Litestar, settings: BridgeSettings, *, prices: Prices | None = None) -> None:
    """Give an application that is not running what it works with from now on."""
    telemetry.configure_logging(
        form=settings.log_format, level=settings.log_level, secrets=settings.secrets
    )
    app.state.update(vars(Parts.of(settings, prices)))


def routed(edge: Edge) -> Litestar:
    """Return an application that knows its routes, and is not furnished yet.

    Nearly all the time that an application takes to be made is spent here.
    """
    parameters = KnownParameters()

    def held(name: str) -> Callable[[], Any]:
        return lambda: app.state[name]

    app = Litestar(
        route_handlers=[
            *chain.from_iterable(one.routers for one in RESOURCES),
            playlists.routes,
            *([objects.routes] if edge.serves_objects else []),
        ],
        guards=[
            one_after_the_other(
                *([serves(edge.host_names)] if edge.host_names else ()),
                requires_key,
                parameters,
                plain_body,
            )
        ],
        cors_config=cors_for(edge.origins),
        lifespan=[_opened],
        dependencies={
            "caller": Provide(caller_of, sync_to_thread=False),
            **{name: Provide(held(name), sync_to_thread=False) for name in _HELD},
        },
        request_class=BridgeRequest,
        request_max_body_size=edge.max_body_bytes,
        middleware=[
            traffic.timed,
            failures.watch_for_disconnects,
            problems.tells_websockets_why,
            _wakes_workers,
        ],
        before_send=[tell_rate, protections.protect, traffic.count],
        exception_handlers=problems.HANDLERS,
        after_exception=[failures.log_unexpected, problems.note_refusal],
        logging_config=None,
        openapi_config=openapi_config(VERSION),
    )
    parameters.learn(app.routes)
    return app


@asynccontextmanager
async def _opened(app: Litestar) -> AsyncGenerator[None]:
    """Open what has to be, for as long as the application runs."""
    state = app.state
    settings: BridgeSettings = state.settings
    with (
        failures.told("bridge.failed"),
        tracing.sent_to(settings.traced_to, service="reelwright-bridge"),
    ):
        await migrate(settings.database_url)
        async with (
            connected(settings.database_url, settings.database_bounds),
            open_queue(settings.redis_url) as queue,
            open_targets(
                trusted=settings.webhook_origins,
                seconds=settings.webhook_timeout_seconds,
                most_bytes=settings.webhook_answer_bytes,
            ) as targets,
            state.store,
            aclosing(state.keyring),
            aclosing(state.redis),
            state.listeners.running(),
        ):
            state.queue = queue
            state.targets = targets
            state.trials = Trials(targets, state.secrets)
            yield
