"""Backups of both engines and both stores: made, brought back elsewhere, and damaged."""

import hashlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import msgspec
import pytest

from cms_bridge.database import connected, migrate, pending_migrations
from cms_bridge.operations import backups, dumps, restoring
from cms_bridge.operations.backups import Manifest
from cms_bridge.operations.dumps import BackupError
from cms_bridge.storage.base import ObjectNotFound, ObjectStore, object_key, upload_key
from cms_bridge.storage.local import LocalStore
from cms_bridge.storage.r2 import R2Store
from cms_bridge.tables import Asset, GeneratedVideo, Job, Project
from tests.support.api_objects import store_api_objects

pytestmark = pytest.mark.anyio


class Place(NamedTuple):
    """Where an installation keeps everything."""

    url: str
    store: ObjectStore

    async def text(self, key: str) -> str:
        return b"".join([chunk async for chunk in self.store.read(key)]).decode()

    async def keys(self) -> set[str]:
        return {one.key async for one in self.store.list_objects()}


@pytest.fixture(params=["sqlite", "postgres"])
def urls(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A migrated database and one in which nothing is."""
    here = request.getfixturevalue(f"migrated_{request.param}_url")
    if request.param == "sqlite":
        yield here, f"sqlite:///{tmp_path}/elsewhere/new.db"
    else:
        with request.getfixturevalue("postgres_server").database() as there:
            yield here, there


@pytest.fixture
def stores(
    request: pytest.FixtureRequest, urls: tuple[str, str], tmp_path: Path
) -> list[LocalStore | R2Store]:
    """Folders beside SQLite, and a bucket beside PostgreSQL."""
    if urls[0].startswith("sqlite"):
        return [
            LocalStore(tmp_path / name, base_url="http://u", secret="s" * 32, keep_free=0)
            for name in ("here", "there")
        ]
    server = request.getfixturevalue("s3_server")
    return [
        R2Store(
            endpoint_url=server.endpoint_url,
            bucket=server.bucket,
            access_key_id=server.access_key_id,
            secret_access_key=server.secret_access_key,
            prefix=f"backups/{uuid4()}",
            write_seconds=0,
        )
        for _ in range(2)
    ]


@pytest.fixture
async def places(
    urls: tuple[str, str], stores: list[LocalStore | R2Store]
) -> AsyncIterator[tuple[Place, Place]]:
    """Two installations of a kind."""
    async with stores[0] as here, stores[1] as there:
        yield Place(urls[0], here), Place(urls[1], there)


@pytest.fixture
async def kept(places: tuple[Place, Place], tmp_path: Path) -> list[str]:
    """Two projects' rows in the first place; return the keys of the objects that they name."""
    keys = list[str]()
    async with connected(places[0].url):
        for project in ("p1", "p2"):
            await store_api_objects(project)
        for project, name in (("p1", object_key), ("p2", upload_key)):
            keys.append(await put(places[0], project, f"of {project}", tmp_path, name))
        await Asset.update({Asset.key: keys[0]}).where(Asset.key != "")
        await GeneratedVideo.update(
            {GeneratedVideo.key: keys[1], GeneratedVideo.poster_key: keys[1]}
        ).where(GeneratedVideo.key != "")
    return keys


async def put(
    place: Place,
    project: str,
    text: str,
    tmp_path: Path,
    name: Callable[..., str] = object_key,
) -> str:
    file = tmp_path / "file.txt"
    file.write_text(text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    key = name(project=project, sha256=digest, extension="txt")
    await place.store.put(key, file, media_type="text/plain")
    return key


async def titles(url: str) -> list[str]:
    async with connected(url):
        assert await pending_migrations() == []
        return sorted(str(row) for row in await Job.select(Job.id, Job.title, Job.brief))


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def spoil(database: Path) -> None:
    """Have some pages of a database lost."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(database.read_bytes())
    content[4096:12288] = bytes(8192)
    database.write_bytes(content)


async def test_all_of_it_comes_back_elsewhere(
    places: tuple[Place, Place], kept: list[str], tmp_path: Path
) -> None:
    here, there = places
    made = await backups.back_up(here.url, here.store, tmp_path / "backup")
    assert (made.manifest.objects, made.copied.objects, made.damaged) == (2, 2, ())
    assert made.manifest.dumped.rows["project"] == 2
    # Rows of the API's sample name objects that were never put.
    assert made.manifest.missing_count == len(made.manifest.missing) > 0
    assert not set(kept) & set(made.manifest.missing)
    assert (tmp_path / "backup").stat().st_mode & 0o077 == 0

    back = await restoring.restore(there.url, there.store, tmp_path / "backup")

    assert (back.put.objects, back.migrated) == (2, ())
    assert {one.key for one in back.missing} == set(made.manifest.missing)
    assert await titles(there.url) == await titles(here.url) != []
    assert await there.keys() == set(kept)
    assert [await there.text(key) for key in kept] == ["of p1", "of p2"]
    assert (await there.store.head(kept[0])).media_type == "text/plain"


async def test_a_second_backup_copies_what_is_new_and_forgets_what_is_gone(
    places: tuple[Place, Place], kept: list[str], tmp_path: Path
) -> None:
    here, there = places
    directory = tmp_path / "backup"
    await backups.back_up(here.url, here.store, directory)
    await here.store.delete(kept[0])
    fresh = await put(here, "p1", "new", tmp_path)
    async with connected(here.url):
        await Project.update({Project.name: "renamed"}).where(Project.id == "p1")

    made = await backups.back_up(here.url, here.store, directory)

    assert (made.manifest.objects, made.copied.objects) == (2, 1)
    assert kept[0] in made.manifest.missing
    files = {path.name for path in directory.rglob("*") if path.is_file()}
    assert Path(kept[0]).name not in files
    assert len(files) == 6, "a lock, a manifest, a dump, a listing and two objects"
    await restoring.restore(there.url, there.store, directory)
    assert await there.keys() == {fresh, kept[1]}
    async with connected(there.url):
        assert await Project.exists().where(Project.name == "renamed")


async def test_what_another_has_worked_with_is_not_taken_the_place_of_unasked(
    places: tuple[Place, Place], kept: list[str], tmp_path: Path
) -> None:
    here, there = places
    directory = tmp_path / "backup"
    await backups.back_up(here.url, here.store, directory)
    # As a service that just started has it: a schema, and nothing that anybody did.
    await migrate(there.url)
    other = await put(there, "another", "theirs", tmp_path)
    with pytest.raises(BackupError, match="The store is not empty"):
        await restoring.restore(there.url, there.store, directory)
    await there.store.delete(other)
    await restoring.restore(there.url, there.store, directory)
    before = await titles(there.url)
    async with connected(there.url):
        await Job.update({Job.title: "later"}).where(Job.title == "")
        with pytest.raises(BackupError, match="in use" if "postgres" in there.url else "not empty"):
            await restoring.restore(there.url, there.store, directory)
    with pytest.raises(BackupError, match="The database is not empty"):
        await restoring.restore(there.url, there.store, directory)
    assert await titles(there.url) != before

    back = await restoring.restore(there.url, there.store, directory, replace=True)

    assert back.put.objects == 0
    assert await titles(there.url) == before


async def test_an_older_schema_is_brought_up_and_a_newer_one_refused(
    places: tuple[Place, Place], kept: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = places
    known = backups.known_migrations()
    await migrate(here.url, direction="backwards", to=known[-1])
    with pytest.raises(BackupError, match="back it up by the version"):
        await backups.back_up(here.url, here.store, tmp_path / "refused")
    # As the version of then would have made it.
    monkeypatch.setattr(backups, "known_migrations", lambda: known[:-1])
    await backups.back_up(here.url, here.store, tmp_path / "backup")
    back = await restoring.restore(there.url, there.store, tmp_path / "backup")
    assert back.migrated == (known[-1],)
    assert await titles(there.url)

    monkeypatch.setattr(restoring, "known_migrations", lambda: known[:-2])
    with pytest.raises(BackupError, match="of a newer version"):
        await restoring.restore(there.url, there.store, tmp_path / "backup", replace=True)


async def test_a_flipped_bit_anywhere_is_found_before_the_database_is_touched(
    places: tuple[Place, Place], kept: list[str], tmp_path: Path
) -> None:
    here, there = places
    directory = tmp_path / "backup"
    manifest = (await backups.back_up(here.url, here.store, directory)).manifest
    for name in ("manifest.json", manifest.database.name, manifest.listing.name):
        whole = (directory / name).read_bytes()
        damage(directory / name)
        with pytest.raises(BackupError, match="is damaged"):
            await restoring.restore(there.url, there.store, directory)
        (directory / name).write_bytes(whole)
    damage(backups.object_file(directory, kept[0]))
    with pytest.raises(BackupError, match=f"1 objects of the backup are damaged.*{kept[0]}"):
        await restoring.restore(there.url, there.store, directory)
    assert not await dumps.is_used(there.url)

    back = await restoring.restore(there.url, there.store, directory, incomplete=True)
    assert kept[0] in {one.key for one in back.missing}
    assert await there.keys() == {kept[1]}
    # Once more: the whole object comes from the store again, and goes back over what is there.
    assert (await backups.back_up(here.url, here.store, directory)).copied.objects == 1
    back = await restoring.restore(there.url, there.store, directory, replace=True)
    assert (back.put.objects, await there.keys()) == (1, set(kept))


async def test_what_the_store_has_otherwise_than_its_name_says_is_left_out_and_replaced(
    migrated_sqlite_url: str, tmp_path: Path
) -> None:
    async with LocalStore(tmp_path / "o", base_url="http://u", secret="s" * 32) as store:
        here = Place(migrated_sqlite_url, store)
        async with connected(here.url):
            await store_api_objects("p1")
            key = await put(here, "p1", "whole", tmp_path)
            await Asset.update({Asset.key: key}).where(Asset.key != "")
        await backups.back_up(here.url, store, tmp_path / "good")
        damage(store.path(key))
        made = await backups.back_up(here.url, store, tmp_path / "backup")
        assert made.damaged == (key,)
        assert key in made.manifest.missing
        assert await here.keys() == {key}
        await restoring.restore(here.url, store, tmp_path / "good", replace=True)
        assert await here.text(key) == "whole"


async def test_nothing_is_backed_up_into_a_folder_of_something_else(
    migrated_sqlite_url: str, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").touch()
    async with LocalStore(tmp_path / "o", base_url="http://u", secret="s" * 32) as store:
        with pytest.raises(BackupError, match="holds no backup"):
            await backups.back_up(migrated_sqlite_url, store, tmp_path / "other")
        with pytest.raises(BackupError, match="no whole backup"):
            await restoring.restore(migrated_sqlite_url, store, tmp_path / "other")


async def test_a_damaged_database_is_no_backup(migrated_sqlite_url: str, tmp_path: Path) -> None:
    spoil(Path(migrated_sqlite_url.removeprefix("sqlite:///")))
    async with LocalStore(tmp_path / "o", base_url="http://u", secret="s" * 32) as store:
        with pytest.raises(BackupError, match="damaged"):
            await backups.back_up(migrated_sqlite_url, store, tmp_path / "backup")
        with pytest.raises(ObjectNotFound):
            await store.head(object_key(project="p", sha256="0" * 64, extension="txt"))
    assert not (tmp_path / "backup" / "manifest.json").exists()


async def test_no_secret_is_in_a_manifest(migrated_postgres_url: str, tmp_path: Path) -> None:
    async with LocalStore(tmp_path / "o", base_url="http://u", secret="s" * 32) as store:
        made = await backups.back_up(migrated_postgres_url, store, tmp_path / "backup")
    written = (tmp_path / "backup" / "manifest.json").read_text()
    assert "only-for-tests" not in written
    assert "s" * 32 not in written
    again = backups.read_manifest(tmp_path / "backup")
    assert msgspec.json.encode(again) == msgspec.json.encode(made.manifest)
    assert isinstance(again, Manifest)


async def test_tools_of_another_version_are_told(
    migrated_postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "bin" / "pg_dump"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6'\n")
    old.chmod(0o755)
    async with LocalStore(tmp_path / "o", base_url="http://u", secret="s" * 32) as store:
        for path, said in (
            (tmp_path / "empty", "pg_dump is not on the PATH"),
            (old.parent, "is of PostgreSQL 9, and the server of"),
        ):
            monkeypatch.setenv("PATH", f"{path}")
            with pytest.raises(BackupError, match=said):
                await backups.back_up(migrated_postgres_url, store, tmp_path / "backup")
