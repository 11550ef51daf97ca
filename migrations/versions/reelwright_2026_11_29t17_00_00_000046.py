"""Clips that are asked for by themselves, beside older services."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cms_bridge.tables import Job
from migrations import aside

ID = "2026-11-29T17:00:00:000046"
VERSION = "1.38.0"
DESCRIPTION = "Going back, clips by themselves are over"

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
_CLIP = "kind = 'clip'"
_OF_ORDERS = "job IN (SELECT id FROM job WHERE kind = 'clip')"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)

    async def tell() -> None:
        await aside.bring_back("aside_46_job", "job", _ORDER)
        await aside.bring_back("aside_46_outbox_message", "outbox_message", _NEWS)

    async def forget() -> None:
        # It knows clips of films and not the order of one by itself: it is to see something that is
        # over.
        await aside.put("aside_46_outbox_message", "outbox_message", _NEWS, where=_OF_ORDERS)
        await aside.put("aside_46_job", "job", _ORDER, where=_CLIP)
        await Job.raw(
            "UPDATE outbox_message SET due_at = NULL, pending_since = NULL, locked_until = NULL"
            f" WHERE {_OF_ORDERS}"
        )
        await Job.raw(
            "UPDATE job SET kind = 'image', status = 'cancelled', approved = {},"
            " approved_digest = '', wake_at = NULL, lease_owner = '', lease_expires_at = NULL"
            f" WHERE {_CLIP}",
            False,
        )

    manager.add_raw(tell)
    manager.add_raw_backwards(forget)
    return manager
