"""Migrations, forwards and back, alone and at the same time, on both databases."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import anyio
import msgspec
import pytest
from piccolo.apps.migrations.auto.diffable_table import DiffableTable
from piccolo.apps.migrations.auto.schema_differ import SchemaDiffer
from piccolo.apps.migrations.auto.schema_snapshot import SchemaSnapshot
from piccolo.apps.migrations.commands.base import BaseMigrationManager
from piccolo.conf.apps import AppConfig

from cms_bridge.database import connected, migrate, migration_level
from cms_bridge.ledger.meter import open_ledger
from cms_bridge.pricing.caps import Scope, job_row, video_row
from cms_bridge.tables import TABLES, Asset, Job, Project, Spend
from migrations import aside
from migrations.piccolo_app import APP_CONFIG
from render.generation.base import Kind
from tests.support import every_kind
from tests.support.ledger import AMPLE, call, check_books, claimed, new_job, pay
from tests.support.servers.postgres import PostgresServer
from tests.support.versions import versions

pytestmark = pytest.mark.anyio

NEWEST = "2026-12-01T01:10:00:000054"
APPROVALS = "2026-11-28T09:00:00:000014"
"""The first that caps what was approved."""
TASKS = "2026-11-28T13:00:00:000019"
"""The first that mixes speech with music."""
MEDIA = "2026-11-21T12:00:00:000010"
"""The first that tells media from videos."""
EXPORTS = "2026-11-28T14:00:00:000023"
"""The first that tells exports from media, and renditions from each other."""
MUSIC = "2026-11-29T13:20:00:000043"
"""The first that knows music by itself."""
CLIPS = "2026-11-29T17:00:00:000046"
"""The first that knows clips by themselves."""
RATES = "2026-11-29T09:30:00:000035"
"""The first that knows television's frame rates."""
CONDITIONS = "2026-11-28T08:00:00:000012"
"""The first that leaves out what is unusable."""
RETIREMENT = "2026-11-30T00:40:00:000049"
"""The last that counts what was lost within what was approved."""
SOURCES = "2026-11-28T08:00:00:000011"
"""The first that knows where assets come from."""
_TELLING = {APPROVALS, TASKS, MEDIA, EXPORTS, MUSIC, CLIPS, RATES, CONDITIONS, RETIREMENT, SOURCES}


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.database() as url:
        yield url


# On PostgreSQL the downgrade below goes the same way, with data of every kind.
@pytest.mark.parametrize(
    "empty_url", ["sqlite", pytest.param("postgres", marks=pytest.mark.slow)], indirect=True
)
async def test_forwards_again_back_and_forwards(empty_url: str) -> None:
    async with connected(empty_url):
        assert await migration_level() is None
    for _ in range(2):
        await migrate(empty_url)
        async with connected(empty_url):
            assert await migration_level() == NEWEST
            assert await Job.count() == 0
    await migrate(empty_url, direction="backwards")
    async with connected(empty_url):
        assert await migration_level() is None
        assert not await Job.table_exists()
        assert not await Project.table_exists()
    await migrate(empty_url)
    async with connected(empty_url):
        assert await Job.count() == 0


async def test_three_processes_starting_at_once_migrate_once(empty_url: str) -> None:
    # Tasks stand in for processes; the lock is the same one.
    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(migrate, empty_url)
    async with connected(empty_url):
        assert await migration_level() == NEWEST


async def test_the_sources_of_older_assets_are_told_from_their_providers(database_url: str) -> None:
    providers = ("gemini", "replicate", "offline", "stock")
    async with connected(database_url):
        job = await new_job()
        for provider in providers:
            await Asset.insert(_asset(job, provider))
        # The same was made again after it had turned out to be damaged.
        await Asset.update({Asset.condition: "unusable"}).where(Asset.provider == "gemini")
        await Asset.insert(_asset(job, "gemini"))
    await migrate(database_url, direction="backwards", to=SOURCES)
    async with connected(database_url):
        assert not {"source", "condition"} & (await Asset.raw("SELECT * FROM asset"))[0].keys()
        # As where no newer service has been.
        await aside.forget()
    await migrate(database_url)
    async with connected(database_url):
        rows = await Asset.select(Asset.provider, Asset.source, Asset.condition)
    told = {row["provider"]: (row["source"], row["condition"]) for row in rows}
    sources = ("model", "model", "rule", "stock")
    assert told == {
        provider: (source, "unchecked") for provider, source in zip(providers, sources, strict=True)
    }


async def test_what_was_lost_counts_within_what_was_approved_for_an_older_service(
    database_url: str,
) -> None:
    forgiving = msgspec.structs.replace(AMPLE, lost_call=Decimal(1), lost_video=Decimal(1))
    async with connected(database_url):
        job = await new_job()
        ledger = await open_ledger(await claimed(job), caps=forgiving)
        await pay(ledger, "0.03")
        lost = await ledger.reserve(call("0.04"))
        await ledger.mark_started(lost)
        assert await ledger.mark_unknown(lost, "The connection was lost.")
    own = job_row(Scope.APPROVAL, job)
    for level, held in ((RETIREMENT, 70_000), (NEWEST, 30_000)):
        direction = "backwards" if level == RETIREMENT else "forwards"
        await migrate(database_url, direction=direction, to=level)
        async with connected(database_url):
            row = await Spend.select(Spend.held).where(Spend.id == own).first()
            assert row == {"held": held}
    async with connected(database_url):
        await check_books(forgiving)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "database_url", [pytest.param("sqlite", marks=pytest.mark.slow), "postgres"], indirect=True
)
@pytest.mark.parametrize("levels", ["telling", pytest.param("all", marks=pytest.mark.slow)])
async def test_what_a_downgrade_cannot_say_comes_back_and_is_never_misread(
    database_url: str, levels: str
) -> None:
    async with connected(database_url):
        await every_kind.fill()
        before, indexes = await every_kind.snapshot(), await _indexes(database_url)
    mixed = {
        name
        for name, row in before["job"].items()
        if row["kind"] == "speech"
        and row["status"] == "approved"
        and msgspec.json.decode(row["storyboard_data"])["music"]
    }
    assert mixed
    televised = {name for name, row in before["job"].items() if "/1001" in (row["output"] or "")}
    assert televised
    kinds = {name: row["kind"] for name, row in before["job"].items()}
    down = _downwards(levels)
    for level in down:
        await migrate(database_url, direction="backwards", to=level)
        async with connected(database_url):
            older = await every_kind.snapshot()
        for name, row in older.get("job", {}).items():
            if (
                (kinds[name] != "video" and level <= MEDIA)
                or (kinds[name] == "music" and level <= MUSIC)
                or (kinds[name] == "clip" and level <= CLIPS)
                or (kinds[name] == "export" and level <= (RATES if name in televised else EXPORTS))
            ):
                # A service that does not know its kind takes it for another: one that is over.
                assert (row["status"], row["wake_at"], row["approved"]) in _OVER, level
                assert all(
                    message["due_at"] is None
                    for message in older["outbox_message"].values()
                    if str(message["job"]) == name
                )
            elif name in mixed and level <= TASKS:
                # One that knows no music would leave it out.
                assert (row["status"], row["wake_at"], row["approved"]) in _OVER, level
            else:
                assert row == {column: before["job"][name][column] for column in row}, level
        # One that knows whole rates alone would tell of another.
        assert level > RATES or all(
            row.get("fps") != 30_000 for row in older.get("generated_video", {}).values()
        )
        if older.get("asset") and level <= CONDITIONS:
            whole = {n for n, row in before["asset"].items() if row["condition"] != "unusable"}
            assert older["asset"].keys() == whole
        assert _newest_film_alone(older) or level > EXPORTS
        for table, rows in older.items():
            if table != "spend":
                assert rows.keys() <= before[table].keys()
        await migrate(database_url)
        async with connected(database_url):
            after = await every_kind.snapshot()
            assert await _indexes(database_url) == indexes
            for table, rows in before.items():
                expected = {} if table in _GONE_BELOW and level <= _GONE_BELOW[table] else rows
                assert after[table] == expected, (level, table)
            if level == down[-1]:
                break
            await check_books(every_kind.CAPS)
            before = after


def _downwards(levels: str) -> list[str]:
    every = sorted((one.ID for one in versions()), reverse=True)
    return [one for one in every if levels == "all" or one in {*_TELLING, *every[:2], every[-1]}]


def _newest_film_alone(older: every_kind.Rows) -> bool:
    return [row["key"] for row in older.get("generated_video", {}).values()] in (
        [],
        ["videos/3.mp4"],
    )


async def test_a_job_decided_on_under_an_older_service_keeps_what_was_decided(
    database_url: str,
) -> None:
    async with connected(database_url):
        job = await new_job(approved=Decimal("9.00"))
        await Job.update({Job.estimated_cost: Decimal("0.50")}).where(Job.id == job)
    await migrate(database_url, direction="backwards", to=APPROVALS)
    async with connected(database_url):
        await Job.raw("UPDATE job SET approved_by = 'someone else' WHERE id = {}", job)
    await migrate(database_url)
    async with connected(database_url):
        assert (await Job.select(Job.approved_cost))[0]["approved_cost"] == Decimal("0.50")


async def _indexes(url: str) -> set[str]:
    asked = (
        "SELECT sql AS said FROM sqlite_master WHERE type IN ('index', 'table') AND sql IS NOT NULL"
        " AND (type = 'index' OR name LIKE 'aside%')"
        if url.startswith("sqlite")
        else "SELECT indexdef AS said FROM pg_indexes WHERE schemaname = 'public' UNION ALL"
        " SELECT tablename::text FROM pg_tables WHERE tablename LIKE 'aside%'"
    )
    return {row["said"] for row in await Job.raw(asked)}


_OVER = {("cancelled", None, False), ("cancelled", None, 0)}
_GONE_BELOW = {
    **{table._meta.tablename: "2026-11-21T07:00:00:000001" for table in TABLES},
    "job_event": "2026-11-28T15:00:00:000024",
    "api_key": "2026-11-28T12:00:00:000017",
    "worker": "2026-11-28T13:00:00:000018",
    "turn": "2026-11-29T09:45:00:000036",
    "piece": "2026-11-29T13:00:00:000040",
    "voice": "2026-11-29T13:10:00:000042",
    "model_health": "2026-11-21T10:00:00:000005",
    "model_aggregate": "2026-11-21T10:00:00:000005",
}
"""Below which migrations a table's rows are gone: keys that nobody could revoke in the meantime are
made anew, what happened to jobs is history, workers and models' health are seen anew within
minutes and voices when a daemon starts, a turn that is forgotten is one more turn, and a piece of a
film is encoded once more."""


def _asset(job: UUID, provider: str) -> Asset:
    return Asset(
        id=uuid4(), job=job, scene_id=provider, provider=provider, created_at=datetime.now(UTC)
    )


async def test_caps_are_added_up_anew_from_the_charges_forwards_and_back(database_url: str) -> None:
    async with connected(database_url):
        for project, video in (("a/b", "c"), ("a", "b/c")):
            job = await new_job(project=project, video=video, approved=Decimal("0.20"))
            await Job.update({Job.estimated_cost: Decimal("0.20")}).where(Job.id == job)
            ledger = await open_ledger(await claimed(job), caps=AMPLE)
            await pay(ledger, "0.03")
            await ledger.mark_started(await ledger.reserve(call("0.04")))
            await ledger.release(await ledger.reserve(call("0.05")))
            drafting = replace(ledger, draft_bound=Decimal(1))
            written = msgspec.structs.replace(call("0.01"), kind=Kind.STORYBOARD)
            await drafting.settle(await drafting.reserve(written), Decimal("0.01"))
        before = await spending()
    await migrate(database_url, direction="backwards", to=APPROVALS)
    async with connected(database_url):
        shared = await spending()
        assert shared["video:a/b/c"] == 160_000
        assert {name.partition(":")[0] for name in shared} == {"video", "project", "month"}
        await aside.forget()
    await migrate(database_url)
    async with connected(database_url):
        assert await spending() == before
        assert [before[video_row(*names)] for names in (("a/b", "c"), ("a", "b/c"))] == [80_000] * 2
        for row in await Job.select(Job.id, Job.approved_cost):
            assert before[job_row(Scope.APPROVAL, row["id"])] == 70_000
            assert before[job_row(Scope.DRAFT, row["id"])] == 10_000
            assert row["approved_cost"] == Decimal("0.20")
        await check_books(AMPLE)


async def spending() -> dict[str, int]:
    return {row["id"]: row["held"] for row in await Spend.select()}


async def test_the_migrations_build_exactly_the_tables() -> None:
    managers = await _managers(APP_CONFIG)
    snapshot = SchemaSnapshot(managers=managers)
    declared = [
        DiffableTable(
            class_name=table.__name__,
            tablename=table._meta.tablename,
            columns=table._meta.non_default_columns,
            schema=table._meta.schema,
        )
        for table in TABLES
    ]
    differ = SchemaDiffer(schema=declared, schema_snapshot=snapshot.get_snapshot())
    statements = [one for change in differ.get_alter_statements() for one in change.statements]
    assert statements == [], "a table changed: piccolo migrations new reelwright --auto"


async def _managers(app: AppConfig) -> list[object]:
    base = BaseMigrationManager()
    return await base.get_migration_managers(app_config=app)
