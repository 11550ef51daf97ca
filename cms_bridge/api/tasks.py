"""`/api/v1/tasks`: videos, pictures and sounds ordered by API, and any job as a task."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

import msgspec
import structlog
from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg, FromPath, HeaderParameter, SkipValidation

from cms_bridge.access.callers import Action, Caller
from cms_bridge.access.keys import Whose, needs
from cms_bridge.api.conditions import ETAG, UNCHANGED
from cms_bridge.api.contract import UNFILMABLE, terms
from cms_bridge.api.polling import polled, status_of
from cms_bridge.api.resources import resource
from cms_bridge.api.stages import AskedModel, JobStage, PlaceInLine
from cms_bridge.errors import (
    IdempotencyConflict,
    IllegalMove,
    JobNotFound,
    MediumNotFound,
    MediumNotReady,
    ProjectNotFound,
    Superseded,
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
from cms_bridge.jobs import media, submissions, tasks, transitions
from cms_bridge.jobs.line import Line, Standing
from cms_bridge.jobs.media import LONGEST_CLIP, Bed, Order
from cms_bridge.jobs.statuses import Form
from cms_bridge.jobs.submissions import VideoOrder
from cms_bridge.jobs.tasks import TaskRecord
from cms_bridge.pricing.amounts import rounded
from cms_bridge.pricing.estimates import Prices
from cms_bridge.settings import BridgeSettings
from cms_bridge.states import FINISHED, MEDIA, JobKind, Lane, Origin, Priority, StageName, Status
from render.problem import Problem
from render.storyboard import AspectRatio, Brief, Locale, Mood

log = structlog.get_logger()

_TASK = "/{task_id:uuid}"


class TaskKind(StrEnum):
    """What a task makes."""

    VIDEO = "video"
    """A video from a brief, by way of a storyboard that is approved."""
    IMAGE = "image"
    """One picture."""
    AUDIO = "audio"
    """A spoken text, alone or mixed with music, as a file of its own."""
    MUSIC = "music"
    """One piece of music."""
    CLIP = "clip"
    """One still set in motion."""
    EXPORT = "export"
    """Further shapes of a finished video; they are ordered where the video is."""
    READING = "reading"
    """What a video's animatic says until its narrations are made; listed only where asked for."""


KINDS = {
    TaskKind.VIDEO: JobKind.VIDEO,
    TaskKind.IMAGE: JobKind.IMAGE,
    TaskKind.AUDIO: JobKind.SPEECH,
    TaskKind.MUSIC: JobKind.MUSIC,
    TaskKind.CLIP: JobKind.CLIP,
    TaskKind.EXPORT: JobKind.EXPORT,
    TaskKind.READING: JobKind.READING,
}
_TASK_KINDS = {job: task for task, job in KINDS.items()}


def task_kind(kind: JobKind) -> TaskKind:
    """Return what a job of a kind is called as a task."""
    return _TASK_KINDS[kind]


class _Wanted(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="camel",
    forbid_unknown_fields=True,
    tag_field="kind",
):
    project_id: Id
    """Whose caps and whose assets; a project that is not known yet begins with this."""
    version: Name = ""
    """Of what it is made from, in the asker's words: provenance."""
    priority: Priority | None = None
    """Among the project's jobs that wait; null for the project's own."""
    by: Person = ""
    """Who asks: an e-mail address or a name; the key's id where none is given."""


class ApprovalUpTo(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """What a storyboard may cost to be approved by itself, as soon as it is written."""

    up_to: Dollars
    """US dollars: compared with the estimate, which is the most that it may cost."""


class VideoTask(_Wanted, frozen=True, kw_only=True, tag="video"):
    """A video from a brief."""

    brief: Brief
    approval: ApprovalUpTo | None = None
    """Null leaves it to a person: the task waits at `storyboard_complete` for
    `POST /api/v1/jobs/{id}/approve` and `…/render`. So it does when it may cost more."""


class _MediumTask(_Wanted, frozen=True, kw_only=True):
    document: Name = ""
    """The CMS document that it is for, under whose cap it is made; empty for one of its own."""
    field: Name = ""
    """The document's field that it is for: provenance."""


class ImageTask(_MediumTask, frozen=True, kw_only=True, tag="image"):
    """One picture."""

    prompt: str
    """What to draw."""
    style: Words = ""
    """How it should look, in words."""
    aspect_ratio: AspectRatio = AspectRatio.LANDSCAPE


class MusicBed(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """Music under the voice: looped to its length, faded, and ducked while somebody speaks."""

    asset_id: UUID | None = None
    """Something to hear that the project has; null where a mood is named."""
    mood: Mood | None = None
    """Built-in music of a mood, instead of an asset."""
    volume: Annotated[float, msgspec.Meta(ge=-60, le=0)] = -14.0
    """Loudness against the voice, in LU."""
    duck: Annotated[float, msgspec.Meta(ge=0, le=40)] = 8.0
    """Decibels by which it steps back while somebody speaks."""
    fade_in: Annotated[float, msgspec.Meta(ge=0, le=30)] = 1.0
    """Seconds."""
    fade_out: Annotated[float, msgspec.Meta(ge=0, le=30)] = 2.5
    """Seconds."""


class AudioTask(_MediumTask, frozen=True, kw_only=True, tag="audio"):
    """A spoken text: WAV as it was spoken, or mixed with music AAC at −16 LUFS in an MP4."""

    text: str
    """The words to be spoken."""
    voice: Words = ""
    """Who speaks, in a provider's terms; empty for the language's usual voice."""
    locale: Locale = "en"
    music: MusicBed | None = None


class MusicTask(_MediumTask, frozen=True, kw_only=True, tag="music"):
    """A piece of music, instrumental."""

    prompt: str
    """What it should sound like."""
    seconds: MusicSeconds = 60
    """How long it should be; it is as long as a model makes it."""


class ClipTask(_MediumTask, frozen=True, kw_only=True, tag="clip"):
    """A clip: a still, drawn or given, that a model sets in motion."""

    prompt: str
    """What is to be seen, and what happens in it."""
    first_frame: UUID | None = None
    """A picture given to the project, with which it begins; null has one drawn first."""
    style: Words = ""
    """How the still should look, in words."""
    aspect_ratio: AspectRatio = AspectRatio.LANDSCAPE
    seconds: Annotated[float, msgspec.Meta(ge=1, le=LONGEST_CLIP)] = 5
    """How long it should be; it is as long as a model makes it."""
    sound: bool = False
    """Whether it is made with its own sound; 422 where the model that makes clips cannot be
    asked for it."""


class Task(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a task stands. Amounts are US dollars as text."""

    id: UUID
    """Also the job's: `/api/v1/jobs/{id}/…` and `/api/v1/videos/jobs/{id}/…` know it by this."""
    project_id: str
    kind: TaskKind
    origin: Origin
    priority: Priority | None
    """Null for the project's own."""
    video_id: str
    """The CMS document's, or one of its own."""
    title: str
    status: Status
    progress: int
    """Percent."""
    scenes_done: int
    scenes_total: int
    approved: bool
    estimated_cost: Decimal
    """At most; 0 until there is a storyboard."""
    approved_cost: Decimal | None
    """What may be spent on it at most by its approval; null while there is none."""
    actual_cost: Decimal
    model_fallback_occurred: bool
    """Whether a model stepped in for the one that was asked first."""
    line: PlaceInLine | None
    """Null unless it waits for a worker; up to `REELWRIGHT_STATUS_CACHE_SECONDS` old."""
    stage: JobStage | None
    """Null while nobody works on it."""
    model: AskedModel | None
    """Null while no model is asked."""
    retry_count: int
    """Automatic retries of the present phase."""
    warnings: list[Problem]
    error: Problem | None
    """Why it failed, or was cancelled by no person."""
    result_url: str | None
    """Where what it made is found, for whoever has the key; null until it is there."""
    created_at: Moment
    updated_at: Moment


_AT = datetime(2026, 11, 28, 10, 12, 30, tzinfo=UTC)
_ID = UUID("0b0f6d0e-7d0c-4c8e-9a5e-2f3f5f1f9a11")
_VIDEO = VideoTask(
    project_id="bakery",
    brief=Brief(title="Sourdough", script="The first loaf leaves the oven at five."),
    approval=ApprovalUpTo(up_to="1.50"),
    by="ann@example.com",
)
_IMAGE = ImageTask(project_id="bakery", prompt="A baker lifts a loaf out of a wood-fired oven")
_AUDIO = AudioTask(
    project_id="bakery",
    text="The first loaf leaves the oven at five.",
    music=MusicBed(asset_id=UUID("6f1c6f52-3c43-4a0e-9a2f-0d3f2b7c1f5e")),
)
TASK = Task(
    id=_ID,
    project_id="bakery",
    kind=TaskKind.VIDEO,
    origin=Origin.API,
    priority=None,
    video_id=f"task-{_ID}",
    title="Sourdough",
    status=Status.PENDING,
    progress=0,
    scenes_done=0,
    scenes_total=0,
    approved=False,
    estimated_cost=Decimal("0.000000"),
    approved_cost=None,
    actual_cost=Decimal("0.000000"),
    model_fallback_occurred=False,
    line=PlaceInLine(lane=Lane.DRAFTS, place=3, starts_at=_AT + timedelta(minutes=4)),
    stage=None,
    model=None,
    retry_count=0,
    warnings=[],
    error=None,
    result_url=None,
    created_at=_AT,
    updated_at=_AT,
)
_WORKING = msgspec.structs.replace(
    TASK,
    status=Status.GENERATING,
    progress=20,
    scenes_total=4,
    approved=True,
    estimated_cost=Decimal("0.560000"),
    approved_cost=Decimal("0.560000"),
    line=None,
    stage=JobStage(name=StageName.PICTURE, scene=3, scene_id="s3"),
    model=AskedModel(provider="gemini", name="gemini-2.5-flash-image"),
    updated_at=_AT + timedelta(minutes=1),
)
_DONE = msgspec.structs.replace(
    TASK,
    status=Status.COMPLETED,
    progress=100,
    scenes_done=1,
    scenes_total=1,
    approved=True,
    estimated_cost=Decimal("0.140000"),
    approved_cost=Decimal("0.140000"),
    actual_cost=Decimal("0.060000"),
    line=None,
    result_url=f"/api/v1/videos/jobs/{_ID}/links",
    updated_at=_AT + timedelta(minutes=3),
)


def _answer(description: str, *examples: tuple[str, Task]) -> ResponseSpec:
    return ResponseSpec(
        Task,
        generate_examples=False,
        description=description,
        examples=[Example(summary=summary, value=value) for summary, value in examples],
    )


@post(
    "/submit",
    status_code=HTTPStatus.ACCEPTED,
    opt=terms(ProjectNotFound, IdempotencyConflict, MediumNotFound, MediumNotReady, *UNFILMABLE)
    | needs(Action.SPEND, whose=Whose.REQUEST),
    summary="Have a video, a picture or a sound made",
    responses={
        HTTPStatus.ACCEPTED: _answer("It is being made", ("Waiting for a worker", TASK)),
        HTTPStatus.OK: _answer("It is done, or over", ("Done before", _DONE)),
    },
)
async def submit_task(  # noqa: PLR0913, PLR0917 - Litestar's
    data: Annotated[
        VideoTask | ImageTask | AudioTask | MusicTask | ClipTask,
        BodyKwarg(
            examples=[
                Example(summary="A video, approved up to a price", value=_VIDEO),
                Example(summary="A picture", value=_IMAGE),
                Example(summary="A narration over music", value=_AUDIO),
            ]
        ),
    ],
    caller: NamedDependency[SkipValidation[Caller]],
    settings: NamedDependency[BridgeSettings],
    prices: NamedDependency[SkipValidation[Prices]],
    line: NamedDependency[SkipValidation[Line]],
    idempotency_key: Annotated[
        str | None,
        HeaderParameter(
            name="Idempotency-Key",
            max_length=LONGEST_NAME,
            pattern=ONE_LINE,
            description="The same key, with the same request, names the same task for ever.",
        ),
    ] = None,
) -> Response[Task]:
    """Write a task down and answer 202; 200 where it is over already.

    Pictures and sounds are made at once, under the caps of project, document and month; a video
    once its storyboard is approved. 409 if the key was used with another request.
    """
    caller.check_project(data.project_id)
    by, key = data.by or caller.key, idempotency_key or None
    if isinstance(data, VideoTask):
        approval = data.approval
        task, _ = await submissions.order(
            VideoOrder(
                project=data.project_id,
                brief=data.brief,
                version=data.version,
                approve_up_to=rounded(Decimal(approval.up_to)) if approval else None,
                priority=data.priority,
                by=by,
            ),
            key=key,
            limits=settings.limits,
        )
    else:
        task, _ = await media.order(
            _medium(data, by), key=key, limits=settings.limits, prices=prices
        )
    found = await tasks.find(task)
    log.info("task.submitted", job_id=str(task), kind=task_kind(found.kind), status=found.status)
    return Response(
        view(found, await line.standing(task, found.status)),
        status_code=HTTPStatus.OK if found.status in FINISHED else HTTPStatus.ACCEPTED,
        headers={"Location": f"/api/v1/tasks/{task}/status"},
    )


@get(
    f"{_TASK}/status",
    opt=terms(JobNotFound) | needs(Action.READ) | polled(Form.TASK, named="task_id"),
    summary="Where a task stands",
    response_headers=[ETAG],
    responses={
        HTTPStatus.OK: _answer(
            "As it stands", ("Done", _DONE), ("A picture is asked for", _WORKING), ("Waiting", TASK)
        ),
        HTTPStatus.NOT_MODIFIED: UNCHANGED,
    },
)
async def get_task_status(
    request: Request[Any, Any, Any],
    task_id: FromPath[UUID],
    line: NamedDependency[SkipValidation[Line]],
) -> Response[Task]:
    """Return a task, whoever asked for it: by API or in the CMS; 404 if there is none."""
    return await status_of(request, task_id, Form.TASK, partial(_read, line=line))


@delete(
    f"{_TASK}/cancel",
    status_code=HTTPStatus.OK,
    opt=terms(JobNotFound, IllegalMove) | needs(Action.WRITE),
    summary="Cancel a task",
)
async def cancel_task(task_id: FromPath[UUID], line: NamedDependency[SkipValidation[Line]]) -> Task:
    """Stop the work within a second; 409 once it is done. Twice is once.

    What was made is kept for the next time. A paid call that is under way is hung up on: whether
    it was charged may be unknown, and is told as that.
    """
    await transitions.cancel_job(task_id)
    log.info("job.cancelled", job_id=str(task_id))
    return await _told(task_id, line)


@post(
    f"{_TASK}/retry",
    status_code=HTTPStatus.ACCEPTED,
    opt=terms(JobNotFound, IllegalMove, Superseded) | needs(Action.WRITE),
    summary="Try a task again that failed or was cancelled",
)
async def retry_task(task_id: FromPath[UUID], line: NamedDependency[SkipValidation[Line]]) -> Task:
    """Go on from the step that failed: what was made is found again and costs nothing.

    A task that is at work, or waits for an approval, is left alone; 409 once it is done, or where
    its video was submitted anew. No more is spent than was approved.
    """
    await tasks.retry(task_id)
    log.info("job.retried", job_id=str(task_id))
    return await _told(task_id, line)


async def _read(task: UUID, *, line: Line) -> bytes:
    return msgspec.json.encode(await _told(task, line))


async def _told(task: UUID, line: Line) -> Task:
    found = await tasks.find(task)
    return view(found, await line.standing(task, found.status))


def view(task: TaskRecord, standing: Standing | None) -> Task:
    """Return a task as it is told, with its place if it waits."""
    done = task.status is Status.COMPLETED
    result = f"/api/v1/media/assets/{task.id}/content" if task.kind in MEDIA else task.video_url
    return Task(
        id=task.id,
        project_id=task.project,
        kind=task_kind(task.kind),
        origin=task.origin,
        priority=task.priority,
        video_id=task.video_id,
        title=task.title,
        status=task.status,
        progress=task.progress,
        scenes_done=task.scenes_done,
        scenes_total=task.scenes_total,
        approved=task.approved,
        estimated_cost=rounded(task.estimated_cost),
        approved_cost=rounded(task.approved_cost)
        if task.approved and task.approved_cost is not None
        else None,
        actual_cost=rounded(task.actual_cost),
        model_fallback_occurred=task.model_fallback_occurred,
        line=PlaceInLine.of(standing),
        stage=JobStage.of(task.stage),
        model=AskedModel.of(task.stage),
        retry_count=task.retry_count,
        warnings=[*task.charge_warnings, *task.generation_warnings],
        error=task.error,
        result_url=result if done else None,
        created_at=task.created_at,
        updated_at=task.updated_at,
    )


def _medium(data: ImageTask | AudioTask | MusicTask | ClipTask, by: str) -> Order:
    wanted = Order(
        project=data.project_id,
        kind=JobKind.IMAGE,
        prompt="",
        document=data.document,
        field=data.field,
        version=data.version,
        priority=data.priority,
        by=by,
    )
    if isinstance(data, ImageTask):
        return msgspec.structs.replace(
            wanted, prompt=data.prompt, style=data.style, aspect_ratio=data.aspect_ratio
        )
    if isinstance(data, ClipTask):
        return msgspec.structs.replace(
            wanted,
            kind=JobKind.CLIP,
            prompt=data.prompt,
            first_frame=data.first_frame,
            style=data.style,
            aspect_ratio=data.aspect_ratio,
            seconds=data.seconds,
            sound=data.sound,
        )
    if isinstance(data, MusicTask):
        return msgspec.structs.replace(
            wanted, kind=JobKind.MUSIC, prompt=data.prompt, seconds=data.seconds
        )
    music = data.music
    return msgspec.structs.replace(
        wanted,
        kind=JobKind.SPEECH,
        prompt=data.text,
        voice=data.voice,
        locale=data.locale,
        music=music
        and Bed(
            asset=music.asset_id,
            mood=music.mood,
            volume=music.volume,
            duck=music.duck,
            fade_in=music.fade_in,
            fade_out=music.fade_out,
        ),
    )


routers = resource(
    "/api/v1/tasks", [submit_task, get_task_status, cancel_task, retry_task], tag="tasks"
)
