"""Older assets' sources are told from their providers, and what is unusable may be made anew."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cms_bridge.tables import Asset
from migrations import aside

ID = "2026-11-28T08:00:00:000012"
VERSION = "1.38.0"
DESCRIPTION = "Sources of the assets there are, and one usable asset per request"

_TOLD = ("source", "condition")


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)

    async def tell() -> None:
        await Asset.raw(
            "UPDATE asset SET source = CASE provider WHEN 'offline' THEN 'rule'"
            " WHEN 'stock' THEN 'stock' ELSE 'model' END"
        )
        await aside.bring_back("aside_12_asset", "asset", _TOLD)
        await Asset.raw("DROP INDEX asset_one_per_request")
        await aside.put_back("aside_12_unusable", "asset", given="job IN (SELECT id FROM job)")
        await Asset.raw(
            "CREATE UNIQUE INDEX asset_one_per_request ON asset"
            " (job, scene_id, kind, request_digest) WHERE condition <> 'unusable'"
        )

    async def forget() -> None:
        await aside.put("aside_12_unusable", "asset", where="condition = 'unusable'")
        await Asset.raw("DELETE FROM asset WHERE condition = 'unusable'")
        await aside.put("aside_12_asset", "asset", _TOLD)
        await Asset.raw("DROP INDEX asset_one_per_request")
        await Asset.raw(
            "CREATE UNIQUE INDEX asset_one_per_request ON asset"
            " (job, scene_id, kind, request_digest)"
        )

    manager.add_raw(tell)
    manager.add_raw_backwards(forget)
    return manager
