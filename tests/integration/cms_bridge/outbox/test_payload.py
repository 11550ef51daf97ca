"""Where Payload's API is, and what an operator reads when the settings say another place."""

import asyncio
import io
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from cms_bridge import clock
from cms_bridge.outbox.payload import (
    PayloadClient,
    PayloadGone,
    PayloadUnavailable,
    RenditionWrite,
)
from cms_bridge.states import Status
from render.own import CmsFile
from tests.support import events

pytestmark = pytest.mark.anyio

WRITE = RenditionWrite(
    job_id="j",
    project_id="p",
    video_id="v",
    submission=1,
    sequence=1,
    status=Status.PENDING,
    progress=0,
)


@pytest.fixture
def asked() -> list[str]:
    """Return what the server below was asked."""
    return []


@pytest.fixture
def stamps() -> list[int]:
    """Return the times that the server below was asked at, as they were signed."""
    return []


@pytest.fixture
def an_hour_slow() -> Iterator[None]:
    """Have this machine's clock an hour behind the database's."""
    moment = time.monotonic()
    clock.set_by(datetime.now(UTC) + timedelta(hours=1), asked=moment, answered=moment)
    yield
    clock.go_alone()


@pytest.fixture
async def cms(asked: list[str], stamps: list[int]) -> AsyncIterator[str]:
    """A server whose API stands below `/rest`, as one with other `routes.api` has it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head.split(b" HTTP")[0].decode())
        lines = head.decode().lower().splitlines()
        stamps.extend(int(one.split(":")[1]) for one in lines if "webhook-timestamp" in one)
        code = b"200 OK" if head.startswith(b"PUT /rest/reelwright/") else b"404 Not Found"
        writer.write(b"HTTP/1.1 " + code + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_the_api_is_where_the_settings_say(cms: str) -> None:
    async with httpx.AsyncClient(timeout=5) as http:
        payload = PayloadClient(http, url=f"{cms}/", api_path="/rest", secret=events.SECRET)
        await payload.write_rendition(WRITE)


async def test_another_place_is_told_in_words_with_the_settings_names(cms: str) -> None:
    async with httpx.AsyncClient(timeout=5) as http:
        payload = PayloadClient(http, url=cms, secret=events.SECRET)
        with pytest.raises(PayloadUnavailable, match=r"'/api'.*REELWRIGHT_PAYLOAD_API_PATH"):
            await payload.write_rendition(WRITE)


async def test_one_that_nobody_visits_is_woken_whatever_it_answers(
    cms: str, asked: list[str]
) -> None:
    async with httpx.AsyncClient(timeout=5) as http:
        await PayloadClient(http, url=cms, api_path="/rest", secret=events.SECRET).wake()
        assert asked == ["GET /rest/reelwright/awake"]
        # Nor is it of interest that it is away.
        await PayloadClient(http, url="http://127.0.0.1:9", secret=events.SECRET).wake()


@pytest.mark.usefixtures("an_hour_slow")
async def test_writes_and_reads_are_signed_by_the_clock_that_all_share(
    cms: str, stamps: list[int]
) -> None:
    own = CmsFile(collection="media", document="7", name="a.png", version="1")
    async with httpx.AsyncClient(timeout=5) as http:
        payload = PayloadClient(http, url=cms, api_path="/rest", secret=events.SECRET)
        await payload.write_rendition(WRITE)
        with pytest.raises(PayloadGone):
            await payload.read_file(own, io.BytesIO(), most=1, seconds=5)
    assert len(stamps) == 2
    assert all(abs(stamp - clock.now().timestamp()) < 30 for stamp in stamps)
