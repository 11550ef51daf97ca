"""Indexes for a project's tasks, newest first; and what an older service cannot say of them."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cms_bridge.tables import Job
from migrations import aside

ID = "2026-11-28T13:00:00:000019"
VERSION = "1.38.0"
DESCRIPTION = "Tasks of a project, and what a downgrade keeps of them"

INDEXES = {
    "job_by_project": "job (project, created_at, id)",
    "job_by_project_and_state": "job (project, kind, status, created_at, id)",
}

_TASK = ("origin", "approval_policy", "idempotency_key")
_WORK = (
    "status",
    "approved",
    "approved_digest",
    "wake_at",
    "lease_owner",
    "lease_expires_at",
)
# An older service would speak the words and leave out the music: to it, they are over.
_MIXED = """(kind = 'speech' AND CAST(storyboard_data AS TEXT) LIKE '%"music":_"file":%')"""
_UNFINISHED = f"{_MIXED} AND status NOT IN ('completed', 'failed', 'cancelled')"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)

    async def create() -> None:
        await aside.bring_back("aside_18_job", "job", _TASK)
        await aside.bring_back("aside_18_mixed", "job", _WORK, given="job.status = 'cancelled'")
        for name, columns in INDEXES.items():
            await Job.raw(f"CREATE INDEX {name} ON {columns}")

    async def drop() -> None:
        for name in INDEXES:
            await Job.raw(f"DROP INDEX {name}")
        await aside.put("aside_18_job", "job", _TASK, where="origin <> 'cms'")
        await aside.put("aside_18_mixed", "job", _WORK, where=_UNFINISHED)
        await Job.raw(
            "UPDATE job SET status = 'cancelled', approved = {}, approved_digest = '',"
            " wake_at = NULL, lease_owner = '', lease_expires_at = NULL"
            f" WHERE {_UNFINISHED}",
            False,
        )

    manager.add_raw(create)
    manager.add_raw_backwards(drop)
    return manager
