"""Who may ask what: every route of the application, walked without a key."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from litestar import Litestar, get
from litestar.params import FromPath
from litestar.routes import HTTPRoute

from cms_bridge.access import owners
from cms_bridge.access.callers import Action
from cms_bridge.access.keys import Whose, is_public, needs, needs_of
from cms_bridge.api.contract import describe
from cms_bridge.app import create_app
from cms_bridge.fields import camel_case
from tests.support.api import api_settings
from tests.support.bridge_process import API_KEY

pytestmark = pytest.mark.anyio

PUBLIC = {
    ("GET", "/health"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/objects/{folder}/{file}"),
    ("GET", "/playlists/{renditionId}/{file}"),
    ("GET", "/objects/{part}/{folder}/{file}"),
    ("GET", "/playlists/{renditionId}/{file}"),
    ("GET", "/ops"),
    ("GET", "/ops/ops.css"),
    ("GET", "/ops/ops.js"),
    ("GET", "/schema"),
    ("GET", "/schema/openapi.json"),
    ("GET", "/schema/{path}"),
    ("HEAD", "/objects/{folder}/{file}"),
    ("HEAD", "/playlists/{renditionId}/{file}"),
    ("HEAD", "/objects/{part}/{folder}/{file}"),
    ("HEAD", "/playlists/{renditionId}/{file}"),
    ("POST", "/api/v1/webhooks/payload"),
    ("POST", "/ops/session"),
}
"""What may be asked without the key, OPTIONS of any path aside: a signature of the CMS's, or of a
link, is a permission of its own, and health and the contract are anybody's."""


UNDOCUMENTED = {
    ("GET", "/metrics"),
    ("GET", "/ops/live"),
    ("POST", "/ops/jobs/{jobId}/retry"),
}
"""In Prometheus' own format (specs/metrics.md), and the page for operators, with its session."""


@pytest.fixture
def app(tmp_path: Path) -> Litestar:
    settings = api_settings(
        f"sqlite:///{tmp_path}/bridge.db",
        "redis://127.0.0.1:1/0",
        tmp_path,
        # There are more routes than refusals that an address gets in a minute.
        rate_refusals_per_minute=0,
    )
    app = create_app(settings)
    app.state.queue = None
    return app


@pytest.fixture
async def http(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    # Nothing is opened: whoever gets past the guard fails, and that is told apart from a refusal.
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://bridge") as client:
        yield client


def routes(app: Litestar) -> set[tuple[str, str]]:
    return {
        (method, re.sub(r"{\w+}", lambda name: camel_case(name[0]), route.path_format))
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods
    }


def filled(path: str) -> str:
    return re.sub(r"{(\w+)}", lambda name: str(uuid4()) if name[1].endswith("Id") else "x", path)


async def test_without_the_key_every_route_is_closed_but_the_public_ones(
    app: Litestar, http: httpx.AsyncClient
) -> None:
    opened: set[tuple[str, str]] = set()
    for method, path in routes(app):
        answer = await http.request(method, filled(path))
        if method == "OPTIONS":
            assert answer.status_code == 204, path
        elif answer.status_code != 401 or (
            method != "HEAD"
            and not (
                answer.headers["content-type"] == "application/problem+json"
                and answer.json()["code"] == "unauthorised"
            )
        ):
            opened.add((method, path))
    assert opened == PUBLIC


async def test_the_document_asks_for_the_key_where_the_guard_does(app: Litestar) -> None:
    documented = {
        (method.upper(), path): operation.get("security")
        for path, item in describe(app)["paths"].items()
        for method, operation in item.items()
    }
    # HEAD is wherever GET is, and documented with it.
    closed = {one for one in routes(app) if one[0] not in {"OPTIONS", "HEAD"}}
    closed -= PUBLIC | UNDOCUMENTED
    assert {one for one, security in documented.items() if security} == closed
    assert {one for one, security in documented.items() if security is None} <= PUBLIC


async def test_every_route_says_what_a_key_needs_for_it(app: Litestar) -> None:
    silent = {
        route.path_format
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if not is_public(handler)
        and (
            (said := needs_of(handler)) is None
            or (said.whose is Whose.PATH and not owners.known(route.path_parameters))
        )
    }
    assert not silent


async def test_a_route_that_nobody_marked_is_closed(app: Litestar, http: httpx.AsyncClient) -> None:
    @get("/forgotten")
    async def forgotten() -> None: ...

    @get("/nobodys/{thing_id:uuid}", opt=needs(Action.READ))
    async def nobodys(thing_id: FromPath[UUID]) -> None: ...

    @get("/unasked", opt=needs(Action.READ, whose=Whose.REQUEST))
    async def unasked() -> None: ...

    app.register(forgotten)
    app.register(nobodys)
    app.register(unasked)
    for path in ("/forgotten", f"/nobodys/{uuid4()}", "/unasked"):
        assert (await http.get(path)).status_code == 401
        keyed = await http.get(path, headers={"Authorization": f"Bearer {API_KEY}"})
        assert keyed.status_code == 403
        assert keyed.json()["code"] == "action_not_allowed"


@pytest.mark.parametrize(
    "presented",
    [None, "", "Bearer", "Bearer ", "Basic YTpi", "Bearer wrong", f"Bearer {API_KEY}x", API_KEY],
)
async def test_a_refusal_says_what_would_be_let_in(
    http: httpx.AsyncClient, presented: str | None
) -> None:
    headers = {} if presented is None else {"Authorization": presented}
    answer = await http.get(f"/api/v1/videos/jobs/{uuid4()}/status", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="reelwright"'
    assert API_KEY not in answer.text
