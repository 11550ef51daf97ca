"""Submissions count videos alone, and a medium is made once for each idempotency key."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cms_bridge.tables import Job
from migrations import aside

ID = "2026-11-21T12:00:00:000010"
VERSION = "1.38.0"
DESCRIPTION = "Indexes of videos and media"

_MEDIUM = (
    "kind",
    "field",
    "idempotency_key",
    "video_id",
    "status",
    "approved",
    "approved_digest",
    "wake_at",
    "lease_owner",
    "lease_expires_at",
)
_NEWS = ("due_at", "pending_since", "locked_until")


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)

    async def tell_apart() -> None:
        await Job.raw("DROP INDEX job_one_per_submission")
        await aside.bring_back("aside_10_job", "job", _MEDIUM)
        await aside.bring_back("aside_10_outbox_message", "outbox_message", _NEWS)
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
        # An older service takes every job for a video: it is to see of a medium something that is
        # over, that nobody may start again, and of which the CMS waits for no news.
        await aside.put("aside_10_job", "job", _MEDIUM, where="kind <> 'video'")
        media = "SELECT id FROM job WHERE kind <> 'video'"
        await aside.put(
            "aside_10_outbox_message", "outbox_message", _NEWS, where=f"job IN ({media})"
        )
        await Job.raw(
            "UPDATE outbox_message SET due_at = NULL, pending_since = NULL, locked_until = NULL"
            f" WHERE job IN ({media})"
        )
        # Several media of one document have the same number; by their own names they may stay.
        await Job.raw(
            "UPDATE job SET video_id = 'media-' || id, status = 'cancelled', approved = {},"
            " approved_digest = '', wake_at = NULL, lease_owner = '', lease_expires_at = NULL"
            " WHERE kind <> 'video'",
            False,
        )
        await Job.raw(
            "CREATE UNIQUE INDEX job_one_per_submission ON job (project, video_id, submission)"
        )

    manager.add_raw(tell_apart)
    manager.add_raw_backwards(put_together)
    return manager
