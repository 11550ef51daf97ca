"""What a worker reports: at most so often, nothing dropped, and the stage never an old one."""

from contextlib import aclosing
from uuid import UUID

import anyio
import pytest

from cms_bridge.errors import LeaseLost
from cms_bridge.jobs import history
from cms_bridge.jobs.history import JobEventRecord
from cms_bridge.records import Stage
from cms_bridge.states import StageName, Status
from cms_bridge.tables import OutboxMessage
from daemon.work.progress import GENERATING, Reporter
from tests.support import events
from tests.support.jobs import accept, approved, claimed

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]


def drawing(scene: int) -> Stage:
    return Stage(name=StageName.PICTURE, scene=scene, scene_id=f"s{scene}", model="a-model")


async def told(job: UUID) -> list[JobEventRecord]:
    return [one for one in await history.events_after(job, 0) if one.status is Status.GENERATING]


async def test_what_came_too_soon_is_told_by_itself_when_its_time_has_come() -> None:
    job = await approved()
    async with aclosing(Reporter(await claimed(job), every=0.3)) as reporter:
        for scene in (1, 2, 3):
            await reporter.enter(drawing(scene))
        await reporter.report(GENERATING, 0.5, scenes_done=1, fallback=True)
        assert [one.stage for one in await told(job)] == [None, drawing(1)]
        await anyio.sleep(0.6)
        *_, last = found = await told(job)
    assert len(found) == 3
    assert (last.stage, last.progress, last.scenes_done, last.fallback) == (drawing(3), 22, 1, True)


async def test_a_move_tells_what_was_held_back_and_nothing_comes_after_it() -> None:
    job = await approved()
    async with aclosing(Reporter(await claimed(job), every=0.2)) as reporter:
        await reporter.enter(drawing(1))
        await reporter.report(GENERATING, 1.0, scenes_done=2)
        await reporter.move(Status.COMPOSING, stage=Stage(name=StageName.COMPOSITION))
        await anyio.sleep(0.5)
    (*_, last) = await history.events_after(job, 0)
    assert (last.status, last.progress, last.scenes_done) == (Status.COMPOSING, 40, 2)
    assert last.stage == Stage(name=StageName.COMPOSITION)


async def test_the_cms_is_not_written_to_for_a_stage_alone() -> None:
    job = await approved()
    async with aclosing(Reporter(await claimed(job), every=0)) as reporter:
        versions = [row["version"] for row in await OutboxMessage.select(OutboxMessage.version)]
        await reporter.enter(drawing(1))
        assert versions == [
            row["version"] for row in await OutboxMessage.select(OutboxMessage.version)
        ]
        await reporter.report(GENERATING, 0.5)
    after = [row["version"] for row in await OutboxMessage.select(OutboxMessage.version)]
    assert sum(after) == sum(versions) + 1


async def test_who_has_lost_the_job_learns_it_before_a_call() -> None:
    job = await approved()
    async with aclosing(Reporter(await claimed(job), every=0)) as reporter:
        await accept(events.cancelled())
        with pytest.raises(LeaseLost):
            await reporter.enter(drawing(1))
    (*_, last) = await history.events_after(job, 0)
    assert (last.status, last.stage) == (Status.CANCELLED, None)
