"""What an older schema cannot say of films that are no longer kept comes back after it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cms_bridge.tables import Job
from migrations import aside

ID = "2026-11-29T20:00:30:000047"
VERSION = "1.38.0"
DESCRIPTION = "Retention of renditions: aside, and what is asked for"

_INDEX = "generated_video_by_retirement"
_GONE = "key = ''"
"""Of which there is no file any more."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)

    async def bring_back() -> None:
        await aside.put_back(
            "aside_47_generated_video", "generated_video", given="job IN (SELECT id FROM job)"
        )
        await aside.bring_back("aside_47_retired", "generated_video", ("retired_at",))
        await Job.raw(f"CREATE INDEX {_INDEX} ON generated_video (retired_at) WHERE key <> ''")

    async def put_aside() -> None:
        await Job.raw(f"DROP INDEX {_INDEX}")
        # An older service would lead to files that are not there.
        await aside.put("aside_47_generated_video", "generated_video", where=_GONE)
        await Job.raw(f"DELETE FROM generated_video WHERE {_GONE}")  # noqa: S608
        await aside.put(
            "aside_47_retired", "generated_video", ("retired_at",), where="retired_at IS NOT NULL"
        )

    manager.add_raw(bring_back)
    manager.add_raw_backwards(put_aside)
    return manager
