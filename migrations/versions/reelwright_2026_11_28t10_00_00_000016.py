"""Indexes for what is asked all the time: nothing that is polled reads a whole table."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cms_bridge.tables import Job

ID = "2026-11-28T10:00:00:000016"
VERSION = "1.38.0"
DESCRIPTION = "Indexes for health, sweeps and media"

INDEXES = {
    "job_held": "job (lease_expires_at) WHERE lease_expires_at IS NOT NULL",
    "outbox_message_undelivered": "outbox_message (due_at) WHERE due_at IS NOT NULL",
    # The unique index leaves out what is unusable, and so cannot answer for all of a job's.
    "asset_by_job": "asset (job)",
    "asset_by_key": "asset (key)",
    # `charge_open` serves only who writes the states into the statement.
    "charge_by_state": "charge (state, updated_at)",
    "approval_by_job": "approval (job)",
}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)

    async def create() -> None:
        for name, columns in INDEXES.items():
            await Job.raw(f"CREATE INDEX {name} ON {columns}")

    async def drop() -> None:
        for name in INDEXES:
            await Job.raw(f"DROP INDEX {name}")

    manager.add_raw(create)
    manager.add_raw_backwards(drop)
    return manager
