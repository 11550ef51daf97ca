"""What an older schema cannot say of lost calls comes back after it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cms_bridge.tables import Job
from migrations import aside

ID = "2026-11-29T21:00:30:000048"
VERSION = "1.38.0"
DESCRIPTION = "Lost calls within a budget: aside, and what is asked for"

_INDEX = "charge_presumed"
_OWN = ("lost_call", "lost_video")
_LOST = "id LIKE 'lost:%'"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)

    async def bring_back() -> None:
        # An older service may have learnt what such a call really cost.
        still = "charge.state = 'settled' AND charge.settled = charge.reserved"
        await aside.bring_back("aside_48_charge", "charge", ("presumed",), given=still)
        await aside.bring_back("aside_48_project", "project", _OWN)
        await aside.put_back("aside_48_spend", "spend")
        await Job.raw(f"CREATE INDEX {_INDEX} ON charge (created_at) WHERE presumed")

    async def put_aside() -> None:
        await Job.raw(f"DROP INDEX {_INDEX}")
        await aside.put("aside_48_charge", "charge", ("presumed",), where="presumed")
        await aside.put("aside_48_project", "project", _OWN)
        await aside.put("aside_48_spend", "spend", where=_LOST)
        await Job.raw(f"DELETE FROM spend WHERE {_LOST}")  # noqa: S608

    manager.add_raw(bring_back)
    manager.add_raw_backwards(put_aside)
    return manager
