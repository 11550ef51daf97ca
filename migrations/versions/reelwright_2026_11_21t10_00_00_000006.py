"""Index of model aggregates: one row for each model and five minutes."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cms_bridge.tables import Job

ID = "2026-11-21T10:00:00:000006"
VERSION = "1.38.0"
DESCRIPTION = "Index of model aggregates"

# All daemons add to the same row.
INDEX = "UNIQUE INDEX model_aggregate_one ON model_aggregate (model, starts_at)"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)

    async def create() -> None:
        await Job.raw(f"CREATE {INDEX}")

    async def drop() -> None:
        await Job.raw("DROP INDEX model_aggregate_one")

    manager.add_raw(create)
    manager.add_raw_backwards(drop)
    return manager
