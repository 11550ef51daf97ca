"""One open charge per request in a whole project: two jobs that want the same pay once."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cms_bridge.tables import Job
from migrations import aside

ID = "2026-11-21T11:00:00:000008"
VERSION = "1.38.0"
DESCRIPTION = "One open charge per request and project"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)

    async def widen() -> None:
        await aside.bring_back("aside_8_charge", "charge", ("answer",))
        await Job.raw("DROP INDEX charge_one_open")
        # An unknown outcome stops the whole project in the ledger itself, with its name.
        await Job.raw(
            "CREATE UNIQUE INDEX charge_one_open ON charge (project, request_digest)"
            " WHERE state IN ('reserved', 'started')"
        )

    async def narrow() -> None:
        # Without it what was paid for would be paid for again.
        await aside.put("aside_8_charge", "charge", ("answer",), where="answer IS NOT NULL")
        await Job.raw("DROP INDEX charge_one_open")
        await Job.raw(
            "CREATE UNIQUE INDEX charge_one_open ON charge (job, scene_id, kind, request_digest)"
            " WHERE state IN ('reserved', 'started', 'unknown')"
        )

    manager.add_raw(widen)
    manager.add_raw_backwards(narrow)
    return manager
