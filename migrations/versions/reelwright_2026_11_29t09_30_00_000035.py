"""What a downgrade keeps aside of exports at television's rates, which an older service cannot say."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cms_bridge.tables import Job
from migrations import aside

ID = "2026-11-29T09:30:00:000035"
VERSION = "1.38.0"
DESCRIPTION = "Exports at frame rates that are no whole number, across a downgrade"

_JOB = (
    "kind",
    "parent",
    "output",
    "status",
    "approved",
    "approved_digest",
    "wake_at",
    "lease_owner",
    "lease_expires_at",
)
_NEWS = ("due_at", "pending_since", "locked_until")
_RENDITIONS = "fps_divisor <> 1"
_EXPORTS = "CAST(output AS TEXT) LIKE '%/1001%'"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)

    async def bring_back() -> None:
        await aside.bring_back("aside_35_job", "job", _JOB)
        await aside.bring_back("aside_35_outbox_message", "outbox_message", _NEWS)
        await aside.put_back(
            "aside_35_generated_video", "generated_video", given="job IN (SELECT id FROM job)"
        )
        await aside.put_back(
            "aside_35_rendition_file",
            "rendition_file",
            given="rendition IN (SELECT id FROM generated_video)",
        )

    async def put_aside() -> None:
        # Rounded it would be told as what it is not, and its file stays in the store meanwhile.
        files = f"rendition IN (SELECT id FROM generated_video WHERE {_RENDITIONS})"  # noqa: S608
        await aside.put("aside_35_rendition_file", "rendition_file", where=files)
        await aside.put("aside_35_generated_video", "generated_video", where=_RENDITIONS)
        await Job.raw(f"DELETE FROM rendition_file WHERE {files}")  # noqa: S608
        await Job.raw(f"DELETE FROM generated_video WHERE {_RENDITIONS}")  # noqa: S608
        # An older service cannot read in what form it is wanted: it sees something that is over.
        news = f"job IN (SELECT id FROM job WHERE {_EXPORTS})"  # noqa: S608
        await aside.put("aside_35_outbox_message", "outbox_message", _NEWS, where=news)
        await aside.put("aside_35_job", "job", _JOB, where=_EXPORTS)
        await Job.raw(
            "UPDATE outbox_message SET due_at = NULL, pending_since = NULL, locked_until = NULL"  # noqa: S608
            f" WHERE {news}"
        )
        await Job.raw(
            "UPDATE job SET kind = 'image', parent = NULL, output = NULL, status = 'cancelled',"  # noqa: S608
            " approved = {}, approved_digest = '', wake_at = NULL, lease_owner = '',"
            f" lease_expires_at = NULL WHERE {_EXPORTS}",
            False,
        )

    manager.add_raw(bring_back)
    manager.add_raw_backwards(put_aside)
    return manager
