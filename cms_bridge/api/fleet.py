"""`/api/v1/workers/status` and `/api/v1/queues/status`: who works, and what waits."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example

from cms_bridge.access.callers import Action
from cms_bridge.access.keys import Whose, needs
from cms_bridge.api.contract import terms
from cms_bridge.api.resources import resource
from cms_bridge.api.tasks import TaskKind, task_kind
from cms_bridge.errors import AllProjectsOnly
from cms_bridge.fields import Moment
from cms_bridge.jobs import queues, workers
from cms_bridge.jobs.leases import Phase
from cms_bridge.jobs.workers import Resources
from cms_bridge.settings import BridgeSettings
from cms_bridge.states import Status


class HeldTask(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A task in a worker's hands."""

    id: UUID
    project_id: str
    kind: TaskKind
    status: Status
    since: Moment
    """When this worker took it."""
    lease_expires_at: Moment
    """When another may take it, unless this one goes on saying that it works."""


class GpuStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A graphics card of a worker's machine; null is what its driver does not tell."""

    name: str
    utilisation: float | None
    """From 0 to 1."""
    memory_used_bytes: int | None
    memory_total_bytes: int | None
    own_memory_bytes: int
    """What the worker and its children hold of it."""


class WorkerResources(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a worker and its children take of their machine, and what that has."""

    cores: int
    """How many processors it may run on."""
    cpu: float
    """How many of them it used on the mean of the last seconds."""
    memory_bytes: int
    memory_available_bytes: int
    memory_total_bytes: int
    disk_free_bytes: int
    """Where it works on films."""
    disk_size_bytes: int
    gpus: list[GpuStatus]


class WorkerStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A daemon."""

    id: str
    """Its machine, its process, and a name of its own."""
    alive: bool
    """Whether it was heard of within thirty seconds. One that is told to stop takes its leave,
    and one that was killed is forgotten after a day."""
    draining: bool
    """Whether it was told to stop: it takes up nothing more."""
    started_at: Moment
    seen_at: Moment
    storyboard_places: int
    """Storyboards that it drafts at once."""
    render_places: int
    """Approved tasks that it has in hand at once."""
    resources: WorkerResources | None
    """As it told last, a few seconds ago; null while it has not."""
    held: list[HeldTask]


class WorkersStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Every daemon, the longest there first."""

    workers: list[WorkerStatus]


class QueueStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The tasks of one kind that want the same of a worker."""

    kind: TaskKind
    phase: Phase
    waiting: int
    """In nobody's hands, and due."""
    late: int
    """Those of them that are due for longer than `REELWRIGHT_UNCLAIMED_SECONDS`."""
    scheduled: int
    """Due later: tried again, after a failure that passes, when their time comes."""
    held: int
    """In a worker's hands."""
    oldest_waiting_seconds: float
    """How long the oldest of those that wait is due; 0 when none does."""


class QueuesStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Every queue. Of all together the 10,000 that are longest due are counted."""

    queues: list[QueueStatus]


_AT = datetime(2026, 11, 28, 10, 12, 30, tzinfo=UTC)
_WORKERS = WorkersStatus(
    workers=[
        WorkerStatus(
            id="render-1:4711:9f2c01aa",
            alive=True,
            draining=False,
            started_at=_AT,
            seen_at=_AT + timedelta(minutes=5),
            storyboard_places=2,
            render_places=4,
            resources=WorkerResources(
                cores=4,
                cpu=3.71,
                memory_bytes=1_245_708_288,
                memory_available_bytes=9_663_676_416,
                memory_total_bytes=16_777_216_000,
                disk_free_bytes=53_687_091_200,
                disk_size_bytes=107_374_182_400,
                gpus=[],
            ),
            held=[
                HeldTask(
                    id=UUID("0b0f6d0e-7d0c-4c8e-9a5e-2f3f5f1f9a11"),
                    project_id="bakery",
                    kind=TaskKind.VIDEO,
                    status=Status.COMPOSING,
                    since=_AT + timedelta(minutes=3),
                    lease_expires_at=_AT + timedelta(minutes=5, seconds=29),
                )
            ],
        )
    ]
)
_QUEUES = QueuesStatus(
    queues=[
        QueueStatus(
            kind=TaskKind.VIDEO,
            phase=Phase.STORYBOARD,
            waiting=3,
            late=0,
            scheduled=1,
            held=2,
            oldest_waiting_seconds=4.2,
        )
    ]
)


def _resources(told: Resources) -> WorkerResources:
    # The same fields, as the API names them.
    return msgspec.convert(told, WorkerResources, from_attributes=True)


@get(
    "/status",
    opt=terms(AllProjectsOnly) | needs(Action.READ, whose=Whose.EVERYBODYS),
    summary="Which workers there are, and what they hold",
    responses={
        HTTPStatus.OK: ResponseSpec(
            WorkersStatus,
            generate_examples=False,
            description="Every worker",
            examples=[Example(summary="One, composing a video", value=_WORKERS)],
        )
    },
)
async def get_workers_status() -> WorkersStatus:
    """Return every daemon that takes work, and the tasks in its hands; for keys of all projects."""
    return WorkersStatus(
        workers=[
            WorkerStatus(
                id=one.id,
                alive=one.alive,
                draining=one.draining,
                started_at=one.started_at,
                seen_at=one.seen_at,
                storyboard_places=one.drafts,
                render_places=one.jobs,
                resources=_resources(one.resources) if one.resources else None,
                held=[
                    HeldTask(
                        id=job.id,
                        project_id=job.project,
                        kind=task_kind(job.kind),
                        status=job.status,
                        since=job.since,
                        lease_expires_at=job.lease_expires_at,
                    )
                    for job in one.held
                ],
            )
            for one in await workers.workers()
        ]
    )


@get(
    "/status",
    opt=terms(AllProjectsOnly) | needs(Action.READ, whose=Whose.EVERYBODYS),
    summary="What waits for a worker",
    responses={
        HTTPStatus.OK: ResponseSpec(
            QueuesStatus,
            generate_examples=False,
            description="Every queue",
            examples=[Example(summary="Storyboards that wait", value=_QUEUES)],
        )
    },
)
async def get_queues_status(settings: NamedDependency[BridgeSettings]) -> QueuesStatus:
    """Return what waits, is late and is held, by kind and phase; for keys of all projects."""
    late_after = timedelta(seconds=settings.unclaimed_seconds)
    return QueuesStatus(
        queues=[
            QueueStatus(
                kind=task_kind(one.kind),
                phase=one.phase,
                waiting=one.waiting,
                late=one.late,
                scheduled=one.scheduled,
                held=one.held,
                oldest_waiting_seconds=one.oldest_waiting_seconds,
            )
            for one in await queues.queues(late_after=late_after)
        ]
    )


routers = (
    *resource("/api/v1/workers", [get_workers_status], tag="workers"),
    *resource("/api/v1/queues", [get_queues_status], tag="queues"),
)
