"""What the store holds that nothing names, and what is named that it does not hold."""

import hashlib
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from cms_bridge.operations import reconciliation
from cms_bridge.storage.base import ObjectNotFound, object_key, upload_key
from cms_bridge.storage.local import LocalStore
from cms_bridge.tables import TABLES, Asset, GeneratedVideo, RenditionFile, UploadedAsset
from tests.support.ledger import new_job

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]

DAY = timedelta(days=1)
PROJECT = "p1"


class Shelf:
    """A store, and files of any age in it."""

    def __init__(self, store: LocalStore, directory: Path) -> None:
        self.store, self._directory = store, directory

    async def put(
        self, content: str, *, project: str = PROJECT, uploaded: bool = False, days: float = 2
    ) -> str:
        file = self._directory / "file.png"
        file.write_text(content)
        name = upload_key if uploaded else object_key
        digest = hashlib.sha256(content.encode()).hexdigest()
        key = name(project=project, sha256=digest, extension="png")
        await self.store.put(key, file, media_type="image/png")
        at = (datetime.now(UTC) - timedelta(days=days)).timestamp()
        os.utime(self.store.path(key), (at, at))
        return key

    async def has(self, key: str) -> bool:
        try:
            await self.store.head(key)
        except ObjectNotFound:
            return False
        return True


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    async with LocalStore(
        tmp_path / "objects", base_url="http://unused", secret="s" * 32, keep_free=0
    ) as store:
        yield Shelf(store, tmp_path)


@pytest.fixture
async def job() -> UUID:
    return await new_job(project=PROJECT)


async def name_as_asset(job: UUID, key: str) -> None:
    await Asset.insert(
        Asset(
            id=uuid4(),
            job=job,
            scene_id="s1",
            kind="picture",
            request_digest=Path(key).stem,
            key=key,
            media_type="image/png",
            bytes=1,
            provider="offline",
            model_intended="card",
            model_used="card",
            created_at=datetime.now(UTC),
        )
    )


async def name_everywhere(job: UUID, shelf: Shelf) -> list[str]:
    """Store an object for each column that can name one."""
    asset, film, poster, captions = [
        await shelf.put(what) for what in ("asset", "film", "poster", "captions")
    ]
    upload = await shelf.put("upload", uploaded=True)
    now, rendition = datetime.now(UTC), uuid4()
    await name_as_asset(job, asset)
    await GeneratedVideo.insert(
        GeneratedVideo(
            id=rendition,
            job=job,
            storyboard_digest="e" * 64,
            key=film,
            poster_key=poster,
            created_at=now,
        )
    )
    await RenditionFile.insert(
        RenditionFile(
            id=uuid4(),
            rendition=rendition,
            kind="captions",
            name="captions.vtt",
            key=captions,
            media_type="text/vtt",
            bytes=1,
            sha256="e" * 64,
            created_at=now,
        )
    )
    await UploadedAsset.insert(
        UploadedAsset(
            id=uuid4(),
            project=PROJECT,
            name="Oven.png",
            key=upload,
            sha256="e" * 64,
            use="picture",
            bytes=1,
            state="ready",
            uploaded_by="environment",
            created_at=now,
            touched_at=now,
        )
    )
    return [asset, film, poster, captions, upload]


async def test_what_is_named_stays_and_what_is_not_goes(shelf: Shelf, job: UUID) -> None:
    named = await name_everywhere(job, shelf)
    left = await shelf.put("left behind")
    found = await reconciliation.compare(shelf.store, older_than=DAY)
    assert [one.key for one in found.unreferenced] == [left]
    assert (found.stored.objects, found.missing, found.doubtful) == (6, [], False)
    assert found.projects[PROJECT].objects == 6
    assert found.projects[PROJECT].bytes == found.stored.bytes > 0
    assert await shelf.has(left)

    removed = await reconciliation.remove(shelf.store, found.unreferenced)
    assert (removed.objects, removed.bytes) == (1, len("left behind"))
    assert not await shelf.has(left)
    assert [await shelf.has(key) for key in named] == [True] * len(named)


async def test_every_column_that_names_an_object_is_asked() -> None:
    """A new table with a key would have its objects taken away, were it forgotten."""
    asked = {
        f"{table._meta.tablename}.{name}"
        for table, names in reconciliation._NAMES
        for name in names
    }
    there = {
        f"{table._meta.tablename}.{column._meta.name}"
        for table in TABLES
        for column in table._meta.columns
        if column._meta.name == "key" or column._meta.name.endswith("_key")
    }
    assert asked == there - {"job.idempotency_key"}


async def test_what_is_young_is_left_alone_whatever_is_asked(shelf: Shelf, job: UUID) -> None:
    key = await shelf.put("just stored", days=0)
    found = await reconciliation.compare(shelf.store, older_than=timedelta(0))
    assert (found.unreferenced, found.young.objects) == ([], 1)
    await shelf.put("just stored", days=0.2)
    found = await reconciliation.compare(shelf.store, older_than=timedelta(0))
    assert [one.key for one in found.unreferenced] == [key]


async def test_what_is_named_meanwhile_is_not_removed(shelf: Shelf, job: UUID) -> None:
    key = await shelf.put("found again")
    found = await reconciliation.compare(shelf.store, older_than=DAY)
    await name_as_asset(job, key)
    removed = await reconciliation.remove(shelf.store, found.unreferenced)
    assert removed.objects == 0
    assert await shelf.has(key)


async def test_what_is_of_no_project_here_is_another_s(shelf: Shelf, job: UUID) -> None:
    key = await shelf.put("theirs", project="of another database")
    found = await reconciliation.compare(shelf.store, older_than=DAY)
    assert (found.unreferenced, found.strangers.objects) == ([], 1)
    assert await shelf.has(key)


async def test_what_is_named_and_not_there_is_told_with_who_names_it(
    shelf: Shelf, job: UUID
) -> None:
    asset, film, *_ = await name_everywhere(job, shelf)
    for key in (asset, film):
        await shelf.store.delete(key)
    found = await reconciliation.compare(shelf.store, older_than=DAY)
    assert {(one.key, one.table) for one in found.missing} == {
        (asset, "asset"),
        (film, "generated_video"),
    }


async def test_more_than_a_page_of_each(
    shelf: Shelf, job: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciliation, "_PAGE", 2)
    for number in range(5):
        await name_as_asset(job, await shelf.put(f"named {number}"))
    left = [await shelf.put(f"left {number}") for number in range(5)]
    found = await reconciliation.compare(shelf.store, older_than=DAY)
    assert sorted(one.key for one in found.unreferenced) == sorted(left)
    assert found.missing == []
    assert (await reconciliation.remove(shelf.store, found.unreferenced)).objects == 5
