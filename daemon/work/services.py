"""What every task of the daemon works with, opened once by the worker."""

from dataclasses import dataclass, field
from datetime import timedelta

import anyio

from cms_bridge.films import Lengths
from cms_bridge.jobs.queue import Queue
from cms_bridge.jobs.retries import RetryPolicy
from cms_bridge.ledger.vault import Vault
from cms_bridge.outbox.messages import Backoff
from cms_bridge.outbox.payload import PayloadClient
from cms_bridge.storage.base import ObjectStore
from cms_bridge.webhooks.deliveries import Patience
from cms_bridge.webhooks.signing import Secrets
from daemon.settings import DaemonSettings
from daemon.work.in_flight import InFlight
from daemon.work.pieces import SharedPieces
from daemon.work.pools import TaskPool
from daemon.work.stops import Stops
from render.generation.providers import Providers


@dataclass(frozen=True, kw_only=True)
class Services:
    """Open connections, providers and the limits they share."""

    settings: DaemonSettings
    worker: str
    """This process's name in leases and attempts."""
    queue: Queue
    store: ObjectStore
    payload: PayloadClient | None
    """None when no CMS is configured: nothing is written back."""
    providers: Providers
    """Chains of models; metered by a ledger before anything is asked of them."""
    generations: anyio.CapacityLimiter
    renders: anyio.CapacityLimiter
    generating: TaskPool
    """Places for jobs whose pictures and speech are being made, but readings."""
    composing: TaskPool
    """Places for jobs that are being encoded; none where this daemon encodes nothing."""
    reading: TaskPool = field(default_factory=lambda: TaskPool(size=2))
    """Places for readings, so that none waits for a film's."""
    readings: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(2))
    """Narrations that are read at once, beside what films have generated."""
    clips: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(4))
    """Stills being set in motion at once: each takes minutes, and keeps no picture waiting."""
    pieces: SharedPieces | None = None
    """The pieces of films that all daemons share; None where this one keeps them to itself."""
    in_flight: InFlight = field(default_factory=InFlight)
    """What a drain lets go of, and what it waits for."""
    stops: Stops = field(default_factory=Stops)
    """Who hears that a job is no worker's any more."""

    @property
    def vault(self) -> Vault:
        """Where what providers make is kept."""
        return Vault(
            store=self.store,
            spool=self.settings.work_directory,
            room=self.settings.work_room_mb * 2**20,
            patience=self.settings.outage_patience,
        )

    @property
    def charge_silence(self) -> timedelta:
        """How long nothing is heard of a charge before it is sorted out without its worker."""
        return timedelta(minutes=self.settings.charge_silence_minutes)

    @property
    def retry_policy(self) -> RetryPolicy:
        """How phases are retried."""
        return RetryPolicy(
            max_retries=self.settings.max_retries,
            first_delay=timedelta(seconds=self.settings.retry_first_delay_seconds),
            longest_delay=timedelta(seconds=self.settings.retry_max_delay_seconds),
            away=timedelta(hours=self.settings.away_hours),
        )

    @property
    def backoff(self) -> Backoff:
        """How deliveries to the CMS are retried."""
        return Backoff(
            first=timedelta(seconds=self.settings.outbox_first_delay_seconds),
            longest=timedelta(seconds=self.settings.outbox_max_delay_seconds),
            horizon=timedelta(hours=self.settings.outbox_horizon_hours),
        )

    @property
    def lengths(self) -> Lengths:
        """How much of a film's words the CMS is told."""
        return Lengths(
            alt=self.settings.max_alt_chars, transcript=self.settings.max_transcript_chars
        )

    @property
    def webhook_secrets(self) -> Secrets:
        """What messages to integrators are signed with."""
        return Secrets(self.settings.webhook_secrets)

    @property
    def webhook_patience(self) -> Patience:
        """How deliveries to integrators are retried."""
        return Patience(
            first=timedelta(seconds=self.settings.webhook_first_delay_seconds),
            longest=timedelta(seconds=self.settings.webhook_max_delay_seconds),
            horizon=timedelta(hours=self.settings.webhook_horizon_hours),
            disable_after=timedelta(days=self.settings.webhook_disable_days),
        )

    @property
    def task_seconds(self) -> float:
        """How long one attempt at a phase may take."""
        return self.settings.task_timeout_minutes * 60

    @property
    def lease_duration(self) -> timedelta:
        """How long a claim lasts without renewal."""
        return timedelta(seconds=self.settings.lease_seconds)
