"""The local store's links, followed as a player, a browser and a stranger would."""

import hashlib
import os
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import anyio
import httpx
import pytest
import uvicorn
from litestar import Litestar
from litestar.di import Provide
from litestar.testing import TestClient

from cms_bridge import clock, problems, protections
from cms_bridge.api import objects
from cms_bridge.storage.base import object_key
from cms_bridge.storage.links import content_disposition
from cms_bridge.storage.local import LocalStore

pytestmark = pytest.mark.anyio

VIDEO = os.urandom(300_000)
KEY = object_key(project="p", sha256=hashlib.sha256(VIDEO).hexdigest(), extension="mp4")
HOUR = timedelta(hours=1)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[LocalStore]:
    (tmp_path / "video.mp4").write_bytes(VIDEO)
    async with LocalStore(
        tmp_path / "objects", base_url="http://testserver/", secret="s" * 32
    ) as store:
        await store.put(KEY, tmp_path / "video.mp4", media_type="video/mp4")
        yield store


@pytest.fixture
def client(store: LocalStore) -> Iterator[TestClient[Litestar]]:
    with TestClient(_app(store)) as client:
        yield client


def _app(store: LocalStore) -> Litestar:
    return Litestar(
        [objects.routes],
        dependencies={"store": Provide(lambda: store, sync_to_thread=False)},
        exception_handlers=problems.HANDLERS,
        before_send=[protections.protect],
        openapi_config=None,
    )


async def _path(store: LocalStore, **options: str) -> str:
    url = urlsplit(await store.signed_url(KEY, expires_in=HOUR, **options))
    assert (url.scheme, url.netloc) == ("http", "testserver")
    return f"{url.path}?{url.query}"


async def test_a_link_gives_the_whole_file(store: LocalStore, client: TestClient[Litestar]) -> None:
    answer = client.get(await _path(store))
    assert answer.status_code == 200
    assert answer.content == VIDEO
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["content-disposition"] == "inline"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"].startswith("private, immutable, max-age=3")


async def test_a_player_of_another_origin_may_use_it(
    store: LocalStore, client: TestClient[Litestar]
) -> None:
    answer = client.get(await _path(store), headers={"origin": "https://cms.example"})
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Content-Range" in answer.headers["access-control-expose-headers"]


async def test_head_describes_without_a_body(
    store: LocalStore, client: TestClient[Litestar]
) -> None:
    answer = client.head(await _path(store))
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(VIDEO))


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("0-0", 0, 0), ("100-199", 100, 199), ("299000-", 299_000, 299_999), ("-5", 299_995, 299_999)],
)
async def test_a_player_seeks(
    store: LocalStore, client: TestClient[Litestar], asked: str, first: int, last: int
) -> None:
    answer = client.get(await _path(store), headers={"range": f"bytes={asked}"})
    assert answer.status_code == 206
    assert answer.content == VIDEO[first : last + 1]
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(VIDEO)}"


async def test_several_ranges_come_as_parts(
    store: LocalStore, client: TestClient[Litestar]
) -> None:
    answer = client.get(await _path(store), headers={"range": "bytes=0-9,1000-1009"})
    assert answer.status_code == 206
    assert answer.headers["content-type"].startswith("multipart/byteranges")
    assert VIDEO[0:10] in answer.content
    assert VIDEO[1000:1010] in answer.content


async def test_a_range_past_the_end_is_refused(
    store: LocalStore, client: TestClient[Litestar]
) -> None:
    answer = client.get(await _path(store), headers={"range": "bytes=300000-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == "bytes */300000"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "range_not_satisfiable"


@pytest.mark.parametrize(
    "asked",
    ["bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=9-1", "pages=1-2", "bytes=0-1;2-3", "0-1"],
)
async def test_a_range_that_cannot_be_read_gives_the_whole(
    store: LocalStore, client: TestClient[Litestar], asked: str
) -> None:
    answer = client.get(await _path(store), headers={"range": asked})
    assert (answer.status_code, answer.content) == (200, VIDEO)
    assert answer.headers["content-type"] == "video/mp4"


async def test_a_range_of_what_is_described_alone_is_ignored(
    store: LocalStore, client: TestClient[Litestar]
) -> None:
    answer = client.head(await _path(store), headers={"range": "bytes=0-9"})
    assert (answer.status_code, answer.headers["content-length"]) == (200, str(len(VIDEO)))


async def test_what_has_not_changed_since_is_not_sent_again(
    store: LocalStore, client: TestClient[Litestar]
) -> None:
    path = await _path(store)
    modified = client.get(path).headers["last-modified"]
    for since, status in (
        (modified, 304),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 304),
        ("Sat, 01 Jan 2000 00:00:00 GMT", 200),
        ("yesterday", 200),
    ):
        assert client.get(path, headers={"if-modified-since": since}).status_code == status
    both = {"if-modified-since": modified, "if-none-match": '"other"'}
    assert client.get(path, headers=both).status_code == 200
    by_date = client.get(path, headers={"range": "bytes=0-1", "if-range": modified})
    assert (by_date.status_code, by_date.content) == (206, VIDEO[:2])


async def test_a_browser_shows_a_file_and_runs_nothing(
    store: LocalStore, client: TestClient[Litestar]
) -> None:
    policy = client.get(await _path(store)).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy


async def test_what_a_browser_has_is_not_sent_again(
    store: LocalStore, client: TestClient[Litestar]
) -> None:
    path = await _path(store)
    etag = client.get(path).headers["etag"]
    for tags in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = client.get(path, headers={"if-none-match": tags})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == etag
    assert client.get(path, headers={"if-none-match": '"other"'}).status_code == 200


async def test_a_range_of_another_version_becomes_the_whole_file(
    store: LocalStore, client: TestClient[Litestar]
) -> None:
    path = await _path(store)
    etag = client.get(path).headers["etag"]
    same = client.get(path, headers={"range": "bytes=0-9", "if-range": etag})
    other = client.get(path, headers={"range": "bytes=0-9", "if-range": '"other"'})
    assert (same.status_code, other.status_code) == (206, 200)


async def test_a_download_gets_its_name(store: LocalStore, client: TestClient[Litestar]) -> None:
    answer = client.get(await _path(store, download_name='Été "1/2".mp4'))
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"_t_ _1_2_.mp4\"; filename*=UTF-8''%C3%89t%C3%A9%20%221_2%22.mp4"
    )


def test_no_name_can_add_a_header() -> None:
    assert "\n" not in content_disposition("a\r\nSet-Cookie: b")


@pytest.mark.parametrize(
    ("part", "replacement"),
    [
        (r"signature=.", "signature=!"),
        (r"signature=.*", "signature="),
        (r"signature=.*", "signature=%C3%A9"),
        (r"expires=\d", "expires=9"),
        (r"$", "&name=evil.mp4"),
        (r"/objects/..", "/objects/00"),
        (r"\.mp4", ".mov"),
    ],
)
async def test_an_edited_link_opens_nothing(
    store: LocalStore, client: TestClient[Litestar], part: str, replacement: str
) -> None:
    path = await _path(store)
    edited = re.sub(part, replacement, path, count=1)
    assert edited != path
    answer = client.get(edited)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_expired_link_says_so(
    store: LocalStore, client: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await _path(store)
    monkeypatch.setattr(clock, "now", lambda: datetime.fromtimestamp(9e9, UTC))
    answer = client.get(path)
    assert answer.status_code == 410
    assert "This link has expired; ask for a new one." in answer.text


async def test_a_link_without_its_signature_is_refused(client: TestClient[Litestar]) -> None:
    assert client.get(f"/objects/{KEY}").status_code == 400


async def test_a_deleted_object_is_gone(store: LocalStore, client: TestClient[Litestar]) -> None:
    path = await _path(store)
    await store.delete(KEY)
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("target", ["..%2F..%2Fsecret", "....//secret", "%00", "a/../../secret"])
async def test_no_path_leaves_the_directory(client: TestClient[Litestar], target: str) -> None:
    answer = client.get(f"/objects/{target}?expires=9999999999&signature=x")
    assert answer.status_code in {400, 403, 404}


async def test_secrets_can_be_rotated(tmp_path: Path, store: LocalStore) -> None:
    path = await _path(store)
    rotated = LocalStore(tmp_path / "objects", base_url="http://x", secret=f"{'n' * 32} {'s' * 32}")
    forgotten = LocalStore(tmp_path / "objects", base_url="http://x", secret="n" * 32)
    with TestClient(_app(rotated)) as client:
        assert client.get(path).status_code == 200
    with TestClient(_app(forgotten)) as client:
        assert client.get(path).status_code == 403


async def test_a_real_server_plays_seeks_and_survives_a_viewer_who_leaves(
    store: LocalStore,
) -> None:
    path = await _path(store)
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(_app(store), log_level="warning", lifespan="on"))
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            address = f"http://127.0.0.1:{listener.getsockname()[1]}"
            with anyio.fail_after(10):
                while not server.started:  # noqa: ASYNC110 - the server is in another thread
                    await anyio.sleep(0.01)
            async with httpx.AsyncClient(base_url=address) as client:
                assert (await client.get(path)).content == VIDEO
                async with client.stream("GET", path) as leaving:
                    assert leaving.status_code == 200
                seek = await client.get(path, headers={"range": "bytes=100000-200000"})
                assert (seek.status_code, seek.content) == (206, VIDEO[100_000:200_001])
        finally:
            server.should_exit = True
            thread.join()
