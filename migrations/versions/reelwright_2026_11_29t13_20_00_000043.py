"""Music that is asked for by itself, and what is composed for a film, beside older services."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cms_bridge.tables import Job
from migrations import aside

ID = "2026-11-29T13:20:00:000043"
VERSION = "1.38.0"
DESCRIPTION = "Going back, music by itself is over, and composed music is nothing"

_ORDER = (
    "kind",
    "status",
    "approved",
    "approved_digest",
    "wake_at",
    "lease_owner",
    "lease_expires_at",
)
_NEWS = ("due_at", "pending_since", "locked_until")
_MUSIC = "kind = 'music'"
_OF_ORDERS = "job IN (SELECT id FROM job WHERE kind = 'music')"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)

    async def tell() -> None:
        await aside.bring_back("aside_43_job", "job", _ORDER)
        await aside.bring_back("aside_43_outbox_message", "outbox_message", _NEWS)
        await aside.bring_back("aside_43_charge", "charge", ("kind",))
        await aside.bring_back("aside_43_asset", "asset", ("kind",))

    async def forget() -> None:
        # It knows neither the kind nor what to do with it: it is to see something that is over,
        # and a sound and a call for one, which nothing it asks for finds.
        await aside.put("aside_43_asset", "asset", ("kind",), where=_MUSIC)
        await aside.put("aside_43_charge", "charge", ("kind",), where=_MUSIC)
        await aside.put("aside_43_outbox_message", "outbox_message", _NEWS, where=_OF_ORDERS)
        await aside.put("aside_43_job", "job", _ORDER, where=_MUSIC)
        await Job.raw(f"UPDATE asset SET kind = 'narration' WHERE {_MUSIC}")  # noqa: S608
        await Job.raw(f"UPDATE charge SET kind = 'narration' WHERE {_MUSIC}")  # noqa: S608
        await Job.raw(
            "UPDATE outbox_message SET due_at = NULL, pending_since = NULL, locked_until = NULL"
            f" WHERE {_OF_ORDERS}"
        )
        await Job.raw(
            "UPDATE job SET kind = 'speech', status = 'cancelled', approved = {},"
            " approved_digest = '', wake_at = NULL, lease_owner = '', lease_expires_at = NULL"
            f" WHERE {_MUSIC}",
            False,
        )

    manager.add_raw(tell)
    manager.add_raw_backwards(forget)
    return manager
