"""Where Payload's API is, and what an operator reads when the settings say another place."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from cms_bridge.outbox.payload import PayloadClient, PayloadUnavailable, RenditionWrite
from cms_bridge.states import Status
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
async def cms(asked: list[str]) -> AsyncIterator[str]:
    """A server whose API stands below `/rest`, as one with other `routes.api` has it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head.split(b" HTTP")[0].decode())
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
