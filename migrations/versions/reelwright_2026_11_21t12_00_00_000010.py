"""Submissions count videos alone, and a medium is made once for each idempotency key."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cms_bridge.tables import Job

ID = "2026-11-21T12:00:00:000010"
VERSION = "1.38.0"
DESCRIPTION = "Indexes of videos and media"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)

    async def tell_apart() -> None:
        await Job.raw("DROP INDEX job_one_per_submission")
        await Job.raw(
            "CREATE UNIQUE INDEX job_one_per_submission ON job (project, video_id, submission)"
            " WHERE kind = 'video'"
        )
        await Job.raw(
            "CREATE UNIQUE INDEX job_one_per_key ON job (project, idempotency_key)"
            " WHERE idempotency_key IS NOT NULL"
        )

    async def put_together() -> None:
        await Job.raw("DROP INDEX job_one_per_key")
        await Job.raw("DROP INDEX job_one_per_submission")
        # Several media of one document have the same number; by their own names they may stay.
        await Job.raw("UPDATE job SET video_id = 'media-' || id WHERE kind <> 'video'")
        await Job.raw(
            "CREATE UNIQUE INDEX job_one_per_submission ON job (project, video_id, submission)"
        )

    manager.add_raw(tell_apart)
    manager.add_raw_backwards(put_together)
    return manager
