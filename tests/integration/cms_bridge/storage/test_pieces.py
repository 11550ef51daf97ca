"""Pieces of films that all daemons share: kept once, proved when fetched, and swept."""

import hashlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from cms_bridge.storage import pieces
from cms_bridge.storage.base import (
    ObjectNotFound,
    StorageUnavailable,
    StoredObject,
    object_key,
    piece_key,
)
from cms_bridge.storage.local import LocalStore
from cms_bridge.storage.pieces import ABANDONED_AFTER, IN_USE, DamagedPiece
from cms_bridge.tables import Piece

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]

NOTE = b'{"frames":3}'
DAYS = timedelta(days=30)
PLENTY = 1_000_000


class CountingStore(LocalStore):
    """A local store that counts what is written to it, and may be away."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, base_url="http://unused", secret="s" * 32, keep_free=0)
        self.written = 0
        self.away = False
        self.begun = anyio.Event()

    async def put(self, key: str, path: Path, *, media_type: str) -> StoredObject:
        self.begun.set()
        await anyio.sleep(0.05)  # so that another writer comes meanwhile
        if self.away:
            raise StorageUnavailable("away")
        self.written += 1
        return await super().put(key, path, media_type=media_type)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[CountingStore]:
    async with CountingStore(tmp_path / "objects") as store:
        yield store


def name_of(what: str) -> str:
    return f"{hashlib.sha256(what.encode()).hexdigest()}.mp4"


async def keep(
    store: LocalStore, folder: Path, what: str, *, content: bytes = b"", size: int = 10
) -> bool:
    path = folder / f"{what}.bin"
    path.write_bytes(content or what.encode().ljust(size, b"."))
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return await pieces.keep(store, name_of(what), path, sha256=sha256, note=NOTE)


async def used(what: str, *, ago: timedelta) -> None:
    await Piece.update({Piece.used_at: datetime.now(UTC) - ago}).where(Piece.name == name_of(what))


async def there(*names: str) -> list[str]:
    found = await pieces.find([name_of(name) for name in names])
    return [name for name in names if name_of(name) in found]


def objects(store: LocalStore) -> int:
    folder = store.path(piece_key(sha256="0" * 64, extension="mp4")).parents[1]
    return sum(one.is_file() for one in folder.rglob("*"))


async def test_what_one_kept_another_fetches_with_its_note(
    store: CountingStore, tmp_path: Path
) -> None:
    assert await keep(store, tmp_path, "a")
    found = await pieces.find([name_of("a"), name_of("never kept")])
    (piece,) = found.values()
    await pieces.fetch(store, piece, tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == (tmp_path / "a.bin").read_bytes()
    assert piece.note.encode() == NOTE


async def test_two_writers_of_the_same_write_it_once(store: CountingStore, tmp_path: Path) -> None:
    told: list[bool] = []

    async def write() -> None:
        told.append(await keep(store, tmp_path, "a"))

    async with anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(write)
    assert sorted(told) == [False, False, False, True]
    assert store.written == objects(store) == 1


async def test_what_is_being_written_is_not_there_yet(store: CountingStore, tmp_path: Path) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: keep(store, tmp_path, "a"))
        await store.begun.wait()
        assert not await there("a")
    assert await there("a")


async def test_a_store_that_is_away_leaves_nothing_and_the_next_keeps_it(
    store: CountingStore, tmp_path: Path
) -> None:
    store.away = True
    with pytest.raises(StorageUnavailable):
        await keep(store, tmp_path, "a")
    assert await Piece.count() == 0
    store.away = False
    assert await keep(store, tmp_path, "a")


async def test_a_writer_that_is_cancelled_leaves_nothing(
    store: CountingStore, tmp_path: Path
) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: keep(store, tmp_path, "a"))
        await store.begun.wait()
        group.cancel_scope.cancel()
    assert (await Piece.count(), objects(store)) == (0, 0)


@pytest.mark.parametrize("spoil", [lambda kept: kept.write_bytes(b"another"), Path.unlink])
async def test_what_is_damaged_is_forgotten_and_can_be_kept_anew(
    store: CountingStore, tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    await keep(store, tmp_path, "a")
    (piece,) = (await pieces.find([name_of("a")])).values()
    spoil(store.path(piece.key))
    with pytest.raises((DamagedPiece, ObjectNotFound)):
        await pieces.fetch(store, piece, tmp_path / "fetched")
    assert (await Piece.count(), objects(store)) == (0, 0)
    assert await keep(store, tmp_path, "a")
    (piece,) = (await pieces.find([name_of("a")])).values()
    await pieces.fetch(store, piece, tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == (tmp_path / "a.bin").read_bytes()


async def test_what_was_unused_for_long_goes(store: CountingStore, tmp_path: Path) -> None:
    for what in ("old", "new"):
        await keep(store, tmp_path, what)
    await used("old", ago=DAYS + timedelta(hours=1))
    await used("new", ago=DAYS - timedelta(hours=1))
    assert await pieces.sweep(store, most_bytes=PLENTY, unused_for=DAYS) == 1
    assert await there("old", "new") == ["new"]
    assert objects(store) == 1


async def test_all_that_is_kept_goes_at_a_word_and_nothing_that_is_being_written(
    store: CountingStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "_AT_ONCE", 2)
    for what in "abc":
        await keep(store, tmp_path, what)
    assert await pieces.begin(name_of("d"), finishes="", at=datetime.now(UTC))
    assert await pieces.clear(store) == 3
    assert objects(store) == 0
    assert await Piece.select(Piece.name) == [{"name": name_of("d")}]
    # Whoever was about to fetch one makes it, and keeps it anew.
    assert await keep(store, tmp_path, "a")
    assert await there("a")


async def test_above_the_bound_the_longest_unused_go_first_and_nothing_in_use(
    store: CountingStore, tmp_path: Path
) -> None:
    for hours, what in enumerate(("newest", "middle", "oldest", "in use"), start=1):
        await keep(store, tmp_path, what, size=100)
        await used(what, ago=timedelta(hours=hours))
    await used("in use", ago=IN_USE / 2)
    assert await pieces.sweep(store, most_bytes=400, unused_for=DAYS) == 0
    assert await pieces.sweep(store, most_bytes=300, unused_for=DAYS) == 2
    assert await there("newest", "middle", "oldest", "in use") == ["newest", "in use"]
    assert await pieces.sweep(store, most_bytes=1, unused_for=DAYS) == 0, "both were just asked for"
    assert objects(store) == 2


async def test_two_sweeps_at_once_remove_no_more_than_one(
    store: CountingStore, tmp_path: Path
) -> None:
    for hours in range(1, 7):
        await keep(store, tmp_path, str(hours), size=100)
        await used(str(hours), ago=timedelta(hours=hours))
    async with anyio.create_task_group() as group:
        for _ in range(2):
            group.start_soon(lambda: pieces.sweep(store, most_bytes=500, unused_for=DAYS))
    assert len(await there(*map(str, range(1, 7)))) == objects(store) == 4


async def test_what_a_dead_writer_left_is_swept_and_then_kept_by_another(
    store: CountingStore, tmp_path: Path
) -> None:
    await keep(store, tmp_path, "a")
    # Killed between the object and the word that it is there.
    await Piece.update({Piece.ready: False}).where(Piece.name == name_of("a"))
    assert not await keep(store, tmp_path, "a"), "its writer may live"
    await used("a", ago=ABANDONED_AFTER + timedelta(minutes=1))
    assert await pieces.sweep(store, most_bytes=PLENTY, unused_for=DAYS) == 1
    assert objects(store) == 0
    assert await keep(store, tmp_path, "a")


async def test_bytes_that_two_pieces_share_stay_until_the_last_goes(
    store: CountingStore, tmp_path: Path
) -> None:
    for what in ("a", "b"):
        await keep(store, tmp_path, what, content=b"the same")
    await used("a", ago=2 * DAYS)
    await pieces.sweep(store, most_bytes=PLENTY, unused_for=DAYS)
    assert (await there("a", "b"), objects(store)) == (["b"], 1)
    await used("b", ago=2 * DAYS)
    await pieces.sweep(store, most_bytes=PLENTY, unused_for=DAYS)
    assert (await Piece.count(), objects(store)) == (0, 0)


async def test_no_link_is_made_to_a_piece(store: CountingStore) -> None:
    an_hour = timedelta(hours=1)
    with pytest.raises(ValueError, match="nobody's to see"):
        await store.signed_url(piece_key(sha256="0" * 64, extension="mp4"), expires_in=an_hour)
    assert await store.signed_url(
        object_key(project="p", sha256="0" * 64, extension="mp4"), expires_in=an_hour
    )
