"""Who is next in each lane, as daemons themselves would ask, and when about."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from cms_bridge.jobs.leases import Phase
from cms_bridge.operations.line import MOST, line, pace
from cms_bridge.states import AttemptOutcome, Lane, Status
from cms_bridge.tables import Attempt, Job
from tests.support import events
from tests.support.jobs import accept

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]

UNKNOWN = dict.fromkeys(Phase, None)


async def waiting(project: str, *, ago: float, status: Status = Status.PENDING) -> UUID:
    job = (await accept(events.submitted(video=f"v-{uuid4()}", project=project))).job_id
    due = datetime.now(UTC) - timedelta(seconds=ago)
    await Job.update({Job.wake_at: due, Job.status: status}).where(Job.id == job)
    return job


async def ended(job: UUID, *ago: float, outcome: AttemptOutcome = AttemptOutcome.SUCCEEDED) -> None:
    now = datetime.now(UTC)
    for seconds in ago:
        at = now - timedelta(seconds=seconds)
        row = Attempt(
            id=uuid4(),
            job=job,
            number=await Attempt.count() + 1,
            phase=Phase.RENDER,
            worker="w",
            started_at=at - timedelta(seconds=1),
            finished_at=at,
            outcome=outcome,
        )
        await Attempt.insert(row)


async def test_projects_take_turns_in_each_lane_and_long_lines_are_cut() -> None:
    many = [await waiting("a", ago=100 - number) for number in range(MOST + 3)]
    other = await waiting("b", ago=1)
    film = await waiting("a", ago=9, status=Status.COMPOSING)
    told = await line(UNKNOWN)
    drafts = [one for one in told if one.lane is Lane.DRAFTS]
    assert [one.id for one in drafts] == [many[0], other, *many[1 : MOST - 1]]
    assert [one.place for one in drafts] == list(range(1, MOST + 1))
    assert [one.project for one in drafts[:2]] == ["a", "b"]
    assert 99 < drafts[0].waited_seconds < 160
    assert [one.id for one in told if one.lane is Lane.COMPOSITION] == [film]
    assert {one.starts_in_seconds for one in told} == {None}


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
    told = await line({Phase.RENDER: seconds, Phase.STORYBOARD: None})
    starts = {(one.lane, one.place): one.starts_in_seconds for one in told}
    assert starts == {
        (Lane.DRAFTS, 1): None,
        (Lane.GENERATION, 1): pytest.approx(20, abs=1),
        (Lane.GENERATION, 2): pytest.approx(40, abs=2),
    }
