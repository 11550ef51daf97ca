"""Objects in Cloudflare R2, or any other store that speaks S3.

What R2 needs, and differs in: checksums travel as `Content-MD5`, since the
trailers that newer clients send by default over https are refused; all parts of
an upload but the last have the same size (`multipart`); a key is written once a
second at the most (`write_pace`); the region is `auto`.
Sources: Cloudflare's S3 API compatibility page; botocore's `Config`.
"""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import anyio
from aioboto3 import Session
from aiobotocore.config import AioConfig

from cms_bridge.storage.base import (
    FRESH,
    ListedObject,
    ObjectNotFound,
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
from cms_bridge.storage.multipart import MultipartUploads, Source
from cms_bridge.storage.read_pace import paced
from cms_bridge.storage.s3_errors import UploadGone, port_errors
from cms_bridge.storage.write_pace import Turn, WritePace

if TYPE_CHECKING:
    from types_aiobotocore_s3 import S3Client
    from types_aiobotocore_s3.type_defs import HeadObjectOutputTypeDef, ObjectTypeDef

_CHUNK = 1024 * 1024
_ATTEMPTS = 3


class R2Store:
    """Keeps objects in one bucket, under an optional prefix; open it with `async with`.

    Files of up to `part_size` bytes go in one request, larger ones in parts, of
    which `concurrency` are under way at once: memory stays near their product,
    whatever a file's size. `timeout` bounds, in seconds, each wait for an
    answer; a request is tried three times. A read may take that long, and what it has sent at
    `bytes_per_second` besides. `write_seconds` lie between two writes
    of a key. `ca_file` holds the authorities that may vouch for the endpoint, in
    PEM, instead of the usual ones.
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
        bytes_per_second: float = 32 * 1024,
        write_seconds: float = 1,
        ca_file: Path | None = None,
    ) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._timeout, self._bytes_per_second = timeout, bytes_per_second
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
        self._ca_file = ca_file
        self._pace = WritePace(seconds=write_seconds)
        self._stack = AsyncExitStack()
        self._client: S3Client
        self._uploads: MultipartUploads

    async def __aenter__(self) -> Self:
        self._client = await self._stack.enter_async_context(
            self._session.client(  # pyright: ignore[reportUnknownMemberType] - other services' types are not installed
                "s3",
                endpoint_url=self._endpoint_url,
                config=self._config,
                verify=None if self._ca_file is None else str(self._ca_file),
            )
        )
        self._uploads = MultipartUploads(
            self._client, bucket=self._bucket, concurrency=self._concurrency
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
        async with self._pace.turn(key) as turn:
            with suppress(ObjectNotFound):
                head = await self._head(key)
                if head["ContentLength"] == size:
                    if datetime.now(UTC) - head["LastModified"] > FRESH:
                        await self._touch(key, head, turn=turn)
                    return _described(key, head)
            async with await anyio.open_file(path, "rb") as file:
                source = Source(file.wrapped, size=size, part_size=self._part_size)
                if size <= self._part_size:
                    await self._put_whole(key, source, turn=turn)
                else:
                    await self._put_parts(key, source, turn=turn)
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
        with port_errors(key):
            response = await self._client.get_object(Bucket=self._bucket, Key=self._name(key))
            body = response["Body"]
            async with body:
                chunks = body.iter_chunks(_CHUNK)
                async for chunk in paced(
                    chunks, seconds=self._timeout, bytes_per_second=self._bytes_per_second
                ):
                    yield chunk

    @measured
    async def delete(self, key: str) -> None:
        """Forget an object; deleting what is not there is no error."""
        name = self._name(key)
        async with self._pace.turn(key) as turn:
            with suppress(ObjectNotFound):
                await turn.write(lambda: self._client.delete_object(Bucket=self._bucket, Key=name))

    async def sweep(self, *, older_than: timedelta) -> int:
        """Give up the uploads that killed processes left unfinished; return how many."""
        return await self._uploads.sweep(self._prefix, older_than=older_than)

    async def list_objects(self, project: str | None = None) -> AsyncGenerator[ListedObject]:
        """Yield every object there is under the prefix, or a project's; a thousand a request."""
        pages = self._client.get_paginator("list_objects_v2")
        folders = ("",) if project is None else _folders_of(project)
        with port_errors(""):
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
        with port_errors(key):
            return await self._client.head_object(Bucket=self._bucket, Key=self._name(key))

    async def _touch(self, key: str, head: "HeadObjectOutputTypeDef", *, turn: Turn) -> None:
        """Copy an object onto itself: S3 has no other way of saying that it is wanted."""
        name = self._name(key)
        await turn.write(
            lambda: self._client.copy_object(
                Bucket=self._bucket,
                Key=name,
                CopySource={"Bucket": self._bucket, "Key": name},
                ContentType=head["ContentType"],
                Metadata=head["Metadata"],
                MetadataDirective="REPLACE",
            )
        )

    def _name(self, key: str) -> str:
        return self._prefix + check_key(key)

    async def _put_whole(self, key: str, source: Source, *, turn: Turn) -> None:
        part = await source.next_part()
        source.check(key)
        await turn.write(
            lambda: self._client.put_object(
                Bucket=self._bucket,
                Key=self._name(key),
                Body=part.body,
                ContentMD5=part.content_md5,
                ContentType=media_type_of(key),
                Metadata={"sha256": Path(key).stem},
            )
        )

    async def _put_parts(self, key: str, source: Source, *, turn: Turn) -> None:
        try:
            await self._uploads.send(key, self._name(key), source, turn=turn)
        except UploadGone:
            # Another daemon took the same upload for one that was left behind. It has completed
            # it, or given it up.
            with suppress(ObjectNotFound):
                if (await self.head(key)).size == source.size:
                    return
            source.rewind()
            await self._uploads.send(key, self._name(key), source, turn=turn)


def _folders_of(project: str) -> tuple[str, ...]:
    return f"{scope_of(project)}/", f"uploads/{scope_of(project)}/"


def _described(key: str, head: "HeadObjectOutputTypeDef") -> StoredObject:
    return StoredObject(
        key=key,
        size=head["ContentLength"],
        media_type=head["ContentType"],
        sha256=head["Metadata"].get("sha256", Path(key).stem),
    )
