"""The web process: reads settings, opens database, queue and store, and serves the HTTP edge.

`reelwright bridge` serves it with the bounds of `cms_bridge.server`.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta
from itertools import chain

from litestar import Litestar
from litestar.di import Provide
from litestar.types import ASGIApp, Receive, Scope, Send

from cms_bridge import failures, problems, protections, telemetry, tracing, traffic, wakeups
from cms_bridge.access.keyring import Keyring
from cms_bridge.access.keys import caller_of, requires_key
from cms_bridge.access.owners import Owners
from cms_bridge.access.rates import Rates, tell_rate
from cms_bridge.access.sessions import Sessions
from cms_bridge.access.tickets import Tickets
from cms_bridge.access.windows import Windows
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
from cms_bridge.api.objects import object_routes
from cms_bridge.api.playlists import PlaylistLinks
from cms_bridge.api.renditions import Serving
from cms_bridge.batches import Batches
from cms_bridge.database import connected, migrate
from cms_bridge.inbox.webhooks import Verifier
from cms_bridge.jobs.line import Line
from cms_bridge.jobs.listeners import Listeners
from cms_bridge.jobs.queue import open_queue
from cms_bridge.jobs.statuses import Statuses
from cms_bridge.operations.board import BoardKeeper
from cms_bridge.operations.fleet import FleetWatch
from cms_bridge.pricing.estimates import Prices
from cms_bridge.settings import BridgeSettings, load
from cms_bridge.storage.factory import store_from
from cms_bridge.storage.links import LinkSigner
from cms_bridge.storage.local import LocalStore
from cms_bridge.uploads.reception import Reception, UploadBounds
from cms_bridge.uploads.scanning import Scanner
from cms_bridge.webhooks.signing import Secrets
from cms_bridge.webhooks.targets import open_targets
from cms_bridge.webhooks.trials import Trials

VERSION = "0.1.0"

_REDIS_SECONDS = 1.0
"""A Redis that takes longer is away: nobody's request waits for it."""

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


def _wakes_workers(app: ASGIApp) -> ASGIApp:
    """Send what requests make due to the workers."""

    async def waking(scope: Scope, receive: Receive, send: Send) -> None:
        with wakeups.sent_to(scope["app"].state.queue):
            await app(scope, receive, send)

    return waking


def create_app(settings: BridgeSettings | None = None, *, prices: Prices | None = None) -> Litestar:
    """Return the application; what is not given is read from the environment.

    `prices` are those of the providers that the daemons work with.
    """
    settings = settings or load(BridgeSettings)
    telemetry.configure_logging(
        form=settings.log_format, level=settings.log_level, secrets=settings.secrets
    )
    store = store_from(settings)
    playlist_links = PlaylistLinks(
        signer=LinkSigner(settings.link_secret.get_secret_value()),
        base_url=str(settings.public_url),
    )
    keyring = Keyring(
        settings.api_key.get_secret_value(),
        remembers=timedelta(seconds=settings.key_memory_seconds),
    )
    redis = Batches(settings.redis_url, seconds=_REDIS_SECONDS)
    secrets = Secrets(settings.webhook_secrets)
    listeners = Listeners(settings.redis_url, settings.following)
    tickets = Tickets(
        settings.link_secret.get_secret_value(), seconds=settings.progress_ticket_seconds
    )
    reception = Reception(
        UploadBounds.of(settings),
        store,
        Scanner(settings.clamd_url, timeout=settings.clamd_timeout_seconds)
        if settings.clamd_url
        else None,
    )

    line = Line()
    overdue = timedelta(seconds=settings.unclaimed_seconds)
    told = settings.payload_url is not None
    fleet_watch = FleetWatch(seconds=settings.metrics_cache_seconds, overdue=overdue, news=told)
    desk = ops.Desk(settings, fleet_watch, BoardKeeper(line, overdue=overdue, news=told))
    sessions = Sessions(
        settings.link_secret.get_secret_value(), keyring, seconds=settings.ops_session_seconds
    )

    @asynccontextmanager
    async def resources(app: Litestar) -> AsyncGenerator[None]:
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
                store,
                aclosing(keyring),
                aclosing(redis),
                listeners.running(),
            ):
                app.state.queue = queue
                app.state.targets = targets
                app.state.trials = Trials(targets, secrets)
                yield

    parameters = KnownParameters()
    app = Litestar(
        route_handlers=[
            *chain.from_iterable(one.routers for one in RESOURCES),
            playlists.routes,
            *([object_routes(store)] if isinstance(store, LocalStore) else []),
        ],
        guards=[
            one_after_the_other(
                *([serves(names)] if (names := settings.host_names) else ()),
                requires_key,
                parameters,
                plain_body,
            )
        ],
        cors_config=cors_for(settings.origins),
        lifespan=[resources],
        dependencies={
            "settings": Provide(lambda: settings, sync_to_thread=False),
            "store": Provide(lambda: store, sync_to_thread=False),
            "serving": Provide(
                lambda: Serving(
                    store=store,
                    links=playlist_links,
                    expires_in=timedelta(seconds=settings.link_seconds),
                ),
                sync_to_thread=False,
            ),
            "playlist_links": Provide(lambda: playlist_links, sync_to_thread=False),
            "receiving": Provide(
                lambda: webhooks.Receiving(
                    verifier=Verifier(settings.webhook_secret.get_secret_value().split()),
                    rates=app.state.rates,
                    most_bytes=settings.max_webhook_bytes,
                    limits=settings.limits,
                    prices=prices or settings.prices,
                ),
                sync_to_thread=False,
                use_cache=True,
            ),
            "prices": Provide(lambda: prices or settings.prices, sync_to_thread=False),
            "caller": Provide(caller_of, sync_to_thread=False),
            "rates": Provide(lambda: app.state.rates, sync_to_thread=False),
            "reception": Provide(lambda: reception, sync_to_thread=False),
            "queue": Provide(lambda: app.state.queue, sync_to_thread=False),
            "secrets": Provide(lambda: secrets, sync_to_thread=False),
            "targets": Provide(lambda: app.state.targets, sync_to_thread=False),
            "trials": Provide(lambda: app.state.trials, sync_to_thread=False),
            "listeners": Provide(lambda: listeners, sync_to_thread=False),
            "line": Provide(lambda: line, sync_to_thread=False),
            "desk": Provide(lambda: desk, sync_to_thread=False),
            "sessions": Provide(lambda: sessions, sync_to_thread=False),
            "fleet_watch": Provide(lambda: fleet_watch, sync_to_thread=False),
            "tickets": Provide(lambda: tickets, sync_to_thread=False),
        },
        request_class=BridgeRequest,
        request_max_body_size=settings.max_body_bytes,
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
    app.state.keyring = keyring
    app.state.rates = Rates(Windows(redis), settings.quotas)
    app.state.statuses = Statuses(redis, seconds=settings.status_cache_seconds)
    app.state.tickets = tickets
    app.state.owners = Owners()
    return app
