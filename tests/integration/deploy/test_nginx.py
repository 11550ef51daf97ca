"""The proxy configuration that is shipped, in a real nginx before a small server."""

import os
import select
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests.support.bridge_process import WEBHOOKS, free_port

SHIPPED = Path(__file__).parents[3] / "deploy" / "nginx" / "reelwright.conf"
MEBIBYTE = 1024 * 1024


class _Upstream(BaseHTTPRequestHandler):
    """Takes everything, and remembers what reached it."""

    protocol_version = "HTTP/1.1"
    reached: list[tuple[str, int]] = []  # noqa: RUF012 - one list for all

    def do_POST(self) -> None:
        size = int(self.headers.get("content-length", 0))
        self.rfile.read(size)
        self.reached.append((self.path, size))
        self.send_response(202)
        self.send_header("content-length", "0")
        self.end_headers()

    let_go = threading.Event()

    def do_GET(self) -> None:
        if self.path == "/held":
            self.let_go.wait(60)
        self.do_POST()

    def log_message(self, *_: object) -> None:
        return


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    """By default five: more connections at once would wait for a second try."""


def find_nginx() -> str:
    found = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if found is None and os.environ.get("CI"):
        pytest.fail("CI needs nginx: apt-get install nginx-light")
    if found is None:
        pytest.skip("There is no nginx here: apt-get install nginx-light")
    return found


@contextmanager
def running_nginx(directory: Path, upstream: int) -> Iterator[int]:
    """Run what is shipped; its log of errors is `error.log` in the directory."""
    nginx, port = find_nginx(), free_port()
    shipped = SHIPPED.read_text()
    # Only where it listens, what is behind it, and shorter times for the test's sake.
    for written, instead in {
        "listen 80;": f"listen 127.0.0.1:{port};",
        "server 127.0.0.1:8000;": f"server 127.0.0.1:{upstream};",
        "client_header_timeout 10s;": "client_header_timeout 1s;",
        "client_body_timeout 10s;": "client_body_timeout 1s;",
    }.items():
        assert shipped.count(written) == 1
        shipped = shipped.replace(written, instead)
    (directory / "reelwright.conf").write_text(shipped)
    places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    temporary = "\n".join(f"{name}_temp_path {directory}/{name};" for name in places)
    (directory / "nginx.conf").write_text(
        f"daemon off; pid {directory}/pid; error_log stderr warn; worker_processes 1;\n"
        f"{'user root;' if os.geteuid() == 0 else ''}\n"
        f"events {{}}\nhttp {{ {temporary}\ninclude {directory}/reelwright.conf; }}\n"
    )
    command = [nginx, "-e", "stderr", "-p", str(directory), "-c", str(directory / "nginx.conf")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "[warn]" not in checked.stderr
    with (directory / "error.log").open("wb") as log:
        process = subprocess.Popen(command, stderr=log)
    try:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with _Server(("127.0.0.1", 0), _Upstream) as upstream:
        threading.Thread(target=upstream.serve_forever, daemon=True).start()
        with running_nginx(tmp_path_factory.mktemp("nginx"), upstream.server_port) as port:
            yield port
        upstream.shutdown()


@pytest.fixture(autouse=True)
def reached() -> list[tuple[str, int]]:
    _Upstream.reached.clear()
    return _Upstream.reached


def test_requests_are_handed_on(proxy: int, reached: list[tuple[str, int]]) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{proxy}") as http:
        for path in ("/health", WEBHOOKS, "/objects/a/b.mp4?expires=1&signature=x"):
            assert http.post(path, content=b"x" * 1_000).status_code == 202
    assert [size for _, size in reached] == [1_000] * 3


@pytest.mark.parametrize(("path", "limit"), [(WEBHOOKS, 2), ("/api/v1/media/generate", 10)])
def test_a_body_past_its_limit_never_reaches_the_bridge(
    proxy: int, reached: list[tuple[str, int]], path: str, limit: int
) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{proxy}") as http:
        assert http.post(path, content=b"x" * limit * MEBIBYTE).status_code == 202
        assert http.post(path, content=b"x" * (limit * MEBIBYTE + 1)).status_code == 413
    assert reached == [(path, limit * MEBIBYTE)]


def test_half_sent_headers_have_a_deadline(proxy: int, reached: list[tuple[str, int]]) -> None:
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", proxy), timeout=30) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nX-Slow: ye")
        with suppress(ConnectionResetError):
            assert connection.recv(65_536) == b""
    # By default nginx waits for a minute, and what is shipped for ten seconds.
    assert time.monotonic() - began < 9
    assert reached == []


def test_a_half_sent_body_never_reaches_the_bridge(
    proxy: int, reached: list[tuple[str, int]]
) -> None:
    head = f"POST {WEBHOOKS} HTTP/1.1\r\nHost: b\r\nContent-Length: 1000\r\n\r\nx"
    with socket.create_connection(("127.0.0.1", proxy), timeout=30) as connection:
        connection.sendall(head.encode())
        with suppress(ConnectionResetError):
            assert connection.recv(65_536)[:12] in {b"", b"HTTP/1.1 408"}
    assert reached == []


def test_overlong_headers_are_refused(proxy: int, reached: list[tuple[str, int]]) -> None:
    answer = httpx.get(f"http://127.0.0.1:{proxy}/health", headers={"X": "y" * 20_000})
    assert answer.status_code == 400
    assert reached == []


def test_one_client_has_so_many_connections(proxy: int) -> None:
    with ExitStack() as stack:
        opened = [
            stack.enter_context(socket.create_connection(("127.0.0.1", proxy), timeout=60))
            for _ in range(80)
        ]
        # They count once their headers are there, for as long as they wait for their answer.
        for connection in opened:
            connection.sendall(b"GET /held HTTP/1.1\r\nHost: b\r\n\r\n")
        refused = _answered(opened, 80 - 64)
        _Upstream.let_go.set()
        said = [connection.recv(12) for connection in opened]
    assert len(refused) == 80 - 64
    assert said.count(b"HTTP/1.1 503") == 80 - 64
    assert said.count(b"HTTP/1.1 202") == 64


def _answered(opened: list[socket.socket], number: int) -> list[socket.socket]:
    """Wait until so many have been answered; return those that have."""
    deadline = time.monotonic() + 60
    while len(ready := select.select(opened, [], [], 0.1)[0]) < number:
        assert time.monotonic() < deadline
    return ready


def test_no_link_stands_in_the_log_of_errors(tmp_path: Path) -> None:
    nobody = free_port()
    with (
        running_nginx(tmp_path, nobody) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}") as http,
    ):
        for path in ("/objects/a/b.mp4?signature=canary", "/health"):
            assert http.get(path).status_code == 502
    said = (tmp_path / "error.log").read_text()
    assert "/health" in said
    assert "canary" not in said
