"""The proxy configuration that is shipped, in a real nginx before a small server."""

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests.bridges import WEBHOOKS, free_port

SHIPPED = Path(__file__).parents[2] / "deploy" / "nginx" / "reelwright.conf"
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

    do_GET = do_POST  # noqa: N815 - the base's name

    def log_message(self, *_: object) -> None:
        return


def find_nginx() -> str:
    found = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if found is None and os.environ.get("CI"):
        pytest.fail("CI needs nginx: apt-get install nginx-light")
    if found is None:
        pytest.skip("There is no nginx here: apt-get install nginx-light")
    return found


@contextmanager
def running_nginx(directory: Path, upstream: int) -> Iterator[int]:
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
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
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
    with ThreadingHTTPServer(("127.0.0.1", 0), _Upstream) as upstream:
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
    with socket.create_connection(("127.0.0.1", proxy), timeout=5) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nX-Slow: ye")
        with suppress(ConnectionResetError):
            assert connection.recv(65_536) == b""
    assert time.monotonic() - began < 4
    assert reached == []


def test_a_half_sent_body_never_reaches_the_bridge(
    proxy: int, reached: list[tuple[str, int]]
) -> None:
    head = f"POST {WEBHOOKS} HTTP/1.1\r\nHost: b\r\nContent-Length: 1000\r\n\r\nx"
    with socket.create_connection(("127.0.0.1", proxy), timeout=5) as connection:
        connection.sendall(head.encode())
        with suppress(ConnectionResetError):
            assert connection.recv(65_536)[:12] in {b"", b"HTTP/1.1 408"}
    assert reached == []


def test_overlong_headers_are_refused(proxy: int, reached: list[tuple[str, int]]) -> None:
    answer = httpx.get(f"http://127.0.0.1:{proxy}/health", headers={"X": "y" * 20_000})
    assert answer.status_code == 400
    assert reached == []


def test_one_client_has_so_many_connections(proxy: int) -> None:
    held = [socket.create_connection(("127.0.0.1", proxy), timeout=5) for _ in range(80)]
    try:
        # They count once their headers are there.
        for connection in held:
            head = "POST /health HTTP/1.1\r\nHost: b\r\nContent-Length: 9\r\n"
            connection.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
        said = [connection.recv(12) for connection in held]
    finally:
        for connection in held:
            connection.close()
    assert said.count(b"HTTP/1.1 503") == 80 - 64
