"""What a downgrade keeps of lexicons: words that people wrote."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations import aside

ID = "2026-11-29T13:10:40:000042"
VERSION = "1.38.0"
DESCRIPTION = "What a downgrade keeps of lexicons"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)

    async def bring_back() -> None:
        await aside.put_back("aside_42_lexicon", "lexicon")

    async def put_aside() -> None:
        await aside.put("aside_42_lexicon", "lexicon")

    manager.add_raw(bring_back)
    manager.add_raw_backwards(put_aside)
    return manager
