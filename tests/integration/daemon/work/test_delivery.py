"""A rendition's files on their way to the store, however often they are sent."""

from pathlib import Path

import pytest

from cms_bridge.states import FileKind
from cms_bridge.storage.base import StorageFull
from cms_bridge.storage.local import LocalStore
from daemon.work.delivery import COMPANIONS, store_files

pytestmark = pytest.mark.anyio

NAMES = (
    "video.mp4",
    *(name for name in COMPANIONS.values() if name != "hls"),
    "thumbnails.vtt",
    "hls/main.m3u8",
    "hls/720p/index.m3u8",
    "hls/720p/init_0.mp4",
    "hls/720p/0000.m4s",
    "hls/captions/0000.vtt",
)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    for name in NAMES:
        place = tmp_path / "attempt" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"the bytes of {name}")
    (tmp_path / "attempt" / "engine.log").write_text("no file of the film's")
    return tmp_path / "attempt"


async def deliver(made: Path, store: LocalStore):
    return await store_files(made, store, project="p", language="de", side_by_side=3)


async def test_everything_that_was_made_is_stored_and_once(made: Path, tmp_path: Path) -> None:
    async with LocalStore(tmp_path / "objects", base_url="http://x", secret="s" * 32) as store:
        files = await deliver(made, store)
        assert {one.name for one in files} == set(NAMES)
        assert {one.kind for one in files} == set(FileKind)
        assert {one.name for one in files if one.kind is FileKind.HLS} == {
            name for name in NAMES if name.startswith("hls/")
        }
        assert {one.kind for one in files if one.language == "de"} == {
            FileKind.CAPTIONS,
            FileKind.SUBRIP,
            FileKind.WORDS,
            FileKind.WORD_CAPTIONS,
            FileKind.CHAPTERS,
            FileKind.TRANSCRIPT,
        }
        for one in files:
            kept = await store.head(one.key)
            assert (kept.size, kept.media_type) == (one.bytes, one.media_type)
            assert b"".join([chunk async for chunk in store.read(one.key)]).decode() == (
                f"the bytes of {one.name}"
            )
        # As after a crash between storing and saying so.
        assert await deliver(made, store) == files
        objects = [path for path in (tmp_path / "objects").glob("*/*") if path.is_file()]
        assert len(objects) == len(NAMES)


async def test_a_store_that_is_full_says_so(made: Path, tmp_path: Path) -> None:
    async with LocalStore(
        tmp_path / "objects", base_url="http://x", secret="s" * 32, keep_free=2**60
    ) as store:
        with pytest.raises(StorageFull):
            await deliver(made, store)
