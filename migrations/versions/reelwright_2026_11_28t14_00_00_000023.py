"""Renditions are told what they are of, and are counted and found by their job."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cms_bridge.tables import Job
from migrations import aside

ID = "2026-11-28T14:00:00:000023"
VERSION = "1.38.0"
DESCRIPTION = "What each rendition is of, and indexes of renditions and exports"

INDEXES = {
    "generated_video_by_number": "UNIQUE INDEX {} ON generated_video (job, number)",
    # A job that an export made is completed once.
    "generated_video_by_export": "UNIQUE INDEX {} ON generated_video (export_job)"
    " WHERE export_job IS NOT NULL",
    "job_by_parent": "INDEX {} ON job (parent, created_at) WHERE parent IS NOT NULL",
}

_TOLD = (
    "number",
    "storyboard_revision",
    "storyboard_digest",
    "storyboard_data",
    "aspect_ratio",
    "format",
    "fps",
    "warnings",
)
_EXPORT = (
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
_EXPORTS = "SELECT id FROM job WHERE kind = 'export'"
# An older service knows one rendition of a job: the one that is shown.
_OTHERS = (
    "export_job IS NOT NULL OR EXISTS (SELECT 1 FROM generated_video AS newer WHERE"
    " newer.job = generated_video.job AND newer.export_job IS NULL"
    " AND newer.number > generated_video.number)"
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)

    async def tell() -> None:
        # Until now nothing was edited once it was filmed, and every film was in its own shape.
        for column in ("storyboard_revision", "storyboard_digest", "storyboard_data"):
            await _from_job(column, column)
        await _from_job("warnings", "generation_warnings")
        await Job.raw(
            "UPDATE generated_video SET aspect_ratio = CASE WHEN height > width THEN '9:16'"
            " WHEN height = width AND height > 0 THEN '1:1' ELSE '16:9' END"
        )
        await aside.bring_back("aside_23_generated_video", "generated_video", _TOLD)
        await aside.bring_back("aside_23_job", "job", _EXPORT)
        await aside.bring_back("aside_23_outbox_message", "outbox_message", _NEWS)
        await aside.put_back(
            "aside_23_others", "generated_video", given="job IN (SELECT id FROM job)"
        )
        for name, what in INDEXES.items():
            await Job.raw(f"CREATE {what.format(name)}")

    async def forget() -> None:
        for name in INDEXES:
            await Job.raw(f"DROP INDEX {name}")
        await aside.put("aside_23_others", "generated_video", where=_OTHERS)
        await Job.raw(f"DELETE FROM generated_video WHERE {_OTHERS}")  # noqa: S608
        await aside.put("aside_23_generated_video", "generated_video", _TOLD)
        # It would take an export for something of its own: it is to see something that is over.
        await aside.put(
            "aside_23_outbox_message", "outbox_message", _NEWS, where=_of_exports("job")
        )
        await aside.put("aside_23_job", "job", _EXPORT, where=_of_exports("id"))
        await Job.raw(
            "UPDATE outbox_message SET due_at = NULL, pending_since = NULL, locked_until = NULL"
            f" WHERE {_of_exports('job')}"
        )
        await Job.raw(
            "UPDATE job SET kind = 'image', status = 'cancelled', approved = {},"
            " approved_digest = '', wake_at = NULL, lease_owner = '', lease_expires_at = NULL"
            " WHERE kind = 'export'",
            False,
        )

    manager.add_raw(tell)
    manager.add_raw_backwards(forget)
    return manager


def _of_exports(column: str) -> str:
    return f"{column} IN ({_EXPORTS})"


async def _from_job(column: str, named: str) -> None:
    await Job.raw(
        f"UPDATE generated_video SET {column} = (SELECT job.{named} FROM job"  # noqa: S608
        " WHERE job.id = generated_video.job)"
    )
