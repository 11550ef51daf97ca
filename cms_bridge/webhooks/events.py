"""The events that integrators are told, and the form of their bodies: that of Standard Webhooks.

`{"type", "timestamp", "data"}`. A body is written once, with the change that it
tells of, and sent with the same bytes at every try. It holds ids, a status and
paths of this API, and no link that opens anything without a key.
`specs/webhooks.schema.json` is generated from here (`make specs`).
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum, auto
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from cms_bridge import clock
from cms_bridge.fields import Moment
from cms_bridge.pricing.amounts import rounded
from cms_bridge.records import JobRecord
from cms_bridge.states import MEDIA, JobKind, Status
from render.problem import Problem


class EventType(StrEnum):
    """What can be subscribed to. A task is a picture, a spoken text or an export of a video."""

    VIDEO_SUBMITTED = "video.submitted"
    """A brief was accepted."""
    STORYBOARD_READY = "storyboard.ready"
    """A storyboard lies there with its price and waits for approval: drafted, or edited since."""
    STORYBOARD_APPROVED = "storyboard.approved"
    """Exactly this storyboard may be filmed at its price."""
    VIDEO_COMPLETED = "video.completed"
    """The video is stored and can be watched."""
    VIDEO_FAILED = "video.failed"
    """Stopped for a reason that `error` tells; a person may retry."""
    VIDEO_CANCELLED = "video.cancelled"
    """Stopped by a person, or because a newer brief took its place."""
    VIDEO_RETRIED = "video.retried"
    """Begun again after it had failed or was cancelled."""
    TASK_SUBMITTED = "task.submitted"
    """It was ordered."""
    TASK_COMPLETED = "task.completed"
    """It is there."""
    TASK_FAILED = "task.failed"
    """Stopped for a reason that `error` tells."""
    TASK_CANCELLED = "task.cancelled"
    """Stopped by a person."""
    TASK_RETRIED = "task.retried"
    """Begun again after it had failed or was cancelled."""


TRIAL = "webhook.test"
"""The type of what a test call sends; nobody subscribes to it."""


class Occasion(StrEnum):
    """What happened to a job, whatever it makes."""

    SUBMITTED = auto()
    DRAFTED = auto()
    APPROVED = auto()
    COMPLETED = auto()
    FAILED = auto()
    CANCELLED = auto()
    RETRIED = auto()


_OF_VIDEOS = {
    Occasion.SUBMITTED: EventType.VIDEO_SUBMITTED,
    Occasion.DRAFTED: EventType.STORYBOARD_READY,
    Occasion.APPROVED: EventType.STORYBOARD_APPROVED,
    Occasion.COMPLETED: EventType.VIDEO_COMPLETED,
    Occasion.FAILED: EventType.VIDEO_FAILED,
    Occasion.CANCELLED: EventType.VIDEO_CANCELLED,
    Occasion.RETRIED: EventType.VIDEO_RETRIED,
}
_OF_TASKS = {
    Occasion.SUBMITTED: EventType.TASK_SUBMITTED,
    Occasion.COMPLETED: EventType.TASK_COMPLETED,
    Occasion.FAILED: EventType.TASK_FAILED,
    Occasion.CANCELLED: EventType.TASK_CANCELLED,
    Occasion.RETRIED: EventType.TASK_RETRIED,
}

_REACHED = {
    Status.STORYBOARD_COMPLETE: Occasion.DRAFTED,
    Status.APPROVED: Occasion.APPROVED,
    Status.COMPLETED: Occasion.COMPLETED,
    Status.FAILED: Occasion.FAILED,
    Status.CANCELLED: Occasion.CANCELLED,
}


def occasion(status: Status) -> Occasion | None:
    """Return what has happened to a job that has just come to a status; None where nobody asks."""
    return _REACHED.get(status)


def type_of(kind: JobKind, happened: Occasion) -> EventType | None:
    """Return how it is told of a kind of job; None where it is not: a task has no storyboard.

    Of readings nobody is told: they come and go with every pause in the writing.
    """
    if kind is JobKind.READING:
        return None
    return (_OF_VIDEOS if kind is JobKind.VIDEO else _OF_TASKS).get(happened)


class _Wire(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Named in camelCase on the wire. Receivers ignore what they do not know: more may come."""


class JobLinks(_Wire, frozen=True, kw_only=True):
    """Paths of this API, to be asked with a key."""

    status: str
    """Where the job stands now."""
    approval: str | None = None
    """What it would cost, and whose answer an approval names; null for a picture or a sound."""
    files: str | None = None
    """What was made: fresh links to a video, or a medium's bytes; null until it is completed."""


class JobNews(_Wire, frozen=True, kw_only=True):
    """A job as it was when the event happened. Amounts are US dollars as text."""

    project_id: str
    job_id: UUID
    kind: JobKind
    video_id: str
    """The CMS document's name."""
    submission: int
    """Counts a video's; 0 for a task."""
    status: Status
    sequence: Annotated[int, msgspec.Meta(ge=1)]
    """Counts the job's changes: of two events of one job the greater is the newer."""
    progress: Annotated[int, msgspec.Meta(ge=0, le=100)]
    storyboard_digest: str
    """SHA-256, in hex, of the storyboard, which an approval names; empty until it is drafted."""
    estimated_cost: Decimal
    actual_cost: Decimal
    error: Problem | None = None
    """What stopped it."""
    links: JobLinks


class JobMessage(_Wire, frozen=True, kw_only=True):
    """What happened to a job."""

    type: EventType
    timestamp: Moment
    data: JobNews


class TrialData(_Wire, frozen=True, kw_only=True):
    """Whom a test call is made to."""

    project_id: str
    subscription_id: UUID


class TrialMessage(_Wire, frozen=True, kw_only=True):
    """What a test call sends; nothing happened."""

    type: Literal["webhook.test"]
    timestamp: Moment
    data: TrialData


WebhookMessage = JobMessage | TrialMessage


def job_message(job: JobRecord, kind: EventType, *, at: datetime) -> JobMessage:
    """Return what is told of a job as it stands."""
    return JobMessage(
        type=kind,
        timestamp=at,
        data=JobNews(
            project_id=job.project,
            job_id=job.id,
            kind=job.kind,
            video_id=job.video_id,
            submission=job.submission,
            status=job.status,
            sequence=job.sequence,
            progress=job.progress,
            storyboard_digest=job.storyboard_digest,
            estimated_cost=rounded(job.estimated_cost),
            actual_cost=rounded(job.actual_cost),
            error=job.error,
            links=job_links(job.id, job.kind, done=job.status is Status.COMPLETED),
        ),
    )


def trial_message(project: str, subscription: UUID) -> TrialMessage:
    """Return what a test call sends."""
    return TrialMessage(
        type=TRIAL,
        timestamp=clock.now(),
        data=TrialData(project_id=project, subscription_id=subscription),
    )


def job_links(job: UUID, kind: JobKind, *, done: bool) -> JobLinks:
    """Return where to ask about a job."""
    video = f"/api/v1/videos/jobs/{job}"
    if kind is JobKind.VIDEO:
        return JobLinks(
            status=f"{video}/status",
            approval=f"/api/v1/jobs/{job}/estimate",
            files=f"{video}/links" if done else None,
        )
    medium = kind in MEDIA
    made = f"/api/v1/media/assets/{job}/content" if medium else f"{video}/links"
    return JobLinks(
        status=f"/api/v1/tasks/{job}/status",
        approval=None if medium else f"/api/v1/jobs/{job}/estimate",
        files=made if done else None,
    )
