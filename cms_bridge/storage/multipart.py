"""Uploads in parts of equal size, gone on with where an earlier process left them.

Which uploads of a key are unfinished, and which parts each has, the bucket itself tells: so any
process, on any machine, finds what one that was killed had sent, and nothing of it is kept
elsewhere. A part counts as there if it has the size and the MD5 of the one that would be sent.
"""

import hashlib
import re
from base64 import b64encode
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING

import anyio
import msgspec
import structlog
from anyio import to_thread

from cms_bridge.storage.base import DigestMismatch, StorageUnavailable
from cms_bridge.storage.media_types import media_type_of
from cms_bridge.storage.s3_errors import UploadGone, port_errors
from cms_bridge.storage.write_pace import Turn

if TYPE_CHECKING:
    from types_aiobotocore_s3 import S3Client
    from types_aiobotocore_s3.type_defs import CompletedPartTypeDef

log = structlog.get_logger()

MOST_PARTS = 10_000
"""What S3 and R2 take of one upload."""
_MEBIBYTE = 1024 * 1024
_ABORT_TIMEOUT = 10.0
_COMPOSITE = re.compile(r'"?[0-9a-f]{32}-[0-9]+"?')
"""The tag of an object of several parts: the MD5 of their MD5s, and how many they are."""


class _Upload(msgspec.Struct, frozen=True):
    """An upload that nobody has ended."""

    name: str
    id: str
    begun: datetime


class _Done(msgspec.Struct, frozen=True):
    """A part of the file that the store has."""

    md5: bytes
    etag: str


class Part(msgspec.Struct, frozen=True):
    """Some bytes of a file."""

    number: int
    """From 1."""
    body: bytes
    md5: bytes
    """Finds damage on the way; nothing here relies on it against an attacker."""

    @property
    def content_md5(self) -> str:
        """The MD5 as a request says it."""
        return b64encode(self.md5).decode()


class Sent(msgspec.Struct, frozen=True):
    """A part that the store has."""

    size: int
    """Bytes."""
    etag: str
    """As the store said it. Of S3, R2 and Swift it is the MD5 in quotes."""

    def holds(self, part: Part) -> bool:
        """Tell whether these are a part's bytes; False too of a store with other tags."""
        return self.size == len(part.body) and self.etag.strip('"') == part.md5.hex()


class Source:
    """A file read part by part, with the digest that proves that it is its key's content."""

    def __init__(self, file: IO[bytes], *, size: int, part_size: int) -> None:
        self._file = file
        self.size = size
        self.part_size = part_size
        if size > part_size * MOST_PARTS:
            self.part_size = -(-size // (MOST_PARTS * _MEBIBYTE)) * _MEBIBYTE
        self._count = -(-size // self.part_size)
        self.rewind()

    async def next_part(self) -> Part:
        """Return the next bytes, none at the end."""
        return await to_thread.run_sync(self._next_part)

    def check(self, key: str) -> None:
        """Raise `DigestMismatch` unless what was read is what a key names."""
        if self._digest.hexdigest() != Path(key).stem:
            raise DigestMismatch(f"{Path(key).name} is not the content of the file.")

    def rewind(self) -> None:
        """Read from the beginning, again."""
        self._file.seek(0)
        self._digest = hashlib.sha256()
        self._read = 0

    def fits(self, number: int, sent: Sent) -> bool:
        """Tell whether a part that was sent is as long as the one of that number."""
        last = self.size - self.part_size * (self._count - 1)
        return sent.size == (last if number == self._count else self.part_size)

    def _next_part(self) -> Part:
        body = self._file.read(self.part_size)
        self._digest.update(body)
        self._read += 1
        return Part(self._read, body, hashlib.md5(body, usedforsecurity=False).digest())


class MultipartUploads:
    """Uploads to one bucket; `concurrency` parts of each are under way at once."""

    def __init__(self, client: "S3Client", *, bucket: str, concurrency: int) -> None:
        self._client = client
        self._bucket = bucket
        self._concurrency = concurrency

    async def send(self, key: str, name: str, source: Source, *, turn: Turn) -> None:
        """Store a file under a name; raise `UploadGone` if another ends the upload meanwhile.

        What was sent stays for the next try if the store did not answer; it is dropped if the
        caller is cancelled, or the file is not what its key says. Raises `StorageError`.
        """
        upload, there = await self._unfinished(name, source) or (await self._begin(key, name), {})
        if there:
            log.info("upload.resumed", key=key, parts=len(there))
        try:
            sent = await self._send_parts(name, source, upload=upload, there=there)
            source.check(key)
            await self._complete(name, sent, upload=upload, turn=turn)
        except StorageUnavailable:
            raise
        except BaseException:
            # The failure is what counts: what cannot be dropped now is swept later.
            with anyio.move_on_after(_ABORT_TIMEOUT, shield=True), suppress(Exception):
                await self._abort(name, upload)
            raise

    async def sweep(self, prefix: str, *, older_than: timedelta) -> int:
        """Give up uploads that were begun so long ago; return how many. Raises `StorageError`."""
        limit = datetime.now(UTC) - older_than
        swept = 0
        for one in await self._uploads(prefix):
            if one.begun <= limit:
                with suppress(UploadGone):
                    await self._abort(one.name, one.id)
                    swept += 1
        return swept

    async def _begin(self, key: str, name: str) -> str:
        with port_errors(key):
            begun = await self._client.create_multipart_upload(
                Bucket=self._bucket,
                Key=name,
                ContentType=media_type_of(key),
                Metadata={"sha256": Path(key).stem},
            )
        return begun["UploadId"]

    async def _unfinished(self, name: str, source: Source) -> tuple[str, dict[int, Sent]] | None:
        """Return the newest upload of a name that nobody has ended, and the parts that it has."""
        uploads = [one for one in await self._uploads(name) if one.name == name]
        for one in sorted(uploads, key=lambda one: one.begun, reverse=True):
            # Ended since by whoever began it, or of parts of another size: those never go together.
            with suppress(UploadGone):
                there = await self._parts(one)
                if all(source.fits(number, sent) for number, sent in there.items()):
                    return one.id, there
        return None

    async def _uploads(self, prefix: str) -> list[_Upload]:
        found: list[_Upload] = []
        pages = self._client.get_paginator("list_multipart_uploads")
        with port_errors(prefix):
            async for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                for one in page.get("Uploads", []):
                    if "Key" in one and "UploadId" in one and "Initiated" in one:
                        begun = one["Initiated"].astimezone(UTC)
                        found.append(_Upload(one["Key"], one["UploadId"], begun))
        return found

    async def _parts(self, upload: _Upload) -> dict[int, Sent]:
        found: dict[int, Sent] = {}
        pages = self._client.get_paginator("list_parts")
        with port_errors(upload.name):
            async for page in pages.paginate(
                Bucket=self._bucket, Key=upload.name, UploadId=upload.id
            ):
                for one in page.get("Parts", []):
                    if "PartNumber" in one and "Size" in one and "ETag" in one:
                        found[one["PartNumber"]] = Sent(one["Size"], one["ETag"])
        return found

    async def _send_parts(
        self, name: str, source: Source, *, upload: str, there: dict[int, Sent]
    ) -> list[_Done]:
        done: dict[int, _Done] = {}
        places = anyio.Semaphore(self._concurrency)

        async def send(part: Part) -> None:
            with port_errors(name):
                sent = await self._client.upload_part(
                    Bucket=self._bucket,
                    Key=name,
                    UploadId=upload,
                    PartNumber=part.number,
                    Body=part.body,
                    ContentMD5=part.content_md5,
                )
            done[part.number] = _Done(part.md5, sent["ETag"])
            places.release()

        try:
            async with anyio.create_task_group() as tasks:
                while True:
                    await places.acquire()
                    part = await source.next_part()
                    if not part.body:
                        break
                    if (earlier := there.get(part.number)) and earlier.holds(part):
                        done[part.number] = _Done(part.md5, earlier.etag)
                        places.release()
                    else:
                        tasks.start_soon(send, part)
        except ExceptionGroup as group:
            raise group.exceptions[0] from None
        return [done[number] for number in sorted(done)]

    async def _complete(self, name: str, sent: list[_Done], *, upload: str, turn: Turn) -> None:
        parts: list[CompletedPartTypeDef] = [
            {"PartNumber": number, "ETag": one.etag} for number, one in enumerate(sent, start=1)
        ]
        completed = await turn.write(
            lambda: self._client.complete_multipart_upload(
                Bucket=self._bucket, Key=name, UploadId=upload, MultipartUpload={"Parts": parts}
            )
        )
        if _is_another(completed.get("ETag", ""), sent):
            await turn.write(lambda: self._client.delete_object(Bucket=self._bucket, Key=name))
            raise StorageUnavailable("The object store put together other bytes than were sent.")

    async def _abort(self, name: str, upload: str) -> None:
        with port_errors(name):
            await self._client.abort_multipart_upload(
                Bucket=self._bucket, Key=name, UploadId=upload
            )


def _is_another(etag: str, sent: list[_Done]) -> bool:
    """Tell whether a store that tags by MD5 says that it has put together something else."""
    if any(one.etag.strip('"') != one.md5.hex() for one in sent):
        return False
    whole = hashlib.md5(b"".join(one.md5 for one in sent), usedforsecurity=False).hexdigest()
    return bool(_COMPOSITE.fullmatch(etag)) and etag.strip('"') != f"{whole}-{len(sent)}"
