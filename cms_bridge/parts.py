"""What one bridge works with: made of its settings, handed to its application, opened with it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from cms_bridge.access.keyring import Keyring
from cms_bridge.access.owners import Owners
from cms_bridge.access.rates import Rates
from cms_bridge.access.sessions import Sessions
from cms_bridge.access.tickets import Tickets
from cms_bridge.access.windows import Windows
from cms_bridge.api.ops import Desk
from cms_bridge.api.playlists import PlaylistLinks
from cms_bridge.api.renditions import Serving
from cms_bridge.api.webhooks import Receiving
from cms_bridge.batches import Batches
from cms_bridge.inbox.webhooks import Verifier
from cms_bridge.jobs.line import Line
from cms_bridge.jobs.listeners import Listeners
from cms_bridge.jobs.statuses import Statuses
from cms_bridge.operations.board import BoardKeeper
from cms_bridge.operations.fleet import FleetWatch
from cms_bridge.pricing.estimates import Prices
from cms_bridge.settings import BridgeSettings
from cms_bridge.storage.base import ObjectStore
from cms_bridge.storage.factory import store_from
from cms_bridge.storage.links import LinkSigner
from cms_bridge.uploads.reception import Reception, UploadBounds
from cms_bridge.uploads.scanning import Scanner
from cms_bridge.webhooks.signing import Secrets

_REDIS_SECONDS = 1.0
"""A Redis that takes longer is away: nobody's request waits for it."""


@dataclass(kw_only=True)
class Parts:
    """Each is in the application's state by its name, and a dependency of handlers by it."""

    settings: BridgeSettings
    prices: Prices
    store: ObjectStore
    redis: Batches
    keyring: Keyring
    owners: Owners
    tickets: Tickets
    sessions: Sessions
    rates: Rates
    statuses: Statuses
    listeners: Listeners
    line: Line
    fleet_watch: FleetWatch
    desk: Desk
    secrets: Secrets
    playlist_links: PlaylistLinks
    serving: Serving
    receiving: Receiving
    reception: Reception

    @classmethod
    def of(cls, settings: BridgeSettings, prices: Prices | None = None) -> Self:
        """Return those of a bridge with these settings; `prices` in place of what they say."""
        prices = prices or settings.prices
        link_secret = settings.link_secret.get_secret_value()
        store = store_from(settings)
        redis = Batches(settings.redis_url, seconds=_REDIS_SECONDS)
        keyring = Keyring(
            settings.api_key.get_secret_value(),
            remembers=timedelta(seconds=settings.key_memory_seconds),
        )
        rates = Rates(Windows(redis), settings.quotas)
        line = Line()
        overdue = timedelta(seconds=settings.unclaimed_seconds)
        told = settings.payload_url is not None
        fleet_watch = FleetWatch(seconds=settings.metrics_cache_seconds, overdue=overdue, news=told)
        playlist_links = PlaylistLinks(
            signer=LinkSigner(link_secret), base_url=str(settings.public_url)
        )
        scanner = (
            Scanner(settings.clamd_url, timeout=settings.clamd_timeout_seconds)
            if settings.clamd_url
            else None
        )
        return cls(
            settings=settings,
            prices=prices,
            store=store,
            redis=redis,
            keyring=keyring,
            owners=Owners(),
            tickets=Tickets(link_secret, seconds=settings.progress_ticket_seconds),
            sessions=Sessions(link_secret, keyring, seconds=settings.ops_session_seconds),
            rates=rates,
            statuses=Statuses(redis, seconds=settings.status_cache_seconds),
            listeners=Listeners(settings.redis_url, settings.following),
            line=line,
            fleet_watch=fleet_watch,
            desk=Desk(settings, fleet_watch, BoardKeeper(line, overdue=overdue, news=told)),
            secrets=Secrets(settings.webhook_secrets),
            playlist_links=playlist_links,
            serving=Serving(
                store=store,
                links=playlist_links,
                expires_in=timedelta(seconds=settings.link_seconds),
            ),
            receiving=Receiving(
                verifier=Verifier(settings.webhook_secret.get_secret_value().split()),
                rates=rates,
                most_bytes=settings.max_webhook_bytes,
                limits=settings.limits,
                prices=prices,
            ),
            reception=Reception(UploadBounds.of(settings), store, scanner),
        )
