"""What is left of an upload when the disk is full, the process dies or the store is away."""

import hashlib
import subprocess
import threading
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from cms_bridge.errors import AssetUnderWay, MediumNotFound, StoreUnavailable
from cms_bridge.storage.base import ObjectNotFound, StorageUnavailable, upload_key
from cms_bridge.storage.local import LocalStore
from cms_bridge.tables import UploadedAsset
from cms_bridge.uploads import registry
from cms_bridge.uploads.receiving import Received
from cms_bridge.uploads.reception import Reception, UploadBounds
from cms_bridge.uploads.registry import Room, Upload, UploadRecord, UploadState
from render.containers.reader import Medium, Use
from tests.support import media_files
from tests.support.bridge_process import API_KEY, running_bridge

pytestmark = pytest.mark.anyio

UPLOAD = "/api/v1/upload-asset"
KEY = {"Authorization": f"Bearer {API_KEY}"}
BOUNDS = UploadBounds(
    max_bytes=1_000,
    max_pixels=1_000,
    max_seconds=1,
    room=Room(),
    at_once=1,
    bytes_per_second=1,
    directory=None,
)


@pytest.mark.parametrize("full", ["objects", "arriving"])
def test_a_full_disk_answers_507_and_keeps_nothing(
    tmp_path: Path, redis_server: str, migrated_sqlite: Path, full: str
) -> None:
    disk = tmp_path / full
    disk.mkdir()
    size = {"objects": "65m", "arriving": "1m"}[full]
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk], check=False
    )
    if mounted.returncode:
        pytest.skip("Only root may mount a disk.")
    try:
        (tmp_path / "bridge.db").write_bytes(migrated_sqlite.read_bytes())
        with running_bridge(
            tmp_path,
            redis=redis_server,
            database=f"sqlite:///{tmp_path}/bridge.db",
            upload_directory=str(tmp_path / "arriving"),
            rate_uploads_per_minute="0",
        ) as bridge:
            noise = media_files.picture("png", size=(1_000, 700))
            assert len(noise) > 2_000_000
            answer = httpx.post(
                f"{bridge.url}{UPLOAD}",
                data={"projectId": "p"},
                files={"file": noise},
                headers=KEY,
                timeout=60,
            )
            assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")
            assert not [one for one in disk.rglob("*") if one.is_file()]
            small = media_files.picture("png", size=(8, 8))
            answer = httpx.post(
                f"{bridge.url}{UPLOAD}",
                data={"projectId": "p"},
                files={"file": small},
                headers=KEY,
                timeout=60,
            )
            assert answer.status_code == 201
            listed = httpx.get(f"{bridge.url}/api/v1/projects/p/assets", headers=KEY).json()
            assert len(listed["assets"]) == 1
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def test_a_bridge_that_is_killed_while_a_file_arrives_leaves_nothing(
    tmp_path: Path, redis_server: str, migrated_sqlite: Path
) -> None:
    (tmp_path / "bridge.db").write_bytes(migrated_sqlite.read_bytes())
    with running_bridge(
        tmp_path,
        redis=redis_server,
        database=f"sqlite:///{tmp_path}/bridge.db",
        upload_directory=str(tmp_path / "arriving"),
        # Others of this minute have the same key and the same Redis.
        rate_uploads_per_minute="0",
    ) as bridge:
        head = (
            f"POST {UPLOAD} HTTP/1.1\r\nHost: b\r\nAuthorization: Bearer {API_KEY}\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000000\r\n\r\n"
            '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        ).encode()
        with bridge.connect(head + bytes(3_000_000)):
            _wait_for_a_file_in(tmp_path / "arriving", of=bridge.process.pid)
            bridge.process.kill()
            bridge.process.wait()
        assert list((tmp_path / "arriving").iterdir()) == []
        assert not [one for one in (tmp_path / "objects").rglob("*") if one.is_file()]


def _wait_for_a_file_in(directory: Path, *, of: int) -> None:
    """Wait until a process holds a file of this directory open, a nameless one too."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(FileNotFoundError):  # a descriptor that was closed meanwhile
            for one in Path(f"/proc/{of}/fd").iterdir():
                if one.readlink().is_relative_to(directory):
                    return
        time.sleep(0.05)
    raise AssertionError("No file began to arrive.")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[LocalStore]:
    async with LocalStore(
        tmp_path / "objects", base_url="http://unused", secret="s" * 32, keep_free=0
    ) as store:
        yield store


def upload(data: bytes, project: str = "p") -> Upload:
    return Upload(
        project=project,
        name="x",
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        medium=Medium(extension="png", use=Use.PICTURE, width=8, height=8),
        scanned=False,
        uploaded_by="environment",
    )


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("died", ["before the object", "after the object", "while deleting"])
async def test_whoever_dies_between_two_steps_leaves_what_the_sweep_removes(
    store: LocalStore, tmp_path: Path, died: str
) -> None:
    data = b"of any content"
    (tmp_path / "x").write_bytes(data)
    reserved = await registry.reserve(upload(data), room=Room())
    if died != "before the object":
        await store.put(reserved.key, tmp_path / "x", media_type="image/png")
    if died == "while deleting":
        await registry.confirm(reserved.id)
        await UploadedAsset.update({UploadedAsset.state: UploadState.DELETING.value}).where(
            UploadedAsset.id == reserved.id
        )
        with pytest.raises(AssetUnderWay):
            await registry.reserve(upload(data), room=Room())
    assert await registry.sweep(store) == 0
    long_ago = datetime.now(UTC) - timedelta(hours=2)
    await UploadedAsset.update({UploadedAsset.touched_at: long_ago}).where(
        UploadedAsset.id == reserved.id
    )
    assert await registry.sweep(store) == 1
    with pytest.raises(ObjectNotFound):
        await store.head(reserved.key)
    assert not await UploadedAsset.exists()
    # What the sweep took is not there for who comes late, and what is ready stays.
    with pytest.raises(AssetUnderWay):
        await registry.confirm(reserved.id)
    again = await registry.reserve(upload(data), room=Room())
    await registry.confirm(again.id)
    await UploadedAsset.update({UploadedAsset.touched_at: long_ago}).where(
        UploadedAsset.id == again.id
    )
    assert await registry.sweep(store) == 0
    assert (await registry.find(again.id)).key == upload_key(
        project="p", sha256=hashlib.sha256(data).hexdigest(), extension="png"
    )


class Away(LocalStore):
    """A store that deletes nothing while it is away."""

    away = True

    async def delete(self, key: str) -> None:
        if self.away:
            raise StorageUnavailable("away")
        await super().delete(key)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("by", ["asking again", "the sweep"])
async def test_what_a_store_that_was_away_did_not_delete_is_taken_up_at_once(
    tmp_path: Path, by: str
) -> None:
    data = b"of any content"
    (tmp_path / "x").write_bytes(data)
    async with Away(
        tmp_path / "objects", base_url="http://x", secret="s" * 32, keep_free=0
    ) as away:
        reception = Reception(BOUNDS, away, None)
        asset = await registry.reserve(upload(data), room=Room())
        await away.put(asset.key, tmp_path / "x", media_type="image/png")
        await registry.confirm(asset.id)
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                await reception.remove(asset.id)
            assert await registry.of_project("p", limit=9, after=None) == []
        away.away = False
        if by == "asking again":
            await reception.remove(asset.id)
            with pytest.raises(MediumNotFound):
                await reception.remove(asset.id)
        else:
            assert await registry.sweep(away) == 1
        with pytest.raises(ObjectNotFound):
            await away.head(asset.key)
        assert (await registry.reserve(upload(data), room=Room())).state is UploadState.STORING


@pytest.mark.usefixtures("database")
async def test_the_same_file_is_kept_again_after_a_deletion_that_failed(tmp_path: Path) -> None:
    """As an asset of its own: the deleted one stays gone, whoever asks for it."""
    picture = media_files.picture("png", size=(8, 8))
    (tmp_path / "x.png").write_bytes(picture)
    async with Away(
        tmp_path / "objects", base_url="http://x", secret="s" * 32, keep_free=0
    ) as away:
        reception = Reception(BOUNDS, away, None)

        async def send(name: str) -> tuple[UploadRecord, bool]:
            with (tmp_path / "x.png").open("rb") as file:
                return await reception.keep(
                    Received(
                        file=file,
                        size=len(picture),
                        sha256=hashlib.sha256(picture).hexdigest(),
                        file_name=name,
                        fields={},
                    ),
                    project="p",
                    name=name,
                    by="environment",
                )

        first, new = await send("first")
        assert new
        with pytest.raises(StoreUnavailable):
            await reception.remove(first.id)
        again, new = await send("again")
        assert (new, again.state, again.name) == (True, UploadState.READY, "again")
        assert again.id != first.id
        with pytest.raises(MediumNotFound):
            await registry.find(first.id)
        away.away = False
        with pytest.raises(MediumNotFound):
            await reception.remove(first.id)
        assert await registry.sweep(away) == 0
        assert (await away.head(again.key)).size == len(picture)
        assert [one.id for one in await registry.of_project("p", limit=9, after=None)] == [again.id]


@pytest.mark.usefixtures("database")
async def test_what_is_deleted_again_just_now_is_not_taken_over(
    store: LocalStore, tmp_path: Path
) -> None:
    (tmp_path / "x").write_bytes(b"x")
    asset = await registry.reserve(upload(b"x"), room=Room(project=1))
    await store.put(asset.key, tmp_path / "x", media_type="image/png")
    await registry.confirm(asset.id)
    now = datetime.now(UTC)
    for touched, taken in ((now, False), (now - timedelta(minutes=3), True)):
        await UploadedAsset.update(
            {
                UploadedAsset.state: UploadState.DELETING.value,
                UploadedAsset.touched_at: touched,
            }
        ).where(UploadedAsset.id == asset.id)
        if taken:
            # What is taken over counts once against what the project may keep.
            assert (await registry.reserve(upload(b"x"), room=Room(project=1))).id != asset.id
        else:
            with pytest.raises(AssetUnderWay):
                await registry.reserve(upload(b"x"), room=Room(project=1))
            assert await UploadedAsset.exists().where(UploadedAsset.id == asset.id)


@pytest.mark.usefixtures("database")
async def test_two_do_not_delete_the_same_at_once_and_who_died_is_waited_for_shortly(
    store: LocalStore, tmp_path: Path
) -> None:
    (tmp_path / "x").write_bytes(b"x")
    reception = Reception(BOUNDS, store, None)
    asset = await registry.reserve(upload(b"x"), room=Room())
    with pytest.raises(MediumNotFound):
        await reception.remove(asset.id)  # it still arrives
    await store.put(asset.key, tmp_path / "x", media_type="image/png")
    await registry.confirm(asset.id)
    now = datetime.now(UTC)
    for touched, taken in ((now, False), (now - timedelta(minutes=3), True)):
        await UploadedAsset.update(
            {
                UploadedAsset.state: UploadState.DELETING.value,
                UploadedAsset.touched_at: touched,
            }
        ).where(UploadedAsset.id == asset.id)
        if taken:
            await reception.remove(asset.id)
        else:
            with pytest.raises(AssetUnderWay):
                await reception.remove(asset.id)
    assert not await UploadedAsset.exists()


def test_many_at_once_are_each_kept_once(
    tmp_path: Path, redis_server: str, database_url: str
) -> None:
    picture = media_files.picture("png")
    with running_bridge(
        tmp_path, redis=redis_server, database=database_url, rate_uploads_per_minute="0"
    ) as bridge:
        answers: list[httpx.Response] = []

        def send() -> None:
            answers.append(
                httpx.post(
                    f"{bridge.url}{UPLOAD}",
                    data={"projectId": "p"},
                    files={"file": picture},
                    headers=KEY,
                    timeout=60,
                )
            )

        senders = [threading.Thread(target=send) for _ in range(12)]
        for one in senders:
            one.start()
        for one in senders:
            one.join()
        assert {one.status_code for one in answers} <= {200, 201}
        assert len({one.json()["id"] for one in answers}) == 1
        files = [one for one in (tmp_path / "objects").rglob("*.png") if one.is_file()]
        assert len(files) == 1
