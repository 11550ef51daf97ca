"""A video's first submission, in one step: the same as by and by, whoever comes at that moment."""

from typing import Any
from uuid import UUID, uuid4

import anyio
import asyncpg
import msgspec
import pytest

from cms_bridge import wakeups
from cms_bridge.database import connected
from cms_bridge.engines import DatabaseBounds
from cms_bridge.errors import EventConflict
from cms_bridge.inbox import intake
from cms_bridge.states import FINISHED, Status
from cms_bridge.tables import InboundEvent, Job, JobEvent, OutboxMessage, Project
from cms_bridge.wakeups import Due
from tests.support import events
from tests.support.jobs import accept
from tests.support.servers.postgres import PostgresServer

pytestmark = pytest.mark.anyio

OWN = {"id", "job", "video_id", "body", "body_sha256"}
"""What differs from one submission to the next, besides times."""


async def rows_of(job: UUID) -> list[dict[str, Any]]:
    found = [
        *await Job.select().where(Job.id == job),
        *await JobEvent.select().where(JobEvent.job == job),
        *await OutboxMessage.select().where(OutboxMessage.job == job),
        *await InboundEvent.select().where(InboundEvent.job == job),
    ]
    return [
        {name: one for name, one in row.items() if name not in OWN and not hasattr(one, "tzinfo")}
        for row in found
    ]


class Ear:
    def __init__(self) -> None:
        self.heard: list[Due] = []

    async def send_due(self, due: Due) -> None:
        self.heard.append(due)


async def test_it_is_written_as_any_other(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ear = Ear()
    with wakeups.sent_to(ear):
        first = await accept(events.submitted(video="one"))
        with monkeypatch.context() as slowly:
            slowly.setattr(intake, "run_script", never)
            other = await accept(events.submitted(video="two"))
    assert msgspec.structs.replace(other, job_id=first.job_id) == first
    assert await rows_of(first.job_id) == await rows_of(other.job_id)
    assert [row["name"] for row in await Project.select()] == ["A project"]
    for job, due in zip((first.job_id, other.job_id), ear.heard, strict=True):
        assert due == Due(changed={job: None}, jobs={job: (Status.PENDING, 0)}, news={job: None})


async def never(*_: Any) -> bool:
    return False


async def test_of_submissions_that_come_at_once_the_newest_is_worked_on(database: str) -> None:
    async with anyio.create_task_group() as group:
        for number in (3, 1, 5, 2, 4, 6):
            group.start_soon(accept, events.submitted(submission=number))
    rows = await Job.select(Job.submission, Job.status)
    assert len(rows) == 6
    at_work = [row["submission"] for row in rows if row["status"] not in FINISHED]
    assert at_work == [6]


async def test_an_event_that_comes_twice_at_once_is_one(database: str) -> None:
    event, told = events.submitted(), list[UUID]()

    async def once() -> None:
        told.append((await accept(event, message="evt_1")).job_id)

    async with anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(once)
    assert len(set(told)) == await Job.count() == await InboundEvent.count() == 1
    with pytest.raises(EventConflict):
        await accept(events.submitted(video="another"), message="evt_1")
    assert await Job.count() == 1


async def test_many_that_come_at_once_are_each_written_once_and_wake_their_own(
    database: str,
) -> None:
    told, ears = dict[str, UUID](), list[Ear]()

    async def one(video: str, project: str) -> None:
        event = events.submitted(video=video)
        owner = msgspec.structs.replace(event.data.project, id=project)
        ear = Ear()
        with wakeups.sent_to(ear):
            accepted = await accept(
                msgspec.structs.replace(
                    event, data=msgspec.structs.replace(event.data, project=owner)
                )
            )
        told[video] = accepted.job_id
        assert [list(due.jobs) for due in ear.heard] == [[accepted.job_id]]
        ears.append(ear)

    async with anyio.create_task_group() as group:
        for number in range(150):
            group.start_soon(one, f"video-{number}", f"project-{number * 7 % 11}")
    assert len(ears) == len(set(told.values())) == await Job.count() == 150
    rows = await Job.select(Job.id, Job.video_id, Job.project)
    assert {row["video_id"]: row["id"] for row in rows} == told
    assert {row["project"] for row in rows} == {f"project-{number}" for number in range(11)}


@pytest.fixture
def poor_url(postgres_server: PostgresServer, migrated_postgres_url: str) -> str:
    """The same database, as a role that may make nothing, be it for a while."""
    name, database = f"poor_{uuid4().hex[:8]}", migrated_postgres_url.rpartition("/")[2]
    postgres_server.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'poor'")
    postgres_server.execute(f"GRANT pg_read_all_data, pg_write_all_data TO {name}")
    postgres_server.execute(f'REVOKE TEMP ON DATABASE "{database}" FROM PUBLIC')
    # It owns nothing, and goes with the cluster.
    return f"postgresql://{name}:poor@127.0.0.1:{postgres_server.port}/{database}"


async def test_who_may_make_no_function_goes_the_longer_way(poor_url: str) -> None:
    async with connected(poor_url):
        first = await accept(events.submitted())
        assert (first.status, first.duplicate) == (Status.PENDING, False)
        assert (await accept(events.submitted(video="another"))).job_id != first.job_id
    connection = await asyncpg.connect(poor_url)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(intake.FIRST.function)
    finally:
        await connection.close()


async def test_a_session_that_is_another_s_goes_the_longer_way(migrated_postgres_url: str) -> None:
    # As behind a pooler that lends its sessions by the transaction.
    async with connected(migrated_postgres_url, DatabaseBounds(connections=1)):
        await accept(events.submitted())
        await Job.raw("DISCARD TEMP")
        assert (await accept(events.submitted(video="another"))).status == Status.PENDING
