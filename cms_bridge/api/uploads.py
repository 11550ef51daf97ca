"""`/api/v1/upload-asset` and `/api/v1/assets`: files that are given to a project."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import PureWindowsPath
from typing import Annotated, Any
from uuid import UUID

import msgspec
import structlog
from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.exceptions import ValidationException
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import FromPath, QueryParameter, SkipValidation
from litestar.response import Redirect

from cms_bridge.access.callers import Action, Caller
from cms_bridge.access.keys import Whose, needs
from cms_bridge.access.rates import Rates
from cms_bridge.api.contract import terms
from cms_bridge.api.pages import Cursor, cursor_of, end_told_by
from cms_bridge.api.resources import resource
from cms_bridge.api.spending import ProjectId
from cms_bridge.errors import (
    AssetUnderWay,
    BodyTooLarge,
    InfectedMedia,
    MalformedUpload,
    MediumNotFound,
    MultipartExpected,
    ProjectNotFound,
    ScannerUnavailable,
    StoreFull,
    StoreUnavailable,
    UploadQuotaReached,
    UploadsBusy,
)
from cms_bridge.fields import ONE_LINE, Id, Moment
from cms_bridge.gate import pace
from cms_bridge.pricing import caps
from cms_bridge.settings import BridgeSettings
from cms_bridge.storage.base import ObjectStore
from cms_bridge.uploads import registry
from cms_bridge.uploads.receiving import received
from cms_bridge.uploads.reception import Reception
from cms_bridge.uploads.registry import UploadRecord
from render.containers.reader import Use
from render.errors import BrokenContainer, OutwardReference, OversizedMedium, UnknownContainer

log = structlog.get_logger()

_LONGEST_NAME = 200
_FULL_PAGE = 100
_FAULT = re.compile(r"^(?P<said>.*?)(?: - at `\$\.?(?P<key>[^`]*)`)?$", re.DOTALL)


class AssetUpload(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """A file, and whose it is; the parts of a form in any order."""

    project_id: Id
    """A project that is not known yet begins with this."""
    file: Annotated[str, msgspec.Meta(extra_json_schema={"format": "binary"})]
    """Its content says what it is, whatever it is called."""
    name: Annotated[str, msgspec.Meta(max_length=_LONGEST_NAME, pattern=ONE_LINE)] = ""
    """What people call it; the file's own name where it is empty."""


class UploadedAsset(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A picture, clip or sound that was given to a project."""

    id: UUID
    project_id: str
    name: str
    use: Use
    media_type: str
    bytes: int
    sha256: str
    """Of its bytes, in hex, which are kept as they came."""
    width: int
    """Pixels as stored, as is `height`; 0 of sound."""
    height: int
    seconds: float
    """As the file says of itself; 0 of pictures, and where it does not say."""
    scanned: bool
    """Whether a virus scanner has seen it."""
    created_at: Moment
    url: str
    """Whoever has it may follow it until `expiresIn` seconds have passed: it plays, or shows."""
    download_url: str
    """The same, saved under the asset's name."""
    expires_in: int


class UploadedAssets(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of a project's assets, newest first."""

    assets: list[UploadedAsset]
    next_cursor: str | None
    """Where the next page begins; null on the last one."""


_EXAMPLE = UploadedAsset(
    id=UUID("6f1c6f52-3c43-4a0e-9a2f-0d3f2b7c1f5e"),
    project_id="bakery",
    name="Oven at five.jpg",
    use=Use.PICTURE,
    media_type="image/jpeg",
    bytes=2_481_772,
    sha256="9d1f5c0a6b2e48d7f3a1c5e7092b4d6f8a0c2e4f6b8d0a1c3e5f7092b4d6f8a0",
    width=4032,
    height=3024,
    seconds=0,
    scanned=True,
    created_at=datetime(2026, 11, 28, 10, 12, 30, tzinfo=UTC),
    url="https://bridge.example/objects/uploads/…/….jpg?expires=1795860750&signature=…",
    download_url="https://bridge.example/objects/uploads/…/….jpg?expires=1795860750&name=…",
    expires_in=3600,
)


def _answer(description: str) -> ResponseSpec:
    return ResponseSpec(
        UploadedAsset,
        generate_examples=False,
        description=description,
        examples=[Example(summary="A photograph", value=_EXAMPLE)],
    )


@post(
    "/",
    status_code=HTTPStatus.CREATED,
    opt=terms(
        ProjectNotFound,
        MultipartExpected,
        MalformedUpload,
        BodyTooLarge,
        UnknownContainer,
        BrokenContainer,
        OversizedMedium,
        OutwardReference,
        InfectedMedia,
        ScannerUnavailable,
        UploadsBusy,
        AssetUnderWay,
        StoreFull,
        StoreUnavailable,
        UploadQuotaReached,
        form=AssetUpload,
    )
    | needs(Action.WRITE, whose=Whose.REQUEST),
    summary="Give a project a picture, a clip or a sound",
    responses={
        HTTPStatus.CREATED: _answer("It is kept"),
        HTTPStatus.OK: _answer("The project had the very same already"),
    },
    # Reading stops at the limit of the settings.
    request_max_body_size=None,
)
async def upload_asset(  # noqa: PLR0913 - what a route is given
    *,
    request: Request[Any, Any, Any],
    caller: NamedDependency[SkipValidation[Caller]],
    rates: NamedDependency[SkipValidation[Rates]],
    reception: NamedDependency[SkipValidation[Reception]],
    store: NamedDependency[SkipValidation[ObjectStore]],
    settings: NamedDependency[BridgeSettings],
) -> Response[UploadedAsset]:
    """Take a PNG, JPEG, WebP, GIF, AVIF, HEIC, MP4, MOV, WebM, MKV, WAV, FLAC, MP3, M4A or Ogg in.

    Its content says what it is. What is none of them, is damaged, is two things in one, or claims
    more pixels or seconds than may be, is refused and not kept. The same content again answers 200
    with what there is.
    """
    await rates.count_upload(request, caller)
    bounds = reception.bounds
    pace(request.scope, bounds.bytes_per_second)
    with reception.place():
        async with received(
            request.stream(),
            content_type=request.headers.get("content-type", ""),
            announced=request.content_length,
            limit=bounds.max_bytes,
            directory=bounds.directory,
        ) as form:
            asked = _decode(form.fields)
            caller.check_project(asked.project_id)
            asset, new = await reception.keep(
                form,
                project=asked.project_id,
                name=asked.name or _bare(form.file_name),
                by=caller.key,
            )
    log.info("asset.uploaded", asset_id=str(asset.id), use=asset.use, bytes=asset.bytes, new=new)
    return Response(
        await _view(asset, store, settings),
        status_code=HTTPStatus.CREATED if new else HTTPStatus.OK,
        headers={"Location": f"/api/v1/assets/{asset.id}"},
    )


@get(
    "/{asset_id:uuid}",
    opt=terms(MediumNotFound) | needs(Action.READ),
    summary="An uploaded file, with links to it",
    responses={HTTPStatus.OK: _answer("As it is kept")},
)
async def get_asset(
    asset_id: FromPath[UUID],
    store: NamedDependency[SkipValidation[ObjectStore]],
    settings: NamedDependency[BridgeSettings],
) -> UploadedAsset:
    """Return what was uploaded, and fresh links that expire; 404 if there is no such asset."""
    return await _view(await registry.find(asset_id), store, settings)


@get(
    "/{asset_id:uuid}/content",
    status_code=HTTPStatus.TEMPORARY_REDIRECT,
    opt=terms(MediumNotFound) | needs(Action.READ),
    summary="The bytes of an uploaded file",
)
async def get_asset_content(
    asset_id: FromPath[UUID],
    store: NamedDependency[SkipValidation[ObjectStore]],
    settings: NamedDependency[BridgeSettings],
) -> Redirect:
    """Redirect to a fresh, expiring link, which knows Range; 404 if there is no such asset."""
    asset = await registry.find(asset_id)
    link = await store.signed_url(asset.key, expires_in=timedelta(seconds=settings.link_seconds))
    return Redirect(link, status_code=307, headers={"Cache-Control": "private, no-store"})


@delete(
    "/{asset_id:uuid}",
    opt=terms(MediumNotFound, StoreUnavailable, AssetUnderWay) | needs(Action.WRITE),
    summary="Delete an uploaded file",
)
async def delete_asset(
    asset_id: FromPath[UUID], reception: NamedDependency[SkipValidation[Reception]]
) -> None:
    """Delete the bytes, then what is known of them; links to it end at once.

    503 while the object store is away: ask again, or leave it, since what was begun is ended later.
    """
    await reception.remove(asset_id)
    log.info("asset.deleted", asset_id=str(asset_id))


@get(
    "/{project_id:str}/assets",
    opt=terms(ProjectNotFound) | needs(Action.READ),
    summary="What was uploaded to a project",
)
async def list_assets(
    project_id: ProjectId,
    store: NamedDependency[SkipValidation[ObjectStore]],
    settings: NamedDependency[BridgeSettings],
    cursor: Cursor = None,
    limit: Annotated[int, QueryParameter(ge=1, le=_FULL_PAGE, description="Of a page.")] = 50,
) -> UploadedAssets:
    """Return a page, newest first; 404 if there is no such project."""
    after = end_told_by(cursor)
    await caps.check_project(project_id)
    found = await registry.of_project(project_id, limit=limit + 1, after=after)
    page = found[:limit]
    return UploadedAssets(
        assets=[await _view(one, store, settings) for one in page],
        next_cursor=cursor_of(page[-1]) if len(found) > limit else None,
    )


def _decode(fields: Mapping[str, str]) -> AssetUpload:
    try:
        return msgspec.convert({**fields, "file": ""}, AssetUpload)
    except msgspec.ValidationError as error:
        fault = _FAULT.match(str(error))
        key = (fault and fault["key"]) or ""
        said = fault["said"] if fault else str(error)
        raise ValidationException(
            extra=[{"message": said, "key": key, "source": "body"}]
        ) from error


def _bare(file_name: str) -> str:
    """Return a file's name without folders and what cannot be shown."""
    shown = "".join(filter(str.isprintable, PureWindowsPath(file_name).name))
    return shown[:_LONGEST_NAME]


async def _view(asset: UploadRecord, store: ObjectStore, settings: BridgeSettings) -> UploadedAsset:
    lasts = timedelta(seconds=settings.link_seconds)
    name = asset.name or f"{asset.id}.{asset.key.rpartition('.')[2]}"
    return UploadedAsset(
        id=asset.id,
        project_id=asset.project,
        name=asset.name,
        use=asset.use,
        media_type=asset.media_type,
        bytes=asset.bytes,
        sha256=asset.sha256,
        width=asset.width,
        height=asset.height,
        seconds=asset.seconds,
        scanned=asset.scanned,
        created_at=asset.created_at,
        url=await store.signed_url(asset.key, expires_in=lasts),
        download_url=await store.signed_url(asset.key, expires_in=lasts, download_name=name),
        expires_in=settings.link_seconds,
    )


routers = (
    *resource("/api/v1/upload-asset", [upload_asset], tag="assets"),
    *resource("/api/v1/assets", [get_asset, get_asset_content, delete_asset], tag="assets"),
    *resource("/api/v1/projects", [list_assets], tag="assets"),
)
