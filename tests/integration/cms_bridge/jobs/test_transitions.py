"""What the CMS may ask of a job, on both databases."""

from contextlib import suppress
from typing import Any
from uuid import UUID

import anyio
import msgspec
import pytest

from cms_bridge.errors import (
    ApprovalConflict,
    EventConflict,
    IllegalMove,
    JobNotFound,
    RevisionConflict,
)
from cms_bridge.events import JobEvent
from cms_bridge.jobs import transitions, turns
from cms_bridge.states import Lane, Status
from cms_bridge.tables import InboundEvent, Job, OutboxMessage, Project
from render.errors import EmptyScript, InvalidStoryboard, LimitExceeded
from render.storyboard import Storyboard
from tests.support import events
from tests.support.jobs import accept, drafted, put

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]


async def test_a_submission_becomes_a_pending_job() -> None:
    accepted = await accept(events.submitted(script="Hello."))
    row = await transitions.find(accepted.job_id)
    assert (row.status, row.progress, row.project) == ("pending", 0, "project-1")
    assert row.wake_at is not None
    assert row.brief.script == "Hello."


async def test_event_job_and_message_are_stored_together() -> None:
    accepted = await accept(events.submitted(), message="evt_1")
    (event,) = await InboundEvent.select()
    (message,) = await OutboxMessage.select()
    assert (event["id"], event["job"]) == ("evt_1", accepted.job_id)
    assert msgspec.json.decode(event["body"])["type"] == "video.submitted"
    assert (message["job"], message["topic"]) == (accepted.job_id, "rendition")


async def test_a_repeated_event_does_nothing_and_answers_the_same() -> None:
    event = events.submitted()
    first = await accept(event, message="evt_1")
    second = await accept(event, message="evt_1")
    assert second.duplicate
    assert second.job_id == first.job_id
    assert await Job.count() == await InboundEvent.count() == 1


async def test_the_same_event_ten_times_at_once_makes_one_job() -> None:
    event = events.submitted()
    accepted: list[transitions.Accepted] = []

    async def send() -> None:
        accepted.append(await accept(event, message="evt_1"))

    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(send)
    assert len({one.job_id for one in accepted}) == 1
    assert await Job.count() == await InboundEvent.count() == 1


async def test_one_submission_under_two_ids_makes_one_job() -> None:
    first = await accept(events.submitted())
    second = await accept(events.submitted())
    assert first.job_id == second.job_id
    assert await Job.count() == 1


async def test_an_id_with_another_body_is_a_conflict() -> None:
    await accept(events.submitted(), message="evt_1")
    with pytest.raises(EventConflict):
        await accept(events.submitted(title="Other"), message="evt_1")


@pytest.mark.parametrize(
    ("brief", "error"),
    [
        ({"script": "  "}, EmptyScript),
        ({"script": "x" * 200_000}, LimitExceeded),
        ({"brief": "x" * 200_000}, LimitExceeded),
    ],
)
async def test_what_cannot_be_filmed_leaves_nothing_behind(
    brief: dict[str, str], error: type
) -> None:
    with pytest.raises(error):
        await accept(events.submitted(**brief))
    assert await Job.count() == await InboundEvent.count() == await Project.count() == 0


async def test_control_characters_reach_the_database_unharmed() -> None:
    accepted = await accept(events.submitted(script="a\x07b\x01c\tнет 你好 👩‍👩‍👧"))
    assert "你好" in (await transitions.find(accepted.job_id)).brief.script


async def test_an_approval_binds_exactly_what_was_sent() -> None:
    job = await drafted()
    board = events.storyboard("Changed by the editor.")
    await accept(events.approved(job, board=board))
    row = await transitions.find(job)
    assert (row.status, row.approved) == ("approved", True)
    assert row.approved_digest == row.storyboard_digest == board.digest
    assert row.approved_by == "editor@example.com"
    assert row.wake_at is not None


async def test_approving_twice_is_approving_once() -> None:
    job = await drafted()
    await accept(events.approved(job))
    sequence = (await transitions.find(job)).sequence
    await accept(events.approved(job))
    assert (await transitions.find(job)).sequence == sequence


async def test_an_edit_voids_an_approval_before_work_began() -> None:
    job = await drafted()
    await accept(events.approved(job, revision=1))
    await accept(events.edited(job, revision=2, board=events.storyboard("New.")))
    row = await transitions.find(job)
    assert (row.status, row.approved, row.approved_digest) == (
        "storyboard_complete",
        False,
        "",
    )
    assert row.wake_at is None


async def test_an_edit_that_arrives_after_a_later_approval_changes_nothing() -> None:
    job = await drafted()
    board = events.storyboard("Second revision.")
    await accept(events.approved(job, revision=2, board=board))
    await accept(events.edited(job, revision=1, board=events.storyboard("First revision.")))
    row = await transitions.find(job)
    assert (row.status, row.storyboard_digest) == ("approved", board.digest)


async def test_an_edit_that_arrives_after_a_repeated_approval_changes_nothing() -> None:
    job = await drafted()
    await accept(events.approved(job, revision=1))
    # Edited, edited back and approved again: the last of it arrives first.
    await accept(events.approved(job, revision=3, edits=True))
    await accept(events.edited(job, revision=2, board=events.storyboard("Second revision.")))
    row = await transitions.find(job)
    assert (row.status, row.storyboard_revision) == ("approved", 3)
    assert row.approved_digest == events.storyboard().digest


async def test_an_approval_that_arrives_after_a_later_edit_approves_nothing() -> None:
    job = await drafted()
    await accept(events.edited(job, revision=2, board=events.storyboard("Second revision.")))
    await accept(events.approved(job, revision=1))
    assert (await transitions.find(job)).status == "storyboard_complete"


@pytest.mark.parametrize("first", [events.edited, events.approved])
async def test_an_approval_of_what_stood_here_before_is_refused_whatever_its_revision(
    first: Any,
) -> None:
    job = await drafted()
    second = events.storyboard("Second revision.")
    await accept(first(job, revision=2, board=second))
    before = await transitions.find(job)
    for revision in (3, 99):
        with pytest.raises(ApprovalConflict, match="older one"):
            await accept(events.approved(job, revision=revision))
    assert await transitions.find(job) == before
    await accept(events.edited(job, revision=4))
    with pytest.raises(ApprovalConflict):
        await accept(events.approved(job, revision=5, board=second))
    await accept(events.approved(job, revision=6))
    row = await transitions.find(job)
    assert (row.status, row.approved_digest) == ("approved", events.storyboard().digest)


async def test_who_brings_an_older_content_back_and_approves_it_says_so() -> None:
    job = await drafted()
    await accept(events.edited(job, revision=2, board=events.storyboard("Second revision.")))
    await accept(events.approved(job, revision=3, edits=True))
    row = await transitions.find(job)
    assert (row.status, row.approved_digest) == ("approved", events.storyboard().digest)


@pytest.mark.parametrize("event", [events.edited, events.approved])
async def test_a_revision_has_one_content(event: Any) -> None:
    job = await drafted()
    board = events.storyboard("Second revision.")
    await accept(events.edited(job, revision=2, board=board))
    before = await transitions.find(job)
    with pytest.raises(RevisionConflict):
        await accept(event(job, revision=2, board=events.storyboard("Another one.")))
    assert await transitions.find(job) == before
    await accept(event(job, revision=2, board=board))


@pytest.mark.parametrize("seed", range(6))
async def test_an_edit_and_an_approval_at_once_never_approve_what_was_edited(seed: int) -> None:
    job = await drafted()
    board, shown = events.storyboard("Edited."), events.storyboard()

    async def late(event: JobEvent) -> None:
        with suppress(ApprovalConflict, RevisionConflict, IllegalMove):
            await accept(event)

    sent = [events.edited(job, revision=3, board=board), events.approved(job, revision=2)]
    async with anyio.create_task_group() as group:
        for event in sent[:: 1 if seed % 2 else -1]:
            group.start_soon(late, event)
    row = await transitions.find(job)
    assert (row.storyboard_digest, row.approved) == (board.digest, False)
    assert row.approved_digest != shown.digest


async def test_an_edit_mends_a_failed_storyboard():
    job = await drafted()
    await put(job, Status.FAILED, approved=True, error='{"code":"x","message":"y"}')
    await accept(events.edited(job, board=events.storyboard("Shorter.")))
    row = await transitions.find(job)
    assert (row.status, row.approved, row.error) == ("storyboard_complete", False, None)


@pytest.mark.parametrize("status", [Status.GENERATING, Status.COMPOSING, Status.UPLOADING])
async def test_a_storyboard_at_work_cannot_be_edited(status: Status) -> None:
    job = await drafted()
    await put(job, status)
    with pytest.raises(IllegalMove):
        await accept(events.edited(job))


@pytest.mark.parametrize(
    ("board", "error"),
    [
        (Storyboard(title="T", scenes=()), InvalidStoryboard),
        (events.storyboard(*["x"] * 300), LimitExceeded),
    ],
)
async def test_a_storyboard_that_cannot_be_filmed_changes_nothing(
    board: Storyboard, error: type
) -> None:
    job = await drafted()
    before = await transitions.find(job)
    for event in (events.edited(job, board=board), events.approved(job, board=board)):
        with pytest.raises(error):
            await accept(event)
    assert await transitions.find(job) == before


@pytest.mark.parametrize("job", ["no-uuid", str(UUID(int=1))])
async def test_an_unknown_job_is_not_found(job: str) -> None:
    with pytest.raises(JobNotFound):
        await accept(events.approved(job))


@pytest.mark.parametrize("status", [Status.PENDING, Status.GENERATING, Status.STORYBOARD_COMPLETE])
async def test_cancelling_stops_everything_unfinished(status: Status) -> None:
    job = await drafted()
    await put(job, status, lease_owner="worker")
    await accept(events.cancelled())
    row = await transitions.find(job)
    assert (row.status, row.lease_owner, row.wake_at) == ("cancelled", "", None)


async def test_a_completed_job_cannot_be_cancelled() -> None:
    job = await drafted()
    await put(job, Status.COMPLETED)
    with pytest.raises(IllegalMove):
        await accept(events.cancelled())


async def test_cancelling_before_the_submission_arrived_is_told_to_come_again() -> None:
    with pytest.raises(JobNotFound, match="has yet to arrive"):
        await accept(events.cancelled())


@pytest.mark.parametrize(
    ("approved", "status"), [(True, "approved"), (False, "storyboard_complete")]
)
async def test_a_retry_starts_again_where_a_person_last_decided(
    approved: bool, status: str
) -> None:
    job = await drafted()
    await put(job, Status.FAILED, approved=approved, error='{"code":"x","message":"y"}')
    await accept(events.retried())
    row = await transitions.find(job)
    assert (row.status, row.error, row.retry_count) == (status, None, 0)


async def test_a_waiting_job_is_due_until_somebody_takes_it() -> None:
    accepted = await accept(events.submitted())
    assert await turns.next_in(Lane.DRAFTS, limit=9) == []
    await put(
        accepted.job_id,
        Status.PENDING,
        wake_at=(await transitions.find(accepted.job_id)).created_at,
    )
    since = (await transitions.find(accepted.job_id)).wake_at
    for _ in range(2):
        assert await turns.next_in(Lane.DRAFTS, limit=9) == [(accepted.job_id, 0, Status.PENDING)]
    # How long it has been due is what health goes by: looking must not hide it.
    assert (await transitions.find(accepted.job_id)).wake_at == since
    assert await turns.next_in(Lane.DRAFTS, limit=9, besides=[accepted.job_id]) == []
    assert await turns.next_in(Lane.GENERATION, limit=9) == []


async def test_every_change_raises_the_sequence_and_the_message() -> None:
    job = await drafted()
    await accept(events.edited(job, revision=1, board=events.storyboard("a")))
    await accept(events.edited(job, revision=2, board=events.storyboard("b")))
    (message,) = await OutboxMessage.select()
    row = await transitions.find(job)
    assert (row.sequence, message["version"]) == (3, 3)
