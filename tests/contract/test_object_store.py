"""What every object store promises: of the local one, and of R2's against a real server over https.

The second once as S3 has it, and once by the rules that R2 has of its own.
"""

import asyncio
import hashlib
import os
import re
import resource
import signal
import socket
import ssl
import sys
import time
import uuid
from base64 import b64decode
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Thread

import aiohttp
import anyio
import httpx
import pytest
import uvicorn
from aiobotocore.awsrequest import AioAWSResponse
from botocore import exceptions
from botocore.awsrequest import AWSPreparedRequest
from litestar import Litestar
from litestar.di import Provide

from cms_bridge import problems
from cms_bridge.api import objects
from cms_bridge.settings import BridgeSettings
from cms_bridge.storage import r2
from cms_bridge.storage.base import (
    DigestMismatch,
    ObjectNotFound,
    ObjectStore,
    StorageError,
    StorageFull,
    StorageRefused,
    StorageUnavailable,
    object_key,
    upload_key,
)
from cms_bridge.storage.factory import store_from
from cms_bridge.storage.local import LocalStore
from cms_bridge.storage.r2 import R2Store
from cms_bridge.storage.s3_errors import TooManyWrites, UploadGone, port_errors, translate
from tests.support.certificates import Trust
from tests.support.servers import s3

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)
PART = 5 * 1024 * 1024  # the smallest part that S3 takes
MISSING = object_key(project="p", sha256="0" * 64, extension="mp4")


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    # As wide as the store's, which lives on its event loop.
    return "asyncio"


@pytest.fixture(scope="module", params=["local", "s3", "r2"])
async def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ObjectStore]:
    if request.param == "local":
        with closing(socket.socket()) as listener:
            listener.bind(("127.0.0.1", 0))
            address = f"http://127.0.0.1:{listener.getsockname()[1]}"
            async with _local(tmp_path_factory.mktemp("local"), base_url=address) as store:
                with _served(store, listener):
                    yield store
    elif request.param == "s3":
        async with _r2(request.getfixturevalue("s3_over_https")) as store:
            yield store
    else:
        server, rules = request.getfixturevalue("r2_server")
        async with _r2(server) as store:
            yield store
        # What R2 takes once a second is written once a second, by this process.
        assert rules.refused == []


@pytest.fixture
async def browser(trust: Trust) -> AsyncIterator[httpx.AsyncClient]:
    """Whoever follows links."""
    trusting = ssl.create_default_context(cafile=str(trust.authority))
    async with httpx.AsyncClient(verify=trusting) as client:
        yield client


def _local(tmp_path: Path, *, base_url: str = "http://unused", keep_free: int = 0) -> LocalStore:
    return LocalStore(tmp_path / "objects", base_url=base_url, secret="s" * 32, keep_free=keep_free)


def _r2(
    server: s3.S3Server, *, timeout: float = 30, prefix: str | None = None, concurrency: int = 4
) -> R2Store:
    return R2Store(
        **server._asdict(),
        prefix=prefix or f"tests/{uuid.uuid4()}",
        part_size=PART,
        concurrency=concurrency,
        timeout=timeout,
    )


@contextmanager
def _served(store: LocalStore, listener: socket.socket) -> Iterator[None]:
    app = Litestar(
        [objects.routes],
        dependencies={"store": Provide(lambda: store, sync_to_thread=False)},
        openapi_config=None,
        exception_handlers=problems.HANDLERS,
    )
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield
    finally:
        # A server told to stop before it has started would not notice.
        while not server.started:
            time.sleep(0.01)
        server.should_exit = True
        thread.join()


def _file(tmp_path: Path, content: bytes | None = None) -> tuple[str, Path]:
    """Return a file, of this test's own unless told what is in it, and its key."""
    content = content if content is not None else f"a film for {tmp_path} ".encode() * 9
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    return object_key(project="p", sha256=sha256, extension="mp4"), path


async def _content(store: ObjectStore, key: str) -> bytes:
    return b"".join([chunk async for chunk in store.read(key)])


async def _exists(store: ObjectStore, key: str) -> bool:
    try:
        await store.head(key)
    except ObjectNotFound:
        return False
    return True


async def _leftovers(store: ObjectStore) -> list[object]:
    """Return what a put that failed left in the store, once its threads have ended."""
    if isinstance(store, LocalStore):
        with anyio.move_on_after(2):
            while left := list(store._incoming.iterdir()):  # noqa: ASYNC110 - threads set no event
                await anyio.sleep(0.01)
        return [*left]
    assert isinstance(store, R2Store)
    uploads = await store._client.list_multipart_uploads(Bucket=store._bucket, Prefix=store._prefix)
    return [*uploads.get("Uploads", [])]


async def _is_under_way(store: ObjectStore) -> None:
    """Wait until a put has left something in the store: whoever is cancelled before has nothing to
    take back, or a beginning whose answer never came, which is swept later."""
    with anyio.fail_after(30):
        if isinstance(store, LocalStore):
            while not [*store._incoming.iterdir()]:  # noqa: ASYNC110 - threads set no event
                await anyio.sleep(0.01)
        else:
            while not await _leftovers(store):  # noqa: ASYNC110 - a store tells when asked
                await anyio.sleep(0.01)


# Putting and reading


@pytest.mark.parametrize("size", [0, 1, PART, PART + 1, 20 * 1024 * 1024])
async def test_what_is_put_can_be_described_and_read(
    store: ObjectStore, tmp_path: Path, size: int
) -> None:
    content = os.urandom(size)
    key, path = _file(tmp_path, content)
    stored = await store.put(key, path, media_type="video/mp4")
    assert stored == await store.head(key)
    assert (stored.key, stored.size, stored.media_type) == (key, size, "video/mp4")
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    assert await _content(store, key) == content


async def test_putting_again_changes_nothing(store: ObjectStore, tmp_path: Path) -> None:
    key, path = _file(tmp_path)
    first = await store.put(key, path, media_type="video/mp4")
    assert await store.put(key, path, media_type="video/mp4") == first
    assert await _content(store, key) == path.read_bytes()


async def test_what_is_there_is_listed_and_nothing_else(store: ObjectStore, tmp_path: Path) -> None:
    began = datetime.now(UTC) - timedelta(seconds=2)
    key, path = _file(tmp_path)
    uploaded = upload_key(project="p", sha256=Path(key).stem, extension="mp4")
    for name in (key, uploaded):
        await store.put(name, path, media_type="video/mp4")
    listed = {one.key: one async for one in store.list_objects()}
    for name in (key, uploaded):
        assert listed[name].size == path.stat().st_size
        assert began < listed[name].modified < datetime.now(UTC) + timedelta(seconds=2)
    others = object_key(project="another", sha256=Path(key).stem, extension="mp4")
    await store.put(others, path, media_type="video/mp4")
    assert {one.key async for one in store.list_objects("another")} == {others}
    assert {key, uploaded} <= {one.key async for one in store.list_objects("p")}
    assert others not in {one.key async for one in store.list_objects("p")}
    await store.delete(key)
    assert uploaded in {one.key async for one in store.list_objects()}
    assert key not in {one.key async for one in store.list_objects()}
    # Copies under way, and what others keep beside.
    if isinstance(store, LocalStore):
        copy = store._root / ".incoming" / "half"
        copy.write_bytes(b"")
        (store._root / "notes.txt").write_bytes(b"")
        (store.path(uploaded).parent / "notes.txt").write_bytes(b"")
        listed = {one.key: one async for one in store.list_objects()}
        assert not any("notes" in key or "half" in key for key in listed)
        copy.unlink()


async def test_what_is_put_again_is_young_again(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def modified() -> datetime:
        (found,) = [one.modified async for one in store.list_objects() if one.key == key]
        return found

    key, path = _file(tmp_path)
    first = await store.put(key, path, media_type="video/mp4")
    if isinstance(store, LocalStore):
        os.utime(store.path(key), (1, 1))
    else:
        # Nothing here makes an object of another day: any age is too much, and S3 tells seconds.
        monkeypatch.setattr(r2, "FRESH", timedelta(seconds=-10))
        await anyio.sleep(1.1)
    before = await modified()
    assert await store.put(key, path, media_type="video/mp4") == first
    assert await modified() > before
    assert await store.head(key) == first
    assert await _content(store, key) == path.read_bytes()


async def test_many_may_put_the_same_at_once(store: ObjectStore, tmp_path: Path) -> None:
    key, path = _file(tmp_path)
    stored = await asyncio.gather(*(store.put(key, path, media_type="video/mp4") for _ in range(5)))
    assert len(set(stored)) == 1
    assert await _content(store, key) == path.read_bytes()


@pytest.mark.parametrize("size", [1000, PART + 1000])
async def test_bytes_that_are_not_the_keys_are_refused(
    store: ObjectStore, tmp_path: Path, size: int
) -> None:
    _, path = _file(tmp_path, os.urandom(size))
    with pytest.raises(DigestMismatch):
        await store.put(MISSING, path, media_type="video/mp4")
    assert await _leftovers(store) == []
    assert not await _exists(store, MISSING)


async def test_a_media_type_that_its_extension_denies_is_refused(
    store: ObjectStore, tmp_path: Path
) -> None:
    key, path = _file(tmp_path)
    with pytest.raises(ValueError, match="holds video/mp4, not text/html"):
        await store.put(key, path, media_type="text/html")


@pytest.mark.parametrize("how", ["anyio", "asyncio"])
async def test_a_cancelled_put_ends_at_once_and_leaves_nothing(
    store: ObjectStore, tmp_path: Path, how: str
) -> None:
    path = tmp_path / "film.mp4"
    path.touch()
    os.truncate(path, 4 * 1024**3)  # sparse, and long enough never to be through
    put = partial(store.put, MISSING, path, media_type="video/mp4")
    if how == "anyio":
        async with anyio.create_task_group() as group:
            group.start_soon(put)
            await _is_under_way(store)
            began = time.monotonic()
            group.cancel_scope.cancel()
    else:
        task = asyncio.create_task(put())
        await _is_under_way(store)
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert time.monotonic() - began < 20
    assert await _leftovers(store) == []
    assert not await _exists(store, MISSING)


# What is not there


async def test_an_unknown_key_is_not_found(store: ObjectStore) -> None:
    with pytest.raises(ObjectNotFound):
        await store.head(MISSING)
    with pytest.raises(ObjectNotFound):
        await _content(store, MISSING)


async def test_deleting_is_final_and_may_be_repeated(store: ObjectStore, tmp_path: Path) -> None:
    key, path = _file(tmp_path)
    await store.put(key, path, media_type="video/mp4")
    await store.delete(key)
    await store.delete(key)
    assert not await _exists(store, key)


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../../etc/passwd", f"../{MISSING}", f"{MISSING}\n", "p/film.mp4"]
)
async def test_a_key_of_another_form_names_nothing(
    store: ObjectStore, tmp_path: Path, key: str
) -> None:
    _, path = _file(tmp_path)
    with pytest.raises(ValueError, match="not an object key"):
        await store.put(key, path, media_type="video/mp4")
    with pytest.raises(ValueError, match="not an object key"):
        await store.head(key)
    with pytest.raises(ValueError, match="not an object key"):
        await _content(store, key)
    with pytest.raises(ValueError, match="not an object key"):
        await store.delete(key)
    with pytest.raises(ValueError, match="not an object key"):
        await store.signed_url(key, expires_in=HOUR)


# Links


async def test_a_link_plays_and_seeks(
    store: ObjectStore, browser: httpx.AsyncClient, tmp_path: Path
) -> None:
    key, path = _file(tmp_path)
    await store.put(key, path, media_type="video/mp4")
    url = await store.signed_url(key, expires_in=HOUR)
    whole = await browser.get(url)
    part = await browser.get(url, headers={"range": "bytes=5-17"})
    beyond = await browser.get(url, headers={"range": "bytes=9999-"})
    assert (whole.status_code, whole.content) == (200, path.read_bytes())
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["content-disposition"] == "inline"
    assert (part.status_code, part.content) == (206, path.read_bytes()[5:18])
    assert part.headers["content-range"] == f"bytes 5-17/{path.stat().st_size}"
    assert beyond.status_code == 416


async def test_a_download_link_names_the_file(
    store: ObjectStore, browser: httpx.AsyncClient, tmp_path: Path
) -> None:
    key, path = _file(tmp_path)
    await store.put(key, path, media_type="video/mp4")
    url = await store.signed_url(key, expires_in=HOUR, download_name="Сад & 庭.mp4")
    answer = await browser.get(url)
    assert answer.content == path.read_bytes()
    assert answer.headers["content-disposition"] == (
        'attachment; filename="___ & _.mp4"; '
        "filename*=UTF-8''%D0%A1%D0%B0%D0%B4%20%26%20%E5%BA%AD.mp4"
    )


@pytest.mark.parametrize(
    ("part", "replacement"),
    [
        pytest.param(r"(?i)signature=[\w-]{4}", "Signature=0000", id="signature"),
        pytest.param(r"[0-9a-f]{32}/(?=[0-9a-f]{64})", f"{'0' * 32}/", id="another project"),
        pytest.param(r"(?i)expires=\d+", "Expires=9999999", id="expiry"),
        pytest.param(r"\?.*", "", id="no signature"),
    ],
)
async def test_an_edited_link_opens_nothing(
    store: ObjectStore,
    browser: httpx.AsyncClient,
    tmp_path: Path,
    part: str,
    replacement: str,
) -> None:
    key, path = _file(tmp_path)
    await store.put(key, path, media_type="video/mp4")
    url = await store.signed_url(key, expires_in=HOUR)
    edited = re.sub(part, replacement, url, count=1)
    assert edited != url
    answer = await browser.get(edited)
    assert answer.status_code in {400, 403}
    assert path.read_bytes() not in answer.content


async def test_a_link_expires(
    store: ObjectStore, browser: httpx.AsyncClient, tmp_path: Path
) -> None:
    key, path = _file(tmp_path)
    await store.put(key, path, media_type="video/mp4")
    url = await store.signed_url(key, expires_in=timedelta(seconds=2))
    before = await browser.get(url)
    await anyio.sleep(2.1)
    after = await browser.get(url)
    assert before.status_code == 200
    assert after.status_code in {400, 403, 410}


@pytest.mark.parametrize("lifetime", [timedelta(0), timedelta(seconds=-1), timedelta(days=8)])
async def test_a_link_of_no_sensible_lifetime_is_not_made(
    store: ObjectStore, lifetime: timedelta
) -> None:
    with pytest.raises(ValueError, match="a link lasts"):
        await store.signed_url(MISSING, expires_in=lifetime)


# Choosing


@pytest.mark.parametrize(("storage", "kind"), [("local", LocalStore), ("r2", R2Store)])
def test_the_settings_choose_the_store(storage: str, kind: type[ObjectStore]) -> None:
    settings = BridgeSettings.model_validate(
        {
            "redis_url": "redis://localhost",
            "webhook_secret": "whsec_" + "A" * 32,
            "api_key": "k" * 32,
            "link_secret": "l" * 32,
            "storage": storage,
            "r2_endpoint_url": "https://account.example",
            "r2_bucket": "films",
            "r2_access_key_id": "key",
            "r2_secret_access_key": "secret",
        }
    )
    assert type(store_from(settings)) is kind


# The local store alone


async def test_a_full_disk_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    key, path = _file(tmp_path, os.urandom(3 * 1024 * 1024))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with _local(tmp_path) as store:
        # The kernel refuses the write itself, as on a full disk, with EFBIG for ENOSPC.
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024 * 1024, hard))
        try:
            with pytest.raises(StorageFull):
                await store.put(key, path, media_type="video/mp4")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert await _leftovers(store) == []
    assert not await _exists(store, MISSING)


async def test_the_last_of_the_disk_is_left_to_others(tmp_path: Path) -> None:
    key, path = _file(tmp_path)
    async with _local(tmp_path, keep_free=2**60) as store:
        with pytest.raises(StorageFull):
            await store.put(key, path, media_type="video/mp4")


async def test_a_killed_writer_leaves_no_object_and_is_swept_up_after(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.touch()
    os.truncate(path, 4 * 1024**3)
    program = f"""
import anyio, pathlib
from cms_bridge.storage.factory import store_from
from cms_bridge.storage.local import LocalStore
async def main():
    root = pathlib.Path({str(tmp_path / "objects")!r})
    async with LocalStore(root, base_url="http://x", secret="s", keep_free=0) as store:
        await store.put({MISSING!r}, pathlib.Path({str(path)!r}), media_type="video/mp4")
anyio.run(main)
"""
    async with _local(tmp_path) as store:
        async with await anyio.open_process([sys.executable, "-c", program]) as writer:
            with anyio.fail_after(20):
                while not list(store._incoming.iterdir()):  # noqa: ASYNC110 - another process
                    await anyio.sleep(0.01)
            writer.send_signal(signal.SIGKILL)
            await writer.wait()
        assert not await _exists(store, MISSING)
        assert await store.sweep() == 0, "it might still be written to"
        assert await store.sweep(older_than=timedelta(0)) == 1
        assert await _leftovers(store) == []
    assert not await _exists(store, MISSING)


async def test_an_object_that_lost_its_tail_is_put_right(tmp_path: Path) -> None:
    key, path = _file(tmp_path)
    async with _local(tmp_path) as store:
        await store.put(key, path, media_type="video/mp4")
        os.truncate(store.path(key), 10)
        await store.put(key, path, media_type="video/mp4")
        assert await _content(store, key) == path.read_bytes()


async def test_a_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "objects").write_text("not a directory")
    with pytest.raises(StorageError):
        async with _local(tmp_path):
            pass


# R2 alone


async def test_a_store_that_is_away_is_reported_soon(tmp_path: Path) -> None:
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        server = s3.S3Server(address, "bucket", "key", "secret")
        key, path = _file(tmp_path)
        with anyio.fail_after(10):
            async with _r2(server) as store:
                with pytest.raises(StorageUnavailable):
                    await store.put(key, path, media_type="video/mp4")
                with pytest.raises(StorageUnavailable):
                    await _content(store, key)


async def test_a_store_that_never_answers_is_given_up(tmp_path: Path) -> None:
    with closing(socket.socket()) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with anyio.fail_after(10):
            async with _r2(s3.S3Server(address, "b", "key", "secret"), timeout=0.2) as store:
                with pytest.raises(StorageUnavailable):
                    await store.head(MISSING)


@pytest.mark.parametrize("wrong", [{"secret_access_key": "wrong"}, {"bucket": "elsewhere"}])
async def test_a_wrong_key_or_bucket_is_no_passing_fault(
    s3_server: s3.S3Server, tmp_path: Path, wrong: dict[str, str]
) -> None:
    key, path = _file(tmp_path)
    async with _r2(s3_server._replace(**wrong)) as store:
        with pytest.raises(StorageRefused):
            await store.put(key, path, media_type="video/mp4")


@pytest.mark.parametrize("size", [1000, PART + 1000])
async def test_over_https_checksums_travel_as_r2_takes_them(tmp_path: Path, size: int) -> None:
    sent: list[AWSPreparedRequest] = []

    def answer(request: AWSPreparedRequest, **_: object) -> AioAWSResponse:
        answers = {"HEAD": (404, b""), "DELETE": (204, b""), "GET": (200, b"<_/>")}
        status, body = answers.get(request.method, (403, b""))
        if request.method == "POST":
            status, body = 200, b"<_><UploadId>1</UploadId></_>"
        if request.method == "PUT":
            sent.append(request)
        response = AioAWSResponse(request.url, status, {}, None)
        response._content = body
        return response

    key, path = _file(tmp_path, os.urandom(size))
    async with _r2(s3.S3Server("https://account.example", "b", "key", "secret")) as store:
        store._client.meta.events.register("before-send.s3", answer)
        with pytest.raises(StorageRefused):
            await store.put(key, path, media_type="video/mp4")
    assert sent
    for request in sent:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = request.body.getvalue()
        assert (
            b64decode(headers["content-md5"]) == hashlib.md5(body, usedforsecurity=False).digest()
        )
        assert headers["x-amz-content-sha256"] == b"UNSIGNED-PAYLOAD"
        assert "transfer-encoding" not in headers
        assert not [name for name in headers if "trailer" in name or "checksum" in name]
        assert "content-encoding" not in headers


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (404, "NoSuchKey", ObjectNotFound),
        (404, "404", ObjectNotFound),
        (404, "NoSuchBucket", StorageRefused),
        (404, "NoSuchUpload", UploadGone),
        (400, "BadDigest", StorageUnavailable),
        (400, "RequestTimeout", StorageUnavailable),
        (400, "EntityTooSmall", StorageRefused),
        (403, "AccessDenied", StorageRefused),
        (403, "SignatureDoesNotMatch", StorageRefused),
        (409, "OperationAborted", StorageUnavailable),
        (429, "TooManyRequests", TooManyWrites),
        (500, "InternalError", StorageUnavailable),
        (503, "SlowDown", StorageUnavailable),
        (507, "InsufficientStorage", StorageFull),
    ],
)
def test_every_answer_has_a_meaning(status: int, code: str, meaning: type[StorageError]) -> None:
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    error = exceptions.ClientError(answer, "PutObject")  # pyright: ignore[reportArgumentType]
    assert type(translate(error, key=MISSING)) is meaning


def test_every_error_of_the_client_is_mapped_and_only_passing_ones_are_retried() -> None:
    # Beside these there are only answers, warnings and faults inside the library itself.
    errors = {
        name: kind.__new__(kind)
        for name, kind in vars(exceptions).items()
        if isinstance(kind, type) and issubclass(kind, exceptions.BotoCoreError)
    }
    passing: set[str] = set()
    for name, error in errors.items():
        with pytest.raises(StorageError) as raised, port_errors(MISSING):
            raise error
        if raised.type is StorageUnavailable:
            passing.add(name)
    assert passing == {
        "ConnectTimeoutError",
        "ConnectionClosedError",
        "ConnectionError",
        "EndpointConnectionError",
        "HTTPClientError",
        "IncompleteReadError",
        "ProxyConnectionError",
        "ReadTimeoutError",
        "ResponseStreamingError",
        "SSLError",
    }


@pytest.mark.parametrize("error", [aiohttp.ClientPayloadError(), TimeoutError()])
def test_a_transfer_that_breaks_off_may_be_tried_again(error: Exception) -> None:
    with pytest.raises(StorageUnavailable), port_errors(MISSING):
        raise error
