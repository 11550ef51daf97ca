"""Submissions of a video: of whatever comes, in whatever order, the newest is worked on alone."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import anyio
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cms_bridge.errors import Refusal, Superseded
from cms_bridge.events import JobEvent
from cms_bridge.jobs import decisions, transitions
from cms_bridge.jobs.transitions import Accepted
from cms_bridge.pricing.estimates import OFFLINE
from cms_bridge.states import FINISHED, Status
from cms_bridge.tables import Attempt, Job, OutboxMessage
from tests.support import events
from tests.support.jobs import accept, claimed, drafted, put

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]


async def standing(job: UUID) -> tuple[Status, str | None]:
    row = await transitions.find(job)
    return row.status, row.error.code if row.error else None


async def test_a_new_submission_replaces_the_work_on_the_old_one() -> None:
    old = await accept(events.submitted())
    new = await accept(events.submitted(submission=2))
    assert await standing(old.job_id) == ("cancelled", "superseded")
    assert await standing(new.job_id) == ("pending", None)
    assert not new.superseded


async def test_an_older_submission_that_comes_late_is_stored_and_not_worked_on() -> None:
    new = await accept(events.submitted(submission=2))
    event = events.submitted(submission=1)
    late = await accept(event, message="evt_late")
    assert (late.status, late.superseded) == ("cancelled", True)
    assert await standing(late.job_id) == ("cancelled", "superseded")
    assert (await transitions.find(late.job_id)).wake_at is None
    assert (await accept(event, message="evt_late")).superseded
    assert await standing(new.job_id) == ("pending", None)
    # The CMS is told, or its editors would wait for it.
    assert await OutboxMessage.exists().where(OutboxMessage.job == late.job_id)


@pytest.mark.parametrize("ended", sorted(FINISHED))
async def test_it_is_late_also_where_the_newer_one_has_ended(ended: Status) -> None:
    await put((await accept(events.submitted(submission=2))).job_id, ended)
    assert (await accept(events.submitted(submission=1))).superseded


@pytest.mark.parametrize("ended", sorted(FINISHED))
async def test_a_retry_of_what_was_superseded_begins_nothing(ended: Status) -> None:
    old = await drafted()
    await put(old, ended, approved=True)
    new = await accept(events.submitted(submission=2))
    said = await accept(events.retried(submission=1))
    assert said.status == (Status.CANCELLED if ended is Status.FAILED else ended)
    assert await standing(new.job_id) == ("pending", None)
    await accept(events.cancelled(submission=2))
    await accept(events.retried(submission=1))
    assert (await transitions.find(old)).status in FINISHED


@pytest.mark.parametrize("ended", [Status.CANCELLED, Status.FAILED])
async def test_nothing_begins_again_beside_a_newer_submission(ended: Status) -> None:
    job = await drafted()
    await put(job, ended, approved=True)
    await accept(events.submitted(submission=2))
    digest = events.storyboard().digest

    async def approve() -> None:
        await decisions.approve(
            job, digest=digest, estimate=OFFLINE.picture(Any), by="ann", prices=OFFLINE
        )

    wishes: list[Callable[[], Awaitable[object]]] = [
        approve,
        lambda: transitions.render(job),
        lambda: accept(events.edited(job, revision=9, board=events.storyboard("New."))),
        lambda: accept(events.approved(job, revision=9)),
    ]
    for wish in wishes:
        with pytest.raises(Superseded):
            await wish()
    assert (await transitions.find(job)).status is ended


async def test_a_worker_whose_job_is_superseded_lets_go_of_it() -> None:
    job = await drafted()
    await accept(events.approved(job))
    await claimed(job)
    await accept(events.submitted(submission=2))
    (attempt,) = await Attempt.select()
    assert attempt["outcome"] == "cancelled"


async def at_once(*sent: JobEvent) -> list[Accepted]:
    accepted: list[Accepted] = []

    async def send(event: JobEvent) -> None:
        with suppress(Refusal):
            accepted.append(await accept(event))

    async with anyio.create_task_group() as group:
        for event in sent:
            group.start_soon(send, event)
    return accepted


async def live() -> list[int]:
    rows = await Job.select(Job.submission).where(Job.status.not_in(list(FINISHED)))
    return [row["submission"] for row in rows]


async def test_one_submission_under_many_ids_at_once_is_one_job() -> None:
    accepted = await at_once(*(events.submitted() for _ in range(8)))
    assert len(accepted) == 8
    assert len({one.job_id for one in accepted}) == await Job.count() == 1


@pytest.mark.parametrize("newest_first", [True, False])
async def test_submissions_at_once_leave_the_newest_one(newest_first: bool) -> None:
    sent = [events.submitted(submission=number) for number in range(1, 9)]
    assert len(await at_once(*(reversed(sent) if newest_first else sent))) == 8
    assert await live() == [8]


@pytest.mark.parametrize("seed", range(6))
async def test_a_retry_and_a_newer_submission_at_once_never_work_side_by_side(seed: int) -> None:
    job = await drafted()
    await put(job, Status.FAILED, approved=seed < 3)
    sent = [events.retried(), events.submitted(submission=2), events.approved(job, revision=5)]
    assert len(await at_once(*(sent[seed % 3 :] + sent[: seed % 3]))) >= 2
    assert await live() == [2]


def submission() -> st.SearchStrategy[int]:
    return st.integers(1, 3)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("submitted"), submission()),
        st.tuples(st.just("cancelled"), submission()),
        st.tuples(st.just("retried"), submission()),
        st.tuples(st.just("edited"), submission(), st.integers(1, 4), st.sampled_from("abc")),
        st.tuples(st.just("approved"), submission(), st.integers(1, 4), st.sampled_from("abc")),
        # What a worker does in between.
        st.tuples(st.just("drafts"), submission()),
        st.tuples(st.just("ends"), submission(), st.sampled_from(["failed", "completed"])),
        # An event that was sent before, byte for byte.
        st.tuples(st.just("again"), st.integers(0, 20)),
    ),
    max_size=14,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
async def test_any_order_of_the_five_events_leaves_one_job_at_work_at_most(
    steps: list[Any],
) -> None:
    video, sent = f"video-{uuid4()}", list[tuple[str, JobEvent]]()
    jobs: dict[int, UUID] = {}
    for step in steps:
        event: JobEvent | None = None
        match step:
            case "again", int(number) if sent:
                message, event = sent[number % len(sent)]
            case "submitted" | "cancelled" | "retried" as kind, int(number):
                event = getattr(events, kind)(video=video, submission=number)
            case "edited" | "approved" as kind, int(number), revision, text if number in jobs:
                board = events.storyboard(text)
                event = getattr(events, kind)(jobs[number], revision=revision, board=board)
            case "drafts", int(number) if number in jobs:
                await worked(jobs[number], Status.PENDING, Status.STORYBOARD_COMPLETE)
            case "ends", int(number), end if number in jobs:
                await worked(jobs[number], Status.APPROVED, Status(end))
            case _:
                pass
        if event is not None:
            message = f"evt_{uuid4()}" if step[0] != "again" else message
            sent.append((message, event))
            # Whatever is no refusal would be a 500.
            with suppress(Refusal):
                accepted = await accept(event, message=message)
                if step[0] == "submitted":
                    assert jobs.setdefault(step[1], accepted.job_id) == accepted.job_id
        rows = await Job.select(Job.submission, Job.status, Job.wake_at).where(
            Job.video_id == video
        )
        at_work = [row for row in rows if row["status"] not in FINISHED]
        newest = max((row["submission"] for row in rows), default=0)
        assert [row["submission"] for row in at_work] in ([], [newest])
        assert all(row in at_work for row in rows if row["wake_at"] is not None)
    assert len(jobs) == await Job.count().where(Job.video_id == video)


async def worked(job: UUID, begun: Status, ended: Status) -> None:
    board = events.storyboard("a")
    drafted_board = {
        Job.storyboard_data: msgspec.json.encode(board).decode(),
        Job.storyboard_digest: board.digest,
    }
    values = drafted_board if begun is Status.PENDING else {}
    await Job.update({Job.status: ended, Job.wake_at: None, **values}).where(
        Job.id == job, Job.status == begun
    )
