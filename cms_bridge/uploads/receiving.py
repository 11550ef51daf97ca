"""Receiving: a multipart form whose one file goes to disk as it comes, in constant memory.

The file has no name anywhere, so that it is gone with the process, however that ends.
"""

import errno
import hashlib
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO, cast

import msgspec
from anyio import to_thread
from multipart import (
    MultipartError,
    MultipartSegment,
    ParserLimitReached,
    PushMultipartParser,
    parse_options_header,  # pyright: ignore[reportUnknownVariableType] - typed in part
)

from cms_bridge.errors import BodyTooLarge, MalformedUpload, MultipartExpected, StoreFull

_FIELD_BYTES = 4_096
"""Of a field that is no file."""
_FORM_BYTES = 64 * 1024
"""What the form may take around its file."""
_PARTS = 8
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_LONGEST_BOUNDARY = 70
"""RFC 2046, 5.1.1."""


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A form that has arrived whole."""

    file: BinaryIO
    size: int
    sha256: str
    file_name: str
    """As its sender calls it."""
    fields: dict[str, str]

    @property
    def path(self) -> Path:
        """By which the file can be opened once more, for as long as it is open here."""
        return Path("/dev/fd") / str(self.file.fileno())


@asynccontextmanager
async def received(
    stream: AsyncIterator[bytes],
    *,
    content_type: str,
    announced: int | None,
    limit: int,
    directory: Path | None,
) -> AsyncGenerator[Received]:
    """Read a form to its end; the file is there for as long as the block runs.

    Raises `MultipartExpected`, `MalformedUpload`, `BodyTooLarge` past `limit` bytes of the file,
    and `StoreFull`.
    """
    boundary = _boundary(content_type)
    if announced is not None and announced > limit + _FORM_BYTES:
        raise _too_large(limit)
    with _full_disk():
        file = await to_thread.run_sync(_open, directory)
    try:
        form = _Form(file, limit)
        try:
            with PushMultipartParser(
                boundary, max_segment_count=_PARTS, max_segment_size=limit, strict=True
            ) as parser:
                await form.read(stream, parser)
        except ParserLimitReached as error:
            if form.too_large:
                raise _too_large(limit) from None
            raise MalformedUpload("The form has too many or too long parts.") from error
        except MultipartError as error:
            raise MalformedUpload("The form cannot be read as multipart/form-data.") from error
        with _full_disk():
            await to_thread.run_sync(file.flush)
        yield form.received()
    finally:
        await to_thread.run_sync(file.close)


class _Form:
    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file = file
        self._limit = limit
        self._digest = hashlib.sha256()
        self._size = 0
        self._name: str | None = None
        self._fields: dict[str, bytearray] = {}
        self._segment: MultipartSegment | None = None

    @property
    def too_large(self) -> bool:
        """Whether what was read last belongs to a file that is too large."""
        return self._segment is not None and self._segment.name == "file"

    async def read(self, stream: AsyncIterator[bytes], parser: PushMultipartParser) -> None:
        total = 0
        async for chunk in stream:
            total += len(chunk)
            if total > self._limit + _FORM_BYTES:
                raise _too_large(self._limit)
            if not chunk:
                continue
            for event in parser.parse(chunk):
                if isinstance(event, MultipartSegment):
                    self._begin(event)
                elif event:
                    await self._take(bytes(event))

    def received(self) -> Received:
        if self._name is None:
            raise MalformedUpload("The form has no file: a part named `file` is needed.")
        try:
            fields = {name: value.decode() for name, value in self._fields.items()}
        except UnicodeDecodeError as error:
            raise MalformedUpload("A field of the form is no text in UTF-8.") from error
        return Received(
            file=self._file,
            size=self._size,
            sha256=self._digest.hexdigest(),
            file_name=self._name,
            fields=fields,
        )

    def _begin(self, segment: MultipartSegment) -> None:
        self._segment = segment
        name = segment.name or ""
        if name in self._fields or (name == "file" and self._name is not None):
            raise MalformedUpload("A part of the form comes twice.")
        if name == "file":
            self._name = segment.filename or ""
        else:
            self._fields[name] = bytearray()

    async def _take(self, data: bytes) -> None:
        assert self._segment  # noqa: S101 - the parser tells of it before its bytes
        if self._segment.name != "file":
            field = self._fields[self._segment.name or ""]
            field += data
            if len(field) > _FIELD_BYTES:
                raise MalformedUpload(f"A field of the form has more than {_FIELD_BYTES} bytes.")
            return
        self._size += len(data)
        with _full_disk():
            await to_thread.run_sync(self._write, data)

    def _write(self, data: bytes) -> None:
        self._digest.update(data)
        self._file.write(data)


class _full_disk:  # noqa: N801 - reads as what it does
    """Raises `StoreFull` for a disk that has no room."""

    def __enter__(self) -> None:
        return

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError) and error.errno in _FULL:
            raise StoreFull from error


def _open(directory: Path | None) -> BinaryIO:
    if directory:
        directory.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryFile(dir=directory, prefix="reelwright-upload-")


def _boundary(content_type: str) -> str:
    kind, options = cast("tuple[str, dict[str, str]]", parse_options_header(content_type))
    boundary = options.get("boundary", "")
    if kind != "multipart/form-data":
        raise MultipartExpected("A file is sent as multipart/form-data.")
    if not 0 < len(boundary) <= _LONGEST_BOUNDARY or not boundary.isascii():
        raise MalformedUpload("The form's boundary is missing or cannot be one.")
    return boundary


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"A file may have {limit} bytes at most.", limit=limit)
