"""Deliveries to a real receiver: signed, tried again, given up; nothing lost; on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import anyio
import pytest
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.responses import RedirectResponse, Response

from cms_bridge.errors import DeliveryNotFound, WebhookDisabled
from cms_bridge.records import PageEnd
from cms_bridge.tables import (
    WebhookAttempt,
    WebhookDelivery,
    WebhookEvent,
    WebhookSubscription,
)
from cms_bridge.webhooks import deliveries, history, subscriptions
from cms_bridge.webhooks.deliveries import DeliveryStatus
from cms_bridge.webhooks.signing import Secrets
from cms_bridge.webhooks.subscriptions import Changes, DisabledReason, Subscription
from cms_bridge.webhooks.trials import Trials
from tests.support import events
from tests.support.jobs import accept
from tests.support.receivers import Receiver, receiving
from tests.support.webhooks import (
    PATIENCE,
    PROJECT,
    SECRETS,
    deliver_due,
    make_due,
    reaching,
    secret_of,
    subscribed,
)

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


async def the_delivery() -> dict[str, object]:
    (row,) = await WebhookDelivery.select()
    return row


async def find(subscription: Subscription) -> Subscription:
    return await subscriptions.find(PROJECT, subscription.id)


async def test_a_delivery_is_signed_as_the_official_library_verifies(receiver: Receiver) -> None:
    one = await subscribed(receiver.url)
    await accept(events.submitted(title="Über uns · 日本"))
    async with reaching(receiver.url) as targets:
        (answer,) = await deliver_due(targets)
    assert answer is not None
    assert (answer.taken, answer.status_code) == (True, 204)
    (message,) = receiver.verified(secret_of(one))
    assert message["type"] == "video.submitted"
    headers, _ = receiver.calls[0]
    assert headers["content-type"] == "application/json"
    row = await the_delivery()
    assert (row["status"], row["attempts"], row["due_at"]) == ("delivered", 1, None)
    assert headers["webhook-id"] == row["event"]
    assert await deliveries.due(limit=1) == []
    with pytest.raises(WebhookVerificationError):
        receiver.verified(secret_of(await subscribed("https://other.example")))


async def test_a_failure_is_tried_again_under_the_same_id_with_the_same_bytes(
    receiver: Receiver,
) -> None:
    one = await subscribed(receiver.url)
    await accept(events.submitted())
    receiver.answers = lambda number: Response("busy", 500) if number < 3 else None
    async with reaching(receiver.url) as targets:
        for failures in (1, 2):
            before = datetime.now(UTC)
            await deliver_due(targets)
            row = await the_delivery()
            assert (row["status"], row["failures"]) == ("waiting", failures)
            assert row["reason"] == "It answered 500."
            wait = (row["due_at"] - before) / (PATIENCE.first * 3 ** (failures - 1))  # type: ignore[operator]
            assert 0.79 < wait < 1.5
            assert (await find(one)).failing_since is not None
            assert await deliver_due(targets) == []
            await make_due()
        await deliver_due(targets)
    assert len(set(receiver.ids)) == 1
    assert len({body for _, body in receiver.calls}) == 1
    assert len(receiver.verified(secret_of(one))) == 3
    assert (await the_delivery())["status"] == "delivered"
    assert (await find(one)).failing_since is None
    record, _, tries = await history.find(one.id, UUID(str((await the_delivery())["id"])))
    assert [(one.number, one.status_code, one.answer) for one in tries] == [
        (1, 500, "busy"),
        (2, 500, "busy"),
        (3, 204, ""),
    ]
    assert record.attempts == 3


@pytest.mark.parametrize(
    ("said", "least", "most"), [("600", 600, 601), ("99999999", 14_399, 14_400), ("soon", 4, 7)]
)
async def test_retry_after_is_heeded_within_bounds(
    receiver: Receiver, said: str, least: int, most: int
) -> None:
    await subscribed(receiver.url)
    await accept(events.submitted())
    receiver.answers = lambda _: Response("", 503, {"Retry-After": said})
    async with reaching(receiver.url) as targets:
        before = datetime.now(UTC)
        await deliver_due(targets)
        after = datetime.now(UTC)
    due = (await the_delivery())["due_at"]
    assert isinstance(due, datetime)
    assert due >= before + timedelta(seconds=least)
    assert due <= after + timedelta(seconds=most)


async def test_410_disables_and_gives_up_what_waits(receiver: Receiver) -> None:
    one = await subscribed(receiver.url)
    await accept(events.submitted())
    await accept(events.submitted(video="video-2"))
    receiver.answers = lambda _: Response("", 410)
    async with reaching(receiver.url) as targets:
        (first, *_) = await deliveries.due(limit=1)
        await deliveries.deliver(first.id, targets, secrets=SECRETS, patience=PATIENCE)
        assert await deliveries.due(limit=10) == []
    found = await find(one)
    assert (found.enabled, found.disabled_reason) == (False, DisabledReason.GONE)
    assert {row["status"] for row in await WebhookDelivery.select()} == {"failed"}
    reasons = {row["reason"] for row in await WebhookDelivery.select()}
    assert reasons == {"It answered 410.", "The subscription was disabled."}
    await accept(events.cancelled())
    assert await WebhookDelivery.count() == 2
    assert len(receiver.calls) == 1


async def test_after_a_day_a_delivery_is_given_up_and_its_subscription_goes_on(
    receiver: Receiver,
) -> None:
    one = await subscribed(receiver.url)
    await accept(events.submitted())
    receiver.answers = lambda _: Response("", 500)
    async with reaching(receiver.url) as targets:
        await deliver_due(targets)
        nearly = datetime.now(UTC) - PATIENCE.horizon + timedelta(minutes=1)
        await make_due(waiting_since=nearly, failures=9)
        await deliver_due(targets)
        # The last try is at the end of the day, not hours after it.
        due = (await the_delivery())["due_at"]
        assert isinstance(due, datetime)
        assert due == nearly + PATIENCE.horizon
        await make_due(waiting_since=nearly - timedelta(minutes=2))
        await deliver_due(targets)
    row = await the_delivery()
    assert (row["status"], row["due_at"]) == ("failed", None)
    assert row["finished_at"] is not None
    assert (await find(one)).enabled


async def test_what_takes_nothing_for_days_is_disabled_with_its_reason(receiver: Receiver) -> None:
    one = await subscribed(receiver.url)
    await accept(events.submitted())
    receiver.answers = lambda _: Response("", 500)
    long_ago = datetime.now(UTC) - PATIENCE.disable_after - timedelta(minutes=1)
    await WebhookSubscription.update({WebhookSubscription.failing_since: long_ago}, force=True)
    async with reaching(receiver.url) as targets:
        await deliver_due(targets)
        assert (await find(one)).enabled, "an event that may still be taken gives it another chance"
        await make_due(waiting_since=datetime.now(UTC) - PATIENCE.horizon)
        await deliver_due(targets)
    found = await find(one)
    assert (found.enabled, found.disabled_reason) == (False, DisabledReason.FAILING)
    assert found.failing_since == long_ago
    back = await subscriptions.change(PROJECT, one.id, Changes(enabled=True))
    assert (back.disabled_reason, back.disabled_at, back.failing_since) == (None, None, None)


async def test_redirects_are_not_followed(receiver: Receiver) -> None:
    await subscribed(receiver.url)
    await accept(events.submitted())
    receiver.answers = lambda _: RedirectResponse(receiver.url)
    async with reaching(receiver.url) as targets:
        (answer,) = await deliver_due(targets)
    assert answer is not None
    assert answer.error == "It answered 307; redirects are not followed."
    assert len(receiver.calls) == 1


async def test_an_answer_is_bounded_in_bytes_and_kept_as_text(receiver: Receiver) -> None:
    one = await subscribed(receiver.url)
    await accept(events.submitted())
    receiver.answers = lambda _: Response(b"\xff\0" + b"x" * 5_000_000)
    async with reaching(receiver.url, most_bytes=100) as targets:
        (answer,) = await deliver_due(targets)
    assert answer is not None
    assert answer.taken
    _, _, (attempt,) = await history.find(one.id, UUID(str((await the_delivery())["id"])))
    assert attempt.answer == "\ufffd\ufffd" + "x" * 98


async def test_an_answer_that_takes_too_long_is_a_failure(receiver: Receiver) -> None:
    await subscribed(receiver.url)
    await accept(events.submitted())
    receiver.delay = 5
    async with reaching(receiver.url, seconds=0.3) as targets:
        (answer,) = await deliver_due(targets)
    assert answer is not None
    assert answer.error == "No whole answer came within 0.3 seconds."
    assert answer.seconds < 4


async def test_nobody_there_is_told_in_plain_words() -> None:
    await subscribed("http://127.0.0.1:9/hook")
    await accept(events.submitted())
    async with reaching("http://127.0.0.1:9") as targets:
        (answer,) = await deliver_due(targets)
    assert answer is not None
    assert (answer.status_code, answer.error) == (None, "No connection could be made.")


async def test_a_rotation_signs_with_both_secrets_until_the_overlap_ends(
    receiver: Receiver,
) -> None:
    one = await subscribed(receiver.url)
    old = secret_of(one)
    rotated = await subscriptions.rotate(
        PROJECT, one.id, secrets=SECRETS, overlap=timedelta(hours=1)
    )
    new = secret_of(rotated)
    assert old != new
    await accept(events.submitted())
    async with reaching(receiver.url) as targets:
        await deliver_due(targets)
        headers, body = receiver.calls[0]
        assert len(headers["webhook-signature"].split(" ")) == 2
        for secret in (old, new):
            Webhook(secret).verify(body, headers)
        await subscriptions.rotate(PROJECT, one.id, secrets=SECRETS, overlap=timedelta(0))
        await accept(events.cancelled())
        await deliver_due(targets)
    headers, body = receiver.calls[1]
    newest = secret_of(await find(one))
    Webhook(newest).verify(body, headers)
    for secret in (old, new):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, headers)


async def test_two_rotations_at_once_make_two_secrets() -> None:
    one = await subscribed()
    async with anyio.create_task_group() as group:
        for _ in range(2):
            group.start_soon(
                lambda: subscriptions.rotate(
                    PROJECT, one.id, secrets=SECRETS, overlap=timedelta(hours=1)
                )
            )
    assert [version.number for version in (await find(one)).secret_versions] == [3, 2, 1]


async def test_a_secret_that_can_no_longer_be_derived_is_told_and_nothing_is_sent(
    receiver: Receiver,
) -> None:
    one = await subscribed(receiver.url)
    await accept(events.submitted())
    other = Secrets(["another installation's secret, of 32 characters"])
    async with reaching(receiver.url) as targets:
        (due,) = await deliveries.due(limit=1)
        answer = await deliveries.deliver(due.id, targets, secrets=other, patience=PATIENCE)
    assert answer is not None
    assert "rotate it" in answer.error
    assert receiver.calls == []
    # With both configured the old one still signs, and a rotation moves to the new one.
    both = Secrets(
        [
            "another installation's secret, of 32 characters",
            "an installation's secret of more than 32 characters",
        ]
    )
    await make_due()
    async with reaching(receiver.url) as targets:
        await deliveries.deliver(due.id, targets, secrets=both, patience=PATIENCE)
    receiver.verified(secret_of(one))
    moved = await subscriptions.rotate(PROJECT, one.id, secrets=both, overlap=timedelta(0))
    assert other.reveal(one.id, moved.secret_versions[0])


async def test_two_daemons_make_one_try(receiver: Receiver) -> None:
    await subscribed(receiver.url)
    await accept(events.submitted())
    (due,) = await deliveries.due(limit=1)
    async with reaching(receiver.url) as targets, anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(
                lambda: deliveries.deliver(due.id, targets, secrets=SECRETS, patience=PATIENCE)
            )
    assert len(receiver.calls) == 1


async def test_who_is_killed_between_sending_and_writing_down_leaves_it_for_the_next(
    receiver: Receiver,
) -> None:
    one = await subscribed(receiver.url)
    await accept(events.submitted())
    (due,) = await deliveries.due(limit=1)
    # As a kill leaves it: a try that was written down and sent, and nothing after that.
    claim = await deliveries._claim(due.id, seconds=5)
    assert claim is not None
    async with reaching(receiver.url) as targets:
        headers = SECRETS.headers(
            one.id,
            one.secret_versions,
            message=claim.event,
            body=claim.body,
            at=datetime.now(UTC),
        )
        await targets.call(receiver.url, claim.body, headers)
        assert await deliver_due(targets) == []
        await make_due(locked_until=datetime.now(UTC) - timedelta(seconds=1))
        await deliver_due(targets)
    assert len(receiver.ids) == 2
    assert len(set(receiver.ids)) == 1
    _, _, tries = await history.find(one.id, due.id)
    assert [(attempt.number, attempt.seconds is None) for attempt in tries] == [
        (1, True),
        (2, False),
    ]
    assert (await the_delivery())["status"] == "delivered"


async def test_a_try_that_was_overtaken_changes_nothing(receiver: Receiver) -> None:
    await subscribed(receiver.url)
    await accept(events.submitted())
    (due,) = await deliveries.due(limit=1)
    receiver.answers = lambda _: Response("", 500)
    slow = await deliveries._claim(due.id, seconds=5)
    assert slow is not None
    await make_due(locked_until=datetime.now(UTC) - timedelta(seconds=1))
    receiver.answers = lambda _: None
    async with reaching(receiver.url) as targets:
        await deliver_due(targets)
        receiver.answers = lambda _: Response("", 500)
        answer = await targets.call(receiver.url, "{}", {})
    await deliveries._settle(slow, answer, PATIENCE)
    assert (await the_delivery())["status"] == "delivered"


async def test_a_call_that_is_cancelled_is_made_again_at_once(receiver: Receiver) -> None:
    await subscribed(receiver.url)
    await accept(events.submitted())
    (due,) = await deliveries.due(limit=1)
    receiver.delay = 5
    async with reaching(receiver.url) as targets:
        with anyio.move_on_after(0.5):
            await deliveries.deliver(due.id, targets, secrets=SECRETS, patience=PATIENCE)
        receiver.delay = 0
        await deliver_due(targets)
    assert (await the_delivery())["status"] == "delivered"
    assert len(set(receiver.ids)) == 1


async def test_what_is_replayed_is_sent_again_under_its_id(receiver: Receiver) -> None:
    one = await subscribed(receiver.url)
    await accept(events.submitted())
    async with reaching(receiver.url) as targets:
        await deliver_due(targets)
        delivery = UUID(str((await the_delivery())["id"]))
        await history.replay(one, delivery)
        # Asked twice, it is sent once more.
        await history.replay(one, delivery)
        await deliver_due(targets)
    assert len(receiver.ids) == 2
    assert len(set(receiver.ids)) == 1
    record, _, tries = await history.find(one.id, delivery)
    assert (record.status, [attempt.number for attempt in tries]) == ("delivered", [1, 2])
    with pytest.raises(DeliveryNotFound):
        await history.replay(one, uuid4())
    off = await subscriptions.change(PROJECT, one.id, Changes(enabled=False))
    with pytest.raises(WebhookDisabled):
        await history.replay(off, delivery)


async def test_all_that_was_given_up_is_sent_again(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await subscribed(receiver.url)
    before = datetime.now(UTC)
    for number in range(5):
        await accept(events.submitted(video=f"video-{number}"))
    receiver.answers = lambda _: Response("", 500)
    async with reaching(receiver.url) as targets:
        await Trials(targets, SECRETS).make(one)
        await make_due(waiting_since=before - PATIENCE.horizon)
        await deliver_due(targets)
        assert await deliveries.due(limit=1) == []
        assert await history.replay_failed(one, since=datetime.now(UTC)) == (0, False)
        monkeypatch.setattr(history, "MOST_REPLAYED", 3)
        assert await history.replay_failed(one, since=before) == (3, True)
        assert await history.replay_failed(one, since=before) == (2, False)
        assert await history.replay_failed(one, since=before) == (0, False)
        receiver.answers = lambda _: None
        receiver.calls.clear()
        await deliver_due(targets)
    assert len(set(receiver.ids)) == 5
    assert {message["type"] for message in receiver.verified(secret_of(one))} == {"video.submitted"}
    off = await subscriptions.change(PROJECT, one.id, Changes(enabled=False))
    with pytest.raises(WebhookDisabled):
        await history.replay_failed(off, since=before)


async def test_a_test_call_is_made_once_and_bears_no_consequences(receiver: Receiver) -> None:
    one = await subscribed(receiver.url, enabled=False)
    receiver.answers = lambda number: Response("gone", 410) if number == 1 else None
    async with reaching(receiver.url) as targets:
        trials = Trials(targets, SECRETS)
        delivery, answer = await trials.make(one)
        assert (answer.taken, answer.status_code, answer.text) == (False, 410, "gone")
        record, body, _ = await history.find(one.id, delivery)
        assert (record.status, record.type, record.due_at) == ("failed", "webhook.test", None)
        assert str(one.id) in body
        found = await find(one)
        assert (found.disabled_reason, found.failing_since) == (DisabledReason.PERSON, None)
        _, answer = await trials.make(one)
    assert answer.taken
    assert [message["type"] for message in receiver.verified(secret_of(one))] == [
        "webhook.test",
        "webhook.test",
    ]


async def test_pages_of_the_log_name_each_delivery_once(receiver: Receiver) -> None:
    one = await subscribed(receiver.url)
    await subscribed("https://other.example")
    for number in range(7):
        await accept(events.submitted(video=f"video-{number}"))
    # As those of one transaction are.
    await WebhookDelivery.update({WebhookDelivery.created_at: datetime.now(UTC)}, force=True)
    seen: list[UUID] = []
    after = None
    while found := await history.page(one.id, limit=3, after=after):
        seen += [record.id for record in found]
        after = PageEnd(found[-1].created_at, found[-1].id)
    assert len(seen) == len(set(seen)) == 7
    assert await history.page(one.id, limit=9, status=DeliveryStatus.DELIVERED) == []


async def test_the_log_is_kept_for_a_while(receiver: Receiver) -> None:
    one = await subscribed(receiver.url)
    await accept(events.submitted())
    await accept(events.submitted(video="video-2"))
    async with reaching(receiver.url) as targets:
        await deliver_due(targets)
    await accept(events.submitted(video="video-3"))
    old = datetime.now(UTC) - timedelta(days=40)
    done = WebhookDelivery.status == "delivered"
    (first, _) = await WebhookDelivery.select(WebhookDelivery.id).where(done)
    await WebhookDelivery.update({WebhookDelivery.created_at: old}).where(
        (WebhookDelivery.id == first["id"]) | WebhookDelivery.due_at.is_not_null()
    )
    await WebhookEvent.update({WebhookEvent.created_at: old}, force=True)
    assert await history.prune(timedelta(days=30)) == 1
    assert await WebhookDelivery.count() == 2, "what waits is kept, however old"
    assert await WebhookEvent.count() == 2
    assert await WebhookAttempt.count() == 1

    await subscriptions.delete(PROJECT, one.id)
    await history.prune(timedelta(days=30))
    assert await WebhookSubscription.count() == 1, "somebody may be writing to it just now"
    await WebhookSubscription.update(
        {WebhookSubscription.deleted_at: datetime.now(UTC) - timedelta(hours=2)}, force=True
    )
    for _ in range(2):
        await history.prune(timedelta(days=30))
    assert await WebhookSubscription.count() == 0
    assert await WebhookDelivery.count() == 0


async def test_what_is_deleted_is_told_nothing_more(receiver: Receiver) -> None:
    one = await subscribed(receiver.url)
    await accept(events.submitted())
    await subscriptions.delete(PROJECT, one.id)
    async with reaching(receiver.url) as targets:
        assert await deliver_due(targets) == [None]
    assert receiver.calls == []
    assert (await the_delivery())["attempts"] == 0
    # Its address is free for another.
    await subscribed(receiver.url)
