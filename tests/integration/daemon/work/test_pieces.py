"""Pieces of films among daemons: each with a cache of its own, and one store for all."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from msgspec.structs import replace

from cms_bridge.database import connected
from cms_bridge.storage.base import ObjectStore, StorageUnavailable, StoredObject, piece_key
from cms_bridge.storage.local import LocalStore
from cms_bridge.tables import Piece
from daemon.settings import DaemonSettings
from daemon.work import pieces
from daemon.work.claiming import Share
from daemon.work.engine import run_engine
from daemon.work.pieces import SharedPieces, open_pieces
from daemon.work.workspace import cache_directory
from render.rendition import Rendition
from render.storyboard import Scene, Solid, Storyboard
from tests.support.services import NEEDED

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]

FILM = Storyboard(
    title="Three grounds",
    scenes=tuple(
        Scene(id=f"s{number}", background=Solid(colour=colour), duration=0.5)
        for number, colour in enumerate(("#336699", "#663399", "#996633"), start=1)
    ),
)
EDITED = replace(
    FILM, scenes=(*FILM.scenes[:2], replace(FILM.scenes[2], background=Solid(colour="#339966")))
)
"""The last scene is another, and with it the way into it."""


class Daemon(NamedTuple):
    """What one daemon makes films with."""

    settings: DaemonSettings
    pieces: SharedPieces

    async def make(self, board: Storyboard, name: str) -> Rendition:
        """Make a film as the daemon does, and return it once its pieces are kept."""
        folder = self.settings.work_directory / name
        folder.mkdir(parents=True)
        (folder / "board.json").write_bytes(msgspec.json.encode(board))

        async def nobody(_: float) -> None:
            return

        line = await run_engine(
            [
                *(str(folder / "board.json"), "--out", str(folder / "film.mp4")),
                *("--cache", str(cache_directory(self.settings.work_directory))),
                *("--profile", "preview", "--no-sign"),
            ],
            on_progress=nobody,
            stderr_file=folder / "engine.log",
            pieces=Share(self.pieces),
        )
        await self.pieces.settled()
        return line.rendition


class Store(LocalStore):
    """A store that may be away."""

    away = False
    asked = 0

    def read(self, key: str) -> AsyncGenerator[bytes]:
        self._look()
        return super().read(key)

    async def put(self, key: str, path: Path, *, media_type: str) -> StoredObject:
        self._look()
        return await super().put(key, path, media_type=media_type)

    def _look(self) -> None:
        self.asked += 1
        if self.away:
            raise StorageUnavailable("The object store does not answer.")


@pytest.fixture
async def store(tmp_path: Path, migrated_sqlite_url: str) -> AsyncIterator[Store]:
    async with (
        connected(migrated_sqlite_url),
        Store(tmp_path / "objects", base_url="http://unused", secret="s" * 32) as store,
    ):
        yield store


@asynccontextmanager
async def daemon(tmp_path: Path, name: str, store: ObjectStore) -> AsyncIterator[Daemon]:
    settings = DaemonSettings.model_validate(
        {
            **NEEDED,
            "storage_directory": tmp_path / "objects",
            "work_directory": tmp_path / name,
            "shared_cache_mebibytes": 100,
        }
    )
    async with open_pieces(settings, store) as opened:
        assert opened
        yield Daemon(settings, opened)


async def test_an_edit_that_lands_on_another_daemon_encodes_only_what_changed(
    store: Store, tmp_path: Path
) -> None:
    async with daemon(tmp_path, "one", store) as one, daemon(tmp_path, "other", store) as other:
        film = await one.make(FILM, "film")
        assert film.reused == 0
        again = await other.make(FILM, "film")
        assert again.reused == len(film.segments)
        assert again.sha256 == film.sha256
        # Its segments were not even fetched: the finished film was.
        kept = {path.name for path in cache_directory(other.settings.work_directory).iterdir()}
        assert not kept & {f"{digest}.mp4" for digest in film.segments}
        edited = await other.make(EDITED, "edited")
        assert edited.reused == len(edited.segments) - 2
        assert (await one.make(EDITED, "edited")).sha256 == edited.sha256


async def test_a_damaged_piece_is_encoded_anew_and_replaced(store: Store, tmp_path: Path) -> None:
    async with daemon(tmp_path, "one", store) as one, daemon(tmp_path, "other", store) as other:
        film = await one.make(FILM, "film")
        row = await Piece.select().where(Piece.name == f"{film.segments[0]}.mp4").first()
        assert row
        kept = store.path(piece_key(sha256=row["sha256"], extension="mp4"))
        whole = kept.read_bytes()
        kept.write_bytes(whole[:-1] + b"!")
        edited = await other.make(EDITED, "edited")
        assert edited.reused == len(edited.segments) - 3
        assert kept.read_bytes() == whole
        async with daemon(tmp_path, "third", store) as third:
            assert (await third.make(EDITED, "edited")).sha256 == edited.sha256


async def test_with_the_store_away_films_are_made_here_and_it_is_said_once(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(pieces.log, "warning", lambda event, **_: said.append(event))
    async with daemon(tmp_path, "one", store) as one, daemon(tmp_path, "other", store) as other:
        film = await one.make(FILM, "film")
        store.away = True
        asked = store.asked
        edited = await other.make(EDITED, "edited")
        assert edited.reused == 0
        assert (await other.make(FILM, "film")).sha256 == film.sha256
        assert said == ["pieces.unavailable"]
        assert store.asked - asked <= other.settings.concurrent_uploads, "it is left alone"


def test_one_machine_shares_a_directory_and_many_share_the_store() -> None:
    assert DaemonSettings.model_validate(NEEDED).shared_cache_bytes == 0
    r2 = {
        "storage": "r2",
        "r2_endpoint_url": "https://r2.example",
        "r2_bucket": "films",
        "r2_access_key_id": "id",
        "r2_secret_access_key": "secret",
    }
    settings = DaemonSettings.model_validate({**NEEDED, **r2})
    assert settings.shared_cache_bytes == 64 * 1024**3
    settings = DaemonSettings.model_validate({**NEEDED, **r2, "shared_cache_mebibytes": 0})
    assert settings.shared_cache_bytes == 0
