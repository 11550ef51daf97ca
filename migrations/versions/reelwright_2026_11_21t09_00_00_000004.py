"""Indexes of the ledger: one open charge per request, one valid approval per job."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cms_bridge.tables import Job
from migrations import aside

ID = "2026-11-21T09:00:00:000004"
VERSION = "1.38.0"
DESCRIPTION = "Indexes of charges, approvals and assets"

INDEXES = {
    # A second intent for what is already under way, or may have been charged, is impossible.
    "charge_one_open": (
        "UNIQUE INDEX charge_one_open ON charge (job, scene_id, kind, request_digest)"
        " WHERE state IN ('reserved', 'started', 'unknown')"
    ),
    "charge_by_request": "INDEX charge_by_request ON charge (project, request_digest)",
    "charge_open": "INDEX charge_open ON charge (updated_at) WHERE state IN ('reserved', 'started')",
    "approval_one_valid": "UNIQUE INDEX approval_one_valid ON approval (job) WHERE voided_at IS NULL",
    "asset_by_request": "INDEX asset_by_request ON asset (request_digest)",
}

_OF_A_JOB = "job IN (SELECT id FROM job)"
_CAPS = ("cap_project", "cap_video")
_WARNINGS = ("charge_warnings",)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)

    async def create() -> None:
        await aside.put_back("aside_4_spend", "spend")
        await aside.put_back("aside_4_charge", "charge", given=_OF_A_JOB)
        await aside.put_back("aside_4_approval", "approval", given=_OF_A_JOB)
        await aside.bring_back("aside_4_project", "project", _CAPS)
        await aside.bring_back("aside_4_job", "job", _WARNINGS)
        for index in INDEXES.values():
            await Job.raw(f"CREATE {index}")

    async def drop() -> None:
        for name in INDEXES:
            await Job.raw(f"DROP INDEX {name}")
        # What was paid, and what may be, outlives a schema that knows of neither.
        for table in ("charge", "spend", "approval"):
            await aside.put(f"aside_4_{table}", table)
        await aside.put("aside_4_project", "project", _CAPS)
        await aside.put("aside_4_job", "job", _WARNINGS)

    manager.add_raw(create)
    manager.add_raw_backwards(drop)
    return manager
