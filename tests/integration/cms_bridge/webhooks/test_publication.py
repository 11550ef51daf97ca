"""What happens to jobs is told to who subscribed, with the change itself; on both databases."""

import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from cms_bridge.database import transaction
from cms_bridge.jobs import leases, media, transitions
from cms_bridge.jobs.leases import Phase
from cms_bridge.jobs.media import Order
from cms_bridge.pricing.estimates import OFFLINE
from cms_bridge.records import StoredVideo
from cms_bridge.states import JobKind, Status
from cms_bridge.tables import Job, Project, WebhookDelivery, WebhookEvent, WebhookSubscription
from cms_bridge.webhooks import subscriptions
from cms_bridge.webhooks.events import EventType, JobMessage, Occasion
from cms_bridge.webhooks.publication import publish
from cms_bridge.webhooks.subscriptions import Changes
from render.problem import Problem
from render.storyboard import Limits
from tests.support import events
from tests.support.jobs import accept, claimed, put
from tests.support.webhooks import PROJECT, SECRETS, subscribed

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]

VIDEO = StoredVideo(
    key="videos/1.mp4", poster_key="videos/1.jpg", duration=1.5, width=1920, height=1080, bytes=9
)
PROBLEM = Problem(code="generation_refused", message="The model refused.")


async def told() -> list[dict[str, Any]]:
    rows = await WebhookEvent.select().order_by(WebhookEvent.created_at)
    return [json.loads(row["body"]) for row in rows]


async def types() -> list[str]:
    return [one["type"] for one in await told()]


async def test_a_videos_life_is_told_step_by_step() -> None:
    await subscribed()
    job = (await accept(events.submitted())).job_id
    board = events.storyboard()
    await leases.storyboard_drafted(
        await claimed(job, Phase.STORYBOARD), board, estimate=Decimal("0.14"), warnings=()
    )
    await accept(events.approved(job))
    lease = await claimed(job)
    await leases.advance(lease, to=Status.COMPOSING, progress=50)
    await leases.advance(lease, to=Status.UPLOADING)
    await leases.complete(lease, VIDEO)
    assert await types() == [
        "video.submitted",
        "storyboard.ready",
        "storyboard.approved",
        "video.completed",
    ]
    done = (await told())[-1]["data"]
    assert done["status"] == "completed"
    assert done["links"] == {
        "status": f"/api/v1/videos/jobs/{job}/status",
        "approval": f"/api/v1/jobs/{job}/estimate",
        "files": f"/api/v1/videos/jobs/{job}/links",
    }
    assert done["storyboardDigest"] == board.digest
    sequences = [one["data"]["sequence"] for one in await told()]
    assert sequences == sorted(set(sequences))
    assert await WebhookDelivery.count() == 4


async def test_a_failure_a_retry_and_a_cancellation_are_told() -> None:
    await subscribed()
    job = (await accept(events.submitted())).job_id
    await leases.fail(await claimed(job, Phase.STORYBOARD), PROBLEM)
    await accept(events.retried())
    await accept(events.cancelled())
    assert await types() == [
        "video.submitted",
        "video.failed",
        "video.retried",
        "video.cancelled",
    ]
    assert (await told())[1]["data"]["error"]["code"] == "generation_refused"
    assert (await told())[2]["data"]["status"] == "pending"


async def test_an_approved_job_that_begins_again_is_retried_and_not_approved_anew() -> None:
    job = (await accept(events.submitted())).job_id
    await put(job, Status.FAILED, approved=True)
    await subscribed()
    await transitions.render(job)
    assert await types() == ["video.retried"]


async def test_a_brief_that_is_replaced_is_told_as_cancelled() -> None:
    await subscribed()
    await accept(events.submitted())
    await accept(events.submitted(submission=2))
    assert sorted(await types()) == ["video.cancelled", "video.submitted", "video.submitted"]


async def test_a_brief_that_comes_too_late_is_told_as_cancelled_alone() -> None:
    await accept(events.submitted(submission=2))
    await subscribed()
    await accept(events.submitted(submission=1))
    assert await types() == ["video.cancelled"]
    assert (await told())[0]["data"]["error"]["code"] == "superseded"


async def test_media_are_told_as_tasks() -> None:
    await subscribed()

    async def order() -> UUID:
        wanted = Order(project=PROJECT, kind=JobKind.IMAGE, prompt="A loaf")
        made, _ = await media.order(wanted, key=None, limits=Limits(), prices=OFFLINE)
        return made

    first = await order()
    await leases.complete_medium(await claimed(first), fallback=False)
    await leases.fail(await claimed(await order()), PROBLEM)
    assert await types() == ["task.submitted", "task.completed", "task.submitted", "task.failed"]
    done = (await told())[1]["data"]
    assert (done["kind"], done["links"]["approval"]) == ("image", None)
    assert done["links"]["files"] == f"/api/v1/media/assets/{first}/content"
    assert done["links"]["status"] == f"/api/v1/tasks/{first}/status"


async def test_an_automatic_retry_and_progress_are_nobodys_news() -> None:
    job = (await accept(events.submitted())).job_id
    await subscribed()
    lease = await claimed(job, Phase.STORYBOARD)
    await leases.advance(lease, progress=3)
    await leases.release(lease)
    assert await types() == []


async def test_each_is_told_what_it_asked_for() -> None:
    everything = await subscribed("https://a.example")
    ends = await subscribed("https://b.example", events=(EventType.VIDEO_CANCELLED,))
    await subscribed("https://c.example", enabled=False)
    await subscribed("https://d.example", project="another")
    gone = await subscribed("https://e.example")
    await subscriptions.delete(PROJECT, gone.id)
    await accept(events.submitted())
    await accept(events.cancelled())
    rows = await WebhookDelivery.select(
        WebhookDelivery.subscription, WebhookDelivery.event.type.as_alias("type")
    )
    assert sorted((row["type"], row["subscription"] == ends.id) for row in rows) == [
        ("video.cancelled", False),
        ("video.cancelled", True),
        ("video.submitted", False),
    ]
    assert {row["subscription"] for row in rows} == {everything.id, ends.id}


async def test_what_is_rolled_back_was_never_told() -> None:
    await subscribed()
    job = (await accept(events.submitted())).job_id

    async def cancel_and_fail() -> None:
        async with transaction():
            await transitions.cancel(events.cancelled().data)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await cancel_and_fail()
    assert await types() == ["video.submitted"]
    assert await Job.exists().where(Job.id == job, Job.status == Status.PENDING)


async def test_a_body_has_its_documented_form_and_no_secret() -> None:
    subscription = await subscribed()
    await accept(events.submitted())
    (row,) = await WebhookEvent.select()
    import msgspec

    message = msgspec.json.decode(row["body"], type=JobMessage)
    assert message.data.project_id == PROJECT
    assert "whsec" not in row["body"]
    assert SECRETS.reveal(subscription.id, subscription.secret_versions[0])[6:] not in str(
        await WebhookSubscription.select()
    )


async def test_ten_thousand_subscriptions_of_others_are_one_look_into_an_index(
    database: str,
) -> None:
    rows = [Project(id=f"p{number}", name="x") for number in range(500)]
    one = await subscribed()
    stored = (await WebhookSubscription.select())[0]
    for start in range(0, 500, 100):
        await Project.insert(*rows[start : start + 100])
    for start in range(0, 10_000, 200):
        await WebhookSubscription.insert(
            *(
                WebhookSubscription(
                    **stored
                    | {
                        "id": UUID(int=number + 1),
                        "project": f"p{number % 500}",
                        "url": f"https://{number}.example",
                    }
                )
                for number in range(start, start + 200)
            )
        )
    job = (await accept(events.submitted())).job_id
    assert await WebhookDelivery.exists().where(WebhookDelivery.subscription == one.id)
    assert await WebhookDelivery.count() == 1
    if database.startswith("postgres"):
        await WebhookSubscription.raw("ANALYZE")
    explain = "EXPLAIN QUERY PLAN" if database.startswith("sqlite") else "EXPLAIN"
    asked: list[str] = []
    from cms_bridge.webhooks import publication

    plan = await WebhookSubscription.raw(f"{explain} {publication._RECEIVERS}", job, True)
    asked = [str(step).lower() for step in plan]
    assert any("webhook_subscription_project" in step for step in asked), asked
    assert not any("seq scan on webhook" in step or "scan webhook" in step for step in asked), asked


async def test_a_subscription_that_is_switched_on_hears_of_what_comes() -> None:
    one = await subscribed(enabled=False)
    await accept(events.submitted())
    await subscriptions.change(PROJECT, one.id, Changes(enabled=True))
    await accept(events.cancelled())
    assert await types() == ["video.cancelled"]


async def test_nothing_is_told_where_nothing_happened() -> None:
    await subscribed()
    job = (await accept(events.submitted())).job_id
    await publish(job, None)
    await publish(job, Occasion.SUBMITTED)
    assert await WebhookEvent.count() == 2
