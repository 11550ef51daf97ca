"""`/api/v1/videos/{id}/exports`: a finished film in another form, or with other captions.

Each is a job whose id is the export's: its price is approved, and it is watched, as any
job is (`/api/v1/jobs/{exportId}/approve` and `…/render`).
"""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

import msgspec
import structlog
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg, FromPath, SkipValidation
from msgspec.structs import replace

from cms_bridge.access.callers import Action, Caller
from cms_bridge.access.keys import needs
from cms_bridge.api.contract import UNFILMABLE, terms
from cms_bridge.api.renditions import FrameRate, RenditionView, view
from cms_bridge.api.resources import resource
from cms_bridge.errors import ExportNotFound, IllegalMove, VideoNotFound, VideoNotReady
from cms_bridge.fields import Moment, Person
from cms_bridge.jobs import approvals, exports, tasks, transitions
from cms_bridge.jobs.exports import Export, Order
from cms_bridge.pricing import caps
from cms_bridge.pricing.amounts import Caps, rounded
from cms_bridge.pricing.estimates import MusicEstimate, Prices, SceneEstimate
from cms_bridge.records import JobRecord
from cms_bridge.settings import BridgeSettings
from cms_bridge.states import FINISHED, Status
from render.problem import Problem
from render.rendition import Codec, Quality, frame_rate, rate_name
from render.storyboard import AspectRatio, CaptionStyle

log = structlog.get_logger()

_ONE = "/{video_id:uuid}/exports/{export_id:uuid}"


class Resolution(StrEnum):
    """How large a film is made, by the lines of its short side."""

    FULL = "1080p"
    HD = "720p"
    PREVIEW = "360p"


_QUALITIES = {
    Resolution.FULL: Quality.FULL,
    Resolution.HD: Quality.HD,
    Resolution.PREVIEW: Quality.PREVIEW,
}
_RESOLUTIONS = {quality: resolution for resolution, quality in _QUALITIES.items()}


class Pictures(StrEnum):
    """What becomes of a film's pictures in another shape."""

    CROPPED = "cropped"
    """Cropped around each scene's focus, which costs nothing."""
    ANEW = "anew"
    """Made for that shape, at a price that is to be approved."""


class ExportOrder(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """The form in which a film is wanted."""

    aspect_ratio: AspectRatio | None = None
    """Null for the film's own."""
    resolution: Resolution = Resolution.FULL
    format: Codec = Codec.H264
    """How pictures are compressed, in an MP4."""
    fps: FrameRate = FrameRate.R30
    pictures: Pictures = Pictures.CROPPED
    """What becomes of pictures in another shape."""
    captions: CaptionStyle | None = None
    """How captions are burned into the picture; null for as they are in the film."""
    hls: bool = False
    """Whether it is also made as an HLS stream, for players on any line."""
    previews: bool = False
    """Whether small moving previews are made too: its first half minute as WebM, and a GIF of a few
    moments."""
    by: Person = ""
    """Who asks: an e-mail address or a name; the key's id where none is given."""


class ExportPrice(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What an export may cost, in US dollars as text."""

    storyboard_digest: str
    """What an approval of it names."""
    to_approve: Decimal
    """At most: it begins by itself at 0, and else once this is approved."""
    lost_at_most: Decimal
    """What calls whose answer is lost may cost on top, as the project allows; 0 where they wait for
    a person's word, or nothing is to be paid."""
    scenes: tuple[SceneEstimate, ...]
    music: MusicEstimate | None
    """Null where no model is to compose any."""


class VideoExport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An export of a film."""

    id: UUID
    """Its own, and its job's."""
    video_id: UUID
    status: Status
    progress: int
    """Percent."""
    aspect_ratio: AspectRatio
    resolution: Resolution
    format: Codec
    fps: FrameRate
    cropped: bool
    """Whether pictures made for the film's shape are cropped to this one."""
    captions: CaptionStyle
    """How captions are burned into the picture."""
    hls: bool
    """Whether an HLS stream of it was asked for."""
    previews: bool
    """Whether small moving previews of it were asked for."""
    storyboard_revision: int
    """Which revision of the film it is of."""
    storyboard_digest: str
    to_approve: Decimal
    """What an approval has to name, in US dollars as text; 0 once nothing more is to be paid."""
    lost_at_most: Decimal
    """What calls whose answer is lost may cost on top of that."""
    rendition: RenditionView | None
    """Null until it is done."""
    error: Problem | None
    created_at: Moment
    updated_at: Moment


class VideoExports(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The exports of a video."""

    exports: list[VideoExport]
    """The newest first."""


_AT = datetime(2026, 11, 28, 10, 12, 30, tzinfo=UTC)
_VIDEO, _ID = (
    UUID("0b0f6d0e-7d0c-4c8e-9a5e-2f3f5f1f9a11"),
    UUID("2c5d0b1e-53b8-4d1a-8a63-6f0d7a3e9b42"),
)
_UPRIGHT = ExportOrder(aspect_ratio=AspectRatio.PORTRAIT, by="ann@example.com")
_SMALL = ExportOrder(resolution=Resolution.PREVIEW, format=Codec.AV1, fps=FrameRate.R23_976)
_SHARED = ExportOrder(aspect_ratio=AspectRatio.SQUARE, previews=True)
_ANEW = ExportOrder(aspect_ratio=AspectRatio.SQUARE, pictures=Pictures.ANEW)
_LIT = ExportOrder(aspect_ratio=AspectRatio.PORTRAIT, captions=CaptionStyle.LIT, hls=True)
_BODY = BodyKwarg(
    examples=[
        Example(summary="Upright, cropped", value=_UPRIGHT),
        Example(summary="Small, in fewer bytes", value=_SMALL),
        Example(summary="Upright, each word lit as it is spoken, and as a stream", value=_LIT),
        Example(summary="Square, with pictures of its own", value=_ANEW),
        Example(summary="Square, with small previews to be shared", value=_SHARED),
    ]
)
_BEGUN = VideoExport(
    id=_ID,
    video_id=_VIDEO,
    status=Status.APPROVED,
    progress=5,
    aspect_ratio=AspectRatio.PORTRAIT,
    resolution=Resolution.FULL,
    format=Codec.H264,
    fps=FrameRate.R30,
    cropped=True,
    captions=CaptionStyle.NONE,
    hls=False,
    previews=False,
    storyboard_revision=1,
    storyboard_digest="9d1f3b6c" * 8,
    to_approve=Decimal("0.000000"),
    lost_at_most=Decimal("0.000000"),
    rendition=None,
    error=None,
    created_at=_AT,
    updated_at=_AT,
)
_WAITING = replace(
    _BEGUN,
    status=Status.STORYBOARD_COMPLETE,
    aspect_ratio=AspectRatio.SQUARE,
    cropped=False,
    to_approve=Decimal("0.080000"),
)
_DONE = replace(
    _BEGUN,
    status=Status.COMPLETED,
    progress=100,
    rendition=RenditionView(
        id=(made := UUID("6f1c6f52-3c43-4a0e-9a2f-0d3f2b7c1f5e")),
        export_id=_ID,
        number=1,
        storyboard_revision=1,
        changes=(),
        format=Codec.H264,
        fps=FrameRate.R30,
        duration=31.4,
        width=1080,
        height=1920,
        bytes=18_204_311,
        stream_url=f"/api/v1/videos/{_VIDEO}/renditions/{made}/stream",
        download_url=f"/api/v1/videos/{_VIDEO}/renditions/{made}/download",
        files=[],
        retired_at=None,
        created_at=_AT,
    ),
)


def _answer(description: str, *examples: tuple[str, VideoExport]) -> ResponseSpec:
    return ResponseSpec(
        VideoExport,
        generate_examples=False,
        description=description,
        examples=[Example(summary=summary, value=value) for summary, value in examples],
    )


@post(
    "/{video_id:uuid}/exports",
    status_code=HTTPStatus.ACCEPTED,
    opt=terms(VideoNotFound, VideoNotReady, *UNFILMABLE) | needs(Action.WRITE),
    summary="Export a finished film",
    responses={
        HTTPStatus.ACCEPTED: _answer(
            "It is being made, or waits for an approval",
            ("Begun, for nothing", _BEGUN),
            ("Waiting for its price to be approved", _WAITING),
        ),
        HTTPStatus.OK: _answer("It is done, or over", ("Done before", _DONE)),
    },
)
async def order_export(
    video_id: FromPath[UUID],
    data: Annotated[ExportOrder, _BODY],
    caller: NamedDependency[SkipValidation[Caller]],
    prices: NamedDependency[SkipValidation[Prices]],
    settings: NamedDependency[BridgeSettings],
) -> Response[VideoExport]:
    """Make the film that is shown once more, in another form; 409 until it is finished.

    Where that costs nothing it begins at once, and else waits for its price to be approved:
    `POST /api/v1/jobs/{exportId}/approve` and `…/render`. The same asked for twice is one export,
    whatever became of it, and answers 200 once it is over: see its retry.
    """
    wanted = _order(data, by=data.by or caller.key)
    export = await exports.order(video_id, wanted, prices, limits=settings.limits)
    log.info("export.ordered", job_id=str(export.job.id), video_id=str(video_id))
    told = await _view(export, prices, settings.caps)
    return Response(
        told,
        status_code=HTTPStatus.OK if told.status in FINISHED else HTTPStatus.ACCEPTED,
        headers={"Location": f"/api/v1/videos/{video_id}/exports/{told.id}"},
    )


@post(
    "/{video_id:uuid}/exports/estimate",
    status_code=HTTPStatus.OK,
    opt=terms(VideoNotFound, VideoNotReady, *UNFILMABLE) | needs(Action.READ),
    summary="What an export would cost",
)
async def estimate_export(
    video_id: FromPath[UUID],
    data: Annotated[ExportOrder, _BODY],
    prices: NamedDependency[SkipValidation[Prices]],
    settings: NamedDependency[BridgeSettings],
) -> ExportPrice:
    """Return the price of an export; nothing is kept of it."""
    priced = await exports.price(video_id, _order(data), prices, limits=settings.limits)
    film = await transitions.find(video_id)
    return ExportPrice(
        storyboard_digest=priced.storyboard_digest,
        to_approve=rounded(priced.difference),
        lost_at_most=await _lost(film, priced.difference, settings.caps),
        scenes=priced.scenes,
        music=priced.music,
    )


@get(
    "/{video_id:uuid}/exports",
    opt=terms(VideoNotFound) | needs(Action.READ),
    summary="The exports of a video",
)
async def list_exports(
    video_id: FromPath[UUID],
    prices: NamedDependency[SkipValidation[Prices]],
    settings: NamedDependency[BridgeSettings],
) -> VideoExports:
    """Return every export of a video, the newest first."""
    found = await exports.of_video(video_id)
    return VideoExports(exports=[await _view(one, prices, settings.caps) for one in found])


@get(
    _ONE,
    opt=terms(VideoNotFound, ExportNotFound) | needs(Action.READ),
    summary="An export of a video",
    responses={HTTPStatus.OK: _answer("As it stands", ("Done", _DONE), ("Waiting", _WAITING))},
)
async def get_export(
    video_id: FromPath[UUID],
    export_id: FromPath[UUID],
    prices: NamedDependency[SkipValidation[Prices]],
    settings: NamedDependency[BridgeSettings],
) -> VideoExport:
    """Return where an export stands, and its rendition once it is done."""
    return await _view(await exports.find(video_id, export_id), prices, settings.caps)


@post(
    f"{_ONE}/cancel",
    status_code=HTTPStatus.OK,
    opt=terms(VideoNotFound, ExportNotFound, IllegalMove) | needs(Action.WRITE),
    summary="Cancel an export",
)
async def cancel_export(
    video_id: FromPath[UUID],
    export_id: FromPath[UUID],
    prices: NamedDependency[SkipValidation[Prices]],
    settings: NamedDependency[BridgeSettings],
) -> VideoExport:
    """Stop an export; to cancel it again changes nothing. 409 once it is done."""
    export = await exports.find(video_id, export_id)
    await transitions.cancel_job(export.job.id)
    log.info("job.cancelled", job_id=str(export_id))
    return await _view(await exports.find(video_id, export_id), prices, settings.caps)


@post(
    f"{_ONE}/retry",
    status_code=HTTPStatus.OK,
    opt=terms(VideoNotFound, ExportNotFound, IllegalMove) | needs(Action.WRITE),
    summary="Begin an export again",
)
async def retry_export(
    video_id: FromPath[UUID],
    export_id: FromPath[UUID],
    prices: NamedDependency[SkipValidation[Prices]],
    settings: NamedDependency[BridgeSettings],
) -> VideoExport:
    """Begin an export again that failed or was cancelled, with what it has; 409 once it is done.

    No more is spent than was approved.
    """
    export = await exports.find(video_id, export_id)
    await tasks.retry(export.job.id)
    log.info("job.retried", job_id=str(export_id))
    return await _view(await exports.find(video_id, export_id), prices, settings.caps)


def _order(data: ExportOrder, *, by: str = "") -> Order:
    return Order(
        aspect_ratio=data.aspect_ratio,
        quality=_QUALITIES[data.resolution],
        format=data.format,
        fps=frame_rate(data.fps),
        new_pictures=data.pictures is Pictures.ANEW,
        captions=data.captions,
        hls=data.hls,
        previews=data.previews,
        by=by,
    )


async def _lost(job: JobRecord, due: Decimal, limits: Caps) -> Decimal:
    """Return what lost calls may cost on top of what is due; where nothing is, nothing is lost."""
    lost = await caps.room_for_lost(job.project, job.video_id, limits) if due else Decimal(0)
    return rounded(lost)


async def _view(export: Export, prices: Prices, limits: Caps) -> VideoExport:
    job, made = export.job, export.rendition
    assert job.parent  # noqa: S101 - an export has one
    due = Decimal(0)
    if job.status is Status.STORYBOARD_COMPLETE or approvals.is_stopped(job):
        due = (await approvals.quote(job, export.storyboard, prices)).named
    return VideoExport(
        id=job.id,
        video_id=job.parent,
        status=job.status,
        progress=job.progress,
        aspect_ratio=export.storyboard.aspect_ratio,
        resolution=_RESOLUTIONS[job.output.quality],
        format=job.output.format,
        fps=FrameRate(rate_name(job.output.rate)),
        cropped=job.output.picture_shape is not None,
        captions=export.storyboard.captions,
        hls=bool(job.output.hls),
        previews=job.output.previews,
        storyboard_revision=job.storyboard_revision,
        storyboard_digest=job.storyboard_digest,
        to_approve=rounded(due),
        lost_at_most=await _lost(job, due, limits),
        rendition=view(job.parent, made) if made else None,
        error=job.error,
        created_at=job.created_at,
        updated_at=job.updated_at,
    )


routers = resource(
    "/api/v1/videos",
    [order_export, estimate_export, list_exports, get_export, cancel_export, retry_export],
    tag="videos",
)
