"""Secrets are replaced without a pause: first old, then new and old, then new alone.

Each stage is a bridge of its own over the same database, as a restart makes one.
"""

import base64
import hashlib
import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import SecretStr

from cms_bridge.access import registry
from cms_bridge.access.callers import Action
from cms_bridge.database import connected
from cms_bridge.settings import BridgeSettings
from cms_bridge.storage.base import object_key
from cms_bridge.storage.factory import store_from
from tests.support import events
from tests.support.api import api_settings, running_api
from tests.support.bridge_process import API_KEY

pytestmark = pytest.mark.anyio

Stage = Callable[..., Any]


def fresh() -> str:
    return secrets.token_hex(32)


def fresh_webhook_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


@pytest.fixture
def settings(tmp_path: Path, redis_server: str, migrated_sqlite: Path) -> Stage:
    """Return a bridge's settings with some of its secrets changed."""
    database = tmp_path / "rotation.db"
    database.write_bytes(migrated_sqlite.read_bytes())

    def with_secrets(**changed: str) -> BridgeSettings:
        made = api_settings(f"sqlite:///{database}", redis_server, tmp_path)
        given = {name: SecretStr(value) for name, value in changed.items()}
        return BridgeSettings.model_validate(made.model_dump() | given)

    return with_secrets


@asynccontextmanager
async def bridge(settings: BridgeSettings) -> AsyncGenerator[httpx.AsyncClient]:
    async with running_api(settings, headers={}) as http:
        yield http


async def status(http: httpx.AsyncClient, key: str) -> int:
    headers = {"Authorization": f"Bearer {key}"}
    return (await http.get("/api/v1/queues/status", headers=headers)).status_code


async def test_the_webhook_secret(settings: Stage) -> None:
    old, new = fresh_webhook_secret(), fresh_webhook_secret()

    async def accepted(http: httpx.AsyncClient) -> tuple[bool, bool]:
        async def said(secret: str) -> bool:
            event = events.submitted(video=secrets.token_hex(8))
            body, headers = events.signed(event, secret=secret)
            answer = await http.post("/api/v1/webhooks/payload", content=body, headers=headers)
            assert answer.status_code in {202, 401}
            return answer.status_code == 202

        return await said(old), await said(new)

    for configured, expected in (
        (old, (True, False)),
        (f"{new} {old}", (True, True)),
        (new, (False, True)),
    ):
        async with bridge(settings(webhook_secret=configured)) as http:
            assert await accepted(http) == expected


async def test_the_api_key_of_the_cms(settings: Stage) -> None:
    old, new = fresh(), fresh()
    for configured, expected in (
        (old, [200, 401]),
        (f"{new} {old}", [200, 200]),
        (new, [401, 200]),
    ):
        async with bridge(settings(api_key=configured)) as http:
            assert [await status(http, one) for one in (old, new)] == expected
            # What is presented is one of them, and never all in a row.
            assert await status(http, f"{new} {old}") == 401


async def test_a_key_of_the_registry(settings: Stage) -> None:
    given = settings()
    async with connected(given.database_url):
        token, key = await registry.create(
            "Shop", projects=None, actions=(Action.READ,), lasts=timedelta(days=90)
        )
        successor, _ = await registry.rotate(key.id, overlap=timedelta(hours=24))
        ended, other = await registry.create(
            "Desk", projects=None, actions=(Action.READ,), lasts=timedelta(days=90)
        )
        heir, _ = await registry.rotate(other.id, overlap=timedelta(0))
    async with bridge(given) as http:
        assert [await status(http, one) for one in (token, successor)] == [200, 200]
        assert [await status(http, one) for one in (ended, heir)] == [401, 200]


async def test_the_link_secret_of_links_and_sessions(settings: Stage, tmp_path: Path) -> None:
    # Tickets are signed likewise: `unit/cms_bridge/access/test_tickets.py`.
    old, new = fresh(), fresh()
    film = tmp_path / "film.mp4"
    film.write_bytes(b"a film")
    digest = hashlib.sha256(b"a film").hexdigest()
    key = object_key(project="p", sha256=digest, extension="mp4")

    async def link(given: BridgeSettings) -> str:
        async with store_from(given) as store:
            await store.put(key, film, media_type="video/mp4")
            url = urlsplit(await store.signed_url(key, expires_in=timedelta(hours=1)))
            return f"{url.path}?{url.query}"

    async def session(http: httpx.AsyncClient) -> dict[str, str]:
        answer = await http.post("/ops/session", data={"key": API_KEY})
        assert answer.status_code == 303
        return {"Cookie": answer.headers["set-cookie"].partition(";")[0]}

    async def told(http: httpx.AsyncClient, path: str, **headers: str) -> int:
        return (await http.get(path, headers=headers)).status_code

    by_old, by_both = await link(settings(link_secret=old)), f"{new} {old}"
    async with bridge(settings(link_secret=old)) as http:
        began = await session(http)
        assert await told(http, by_old) == 200
    async with bridge(settings(link_secret=by_both)) as http:
        by_new, renewed = await link(settings(link_secret=by_both)), await session(http)
        assert [await told(http, one) for one in (by_old, by_new)] == [200, 200]
        assert [await told(http, "/ops", **one) for one in (began, renewed)] == [200, 200]
    async with bridge(settings(link_secret=new)) as http:
        # What was issued during the overlap is the new one's.
        assert [await told(http, one) for one in (by_old, by_new)] == [403, 200]
        assert [await told(http, "/ops", **one) for one in (began, renewed)] == [401, 200]


@pytest.mark.parametrize("field", ["api_key", "link_secret", "webhook_signing_secret"])
def test_a_sentence_is_no_secret(settings: Stage, field: str) -> None:
    with pytest.raises(ValueError, match="without spaces"):
        settings(**{field: "a sentence of words that is long enough"})
