"""Jobs in hand: taken up from the database by itself, from Redis as there is room."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import anyio
import pytest
import structlog
from arq import func
from redis.asyncio import Redis

from cms_bridge.jobs import leases, turns
from cms_bridge.jobs.leases import Lease, Phase
from cms_bridge.jobs.queue import QueueName, Task, open_queue
from cms_bridge.jobs.retries import RetryPolicy
from cms_bridge.ledger.outages import OutagePatience
from cms_bridge.states import JobKind, Lane, Status
from cms_bridge.tables import Job
from cms_bridge.wakeups import Due
from daemon import tasks, worker
from daemon.listener import Listener, Subscription, listen
from daemon.work.in_flight import InFlight
from daemon.work.pools import TaskPool
from daemon.work.services import Services
from daemon.work.stops import Stops
from daemon.work.workload import Workload
from tests.support import events
from tests.support.installation import eventually
from tests.support.jobs import accept

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]

LEASE = timedelta(seconds=30)


def services(directory: Path, worker: str = "w1") -> Services:
    return cast(
        "Services",
        SimpleNamespace(
            settings=SimpleNamespace(
                heartbeat_seconds=1,
                work_directory=directory,
                outage_patience=OutagePatience(longest=5, pause=0.01),
            ),
            worker=worker,
            retry_policy=RetryPolicy(max_retries=1, first_delay=timedelta(0)),
            lease_duration=LEASE,
            task_seconds=60,
            in_flight=InFlight(),
            stops=Stops(),
        ),
    )


class Drafting:
    """Work that lasts until it is let go on, and what it was done to."""

    def __init__(self) -> None:
        self.begun: list[UUID] = []
        self.go_on = anyio.Event()

    async def __call__(self, lease: Lease, _services: Services) -> None:
        self.begun.append(lease.job_id)
        await self.go_on.wait()
        await Job.update({Job.status: Status.COMPLETED, Job.wake_at: None}).where(
            Job.id == lease.job_id
        )


@pytest.fixture
async def drafting() -> Drafting:
    return Drafting()


@asynccontextmanager
async def workload(
    directory: Path, work: Drafting, *, most: int = 2, worker: str = "w1"
) -> AsyncIterator[Workload]:
    made = Workload(Lane.DRAFTS, work, services(directory, worker), pool=TaskPool(size=most))
    try:
        yield made
    finally:
        work.go_on.set()
        with anyio.fail_after(10):
            await made.pool.join()


async def due(count: int, *, ago: timedelta = timedelta(seconds=1)) -> list[UUID]:
    """Store jobs that are due, the first the longest."""
    made: list[UUID] = []
    for number in range(count):
        job = (await accept(events.submitted(video=f"v{number}-{uuid4()}"))).job_id
        await Job.update(
            {Job.wake_at: datetime.now(UTC) - ago + timedelta(milliseconds=number)}
        ).where(Job.id == job)
        made.append(job)
    return made


async def test_what_is_due_is_taken_up_without_a_wake_up_the_oldest_first(
    tmp_path: Path, drafting: Drafting
) -> None:
    made = await due(3)
    async with workload(tmp_path, drafting) as jobs:
        assert await jobs.start_due()
        await eventually(lambda: len(drafting.begun) == 2)
        assert set(drafting.begun) == set(made[:2])
        assert jobs.free_slots == 0


async def test_a_place_that_becomes_free_is_filled_at_once(
    tmp_path: Path, drafting: Drafting
) -> None:
    made = await due(5)
    async with workload(tmp_path, drafting) as jobs, anyio.create_task_group() as group:
        group.start_soon(lambda: jobs.poll(every=60))
        await eventually(lambda: len(drafting.begun) == 2)
        drafting.go_on.set()
        await eventually(lambda: len(drafting.begun) == 5, seconds=10)
        assert set(drafting.begun) == set(made)
        group.cancel_scope.cancel()


async def test_a_job_that_cannot_be_claimed_leaves_its_place_to_others(
    tmp_path: Path, drafting: Drafting
) -> None:
    broken, whole = await due(2)
    await Job.update({Job.brief: '{"no": "brief"}'}).where(Job.id == broken)
    async with workload(tmp_path, drafting, most=1) as jobs:
        await jobs.start_due()
        await eventually(lambda: jobs.free_slots)
        await jobs.start_due()
        await eventually(lambda: drafting.begun == [whole])
    # And it is still there to be seen.
    assert [job for job, _, _ in await turns.next_in(Lane.DRAFTS, limit=9)] == [broken]


async def test_a_daemon_that_drains_takes_nothing_up(tmp_path: Path, drafting: Drafting) -> None:
    (job,) = await due(1)
    in_flight = (made := services(tmp_path)).in_flight
    in_flight.drain()
    jobs = Workload(Lane.DRAFTS, drafting, made, pool=TaskPool(size=2))
    assert not jobs.start(job)
    await jobs.start_due()
    assert drafting.begun == []


async def test_a_wake_up_has_whichevers_turn_it_is_taken_up_and_comes_back_for_its_own(
    tmp_path: Path, drafting: Drafting
) -> None:
    (mine,) = await due(1)
    other = (await accept(events.submitted(video="v", project="other"))).job_id
    await turns.note(Lane.DRAFTS, JobKind.VIDEO, "project-1", at=datetime.now(UTC))
    async with workload(tmp_path, drafting) as jobs:
        assert not await jobs.wake(mine, after=0)
        await eventually(lambda: drafting.begun == [other])
        assert await jobs.wake(mine, after=0)
        await eventually(lambda: drafting.begun == [other, mine])
        # One that is in hand by now needs none.
        drafting.go_on.set()
        assert await jobs.wake(other, after=0)


async def test_a_late_wake_up_leaves_a_job_in_hand_as_it_is(
    tmp_path: Path, drafting: Drafting
) -> None:
    (job,) = await due(1)
    async with workload(tmp_path, drafting) as jobs:
        await jobs.start_due()
        await eventually(lambda: drafting.begun == [job])
        assert jobs.start(job, after=0)
        await eventually(lambda: jobs.free_slots == 1)
        # Its lease has run out while the database was away: it is still this daemon's.
        past = datetime.now(UTC) - timedelta(seconds=1)
        await Job.update({Job.wake_at: past, Job.lease_expires_at: past}).where(Job.id == job)
        assert not await jobs.start_due()
        assert jobs.free_slots == 1
        drafting.go_on.set()
        await eventually(lambda: jobs.free_slots == 2)
        # Nor does it rest for that, should it be due again.
        await Job.update({Job.wake_at: past, Job.status: Status.PENDING}).where(Job.id == job)
        await jobs.start_due()
        await eventually(lambda: drafting.begun == [job, job])


async def test_what_fails_in_the_background_is_told_without_its_text() -> None:
    async def fails() -> None:
        raise ValueError(f"refused the row {uuid4()}, canary")

    with structlog.testing.capture_logs() as lines, anyio.move_on_after(0.1):
        await worker._repeat("part", fails, 60)
    assert [line["reason"] for line in lines] == ["ValueError"]


@asynccontextmanager
async def listening(jobs: Workload, url: str) -> AsyncIterator[None]:
    subscription = Subscription(
        queue=QueueName.DRAFTS,
        tasks=[func(tasks.draft_storyboard, name=Task.DRAFT_STORYBOARD)],
        concurrency=jobs.pool.size,
        free_slots=lambda: jobs.free_slots,
    )
    dispatcher: Any = SimpleNamespace(drafts=jobs)
    async with anyio.create_task_group() as group:
        group.start_soon(
            lambda: listen(subscription, redis_url=url, hold=30, context={"dispatcher": dispatcher})
        )
        yield
        group.cancel_scope.cancel()


async def test_a_full_daemon_leaves_wake_ups_to_an_idle_one(
    tmp_path: Path, redis_url: str, drafting: Drafting
) -> None:
    full, idle = drafting, Drafting()
    async with (
        open_queue(redis_url) as queue,
        workload(tmp_path, full, most=1) as busy,
        workload(tmp_path, idle, most=3, worker="w2") as free,
    ):
        (first,) = await due(1, ago=timedelta(seconds=-60))
        async with listening(busy, redis_url):
            await queue.send_due(Due(jobs={first: (Status.PENDING, 0)}))
            await eventually(lambda: full.begun == [first])
            others = await due(3, ago=timedelta(seconds=-60))
            async with listening(free, redis_url):
                for job in others:
                    await queue.send_due(Due(jobs={job: (Status.PENDING, 0)}))
                await eventually(lambda: len(idle.begun) == 3, seconds=10)
            assert set(idle.begun) == set(others)
            assert full.begun == [first]


async def test_no_wake_up_stands_in_anothers_way(
    tmp_path: Path, redis_url: str, drafting: Drafting
) -> None:
    """As after kills: entries without their jobs, and failures that stay on record."""
    (job,) = await due(1, ago=timedelta(seconds=-60))
    async with open_queue(redis_url) as queue, Redis.from_url(redis_url) as redis:
        for number in range(200):
            await redis.zadd(QueueName.DRAFTS, {f"dead-{number}": 1 + number})
            if number < 8:
                await redis.set(f"arq:in-progress:dead-{number}", b"1", ex=18_000)
        await queue.send_due(Due(jobs={job: (Status.PENDING, 0)}))
        async with workload(tmp_path, drafting) as jobs, listening(jobs, redis_url):
            await eventually(lambda: drafting.begun == [job], seconds=20)
        assert await redis.zcard(QueueName.DRAFTS) == 8
        assert not await redis.keys("arq:result:*")


async def test_a_wake_up_is_over_while_its_work_goes_on(
    tmp_path: Path, redis_url: str, drafting: Drafting
) -> None:
    (job,) = await due(1, ago=timedelta(seconds=-60))
    async with (
        Redis.from_url(redis_url) as redis,
        open_queue(redis_url) as queue,
        workload(tmp_path, drafting) as jobs,
        listening(jobs, redis_url),
    ):
        await queue.send_due(Due(jobs={job: (Status.PENDING, 0)}))
        await eventually(lambda: drafting.begun == [job])
        await eventually(lambda: _nothing_held(redis), seconds=5)
        assert not drafting.go_on.is_set()


async def _nothing_held(redis: Redis) -> bool:
    return not await redis.keys("arq:in-progress:*") and not await redis.zcard(QueueName.DRAFTS)


@pytest.mark.parametrize(("lease", "longest"), [(30, 5), (2, 2)])
async def test_a_wake_up_is_held_for_no_longer_than_a_lease(
    redis_url: str, lease: float, longest: float
) -> None:
    subscription = Subscription(
        queue=QueueName.DRAFTS,
        tasks=[func(tasks.draft_storyboard)],
        concurrency=1,
        free_slots=lambda: 1,
    )
    listener = Listener(subscription, redis_url=redis_url, hold=lease, context={})
    assert listener.in_progress_timeout_s == longest
    await listener.pool.aclose()


async def test_work_goes_on_and_begins_while_redis_is_away(
    tmp_path: Path, drafting: Drafting
) -> None:
    (job,) = await due(1)
    nowhere = f"unix://{tmp_path}/no.sock?db=0"
    async with (
        workload(tmp_path, drafting) as jobs,
        listening(jobs, nowhere),
        anyio.create_task_group() as group,
    ):
        group.start_soon(lambda: jobs.poll(every=0.1))
        await eventually(lambda: drafting.begun == [job], seconds=10)
        await anyio.sleep(1)
        assert jobs.free_slots == 1
        group.cancel_scope.cancel()


async def test_a_second_daemon_cannot_take_what_is_held(tmp_path: Path, drafting: Drafting) -> None:
    (job,) = await due(1)
    async with workload(tmp_path, drafting) as jobs:
        await jobs.start_due()
        await eventually(lambda: drafting.begun == [job])
        assert (
            await leases.claim(
                job, Phase.STORYBOARD, worker="w2", duration=LEASE, policy=RetryPolicy()
            )
            is None
        )
        assert await turns.next_in(Lane.DRAFTS, limit=9) == []


async def test_work_is_begun_behind_more_dead_wake_ups_than_arq_looks_at(
    tmp_path: Path, redis_url: str, drafting: Drafting
) -> None:
    (job,) = await due(1)
    async with open_queue(redis_url) as queue, Redis.from_url(redis_url) as redis:
        for number in range(150):
            await redis.zadd(QueueName.DRAFTS, {f"dead-{number}": 1 + number})
            await redis.set(f"arq:in-progress:dead-{number}", b"1", ex=18_000)
        await queue.send_due(Due(jobs={job: (Status.PENDING, 0)}))
        async with (
            workload(tmp_path, drafting) as jobs,
            listening(jobs, redis_url),
            anyio.create_task_group() as group,
        ):
            group.start_soon(lambda: jobs.poll(every=0.2))
            await eventually(lambda: drafting.begun == [job], seconds=10)
            group.cancel_scope.cancel()
