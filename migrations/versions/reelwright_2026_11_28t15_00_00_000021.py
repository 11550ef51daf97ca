"""A rendition's files by name; a downgrade keeps what it cannot tell of."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cms_bridge.tables import Job
from migrations import aside

ID = "2026-11-28T15:00:00:000021"
VERSION = "1.38.0"
DESCRIPTION = "Index of a rendition's files"

_STILL_THERE = "rendition IN (SELECT id FROM generated_video)"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)

    async def create() -> None:
        await aside.put_back("aside_21_rendition_file", "rendition_file", given=_STILL_THERE)
        await Job.raw(
            "CREATE UNIQUE INDEX rendition_file_by_name ON rendition_file (rendition, name)"
        )

    async def drop() -> None:
        # Before any older schema drops a rendition, and its files with it.
        await Job.raw("DROP INDEX rendition_file_by_name")
        await aside.put("aside_21_rendition_file", "rendition_file")

    manager.add_raw(create)
    manager.add_raw_backwards(drop)
    return manager
