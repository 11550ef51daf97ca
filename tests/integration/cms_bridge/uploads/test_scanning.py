"""Uploads shown to a real clamd before they are kept, and what comes of it when there is none."""

import asyncio
import struct
import tempfile
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from cms_bridge.errors import ScannerUnavailable
from cms_bridge.uploads.scanning import Scanner
from tests.support import media_files
from tests.support.bridge_process import API_KEY, Bridge, free_port, running_bridge
from tests.support.servers.clamd import EICAR, running_clamd

pytestmark = pytest.mark.anyio

UPLOAD = "/api/v1/upload-asset"
KEY = {"Authorization": f"Bearer {API_KEY}"}


@pytest.fixture(scope="module")
def clamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    # A socket's path may have a hundred letters.
    with tempfile.TemporaryDirectory(prefix="clamd-") as folder, running_clamd(Path(folder)) as url:
        yield url


def infected() -> bytes:
    """A sound PNG, with the test signature in one of its texts."""
    whole = media_files.picture("png")
    body = b"tEXt" + b"Comment\x00" + EICAR
    text = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return whole[:-12] + text + whole[-12:]


def send(bridge: Bridge, data: bytes) -> httpx.Response:
    return httpx.post(
        f"{bridge.url}{UPLOAD}",
        data={"projectId": "p"},
        files={"file": data},
        headers=KEY,
        timeout=60,
    )


def test_what_it_knows_is_refused_and_the_rest_is_kept_as_scanned(
    clamd: str, tmp_path: Path, redis_server: str, migrated_sqlite: Path
) -> None:
    (tmp_path / "bridge.db").write_bytes(migrated_sqlite.read_bytes())
    database = f"sqlite:///{tmp_path}/bridge.db"
    with running_bridge(
        tmp_path, redis=redis_server, database=database, rate_uploads_per_minute="0"
    ) as bridge:
        unscanned = send(bridge, media_files.picture("png"))
        assert unscanned.json()["scanned"] is False
    with running_bridge(
        tmp_path,
        redis=redis_server,
        database=database,
        clamd_url=clamd,
        rate_uploads_per_minute="0",
    ) as bridge:
        refused = send(bridge, infected())
        assert (refused.status_code, refused.json()["code"]) == (422, "media_infected")
        assert "Test.Eicar" in refused.json()["params"]["signature"]
        kept = send(bridge, media_files.picture("jpg"))
        assert (kept.status_code, kept.json()["scanned"]) == (201, True)
        # Scanned once more, what was kept without it counts as scanned.
        again = send(bridge, media_files.picture("png"))
        assert (again.status_code, again.json()["id"]) == (200, unscanned.json()["id"])
        assert again.json()["scanned"] is True
        files = [one for one in (tmp_path / "objects").rglob("*") if one.is_file()]
        assert len(files) == 2


def test_while_it_is_away_nothing_is_kept(
    tmp_path: Path, redis_server: str, migrated_sqlite: Path
) -> None:
    (tmp_path / "bridge.db").write_bytes(migrated_sqlite.read_bytes())
    with running_bridge(
        tmp_path,
        redis=redis_server,
        database=f"sqlite:///{tmp_path}/bridge.db",
        rate_uploads_per_minute="0",
        clamd_url=f"tcp://127.0.0.1:{free_port()}",
    ) as bridge:
        answer = send(bridge, media_files.picture("png"))
        assert (answer.status_code, answer.json()["code"]) == (503, "scanner_unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert not [one for one in (tmp_path / "objects").rglob("*") if one.is_file()]
        listed = httpx.get(f"{bridge.url}/api/v1/projects/p/assets", headers=KEY)
        assert listed.status_code == 404


@asynccontextmanager
async def answering(said: bytes | None) -> AsyncIterator[str]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if said is None:
            await reader.read()  # until who asks has had enough
        else:
            await reader.readuntil(bytes(4))
            writer.write(said)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        # Whoever is still being answered is, before the loop ends.
        await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    "said",
    [
        None,
        b"",
        b"\x00",
        b"INSTREAM size limit exceeded. ERROR\x00",
        b"stream: OK",
        b"stream: OKAY\x00",
        b"something: OK\x00",
        b"HTTP/1.1 200 OK\r\n\r\n\x00",
        b"x" * 100_000,
    ],
)
async def test_whatever_is_no_clear_answer_is_none(said: bytes | None, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"x" * 10_000)
    with (tmp_path / "x").open("rb") as file:
        async with answering(said) as url:
            with pytest.raises(ScannerUnavailable):
                await Scanner(url, timeout=1).check(file)
