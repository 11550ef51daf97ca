"""The player of a site's page in a browser: rendered on a server, and brought to life there."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.support.browsers import Browsing, open_browsing
from tests.support.noise import encode
from tests.support.simulators.serving import served

pytestmark = pytest.mark.browser

PLUGIN = Path("cms_bridge/payload_plugin").absolute()
SECONDS = 40
PAGE = """\
import { createElement } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { ReelwrightPlayer } from 'PLUGIN/src/exports/player.ts'
const rendition = {
  alt: 'Opening hours', transcript: 'Hours\\n\\nWe open at nine.\\n',
  url: '/api/video', streamUrl: '/api/stream.m3u8',
  captionsUrl: '/api/captions.vtt', chaptersUrl: '/api/chapters.vtt',
  file: { number: 2, language: 'en', width: 320, height: 180, hasStream: true },
}
const page = createElement(ReelwrightPlayer, { rendition })
if (typeof document === 'undefined') console.log(renderToString(page))
else hydrateRoot(document.getElementById('root'), page)
"""
TEXTS = {
    "/api/captions.vtt": "WEBVTT\n\n00:00.000 --> 00:40.000\nWe open at nine.\n",
    "/api/chapters.vtt": (
        "WEBVTT\n\n00:00.000 --> 00:20.000\nFish &amp; chips\n\n00:20.000 --> 00:40.000\nEvening\n"
    ),
}
FRESH = {"cache-control": "no-store"}
PLACE = "document.querySelector('video').currentTime"


@dataclass
class Site:
    """A page, and a film whose address leads to a link that can end."""

    html: str
    script: Path
    film: Path
    address: str = ""
    links: int = 0
    """How many there were; the last one is good."""
    is_ended: bool = False
    is_away: bool = False

    async def show(self, _request: Request) -> Response:
        return HTMLResponse(self.html)

    async def run(self, _request: Request) -> Response:
        return FileResponse(self.script, media_type="text/javascript")

    async def tell(self, request: Request) -> Response:
        return Response(TEXTS[request.url.path], media_type="text/vtt")

    async def lead_on(self, _request: Request) -> Response:
        if self.is_away:
            return Response(status_code=404)
        self.links, self.is_ended = self.links + 1, False
        return RedirectResponse(f"/files/{self.links}.mp4", headers=FRESH)

    async def send(self, request: Request) -> Response:
        if self.is_ended or request.path_params["link"] != self.links:
            return Response(status_code=404)
        return FileResponse(self.film, media_type="video/mp4", headers=FRESH)

    def app(self) -> Starlette:
        texts = [Route(path, self.tell) for path in TEXTS]
        film = [Route("/api/video", self.lead_on), Route("/files/{link:int}.mp4", self.send)]
        return Starlette(routes=[Route("/", self.show), Route("/page.js", self.run), *texts, *film])


def bundle(directory: Path, platform: str) -> Path:
    made = directory / f"page.{platform}.js"
    command = [PLUGIN / "node_modules/.bin/esbuild", directory / "page.ts", f"--outfile={made}"]
    options = ["--bundle", "--log-level=warning", f"--platform={platform}"]
    environment = {"NODE_PATH": f"{PLUGIN / 'node_modules'}", "PATH": "/usr/bin:/bin"}
    define = '--define:process.env.NODE_ENV="development"'
    subprocess.run([*command, *options, define], check=True, env=environment)
    return made


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("site")
    (directory / "page.ts").write_text(PAGE.replace("PLUGIN", f"{PLUGIN}"))
    run = ["node", bundle(directory, "node")]
    rendered = subprocess.run(run, check=True, capture_output=True, text=True).stdout.strip()
    html = f"""<!doctype html><html lang="en"><title>Shop</title><link rel="icon" href="data:,">
<div id="root">{rendered}</div><script src="/page.js"></script></html>"""
    # More than a browser reads ahead: to seek, it has to ask again.
    encode(directory / "a.mp4", size=(320, 180), seconds=SECONDS, movflags="faststart")
    site = Site(html, bundle(directory, "browser"), directory / "a.mp4")
    with served(site.app()) as site.address:
        yield site


@contextmanager
def visited(site: Site, directory: Path) -> Iterator[tuple[Browsing, Page]]:
    site.is_away = site.is_ended = False
    with open_browsing(directory, base_url=site.address) as browsing:
        page = browsing.page
        page.goto("/")
        page.wait_for_function("document.querySelector('video').readyState > 0")
        yield browsing, page


def test_a_film_plays_from_its_chapters_and_tells_its_words(site: Site, tmp_path: Path) -> None:
    with visited(site, tmp_path) as (browsing, page):
        expect(page.get_by_label("Opening hours")).to_be_visible()
        # Its escapes are the file's, and nobody's to read.
        expect(page.get_by_role("button", name="Fish & chips")).to_be_visible()
        page.get_by_role("button", name="Evening").click()
        page.wait_for_function(f"{PLACE} > 20 && !document.querySelector('video').paused")
        page.get_by_text("Transcript").click()
        expect(page.get_by_text("We open at nine.")).to_be_visible()
        tracks = "[...document.querySelector('video').textTracks].map((one) => one.kind)"
        assert page.evaluate(tracks) == ["captions", "chapters"]
        # The stream is not there: only it was asked for in vain. React found its page as it was.
        assert [one for one in browsing.complaints if "stream.m3u8" not in one] == []


def test_a_film_whose_link_has_ended_goes_on_where_it_was(site: Site, tmp_path: Path) -> None:
    with visited(site, tmp_path) as (_, page):
        links, site.is_ended = site.links, True
        page.get_by_role("button", name="Evening").click()
        page.wait_for_function(f"{PLACE} > 20.5 && !document.querySelector('video').paused")
        assert site.links == links + 1
        expect(page.get_by_role("alert")).to_have_count(0)


def test_a_film_that_is_away_says_so_and_is_tried_again_when_asked(
    site: Site, tmp_path: Path
) -> None:
    with visited(site, tmp_path) as (_, page):
        site.is_ended = site.is_away = True
        page.get_by_role("button", name="Evening").click()
        expect(page.get_by_role("alert")).to_contain_text("cannot be played")
        site.is_away = False
        page.get_by_role("button", name="Try again").click()
        page.wait_for_function(f"{PLACE} > 20.5")
        expect(page.get_by_role("alert")).to_have_count(0)
