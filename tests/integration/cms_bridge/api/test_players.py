"""A finished film in a browser, on a page of somebody else's, by nothing but its links."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import anyio
import httpx
import pytest
from playwright.sync_api import Page

from cms_bridge.database import connected
from cms_bridge.states import FileKind, Status
from cms_bridge.storage.local import LocalStore
from tests.support.bridge_process import API_KEY, LINK_SECRET, running_bridge
from tests.support.browsers import Browsing, open_browsing
from tests.support.jobs import put
from tests.support.ledger import new_job
from tests.support.noise import encode
from tests.support.renditions import record

pytestmark = pytest.mark.browser

SECONDS = 40
PAGE = """\
<!doctype html><title>Shop</title><link rel="icon" href="data:,">
<video muted playsinline crossorigin></video>"""
PLAY = """async ({ url, words }) => {
  const video = document.querySelector("video");
  const happened = (name) => new Promise((done, fail) => {
    video.addEventListener(name, done, { once: true });
    video.addEventListener("error", () => fail(new Error(video.error.message)), { once: true });
  });
  const track = Object.assign(document.createElement("track"), { src: words, default: true });
  video.append(track);
  const read = new Promise((done) => track.addEventListener("load", done, { once: true }));
  video.src = url;
  await happened("loadedmetadata");
  await video.play();
  await happened("timeupdate");
  const begun = video.currentTime;
  const seeked = happened("seeked");
  video.currentTime = 35;
  await seeked;
  await read;
  return {
    begun, at: video.currentTime, seconds: video.duration, width: video.videoWidth,
    words: track.track.cues[0].text,
  };
}"""
STREAM = """async ({ url, codec }) => {
  const types = new Set();
  const asked = async (one) => {
    const answer = await fetch(one);
    if (!answer.ok) throw new Error(`${answer.status} ${one}`);
    types.add(answer.headers.get("content-type").split(";")[0]);
    return answer;
  };
  const named = (text) => text.split("\\n").filter((line) => line && !line.startsWith("#"));
  const [size] = named(await (await asked(url)).text());
  const list = await (await asked(size)).text();
  const pieces = [list.match(/EXT-X-MAP:URI="([^"]+)"/)[1], ...named(list)];
  const video = document.querySelector("video");
  const media = new MediaSource();
  video.src = URL.createObjectURL(media);
  await new Promise((done) => media.addEventListener("sourceopen", done, { once: true }));
  const buffer = media.addSourceBuffer(`video/mp4; codecs="${codec}"`);
  for (const one of pieces) {
    buffer.appendBuffer(await (await asked(one)).arrayBuffer());
    await new Promise((done) => buffer.addEventListener("updateend", done, { once: true }));
  }
  media.endOfStream();
  await video.play();
  video.currentTime = 5.5;
  await new Promise((done) => video.addEventListener("seeked", done, { once: true }));
  return { types: [...types].sort(), at: video.currentTime, pieces: pieces.length };
}"""


class Film(NamedTuple):
    """A finished one, and a bridge that serves it."""

    links: dict[str, Any]
    codec: str
    """As browsers name it."""
    size: int


def streamed(folder: Path) -> dict[str, tuple[FileKind, bytes]]:
    encode(
        folder / "index.m3u8",
        size=(64, 36),
        seconds=6,
        hls_time="2",
        hls_playlist_type="vod",
        hls_segment_type="fmp4",
        hls_fmp4_init_filename="init_0.mp4",
        hls_segment_filename=f"{folder}/%04d.m4s",
    )
    main = b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n36p/index.m3u8\n"
    return {
        "hls/main.m3u8": (FileKind.HLS, main),
        **{f"hls/36p/{one.name}": (FileKind.HLS, one.read_bytes()) for one in folder.iterdir()},
        "captions.vtt": (FileKind.CAPTIONS, b"WEBVTT\n\n00:00.000 --> 00:40.000\nWords\n"),
    }


def codec_of(init: bytes) -> str:
    """Profile and level stand behind the name of the box that describes the pictures."""
    at = init.index(b"avcC") + 5
    return f"avc1.{init[at : at + 3].hex()}"


@pytest.fixture(scope="module")
def film(
    redis_server: str, migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Film]:
    directory = tmp_path_factory.mktemp("players")
    (directory / "bridge.db").write_bytes(migrated_sqlite.read_bytes())
    (directory / "hls").mkdir()
    files = streamed(directory / "hls")
    # More than a browser reads ahead: to seek, it has to ask again.
    encode(directory / "a.mp4", size=(320, 180), seconds=SECONDS, movflags="faststart")
    data = (directory / "a.mp4").read_bytes()
    database = f"sqlite:///{directory}/bridge.db"
    with running_bridge(directory, redis=redis_server, database=database) as bridge:

        async def fill() -> UUID:
            objects = LocalStore(directory / "objects", base_url=bridge.url, secret=LINK_SECRET)
            async with objects as store, connected(database):
                video = await new_job(project="bakery")
                await put(video, Status.COMPLETED)
                await record(
                    video, store, film=data, poster=b"poster", files=files, at=datetime.now(UTC)
                )
                return video

        links = httpx.get(
            f"{bridge.url}/api/v1/videos/jobs/{anyio.run(fill)}/links",
            headers={"Authorization": f"Bearer {API_KEY}"},
        ).json()
        yield Film(links, codec_of(files["hls/36p/init_0.mp4"][1]), len(data))


@contextmanager
def page_of_a_shop(directory: Path) -> Iterator[tuple[Browsing, Page]]:
    (directory / "index.html").write_text(PAGE)
    handler = partial(SimpleHTTPRequestHandler, directory=f"{directory}")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            with open_browsing(
                directory, base_url=f"http://127.0.0.1:{server.server_port}"
            ) as browsing:
                browsing.page.goto("/index.html")
                yield browsing, browsing.page
        finally:
            server.shutdown()


def test_a_film_plays_seeks_and_streams_on_a_page_of_another_origin(
    film: Film, tmp_path: Path
) -> None:
    with page_of_a_shop(tmp_path) as (browsing, page):
        parts: list[tuple[int, str]] = []
        page.on(
            "response",
            lambda answer: (
                parts.append((answer.status, answer.headers.get("content-range", "")))
                if answer.request.resource_type == "media"
                else None
            ),
        )
        played = page.evaluate(
            PLAY, {"url": film.links["video"]["url"], "words": film.links["captions"]["url"]}
        )
        assert 0 < played["begun"] < 35
        assert played["at"] == pytest.approx(35, abs=1)
        assert (played["seconds"], played["width"], played["words"]) == (SECONDS, 320, "Words")
        # It began with the first byte, and went on with one far behind it.
        assert {status for status, _ in parts} == {206}
        firsts = [int(told.removeprefix("bytes ").partition("-")[0]) for _, told in parts]
        assert firsts[0] == 0
        assert max(firsts) > film.size / 2, parts

        told = page.evaluate(STREAM, {"url": film.links["hls"]["url"], "codec": film.codec})
        assert told["types"] == ["application/vnd.apple.mpegurl", "video/iso.segment", "video/mp4"]
        assert told["at"] == pytest.approx(5.5, abs=0.2)
        assert told["pieces"] == 4
        assert browsing.complaints == []
