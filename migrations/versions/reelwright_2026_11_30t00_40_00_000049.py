"""When a film is no longer kept stays as it was, whoever deletes its objects how often."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Timestamptz
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-30T00:40:00:000049"
VERSION = "1.38.0"
DESCRIPTION = "The moment of a retirement apart from that of clearing up"


async def forwards() -> MigrationManager:
    # Going back, nothing is put aside: what is being deleted is found again.
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)
    manager.add_column(
        table_class_name="GeneratedVideo",
        tablename="generated_video",
        column_name="clearing_at",
        db_column_name="clearing_at",
        column_class_name="Timestamptz",
        column_class=Timestamptz,
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
