"""All that is kept of a project: exported, and erased but for what was paid."""

import hashlib
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from piccolo.columns import JSON

from cms_bridge.jobs import approvals
from cms_bridge.jobs.moves import find
from cms_bridge.operations import project_data
from cms_bridge.operations.project_data import ProjectDataError
from cms_bridge.states import Status
from cms_bridge.storage import pieces
from cms_bridge.storage.base import object_key, piece_key, upload_key
from cms_bridge.storage.local import LocalStore
from cms_bridge.tables import TABLES, Approval, Charge, Job, Project, Spend
from tests.support.api_objects import store_api_objects

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]

MONEY = {"project", "job", "charge", "approval"}
"""The tables in which something of an erased project is left."""
OF_NO_PROJECT = {
    "api_key",
    "model_aggregate",
    "model_health",
    "piece",
    "spend",
    "turn",
    "voice",
    "worker",
}
KEPT = {
    "project": {"id", "cap_project", "cap_video", "lost_call", "lost_video", "priority"}
    | {"created_at"},
    "job": {"id", "kind", "parent", "project", "video_id", "submission", "origin", "priority"}
    | {"status", "progress", "scenes_done", "scenes_total", "sequence", "storyboard_revision"}
    | {"approved", "approved_cost", "approved_at", "estimated_cost", "actual_cost"}
    | {"model_fallback_occurred", "attempt", "retry_count", "lease_expires_at", "wake_at"}
    | {"created_at", "updated_at"},
    "approval": {"id", "job", "estimated_cost", "bound", "at", "voided_at"},
    "charge": {"id", "job", "project", "kind", "attempt", "call", "provider", "model"}
    # By these two the provider's bill can be compared with what is written down.
    | {"request_digest", "provider_id"}
    | {"reserved", "settled", "state", "useless", "presumed", "created_at", "updated_at"},
}
"""What an erased project's rows go on telling: numbers, states, times, and the names of others."""
EMPTIED: dict[str, dict[str, object]] = {
    "project": {"name": "p1"},
    "job": {
        "output": None,
        "field": "",
        "idempotency_key": None,
        "version": "",
        "approval_policy": None,
        "title": "",
        "brief": project_data._HUSK,
        "stage": None,
        "storyboard_data": None,
        "storyboard_digest": "",
        "storyboard_past": "[]",
        "approved_digest": "",
        "approved_by": "",
        "generation_warnings": "[]",
        "charge_warnings": "[]",
        "error_message": None,
        "error": None,
        "video_url": None,
        "lease_owner": "",
    },
    "approval": {"storyboard_digest": "", "by": ""},
    "charge": {"scene_id": "", "reason": "", "answer": None},
}
"""What could tell of texts or people, and what is left of it."""
WRITTEN = "loaf@example.org"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[LocalStore]:
    async with LocalStore(
        tmp_path / "objects", base_url="http://unused", secret="s" * 32, keep_free=0
    ) as store:
        yield store


@pytest.fixture
async def kept(store: LocalStore, tmp_path: Path) -> dict[str, list[str]]:
    """Two projects with something of every kind; return their objects' keys."""
    keys: dict[str, list[str]] = {}
    for project in ("p1", "p2"):
        await store_api_objects(project)
        file = tmp_path / "file.png"
        file.write_text(project)
        digest = hashlib.sha256(project.encode()).hexdigest()
        keys[project] = [
            name(project=project, sha256=digest, extension="png")
            for name in (object_key, upload_key)
        ]
        for key in keys[project]:
            await store.put(key, file, media_type="image/png")
    return keys


async def finish(project: str) -> None:
    await Job.update({Job.status: Status.CANCELLED.value}).where(Job.project == project)


async def counted(project: str) -> dict[str, int]:
    return {
        table._meta.tablename: len(await table.select(table.id).where(column == project))
        for table, column in project_data._WHERE.items()
    }


async def test_every_table_is_a_project_s_or_nobody_s() -> None:
    """A new table would be left out of both, were it forgotten."""
    known = {table._meta.tablename for table in project_data._WHERE}
    assert known | OF_NO_PROJECT == {table._meta.tablename for table in TABLES}


async def test_all_of_it_is_exported_and_nothing_of_another_s(
    store: LocalStore, kept: dict[str, list[str]], tmp_path: Path
) -> None:
    target = tmp_path / "export"
    made = await project_data.export("p1", store, target)
    assert made.rows == await counted("p1")
    assert all(
        made.rows[name] for name in ("job", "charge", "asset", "rendition_file", "webhook_delivery")
    )
    jobs = [json.loads(line) for line in (target / "job.jsonl").read_text().splitlines()]
    assert {job["project"] for job in jobs} == {"p1"}
    assert any(job["brief"] for job in jobs)
    files = sorted(path for path in (target / "objects").rglob("*") if path.is_file())
    assert sorted(str(path.relative_to(target / "objects")) for path in files) == sorted(kept["p1"])
    assert {path.read_text() for path in files} == {"p1"}
    with pytest.raises(ProjectDataError, match="is not empty"):
        await project_data.export("p1", store, target)


async def test_more_than_a_page_of_each(
    store: LocalStore,
    kept: dict[str, list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(project_data, "_PAGE", 2)
    target = tmp_path / "export"
    assert (await project_data.export("p1", store, target)).rows == await counted("p1")
    ids = [json.loads(line)["id"] for line in (target / "job.jsonl").read_text().splitlines()]
    assert len(set(ids)) == len(ids) > 4
    await finish("p1")
    await project_data.erase("p1", store)
    assert {name for name, number in (await counted("p1")).items() if number} <= MONEY


async def test_what_is_under_way_is_not_erased(
    store: LocalStore, kept: dict[str, list[str]]
) -> None:
    before = await counted("p1")
    with pytest.raises(ProjectDataError, match="of its jobs: cancel them first"):
        await project_data.erase("p1", store)
    assert await counted("p1") == before
    assert (await store.head(kept["p1"][0])).size


async def test_nothing_is_left_but_what_was_paid(
    store: LocalStore, kept: dict[str, list[str]], tmp_path: Path
) -> None:
    def money(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        names = ("id", "job", "state", "reserved", "settled", "model")
        return sorted(tuple(str(row[name]) for name in names) for row in rows)

    of_p1 = Charge.project == "p1"
    charges = money(await Charge.select(*Charge.all_columns()).where(of_p1))
    spends = sorted(str(row) for row in await Spend.select(*Spend.all_columns()))
    others = await counted("p2")
    await finish("p1")
    film = tmp_path / "film.mp4"
    film.write_bytes(b"its whole film")
    digest = hashlib.sha256(film.read_bytes()).hexdigest()
    await pieces.keep(store, f"{digest}.mp4", film, sha256=digest, note=b"{}")

    gone = await project_data.erase("p1", store)

    assert gone.pieces == 1
    assert not store.path(piece_key(sha256=digest, extension="mp4")).exists()
    left = {name for name, number in (await counted("p1")).items() if number}
    assert left <= MONEY
    assert money(await Charge.select(*Charge.all_columns()).where(of_p1)) == charges
    assert sorted(str(row) for row in await Spend.select(*Spend.all_columns())) == spends
    assert spends
    texts = json.dumps(
        [
            *(await Job.select(*Job.all_columns()).where(Job.project == "p1")),
            *(await Charge.select(*Charge.all_columns()).where(of_p1)),
            *(await Project.select(*Project.all_columns()).where(Project.id == "p1")),
        ],
        default=str,
    )
    for written in ("narration", "loaf", "Sourdough", "scene"):
        assert written not in texts.replace("scene_id", "").replace("scenes_", "")
    assert (gone.objects, gone.bytes) == (2, 4)
    assert [one.key async for one in store.list_objects("p1")] == []
    # What is left is read as any other job, and another's is untouched.
    for row in await Job.select(Job.id).where(Job.project == "p1"):
        job = await find(row["id"])
        assert (job.title, job.storyboard, job.brief.script) == ("", None, "")
    assert gone.husks == len(await Job.select(Job.id).where(Job.project == "p1")) > 0
    assert await counted("p2") == others
    assert [one.key async for one in store.list_objects("p2")]
    # Once more: nothing is there, and nothing is wrong.
    assert (await project_data.erase("p1", store)).objects == 0


async def test_every_column_of_what_is_left_was_thought_of() -> None:
    """A new one is decided about: it is emptied, or says nothing of texts and people."""
    for table in TABLES:
        name = table._meta.tablename
        if name in MONEY:
            columns = {column._meta.name for column in table.all_columns()}
            assert KEPT[name] | EMPTIED[name].keys() == columns, name
            assert not KEPT[name] & EMPTIED[name].keys()


async def test_whatever_was_written_into_a_column_is_gone(
    store: LocalStore, kept: dict[str, list[str]]
) -> None:
    await finish("p1")
    jobs = [row["id"] for row in await Job.select(Job.id).where(Job.project == "p1")]
    filled = {Project: Project.id == "p1", Charge: Charge.project == "p1", Job: Job.id.is_in(jobs)}
    for table, where in filled.items():
        columns = [
            column
            for column in table.all_columns()
            # One name a job: two askers do not share one.
            if column._meta.name in EMPTIED[table._meta.tablename].keys() - {"idempotency_key"}
        ]
        await table.update(
            {one: json.dumps([WRITTEN]) if isinstance(one, JSON) else WRITTEN for one in columns}
        ).where(where)
    await Job.update({Job.storyboard_data: None}).where(Job.id.is_in(jobs))
    for job in jobs:
        await Job.update({Job.idempotency_key: f"{WRITTEN} {job}"}).where(Job.id == job)
    paid = [row["job"] for row in await Charge.select(Charge.job).where(Charge.project == "p1")]
    await approvals.record(
        paid[0], digest="d" * 64, estimate=Decimal(1), bound=Decimal(2), by=WRITTEN
    )

    await project_data.erase("p1", store)

    of_p1 = project_data._WHERE
    for table in (Project, Job, Approval, Charge):
        rows = await table.select(*table.all_columns()).where(of_p1[table] == "p1")
        assert rows, table
        emptied = EMPTIED[table._meta.tablename]
        for row in rows:
            assert {name: row[name] for name in emptied} == emptied
            assert "loaf" not in json.dumps(row, default=str)


async def test_there_is_no_such_project(store: LocalStore, tmp_path: Path) -> None:
    with pytest.raises(ProjectDataError, match="no project 'nobody'"):
        await project_data.erase("nobody", store)
    with pytest.raises(ProjectDataError, match="no project 'nobody'"):
        await project_data.export("nobody", store, tmp_path / "export")
