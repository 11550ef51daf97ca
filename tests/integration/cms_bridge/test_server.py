"""The bridge's HTTP server under clients that take their time, and too much of everything."""

import resource
import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

from tests.support import events
from tests.support.bridge_process import API_KEY, WEBHOOKS, Bridge, running_bridge

MEBIBYTE = 1024 * 1024
HEADER_SECONDS = 2.0
BODY_SECONDS = 3.0
PATIENCE = 30
"""For what would otherwise stand open for ever, on a machine that is busy with other things."""
BUDGET = 8 * MEBIBYTE
KEY = {"Authorization": f"Bearer {API_KEY}"}


@pytest.fixture(scope="module", autouse=True)
def _many_files() -> None:
    """Let this process hold as many sockets as it opens."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8_192), hard))


@pytest.fixture(scope="module")
def bridge(
    tmp_path_factory: pytest.TempPathFactory, redis_server: str, migrated_sqlite: Path
) -> Iterator[Bridge]:
    directory = tmp_path_factory.mktemp("server")
    (directory / "bridge.db").write_bytes(migrated_sqlite.read_bytes())
    with running_bridge(
        directory,
        redis=redis_server,
        database=f"sqlite:///{directory}/bridge.db",
        http_header_seconds=str(HEADER_SECONDS),
        http_body_seconds=str(BODY_SECONDS),
        http_send_seconds="2",
        http_unauthenticated_bytes=str(BUDGET),
        http_connections="1200",
    ) as bridge:
        yield bridge


def unsigned(size: int, *, path: str = WEBHOOKS) -> bytes:
    """The headers of a webhook that looks signed, as far as that can be seen without its body."""
    _, headers = events.signed(events.submitted())
    head = [f"POST {path} HTTP/1.1", "Host: bridge", f"Content-Length: {size}"]
    head += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*head, "", ""]).encode()


def answer(connection: socket.socket, *, seconds: float = PATIENCE) -> bytes:
    """All that comes until the other side is done; b"" for a plain close."""
    connection.settimeout(seconds)
    said = bytearray()
    try:
        while chunk := connection.recv(65_536):
            said += chunk
    except ConnectionResetError:
        pass
    return bytes(said)


def until(true: Callable[[], bool], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def serves(bridge: Bridge) -> None:
    """Real requests are answered: one without a key, one with, and a signed webhook."""
    with httpx.Client(base_url=bridge.url, timeout=PATIENCE) as http:
        assert http.get("/health/live").status_code == 200
        assert http.get("/api/v1/health/models", headers=KEY).status_code == 200
        body, headers = events.signed(events.submitted())
        assert http.post(WEBHOOKS, content=body, headers=headers).status_code in {202, 409}


def test_a_thousand_half_sent_headers_are_gone_after_the_deadline(bridge: Bridge) -> None:
    with ExitStack() as stack:
        opened = [
            stack.enter_context(bridge.connect(b"GET /health HTTP/1.1\r\nX-Slow: ye"))
            for _ in range(1_000)
        ]
        serves(bridge)
        until(lambda: bridge.connections == 0, seconds=PATIENCE)
        said = answer(opened[0])
    assert said.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in said.lower()
    assert b'"code":"request_timeout"' in said


def test_a_header_that_trickles_in_has_the_same_deadline(bridge: Bridge) -> None:
    with bridge.connect(b"GET /health HTTP/1.1\r\n") as connection:
        began = time.monotonic()
        while not select.select([connection], [], [], 0.2)[0]:
            connection.sendall(b"X: y\r\n")
            assert time.monotonic() < began + PATIENCE
        assert answer(connection).startswith(b"HTTP/1.1 408 ")


def test_a_further_request_has_a_deadline_of_its_own(bridge: Bridge) -> None:
    with bridge.connect(b"GET /health/live HTTP/1.1\r\nHost: b\r\n\r\n") as connection:
        # Between requests nothing is owed but the keep-alive time of five seconds.
        time.sleep(HEADER_SECONDS + 0.5)
        connection.sendall(b"GET /health/live HTTP/1.1\r\n")
        said = answer(connection, seconds=PATIENCE)
    assert said.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in said


def test_a_connection_that_asks_nothing_is_closed_without_a_word(bridge: Bridge) -> None:
    with bridge.connect() as connection:
        assert answer(connection, seconds=PATIENCE) == b""


@pytest.mark.parametrize(
    "path", [WEBHOOKS, "/health/live", "/api/v1/media/generate", "/nowhere"], ids=str
)
def test_a_slow_body_has_a_deadline_whatever_becomes_of_it(bridge: Bridge, path: str) -> None:
    began = time.monotonic()
    with bridge.connect(unsigned(100_000, path=path)) as connection:
        said = b""
        while time.monotonic() < began + PATIENCE:
            try:
                connection.sendall(b"x")
                if select.select([connection], [], [], 0.2)[0]:
                    chunk = connection.recv(65_536)
                    if not chunk:
                        break
                    said += chunk
            except (ConnectionResetError, BrokenPipeError):
                break
        else:
            pytest.fail("It is still open.")
    assert said.startswith(b"HTTP/1.1 408 " if path == WEBHOOKS else b"HTTP/1.1 4")


def test_unsigned_bodies_share_one_budget(bridge: Bridge) -> None:
    """300 connections with 2 MiB each: the memory stays within eight times the budget."""
    serves(bridge)
    before = bridge.memory
    # None of them is whole, nor are all of them together within the budget.
    size = 2 * MEBIBYTE
    chunk = b"x" * 65_536
    peak = before
    with ExitStack() as stack:
        connections = [stack.enter_context(bridge.connect(unsigned(size))) for _ in range(300)]
        left = dict.fromkeys(connections, size - 1)
        for connection in connections:
            connection.setblocking(False)
        deadline = time.monotonic() + BODY_SECONDS + 2
        served = 0
        while left and time.monotonic() < deadline:
            _, writable, _ = select.select([], list(left), [], 0.05)
            for connection in writable:
                try:
                    left[connection] -= connection.send(chunk[: left[connection]])
                except (ConnectionResetError, BrokenPipeError):
                    left[connection] = 0
                if left[connection] == 0:
                    del left[connection]
            peak = max(peak, bridge.memory)
            if served < 3:
                serves(bridge)
                served += 1
        peak = max(peak, bridge.memory)
        serves(bridge)
        refused = [answer(one) for one in connections[:20]]
    memory = f"from {before / MEBIBYTE:.0f} to {peak / MEBIBYTE:.0f} MiB"
    assert peak - before < 8 * BUDGET, memory
    assert any(b"503" in said and b"retry-after" in said.lower() for said in refused)


def test_a_key_is_looked_at_before_the_body_is_read(bridge: Bridge) -> None:
    with bridge.connect(unsigned(1_000_000, path="/api/v1/media/generate")) as connection:
        connection.settimeout(PATIENCE)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("webhook-signature", None),
        ("webhook-id", None),
        ("webhook-id", "x" * 129),
        ("webhook-timestamp", None),
        ("webhook-timestamp", "1"),
        ("webhook-timestamp", "9" * 5_000),
        ("webhook-timestamp", "nan"),
        ("webhook-timestamp", "²"),
    ],
)
def test_what_cannot_be_verified_is_refused_before_its_body_is_read(
    bridge: Bridge, name: str, value: str | None
) -> None:
    lines = unsigned(1_000_000).decode().split("\r\n")
    lines = [line for line in lines if not line.lower().startswith(name)]
    if value is not None:
        lines.insert(1, f"{name}: {value}")
    with bridge.connect("\r\n".join(lines).encode()) as connection:
        connection.settimeout(PATIENCE)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 401 ")


def test_a_body_that_says_it_is_too_long_is_refused_unread(bridge: Bridge) -> None:
    with bridge.connect(unsigned(50 * MEBIBYTE)) as connection:
        connection.settimeout(PATIENCE)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 413 ")


def test_overlong_headers_are_named(bridge: Bridge) -> None:
    with bridge.connect(b"GET / HTTP/1.1\r\nX: " + b"y" * 20_000) as connection:
        said = answer(connection)
    assert said.startswith(b"HTTP/1.1 431 ")
    assert b"headers_too_large" in said


def test_what_is_no_http_is_named(bridge: Bridge) -> None:
    with bridge.connect(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n") as connection:
        assert answer(connection).startswith(b"HTTP/1.1 400 ")


def test_a_client_that_takes_nothing_is_cut_off(bridge: Bridge) -> None:
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
        connection.connect(("127.0.0.1", bridge.port))
        asked = b"GET /schema/openapi.json HTTP/1.1\r\nHost: b\r\n\r\n"
        connection.settimeout(0.2)
        with suppress(OSError):
            for _ in range(2_000):
                connection.sendall(asked * 50)
            pytest.fail("It was all taken in.")
        until(lambda: bridge.connections == 0, seconds=PATIENCE)


def test_the_oldest_that_only_waits_makes_room(
    tmp_path: Path, redis_server: str, migrated_sqlite: Path
) -> None:
    (tmp_path / "bridge.db").write_bytes(migrated_sqlite.read_bytes())
    with running_bridge(
        tmp_path,
        redis=redis_server,
        database=f"sqlite:///{tmp_path}/bridge.db",
        http_connections="8",
    ) as bridge:
        with ExitStack() as stack:
            waiting = [stack.enter_context(bridge.connect(b"GET / HT")) for _ in range(40)]
            time.sleep(0.5)
            serves(bridge)
            assert bridge.connections <= 8
            said = answer(waiting[0])
        assert said == b"" or said.startswith(b"HTTP/1.1 503 ")
        refusals = [
            line for line in bridge.log.splitlines() if "server.connections_refused" in line
        ]
        assert 1 <= len(refusals) <= 5
        # Nor do half-sent requests keep the server from stopping.
        with bridge.connect(unsigned(1_000)) as body, bridge.connect(b"GET") as head:
            time.sleep(0.5)
            bridge.process.terminate()
            for half_sent in (body, head):
                assert b"shutting_down" in answer(half_sent)
            assert bridge.process.wait(PATIENCE) == 0
        assert "graceful shutdown exceeded" not in bridge.log
