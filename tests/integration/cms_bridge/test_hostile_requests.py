"""Requests as attackers write them, to a real bridge: none is answered 5xx, hangs, or is two."""

import json
import re
import select
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.bridge_process import API_KEY, WEBHOOKS, Bridge, running_bridge

KEY = {"Authorization": f"Bearer {API_KEY}"}
PATIENCE = 30

IDS = (
    "%00", "a%00b", "%0A%7B%22event%22:%22forged%22%7D", "%FF%FE", "%ED%A0%80", "%E2%80%AE", "☃",
    "..%2F..%2F..%2Fetc%2Fpasswd", "%2e%2e", "..%5C..%5Cwin.ini", "'%20OR%201=1--", "{{7*7}}",
    "$%7Bjndi:ldap:x%7D", "%25s%25n", "-1", "9" * 400, "x" * 5_000, "{0}%00",
)  # fmt: skip
"""In the place of an id; `{0}` is a UUID."""


@pytest.fixture(scope="module")
def bridge(
    tmp_path_factory: pytest.TempPathFactory, redis_server: str, migrated_sqlite: Path
) -> Iterator[Bridge]:
    directory = tmp_path_factory.mktemp("hostile")
    (directory / "bridge.db").write_bytes(migrated_sqlite.read_bytes())
    rates = {f"rate_{name}_per_minute": "0" for name in ("reads", "writes", "events", "refusals")}
    with running_bridge(
        directory,
        redis=redis_server,
        database=f"sqlite:///{directory}/bridge.db",
        http_body_seconds="3",
        **rates,
    ) as bridge:
        yield bridge


@pytest.fixture(scope="module")
def http(bridge: Bridge) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=bridge.url, headers=KEY, timeout=PATIENCE) as client:
        yield client


@pytest.fixture(scope="module")
def document(http: httpx.Client) -> dict[str, Any]:
    return http.get("/schema/openapi.json").json()


def test_no_id_in_any_path_of_the_contract_is_more_than_not_found(
    http: httpx.Client, bridge: Bridge, document: dict[str, Any]
) -> None:
    asked = 0
    for number, (path, item) in enumerate(document["paths"].items()):
        names = re.findall(r"{(\w+)}", path)
        for method, operation in item.items():
            # Aliases are the same handlers: one each, to see that they are.
            ids = IDS if "x-alias-of" not in operation else IDS[number % len(IDS) :][:1]
            for name in names:
                for hostile in ids:
                    filled = {one: str(uuid4()) for one in names}
                    filled[name] = hostile.replace("{0}", str(uuid4()))
                    body = {"json": {}} if "requestBody" in operation else {}
                    answer = http.request(method, path.format(**filled), **body)
                    asked += 1
                    assert answer.status_code in {400, 404, 405, 415, 426}, (method, path, hostile)
                    if method != "head":
                        assert answer.json()["status"] == answer.status_code
                        assert "root:" not in answer.text
    assert asked > 400
    lines = bridge.log.splitlines()
    assert all(json.loads(line)["event"] != "forged" for line in lines)
    assert not re.search(r"Traceback|request\.failed", bridge.log)


INNER = b"GET /health/live HTTP/1.1\r\nHost: smuggled\r\n\r\n"
"""What hides in a body; were it read as a request, there would be a second answer."""


def framed(*headers: str, body: bytes = INNER, version: str = "1.1") -> bytes:
    lines = [f"POST {WEBHOOKS} HTTP/{version}", "Host: b", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


CHUNKED = b"0\r\n\r\n" + INNER
SMUGGLED = {
    "length and chunks": framed(f"Content-Length: {len(CHUNKED)}", "Transfer-Encoding: chunked",
                                body=CHUNKED),
    "chunks and length": framed("Transfer-Encoding: chunked", "Content-Length: 5", body=CHUNKED),
    "two lengths": framed("Content-Length: 0", f"Content-Length: {len(INNER)}"),
    "a list of lengths": framed(f"Content-Length: 0, {len(INNER)}"),
    "a length with a sign": framed("Content-Length: +0"),
    "a negative length": framed("Content-Length: -1"),
    "a length in hex": framed("Content-Length: 0x0"),
    "a length in other digits": framed("Content-Length: \xb2"),
    "a length with a space in its name": framed("Content-Length : 0"),
    "a length past any number": framed("Content-Length: " + "9" * 400),
    "an unknown coding": framed("Transfer-Encoding: xchunked", body=CHUNKED),
    "two codings": framed("Transfer-Encoding: chunked, identity", body=CHUNKED),
    "two coding headers": framed("Transfer-Encoding: chunked", "Transfer-Encoding: x",
                                 body=CHUNKED),
    "a coding behind a tab": framed("Transfer-Encoding:\x0bchunked", body=CHUNKED),
    "a folded header": framed("X: y", " Transfer-Encoding: chunked", "Content-Length: zero"),
    "NUL in a header": framed("X: a\x00b", "Content-Length: 0"),
    "a bare CR": framed("X: a\rContent-Length: 0\rY: b", "Content-Length: x"),
    "a chunk of no number": framed("Transfer-Encoding: chunked", body=b"zz\r\n\r\n" + INNER),
    "a chunk past any number": framed("Transfer-Encoding: chunked",
                                      body=b"f" * 40 + b"\r\n" + INNER),
}  # fmt: skip


@pytest.mark.parametrize("what", SMUGGLED)
def test_a_request_whose_end_is_in_doubt_is_one_request_at_most(bridge: Bridge, what: str) -> None:
    with bridge.connect(SMUGGLED[what]) as connection:
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(PATIENCE)
        said = b""
        try:
            while chunk := connection.recv(65_536):
                said += chunk
        except ConnectionResetError:
            pass
    statuses = re.findall(rb"HTTP/1\.1 (\d+) ", said)
    assert len(statuses) == 1, said
    assert statuses[0].startswith(b"4"), said
    assert b'"status":"alive"' not in said


@pytest.mark.parametrize("path", [WEBHOOKS, "/api/v1/media/generate", "/api/v1/upload-asset"])
def test_a_body_without_an_end_is_cut_off(bridge: Bridge, path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: b\r\nAuthorization: Bearer {API_KEY}\r\n"
    head += "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    before = bridge.memory
    with bridge.connect(head.encode()) as connection:
        connection.settimeout(PATIENCE)
        for _ in range(4_000):
            # Whoever goes on all the same is thrown away until the deadline.
            if select.select([connection], [], [], 0)[0]:
                break
            connection.sendall(chunk)
        said = connection.recv(65_536)
    assert said.startswith(b"HTTP/1.1 4"), said
    assert bridge.memory - before < 64 * 1024 * 1024
    assert httpx.get(f"{bridge.url}/health/live", timeout=PATIENCE).status_code == 200
