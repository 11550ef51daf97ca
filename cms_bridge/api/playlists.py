"""Playlists: texts that name other files of a rendition, answered with links in their place.

A player asks for what a playlist names without a key, and what is relative would lose
the signature. So the names are replaced on the way out: of pieces by links of the
object store, of further playlists by links to here, which are permissions of their own:

    /playlists/{rendition}/main.m3u8      hls/main.m3u8
    /playlists/{rendition}/720p.m3u8      hls/720p/index.m3u8
    /playlists/{rendition}/thumbnails.vtt

All that a playlist leads to is good for as long as the playlist's own link is.
"""

import posixpath
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from litestar import HttpMethod, Request, Router, route
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery, SkipValidation
from starlette.responses import Response

from cms_bridge.access.keys import public
from cms_bridge.api.links import LINKED, check_link
from cms_bridge.errors import RenditionFileNotFound, StoreUnavailable
from cms_bridge.gate import vouch
from cms_bridge.jobs import renditions
from cms_bridge.jobs.renditions import HLS_MAIN
from cms_bridge.records import StoredFile
from cms_bridge.storage.base import ObjectNotFound, ObjectStore, StorageError
from cms_bridge.storage.links import LinkSigner

THUMBNAILS = "thumbnails.vtt"

_SHORT = re.compile(r"([a-z0-9]{1,16})\.m3u8")
_URI = re.compile(r'(?<=URI=")[^"]+(?=")')
_PART = re.compile(r"^\S+(?=#xywh=)")


class PlaylistLinks(msgspec.Struct, frozen=True, kw_only=True):
    """Signs links to playlists."""

    signer: LinkSigner
    base_url: str

    def url(self, rendition: UUID, name: str, *, expires_in: timedelta) -> str:
        """Return a link to a playlist, by its name among the rendition's files."""
        key = _key(rendition, _short(name))
        query = self.signer.query(key, expires_in=expires_in, name=None)
        return f"{self.base_url.rstrip('/')}/{key}?{query}"


def is_playlist(name: str) -> bool:
    """Tell whether a file names others."""
    return name.endswith(".m3u8") or name == THUMBNAILS


async def playlist(
    rendition: UUID,
    file: StoredFile,
    *,
    store: ObjectStore,
    links: PlaylistLinks,
    expires_in: timedelta,
) -> Response:
    """Answer a playlist with links; raise `RenditionFileNotFound` or `StoreUnavailable`."""
    try:
        text = b"".join([chunk async for chunk in store.read(file.key)]).decode()
        named = set(_substituted(text, lambda name: name)[1])
        folder = posixpath.dirname(file.name)
        names = {one: posixpath.join(folder, one) for one in named}
        others = [name for name in names.values() if not is_playlist(name)]
        files = await renditions.files_named(rendition, others)
        urls: dict[str, str] = {}
        for one, name in names.items():
            if is_playlist(name):
                urls[one] = links.url(rendition, name, expires_in=expires_in)
            elif name in files:
                urls[one] = await store.signed_url(files[name].key, expires_in=expires_in)
            else:
                raise RenditionFileNotFound("A file that this one names is missing.")
    except ObjectNotFound:
        raise RenditionFileNotFound("This file is gone from the object store.") from None
    except StorageError as error:
        raise StoreUnavailable("The object store does not answer; ask again.") from error
    return Response(
        _substituted(text, urls.__getitem__)[0],
        media_type=file.media_type,
        # It holds permissions.
        headers={"Cache-Control": "private, no-store"},
    )


def _substituted(text: str, url: Callable[[str], str]) -> tuple[str, list[str]]:
    """Return a playlist with every name replaced, and the names."""
    names: list[str] = []

    def replace(found: re.Match[str]) -> str:
        names.append(found[0])
        return url(found[0])

    def line(one: str) -> str:
        if one.startswith("#"):
            return _URI.sub(replace, one)
        if not text.startswith("#EXTM3U"):
            return _PART.sub(replace, one)
        return re.sub(r"^\S+$", replace, one)

    return "\n".join([line(one) for one in text.split("\n")]), names


def _short(name: str) -> str:
    if name in (THUMBNAILS, HLS_MAIN):
        return posixpath.basename(name)
    return f"{posixpath.basename(posixpath.dirname(name))}.m3u8"


def _long(short: str) -> str | None:
    if short == THUMBNAILS:
        return short
    if (found := _SHORT.fullmatch(short)) is None:
        return None
    return HLS_MAIN if found[1] == "main" else f"hls/{found[1]}/index.m3u8"


def _key(rendition: UUID, short: str) -> str:
    # No object's key has three parts: a link to one opens no other.
    return f"playlists/{rendition}/{short}"


@route(
    "/{rendition_id:uuid}/{file:str}",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    # Links are handed out whole; no client is meant to build one.
    include_in_schema=False,
)
async def get_playlist(  # noqa: PLR0913 - the parts of a link
    *,
    request: Request[Any, Any, Any],
    store: NamedDependency[SkipValidation[ObjectStore]],
    playlist_links: NamedDependency[PlaylistLinks],
    rendition_id: FromPath[UUID],
    file: FromPath[str],
    expires: FromQuery[int],
    signature: FromQuery[str],
) -> Response:
    """Answer a link to a playlist; raise 403, 404 or 410."""
    left = check_link(
        playlist_links.signer, _key(rendition_id, file), expires=expires, signature=signature
    )
    vouch(request.scope)
    name = _long(file) or ""
    stored = (await renditions.files_named(rendition_id, [name])).get(name)
    if stored is None:
        raise NotFoundException("The file behind this link is gone.")
    answer = await playlist(
        rendition_id,
        stored,
        store=store,
        links=playlist_links,
        expires_in=max(left, timedelta(seconds=1)),
    )
    answer.headers.update(LINKED)
    return answer


routes = Router(
    "/playlists",
    route_handlers=[get_playlist],
    opt=public("A link is its own permission."),
)
