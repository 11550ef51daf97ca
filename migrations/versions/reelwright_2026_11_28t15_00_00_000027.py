"""Indexes of webhooks; and what an older schema cannot say of them, kept while it rules."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cms_bridge.tables import Job
from migrations import aside

ID = "2026-11-28T15:00:00:000027"
VERSION = "1.38.0"
DESCRIPTION = "Indexes of webhooks"

INDEXES = {
    # Subscribed twice, an address would be told everything twice.
    "webhook_subscription_once": (
        "UNIQUE INDEX webhook_subscription_once ON webhook_subscription (project, url)"
        " WHERE deleted_at IS NULL"
    ),
    "webhook_subscription_deleted": (
        "INDEX webhook_subscription_deleted ON webhook_subscription (deleted_at)"
        " WHERE deleted_at IS NOT NULL"
    ),
    "webhook_delivery_due": (
        "INDEX webhook_delivery_due ON webhook_delivery (due_at) WHERE due_at IS NOT NULL"
    ),
    "webhook_delivery_log": (
        "INDEX webhook_delivery_log ON webhook_delivery (subscription, created_at, id)"
    ),
}

_TABLES = ("webhook_subscription", "webhook_event", "webhook_delivery", "webhook_attempt")
"""In the order in which they name each other."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)

    async def create() -> None:
        for table in _TABLES:
            await aside.put_back(f"aside_27_{table}", table)
        for index in INDEXES.values():
            await Job.raw(f"CREATE {index}")

    async def drop() -> None:
        for name in INDEXES:
            await Job.raw(f"DROP INDEX {name}")
        # Integrators go on with the secrets that they have, and are told late rather than never.
        for table in _TABLES:
            await aside.put(f"aside_27_{table}", table)

    manager.add_raw(create)
    manager.add_raw_backwards(drop)
    return manager
