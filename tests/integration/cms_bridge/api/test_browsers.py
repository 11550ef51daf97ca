"""A real bridge, as pages of other origins and askers by other names meet it."""

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cms_bridge import protections
from tests.support.bridge_process import API_KEY, Bridge, running_bridge

FRIEND, STRANGER = "https://cms.example", "https://evil.example"
MODELS = "/api/v1/health/models"
KEY = {"Authorization": f"Bearer {API_KEY}"}


@pytest.fixture(scope="module")
def bridge(
    redis_server: str, migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bridge]:
    directory = tmp_path_factory.mktemp("browsers")
    (directory / "bridge.db").write_bytes(migrated_sqlite.read_bytes())
    with running_bridge(
        directory,
        redis=redis_server,
        database=f"sqlite:///{directory}/bridge.db",
        allowed_hosts="127.0.0.1 *.bridge.example",
        cors_origins=FRIEND,
    ) as bridge:
        yield bridge


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health/live", 200),
        ("GET", MODELS, 401),
        ("GET", "/nothing", 404),
        ("DELETE", "/health/live", 405),
        ("POST", "/api/v1/webhooks/payload", 401),
        ("GET", "/schema", 200),
        ("GET", "/schema/openapi.json", 200),
        ("GET", "/objects/a/b", 400),
        ("OPTIONS", MODELS, 204),
    ],
)
def test_every_answer_is_protected(bridge: Bridge, method: str, path: str, status: int) -> None:
    answer = httpx.request(method, bridge.url + path)
    assert answer.status_code == status
    for name, value in protections.HEADERS.items():
        if path.startswith("/schema") and name == protections.POLICY:
            assert "style-src 'unsafe-inline'" in answer.headers[name]
        else:
            assert answer.headers[name] == value
    assert "access-control-allow-origin" not in answer.headers


def test_so_is_one_that_the_application_never_sees(bridge: Bridge) -> None:
    with bridge.connect(b"GET / HTTP/1.1\r\nbroken\r\n\r\n") as connection:
        connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").read().decode().lower()
    assert answer.startswith("http/1.1 400 ")
    for name, value in protections.HEADERS.items():
        assert f"{name}: {value}\r\n".lower() in answer


def test_a_page_of_a_named_origin_may_ask_and_no_other(bridge: Bridge) -> None:
    url = bridge.url + MODELS
    asked = {
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization, range, idempotency-key",
    }
    allowed = httpx.options(url, headers={"Origin": FRIEND} | asked)
    assert allowed.status_code == 204
    assert allowed.headers["access-control-allow-origin"] == FRIEND
    assert "authorization" in allowed.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in allowed.headers
    assert httpx.options(url, headers={"Origin": STRANGER} | asked).status_code == 400
    answer = httpx.get(url, headers={"Origin": FRIEND} | KEY)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, FRIEND)
    assert "origin" in answer.headers["vary"].lower()
    for origin in (STRANGER, f"{FRIEND}.evil.example", "null"):
        answer = httpx.get(url, headers={"Origin": origin} | KEY)
        assert "access-control-allow-origin" not in answer.headers


def test_a_bridge_goes_by_its_names_alone(bridge: Bridge) -> None:
    for host in (f"127.0.0.1:{bridge.port}", "api.bridge.example"):
        assert httpx.get(bridge.url + MODELS, headers={"Host": host} | KEY).status_code == 200
    for headers in ({"Host": "evil.example"}, {"Host": "evil.example"} | KEY):
        answer = httpx.get(bridge.url + MODELS, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (421, "host_not_served")
        assert "evil" not in answer.text
    live = httpx.get(f"{bridge.url}/health/live", headers={"Host": "10.0.0.7:8000"})
    assert live.status_code == 200
