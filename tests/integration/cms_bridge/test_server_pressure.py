"""The bridge's HTTP server: slow readers that get on, unread bodies, and what is given back."""

import asyncio
import hashlib
import random
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, cast

import anyio
import pytest
import uvicorn

from cms_bridge.gate import Bounds, Gate
from cms_bridge.server import BoundedProtocol
from cms_bridge.storage.links import LinkSigner
from tests.support.bridge_process import LINK_SECRET, Bridge, running_bridge
from tests.support.installation import eventually

MEBIBYTE = 1024 * 1024
SEND_SECONDS = 1.0


@pytest.fixture(scope="module")
def bridge(
    tmp_path_factory: pytest.TempPathFactory, redis_server: str, migrated_sqlite: Path
) -> Iterator[Bridge]:
    directory = tmp_path_factory.mktemp("pressure")
    (directory / "bridge.db").write_bytes(migrated_sqlite.read_bytes())
    with running_bridge(
        directory,
        redis=redis_server,
        database=f"sqlite:///{directory}/bridge.db",
        http_send_seconds=str(SEND_SECONDS),
    ) as bridge:
        yield bridge


def stored(bridge: Bridge, size: int) -> str:
    """Put an object of so many bytes into the local store; return its signed path."""
    content = bytes(size)
    key = f"pressure/{hashlib.sha256(content).hexdigest()}.mp4"
    path = bridge.log_file.parent / "objects" / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    query = LinkSigner(LINK_SECRET).query(key, expires_in=timedelta(hours=1), name=None)
    return f"/objects/{key}?{query}"


def download(bridge: Bridge, path: str, *, per_second: int, closing: bool) -> int:
    """Read an answer slowly but steadily; return how many bytes of it came."""
    head = f"GET {path} HTTP/1.1\r\nHost: b\r\n{'Connection: close' if closing else 'X: y'}\r\n\r\n"
    with socket.socket() as connection:
        # What the kernels hold between the two takes longer to read than the time allowed.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        connection.connect(("127.0.0.1", bridge.port))
        connection.sendall(head.encode())
        connection.settimeout(20)
        got = 0
        with suppress(OSError):
            while chunk := connection.recv(per_second // 20):
                got += len(chunk)
                if not closing and got >= 6 * MEBIBYTE:
                    break
                time.sleep(0.05)
        return got


@pytest.mark.parametrize(
    "closing", [pytest.param(False, marks=pytest.mark.slow), True], ids=["kept", "closing"]
)
def test_a_slow_download_that_gets_on_is_not_cut_off(bridge: Bridge, closing: bool) -> None:
    size = 6 * MEBIBYTE
    path = stored(bridge, size)
    assert download(bridge, path, per_second=800_000, closing=closing) > size


WORKED_ON: list[str] = []
"""The paths of the requests that came to the application."""


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Refuses `/unread` without reading, breaks off in the middle of `/broken`, and reads the rest.

    `/large` is answered at length.
    """
    if scope["type"] != "http":
        return
    WORKED_ON.append(scope["path"])
    body, more = 0, scope["path"] != "/unread"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += len(message["body"])
        more = message["more_body"]
    content = b"x" * (20 * MEBIBYTE if scope["path"] == "/large" else 2)
    headers = [(b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if scope["path"] == "/broken":
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        raise RuntimeError("It broke off.")
    for at in range(0, len(content), 65_536):
        piece = content[at : at + 65_536]
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body"})


class Served:
    """A server in this process, and its gate."""

    def __init__(self, gate: Gate, port: int, protocols: list[BoundedProtocol]) -> None:
        self.gate, self.port, self.protocols = gate, port, protocols
        self.clients = ExitStack()

    async def connect(self, data: bytes) -> socket.socket:
        connection = self.clients.enter_context(socket.socket())
        connection.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(connection, ("127.0.0.1", self.port))
        with suppress(OSError):
            await loop.sock_sendall(connection, data)
        return connection


@asynccontextmanager
async def serving(bounds: Bounds) -> AsyncIterator[Served]:
    gate = Gate(bounds)
    protocols: list[BoundedProtocol] = []

    def protocol(*args: Any, **options: Any) -> BoundedProtocol:
        protocols.append(BoundedProtocol(*args, gate=gate, **options))
        return protocols[-1]

    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        cast("Any", application),
        http=cast("Any", protocol),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
    )
    server = uvicorn.Server(config)
    async with anyio.create_task_group() as group:
        group.start_soon(partial(server.serve, sockets=[listening]))
        await eventually(lambda: server.started)
        served = Served(gate, listening.getsockname()[1], protocols)
        try:
            with served.clients:
                yield served
        finally:
            server.should_exit = True


def request(path: str, size: int, sent: int, *more: str) -> bytes:
    head = [f"POST {path} HTTP/1.1", "Host: b", f"Content-Length: {size}", *more, "", ""]
    return "\r\n".join(head).encode() + b"x" * sent


ABORTED: tuple[Callable[[], bytes], ...] = (
    lambda: b"",
    lambda: b"POST / HTTP/1.1\r\nX: y",
    lambda: b"\x16\x03\x01\r\n\r\n",
    lambda: b"GET / HTTP/1.0\r\n\r\n",
    lambda: request("/", 5_000, 3_000),
    lambda: request("/", 3_000, 3_000) * 3 + request("/", 5_000, 3_000),
    lambda: request("/unread", 200_000, 100_000),
    lambda: request("/unread", 5_000, 5_000) + request("/", 90_000, 50_000),
    lambda: request("/broken", 10, 10) + request("/", 9_000, 4_000),
    lambda: request("/", 9_000, 0, "Expect: 100-continue"),
    lambda: request("/unread", 9_000, 0, "Expect: 100-continue"),
    lambda: request("/large", 10, 10, "Connection: close"),
    lambda: b"POST / HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n" + b"x" * 99,
    lambda: b"POST / HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n" + b"9" * 50_000,
)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "bounds",
    [
        Bounds(header_seconds=1, body_seconds=1, send_seconds=1),
        # Everybody is in everybody's way.
        Bounds(
            header_seconds=1,
            body_seconds=1,
            send_seconds=1,
            connections=20,
            unauthenticated_bytes=300_000,
        ),
    ],
    ids=["room", "crowded"],
)
async def test_what_a_thousand_aborted_requests_took_up_is_given_back(bounds: Bounds) -> None:
    chance = random.Random(8)  # noqa: S311 - guards nothing
    async with serving(bounds) as served:
        for number in range(1_000):
            connection = await served.connect(ABORTED[number % len(ABORTED)]())
            match chance.randrange(4):
                case 0:
                    connection.setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                    )
                    connection.close()
                case 1:
                    with suppress(OSError):
                        connection.shutdown(socket.SHUT_WR)
                case 2:
                    connection.close()
                case _:
                    pass  # it stays as it is
            assert served.gate.connections <= bounds.connections
            assert served.gate.held <= bounds.unauthenticated_bytes
        # Those that are left are cut off by their deadlines, or by nobody taking an answer.
        await eventually(lambda: served.gate.connections == 0, seconds=60)
        assert served.gate.held == 0


@pytest.mark.anyio
async def test_a_body_that_nobody_read_is_not_kept_with_the_connection() -> None:
    async with serving(Bounds()) as served:
        connection = await served.connect(request("/unread", 200_000, 150_000))
        assert await asyncio.get_running_loop().sock_recv(connection, 12) == b"HTTP/1.1 200"
        (protocol,) = served.protocols
        await eventually(lambda: protocol.cycle.response_complete)
        assert len(protocol.cycle.body) == 0
        assert served.gate.held == 0


@pytest.mark.anyio
async def test_what_comes_behind_an_unread_body_counts_as_well() -> None:
    async with serving(Bounds()) as served:
        connection = await served.connect(request("/unread", 1_000, 900))
        assert await asyncio.get_running_loop().sock_recv(connection, 12) == b"HTTP/1.1 200"
        (protocol,) = served.protocols
        await eventually(lambda: protocol.cycle.response_complete and served.gate.held == 0)
        # The last of that body and most of the next one arrive in one piece.
        await asyncio.get_running_loop().sock_sendall(
            connection, b"x" * 100 + request("/", 40_000, 30_000)
        )
        await eventually(lambda: served.gate.held > 30_000)
        connection.close()
        await eventually(lambda: served.gate.held == 0)


def _all_paused(served: Served, number: int) -> bool:
    paused = [one for one in served.protocols if one.transport and one.flow.write_paused]
    return len(paused) == number


@pytest.mark.anyio
async def test_who_takes_no_answer_makes_room_if_nobody_vouched_for_it() -> None:
    async with serving(Bounds(connections=8)) as served:
        for _ in range(8):
            await served.connect(request("/large", 0, 0))
        await eventually(lambda: _all_paused(served, 8))
        honest = await served.connect(request("/", 0, 0))
        said = await asyncio.get_running_loop().sock_recv(honest, 12)
        assert said == b"HTTP/1.1 200"


@pytest.mark.anyio
async def test_a_request_behind_one_that_gave_way_is_not_worked_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serving(Bounds(unauthenticated_bytes=50_000)) as served:
        # The second request alone is within the budget, and beside the neighbour's it is not.
        await served.connect(request("/", 40_000, 9_000))
        await eventually(lambda: served.gate.held > 9_000)
        WORKED_ON.clear()
        hold = served.gate.hold

        def greedy(connection: Any, size: int) -> None:
            hold(connection, size)
            if connection is served.protocols[1] and served.protocols[1].cycle:
                hold(connection, 50_000)

        monkeypatch.setattr(served.gate, "hold", greedy)
        connection = await served.connect(
            request("/first", 2, 2) + request("/second", 20_000, 20_000)
        )
        loop = asyncio.get_running_loop()
        said = b""
        with anyio.fail_after(20), suppress(ConnectionResetError):
            while chunk := await loop.sock_recv(connection, 65_536):
                said += chunk
        assert said.count(b"HTTP/1.1 ") == 2
        assert said.count(b"HTTP/1.1 503 ") == 1
        assert WORKED_ON == ["/first"]
