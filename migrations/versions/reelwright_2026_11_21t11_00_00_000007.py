from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import JSON
from piccolo.columns.indexes import IndexMethod


ID = "2026-11-21T11:00:00:000007"
VERSION = "1.38.0"
DESCRIPTION = "What came of a charge"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)

    manager.add_column(
        table_class_name="Charge",
        tablename="charge",
        column_name="answer",
        db_column_name="answer",
        column_class_name="JSON",
        column_class=JSON,
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
