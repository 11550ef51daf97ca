"""A job has several renditions, and exports are jobs of their own.

SQLite cannot take a constraint back: there the table is built anew, as it was but for that.
"""

from typing import Any, cast

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import OnDelete
from piccolo.columns.base import OnUpdate
from piccolo.columns.column_types import ForeignKey
from piccolo.columns.column_types import Integer
from piccolo.columns.column_types import JSON
from piccolo.columns.column_types import UUID
from piccolo.columns.column_types import Varchar
from piccolo.columns.defaults.uuid import UUID4
from piccolo.columns.indexes import IndexMethod
from piccolo.table import Table

from cms_bridge import tables

ID = "2026-11-28T14:00:00:000022"
VERSION = "1.38.0"
DESCRIPTION = "Several renditions of a job, and exports"

_ONE = "generated_video_job_key"
"""What PostgreSQL calls the constraint."""
_COLUMN = '"job"'
_NEW = "generated_video_anew"


class Job(Table, tablename="job", schema=None):
    id = UUID(
        default=UUID4(),
        null=False,
        primary_key=True,
        unique=False,
        index=False,
        index_method=IndexMethod.btree,
        choices=None,
        db_column_name=None,
        secret=False,
    )


class _Manager(MigrationManager):
    async def _run_alter_columns(self, backwards: bool = False) -> None:
        """Leave it to `_constrain`, which does it on both engines."""


async def _constrain(*, unique: bool) -> None:
    engine = tables.Job._meta.db
    if engine.engine_type == "postgres":
        how = f"ADD CONSTRAINT {_ONE} UNIQUE (job)" if unique else f"DROP CONSTRAINT {_ONE}"
        await tables.Job.raw(f"ALTER TABLE generated_video {how}")
        return
    (row,) = cast(
        list[dict[str, Any]],
        await tables.Job.raw("SELECT sql FROM sqlite_master WHERE name = 'generated_video'"),
    )
    head, column, rest = row["sql"].partition(_COLUMN)
    definition, comma, others = rest.partition(",")
    definition = definition.replace(" UNIQUE", "") + (" UNIQUE" if unique else "")
    named = head.replace("generated_video", _NEW, 1)
    await tables.Job.raw(named + column + definition + comma + others)
    await tables.Job.raw(f"INSERT INTO {_NEW} SELECT * FROM generated_video")
    await tables.Job.raw("DROP TABLE generated_video")
    await tables.Job.raw(f"ALTER TABLE {_NEW} RENAME TO generated_video")


async def forwards() -> MigrationManager:
    manager = _Manager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)

    async def several() -> None:
        await _constrain(unique=False)

    async def one() -> None:
        await _constrain(unique=True)

    manager.add_raw(several)
    manager.add_raw_backwards(one)
    manager.alter_column(
        table_class_name="GeneratedVideo",
        tablename="generated_video",
        column_name="job",
        db_column_name="job",
        params={"unique": False},
        old_params={"unique": True},
        column_class=ForeignKey,
        old_column_class=ForeignKey,
        schema=None,
    )

    manager.add_column(
        table_class_name="Job",
        tablename="job",
        column_name="parent",
        db_column_name="parent",
        column_class_name="UUID",
        column_class=UUID,
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

    manager.add_column(
        table_class_name="Job",
        tablename="job",
        column_name="output",
        db_column_name="output",
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

    manager.add_column(
        table_class_name="GeneratedVideo",
        tablename="generated_video",
        column_name="export_job",
        db_column_name="export_job",
        column_class_name="ForeignKey",
        column_class=ForeignKey,
        params={
            "references": Job,
            "on_delete": OnDelete.cascade,
            "on_update": OnUpdate.cascade,
            "target_column": None,
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

    manager.add_column(
        table_class_name="GeneratedVideo",
        tablename="generated_video",
        column_name="number",
        db_column_name="number",
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

    manager.add_column(
        table_class_name="GeneratedVideo",
        tablename="generated_video",
        column_name="storyboard_revision",
        db_column_name="storyboard_revision",
        column_class_name="Integer",
        column_class=Integer,
        params={
            "default": 0,
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

    manager.add_column(
        table_class_name="GeneratedVideo",
        tablename="generated_video",
        column_name="storyboard_digest",
        db_column_name="storyboard_digest",
        column_class_name="Varchar",
        column_class=Varchar,
        params={
            "length": 64,
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

    manager.add_column(
        table_class_name="GeneratedVideo",
        tablename="generated_video",
        column_name="storyboard_data",
        db_column_name="storyboard_data",
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

    manager.add_column(
        table_class_name="GeneratedVideo",
        tablename="generated_video",
        column_name="aspect_ratio",
        db_column_name="aspect_ratio",
        column_class_name="Varchar",
        column_class=Varchar,
        params={
            "length": 8,
            "default": "16:9",
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

    manager.add_column(
        table_class_name="GeneratedVideo",
        tablename="generated_video",
        column_name="format",
        db_column_name="format",
        column_class_name="Varchar",
        column_class=Varchar,
        params={
            "length": 16,
            "default": "h264",
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

    manager.add_column(
        table_class_name="GeneratedVideo",
        tablename="generated_video",
        column_name="fps",
        db_column_name="fps",
        column_class_name="Integer",
        column_class=Integer,
        params={
            "default": 30,
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

    manager.add_column(
        table_class_name="GeneratedVideo",
        tablename="generated_video",
        column_name="warnings",
        db_column_name="warnings",
        column_class_name="JSON",
        column_class=JSON,
        params={
            "default": "[]",
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
