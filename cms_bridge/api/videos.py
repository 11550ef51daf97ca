"""`/api/v1/videos`: a video and its job, where that stands, and links to what is finished.

A video goes by the id of its job: a submission of the CMS, or an order by the API.
Its files are served by `cms_bridge.api.renditions`.
"""

from datetime import timedelta
from decimal import Decimal
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

import msgspec
import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, QueryParameter, SkipValidation

from cms_bridge import films
from cms_bridge.access.callers import Action
from cms_bridge.access.keys import needs
from cms_bridge.api.conditions import ETAG, UNCHANGED
from cms_bridge.api.contract import terms
from cms_bridge.api.playlists import PlaylistLinks, is_playlist
from cms_bridge.api.polling import polled, status_of
from cms_bridge.api.renditions import RenditionView, handlers, view
from cms_bridge.api.resources import resource
from cms_bridge.api.stages import AskedModel, JobStage, PlaceInLine
from cms_bridge.errors import (
    IllegalMove,
    JobNotFound,
    RenditionNotFound,
    RenditionRetired,
    VideoNotFound,
)
from cms_bridge.fields import Moment
from cms_bridge.jobs import approvals, renditions, transitions
from cms_bridge.jobs.line import Line
from cms_bridge.jobs.statuses import Form
from cms_bridge.pricing.amounts import rounded
from cms_bridge.records import JobRecord
from cms_bridge.settings import BridgeSettings
from cms_bridge.states import FileKind, Priority, Status
from cms_bridge.storage.base import ObjectStore
from render.problem import Problem
from render.storyboard import Storyboard

log = structlog.get_logger()

_JOB = "/jobs/{job_id:uuid}"


class JobStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a job stands."""

    id: UUID
    project_id: str
    video_id: str
    submission: int
    priority: Priority | None
    """Null for the project's own."""
    status: Status
    progress: int
    """Percent."""
    scenes_done: int
    scenes_total: int
    approved: bool
    storyboard: Storyboard | None
    storyboard_digest: str
    storyboard_revision: int
    estimated_cost: Decimal
    """US dollars, as text."""
    actual_cost: Decimal
    """What is settled, the writing of the storyboard included."""
    approved_cost: Decimal | None
    """What may be spent on it at most by its approval; null while there is none."""
    spent: Decimal
    """What counts against that: settled, unknown or set aside since the storyboard was written."""
    needs: Decimal
    """What a job that stopped for it needs beyond what was approved; else 0. The estimate tells
    what it is at this moment, and what an approval of it names."""
    line: PlaceInLine | None
    """Null unless it waits for a worker; up to `REELWRIGHT_STATUS_CACHE_SECONDS` old."""
    stage: JobStage | None
    """Null while nobody works on it."""
    model: AskedModel | None
    """Null while no model is asked."""
    model_fallback_occurred: bool
    generation_warnings: list[Problem]
    retry_count: int
    error: Problem | None
    video_url: str | None
    """Where to ask for links to the finished video."""
    created_at: Moment
    updated_at: Moment


class ExpiringLink(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An expiring URL."""

    url: str
    download_url: str | None = None
    """The same bytes, to be saved under a readable name."""


class VideoLinks(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a finished video and its poster can be fetched, for a while."""

    video: ExpiringLink
    poster: ExpiringLink
    hls: ExpiringLink | None
    """The playlist for a player that streams; it needs no key. Null where there is none."""
    captions: ExpiringLink | None
    """As WebVTT, like the next two."""
    chapters: ExpiringLink | None
    thumbnails: ExpiringLink | None
    """Small pictures of the whole film, for a player's time line."""
    webm: ExpiringLink | None
    """A small preview with sound, where an export was ordered with previews."""
    gif: ExpiringLink | None
    """A smaller one, for where nothing plays."""
    expires_in: int
    """Seconds."""


class Video(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A video, finished or not."""

    id: UUID
    """Its own, and its job's."""
    project_id: str
    document: str
    """The CMS document that it is made of."""
    submission: int
    title: str
    status: Status
    progress: int
    """Percent."""
    renditions: list[RenditionView]
    """Its finished films, the newest first."""
    error: Problem | None
    created_at: Moment
    updated_at: Moment


@get(
    "/{video_id:uuid}",
    opt=terms(VideoNotFound) | needs(Action.READ),
    summary="A video and its renditions",
)
async def get_video(video_id: FromPath[UUID]) -> Video:
    """Return a video with each of its finished films; 404 if there is none by this id."""
    return await find_video(video_id)


async def find_video(video_id: UUID) -> Video:
    """Return a video as the API tells of it; raise `VideoNotFound`."""
    job, found = await renditions.of_video(video_id)
    return Video(
        id=job.id,
        project_id=job.project,
        document=job.video_id,
        submission=job.submission,
        title=job.title,
        status=job.status,
        progress=job.progress,
        renditions=[view(job.id, one) for one in found],
        error=job.error,
        created_at=job.created_at,
        updated_at=job.updated_at,
    )


@get(
    f"{_JOB}/status",
    opt=terms(JobNotFound) | needs(Action.READ) | polled(Form.JOB, named="job_id"),
    summary="A job's status",
    response_headers=[ETAG],
    responses={
        HTTPStatus.OK: ResponseSpec(JobStatus, generate_examples=False, description="As it stands"),
        HTTPStatus.NOT_MODIFIED: UNCHANGED,
    },
)
async def get_job_status(
    request: Request[Any, Any, Any],
    job_id: FromPath[UUID],
    line: NamedDependency[SkipValidation[Line]],
) -> Response[JobStatus]:
    """Return where a job stands; 404 if there is none."""
    return await status_of(request, job_id, Form.JOB, partial(_read, line=line))


@post(
    f"{_JOB}/cancel",
    status_code=HTTPStatus.OK,
    opt=terms(JobNotFound, IllegalMove) | needs(Action.WRITE),
    summary="Cancel a job",
)
async def cancel_job(
    job_id: FromPath[UUID], line: NamedDependency[SkipValidation[Line]]
) -> JobStatus:
    """Cancel a job, and return where it stands; to cancel it again changes nothing.

    Whoever works on it stops within a second (`REELWRIGHT_HEARTBEAT_SECONDS` while Redis is
    away). What was
    charged by then stays charged, and what was made for it is kept for a retry. 409 once it is
    completed.
    """
    await transitions.cancel_job(job_id)
    log.info("job.cancelled", job_id=str(job_id))
    return await _status_of(job_id, line)


@get(
    f"{_JOB}/links",
    opt=terms(JobNotFound, VideoNotFound, RenditionNotFound, RenditionRetired) | needs(Action.READ),
    summary="Links to a finished video",
)
async def get_video_links(
    job_id: FromPath[UUID],
    store: NamedDependency[SkipValidation[ObjectStore]],
    settings: NamedDependency[BridgeSettings],
    playlist_links: NamedDependency[SkipValidation[PlaylistLinks]],
    rendition: Annotated[
        UUID | None, QueryParameter(description="One of the video's renditions; else the newest.")
    ] = None,
) -> VideoLinks:
    """Return fresh, expiring links to the finished video and its poster; 404 until then.

    410 for a rendition that is no longer kept.
    """
    job = await transitions.find(job_id)
    if rendition:
        newest = await renditions.find(job_id, rendition)
    else:
        shown = await films.finished(job_id)
        newest = await renditions.find(shown.job, shown.id)
    if newest.retired_at:
        raise RenditionRetired
    expires = timedelta(seconds=settings.link_seconds)

    async def link(kind: FileKind) -> ExpiringLink | None:
        if (file := newest.file(kind)) is None:
            return None
        if is_playlist(file.name):
            return ExpiringLink(url=playlist_links.url(newest.id, file.name, expires_in=expires))
        return ExpiringLink(url=await store.signed_url(file.key, expires_in=expires))

    video, poster = newest.film, newest.poster
    name = f"{job.title.strip() or 'video'}.mp4"
    return VideoLinks(
        video=ExpiringLink(
            url=await store.signed_url(video.key, expires_in=expires),
            download_url=await store.signed_url(video.key, expires_in=expires, download_name=name),
        ),
        poster=ExpiringLink(url=await store.signed_url(poster.key, expires_in=expires)),
        hls=await link(FileKind.HLS),
        captions=await link(FileKind.CAPTIONS),
        chapters=await link(FileKind.CHAPTERS),
        thumbnails=await link(FileKind.THUMBNAILS),
        webm=await link(FileKind.WEBM),
        gif=await link(FileKind.GIF),
        expires_in=settings.link_seconds,
    )


async def _read(job: UUID, *, line: Line) -> bytes:
    return msgspec.json.encode(await _status_of(job, line))


async def _status_of(job_id: UUID, line: Line) -> JobStatus:
    job = await transitions.find(job_id)
    place = PlaceInLine.of(await line.standing(job.id, job.status))
    return _status(job, await approvals.spent_on(job_id), place)


def _status(job: JobRecord, spent: Decimal, place: PlaceInLine | None) -> JobStatus:
    return JobStatus(
        id=job.id,
        project_id=job.project,
        video_id=job.video_id,
        submission=job.submission,
        priority=job.priority,
        status=job.status,
        progress=job.progress,
        scenes_done=job.scenes_done,
        scenes_total=job.scenes_total,
        approved=job.approved,
        storyboard=job.storyboard,
        storyboard_digest=job.storyboard_digest,
        storyboard_revision=job.storyboard_revision,
        estimated_cost=job.estimated_cost,
        actual_cost=job.actual_cost,
        approved_cost=None
        if job.approved_cost is None or not job.approved
        else rounded(job.approved_cost),
        spent=rounded(spent),
        needs=rounded(approvals.needed_by(job, spent)),
        line=place,
        stage=JobStage.of(job.stage),
        model=AskedModel.of(job.stage),
        model_fallback_occurred=job.model_fallback_occurred,
        generation_warnings=list(job.warnings),
        retry_count=job.retry_count,
        error=job.error,
        video_url=job.video_url,
        created_at=job.created_at,
        updated_at=job.updated_at,
    )


routers = resource(
    "/api/v1/videos",
    [get_video, get_job_status, cancel_job, get_video_links, *handlers],
    tag="videos",
)
