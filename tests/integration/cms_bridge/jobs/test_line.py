"""Who is next in each lane, as daemons themselves would ask, and when about."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from cms_bridge.jobs import turns
from cms_bridge.jobs.leases import Phase
from cms_bridge.jobs.line import MOST, Line, Standing, pace
from cms_bridge.states import AttemptOutcome, Lane, Status
from cms_bridge.tables import Attempt, Job
from tests.support import events
from tests.support.jobs import accept

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]


async def waiting(project: str, *, ago: float, status: Status = Status.PENDING) -> UUID:
    job = (await accept(events.submitted(video=f"v-{uuid4()}", project=project))).job_id
    due = datetime.now(UTC) - timedelta(seconds=ago)
    await Job.update({Job.wake_at: due, Job.status: status}).where(Job.id == job)
    return job


async def ended(
    job: UUID,
    *ago: float,
    took: float = 60,
    outcome: AttemptOutcome = AttemptOutcome.SUCCEEDED,
) -> None:
    now = datetime.now(UTC)
    for seconds in ago:
        at = now - timedelta(seconds=seconds)
        row = Attempt(
            id=uuid4(),
            job=job,
            number=await Attempt.count() + 1,
            phase=Phase.RENDER,
            worker="w",
            started_at=at - timedelta(seconds=took),
            finished_at=at,
            outcome=outcome,
        )
        await Attempt.insert(row)


async def test_projects_take_turns_in_each_lane_and_long_lines_are_cut() -> None:
    many = [await waiting("a", ago=100 - number) for number in range(MOST + 3)]
    other = await waiting("b", ago=1)
    film = await waiting("a", ago=9, status=Status.COMPOSING)
    told = await Line().heads()
    drafts = [one for one in told if one.standing.lane is Lane.DRAFTS]
    assert [one.id for one in drafts] == [many[0], other, *many[1 : MOST - 1]]
    assert [one.standing.place for one in drafts] == list(range(1, MOST + 1))
    assert [one.project for one in drafts[:2]] == ["a", "b"]
    assert 99 < drafts[0].waited_seconds < 160
    assert [one.id for one in told if one.standing.lane is Lane.COMPOSITION] == [film]
    assert {one.standing.starts_in_seconds for one in told} == {None}


async def test_when_a_job_begins_is_told_by_the_gap_in_the_middle_of_the_last_ends() -> None:
    first = await waiting("a", ago=9, status=Status.APPROVED)
    await waiting("a", ago=8, status=Status.APPROVED)
    await waiting("a", ago=7)
    await ended(first, 30, 50, 70)
    assert await pace(Phase.RENDER) is None
    # A pause of half an hour, and ends of another hour or kind, change nothing.
    await ended(first, 90, 1_900, 4_000)
    await ended(first, 31, 32, 33, outcome=AttemptOutcome.RELEASED)
    seconds = await pace(Phase.RENDER)
    assert seconds == pytest.approx(20, abs=1)
    assert await pace(Phase.STORYBOARD) is None
    told = [one.standing for one in await Line().heads()]
    starts = {(one.lane, one.place): one.starts_in_seconds for one in told}
    assert starts == {
        (Lane.DRAFTS, 1): None,
        (Lane.GENERATION, 1): pytest.approx(20, abs=1),
        (Lane.GENERATION, 2): pytest.approx(40, abs=2),
    }


async def test_no_place_takes_longer_to_be_free_than_a_job_takes() -> None:
    """A line that has just begun to form: before it, whoever came was taken at once."""
    job = await waiting("a", ago=1, status=Status.APPROVED)
    await ended(job, 300, 900, 1_500, 2_100, took=12)
    assert await pace(Phase.RENDER) == pytest.approx(12)


async def test_a_job_has_the_place_in_which_it_is_taken() -> None:
    statuses = {}
    for number in range(4):
        statuses[await waiting("a", ago=50 - number)] = Status.PENDING
    other = await waiting("b", ago=1)
    first, second, *later = statuses
    statuses[other] = Status.PENDING
    standings = await Line().standings(statuses)
    assert {job: one.place for job, one in standings.items()} == {
        first: 1,
        other: 2,
        second: 3,
        later[0]: 4,
        later[1]: 5,
    }
    taken = await turns.next_in(Lane.DRAFTS, limit=9)
    assert sorted(standings, key=lambda job: standings[job].place) == [one.id for one in taken]


async def test_whoever_is_worked_on_or_waits_for_a_person_or_for_later_is_in_no_line() -> None:
    line = Line()
    worked_on = await waiting("a", ago=1, status=Status.GENERATING)
    soon = datetime.now(UTC) + timedelta(seconds=20)
    await Job.update({Job.lease_expires_at: soon, Job.wake_at: soon, Job.lease_owner: "w"}).where(
        Job.id == worked_on
    )
    later = await waiting("a", ago=-60, status=Status.APPROVED)
    done = await waiting("a", ago=1, status=Status.COMPLETED)
    submitted = (await accept(events.submitted(video="new"))).job_id
    assert await line.standing(worked_on, Status.GENERATING) is None
    assert await line.standing(later, Status.APPROVED) is None
    assert await line.standing(done, Status.COMPLETED) is None
    # An event of it that is told later than it was taken.
    assert await line.standing(worked_on, Status.PENDING) is None
    place = Standing(lane=Lane.DRAFTS, place=1, starts_in_seconds=None)
    assert await line.standing(submitted, Status.PENDING) == place
