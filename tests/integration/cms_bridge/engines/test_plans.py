"""How SQLite answers what the service asks: from an index, never by reading a table through."""

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from cms_bridge import assets, films
from cms_bridge.assets import Condition
from cms_bridge.engines.sqlite import SQLite
from cms_bridge.health import models, service
from cms_bridge.jobs import (
    exports,
    media,
    queues,
    renditions,
    submissions,
    tasks,
    turns,
    workers,
)
from cms_bridge.jobs import history as job_history
from cms_bridge.jobs.tasks import Wanted
from cms_bridge.ledger import charges
from cms_bridge.operations import fleet
from cms_bridge.outbox import messages
from cms_bridge.records import JobRecord, PageEnd
from cms_bridge.states import JobKind, Lane, Status
from cms_bridge.storage.local import LocalStore
from cms_bridge.tables import Charge, GeneratedVideo, Job, WebhookDelivery
from cms_bridge.uploads import registry as uploads
from cms_bridge.webhooks import deliveries, history, subscriptions
from tests.support import events, every_kind
from tests.support.webhooks import PROJECT

pytestmark = pytest.mark.anyio

SMALL = {
    "project",
    "spend",
    "worker",
    "turn",
    "model_health",
    "model_aggregate",
    "sqlite_master",
    "migration",
}
"""A row a project or a model, or a few, however long the service runs."""
STRETCH = re.compile(r"s\d+")
"""No more rows of an index than a page holds."""
BOUNDED = {"counted", "tasks", "in_line", "turns", "CONSTANT"}
"""Of no more rows than a limit, or of one that is no table's."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[Any]]]:
    """Every statement that SQLite is asked."""
    found: list[tuple[str, list[Any]]] = []
    run = SQLite._run

    async def noted(engine: SQLite, statement: str, values: list[Any]) -> Any:
        found.append((statement, values))
        return await run(engine, statement, values)

    monkeypatch.setattr(SQLite, "_run", noted)
    return found


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_nothing_that_is_asked_all_the_time_reads_a_table_through(  # noqa: PLR0915  many rooms
    database: str, tmp_path: Path, asked: list[tuple[str, list[Any]]]
) -> None:
    # Its own preparations are no part of the service.
    await every_kind.fill()
    job, charge = await Job.select().first(), await Charge.select().first()
    medium = await Job.select(Job.id).where(Job.kind == "image").first()
    (hook, *_) = await WebhookDelivery.select()
    filmed = await GeneratedVideo.select(GeneratedVideo.job).first()
    assert job
    assert charge
    assert filmed
    assert medium
    asked.clear()
    await every_kind.accept(events.submitted(video="another"))
    await every_kind.accept(events.cancelled(video="another"))
    await service.backlog(overdue=timedelta(minutes=2), news=True)
    await deliveries.due(limit=10, besides=[UUID(int=1)], healthy=True)
    assert await deliveries._claim((await deliveries.due(limit=1))[0].id, seconds=1)
    await deliveries.end_waiting(hook["subscription"])
    await history.page(hook["subscription"], limit=5)
    await history.find(hook["subscription"], hook["id"])
    one = await subscriptions.find(PROJECT, hook["subscription"])
    await history.replay_failed(one, since=datetime.now(UTC))
    await history.prune(timedelta(0))
    await subscriptions.listed(PROJECT)
    await turns.next_in(Lane.GENERATION, limit=4, besides=[job["id"]], woken=job["id"])
    await messages.due()
    await messages.due_for(job["id"])
    await job_history.events_after(job["id"], 0)
    await job_history.sequences([job["id"]])
    await job_history.forget(before=datetime.now(UTC) - timedelta(days=7))
    await charges.sweep(silence=timedelta(0))
    await charges.charges_of(charge["job"])
    await media.find(medium["id"])
    _, (film, *_) = await renditions.of_video(filmed["job"])
    await renditions.files_named(film.id, every_kind.FILES)
    await exports.of_video(filmed["job"])
    await films.finished(filmed["job"])
    await films.of_export(filmed["job"])
    await assets.owned([filmed["job"], medium["id"]], ["0" * 64])
    await assets.find_asset("p3", ["0" * 64])
    await assets.judge("media/none.png", Condition.USABLE)
    for wanted in (
        Wanted(),
        Wanted(kinds=[JobKind.IMAGE]),
        Wanted(statuses=[Status.FAILED, Status.PENDING], since=datetime.now(UTC)),
        Wanted(after=PageEnd(datetime.now(UTC), job["id"]), kinds=list(JobKind)),
    ):
        await tasks.page("p3", wanted, size=50)
    await queues.queues(late_after=timedelta(minutes=2))
    await workers.workers()
    await fleet.fleet(overdue=timedelta(minutes=2), news=True)
    await submissions.is_superseded(JobRecord.of(job))
    await uploads.of_project("p1", limit=50, after=PageEnd(datetime.now(UTC), uuid4()))
    await uploads.sweep(LocalStore(tmp_path, base_url="http://b", secret="s" * 32))
    await models.health(since=datetime.now(UTC), until=datetime.now(UTC))
    scanned: dict[str, str] = {}
    with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as file:
        for statement, values in asked:
            # Values of Piccolo's own kinds are none of the driver's; no plan depends on them.
            bare = [str(value) for value in values]
            for *_, step in file.execute(f"EXPLAIN QUERY PLAN {statement}", bare):
                table = re.match(r"SCAN (\w+)", step)
                known = table and (table[1] in SMALL | BOUNDED or STRETCH.fullmatch(table[1]))
                if table and not known and "INDEX" not in step:
                    scanned[statement] = step
    assert len(asked) > 30
    assert scanned == {}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("wanted", "stretches"),
    [
        (Wanted(), 1),
        (Wanted(after=PageEnd(datetime.now(UTC), uuid4())), 1),
        (Wanted(kinds=[JobKind.IMAGE], since=datetime.now(UTC)), len(Status)),
        (
            Wanted(statuses=[Status.FAILED], after=PageEnd(datetime.now(UTC), uuid4())),
            len(JobKind) - 1,
        ),
    ],
)
async def test_a_page_of_tasks_is_a_stretch_of_an_index_in_its_order(
    database: str, asked: list[tuple[str, list[Any]]], wanted: Wanted, stretches: int
) -> None:
    await tasks.page("p3", wanted, size=50)
    statement, values = asked[-1]
    with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as file:
        rows = file.execute(f"EXPLAIN QUERY PLAN {statement}", [str(one) for one in values])
        steps = [step for *_, step in rows]
    read = [step for step in steps if " job " in step]
    assert len(read) == stretches
    # Readings are passed over by a look at their rows: there is one of a video at the most.
    assert all(re.match(r"SEARCH job USING (COVERING )?INDEX job_by_project", one) for one in read)
    # What was read of them all, a page of each at most, is put in order once.
    assert len([step for step in steps if "B-TREE" in step]) == 1
