"""`/api/v1/videos/{id}/…`: a finished film's files, of its newest rendition or of a named one.

From the local store they are streamed, whole or in ranges (`cms_bridge.api.ranges`).
From R2 no byte passes here: the answer leads to a signed link that is good for a while.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Any
from uuid import UUID

import msgspec
from litestar import HttpMethod, Request, get, route
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, SkipValidation
from starlette.responses import RedirectResponse, Response

from cms_bridge.access.callers import Action
from cms_bridge.access.keys import needs
from cms_bridge.api.conditions import not_modified
from cms_bridge.api.contract import terms
from cms_bridge.api.playlists import THUMBNAILS, PlaylistLinks, is_playlist, playlist
from cms_bridge.api.ranges import file_answer, validators
from cms_bridge.errors import (
    RangeNotSatisfiable,
    RenditionFileNotFound,
    RenditionNotFound,
    RenditionRetired,
    StoreUnavailable,
    VideoNotFound,
    VideoNotReady,
)
from cms_bridge.fields import Moment
from cms_bridge.jobs import renditions
from cms_bridge.jobs.renditions import HLS_MAIN, FoundFile, Rendition
from cms_bridge.jobs.revisions import Difference
from cms_bridge.protections import MEDIA_POLICY, POLICY
from cms_bridge.records import StoredFile
from cms_bridge.states import FileKind
from cms_bridge.storage.base import ObjectNotFound, ObjectStore, StorageError
from cms_bridge.storage.links import content_disposition
from cms_bridge.storage.local import LocalStore
from render.rendition import Codec, rate_name

_FILES = (
    VideoNotFound,
    VideoNotReady,
    RenditionNotFound,
    RenditionRetired,
    RenditionFileNotFound,
    StoreUnavailable,
)
_TITLE_CHARS = 100
_VARIANT, _FILE = re.compile(r"[a-z0-9]{1,16}"), re.compile(r"[a-z0-9_]{1,32}\.[a-z0-9]{1,8}")

_PLACES = {
    FileKind.VIDEO: "stream",
    FileKind.POSTER: "poster",
    FileKind.CAPTIONS: "captions.vtt",
    FileKind.SUBRIP: "captions.srt",
    FileKind.WORDS: "words.json",
    FileKind.WORD_CAPTIONS: "words.vtt",
    FileKind.CHAPTERS: "chapters.vtt",
    FileKind.TRANSCRIPT: "transcript",
    FileKind.THUMBNAILS: "thumbnails",
    FileKind.SHEET: "thumbnails.jpg",
    FileKind.HLS: "hls/main.m3u8",
    FileKind.WEBM: "preview.webm",
    FileKind.GIF: "preview.gif",
}
"""Where a file is served below its rendition, by its kind."""


class RenditionFileView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A file of a rendition."""

    kind: FileKind
    language: str | None
    """Of what is said or read in it, as BCP 47; null where it has none."""
    media_type: str
    bytes: int | None
    sha256: str
    url: str
    """Where it is served, to whoever has the key."""


class FrameRate(StrEnum):
    """Frames a second, as people call it; 23.976 are exactly 24000 in 1001 seconds, and so on."""

    R23_976 = "23.976"
    R24 = "24"
    R25 = "25"
    R29_97 = "29.97"
    R30 = "30"
    R50 = "50"
    R59_94 = "59.94"
    R60 = "60"


class RenditionView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One finished film of a video, and what there is beside it."""

    id: UUID
    export_id: UUID | None
    """The export that made it; null of the film itself."""
    number: int
    """Counts the video's renditions, from 1."""
    storyboard_revision: int
    """Which revision of the storyboard was filmed."""
    changes: tuple[Difference, ...]
    """What it shows or says otherwise than the film before it; none of the first, or an export."""
    format: Codec
    """How its pictures are compressed, in an MP4."""
    fps: FrameRate
    duration: float
    """Seconds."""
    width: int
    height: int
    bytes: int
    """The film's own."""
    stream_url: str
    download_url: str
    files: list[RenditionFileView]
    """None once it is retired."""
    retired_at: Moment | None
    """Since when it is no longer kept, a newer one being there: its files answer 410. Null while it
    is kept."""
    created_at: Moment


class Renditions(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The renditions of a video."""

    renditions: list[RenditionView]
    """The newest first; none until the video is finished."""


@get(
    "/{video_id:uuid}/renditions",
    opt=terms(VideoNotFound) | needs(Action.READ),
    summary="The renditions of a video",
)
async def list_renditions(video_id: FromPath[UUID]) -> Renditions:
    """Return each finished film of a video with its files, the newest first."""
    _, found = await renditions.of_video(video_id)
    return Renditions(renditions=[view(video_id, one) for one in found])


@get(
    "/{video_id:uuid}/renditions/{rendition_id:uuid}",
    opt=terms(VideoNotFound, RenditionNotFound) | needs(Action.READ),
    summary="A rendition of a video",
)
async def get_rendition(video_id: FromPath[UUID], rendition_id: FromPath[UUID]) -> RenditionView:
    """Return one finished film of a video with its files."""
    return view(video_id, await renditions.find(video_id, rendition_id))


def view(video: UUID, rendition: Rendition) -> RenditionView:
    """Return a rendition as the API tells of it."""
    base = f"/api/v1/videos/{video}/renditions/{rendition.id}"
    return RenditionView(
        id=rendition.id,
        export_id=rendition.export,
        number=rendition.number,
        storyboard_revision=rendition.storyboard_revision,
        changes=rendition.changes,
        format=rendition.format,
        fps=FrameRate(rate_name(rendition.fps)),
        duration=rendition.duration,
        width=rendition.width,
        height=rendition.height,
        bytes=rendition.bytes,
        stream_url=f"{base}/stream",
        download_url=f"{base}/download",
        files=[
            RenditionFileView(
                kind=one.kind,
                language=one.language or None,
                media_type=one.media_type,
                bytes=one.bytes,
                sha256=one.sha256,
                url=f"{base}/{_PLACES[one.kind]}",
            )
            for one in rendition.files
        ],
        retired_at=rendition.retired_at,
        created_at=rendition.created_at,
    )


class Serving(msgspec.Struct, frozen=True, kw_only=True):
    """How files are given out: the dependency `serving` of handlers."""

    store: ObjectStore
    links: PlaylistLinks
    expires_in: timedelta
    """How long the links last that an answer leads to or holds."""

    async def answer(
        self, request: Request[Any, Any, Any], found: FoundFile, *, saved: bool = False
    ) -> Response:
        """Answer a file, a range of it, 304, or where it is; raise the port's errors as refusals.

        What names other files is answered with links in place of the names.
        """
        file, store = found.file, self.store
        if is_playlist(file.name):
            return await playlist(
                found.rendition, file, store=store, links=self.links, expires_in=self.expires_in
            )
        name = _file_name(found) if saved else None
        etag = f'"{file.sha256}"'
        headers = {
            "Cache-Control": "private, no-cache",
            "Content-Disposition": content_disposition(name),
            POLICY: MEDIA_POLICY,
        }
        try:
            if isinstance(store, LocalStore):
                await store.head(file.key)
                return await file_answer(
                    request,
                    store.path(file.key),
                    etag=etag,
                    media_type=file.media_type,
                    headers=headers,
                )
            modified = found.created_at.astimezone(UTC).replace(microsecond=0)
            headers |= validators(etag, modified)
            if not_modified(request.headers, etag=etag, modified=modified):
                return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
            if request.method == "HEAD":
                return Response(headers=headers | await _described(store, file))
            link = await store.signed_url(file.key, expires_in=self.expires_in, download_name=name)
        except (ObjectNotFound, FileNotFoundError):
            raise RenditionFileNotFound("This file is gone from the object store.") from None
        except StorageError as error:
            raise StoreUnavailable("The object store does not answer; ask again.") from error
        return RedirectResponse(
            link, HTTPStatus.TEMPORARY_REDIRECT, headers={"Cache-Control": "private, no-store"}
        )


class _Served(msgspec.Struct, frozen=True, kw_only=True):
    """A file that every rendition may have, and the path below it where it is served."""

    place: str
    name: str
    """Its name among the rendition's files."""
    media_type: str
    summary: str
    told: str = ""
    others: tuple[str, ...] = ()
    """Media types that it may be of besides."""
    saved: bool = False
    """Whether a browser saves it, under the film's title."""


_SERVED = (
    _Served(
        place="stream",
        name="video.mp4",
        media_type="video/mp4",
        summary="A finished film, to be played",
    ),
    _Served(
        place="download",
        name="video.mp4",
        media_type="video/mp4",
        summary="A finished film, to be saved",
        saved=True,
    ),
    _Served(
        place="poster",
        name="poster.jpg",
        media_type="image/jpeg",
        summary="The picture that stands for a film",
    ),
    _Served(
        place="captions.vtt",
        name="captions.vtt",
        media_type="text/vtt",
        summary="A film's captions, as WebVTT",
    ),
    _Served(
        place="captions.srt",
        name="captions.srt",
        media_type="application/x-subrip",
        summary="A film's captions, as SubRip",
    ),
    _Served(
        place="words.json",
        name="words.json",
        media_type="application/json",
        summary="When each word of a film is said, as JSON",
        told="Each caption has its words with their seconds in the film; `heard` is whether they"
        " were found in the narration, or guessed.",
    ),
    _Served(
        place="words.vtt",
        name="words.vtt",
        media_type="text/vtt",
        summary="A film's captions with a time before each word, as WebVTT",
    ),
    _Served(
        place="chapters.vtt",
        name="chapters.vtt",
        media_type="text/vtt",
        summary="A film's scenes with their times, as WebVTT",
    ),
    _Served(
        place="transcript",
        name="transcript.txt",
        media_type="text/plain",
        summary="What a film says, to be read",
    ),
    _Served(
        place="thumbnails",
        name=THUMBNAILS,
        media_type="text/vtt",
        summary="Small pictures of the whole film, as WebVTT",
        told="It tells which part of a sheet is seen when, by a link that anybody may follow"
        " for a while.",
    ),
    _Served(
        place="thumbnails.jpg",
        name="thumbnails.jpg",
        media_type="image/jpeg",
        summary="The sheet of small pictures",
    ),
    _Served(
        place="preview.webm",
        name="preview.webm",
        media_type="video/webm",
        summary="A film's beginning, small, as WebM",
        told="There is one of an export that was ordered with previews.",
    ),
    _Served(
        place="preview.gif",
        name="preview.gif",
        media_type="image/gif",
        summary="A few moments of a film, as GIF",
        told="There is one of an export that was ordered with previews.",
    ),
    _Served(
        place="hls/main.m3u8",
        name=HLS_MAIN,
        media_type="application/vnd.apple.mpegurl",
        summary="A film for streaming: the main playlist",
        told="All that it names it names by links that anybody may follow for a while, so that a"
        " player needs no key.",
    ),
    _Served(
        place="hls/{variant:str}/{file:str}",
        name="",
        media_type="application/vnd.apple.mpegurl",
        others=("video/iso.segment", "video/mp4", "text/vtt"),
        summary="A film for streaming: one size's playlist, or a piece",
    ),
)

_TOLD = (
    "`Range`, `If-Range`, `If-None-Match`, `If-Modified-Since` and `HEAD` are understood; a `Range`"
    " that cannot be read is ignored. Where an object store keeps the files, the answer is 307 to a"
    " link that anybody may follow for a while."
)


def _routes(one: _Served) -> Sequence[HTTPRouteHandler]:
    """Return the two routes of a file: of the newest rendition, and of a named one."""

    async def of_newest(
        request: Request[Any, Any, Any],
        video_id: FromPath[UUID],
        serving: NamedDependency[SkipValidation[Serving]],
    ) -> Response:
        name = one.name or _piece(request.path_params)
        found = await renditions.find_file(video_id, None, name)
        return await serving.answer(request, found, saved=one.saved)

    async def of_rendition(
        request: Request[Any, Any, Any],
        video_id: FromPath[UUID],
        rendition_id: FromPath[UUID],
        serving: NamedDependency[SkipValidation[Serving]],
    ) -> Response:
        name = one.name or _piece(request.path_params)
        found = await renditions.find_file(video_id, rendition_id, name)
        return await serving.answer(request, found, saved=one.saved)

    return [
        _route(of_newest, one, "", "Of the newest rendition."),
        _route(of_rendition, one, "/renditions/{rendition_id:uuid}", "Of the rendition named."),
    ]


def _route(handler: Callable[..., Any], one: _Served, within: str, whose: str) -> HTTPRouteHandler:
    # The contract names operations by their handlers.
    place = "_".join(re.findall(r"[a-z0-9]+", re.sub(r":\w+", "", one.place)))
    handler.__name__ = f"get_rendition_{place}" if within else f"get_{place}"
    return route(
        f"/{{video_id:uuid}}{within}/{one.place}",
        http_method=[HttpMethod.GET, HttpMethod.HEAD],
        status_code=HTTPStatus.OK,
        opt=terms(*_FILES, RangeNotSatisfiable, files=(one.media_type, *one.others))
        | needs(Action.READ),
        summary=one.summary,
        description=" ".join(filter(None, (whose, one.told, _TOLD))),
    )(handler)


def _piece(named: Mapping[str, str]) -> str:
    """Return the name of a piece by its path; what can be no name is not looked for."""
    if _VARIANT.fullmatch(named["variant"]) and _FILE.fullmatch(named["file"]):
        return f"hls/{named['variant']}/{named['file']}"
    raise RenditionFileNotFound("This rendition has no such file.")


async def _described(store: ObjectStore, file: StoredFile) -> dict[str, str]:
    # A link of S3 is signed for one method: HEAD would be refused there.
    size = file.bytes if file.bytes is not None else (await store.head(file.key)).size
    return {"Content-Type": file.media_type, "Content-Length": str(size)}


def _file_name(found: FoundFile) -> str:
    title = " ".join(found.title.split())[:_TITLE_CHARS].strip()
    return f"{title or 'video'}.mp4"


handlers: list[HTTPRouteHandler] = [
    list_renditions,
    get_rendition,
    *(handler for one in _SERVED for handler in _routes(one)),
]
"""All that is served of a rendition, for the resource `/api/v1/videos`."""
