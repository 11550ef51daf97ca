"""Indexes of uploads: one asset for one content, a project's newest first, and what was left over."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cms_bridge.tables import Job
from migrations import aside

ID = "2026-11-28T17:00:00:000029"
VERSION = "1.38.0"
DESCRIPTION = "Indexes of uploads, and what a downgrade keeps of them"

INDEXES = {
    "UNIQUE INDEX uploaded_asset_by_content": "uploaded_asset (project, sha256)",
    "INDEX uploaded_asset_by_project": "uploaded_asset (project, created_at, id)",
    "INDEX uploaded_asset_unfinished": "uploaded_asset (state, touched_at)",
}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)

    async def create() -> None:
        # Their objects stay in the store meanwhile.
        await aside.put_back("aside_29_uploaded_asset", "uploaded_asset")
        for name, columns in INDEXES.items():
            await Job.raw(f"CREATE {name} ON {columns}")

    async def drop() -> None:
        for name in INDEXES:
            await Job.raw(f"DROP INDEX {name.rpartition(' ')[2]}")
        await aside.put("aside_29_uploaded_asset", "uploaded_asset")

    manager.add_raw(create)
    manager.add_raw_backwards(drop)
    return manager
