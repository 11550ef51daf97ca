"""Requests as attackers write them, to a real bridge: none is answered 5xx, hangs, or is two."""

import gzip
import json
import re
import select
import socket
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from tests.support import events
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


CODINGS = {"gzip": gzip.compress, "deflate": zlib.compress, "br": bytes, "zstd": bytes,
           "x-gzip": gzip.compress, "gzip, gzip": gzip.compress, "identity, gzip": gzip.compress,
           "GZIP": gzip.compress, "\x27": bytes}  # fmt: skip


def test_a_compressed_body_is_refused_wherever_a_body_is_read(
    http: httpx.Client, document: dict[str, Any]
) -> None:
    asked = 0
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if "requestBody" not in operation:
                continue
            assert "CompressedBody" in operation["responses"]["415"]["$ref"]
            ids = {name: str(uuid4()) for name in re.findall(r"{(\w+)}", path)}
            # The key of everything finds no object of these ids; what has none in its path is read.
            for coding, compress in CODINGS.items():
                asked += 1
                answer = http.request(
                    method,
                    path.format(**ids),
                    content=compress(b"{}"),
                    headers={"Content-Encoding": coding, "Content-Type": "application/json"},
                )
                assert answer.status_code == 415, (path, coding, answer.text)
                assert answer.json()["code"] == "compressed_body"
                assert answer.headers["Accept-Encoding"] == "identity"
    assert asked > 100


def test_a_body_that_says_it_is_plain_is_read(http: httpx.Client) -> None:
    answer = http.post(
        "/api/v1/media/generate", content=b"{}", headers={"Content-Encoding": "Identity"}
    )
    assert answer.json()["code"] == "bad_request"


def test_a_bomb_is_refused_unread(bridge: Bridge, http: httpx.Client) -> None:
    bomb, before = gzip.compress(bytes(200_000_000)), bridge.memory
    for path in (WEBHOOKS, "/api/v1/media/generate", "/api/v1/upload-asset"):
        answer = http.post(path, content=bomb, headers={"Content-Encoding": "gzip"})
        assert answer.status_code == 415, path
    assert bridge.memory - before < 16 * 1024 * 1024


def test_a_query_parameter_that_nobody_reads_is_refused_by_name_on_every_path(
    http: httpx.Client, document: dict[str, Any]
) -> None:
    for path, item in document["paths"].items():
        ids = {name: str(uuid4()) for name in re.findall(r"{(\w+)}", path)}
        for method, operation in item.items():
            known = sorted(
                one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"
            )
            answer = http.request(method, f"{path.format(**ids)}?misspelt=1&misspelt=2")
            assert answer.status_code == 400, (method, path)
            if method == "head":
                continue
            said = answer.json()
            assert said["code"] == "unknown_parameter"
            (fault,) = said["errors"]
            assert (fault["key"], fault["source"]) == ("misspelt", "query")
            assert all(name in fault["message"] for name in known), (path, fault)
            assert "UnknownParameter" in operation["responses"]["400"]["$ref"]


def test_no_parameter_of_any_path_is_null_or_stands_twice(
    http: httpx.Client, document: dict[str, Any]
) -> None:
    """Either is a mistake of whoever wrote the address, and is not taken for one left out."""
    asked: set[str] = set()
    for path, item in document["paths"].items():
        ids = {name: str(uuid4()) for name in re.findall(r"{(\w+)}", path)}
        for parameter in item.get("get", {}).get("parameters", ()):
            name, form = parameter["name"], parameter["schema"]
            if parameter["in"] != "query":
                continue
            # To text it is a word as any other: cursors and moments refuse it, where they are read.
            text = form.get("type") == "string" and form.get("format") != "uuid"
            wrong = (
                [] if text else [f"{name}={null}" for null in ("null", "NULL", f"1&{name}=Null")]
            )
            if form.get("type") != "array":
                wrong += [f"{name}=1&{name}=2", f"{name}=1&{name}=1"]
            for query in wrong:
                answer = http.get(f"{path.format(**ids)}?{query}")
                assert answer.status_code == 400, answer.url
                (fault,) = answer.json()["errors"]
                assert (fault["key"], fault["source"]) == (name, "query"), answer.url
            asked.add(name)
    assert {"after", "aspectRatio", "cursor", "limit", "status", "rendition"} <= asked


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/schema",
                                  "/schema/openapi.json"])  # fmt: skip
def test_probes_and_the_documents_know_no_parameters_either(http: httpx.Client, path: str) -> None:
    assert http.get(path).status_code == 200
    answer = http.get(path, params={"verbose": "1"})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_parameter")


def test_names_of_parameters_are_repeated_shortly_and_a_few_of_them(http: httpx.Client) -> None:
    names = [f"{number}{'x' * 400}" for number in range(50)]
    answer = http.get("/health/live", params=dict.fromkeys(names, "y"))
    assert answer.status_code == 400
    assert len(answer.json()["errors"]) == 10
    assert len(answer.content) < 8_000


FORGED = '{"event":"forged","level":"critical"}'
INJECTIONS = (
    f"a\r\n{FORGED}", f"a\n{FORGED}", f"a\x85{FORGED}", f"a\u2028{FORGED}",
    "\x1b[2J\x1b[1;31mforged", "\x9b2J", "\x1b]0;forged\x07",
    "a\x08\x08forged", "\u202edegrof", "x" * 60_000,
)  # fmt: skip
"""What would end a line of the log and begin another, or move what a terminal shows."""


def lines_of(bridge: Bridge) -> list[str]:
    # As whoever reads them splits them: at a newline alone, and at all that Python takes for one.
    text = bridge.log
    assert text.splitlines() == text.removesuffix("\n").split("\n")
    return text.splitlines()


@pytest.mark.parametrize("form", ["json", "console"])
def test_nothing_that_is_sent_forges_a_line_of_the_log(
    tmp_path: Path, redis_server: str, migrated_sqlite: Path, form: str
) -> None:
    (tmp_path / "bridge.db").write_bytes(migrated_sqlite.read_bytes())
    with running_bridge(
        tmp_path,
        redis=redis_server,
        database=f"sqlite:///{tmp_path}/bridge.db",
        log_format=form,
        log_level="debug",
        allowed_hosts="127.0.0.1",
    ) as bridge:
        with httpx.Client(base_url=bridge.url, headers=KEY, timeout=PATIENCE) as http:
            for number, text in enumerate(INJECTIONS):
                brief = {"title": text[:200], "script": f"One sentence. {text[:500]}"}
                order = {"kind": "video", "projectId": f"p{number}", "brief": brief}
                http.post("/api/v1/tasks/submit", json=order)
                http.post("/api/v1/tasks/submit", json=order | {"projectId": text})
                http.post("/api/v1/tasks/submit", json=order | {"document": text, "by": text})
                http.get(f"/api/v1/projects/{quote(text[:9_000], safe='')}/spending")
                http.get("/health/live", params={text[:9_000]: text[:9_000]})
                body, headers = events.signed(
                    events.submitted(video=f"v{number}", title=text[:200])
                )
                http.post(WEBHOOKS, content=body, headers=headers)
                form_data = {"projectId": f"p{number}", "name": text}
                http.post("/api/v1/upload-asset", data=form_data, files={"file": (text, b"no")})
                for name in HEADERS:
                    value = text.encode("utf-8").replace(b"\r", b"").replace(b"\n", b"")[:9_000]
                    raw_header(bridge, name, value)
                    raw_header(bridge, name, text.encode("utf-8")[:9_000])
        said = lines_of(bridge)
    assert len(said) > 5
    assert max(map(len, said)) < 20_000
    shown = "".join(said)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028-\u202e]", shown)
    if form == "json":
        assert all(json.loads(line)["event"] != "forged" for line in said)
    else:
        assert all(re.match(r"20\d\d-\d\d-\d\dT[\d:.]+Z \[\w+ *\] ", line) for line in said), said


HEADERS = ("Host", "User-Agent", "X-Request-Id", "Idempotency-Key", "Authorization", "Referer",
           "webhook-id", "Last-Event-ID", "Content-Type", "Traceparent")  # fmt: skip


def raw_header(bridge: Bridge, name: str, value: bytes) -> None:
    """Send a request with a header as it is, whatever is in it."""
    host = b"" if name == "Host" else b"Host: 127.0.0.1\r\n"
    key = b"" if name == "Authorization" else f"Authorization: Bearer {API_KEY}\r\n".encode()
    head = b"POST /api/v1/tasks/submit HTTP/1.1\r\n" + host + key + b"Content-Length: 2\r\n"
    with bridge.connect(head + name.encode() + b": " + value + b"\r\n\r\n{}") as connection:
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(PATIENCE)
        try:
            while connection.recv(65_536):
                pass
        except ConnectionResetError:
            pass
