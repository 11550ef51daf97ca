"""A rendition's frame rate is a fraction: television's are 24000, 30000 and 60000 in 1001 seconds."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Integer
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-29T09:30:00:000034"
VERSION = "1.38.0"
DESCRIPTION = "Frame rates that are no whole number"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)
    manager.add_column(
        table_class_name="GeneratedVideo",
        tablename="generated_video",
        column_name="fps_divisor",
        db_column_name="fps_divisor",
        column_class_name="Integer",
        column_class=Integer,
        params={
            "default": 1,
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )
    return manager
