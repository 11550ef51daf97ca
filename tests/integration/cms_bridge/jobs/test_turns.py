"""Turns: however many jobs of one project wait, another's first begins among the next."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from cms_bridge import projects
from cms_bridge.jobs import leases, transitions, turns
from cms_bridge.jobs.leases import Lease, Phase
from cms_bridge.states import JobKind, Lane, Priority
from cms_bridge.tables import Job
from render.problem import Problem
from tests.support import events
from tests.support.jobs import POLICY, accept, claimed

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]

OVER = Problem(code="over", message="Over.")
SOON = timedelta(seconds=5)
NORMAL = Priority.NORMAL


async def waiting(project: str, *, ago: float = 1.0, priority: Priority | None = None) -> UUID:
    event = events.submitted(video=f"v-{uuid4()}", project=project, priority=priority)
    job = (await accept(event)).job_id
    await Job.update({Job.wake_at: datetime.now(UTC) - timedelta(seconds=ago)}).where(Job.id == job)
    return job


async def begin_next(worker: str = "w1") -> Lease | None:
    """Begin the job whose turn it is, as a worker with a free place does."""
    for one in await turns.next_in(Lane.DRAFTS, limit=1):
        return await claimed(one.id, Phase.STORYBOARD, worker=worker)
    return None


async def test_one_place_is_shared_in_turns_however_many_jobs_of_a_project_stand_before() -> None:
    for number in range(30):
        await waiting("a", ago=100 - number)
    begun: list[str] = []
    for step in range(8):
        if step == 1:
            await waiting("b")
        if step == 3:
            await waiting("c")
            await waiting("b")
        lease = await begin_next()
        assert lease
        begun.append(lease.project)
        await leases.fail(lease, OVER)
    assert begun == ["a", "b", "a", "c", "b", "a", "a", "a"]


async def test_a_project_with_nothing_in_hand_goes_before_one_that_has() -> None:
    for _ in range(3):
        await waiting("a", ago=100)
    await waiting("b")
    # B has had its turn just now; that of A is longer ago, but still in hand.
    taken = [await begin_next()]
    await turns.note(Lane.DRAFTS, JobKind.VIDEO, "b", at=datetime.now(UTC))
    taken.append(await begin_next())
    assert [lease.project for lease in taken if lease] == ["a", "b"]


async def test_several_places_filled_at_once_are_filled_as_one_after_another() -> None:
    for _ in range(4):
        await waiting("a", ago=100)
    await waiting("b")
    found = await turns.next_in(Lane.DRAFTS, limit=3)
    projects = [(await transitions.find(one.id)).project for one in found]
    assert projects == ["a", "b", "a"]


async def next_ones() -> list[UUID]:
    return [one.id for one in await turns.next_in(Lane.DRAFTS, limit=9)]


async def test_of_a_projects_jobs_the_more_urgent_go_first_and_then_those_due_the_longest() -> None:
    low = await waiting("a", ago=90, priority=Priority.LOW)
    usual = [await waiting("a", ago=ago, priority=one) for ago, one in ((80, None), (70, NORMAL))]
    high = [await waiting("a", ago=ago, priority=Priority.HIGH) for ago in (60, 50)]
    assert await next_ones() == [*high, *usual, low]


async def test_no_project_goes_before_another_by_urgency() -> None:
    urgent = [await waiting("a", ago=ago, priority=Priority.HIGH) for ago in (90, 80)]
    patient = await waiting("b", ago=1, priority=Priority.LOW)
    assert await next_ones() == [urgent[0], patient, urgent[1]]


async def test_jobs_without_a_priority_go_by_their_projects_also_those_that_wait() -> None:
    plain = await waiting("a", ago=90)
    normal = await waiting("a", ago=80, priority=NORMAL)
    assert await next_ones() == [plain, normal]
    await projects.set_priority("a", Priority.LOW)
    assert await next_ones() == [normal, plain]
    assert await projects.priority_of("a") is Priority.LOW


async def test_what_nobody_has_had_in_hand_counts_beside_what_is_due_a_retry_does_not() -> None:
    fresh = (await accept(events.submitted(video="fresh", project="a"))).job_id
    late = await waiting("b")
    lease = await claimed(late, Phase.STORYBOARD)
    await leases.postpone(lease, OVER, policy=POLICY)
    assert await turns.next_in(Lane.DRAFTS, limit=9) == []
    found = await turns.next_in(Lane.DRAFTS, limit=9, fresh=SOON)
    assert [one.id for one in found] == [fresh]
    assert await turns.next_in(Lane.DRAFTS, limit=9, woken=fresh) == found
    assert await turns.waits(fresh, after=0)
    assert not await turns.waits(fresh, after=1)
    await claimed(fresh, Phase.STORYBOARD)
    assert not await turns.waits(fresh, after=1)


@pytest.mark.parametrize("seed", range(3))
async def test_while_a_projects_first_waits_no_other_begins_more_than_one(seed: int) -> None:
    """Whatever comes and ends in whatever order, with one place or several."""
    chance = random.Random(seed)  # noqa: S311 - guards nothing
    places, running, waits = chance.randint(1, 3), list[Lease](), Counter[str]()
    since: dict[str, Counter[str]] = {}
    """By project that has none in hand, and one that waits: what others began meanwhile."""
    for _ in range(50):
        if chance.random() < 0.6:
            project = chance.choice("aaaaabcd")
            await waiting(project, ago=chance.uniform(0, 100))
            waits[project] += 1
            if project not in {one.project for one in running}:
                since.setdefault(project, Counter())
        if running and chance.random() < 0.5:
            ended = running.pop(chance.randrange(len(running)))
            await leases.fail(ended, OVER)
            if waits[ended.project] and ended.project not in {one.project for one in running}:
                since.setdefault(ended.project, Counter())
        while len(running) < places and (lease := await begin_next(f"w{len(running)}")):
            running.append(lease)
            waits[lease.project] -= 1
            since.pop(lease.project, None)
            for others in since.values():
                others[lease.project] += 1
                assert others[lease.project] <= 1
