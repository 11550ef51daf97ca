"""An index by which the events of one job are followed."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cms_bridge.tables import Job

ID = "2026-11-28T15:00:00:000025"
VERSION = "1.38.0"
DESCRIPTION = "Events by job and number"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)

    async def create() -> None:
        await Job.raw("CREATE UNIQUE INDEX job_event_by_job ON job_event (job, sequence)")

    async def drop() -> None:
        await Job.raw("DROP INDEX job_event_by_job")

    manager.add_raw(create)
    manager.add_raw_backwards(drop)
    return manager
