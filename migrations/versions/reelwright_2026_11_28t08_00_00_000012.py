"""Older assets' sources are told from their providers, and what is unusable may be made anew."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cms_bridge.tables import Asset

ID = "2026-11-28T08:00:00:000012"
VERSION = "1.38.0"
DESCRIPTION = "Sources of the assets there are, and one usable asset per request"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)

    async def tell() -> None:
        await Asset.raw(
            "UPDATE asset SET source = CASE provider WHEN 'offline' THEN 'rule'"
            " WHEN 'stock' THEN 'stock' ELSE 'model' END"
        )
        await Asset.raw("DROP INDEX asset_one_per_request")
        await Asset.raw(
            "CREATE UNIQUE INDEX asset_one_per_request ON asset"
            " (job, scene_id, kind, request_digest) WHERE condition <> 'unusable'"
        )

    async def forget() -> None:
        # What is unusable goes by its own name from now on, so that nobody finds it.
        await Asset.raw(
            "UPDATE asset SET request_digest = CAST(id AS VARCHAR(64)) WHERE condition = 'unusable'"
        )
        await Asset.raw("DROP INDEX asset_one_per_request")
        await Asset.raw(
            "CREATE UNIQUE INDEX asset_one_per_request ON asset"
            " (job, scene_id, kind, request_digest)"
        )

    manager.add_raw(tell)
    manager.add_raw_backwards(forget)
    return manager
