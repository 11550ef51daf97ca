"""A finished film over HTTP: a real bridge before a directory, and before a real S3 server."""

import hashlib
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid4

import httpx
import pytest

from cms_bridge.database import connected
from cms_bridge.operations import retention
from cms_bridge.operations.retention import Retention
from cms_bridge.states import FileKind, Status
from cms_bridge.storage.base import object_key
from cms_bridge.storage.links import LinkSigner
from cms_bridge.storage.local import LocalStore
from cms_bridge.storage.media_types import media_type_of
from cms_bridge.storage.r2 import R2Store
from cms_bridge.tables import GeneratedVideo, Job, RenditionFile
from tests.support.bridge_process import API_KEY, LINK_SECRET, Bridge, running_bridge
from tests.support.jobs import put
from tests.support.ledger import new_job
from tests.support.renditions import record
from tests.support.servers.s3 import S3Server

pytestmark = pytest.mark.anyio

FILM, POSTER = os.urandom(300_000), os.urandom(2_000)
MAIN = """#EXTM3U
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="captions",URI="captions/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1
720p/index.m3u8

"""
SIZE = """#EXTM3U
#EXT-X-MAP:URI="init_0.mp4"
#EXTINF:4.0,
0000.m4s
#EXT-X-ENDLIST
"""
WORDS = "#EXTM3U\n#EXTINF:4.0,\n0000.vtt\n#EXT-X-ENDLIST\n"
FILES = {
    "captions.vtt": (FileKind.CAPTIONS, b"WEBVTT\n"),
    "captions.srt": (FileKind.SUBRIP, b"1\n"),
    "words.json": (FileKind.WORDS, b"{}\n"),
    "words.vtt": (FileKind.WORD_CAPTIONS, b"WEBVTT\n\n\n"),
    "chapters.vtt": (FileKind.CHAPTERS, b"WEBVTT\n\n"),
    "transcript.txt": (FileKind.TRANSCRIPT, "Été\n".encode()),
    "thumbnails.vtt": (
        FileKind.THUMBNAILS,
        b"WEBVTT\n\n00:00.000 --> 00:02.000\nthumbnails.jpg#xywh=0,0,160,90\n",
    ),
    "thumbnails.jpg": (FileKind.SHEET, b"a sheet"),
    "preview.webm": (FileKind.WEBM, b"\x1aE\xdf\xa3"),
    "preview.gif": (FileKind.GIF, b"GIF89a"),
    "hls/main.m3u8": (FileKind.HLS, MAIN.encode()),
    "hls/720p/index.m3u8": (FileKind.HLS, SIZE.encode()),
    "hls/720p/init_0.mp4": (FileKind.HLS, b"init"),
    "hls/720p/0000.m4s": (FileKind.HLS, b"piece"),
    "hls/captions/index.m3u8": (FileKind.HLS, WORDS.encode()),
    "hls/captions/0000.vtt": (FileKind.HLS, b"WEBVTT\n\nwords"),
}
"""What there is beside the film, as the engine names it."""
PLACES = {
    "captions.vtt": "captions.vtt",
    "captions.srt": "captions.srt",
    "words.json": "words.json",
    "words.vtt": "words.vtt",
    "chapters.vtt": "chapters.vtt",
    "transcript": "transcript.txt",
    "thumbnails.jpg": "thumbnails.jpg",
    "preview.webm": "preview.webm",
    "preview.gif": "preview.gif",
    "hls/720p/0000.m4s": "hls/720p/0000.m4s",
    "hls/720p/init_0.mp4": "hls/720p/init_0.mp4",
}
"""Where some of it is served, byte for byte."""
KEY = {"Authorization": f"Bearer {API_KEY}"}
TITLE = 'Été "½" / 日本'
MEGABYTE = 1024 * 1024


class Served(NamedTuple):
    """A bridge with one finished video of two renditions."""

    bridge: Bridge
    http: httpx.AsyncClient
    video: UUID
    newest: UUID
    store: LocalStore | R2Store

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.http.get(f"/api/v1/videos/{self.video}/{path}", headers=headers)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module", params=["local", "s3"])
def bridge(
    request: pytest.FixtureRequest,
    redis_server: str,
    migrated_sqlite: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Bridge]:
    directory = tmp_path_factory.mktemp("renditions")
    (directory / "bridge.db").write_bytes(migrated_sqlite.read_bytes())
    settings: dict[str, str] = {}
    if request.param == "s3":
        server: S3Server = request.getfixturevalue("s3_server")
        settings = {
            "storage": "r2",
            "r2_endpoint_url": server.endpoint_url,
            "r2_bucket": server.bucket,
            "r2_access_key_id": server.access_key_id,
            "r2_secret_access_key": server.secret_access_key,
        }
    with running_bridge(
        directory, redis=redis_server, database=f"sqlite:///{directory}/bridge.db", **settings
    ) as bridge:
        yield bridge


@pytest.fixture
async def served(bridge: Bridge, request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    directory = bridge.log_file.parent
    async with AsyncExitStack() as stack:
        store: LocalStore | R2Store = LocalStore(
            directory / "objects", base_url=bridge.url, secret=LINK_SECRET
        )
        if request.node.callspec.params["bridge"] == "s3":
            server: S3Server = request.getfixturevalue("s3_server")
            store = R2Store(
                endpoint_url=server.endpoint_url,
                bucket=server.bucket,
                access_key_id=server.access_key_id,
                secret_access_key=server.secret_access_key,
            )
        await stack.enter_async_context(store)
        await stack.enter_async_context(connected(f"sqlite:///{directory}/bridge.db"))
        video = await new_job(project="bakery")
        await put(video, Status.COMPLETED)
        await Job.update({Job.title: TITLE}).where(Job.id == video)
        now = datetime.now(UTC)
        newest = await record(video, store, film=FILM, poster=POSTER, files=FILES, at=now)
        http = httpx.AsyncClient(base_url=bridge.url, headers=KEY)
        await stack.enter_async_context(http)
        yield Served(bridge, http, video, newest, store)


local = pytest.mark.parametrize("bridge", ["local"], indirect=True, scope="module")
on_s3 = pytest.mark.parametrize("bridge", ["s3"], indirect=True, scope="module")


async def test_a_video_is_told_with_its_renditions(served: Served) -> None:
    answer = await served.http.get(f"/api/v1/videos/{served.video}")
    assert answer.status_code == 200
    video = answer.json()
    assert (video["id"], video["status"], video["title"]) == (
        str(served.video),
        "completed",
        TITLE,
    )
    (rendition,) = video["renditions"]
    assert (rendition["id"], rendition["bytes"]) == (str(served.newest), len(FILM))
    assert (rendition["width"], rendition["height"], rendition["duration"]) == (1920, 1080, 30.5)
    assert (await served.get("renditions")).json() == {"renditions": [rendition]}
    assert (await served.get(f"renditions/{served.newest}")).json() == rendition
    kinds = [file["kind"] for file in rendition["files"]]
    assert kinds == [kind.value for kind in FileKind]
    assert [one["language"] for one in rendition["files"] if one["kind"] == "captions"] == ["fr"]
    for file in rendition["files"]:
        if file["kind"] in ("thumbnails", "hls"):
            continue  # what names others is answered with links
        answer = await served.http.get(file["url"], follow_redirects=True)
        assert hashlib.sha256(answer.content).hexdigest() == file["sha256"]
        assert answer.headers["content-type"].startswith(file["mediaType"])
    older = await served.http.get(f"/api/videos/{served.video}")
    assert older.json() == video


async def test_what_is_not_there_is_told_apart(served: Served) -> None:
    unfinished = await new_job(project="bakery")
    for path, status, code in (
        (f"{uuid4()}", 404, "video_not_found"),
        (f"{uuid4()}/stream", 404, "video_not_found"),
        (f"{unfinished}/stream", 409, "video_not_ready"),
        (f"{served.video}/renditions/{uuid4()}/stream", 404, "rendition_not_found"),
        (f"{unfinished}/renditions/{served.newest}/stream", 404, "rendition_not_found"),
    ):
        answer = await served.http.get(f"/api/v1/videos/{path}")
        assert (answer.status_code, answer.json()["code"]) == (status, code), path
    assert (await served.http.get(f"/api/v1/videos/{unfinished}")).json()["renditions"] == []
    assert (await served.http.head(f"/api/v1/videos/{uuid4()}/stream")).status_code == 404


async def test_what_is_no_longer_kept_is_told_and_refused(served: Served) -> None:
    old = served.newest
    links = (await served.http.get(f"/api/v1/videos/jobs/{served.video}/links")).json()
    new = await record(
        served.video, served.store, film=b"new", poster=b"p", files={}, at=datetime.now(UTC)
    )
    report = await retention.report(Retention(project_bytes=0))
    await retention.retire([one for one in report.due if one.video == served.video])

    (standing, gone) = (await served.get("renditions")).json()["renditions"]
    assert (standing["id"], standing["retiredAt"]) == (str(new), None)
    assert (gone["id"], gone["number"], gone["files"], gone["bytes"]) == (
        str(old),
        1,
        [],
        len(FILM),
    )
    assert gone["retiredAt"]
    for place in ("stream", "download", "poster", "captions.vtt", "hls/main.m3u8"):
        answer = await served.get(f"renditions/{old}/{place}")
        assert (answer.status_code, answer.json()["code"]) == (410, "rendition_retired"), place
    named = await served.http.get(f"/api/v1/videos/jobs/{served.video}/links?rendition={old}")
    assert (named.status_code, named.json()["code"]) == (410, "rendition_retired")
    assert "a newer one stands" in named.json()["detail"]
    # Whoever was given a link before watches to its end.
    async with httpx.AsyncClient() as player:
        assert (await player.get(links["video"]["url"])).content == FILM
    assert (await served.get("stream")).status_code in (200, 307)


@local
async def test_a_film_is_streamed_whole_in_ranges_or_not_at_all(served: Served) -> None:
    size = len(FILM)
    whole = await served.get("stream")
    assert (whole.status_code, whole.content) == (200, FILM)
    assert whole.headers["content-disposition"] == "inline"
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["cache-control"] == "private, no-cache"
    etag, modified = whole.headers["etag"], whole.headers["last-modified"]
    assert etag == f'"{hashlib.sha256(FILM).hexdigest()}"'
    for asked, first, last in (
        ("0-1", 0, 1),
        ("0-", 0, size - 1),
        ("-2", size - 2, size - 1),
        (f"{size - 1}-", size - 1, size - 1),
        (f"5-{size * 2}", 5, size - 1),
    ):
        part = await served.get("stream", Range=f"bytes={asked}")
        assert (part.status_code, part.content) == (206, FILM[first : last + 1]), asked
        assert part.headers["content-range"] == f"bytes {first}-{last}/{size}"
        assert part.headers["content-length"] == str(last - first + 1)
    several = await served.get("stream", Range="bytes=0-1, 10-12")
    assert several.status_code == 206
    assert several.headers["content-type"].startswith("multipart/byteranges")
    for beyond in (f"{size}-", "-0", f"{size}-, -0"):
        nothing = await served.get("stream", Range=f"bytes={beyond}")
        assert (nothing.status_code, nothing.json()["code"]) == (416, "range_not_satisfiable")
        assert nothing.headers["content-range"] == f"bytes */{size}"
    for malformed in ("bytes=1-0", "bytes=x", "bytes", "lines=0-1"):
        answer = await served.get("stream", Range=malformed)
        assert (answer.status_code, answer.content) == (200, FILM), malformed
    for validator, status in ((etag, 206), (modified, 206), ('"other"', 200), (f"W/{etag}", 200)):
        headers = {"Range": "bytes=0-1", "If-Range": validator}
        assert (await served.get("stream", **headers)).status_code == status, validator
    for headers in ({"If-None-Match": etag}, {"If-Modified-Since": modified}):
        unchanged = await served.get("stream", **headers)
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert unchanged.headers["etag"] == etag


async def test_head_describes_what_get_would_send(served: Served) -> None:
    for path, data, media_type in (
        ("stream", FILM, "video/mp4"),
        ("download", FILM, "video/mp4"),
        ("poster", POSTER, "image/jpeg"),
        (f"renditions/{served.newest}/poster", POSTER, "image/jpeg"),
    ):
        answer = await served.http.head(
            f"/api/v1/videos/{served.video}/{path}", headers={"Range": "bytes=0-1"}
        )
        assert (answer.status_code, answer.content) == (200, b""), path
        assert answer.headers["content-length"] == str(len(data))
        assert answer.headers["content-type"] == media_type
        assert answer.headers["etag"] == f'"{hashlib.sha256(data).hexdigest()}"'
        again = {"If-None-Match": answer.headers["etag"]}
        assert (await served.get(path, **again)).status_code == 304


async def test_a_film_is_saved_under_its_title_and_can_be_resumed(served: Served) -> None:
    begun = await served.http.get(
        f"/api/v1/videos/{served.video}/download",
        headers={"Range": "bytes=0-99999"},
        follow_redirects=True,
    )
    rest = await served.http.get(
        f"/api/v1/videos/{served.video}/renditions/{served.newest}/download",
        headers={"Range": "bytes=100000-", "If-Range": begun.headers["etag"]},
        follow_redirects=True,
    )
    assert (begun.status_code, rest.status_code) == (206, 206)
    assert begun.content + rest.content == FILM
    for answer in (begun, rest):
        assert answer.headers["content-disposition"] == (
            'attachment; filename="_t_ ___ _ __.mp4"; '
            "filename*=UTF-8''%C3%89t%C3%A9%20%22%C2%BD%22%20_%20%E6%97%A5%E6%9C%AC.mp4"
        )


@on_s3
async def test_an_object_store_gives_its_bytes_itself(served: Served) -> None:
    answer = await served.get("stream", Range="bytes=0-1")
    assert (answer.status_code, answer.content) == (307, b"")
    assert answer.headers["cache-control"] == "private, no-store"
    link = answer.headers["location"]
    assert not link.startswith(served.bridge.url)
    async with httpx.AsyncClient() as anybody:
        part = await anybody.get(link, headers={"Range": "bytes=0-1"})
        assert (part.status_code, part.content) == (206, FILM[:2])
        assert part.headers["content-type"] == "video/mp4"
        assert (await anybody.get(link)).content == FILM


async def test_everything_beside_the_film_is_served(served: Served) -> None:
    for within in ("", f"renditions/{served.newest}/"):
        for place, name in PLACES.items():
            answer = await served.http.get(
                f"/api/v1/videos/{served.video}/{within}{place}", follow_redirects=True
            )
            assert (answer.status_code, answer.content) == (200, FILES[name][1]), place
            assert answer.headers["content-type"].startswith(media_type_of(name))
    for missing in ("hls/720p/0001.m4s", "hls/240p/index.m3u8", "hls/720p/%00.m4s", "hls/../x.vtt"):
        answer = await served.get(missing)
        assert answer.status_code == 404, missing


async def test_a_player_without_a_key_finds_all_that_a_playlist_names(served: Served) -> None:
    links = (await served.http.get(f"/api/v1/videos/jobs/{served.video}/links")).json()
    async with httpx.AsyncClient() as player:
        for main in (await served.get("hls/main.m3u8"), await player.get(links["hls"]["url"])):
            assert main.status_code == 200
            assert main.headers["content-type"].startswith("application/vnd.apple.mpegurl")
            assert main.headers["cache-control"] == "private, no-store"
            words, size = re.findall(r'URI="([^"]+)"|^(http\S+)', main.text, re.MULTILINE)
            for url, expected in ((size[1], {b"init", b"piece"}), (words[0], {b"WEBVTT\n\nwords"})):
                listed = await player.get(url)
                assert listed.headers["access-control-allow-origin"] == "*"
                assert listed.headers["cross-origin-resource-policy"] == "cross-origin"
                pieces = re.findall(r'https?://[^"\s]+', listed.text)
                assert {(await player.get(one)).content for one in pieces} == expected
        thumbnails = (await served.get("thumbnails")).text
        (sheet,) = re.findall(r"(http\S+)#xywh=0,0,160,90", thumbnails)
        assert (await player.get(sheet)).content == b"a sheet"
        assert (await player.get(links["thumbnails"]["url"])).text.startswith("WEBVTT\n")
        assert (await player.get(links["captions"]["url"])).content == b"WEBVTT\n"


async def test_a_playlist_s_link_opens_nothing_else(served: Served) -> None:
    links = (await served.http.get(f"/api/v1/videos/jobs/{served.video}/links")).json()
    url = links["hls"]["url"]
    async with httpx.AsyncClient() as player:
        for wrong, status in (
            (url.replace("main.m3u8", "720p.m3u8"), 403),
            (url.replace(str(served.newest), str(uuid4())), 403),
            (url.replace("expires=", "expires=1"), 403),
            (url.partition("?")[0] + "?expires=9999999999&signature=x", 403),
            (url.partition("?")[0], 400),
        ):
            assert (await player.get(wrong)).status_code == status, wrong
        signer = LinkSigner(LINK_SECRET)
        for name, status in (("1080p.m3u8", 404), ("..m3u8", 404), ("720p.m3u8", 200)):
            key = f"playlists/{served.newest}/{name}"
            query = signer.query(key, expires_in=timedelta(seconds=30), name=None)
            answer = await player.get(f"{served.bridge.url}/{key}?{query}")
            assert answer.status_code == status, name


@local
async def test_a_file_that_is_gone_is_not_found(served: Served) -> None:
    (row,) = await GeneratedVideo.select().where(GeneratedVideo.id == served.newest)
    await served.store.delete(row["poster_key"])
    answer = await served.get("poster")
    assert (answer.status_code, answer.json()["code"]) == (404, "rendition_file_not_found")


@local
async def test_memory_stays_flat_while_a_gigabyte_is_streamed(served: Served) -> None:
    key = object_key(project="bakery", sha256=uuid4().hex * 2, extension="mp4")
    assert isinstance(served.store, LocalStore)
    with served.store.path(key).open("wb") as sparse:
        sparse.truncate(1024 * MEGABYTE)
    await RenditionFile.update({RenditionFile.key: key}).where(RenditionFile.name == "video.mp4")
    await GeneratedVideo.update({GeneratedVideo.key: key}).where(GeneratedVideo.id == served.newest)
    received, most, before = 0, 0, served.bridge.memory
    url = f"/api/v1/videos/{served.video}/stream"
    async with served.http.stream("GET", url, timeout=120) as answer:
        async for chunk in answer.aiter_raw():
            received += len(chunk)
            most = (
                max(most, served.bridge.memory) if received % (64 * MEGABYTE) < len(chunk) else most
            )
    assert received == 1024 * MEGABYTE
    # Measured: 85.7 MB before, and at most.
    assert most - before < 16 * MEGABYTE
