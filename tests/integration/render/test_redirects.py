"""Redirects of whatever is asked beside webhooks' targets: none leads anywhere by itself.

A real server stands where a provider or the CMS would, and sends on to another one inside.
"""

import ast
import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from cms_bridge.outbox.payload import PayloadClient, PayloadUnavailable, RenditionWrite
from cms_bridge.states import Status
from render.errors import GenerationError
from render.generation.gemini.account import Gemini
from render.generation.replicate.account import Replicate
from render.generation.transport import FetchFailed, Reader, UnreadableAnswer, fetch, http_client
from tests.support import events

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[3]
STATUSES = (301, 302, 303, 307, 308)


class Inside:
    """A server that must not be asked, and one that sends everybody to it."""

    def __init__(self) -> None:
        self.status = 307
        self.sent_on = 0
        self.reached: list[bytes] = []
        self.inner = self.outer = ""

    async def send_on(self, reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.sent_on += 1
        head = f"HTTP/1.1 {self.status} Elsewhere\r\nLocation: {self.inner}/latest/meta-data\r\n"
        writer.write(f"{head}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def take(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.reached.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@pytest.fixture
async def inside() -> AsyncIterator[Inside]:
    servers = Inside()
    async with (
        await asyncio.start_server(servers.take, "127.0.0.1", 0) as inner,
        await asyncio.start_server(servers.send_on, "127.0.0.1", 0) as outer,
    ):
        servers.inner, servers.outer = (
            f"http://127.0.0.1:{one.sockets[0].getsockname()[1]}" for one in (inner, outer)
        )
        yield servers


@pytest.mark.parametrize("status", STATUSES)
async def test_the_cms_cannot_send_a_write_on(inside: Inside, status: int) -> None:
    inside.status = status
    write = RenditionWrite(
        job_id="j",
        project_id="p",
        video_id="v",
        submission=1,
        sequence=1,
        status=Status.PENDING,
        progress=0,
    )
    async with httpx.AsyncClient(timeout=5) as http:
        payload = PayloadClient(http, url=inside.outer, secret=events.SECRET)
        with pytest.raises(PayloadUnavailable, match=str(status)):
            await payload.write_rendition(write)
    assert (inside.sent_on, inside.reached) == (1, [])


@pytest.mark.parametrize("status", STATUSES)
async def test_no_provider_can_send_a_call_with_its_key_on(inside: Inside, status: int) -> None:
    inside.status = status
    replicate = Replicate(token="a token", base_url=inside.outer, call_seconds=5)
    with pytest.raises(GenerationError):
        await replicate.create("a/model", {"prompt": "A loaf"})
    with pytest.raises(UnreadableAnswer):
        await replicate.reader.read("/predictions", dict)
    await replicate.aclose()
    gemini = Gemini(key="a key", base_url=inside.outer, timeout=5)
    with pytest.raises(GenerationError):
        await gemini.check("a-model")
    await gemini.aclose()
    assert inside.sent_on == 3
    assert inside.reached == []


@pytest.mark.parametrize("trusted", [True, False])
async def test_a_download_is_followed_no_further_than_where_it_may_lead(
    inside: Inside,
    trusted: bool,
) -> None:
    with pytest.raises(FetchFailed, match="leads to nothing usable"):
        await fetch(
            f"{inside.outer}/output.png",
            seconds=5,
            most_bytes=1_000,
            trusted=[inside.outer] if trusted else [],
        )
    assert (inside.sent_on, inside.reached) == (int(trusted), [])


async def test_the_client_of_every_sdk_follows_nothing(inside: Inside) -> None:
    async with http_client(seconds=5, most_bytes=1_000) as client:
        assert (await client.get(inside.outer)).status_code == 307
    reader = Reader(inside.outer, token="t", seconds=5, most_bytes=1_000)
    with pytest.raises(UnreadableAnswer):
        await reader.read("/", dict)
    await reader.aclose()
    assert inside.reached == []


def test_redirects_are_followed_only_where_somebody_tries_the_demo_on_their_own_machine() -> None:
    following = {
        path.relative_to(ROOT).as_posix()
        for package in ("cms_bridge", "daemon", "render")
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.keyword)
        and node.arg in {"follow_redirects", "allow_redirects"}
        and ast.unparse(node.value) != "False"
    }
    assert following == {"daemon/local/editor.py"}
