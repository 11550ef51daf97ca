"""Whose job a piece of a film is made for; of those that do not say, nobody's."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Varchar
from piccolo.columns.indexes import IndexMethod

ID = "2026-12-01T01:10:00:000054"
VERSION = "1.38.0"
DESCRIPTION = "The job that whoever makes a piece holds"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)
    manager.add_column(
        table_class_name="Piece",
        tablename="piece",
        column_name="finishes",
        db_column_name="finishes",
        column_class_name="Varchar",
        column_class=Varchar,
        params={
            "length": 36,
            "default": "",
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
