"""What was noted beside uploads goes to rows of its own, and what those say is kept aside."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cms_bridge.tables import Job
from migrations import aside

ID = "2026-11-30T17:20:30:000053"
VERSION = "1.38.0"
DESCRIPTION = "What files of the CMS turned out to be"

_COPY = (
    "INSERT INTO fetched_file (id, asset) SELECT project || ':' || reference, id"
    " FROM uploaded_asset WHERE reference <> '' ON CONFLICT (id) DO NOTHING"
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)

    async def copy() -> None:
        await aside.put_back(
            "aside_53_fetched_file",
            "fetched_file",
            given="asset IN (SELECT id FROM uploaded_asset)",
        )
        await Job.raw(_COPY)

    async def keep() -> None:
        await aside.put("aside_53_fetched_file", "fetched_file")

    manager.add_raw(copy)
    manager.add_raw_backwards(keep)
    return manager
