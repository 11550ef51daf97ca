"""Delivery: a rendition's files on their way from an attempt's folder to the object store.

Keys are made of the bytes, so a file that was stored by an attempt which died
before it could say so is found there, and one that differs lies beside it: to
store everything again does no harm. Nothing is told of a file before all are stored.
"""

import hashlib
from pathlib import Path

import anyio
import anyio.to_thread

from cms_bridge import tracing
from cms_bridge.records import StoredFile
from cms_bridge.states import FileKind
from cms_bridge.storage.base import ObjectStore, object_key
from cms_bridge.storage.media_types import media_type_of

COMPANIONS = {
    "--poster": "poster.jpg",
    "--captions": "captions.vtt",
    "--srt": "captions.srt",
    "--words": "words.json",
    "--word-captions": "words.vtt",
    "--chapters": "chapters.vtt",
    "--transcript": "transcript.txt",
    "--sheet": "thumbnails.jpg",
    "--hls": "hls",
    "--webm": "preview.webm",
    "--gif": "preview.gif",
}
"""What the engine makes beside a video, by the option that asks for it."""

_KINDS = {
    "video.mp4": FileKind.VIDEO,
    "poster.jpg": FileKind.POSTER,
    "captions.vtt": FileKind.CAPTIONS,
    "captions.srt": FileKind.SUBRIP,
    "words.json": FileKind.WORDS,
    "words.vtt": FileKind.WORD_CAPTIONS,
    "chapters.vtt": FileKind.CHAPTERS,
    "transcript.txt": FileKind.TRANSCRIPT,
    "thumbnails.vtt": FileKind.THUMBNAILS,
    "thumbnails.jpg": FileKind.SHEET,
    "preview.webm": FileKind.WEBM,
    "preview.gif": FileKind.GIF,
}
_HLS = "hls"
_READ = frozenset(
    {
        FileKind.CAPTIONS,
        FileKind.SUBRIP,
        FileKind.WORDS,
        FileKind.WORD_CAPTIONS,
        FileKind.CHAPTERS,
        FileKind.TRANSCRIPT,
    }
)
"""What is in a language."""


async def store_files(
    directory: Path, store: ObjectStore, *, project: str, language: str, side_by_side: int
) -> tuple[StoredFile, ...]:
    """Store what the engine made in a folder; return every file, or raise a `StorageError`."""
    names = await anyio.to_thread.run_sync(_made, directory)
    stored: dict[str, StoredFile] = {}
    places = anyio.CapacityLimiter(side_by_side)

    async def keep(name: str) -> None:
        async with places:
            kind = _KINDS.get(name, FileKind.HLS)
            path = directory / name
            digest = await anyio.to_thread.run_sync(_sha256, path)
            key = object_key(
                project=project, sha256=digest, extension=path.suffix.removeprefix(".")
            )
            kept = await store.put(key, path, media_type=media_type_of(key))
            stored[name] = StoredFile(
                kind=kind,
                name=name,
                language=language if kind in _READ else "",
                key=key,
                media_type=kept.media_type,
                bytes=kept.size,
                sha256=digest,
            )

    try:
        with tracing.span("upload", files=len(names)):
            async with anyio.create_task_group() as group:
                for name in names:
                    group.start_soon(keep, name)
    except ExceptionGroup as errors:
        # The first is what the others were cancelled for; whoever tries again goes by it.
        raise errors.exceptions[0] from None
    return tuple(stored[name] for name in names)


def _made(directory: Path) -> list[str]:
    pieces = sorted(
        path.relative_to(directory).as_posix()
        for path in (directory / _HLS).rglob("*")
        if path.is_file()
    )
    return [*(name for name in _KINDS if (directory / name).is_file()), *pieces]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
