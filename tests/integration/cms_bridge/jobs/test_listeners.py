"""Those who follow one job: each is told everything, and the database is asked once for all."""

from typing import Any
from uuid import UUID

import anyio
import pytest
from redis import Redis

from cms_bridge import wakeups
from cms_bridge.gate import Following
from cms_bridge.jobs import history, transitions
from cms_bridge.jobs.channels import Channel
from cms_bridge.jobs.history import JobEventRecord
from cms_bridge.jobs.listeners import Listeners
from cms_bridge.jobs.queue import open_queue
from tests.support import events
from tests.support.installation import eventually
from tests.support.jobs import accept

pytestmark = pytest.mark.anyio

MANY = 200
FOLLOWING = Following(listeners=MANY, listeners_per_key=0, heartbeat_seconds=60)


async def test_a_change_is_read_once_for_all_and_told_to_each(
    database: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[tuple[UUID, int]] = []
    real = history.events_after

    async def counted(job: UUID, after: int, *, limit: int) -> list[JobEventRecord]:
        reads.append((job, after))
        return await real(job, after, limit=limit)

    monkeypatch.setattr(history, "events_after", counted)
    job = (await accept(events.submitted())).job_id
    listeners = Listeners(redis_url, FOLLOWING)
    told: list[list[int]] = [[] for _ in range(MANY)]

    async def follow(number: int) -> None:
        with listeners.listening(job, key="k") as listener:
            async for event in listener.events(after=0):
                if event:
                    told[number].append(event.sequence)

    async def all_told(count: int) -> None:
        await eventually(lambda: all(len(one) == count for one in told), every=0.01)

    async with (
        listeners.running(),
        open_queue(redis_url) as queue,
        anyio.create_task_group() as followers,
    ):
        for number in range(MANY):
            followers.start_soon(follow, number)
        await all_told(1)
        with Redis.from_url(redis_url) as redis:
            server: Any = redis  # typed for both of its kinds
            await eventually(lambda: server.pubsub_numsub(Channel.CHANGES)[0][1])
        # Whoever begins to hear has all look once.
        await anyio.sleep(0.5)
        reads.clear()
        with wakeups.sent_to(queue):
            await transitions.cancel_job(job)
        await all_told(2)
    assert {tuple(one) for one in told} == {(1, 2)}
    assert 1 <= len(reads) <= 3, "one for all; and one more for what Redis told twice"
