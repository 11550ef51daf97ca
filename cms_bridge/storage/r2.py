"""Objects in Cloudflare R2, or any other store that speaks S3.

What R2 needs, and differs in: checksums travel as `Content-MD5`, since the
trailers that newer clients send by default over https are refused; all parts of
an upload but the last have the same size; the region is `auto`. An upload that
fails or is cancelled is aborted, so that no paid-for parts stay behind.
Sources: Cloudflare's S3 API compatibility page; botocore's `Config`.
"""

import hashlib
from base64 import b64encode
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Self

import aiohttp
import anyio
from aioboto3 import Session
from aiobotocore.config import AioConfig
from anyio import to_thread
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - the name its library gives it
    HTTPClientError,
    IncompleteReadError,
)

from cms_bridge.storage.base import (
    FRESH,
    DigestMismatch,
    ListedObject,
    ObjectNotFound,
    StorageError,
    StorageFull,
    StorageRefused,
    StorageUnavailable,
    StoredObject,
    check_key,
    check_linkable,
    is_owned,
    scope_of,
)
from cms_bridge.storage.links import content_disposition, whole_seconds
from cms_bridge.storage.measured import measured
from cms_bridge.storage.media_types import check_media_type, media_type_of

if TYPE_CHECKING:
    from types_aiobotocore_s3 import S3Client
    from types_aiobotocore_s3.type_defs import (
        CompletedPartTypeDef,
        HeadObjectOutputTypeDef,
        ObjectTypeDef,
    )

_CHUNK = 1024 * 1024
_ABORT_TIMEOUT = 10.0
_ATTEMPTS = 3
_UNREACHABLE = (
    HTTPClientError,
    ConnectionError,
    IncompleteReadError,
    aiohttp.ClientError,
    TimeoutError,
)
_PASSING_STATUSES = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS}
)
_PASSING_CODES = frozenset(
    {"BadDigest", "IncompleteBody", "NoSuchUpload", "RequestTimeout", "SlowDown"}
)
"""Said with a 4xx status, although the same upload may succeed when begun again."""


class R2Store:
    """Keeps objects in one bucket, under an optional prefix; open it with `async with`.

    Files of up to `part_size` bytes go in one request, larger ones in parts, of
    which `concurrency` are under way at once: memory stays near their product,
    whatever a file's size. `timeout` bounds, in seconds, each wait for an
    answer; a request is tried three times.
    """

    def __init__(  # noqa: PLR0913 - where, who, and three measures with a default
        self,
        *,
        endpoint_url: str,
        bucket: str,
        access_key_id: str,
        secret_access_key: str,
        prefix: str = "",
        part_size: int = 8 * 1024 * 1024,
        concurrency: int = 4,
        timeout: float = 30,
    ) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._part_size = part_size
        self._concurrency = concurrency
        self._session = Session(
            aws_access_key_id=access_key_id, aws_secret_access_key=secret_access_key
        )
        self._endpoint_url = endpoint_url.rstrip("/")
        self._config = AioConfig(
            signature_version="s3v4",
            region_name="auto",
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            connect_timeout=min(timeout, 5),
            read_timeout=timeout,
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            max_pool_connections=4 * concurrency,
        )
        self._stack = AsyncExitStack()
        self._client: S3Client

    async def __aenter__(self) -> Self:
        self._client = await self._stack.enter_async_context(
            self._session.client("s3", endpoint_url=self._endpoint_url, config=self._config)  # pyright: ignore[reportUnknownMemberType] - other services' types are not installed
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    @measured
    async def put(self, key: str, path: Path, *, media_type: str) -> StoredObject:
        """Store a file under its key, whole or not at all.

        Raises `StorageUnavailable`, `DigestMismatch`, or another `StorageError`;
        ValueError when the media type is not the one of the key's extension.
        """
        check_media_type(check_key(key), media_type)
        size = (await anyio.Path(path).stat()).st_size
        with suppress(ObjectNotFound):
            head = await self._head(key)
            if head["ContentLength"] == size:
                if datetime.now(UTC) - head["LastModified"] > FRESH:
                    await self._touch(key, head)
                return _described(key, head)
        async with await anyio.open_file(path, "rb") as file:
            source = _Source(file.wrapped, part_size=self._part_size)
            if size <= self._part_size:
                await self._put_whole(key, source)
            else:
                await self._put_parts(key, source)
        stored = await self.head(key)
        if stored.size != size:
            raise StorageUnavailable(f"The object store kept {stored.size} of {size} bytes.")
        return stored

    @measured
    async def head(self, key: str) -> StoredObject:
        """Describe an object; raise `ObjectNotFound`."""
        return _described(key, await self._head(key))

    async def read(self, key: str) -> AsyncGenerator[bytes]:
        """Yield an object's bytes in chunks; raise `ObjectNotFound`."""
        with _port_errors(key):
            response = await self._client.get_object(Bucket=self._bucket, Key=self._name(key))
            body = response["Body"]
            async with body:
                async for chunk in body.iter_chunks(_CHUNK):
                    yield chunk

    @measured
    async def delete(self, key: str) -> None:
        """Forget an object; deleting what is not there is no error."""
        with suppress(ObjectNotFound), _port_errors(key):
            await self._client.delete_object(Bucket=self._bucket, Key=self._name(key))

    async def list_objects(self, project: str | None = None) -> AsyncGenerator[ListedObject]:
        """Yield every object there is under the prefix, or a project's; a thousand a request."""
        pages = self._client.get_paginator("list_objects_v2")
        folders = ("",) if project is None else _folders_of(project)
        with _port_errors(""):
            for folder in folders:
                place = self._prefix + folder
                async for page in pages.paginate(Bucket=self._bucket, Prefix=place):
                    for one in page.get("Contents", []):
                        if listed := self._listed(one):
                            yield listed

    def _listed(self, one: "ObjectTypeDef") -> ListedObject | None:
        key = one.get("Key", "").removeprefix(self._prefix)
        if not is_owned(key) or "Size" not in one or "LastModified" not in one:
            return None
        return ListedObject(key=key, size=one["Size"], modified=one["LastModified"].astimezone(UTC))

    async def signed_url(
        self, key: str, *, expires_in: timedelta, download_name: str | None = None
    ) -> str:
        """Return a link to the store that anyone may follow until it expires."""
        return await self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": self._name(check_linkable(key)),
                "ResponseContentDisposition": content_disposition(download_name),
                "ResponseContentType": media_type_of(key),
            },
            ExpiresIn=whole_seconds(expires_in),
        )

    async def _head(self, key: str) -> "HeadObjectOutputTypeDef":
        with _port_errors(key):
            return await self._client.head_object(Bucket=self._bucket, Key=self._name(key))

    async def _touch(self, key: str, head: "HeadObjectOutputTypeDef") -> None:
        """Copy an object onto itself: S3 has no other way of saying that it is wanted."""
        name = self._name(key)
        with _port_errors(key):
            await self._client.copy_object(
                Bucket=self._bucket,
                Key=name,
                CopySource={"Bucket": self._bucket, "Key": name},
                ContentType=head["ContentType"],
                Metadata=head["Metadata"],
                MetadataDirective="REPLACE",
            )

    def _name(self, key: str) -> str:
        return self._prefix + check_key(key)

    async def _put_whole(self, key: str, source: "_Source") -> None:
        body, md5 = await source.next_part()
        source.check(key)
        with _port_errors(key):
            await self._client.put_object(
                Bucket=self._bucket,
                Key=self._name(key),
                Body=body,
                ContentMD5=md5,
                ContentType=media_type_of(key),
                Metadata={"sha256": source.sha256},
            )

    async def _put_parts(self, key: str, source: "_Source") -> None:
        bucket, name = self._bucket, self._name(key)
        with _port_errors(key):
            begun = await self._client.create_multipart_upload(
                Bucket=bucket,
                Key=name,
                ContentType=media_type_of(key),
                Metadata={"sha256": Path(key).stem},
            )
            upload = begun["UploadId"]
            try:
                parts = await self._send_parts(key, source, upload=upload)
                source.check(key)
                await self._client.complete_multipart_upload(
                    Bucket=bucket, Key=name, UploadId=upload, MultipartUpload={"Parts": parts}
                )
            except BaseException:
                # Cancelled or failed, and the failure is what counts: R2 itself drops after a
                # week what cannot be aborted now.
                with anyio.move_on_after(_ABORT_TIMEOUT, shield=True), suppress(Exception):
                    await self._client.abort_multipart_upload(
                        Bucket=bucket, Key=name, UploadId=upload
                    )
                raise

    async def _send_parts(
        self, key: str, source: "_Source", *, upload: str
    ) -> "list[CompletedPartTypeDef]":
        tags: list[str] = []
        places = anyio.Semaphore(self._concurrency)

        async def send(number: int, body: bytes, md5: str) -> None:
            with _port_errors(key):
                part = await self._client.upload_part(
                    Bucket=self._bucket,
                    Key=self._name(key),
                    UploadId=upload,
                    PartNumber=number,
                    Body=body,
                    ContentMD5=md5,
                )
            tags[number - 1] = part["ETag"]
            places.release()

        try:
            async with anyio.create_task_group() as tasks:
                while True:
                    await places.acquire()
                    body, md5 = await source.next_part()
                    if not body:
                        break
                    tags.append("")
                    tasks.start_soon(send, len(tags), body, md5)
        except ExceptionGroup as group:
            raise group.exceptions[0] from None
        return [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(tags, start=1)]


def _folders_of(project: str) -> tuple[str, ...]:
    return f"{scope_of(project)}/", f"uploads/{scope_of(project)}/"


def _described(key: str, head: "HeadObjectOutputTypeDef") -> StoredObject:
    return StoredObject(
        key=key,
        size=head["ContentLength"],
        media_type=head["ContentType"],
        sha256=head["Metadata"].get("sha256", Path(key).stem),
    )


class _Source:
    """A file read once, part by part, with the digests that prove it arrived whole."""

    def __init__(self, file: IO[bytes], *, part_size: int) -> None:
        self._file = file
        self._part_size = part_size
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    async def next_part(self) -> tuple[bytes, str]:
        """Return the next bytes, none at the end, and their Content-MD5."""
        return await to_thread.run_sync(self._next_part)

    def check(self, key: str) -> None:
        """Raise `DigestMismatch` unless what was read is what a key names."""
        if self.sha256 != Path(key).stem:
            raise DigestMismatch(f"{Path(key).name} is not the content of the file.")

    def _next_part(self) -> tuple[bytes, str]:
        body = self._file.read(self._part_size)
        self._digest.update(body)
        # Content-MD5 finds damage on the way; nothing here relies on it against an attacker.
        return body, b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


@contextmanager
def _port_errors(key: str) -> Generator[None]:
    try:
        yield
    except (BotoCoreError, ClientError, aiohttp.ClientError, TimeoutError) as error:
        raise translate(error, key=key) from error


def translate(error: Exception, *, key: str) -> StorageError:
    """Return the port's error for one of the client library's."""
    if isinstance(error, ClientError):
        return _translate_answer(error, key=key)
    if isinstance(error, _UNREACHABLE):
        return StorageUnavailable("The object store does not answer.")
    return StorageRefused("The object store cannot be used as it is set up.")


def _translate_answer(error: ClientError, *, key: str) -> StorageError:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = error.response.get("Error", {}).get("Code", "")
    if status == HTTPStatus.INSUFFICIENT_STORAGE:
        return StorageFull("The object store is full.")
    if (
        status >= HTTPStatus.INTERNAL_SERVER_ERROR
        or status in _PASSING_STATUSES
        or code in _PASSING_CODES
    ):
        return StorageUnavailable(f"The object store cannot take this now: {code}.")
    if status == HTTPStatus.NOT_FOUND and code != "NoSuchBucket":
        return ObjectNotFound(f"There is no object {key}.")
    return StorageRefused(f"The object store refuses: {code}.")
