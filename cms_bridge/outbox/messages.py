"""The outbox: what Payload has yet to be told, one row per job and topic.

A row holds no copy of the news, only version numbers: `touch` raises the
version inside the transaction that changed the job, and `deliver` sends the
job as it then is. Ten progress reports while the CMS is away cost one write
when it is back, and a write that is repeated or overtaken does no harm.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from logging import DEBUG, INFO
from typing import Protocol
from uuid import UUID, uuid4

import anyio
import msgspec
import structlog
from piccolo.custom_types import Combinable

from cms_bridge import clock, films, metrics, tracing, wakeups
from cms_bridge.outbox.payload import (
    PayloadGone,
    PayloadUnavailable,
    RenditionWrite,
    StoryboardWrite,
)
from cms_bridge.outbox.writeback import rendition_write, storyboard_write
from cms_bridge.records import JobRecord
from cms_bridge.states import JobKind, Origin
from cms_bridge.tables import Job, OutboxMessage

log = structlog.get_logger()


class Topic(StrEnum):
    """What a message is about."""

    STORYBOARD = "storyboard"
    """A drafted storyboard for the editors."""
    RENDITION = "rendition"
    """The job's status, progress, price, warnings and finished file."""


class Payload(Protocol):
    """Where messages go."""

    async def write_storyboard(self, write: StoryboardWrite) -> None:
        """Raise `PayloadUnavailable` to be called again later, `PayloadGone` never to be."""
        ...

    async def write_rendition(self, write: RenditionWrite) -> None:
        """Raise as `write_storyboard` does."""
        ...


class Backoff(msgspec.Struct, frozen=True, kw_only=True):
    """How patience grows between failed deliveries."""

    first: timedelta = timedelta(seconds=1)
    longest: timedelta = timedelta(minutes=5)
    horizon: timedelta = timedelta(days=7)
    """After this long without success a message is given up."""

    def delay(self, attempts: int) -> timedelta:
        """Return the wait after so many failures in a row: doubling, up to the longest."""
        own = self.first.total_seconds() * 2.0 ** min(attempts - 1, 100)
        return timedelta(seconds=min(own, self.longest.total_seconds()))


_ERROR_CHARS = 500
_LOCK_MARGIN_SECONDS = 5
"""Beyond the time that a write may take: for writing down what came of it."""


class _Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message that is being delivered, as it was when it was taken up."""

    id: UUID
    job: UUID
    topic: Topic
    version: int
    attempts: int
    pending_since: datetime | None


TOUCH = (
    "INSERT INTO outbox_message (id, job, topic, version, delivered_version, attempts,"
    " due_at, pending_since) VALUES ({}, {}, {}, 1, 0, 0, {}, {})"
    " ON CONFLICT (job, topic) DO UPDATE SET version = outbox_message.version + 1,"
    " due_at = COALESCE(outbox_message.due_at, excluded.due_at),"
    " pending_since = COALESCE(outbox_message.pending_since, excluded.pending_since)"
)


async def touch(job: UUID, topic: Topic) -> None:
    """Note that Payload must hear of this job; call inside the transaction that changed it.

    A message that is backing off keeps its due time: news is no reason to
    knock more often on a CMS that is away.
    """
    now = clock.now()
    await OutboxMessage.raw(TOUCH, uuid4(), job, topic.value, now, now)
    wakeups.news_due(job)


async def due(*, limit: int = 100) -> list[tuple[UUID, UUID]]:
    """Return the messages whose time has come, oldest first, each with its job."""
    now = clock.now()
    rows = (
        await OutboxMessage.select(OutboxMessage.id, OutboxMessage.job)
        .where(OutboxMessage.due_at <= now, _is_unlocked(now))
        .order_by(OutboxMessage.due_at)
        .limit(limit)
    )
    return [(row["id"], row["job"]) for row in rows]


async def due_for(job: UUID) -> list[UUID]:
    """Return the messages of one job whose time has come."""
    now = clock.now()
    rows = await OutboxMessage.select(OutboxMessage.id).where(
        OutboxMessage.job == job, OutboxMessage.due_at <= now, _is_unlocked(now)
    )
    return [row["id"] for row in rows]


async def deliver(
    message: UUID,
    payload: Payload,
    *,
    backoff: Backoff,
    seconds: float = 15,
    lengths: films.Lengths = films.USUAL_LENGTHS,
) -> bool:
    """Tell Payload the newest state behind a message; return whether it now knows it.

    It takes `seconds` at most, and a worker that dies over it is waited for a little longer.
    A message that is not due, or in another worker's hands, is left alone.
    """
    now = clock.now()
    lock = timedelta(seconds=seconds + _LOCK_MARGIN_SECONDS)
    claimed = (
        await OutboxMessage.update({OutboxMessage.locked_until: now + lock})
        .where(OutboxMessage.id == message, OutboxMessage.due_at <= now, _is_unlocked(now))
        .returning(*OutboxMessage.all_columns())
    )
    if not claimed:
        return False
    claim = msgspec.convert(claimed[0], _Message)
    bound = log.bind(job_id=str(claim.job), topic=claim.topic, version=claim.version)
    try:
        try:
            with anyio.fail_after(seconds):
                await _send(claim.job, claim.topic, payload, lengths)
        except TimeoutError:
            raise PayloadUnavailable(f"it took longer than {seconds:g} seconds") from None
    except PayloadGone as error:
        bound.warning("outbox.given_up", reason=str(error))
        _count(claim, "given_up")
        await _give_up(claim, error=str(error))
        return False
    except PayloadUnavailable as error:
        attempts = claim.attempts + 1
        waited = now - (claim.pending_since or now)
        given_up = waited > backoff.horizon
        bound.warning("outbox.given_up" if given_up else "outbox.postponed", reason=str(error))
        _count(claim, "given_up" if given_up else "postponed")
        if given_up:
            await _give_up(claim, error=str(error))
        else:
            due_at = clock.now() + backoff.delay(attempts)
            await _postpone(claim, due_at=due_at, error=str(error), attempts=attempts)
        return False
    # Once a second and job is too often to be told of what goes well.
    bound.log(INFO if claim.attempts else DEBUG, "outbox.delivered", after=claim.attempts)
    await _mark_delivered(claim)
    _count(claim, "delivered")
    return True


def _count(message: _Message, outcome: str) -> None:
    metrics.OUTBOX_DELIVERIES.labels(message.topic, outcome).inc()


async def _send(job_id: UUID, topic: Topic, payload: Payload, lengths: films.Lengths) -> None:
    row = await Job.select(*Job.all_columns()).where(Job.id == job_id).first()
    if row is None:
        raise PayloadGone("the job no longer exists")
    job = JobRecord.of(row)
    if job.kind is not JobKind.VIDEO or job.origin is Origin.API:
        return  # whoever asked for it looks for it here
    with tracing.span("write-back", job=job_id, outward=True, topic=topic.value):
        if topic is Topic.RENDITION:
            film = await films.newest(job_id)
            has_stream = await films.has_stream(film.id) if film else None
            await payload.write_rendition(
                rendition_write(job, film, has_stream=has_stream, lengths=lengths)
            )
        elif job.storyboard:
            await payload.write_storyboard(storyboard_write(job, job.storyboard))


async def _mark_delivered(message: _Message) -> None:
    # Another touch may have come while the write was under way: then the message stays due.
    await OutboxMessage.raw(
        "UPDATE outbox_message SET delivered_version = {}, attempts = 0, last_error = NULL,"
        " locked_until = NULL,"
        " due_at = CASE WHEN version = {} THEN NULL ELSE due_at END,"
        " pending_since = CASE WHEN version = {} THEN NULL ELSE pending_since END"
        " WHERE id = {}",
        message.version,
        message.version,
        message.version,
        message.id,
    )


async def _give_up(message: _Message, *, error: str) -> None:
    told = {
        OutboxMessage.attempts: 0,
        OutboxMessage.last_error: error[:_ERROR_CHARS],
        OutboxMessage.locked_until: None,
    }
    nothing_due = {OutboxMessage.due_at: None, OutboxMessage.pending_since: None}
    ended = (
        await OutboxMessage.update({**told, **nothing_due})
        .where(OutboxMessage.id == message.id, OutboxMessage.version == message.version)
        .returning(OutboxMessage.id)
    )
    if not ended:
        # What was touched while the write was under way is other news, with a horizon of its own.
        await OutboxMessage.update({**told, OutboxMessage.pending_since: clock.now()}).where(
            OutboxMessage.id == message.id
        )


async def _postpone(message: _Message, *, due_at: datetime, error: str, attempts: int) -> None:
    await OutboxMessage.update(
        {
            OutboxMessage.due_at: due_at,
            OutboxMessage.attempts: attempts,
            OutboxMessage.last_error: error[:_ERROR_CHARS],
            OutboxMessage.locked_until: None,
        }
    ).where(OutboxMessage.id == message.id)


def _is_unlocked(now: datetime) -> Combinable:
    return OutboxMessage.locked_until.is_null() | (OutboxMessage.locked_until <= now)
