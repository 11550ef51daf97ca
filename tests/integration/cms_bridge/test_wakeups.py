"""Wake-ups: sent after the commit, and once, on both databases."""

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import pytest

from cms_bridge import wakeups
from cms_bridge.database import transaction
from cms_bridge.errors import NotApproved
from cms_bridge.jobs import history, leases, transitions, turns
from cms_bridge.jobs.leases import Lease, Phase
from cms_bridge.jobs.queue import open_queue
from cms_bridge.jobs.retries import RetryPolicy
from cms_bridge.outbox import messages
from cms_bridge.outbox.messages import Topic
from cms_bridge.states import Lane, Status
from cms_bridge.tables import Job
from cms_bridge.wakeups import Due
from cms_bridge.webhooks import deliveries
from tests.support import events
from tests.support.jobs import accept, drafted
from tests.support.webhooks import subscribed

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]


class Ear:
    """Hears wake-ups, and sees what was committed by then."""

    def __init__(self) -> None:
        self.jobs: list[tuple[UUID, Status, int]] = []
        self.news: list[UUID] = []
        self.webhooks = 0
        self.changes: list[UUID] = []
        self.stopped: list[UUID] = []

    async def send_due(self, due: Due) -> None:
        for job in due.changed:
            newest = await transitions.find(job)
            events_of_it = await history.events_after(job, newest.sequence - 1)
            assert [one.sequence for one in events_of_it] == [newest.sequence]
        self.changes.extend(due.changed)
        self.stopped.extend(due.stopped)
        for job, (status, attempt) in due.jobs.items():
            assert (await transitions.find(job)).status == status
            self.jobs.append((job, status, attempt))
        for job in due.news:
            assert await messages.due_for(job)
        self.news.extend(due.news)
        assert not due.webhooks or await deliveries.due(limit=1)
        self.webhooks += due.webhooks


@pytest.fixture
def ear() -> Ear:
    return Ear()


async def claim(job: UUID, phase: Phase) -> Lease | None:
    return await leases.claim(
        job, phase, worker="w1", duration=timedelta(seconds=30), policy=RetryPolicy()
    )


async def test_an_accepted_event_wakes_a_worker_and_the_outbox(ear: Ear) -> None:
    with wakeups.sent_to(ear):
        event = events.submitted()
        job = (await accept(event, message="evt_1")).job_id
        await accept(event, message="evt_1")
    assert ear.jobs == [(job, Status.PENDING, 0)]
    assert ear.news == ear.changes == [job]


async def test_an_approved_job_wakes_a_worker_once_it_may_be_worked_on(ear: Ear) -> None:
    job = await drafted()
    with wakeups.sent_to(ear):
        with pytest.raises(NotApproved):
            await transitions.render(job)
        assert ear.jobs == []
        await accept(events.approved(job))
        assert ear.jobs == [(job, Status.APPROVED, 0)]
        await Job.update({Job.wake_at: None}).where(Job.id == job)
        await transitions.render(job)
    assert ear.jobs == [(job, Status.APPROVED, 0)] * 2


async def test_what_a_worker_does_to_its_job_is_news(ear: Ear) -> None:
    job = (await accept(events.submitted())).job_id
    with wakeups.sent_to(ear):
        lease = await claim(job, Phase.STORYBOARD)
        assert lease
        assert ear.news == [job]
        await leases.advance(lease, progress=3)
    assert ear.news == ear.changes == [job, job]
    assert ear.jobs == []


async def test_what_integrators_are_told_wakes_a_worker_once(ear: Ear) -> None:
    with wakeups.sent_to(ear):
        await accept(events.submitted())
        assert ear.webhooks == 0, "nobody subscribed"
        for number in range(3):
            await subscribed(f"https://{number}.example")
        await accept(events.cancelled())
    assert ear.webhooks == 1


async def test_whoever_has_a_job_that_is_cancelled_is_told_to_stop(ear: Ear) -> None:
    job = (await accept(events.submitted())).job_id
    with wakeups.sent_to(ear):
        assert await claim(job, Phase.STORYBOARD)
        assert ear.stopped == []
        await accept(events.cancelled())
    assert ear.stopped == [job]


async def test_what_is_rolled_back_wakes_nobody(ear: Ear) -> None:
    job = await drafted()
    with wakeups.sent_to(ear):
        with suppress(ZeroDivisionError):
            async with transaction():
                wakeups.job_due(job, Status.APPROVED, attempt=1)
                await messages.touch(job, Topic.RENDITION)
                raise ZeroDivisionError
        async with transaction():
            pass
    assert (ear.jobs, ear.news, ear.changes) == ([], [], [])


async def test_a_transaction_within_another_wakes_once_and_at_the_end(ear: Ear) -> None:
    job = await drafted()
    with wakeups.sent_to(ear):
        async with transaction():
            await messages.touch(job, Topic.RENDITION)
            async with transaction():
                await messages.touch(job, Topic.STORYBOARD)
                wakeups.job_due(job, Status.STORYBOARD_COMPLETE, attempt=0)
            assert (ear.jobs, ear.news) == ([], [])
    assert ear.news == [job]
    assert ear.jobs == [(job, Status.STORYBOARD_COMPLETE, 0)]


async def test_a_queue_that_is_away_changes_nothing() -> None:
    async with open_queue("redis://127.0.0.1:1/0") as queue:
        with wakeups.sent_to(queue):
            job = (await accept(events.submitted())).job_id
    assert [one for one, *_ in await turns.next_in(Lane.DRAFTS, limit=9)] == []
    await Job.update({Job.wake_at: Job.created_at}).where(Job.id == job)
    assert [one for one, *_ in await turns.next_in(Lane.DRAFTS, limit=9)] == [job]
    assert await messages.due_for(job)
