"""Telling Payload: once, in the newest words, however often it is away; on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Never
from uuid import UUID

import anyio
import pytest

from cms_bridge.database import transaction
from cms_bridge.outbox import messages
from cms_bridge.outbox.messages import Backoff, Topic
from cms_bridge.outbox.payload import (
    PayloadGone,
    PayloadUnavailable,
    RenditionWrite,
    StoryboardWrite,
)
from cms_bridge.tables import Job, OutboxMessage
from tests.support import events
from tests.support.jobs import accept, drafted

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]

BACKOFF = Backoff(first=timedelta(seconds=10), longest=timedelta(seconds=60))


class Reader:
    """Stands at the other end: remembers what it was told, or is away."""

    def __init__(self) -> None:
        self.renditions: list[RenditionWrite] = []
        self.storyboards: list[StoryboardWrite] = []
        self.error: BaseException | None = None
        self.hangs = False
        self.meanwhile: UUID | None = None

    async def write_rendition(self, write: RenditionWrite) -> None:
        if not self.error and not self.hangs:
            self.renditions.append(write)
        if self.meanwhile:
            job, self.meanwhile = self.meanwhile, None
            await change(job)
        if self.error:
            raise self.error
        if self.hangs:
            await anyio.sleep_forever()

    async def write_storyboard(self, write: StoryboardWrite) -> None:
        if self.error:
            raise self.error
        self.storyboards.append(write)


async def change(job: UUID) -> None:
    """Make news of a job."""
    async with transaction():
        await Job.update({Job.sequence: Job.sequence + 1}).where(Job.id == job)
        await messages.touch(job, Topic.RENDITION)


async def deliver(reader: Reader) -> list[bool]:
    return [await messages.deliver(one, reader, backoff=BACKOFF) for one, _ in await messages.due()]


async def make_due() -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    await OutboxMessage.update({OutboxMessage.due_at: past}, force=True)


async def test_news_is_told_once() -> None:
    job = (await accept(events.submitted())).job_id
    reader = Reader()
    assert await deliver(reader) == [True]
    assert await deliver(reader) == []
    (write,) = reader.renditions
    assert (write.job_id, write.status, write.sequence) == (str(job), "pending", 1)


async def test_a_storyboard_is_told_apart_from_the_rendition() -> None:
    job = await drafted()
    async with transaction():
        await messages.touch(job, Topic.STORYBOARD)
    reader = Reader()
    await deliver(reader)
    (write,) = reader.storyboards
    assert write.storyboard == events.storyboard()
    assert write.digest == events.storyboard().digest


async def test_while_the_cms_is_away_news_piles_up_into_one_write() -> None:
    job = (await accept(events.submitted())).job_id
    reader = Reader()
    reader.error = PayloadUnavailable("away")
    assert await deliver(reader) == [False]
    for _ in range(5):
        await change(job)
    assert await messages.due() == [], "news is no reason to knock more often"
    reader.error = None
    await make_due()
    assert await deliver(reader) == [True]
    assert [write.sequence for write in reader.renditions] == [6]


async def test_each_failure_waits_longer_and_success_forgets_them() -> None:
    await accept(events.submitted())
    reader = Reader()
    reader.error = PayloadUnavailable("away")
    for attempt in (1, 2, 3):
        await make_due()
        before = datetime.now(UTC)
        await deliver(reader)
        (row,) = await OutboxMessage.select()
        assert row["attempts"] == attempt
        assert row["due_at"] >= before + BACKOFF.delay(attempt)
        assert row["last_error"] == "away"
    reader.error = None
    await make_due()
    await deliver(reader)
    (row,) = await OutboxMessage.select()
    assert (row["attempts"], row["due_at"], row["last_error"]) == (0, None, None)


async def test_news_that_comes_during_a_write_is_told_too() -> None:
    job = (await accept(events.submitted())).job_id
    reader = Reader()
    reader.meanwhile = job
    await deliver(reader)
    await deliver(reader)
    assert [write.sequence for write in reader.renditions] == [1, 2]
    assert await messages.due() == []


async def test_two_workers_do_not_tell_the_same_news() -> None:
    await accept(events.submitted())
    reader = Reader()
    ((message, _),) = await messages.due()

    async def tell() -> None:
        await messages.deliver(message, reader, backoff=BACKOFF)

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(tell)
    assert len(reader.renditions) == 1


async def test_whoever_dies_over_a_write_is_waited_for_little_longer_than_it_may_take() -> None:
    await accept(events.submitted())
    ((message, _),) = await messages.due()

    class Killed(BaseException):
        """Nothing of what comes after is done."""

    reader = Reader()
    reader.error = Killed()
    with pytest.raises(Killed):
        await messages.deliver(message, reader, backoff=BACKOFF, seconds=15)
    assert await messages.due() == []
    (row,) = await OutboxMessage.select()
    # With the 5 seconds of a sweep it is told within half a minute.
    assert row["locked_until"] - datetime.now(UTC) <= timedelta(seconds=20)


async def test_a_write_that_takes_too_long_is_tried_again() -> None:
    await accept(events.submitted())
    ((message, _),) = await messages.due()

    reader = Reader()
    reader.hangs = True
    assert not await messages.deliver(message, reader, backoff=BACKOFF, seconds=0.1)
    (row,) = await OutboxMessage.select()
    assert (row["attempts"], row["locked_until"]) == (1, None)
    assert row["last_error"] == "it took longer than 0.1 seconds"


async def test_what_payload_will_never_take_is_given_up() -> None:
    await accept(events.submitted())
    reader = Reader()
    reader.error = PayloadGone("the video was deleted")
    assert await deliver(reader) == [False]
    assert await messages.due() == []
    (row,) = await OutboxMessage.select()
    assert row["last_error"] == "the video was deleted"


async def test_past_the_horizon_a_message_is_given_up() -> None:
    await accept(events.submitted())
    long_ago = datetime.now(UTC) - BACKOFF.horizon - timedelta(hours=1)
    await OutboxMessage.update({OutboxMessage.pending_since: long_ago}, force=True)
    reader = Reader()
    reader.error = PayloadUnavailable("away")
    await deliver(reader)
    (row,) = await OutboxMessage.select()
    assert row["due_at"] is None


@pytest.mark.parametrize("error", [PayloadGone("gone"), PayloadUnavailable("away")])
async def test_news_after_one_that_was_given_up_are_given_as_long_as_any(
    error: Exception,
) -> None:
    job = (await accept(events.submitted())).job_id
    long_ago = datetime.now(UTC) - BACKOFF.horizon - timedelta(hours=1)
    await OutboxMessage.update({OutboxMessage.pending_since: long_ago}, force=True)
    reader = Reader()
    reader.error = error
    assert await deliver(reader) == [False]
    await change(job)
    reader.error = PayloadUnavailable("away for a moment")
    assert await deliver(reader) == [False]
    (row,) = await OutboxMessage.select()
    assert row["due_at"] is not None
    assert row["attempts"] == 1
    reader.error = None
    await make_due()
    assert await deliver(reader) == [True]


@pytest.mark.parametrize("error", [PayloadGone("gone"), PayloadUnavailable("away")])
async def test_news_that_come_during_a_write_that_is_the_last_are_told_nevertheless(
    error: Exception,
) -> None:
    job = (await accept(events.submitted())).job_id
    long_ago = datetime.now(UTC) - BACKOFF.horizon - timedelta(hours=1)
    await OutboxMessage.update({OutboxMessage.pending_since: long_ago}, force=True)
    reader = Reader()
    reader.error, reader.meanwhile = error, job
    assert await deliver(reader) == [False]
    (row,) = await OutboxMessage.select()
    assert row["pending_since"] > datetime.now(UTC) - timedelta(minutes=1)
    reader.error = None
    assert await deliver(reader) == [True]
    assert [write.sequence for write in reader.renditions] == [2]


async def test_a_rolled_back_change_leaves_no_message() -> Never:
    job = (await accept(events.submitted())).job_id
    reader = Reader()
    await deliver(reader)

    async def touch_and_fail() -> None:
        async with transaction():
            await messages.touch(job, Topic.RENDITION)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await touch_and_fail()
    assert await messages.due() == []
