"""Videos ordered by API: once for each key, and approved by themselves up to a price."""

from decimal import Decimal
from uuid import UUID

import anyio
import pytest

from cms_bridge.errors import IdempotencyConflict
from cms_bridge.jobs import policies, submissions, transitions
from cms_bridge.jobs.leases import Phase
from cms_bridge.jobs.submissions import VideoOrder
from cms_bridge.outbox import messages
from cms_bridge.pricing.estimates import Prices, estimate
from cms_bridge.states import Origin, Status
from cms_bridge.tables import Approval, Job, OutboxMessage
from render.errors import EmptyScript
from render.storyboard import Brief, Limits
from tests.support import events
from tests.support.jobs import claimed

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]

PRICES = Prices(picture=lambda _: Decimal("0.25"), narration=lambda _: Decimal("0.50"))
BRIEF = Brief(title="Bread", script="One sentence. And another.")


def wanted(up_to: str | None = None, **brief: str) -> VideoOrder:
    return VideoOrder(
        project="bakery",
        brief=Brief(title="Bread", **{"script": "One sentence.", **brief}),
        approve_up_to=None if up_to is None else Decimal(up_to),
        by="ann@example.com",
    )


async def ordered(up_to: str | None = None, *, key: str | None = None) -> UUID:
    job, _ = await submissions.order(wanted(up_to), key=key, limits=Limits())
    return job


async def drafted(job: UUID) -> None:
    board = events.storyboard()
    await policies.lay_down(
        await claimed(job, Phase.STORYBOARD),
        board,
        priced=estimate(board, PRICES),
        warnings=(),
        prices=PRICES,
    )


async def test_an_order_is_a_video_of_its_own_that_waits_for_a_worker() -> None:
    job = await transitions.find(await ordered())
    assert (job.status, job.origin, job.video_id) == ("pending", Origin.API, f"task-{job.id}")
    assert job.brief.title == job.title == "Bread"
    assert job.wake_at is not None


async def test_the_same_key_names_the_same_order_and_no_other() -> None:
    first = await ordered("1.50", key="k")
    assert await submissions.order(wanted("1.50"), key="k", limits=Limits()) == (first, False)
    for other in (wanted("1.51"), wanted(), wanted("1.50", script="Another.")):
        with pytest.raises(IdempotencyConflict):
            await submissions.order(other, key="k", limits=Limits())
    assert await Job.count() == 1


async def test_one_key_ten_times_at_once_is_one_order() -> None:
    told: list[tuple[UUID, bool]] = []

    async def order() -> None:
        told.append(await submissions.order(wanted(), key="k", limits=Limits()))

    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(order)
    assert len({job for job, _ in told}) == 1
    assert sum(new for _, new in told) == await Job.count() == 1


async def test_what_cannot_be_filmed_is_refused_and_leaves_nothing() -> None:
    with pytest.raises(EmptyScript):
        await submissions.order(wanted(script=" "), key=None, limits=Limits())
    assert await Job.count() == 0


async def test_within_its_price_a_storyboard_is_approved_as_it_is_laid_down() -> None:
    job = await ordered("1.50")
    await drafted(job)
    found = await transitions.find(job)
    assert (found.status, found.approved, found.approved_by) == (
        Status.APPROVED,
        True,
        "ann@example.com",
    )
    assert found.approved_cost == found.estimated_cost == Decimal("1.50")
    assert found.approved_digest == events.storyboard().digest
    assert found.wake_at is not None
    assert await Approval.count() == 1


@pytest.mark.parametrize("up_to", [None, "0", "1.499999"])
async def test_past_its_price_or_without_one_it_waits_for_a_person(up_to: str | None) -> None:
    job = await ordered(up_to)
    await drafted(job)
    found = await transitions.find(job)
    assert (found.status, found.approved) == (Status.STORYBOARD_COMPLETE, False)
    assert found.wake_at is None
    assert await Approval.count() == 0


class NoCms:
    """Fails whoever tells it anything."""

    async def write_storyboard(self, write: object) -> None:
        raise AssertionError(write)

    async def write_rendition(self, write: object) -> None:
        raise AssertionError(write)


async def test_no_cms_is_told_of_a_video_that_is_no_document_of_it() -> None:
    await drafted(await ordered())
    due = await messages.due()
    assert due
    for message, _ in due:
        assert await messages.deliver(message, NoCms(), backoff=messages.Backoff())
    assert not await OutboxMessage.exists().where(OutboxMessage.due_at.is_not_null())
