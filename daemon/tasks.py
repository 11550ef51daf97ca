"""What a wake-up does, and what kind of work its job is.

A wake-up hands its job to whoever works on it, and is over: arq holds a key in
Redis for as long as one of its tasks runs, and cancels them all when Redis goes
away; so none of them runs longer than a moment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from arq.worker import Retry

from cms_bridge.jobs.leases import Lease
from cms_bridge.states import JobKind, Lane
from cms_bridge.webhooks.targets import Targets
from daemon.deliveries import Deliveries
from daemon.webhooks import WebhookDeliveries
from daemon.work import drafting, media_order, rendering
from daemon.work.attempts import Work
from daemon.work.helping import Helpers
from daemon.work.pools import TaskPool
from daemon.work.services import Services
from daemon.work.workload import Workload

Context = dict[str, Any]

PRODUCTION: Mapping[JobKind, Work] = {
    JobKind.VIDEO: rendering.render_video,
    JobKind.EXPORT: rendering.render_video,
    JobKind.IMAGE: media_order.fulfil_media_order,
    JobKind.SPEECH: media_order.fulfil_media_order,
    JobKind.MUSIC: media_order.fulfil_media_order,
    JobKind.CLIP: media_order.fulfil_media_order,
    JobKind.READING: media_order.fulfil_media_order,
}
"""What is done with an approved job, by its kind. Only a video is drafted before."""


@dataclass(frozen=True, kw_only=True)
class Dispatcher:
    """Where wake-ups hand their jobs in; every task finds it as `dispatcher` in its context."""

    drafts: Workload
    generation: Workload
    readings: Workload
    composition: Workload
    helpers: Helpers
    deliveries: Deliveries
    webhooks: WebhookDeliveries

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """The jobs in hand, lane by lane, and readings."""
        return self.drafts, self.generation, self.readings, self.composition

    def idles(self, *, seconds: float) -> bool:
        """Tell whether some lane that is served was not looked into for so long."""
        return any(
            workload.pool.size and workload.unlooked_seconds > seconds
            for workload in self.workloads
        )

    @property
    def pools(self) -> tuple[TaskPool, ...]:
        """Everything that is under way."""
        jobs = (workload.pool for workload in self.workloads)
        return *jobs, self.deliveries.pool, self.webhooks.pool


def open_dispatcher(services: Services, targets: Targets) -> Dispatcher:
    """Return a dispatcher with as many places as the settings give each phase."""
    settings = services.settings
    return Dispatcher(
        drafts=Workload(
            Lane.DRAFTS,
            drafting.draft_storyboard,
            services,
            pool=TaskPool(size=settings.places(Lane.DRAFTS)),
        ),
        generation=Workload(Lane.GENERATION, produce, services, pool=services.generating),
        readings=Workload(Lane.GENERATION, produce, services, pool=services.reading, readings=True),
        composition=Workload(Lane.COMPOSITION, produce, services, pool=services.composing),
        helpers=Helpers(services),
        deliveries=Deliveries(services),
        webhooks=WebhookDeliveries(services, targets),
    )


async def produce(lease: Lease, services: Services) -> None:
    """Make what an approved job was approved for."""
    await PRODUCTION[lease.kind](lease, services)


async def draft_storyboard(ctx: Context, job: str, attempt: int) -> None:
    """Turn a pending job's brief into a storyboard."""
    dispatcher: Dispatcher = ctx["dispatcher"]
    await _wake(dispatcher.drafts, job, attempt)


async def render_video(ctx: Context, job: str, attempt: int) -> None:
    """Turn an approved job's storyboard into a video."""
    dispatcher: Dispatcher = ctx["dispatcher"]
    await _wake(dispatcher.generation, job, attempt)


async def read_aloud(ctx: Context, job: str, attempt: int) -> None:
    """Have a video's narrations read by a free voice."""
    dispatcher: Dispatcher = ctx["dispatcher"]
    await _wake(dispatcher.readings, job, attempt)


async def compose_video(ctx: Context, job: str, attempt: int) -> None:
    """Encode a video whose pictures and speech are there."""
    dispatcher: Dispatcher = ctx["dispatcher"]
    await _wake(dispatcher.composition, job, attempt)


async def help_compose(ctx: Context, invitation: str) -> None:
    """Encode segments of a film that another daemon holds."""
    dispatcher: Dispatcher = ctx["dispatcher"]
    dispatcher.helpers.accept(invitation)


async def deliver_outbox(ctx: Context, job: str) -> None:
    """Tell Payload what is new about a job."""
    dispatcher: Dispatcher = ctx["dispatcher"]
    dispatcher.deliveries.start(UUID(job))


async def deliver_webhooks(ctx: Context) -> None:
    """Tell integrators what is due."""
    dispatcher: Dispatcher = ctx["dispatcher"]
    dispatcher.webhooks.wake()


async def _wake(workload: Workload, job: str, attempt: int) -> None:
    if not await workload.wake(UUID(job), after=attempt):
        # It was another one's turn, or the last place was taken in between.
        raise Retry
