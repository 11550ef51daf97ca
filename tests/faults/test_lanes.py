"""Lanes, with real daemons: who waits for an engine, or behind another project, holds up nobody."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from cms_bridge.states import Status
from cms_bridge.tables import Attempt, Job
from tests.faults.harness import Harness, daemon, open_harness
from tests.faults.runs import one_set, ordered
from tests.support.installation import eventually

pytestmark = pytest.mark.anyio

FILMS = 30


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    with open_harness(tmp_path_factory.mktemp("harness")) as harness:
        yield harness


async def begun(project: str) -> int:
    """Return how many films of a project are being encoded, or have been."""
    encoded = [Status.UPLOADING, Status.COMPLETED]
    return await Job.count().where(
        (Job.project == project)
        & (Job.status.is_in(encoded) | ((Job.status == Status.COMPOSING) & (Job.lease_owner != "")))
    )


@pytest.mark.slow
async def test_behind_thirty_films_of_one_project_anothers_draft_and_film_begin_among_the_next(
    harness: Harness,
) -> None:
    async with one_set(harness, gemini_api_key="") as run:
        for number in range(FILMS):
            await ordered(f"a-{number}", project="a")
        with run.daemon():
            await eventually(lambda: begun("a"), seconds=60)
            before = await begun("a")
            draft = await ordered("draft", approved=False, project="b")
            film = await ordered("film", project="b")

            await eventually(lambda: reached(draft, Status.STORYBOARD_COMPLETE), seconds=60)
            await eventually(lambda: Attempt.exists().where(Attempt.job == film), seconds=400)
            await eventually(lambda: begun("b"), seconds=400)
            # One that was being encoded, and the one that was made meanwhile.
            assert await begun("a") - before <= 2
            await eventually(lambda: reached(film, Status.COMPLETED), seconds=60)


async def test_daemons_of_one_lane_each_make_a_film_together(harness: Harness) -> None:
    async with one_set(harness, gemini_api_key="") as run:
        makers = run.settings | {"REELWRIGHT_LANES": '["drafts", "generation"]'}
        encoders = run.settings | {"REELWRIGHT_LANES": '["composition"]'}
        with daemon(makers, run.directory):
            film = await ordered("film")
            await eventually(lambda: released(film), seconds=60)
        # It stays so until somebody encodes.
        assert await reached(film, Status.COMPOSING)
        with daemon(encoders, run.directory):
            await eventually(lambda: reached(film, Status.COMPLETED), seconds=60)
        tried = await Attempt.select().where(Attempt.job == film).order_by(Attempt.number)
        assert [row["outcome"] for row in tried] == ["released", "succeeded"]
        assert len({row["worker"] for row in tried}) == 2
        assert (await Job.select(Job.retry_count).where(Job.id == film))[0]["retry_count"] == 0


async def reached(job: UUID, status: Status) -> bool:
    return await Job.exists().where(Job.id == job, Job.status == status)


async def released(job: UUID) -> bool:
    return await Attempt.exists().where(Attempt.job == job, Attempt.outcome == "released")
