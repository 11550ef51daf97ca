"""The page that shows the document: whole, and loading nothing from anywhere."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Route, expect

from tests.support.bridge_process import running_bridge
from tests.support.browsers import open_browsing

LOADING = {"src", "srcset", "href", "data", "action", "poster", "background", "xlink:href"}


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.ids: set[str] = set()
        self.addresses: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.add(value or "")
            if name in LOADING:
                self.addresses.add(value or "")


@pytest.fixture(scope="module")
def url(
    redis_server: str, migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    directory = tmp_path_factory.mktemp("reference")
    (directory / "bridge.db").write_bytes(migrated_sqlite.read_bytes())
    with running_bridge(
        directory, redis=redis_server, database=f"sqlite:///{directory}/bridge.db"
    ) as bridge:
        yield bridge.url


def test_the_page_refers_to_nothing_elsewhere_and_forbids_to_load_anything(url: str) -> None:
    answer = httpx.get(f"{url}/schema")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = _Page(answer.text)
    assert not page.tags & {"script", "img", "iframe", "object", "embed", "base", "form"}
    own = {address for address in page.addresses if not address.startswith("#")}
    assert own == {"/schema/openapi.json", "data:,"}
    assert "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\"" in answer.text
    assert not re.search(r"@import|url\(|https?://", answer.text)
    assert httpx.get(f"{url}/schema/openapi.json").status_code == 200


def test_every_reference_leads_somewhere_and_every_operation_is_shown(url: str) -> None:
    text = httpx.get(f"{url}/schema").text
    page = _Page(text)
    assert {one.removeprefix("#") for one in page.addresses if one.startswith("#")} <= page.ids
    paths = httpx.get(f"{url}/schema/openapi.json").json()["paths"]
    assert all(path in text for path in paths)
    shown = [one for item in paths.values() for one in item.values() if "x-alias-of" not in one]
    assert {one["operationId"] for one in shown} <= page.ids


@pytest.mark.parametrize(
    "path", ["redoc", "swagger", "elements", "rapidoc", "oauth2-redirect.html"]
)
def test_no_page_of_the_framework_is_served_beside_it(url: str, path: str) -> None:
    answer = httpx.get(f"{url}/schema/{path}")
    assert answer.status_code == 404
    assert "http" not in answer.text


@pytest.mark.browser
def test_it_is_readable_in_a_browser_without_a_network(url: str, tmp_path: Path) -> None:
    elsewhere: list[str] = []

    def refuse(route: Route) -> None:
        elsewhere.append(route.request.url)
        route.abort()

    with open_browsing(tmp_path, base_url=url) as browsing:
        browsing.context.route(lambda address: not address.startswith(f"{url}/"), refuse)
        asked: list[str] = []
        browsing.context.on("request", lambda request: asked.append(request.url))
        page = browsing.page
        page.goto("/schema")
        page.get_by_text("Give a project its own caps").click()
        expect(page.get_by_role("link", name="ProjectCaps")).to_be_visible()
        page.get_by_role("link", name="ProjectCaps").click()
        expect(page.locator("#form-ProjectCaps")).to_be_in_viewport()
        style = page.locator(".method.put").first.evaluate("one => getComputedStyle(one).color")
        assert style == "rgb(255, 255, 255)", browsing.photograph("unstyled")
        browsing.photograph("reference")
        assert (elsewhere, asked, browsing.complaints) == ([], [f"{url}/schema"], [])
