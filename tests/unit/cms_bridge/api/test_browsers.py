"""The names that a bridge goes by."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import SecretStr

from cms_bridge.api.browsers import cors_for, serves
from cms_bridge.errors import HostNotServed
from cms_bridge.settings import BridgeSettings

pytestmark = pytest.mark.anyio


async def ask(host: str, *names: str, path: str = "/api/v1/health/models") -> None:
    connection: Any = SimpleNamespace(scope={"path": path}, headers={"host": host} if host else {})
    await serves(names)(connection, cast(Any, None))


@pytest.mark.parametrize(
    "host",
    ["a.example", "A.Example:8000", "a.example.", "x.b.example", "y.x.b.example", "[::1]:80"],
)
async def test_a_name_is_known_whatever_its_port_and_capitals(host: str) -> None:
    await ask(host, "a.example", "*.b.example", "[::1]")


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "b.example", ".b.example", "a.example.evil", "evila.example", "[::2]"],
)
async def test_another_is_refused_but_where_health_is_told(host: str) -> None:
    names = ("a.example", "*.b.example", "[::1]")
    with pytest.raises(HostNotServed):
        await ask(host, *names)
    with pytest.raises(HostNotServed):
        await ask(host, *names, path="/healthy")
    for path in ("/health", "/health/live"):
        await ask(host, *names, path=path)
    await ask(host)


def settings(**given: str) -> BridgeSettings:
    secret = SecretStr("a-secret-of-more-than-32-characters")
    return BridgeSettings(
        redis_url="redis://x",
        webhook_secret=SecretStr("whsec_" + "A" * 32),
        api_key=secret,
        link_secret=secret,
        **cast(Any, given),
    )


def test_settings_name_hosts_and_origins() -> None:
    some = settings(
        allowed_hosts="A.example  *.b.example [::1]",
        cors_origins="https://cms.example http://localhost:3000",
    )
    assert some.host_names == ("a.example", "*.b.example", "[::1]")
    assert some.origins == ("https://cms.example", "http://localhost:3000")
    assert settings().host_names == settings().origins == ()
    assert cors_for(()) is None


@pytest.mark.parametrize(
    "given",
    [
        {"allowed_hosts": "https://a.example"},
        {"allowed_hosts": "a.example:80"},
        {"allowed_hosts": "*"},
        {"allowed_hosts": "a.*.example"},
        {"cors_origins": "*"},
        {"cors_origins": "https://*.example.com"},
        {"cors_origins": "cms.example"},
        {"cors_origins": "https://cms.example/"},
    ],
)
def test_what_would_open_more_than_is_named_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="must be"):
        settings(**given)
