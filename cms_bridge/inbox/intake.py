"""Intake: an event of the CMS takes effect on a job or a project, once, however often it comes.

The event and what it does are one transaction; what it does is in `cms_bridge.jobs`.
"""

import hashlib
from typing import Any, assert_never
from uuid import UUID, uuid4

from cms_bridge import clock, lexicons, projects, voices, wakeups
from cms_bridge.database import AlreadyStored, run_script, transaction, unique_violations
from cms_bridge.engines import Script, Step
from cms_bridge.errors import EventConflict
from cms_bridge.events import (
    AssetReplaced,
    JobEvent,
    LexiconChanged,
    StoryboardApproved,
    StoryboardEdited,
    VideoCancelled,
    VideoRetried,
    VideoSubmitted,
    tag_of,
)
from cms_bridge.jobs import decisions, history, moves, submissions, transitions
from cms_bridge.jobs.moves import find
from cms_bridge.jobs.transitions import Accepted
from cms_bridge.outbox import messages
from cms_bridge.outbox.messages import Topic
from cms_bridge.pricing.estimates import Prices
from cms_bridge.states import Status
from cms_bridge.tables import InboundEvent
from cms_bridge.webhooks import publication
from render.errors import UnknownVoice
from render.storyboard import Limits, clean_text

FIRST = Script(
    "accept_first",
    {
        "job": "uuid",
        "project": "text",
        "project_name": "text",
        "named": "boolean",
        "video": "text",
        "submission": "integer",
        "version": "text",
        "title": "text",
        "brief": "json",
        "status": "text",
        "wake_at": "timestamptz",
        "now": "timestamptz",
        "message": "uuid",
        "topic": "text",
        "event": "text",
        "type": "text",
        "body": "bytea",
        "digest": "text",
    },
    "project",
    (
        Step(projects.UPSERT.format(":project", ":project_name", ":now", ":named")),
        Step(
            f"{moves.BEGIN_FIRST} AND {publication.UNHEARD}"  # noqa: S608 - names of columns
            " AND NOT EXISTS (SELECT 1 FROM inbound_event WHERE id = :event)",
            decides=True,
        ),
        Step(history.NOTE.format(":job")),
        Step(messages.TOUCH.format(":message", ":job", ":topic", ":now", ":now")),
        Step(
            "INSERT INTO inbound_event (id, type, body, body_sha256, job, received_at)"
            " VALUES (:event, :type, :body, :digest, :job, :now)"
        ),
    ),
)
"""A video's first submission in one step: what `accept` does by and by, and most often.

The project is held before anything else is read, as it is there. Whatever stands in the
way ends it before anything but the project is written: another submission of the video, somebody
who is to be told of it, the same event come before.
"""


async def accept(
    event_id: str, body: bytes, event: JobEvent, *, limits: Limits, prices: Prices
) -> Accepted:
    """Store an event and its effect together, or neither.

    A repeat of the same bytes under the same id is answered with what the
    first one did. Raises `EventConflict`, `JobNotFound`, `IllegalMove`, `Superseded` or
    `InvalidStoryboard`.
    """
    digest = hashlib.sha256(body).hexdigest()
    if isinstance(event, VideoSubmitted):
        try:
            await voices.check_all(event.data.brief)
        except UnknownVoice:
            # There was such a voice when it came for the first time.
            if duplicate := await _find_duplicate(event_id, digest):
                return duplicate
            raise
    if (
        isinstance(event, VideoSubmitted)
        and event.data.priority is None
        and (job := await _accept_first(event_id, body, digest, event, limits))
    ):
        return Accepted(job_id=job, status=Status.PENDING)
    if duplicate := await _find_duplicate(event_id, digest):
        return duplicate
    try:
        async with transaction():
            job = await _apply(event, limits, prices)
            with unique_violations():
                await _store(event_id, body, digest, event, job=job)
    except AlreadyStored:
        # The same event arrived twice at once and the other one won.
        if duplicate := await _find_duplicate(event_id, digest):
            return duplicate
        raise
    return await _accepted(job)


async def accept_lexicon(event_id: str, body: bytes, event: LexiconChanged) -> bool:
    """Put a lexicon in place of what its project has; tell whether it came before.

    Raises `EventConflict`. Of what was said only the digest is kept beside it: what belongs to no
    job would outlive the project.
    """
    digest = hashlib.sha256(body).hexdigest()
    project = event.data.project
    try:
        async with transaction():
            await projects.upsert(project.id, name=clean_text(project.name) or None)
            if await _came_before(event_id, digest):
                return True
            await lexicons.replace(project.id, event.data.entries)
            with unique_violations():
                await _store(event_id, b"", digest, event, job=None)
    except AlreadyStored:
        # The same event arrived twice at once and the other one won.
        if await _came_before(event_id, digest):
            return True
        raise
    return False


async def _store(
    event_id: str, body: bytes, digest: str, event: JobEvent | LexiconChanged, *, job: UUID | None
) -> None:
    await InboundEvent.insert(
        InboundEvent(
            id=event_id,
            type=tag_of(event),
            body=body,
            body_sha256=digest,
            job=job,
            received_at=clock.now(),
        )
    )


async def _accept_first(
    event_id: str, body: bytes, digest: str, event: VideoSubmitted, limits: Limits
) -> UUID | None:
    data, now, job = event.data, clock.now(), uuid4()
    values = {
        "job": job,
        "now": now,
        "project_name": clean_text(data.project.name) or data.project.id,
        "named": True,
        "message": uuid4(),
        "topic": Topic.RENDITION.value,
        "event": event_id,
        "type": tag_of(event),
        "body": body,
        "digest": digest,
        **submissions.columns(data, limits, now=now),
    }
    async with wakeups.after_commit():
        try:
            with unique_violations():
                if not await run_script(FIRST, values):
                    return None
        except AlreadyStored:
            return None
        wakeups.job_changed(job)
        wakeups.news_due(job)
        wakeups.job_due(job, Status.PENDING, attempt=0)
    return job


async def _find_duplicate(event_id: str, digest: str) -> Accepted | None:
    row = await _came_before(event_id, digest)
    return await _accepted(row["job"], duplicate=True) if row else None


async def _came_before(event_id: str, digest: str) -> dict[str, Any] | None:
    """Return what is stored of an event; raise `EventConflict` if it is another of the same id."""
    row = (
        await InboundEvent.select(InboundEvent.body_sha256, InboundEvent.job)
        .where(InboundEvent.id == event_id)
        .first()
    )
    if row and row["body_sha256"] != digest:
        raise EventConflict("This webhook id was used before with another body.")
    return row


async def _accepted(job_id: UUID, *, duplicate: bool = False) -> Accepted:
    job = await find(job_id)
    return Accepted(
        job_id=job.id,
        status=job.status,
        duplicate=duplicate,
        superseded=submissions.says_superseded(job),
    )


async def _apply(event: JobEvent, limits: Limits, prices: Prices) -> UUID:
    match event:
        case VideoSubmitted():
            return await submissions.submit(event.data, limits)
        case StoryboardEdited():
            return await decisions.edit(event.data, limits=limits, prices=prices)
        case AssetReplaced():
            return await decisions.replace(event.data, limits=limits, prices=prices)
        case StoryboardApproved():
            return await decisions.approve_change(event.data, limits=limits, prices=prices)
        case VideoCancelled():
            return await transitions.cancel(event.data)
        case VideoRetried():
            return await transitions.retry(event.data)
        case _:  # pragma: no cover - the type checker proves there is no other
            assert_never(event)
