from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Text
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-29T15:40:00:000044"
VERSION = "1.38.0"
DESCRIPTION = "What daemons take of their machines"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)

    manager.add_column(
        table_class_name="Worker",
        tablename="worker",
        column_name="resources",
        db_column_name="resources",
        column_class_name="Text",
        column_class=Text,
        params={
            "default": None,
            "null": True,
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
