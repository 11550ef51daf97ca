"""Unique indexes: what makes accepting, claiming and generating idempotent."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cms_bridge.tables import Job

ID = "2026-11-21T07:00:00:000002"
VERSION = "1.38.0"
DESCRIPTION = "Unique indexes over several columns"

INDEXES = {
    "job_one_per_submission": "job (project, video_id, submission)",
    "attempt_one_per_number": "attempt (job, number)",
    "asset_one_per_request": "asset (job, scene_id, kind, request_digest)",
    "outbox_message_one_per_topic": "outbox_message (job, topic)",
}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)

    async def create() -> None:
        for name, columns in INDEXES.items():
            await Job.raw(f"CREATE UNIQUE INDEX {name} ON {columns}")

    async def drop() -> None:
        for name in INDEXES:
            await Job.raw(f"DROP INDEX {name}")

    manager.add_raw(create)
    manager.add_raw_backwards(drop)
    return manager
