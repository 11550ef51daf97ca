"""Uploads to R2 that break off, are gone on with, or meet another's: on real servers over https."""

import hashlib
import os
import signal
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from aiobotocore.awsrequest import AioAWSResponse
from anyio.abc import SocketAttribute, SocketStream
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config
from botocore.exceptions import ClientError

from cms_bridge.storage.base import ObjectNotFound, StorageUnavailable, object_key
from cms_bridge.storage.multipart import MOST_PARTS, Source
from cms_bridge.storage.r2 import R2Store
from cms_bridge.storage.s3_errors import TooManyWrites
from tests.support.servers import s3
from tests.support.servers.r2 import R2

pytestmark = pytest.mark.anyio

PART = 5 * 1024 * 1024
SIZE = 3 * PART + 1000
DAY = timedelta(days=1)
ANY_AGE = timedelta(seconds=-2)  # S3 tells seconds


class Film:
    """A file of four parts, its key, and the name that it has in the bucket."""

    def __init__(self, directory: Path) -> None:
        self.content = os.urandom(SIZE)
        self.path = directory / "film.mp4"
        self.path.write_bytes(self.content)
        digest = hashlib.sha256(self.content).hexdigest()
        self.key = object_key(project="p", sha256=digest, extension="mp4")
        self.prefix = f"tests/{uuid.uuid4()}"
        self.name = f"{self.prefix}/{self.key}"


class Bucket:
    """A server's bucket, looked at from outside."""

    def __init__(self, server: s3.S3Server) -> None:
        self.server = server
        self.client = s3.client(server)

    def uploads(self, film: Film) -> list[str]:
        found = self.client.list_multipart_uploads(Bucket=self.server.bucket, Prefix=film.name)
        return [one["UploadId"] for one in found.get("Uploads", [])]

    def parts(self, film: Film, upload: str) -> list[int]:
        there = self.client.list_parts(Bucket=self.server.bucket, Key=film.name, UploadId=upload)
        return [one["PartNumber"] for one in there.get("Parts", [])]

    def begin(self, film: Film, *parts: bytes) -> str:
        begun = self.client.create_multipart_upload(Bucket=self.server.bucket, Key=film.name)
        for number, body in enumerate(parts, start=1):
            self.client.upload_part(
                Bucket=self.server.bucket,
                Key=film.name,
                UploadId=begun["UploadId"],
                PartNumber=number,
                Body=body,
            )
        return begun["UploadId"]

    def content(self, film: Film) -> bytes:
        return self.client.get_object(Bucket=self.server.bucket, Key=film.name)["Body"].read()


@pytest.fixture(scope="module", params=["s3", "r2"])
def bucket(request: pytest.FixtureRequest) -> Bucket:
    if request.param == "s3":
        return Bucket(request.getfixturevalue("s3_over_https"))
    return Bucket(request.getfixturevalue("r2_server")[0])


@pytest.fixture
def rules(r2_server: tuple[s3.S3Server, R2]) -> Iterator[R2]:
    _, rules = r2_server
    rules.refused.clear()
    yield rules
    rules.refused.clear()


@pytest.fixture
def film(tmp_path: Path) -> Film:
    return Film(tmp_path)


@pytest.fixture
async def store(bucket: Bucket, film: Film) -> AsyncIterator[R2Store]:
    async with a_store(bucket.server, film) as store:
        yield store


def a_store(server: s3.S3Server, film: Film, **options: Any) -> R2Store:
    return R2Store(**server._asdict(), prefix=film.prefix, part_size=PART, concurrency=1, **options)


def sent_by(store: R2Store) -> list[str]:
    """Return the operations that a store asks for, from now on."""
    sent: list[str] = []
    store._client.meta.events.register("before-call.s3", lambda model, **_: sent.append(model.name))
    return sent


async def test_what_a_killed_daemon_had_sent_is_not_sent_again(
    bucket: Bucket, store: R2Store, film: Film
) -> None:
    program = f"""
import pathlib, sys, time
import anyio
from cms_bridge.storage.r2 import R2Store
from tests.support.servers.s3 import S3Server
server = S3Server(*{tuple(map(str, bucket.server))!r})
async def main():
    async with R2Store(
        **server._asdict(), prefix={film.prefix!r}, part_size={PART}, concurrency=1
    ) as store:
        # It gets no further than two parts.
        store._client.meta.events.register(
            "before-call.s3.UploadPart",
            lambda params, **_: time.sleep(60) if "partNumber=3" in params["url"] else None,
        )
        await store.put({film.key!r}, pathlib.Path({str(film.path)!r}), media_type="video/mp4")
anyio.run(main)
"""
    async with await anyio.open_process([sys.executable, "-c", program]) as daemon:
        with anyio.fail_after(30):
            while [bucket.parts(film, one) for one in bucket.uploads(film)] != [[1, 2]]:
                assert daemon.returncode is None
                await anyio.sleep(0.1)
        daemon.send_signal(signal.SIGKILL)
        await daemon.wait()
    with pytest.raises(ObjectNotFound):
        await store.head(film.key)

    sent = sent_by(store)
    stored = await store.put(film.key, film.path, media_type="video/mp4")
    assert sent.count("UploadPart") == 2
    assert "CreateMultipartUpload" not in sent
    assert stored.size == SIZE
    assert bucket.content(film) == film.content
    assert bucket.uploads(film) == []


async def test_an_upload_that_finds_the_store_away_is_gone_on_with(
    bucket: Bucket, store: R2Store, film: Film
) -> None:
    def away(request: AWSPreparedRequest, **_: object) -> AioAWSResponse | None:
        if "partNumber=3" not in request.url:
            return None
        response = AioAWSResponse(request.url, 503, {}, None)
        response._content = b""
        return response

    store._client.meta.events.register("before-send.s3.UploadPart", away)
    with pytest.raises(StorageUnavailable):
        await store.put(film.key, film.path, media_type="video/mp4")
    (upload,) = bucket.uploads(film)
    assert bucket.parts(film, upload) == [1, 2]
    store._client.meta.events.unregister("before-send.s3.UploadPart", away)
    sent = sent_by(store)
    await store.put(film.key, film.path, media_type="video/mp4")
    assert sent.count("UploadPart") == 2
    assert bucket.content(film) == film.content


async def test_parts_of_another_content_are_sent_over(
    bucket: Bucket, store: R2Store, film: Film
) -> None:
    bucket.begin(film, bytes(PART), film.content[PART : 2 * PART])
    sent = sent_by(store)
    await store.put(film.key, film.path, media_type="video/mp4")
    assert "CreateMultipartUpload" not in sent
    assert sent.count("UploadPart") == 3
    assert bucket.content(film) == film.content


async def test_an_upload_of_parts_of_another_size_is_left_alone(
    bucket: Bucket, store: R2Store, film: Film
) -> None:
    other = bucket.begin(film, film.content[: PART + 1])
    await store.put(film.key, film.path, media_type="video/mp4")
    assert bucket.content(film) == film.content
    assert bucket.uploads(film) == [other]
    assert await store.sweep(older_than=ANY_AGE) == 1
    assert bucket.uploads(film) == []


async def test_of_two_daemons_with_the_same_film_both_succeed(
    bucket: Bucket, store: R2Store, film: Film
) -> None:
    """The second takes the first's upload for one that was left behind, and completes it."""
    half_way, go_on = anyio.Event(), anyio.Event()

    async def wait(params: dict[str, Any], **_: object) -> None:
        if "partNumber=3" in params["url"]:
            half_way.set()
            await go_on.wait()

    async def first() -> None:
        await store.put(film.key, film.path, media_type="video/mp4")

    store._client.meta.events.register("before-call.s3.UploadPart", wait)
    async with a_store(bucket.server, film) as another, anyio.create_task_group() as tasks:
        tasks.start_soon(first)
        await half_way.wait()
        sent = sent_by(another)
        await another.put(film.key, film.path, media_type="video/mp4")
        assert sent.count("UploadPart") == 2
        go_on.set()
    assert bucket.content(film) == film.content
    assert bucket.uploads(film) == []


async def test_an_upload_that_another_gives_up_is_begun_again(
    bucket: Bucket, store: R2Store, film: Film
) -> None:
    async def sweep(params: dict[str, Any], **_: object) -> None:
        if "partNumber=3" in params["url"]:
            store._client.meta.events.unregister("before-call.s3.UploadPart", sweep)
            await store.sweep(older_than=ANY_AGE)

    store._client.meta.events.register("before-call.s3.UploadPart", sweep)
    await store.put(film.key, film.path, media_type="video/mp4")
    assert bucket.content(film) == film.content
    assert bucket.uploads(film) == []


async def test_uploads_that_nobody_goes_on_with_are_swept_in_time(
    bucket: Bucket, store: R2Store, film: Film
) -> None:
    upload = bucket.begin(film, bytes(PART))
    assert await store.sweep(older_than=DAY) == 0
    assert bucket.uploads(film) == [upload]
    assert await store.sweep(older_than=ANY_AGE) == 1
    assert bucket.uploads(film) == []


async def test_a_store_that_puts_parts_together_wrongly_is_not_believed(
    bucket: Bucket, store: R2Store, film: Film
) -> None:
    def wrongly(request: AWSPreparedRequest, **_: object) -> AioAWSResponse:
        response = AioAWSResponse(request.url, 200, {}, None)
        response._content = f'<_><ETag>"{"0" * 32}-4"</ETag></_>'.encode()
        return response

    store._client.meta.events.register("before-send.s3.CompleteMultipartUpload", wrongly)
    with pytest.raises(StorageUnavailable, match="other bytes"):
        await store.put(film.key, film.path, media_type="video/mp4")


@pytest.mark.parametrize("size", [MOST_PARTS * PART, MOST_PARTS * PART + 1, 5 * 1024**4])
async def test_no_file_has_more_parts_than_a_store_takes(tmp_path: Path, size: int) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"")
    with path.open("rb") as file:
        source = Source(file, size=size, part_size=PART)
    assert source.part_size >= PART
    assert -(-size // source.part_size) <= MOST_PARTS


async def test_a_store_that_sends_a_byte_now_and_then_is_as_good_as_away(film: Film) -> None:
    async def drip(stream: SocketStream) -> None:
        async with stream:
            await stream.receive()
            await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            with suppress(anyio.BrokenResourceError):
                while True:
                    await stream.send(b".")
                    await anyio.sleep(0.02)

    async with (
        await anyio.create_tcp_listener(local_host="127.0.0.1") as listener,
        anyio.create_task_group() as group,
    ):
        group.start_soon(listener.serve, drip)
        port = listener.extra(SocketAttribute.local_port)  # noqa: S610 - no database's
        server = s3.S3Server(f"http://127.0.0.1:{port}", "bucket", "key", "secret")
        # Each byte comes well within the time in which an answer is to come.
        async with a_store(server, film, timeout=0.3, bytes_per_second=1_000) as store:
            with pytest.raises(StorageUnavailable, match="too slowly"):
                async for _ in store.read(film.key):
                    pass
        group.cancel_scope.cancel()


# What R2 alone refuses


async def test_another_s_write_of_a_moment_ago_is_waited_for(
    r2_server: tuple[s3.S3Server, R2], rules: R2, film: Film
) -> None:
    server, _ = r2_server
    s3.client(server).put_object(Bucket=server.bucket, Key=film.name, Body=b"half")
    film.path.write_bytes(film.content[:1000])
    film.key = object_key(
        project="p", sha256=hashlib.sha256(film.content[:1000]).hexdigest(), extension="mp4"
    )
    async with a_store(server, film) as store:
        name = f"{film.prefix}/{film.key}"
        s3.client(server).put_object(Bucket=server.bucket, Key=name, Body=b"half")
        stored = await store.put(film.key, film.path, media_type="video/mp4")
        assert stored.size == 1000
        assert rules.refused == ["TooManyRequests"]
        await store.delete(film.key)
        assert rules.refused == ["TooManyRequests"]


async def test_a_store_that_takes_no_more_writes_is_told_so(
    r2_server: tuple[s3.S3Server, R2], film: Film
) -> None:
    asked = 0

    def too_many(request: AWSPreparedRequest, **_: object) -> AioAWSResponse:
        nonlocal asked
        asked += 1
        response = AioAWSResponse(request.url, 429, {}, None)
        response._content = b"<Error><Code>TooManyRequests</Code></Error>"
        return response

    async with a_store(r2_server[0], film, write_seconds=0) as store:
        store._client.meta.events.register("before-send.s3.DeleteObject", too_many)
        with pytest.raises(TooManyWrites):
            await store.delete(film.key)
    assert asked == 4


def test_the_rules_refuse_what_r2_does(
    r2_server: tuple[s3.S3Server, R2], rules: R2, film: Film
) -> None:
    server, _ = r2_server
    bucket = Bucket(server)
    # The client's defaults, as they are since 2025.
    default = s3.client(server, Config(s3={"addressing_style": "path"}))
    with pytest.raises(ClientError, match="NotImplemented"):
        default.put_object(Bucket=server.bucket, Key=film.name, Body=b"film")
    bucket.client.put_object(Bucket=server.bucket, Key=film.name, Body=b"film")
    with pytest.raises(ClientError, match="TooManyRequests"):
        bucket.client.delete_object(Bucket=server.bucket, Key=film.name)
    bodies = (bytes(PART), bytes(PART + 1), b"end")
    upload = bucket.begin(film, *bodies)
    parts = [
        {"PartNumber": number, "ETag": hashlib.md5(body, usedforsecurity=False).hexdigest()}
        for number, body in enumerate(bodies, start=1)
    ]
    with pytest.raises(ClientError, match="InvalidPart"):
        bucket.client.complete_multipart_upload(
            Bucket=server.bucket,
            Key=film.name,
            UploadId=upload,
            MultipartUpload={"Parts": parts},
        )
    bucket.client.abort_multipart_upload(Bucket=server.bucket, Key=film.name, UploadId=upload)
    assert rules.refused == ["NotImplemented", "TooManyRequests", "InvalidPart"]
