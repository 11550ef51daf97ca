"""`/api/v1/media`: pictures, speech, clips and music by themselves, and every asset's origin."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

import msgspec
import structlog
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg, FromPath, HeaderParameter, SkipValidation
from litestar.response import Redirect

from cms_bridge import own_files
from cms_bridge.access.callers import Action, Caller
from cms_bridge.access.keys import Whose, needs
from cms_bridge.api.contract import UNFILMABLE, terms
from cms_bridge.api.resources import resource
from cms_bridge.assets import AssetRecord
from cms_bridge.errors import (
    ApprovalConflict,
    IdempotencyConflict,
    MediumNotFound,
    MediumNotReady,
    ProjectNotFound,
)
from cms_bridge.fields import (
    LONGEST_NAME,
    ONE_LINE,
    Dollars,
    Id,
    Moment,
    MusicSeconds,
    Name,
    Person,
    Words,
)
from cms_bridge.jobs import media
from cms_bridge.jobs.media import Medium, Order
from cms_bridge.pricing.amounts import rounded
from cms_bridge.pricing.estimates import Prices
from cms_bridge.settings import BridgeSettings
from cms_bridge.states import JobKind, Status
from cms_bridge.storage.base import ObjectStore
from render.cast import CastKind
from render.generation.base import Kind
from render.problem import Problem
from render.source import Source
from render.storyboard import AspectRatio, Locale, Role, Take

log = structlog.get_logger()

_ASSET = "/assets/{asset_id:uuid}"
_USUAL_SECONDS = {"music": 60, "video": 5}


MediaKind = Literal["image", "speech", "music", "clip"]
"""What a medium is; a clip is what was asked for as a `video`, or made for a scene of one."""


class MediaStatus(StrEnum):
    """Where a medium stands."""

    QUEUED = "queued"
    """No worker has taken it yet, or it is tried again later."""
    GENERATING = "generating"
    READY = "ready"
    """It is there: `contentUrl` leads to it."""
    FAILED = "failed"
    """`error` says why. `POST /api/v1/jobs/{id}/render` tries again."""
    CANCELLED = "cancelled"


_STATUSES = {
    Status.GENERATING: MediaStatus.GENERATING,
    Status.COMPLETED: MediaStatus.READY,
    Status.FAILED: MediaStatus.FAILED,
    Status.CANCELLED: MediaStatus.CANCELLED,
}


class MediaRequest(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """A picture, a spoken text, music or a clip, wanted by itself."""

    project_id: Id
    """Whose caps and whose assets; a project that is not known yet begins with this."""
    kind: Literal["image", "speech", "music", "video"]
    """A `video` is a clip: a still, drawn or given, that a model sets in motion."""
    prompt: str
    """What to draw, to film or to compose, or the words to be spoken."""
    style: Words = ""
    """How a picture should look, in words."""
    aspect_ratio: AspectRatio = AspectRatio.LANDSCAPE
    voice: Words = ""
    """Who speaks, in a provider's terms; empty for the language's usual voice."""
    locale: Locale = "en"
    seconds: MusicSeconds | None = None
    """How long music or a video should be; null for 60 seconds of music, and 5 of a video, which
    may have 60 at the most."""
    first_frame: UUID | None = None
    """A picture given to the project (`POST upload-asset`), with which a video begins; null has one
    drawn first, by the same prompt."""
    sound: bool = False
    """Whether a video is made with its own sound; 422 where the model that makes clips cannot be
    asked for it. Of no meaning for anything else."""
    reference: CastKind | None = None
    """Set where a picture is to be the reference of a person, a place or a thing of a cast: its
    prompt says how that looks, and it is drawn alone and whole."""
    take: Take = 0
    """Which of several pictures, or readings, of the same words: another number is another one."""
    up_to: Dollars | None = None
    """US dollars that it may cost at most: 409 tells what it may cost where that is more, and
    nothing is made. Null for whatever the caps allow."""
    document: Name = ""
    """The CMS document that it is for, under whose cap it is made; empty for one of its own."""
    field: Name = ""
    """The document's field that it is for: provenance."""
    version: Name = ""
    """The document's version: provenance."""
    by: Person = ""
    """Who asks: an e-mail address or a name."""


class MediaAsset(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A medium, and how it came to be. Amounts are US dollars as text."""

    id: UUID
    project_id: str
    job_id: UUID
    kind: MediaKind
    status: MediaStatus
    provider: str | None
    model_intended: str | None
    """The model asked first."""
    model_used: str | None
    """Null until it is made, like the model intended."""
    model_fallback_occurred: bool
    source: Source | None
    """Who made it: a `model`; `rule`, for a designed card or the offline voice; or nobody here, as
    it came from the `stock` folder or was an `upload`. Null until it is made."""
    placeholder: bool
    """Whether it stands in for a model's work: what comes from stock or was made by rule."""
    attempts: int
    """Calls made for it, failed ones included."""
    latency: float | None
    """Seconds that the call which made it took."""
    estimated_cost: Decimal | None
    """What it may cost at most; null for what was made for a video, which is priced as a whole."""
    cost: Decimal
    """What was charged for it; nothing for what the project already had."""
    request_digest: str = msgspec.field(name="promptHash")
    """SHA-256, in hex, of what a model was asked: the same question has the same answer."""
    document: str
    field: str
    version: str
    warnings: list[Problem]
    error: Problem | None
    media_type: str | None
    bytes: int | None
    content_url: str | None
    """Where its bytes are, for whoever has the key; null until it is ready."""
    created_at: Moment
    updated_at: Moment


_AT = datetime(2026, 11, 21, 10, 12, 30, tzinfo=UTC)
_ID = UUID("6f1c6f52-3c43-4a0e-9a2f-0d3f2b7c1f5e")
_WANTED = MediaRequest(
    project_id="bakery",
    kind="image",
    prompt="A baker lifts a loaf out of a wood-fired oven",
    style="Warm morning light, grainy film",
    document="42",
    field="hero",
    version="2026-11-21T10:12:00Z",
    by="ann@example.com",
)
_QUEUED = MediaAsset(
    id=_ID,
    project_id="bakery",
    job_id=_ID,
    kind="image",
    status=MediaStatus.QUEUED,
    provider=None,
    model_intended=None,
    model_used=None,
    model_fallback_occurred=False,
    source=None,
    placeholder=False,
    attempts=0,
    latency=None,
    estimated_cost=Decimal("0.140000"),
    cost=Decimal("0.000000"),
    request_digest="9d1f5c0a6b2e48d7f3a1c5e7092b4d6f8a0c2e4f6b8d0a1c3e5f7092b4d6f8a0",
    document="42",
    field="hero",
    version="2026-11-21T10:12:00Z",
    warnings=[],
    error=None,
    media_type=None,
    bytes=None,
    content_url=None,
    created_at=_AT,
    updated_at=_AT,
)
_READY = msgspec.structs.replace(
    _QUEUED,
    status=MediaStatus.READY,
    provider="replicate",
    source=Source.MODEL,
    model_intended="gemini-nano-banana-2.1",
    model_used="black-forest-labs/flux-1.1-pro-ultra",
    model_fallback_occurred=True,
    attempts=2,
    latency=7.914,
    cost=Decimal("0.060000"),
    warnings=[
        Problem(
            code="model_fallback",
            message="“black-forest-labs/flux-1.1-pro-ultra” made this in place of"
            " “gemini-nano-banana-2.1”.",
            params={
                "intended": "gemini-nano-banana-2.1",
                "used": "black-forest-labs/flux-1.1-pro-ultra",
                "reason": "generation_unavailable",
            },
        )
    ],
    media_type="image/png",
    bytes=2_481_772,
    content_url=f"/api/v1/media/assets/{_ID}/content",
    updated_at=_AT + timedelta(seconds=9),
)


_DAMAGED = Problem(
    code="asset_damaged", message="It could not be read any more. Asked for again, it is made anew."
)


def _answer(description: str, *examples: tuple[str, MediaAsset]) -> ResponseSpec:
    return ResponseSpec(
        MediaAsset,
        generate_examples=False,
        description=description,
        examples=[Example(summary=summary, value=value) for summary, value in examples],
    )


@post(
    "/generate",
    status_code=HTTPStatus.ACCEPTED,
    opt=terms(ProjectNotFound, IdempotencyConflict, ApprovalConflict, *UNFILMABLE)
    | needs(Action.SPEND, whose=Whose.REQUEST),
    summary="Have a picture, a spoken text, music or a clip made",
    responses={
        HTTPStatus.ACCEPTED: _answer("It is being made", ("Waiting for a worker", _QUEUED)),
        HTTPStatus.OK: _answer("It is there", ("What the project already had", _READY)),
    },
)
async def generate_media(
    data: Annotated[
        MediaRequest, BodyKwarg(examples=[Example(summary="A picture", value=_WANTED)])
    ],
    caller: NamedDependency[SkipValidation[Caller]],
    settings: NamedDependency[BridgeSettings],
    prices: NamedDependency[SkipValidation[Prices]],
    idempotency_key: Annotated[
        str | None,
        HeaderParameter(
            name="Idempotency-Key",
            max_length=LONGEST_NAME,
            pattern=ONE_LINE,
            description="The same key, with the same request, names the same medium for ever.",
        ),
    ] = None,
) -> Response[MediaAsset]:
    """Write an order down and answer 202; 200 where the very same was made before.

    It is made under the caps of its project, document and month; 409 if the key
    was used with another request, 422 if there is nothing to make.
    """
    caller.check_project(data.project_id)
    wanted = Order(
        project=data.project_id,
        kind=JobKind.CLIP if data.kind == "video" else JobKind(data.kind),
        prompt=data.prompt,
        style=data.style,
        voice=data.voice,
        locale=data.locale,
        aspect_ratio=data.aspect_ratio,
        seconds=data.seconds or _USUAL_SECONDS.get(data.kind, 0),
        first_frame=data.first_frame,
        sound=data.sound,
        reference=data.reference,
        take=data.take,
        up_to=None if data.up_to is None else Decimal(data.up_to),
        document=data.document,
        field=data.field,
        version=data.version,
        by=data.by,
    )
    medium, missing = await media.order(
        wanted, key=idempotency_key or None, limits=settings.limits, prices=prices
    )
    found = await media.find(medium)
    log.info("media.ordered", job_id=str(medium), kind=data.kind, ready=not missing)
    return Response(
        _view(found),
        status_code=HTTPStatus.ACCEPTED if missing else HTTPStatus.OK,
        headers={"Location": f"/api/v1/media/assets/{medium}"},
    )


@get(
    _ASSET,
    opt=terms(MediumNotFound) | needs(Action.READ),
    summary="A picture or a spoken text, with how it came to be",
    responses={HTTPStatus.OK: _answer("As it stands", ("Ready", _READY), ("Waiting", _QUEUED))},
)
async def get_media_asset(asset_id: FromPath[UUID]) -> MediaAsset:
    """Return a medium that was asked for, or an asset of a video; 404 if there is neither."""
    return _view(await media.find(asset_id))


@get(
    f"{_ASSET}/content",
    status_code=HTTPStatus.TEMPORARY_REDIRECT,
    opt=terms(MediumNotFound, MediumNotReady) | needs(Action.READ),
    summary="The bytes of a picture or a spoken text",
)
async def get_media_content(
    asset_id: FromPath[UUID],
    store: NamedDependency[SkipValidation[ObjectStore]],
    settings: NamedDependency[BridgeSettings],
) -> Redirect:
    """Redirect to a fresh, expiring link, which knows Range; 404 or, while it is made, 409."""
    link = await store.signed_url(
        await media.content_key(asset_id), expires_in=timedelta(seconds=settings.link_seconds)
    )
    return Redirect(
        link,
        status_code=307,
        headers={"Cache-Control": "private, no-store"},
    )


_MADE_BY_ITSELF: Mapping[JobKind, MediaKind] = {
    JobKind.IMAGE: "image",
    JobKind.MUSIC: "music",
    JobKind.CLIP: "clip",
}
_OF_VIDEO: Mapping[Kind, tuple[MediaKind, str]] = {
    Kind.PICTURE: ("image", "picturePrompt"),
    Kind.NARRATION: ("speech", "narration"),
    Kind.CLIP: ("clip", "motionPrompt"),
    Kind.MUSIC: ("music", "music.prompt"),
}
"""What is told of a film's asset, and of which field it was made."""


def _view(medium: Medium) -> MediaAsset:
    job, asset = medium.job, medium.asset
    view = MediaAsset(
        id=medium.id,
        project_id=job.project,
        job_id=job.id,
        kind=_MADE_BY_ITSELF.get(job.kind, "speech"),
        status=_STATUSES.get(job.status, MediaStatus.QUEUED),
        provider=None,
        model_intended=None,
        model_used=None,
        model_fallback_occurred=False,
        source=None,
        placeholder=False,
        attempts=0,
        latency=None,
        estimated_cost=rounded(job.estimated_cost),
        cost=rounded(job.actual_cost),
        request_digest=medium.request_digest,
        document=job.video_id,
        field=job.field,
        version=job.version,
        warnings=list(job.charge_warnings),
        error=job.error,
        media_type=None,
        bytes=None,
        content_url=None,
        created_at=job.created_at,
        updated_at=job.updated_at,
    )
    if asset is None:
        return view
    made = _with_asset(view if medium.alone else _of_video(view, asset), asset)
    if not medium.damaged:
        return made
    return msgspec.structs.replace(
        made, status=MediaStatus.FAILED, content_url=None, error=_DAMAGED
    )


def _of_video(view: MediaAsset, asset: AssetRecord) -> MediaAsset:
    """Return the view of a scene's asset, which was finished when it was written down."""
    kind, field = _OF_VIDEO[asset.kind]
    if asset.medium.source is Source.UPLOAD:
        field = own_files.FIELDS[Role(asset.kind.value)]
    return msgspec.structs.replace(
        view,
        kind=kind,
        status=MediaStatus.READY,
        estimated_cost=None,
        cost=rounded(asset.medium.cost),
        field=f"scenes.{asset.scene_id}.{field}" if asset.scene_id else field,
        warnings=[],
        error=None,
        created_at=asset.created_at,
        updated_at=asset.created_at,
    )


def _with_asset(view: MediaAsset, asset: AssetRecord) -> MediaAsset:
    medium, metadata = asset.medium, asset.medium.metadata
    return msgspec.structs.replace(
        view,
        provider=medium.provider,
        model_intended=medium.model_intended,
        model_used=medium.model_used,
        model_fallback_occurred=medium.fallback,
        source=medium.source,
        placeholder=medium.source.placeholder,
        attempts=metadata.calls,
        latency=metadata.latency,
        warnings=[*view.warnings, *metadata.warnings],
        media_type=medium.media_type,
        bytes=medium.bytes,
        content_url=f"/api/v1/media/assets/{view.id}/content",
    )


routers = resource(
    "/api/v1/media", [generate_media, get_media_asset, get_media_content], tag="media"
)
