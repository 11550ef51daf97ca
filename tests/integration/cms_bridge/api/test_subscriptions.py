"""Subscriptions over HTTP: made, shown without their secret, changed, tested, logged, replayed."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import anyio
import httpx
import jsonschema_rs
import pytest
from pydantic import AnyHttpUrl, SecretStr
from standardwebhooks import Webhook
from starlette.responses import Response

from cms_bridge.settings import BridgeSettings
from cms_bridge.tables import WebhookSubscription
from cms_bridge.webhooks import deliveries
from cms_bridge.webhooks.deliveries import Patience
from cms_bridge.webhooks.signing import Secrets
from tests.support import events
from tests.support.api import running_api
from tests.support.bridge_process import API_KEY, LINK_SECRET
from tests.support.jobs import accept
from tests.support.receivers import Receiver, receiving
from tests.support.webhooks import reaching

pytestmark = pytest.mark.anyio

PATH = "/api/v1/projects/project-1/webhooks"
SCHEMA = Path(__file__).parents[4] / "specs/webhooks.schema.json"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture
def settings(
    database_url: str, redis_url: str, tmp_path: Path, receiver: Receiver
) -> BridgeSettings:
    return BridgeSettings(
        redis_url=redis_url,
        database_url=database_url,
        storage_directory=tmp_path / "objects",
        webhook_secret=SecretStr(events.SECRET),
        api_key=SecretStr(API_KEY),
        link_secret=SecretStr(LINK_SECRET),
        webhook_targets_from=(AnyHttpUrl(receiver.url),),
        webhook_subscriptions_per_project=3,
        webhook_timeout_seconds=30,
    )


@pytest.fixture
async def http(settings: BridgeSettings) -> AsyncIterator[httpx.AsyncClient]:
    async with running_api(settings) as client:
        yield client


async def create(http: httpx.AsyncClient, url: str, **more: Any) -> dict[str, Any]:
    answer = await http.post(PATH, json={"url": url, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def deliver(settings: BridgeSettings, receiver: Receiver) -> None:
    secrets = Secrets(settings.webhook_secrets)
    async with reaching(receiver.url) as targets:
        for due in await deliveries.due(limit=10):
            await deliveries.deliver(due.id, targets, secrets=secrets, patience=Patience())


async def test_a_secret_is_shown_when_it_is_made_and_never_again(
    http: httpx.AsyncClient, receiver: Receiver, settings: BridgeSettings
) -> None:
    made = await http.post(
        PATH, json={"url": receiver.url, "events": ["video.submitted"], "description": "A shop"}
    )
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    secret = made.json()["secret"]
    one = (await http.get(made.headers["location"])).json()
    assert made.json() == one | {"secret": secret}
    assert (one["url"], one["events"], one["enabled"]) == (receiver.url, ["video.submitted"], True)
    assert one["secrets"] == [{"number": 1, "validUntil": None}]
    everything = [await http.get(PATH), await http.get(f"{PATH}/{one['id']}")]
    nobodys = await http.get("/api/v1/projects/nobodys/webhooks")
    assert (nobodys.status_code, nobodys.json()["code"]) == (404, "project_not_found")
    assert all(secret.removeprefix("whsec_") not in answer.text for answer in everything)
    assert secret.removeprefix("whsec_") not in str(await WebhookSubscription.select())

    await accept(events.submitted())
    await accept(events.cancelled())
    await deliver(settings, receiver)
    (headers, body) = receiver.calls[0]
    told = Webhook(secret).verify(body, headers)
    assert len(receiver.calls) == 1
    schema = jsonschema_rs.validator_for(SCHEMA.read_text(encoding="utf-8"))
    assert schema.is_valid(told)
    link = await http.get(told["data"]["links"]["status"])
    assert link.json()["status"] == "cancelled"


async def test_rotation_shows_a_new_secret_and_both_sign(
    http: httpx.AsyncClient, receiver: Receiver
) -> None:
    one = await create(http, receiver.url)
    path = f"{PATH}/{one['id']}"
    rotated = (await http.post(f"{path}/rotate-secret", json={"overlapHours": 1})).json()
    assert rotated["secret"] != one["secret"]
    assert [version["number"] for version in rotated["secrets"]] == [2, 1]
    assert (await http.post(f"{path}/test")).json()["delivered"]
    headers, body = receiver.calls[0]
    for secret in (one["secret"], rotated["secret"]):
        Webhook(secret).verify(body, headers)
    await http.post(f"{path}/rotate-secret", json={"overlapHours": 0})
    assert [version["number"] for version in (await http.get(path)).json()["secrets"]] == [3]
    for hours in (-1, 169, "soon"):
        answer = await http.post(f"{path}/rotate-secret", json={"overlapHours": hours})
        assert answer.status_code == 400
        assert "overlapHours" in answer.text


async def test_a_test_call_shows_what_was_answered(
    http: httpx.AsyncClient, receiver: Receiver
) -> None:
    one = await create(http, receiver.url, enabled=False)
    receiver.answers = lambda number: Response("no such page", 404) if number == 1 else None
    path = f"{PATH}/{one['id']}"
    tried = (await http.post(f"{path}/test")).json()
    assert (tried["delivered"], tried["statusCode"], tried["answer"], tried["error"]) == (
        False,
        404,
        "no such page",
        "It answered 404.",
    )
    assert tried["eventId"] == receiver.ids[0]
    tried = (await http.post(f"{path}/test")).json()
    assert (tried["delivered"], tried["statusCode"]) == (True, 204)
    (told, *_) = receiver.verified(one["secret"])
    assert told["data"] == {"projectId": "project-1", "subscriptionId": one["id"]}
    logged = (await http.get(f"{path}/deliveries")).json()
    assert [one["status"] for one in logged["deliveries"]] == ["delivered", "failed"]


@pytest.mark.parametrize(
    ("url", "code", "status"),
    [
        ("https://127.0.0.1/hook", "webhook_target_refused", 422),
        ("https://169.254.169.254/", "webhook_target_refused", 422),
        ("http://192.0.2.1/", "webhook_target_refused", 422),
        ("https://user:pass@192.0.2.1/", "webhook_target_refused", 422),
        ("https://192.0.2.1/\n", "bad_request", 400),
        ("", "bad_request", 400),
        ("https://a.example/" + "a" * 2_000, "bad_request", 400),
        (None, "bad_request", 400),
    ],
)
async def test_what_may_not_be_called_is_refused_with_its_field(
    http: httpx.AsyncClient, receiver: Receiver, url: str | None, code: str, status: int
) -> None:
    one = await create(http, receiver.url)
    for answer in (
        await http.post(PATH, json={"url": url}),
        await http.patch(f"{PATH}/{one['id']}", json={"url": url}),
    ):
        said = answer.json()
        assert (answer.status_code, said["code"]) == (status, code)
        assert "url" in said["detail"]
    assert (await http.get(f"{PATH}/{one['id']}")).json()["url"] == receiver.url


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"url": "https://a.example", "events": ["video.exploded"]}, "events"),
        ({"url": "https://a.example", "events": []}, "events"),
        ({"url": "https://a.example", "event": ["video.failed"]}, "event"),
        ({"url": "https://a.example", "description": "x" * 201}, "description"),
        ({"url": "https://a.example", "enabled": "yes"}, "enabled"),
        ({}, "url"),
    ],
)
async def test_a_malformed_subscription_names_its_field(
    http: httpx.AsyncClient, body: dict[str, Any], named: str
) -> None:
    answer = await http.post(PATH, json=body)
    assert answer.status_code == 400
    assert named in answer.text


async def test_a_project_has_each_address_once_and_so_many_at_most(
    http: httpx.AsyncClient, receiver: Receiver
) -> None:
    one = await create(http, receiver.url)
    again = await http.post(PATH, json={"url": receiver.url})
    assert (again.status_code, again.json()["code"]) == (409, "webhook_url_taken")
    for number in (2, 3):
        await create(http, f"{receiver.url}/{number}")
    more = await http.post(PATH, json={"url": f"{receiver.url}/4"})
    assert (more.status_code, more.json()["code"]) == (409, "webhook_limit_reached")
    assert more.json()["params"] == {"limit": 3}
    moved = await http.patch(f"{PATH}/{one['id']}", json={"url": f"{receiver.url}/2"})
    assert (moved.status_code, moved.json()["code"]) == (409, "webhook_url_taken")
    assert (await http.delete(f"{PATH}/{one['id']}")).status_code == 204
    assert (await http.get(f"{PATH}/{one['id']}")).status_code == 404
    await create(http, receiver.url)
    # Another project's addresses are its own.
    other = await http.post("/api/v1/projects/other/webhooks", json={"url": receiver.url})
    assert other.status_code == 201
    path = f"/api/v1/projects/other/webhooks/{one['id']}"
    assert (await http.get(path)).status_code == 404


async def test_a_change_leaves_what_it_does_not_name(
    http: httpx.AsyncClient, receiver: Receiver
) -> None:
    one = await create(http, receiver.url, events=["video.failed"], description="A shop")
    path = f"{PATH}/{one['id']}"
    assert (await http.patch(path, json={})).json() == {
        name: value for name, value in one.items() if name != "secret"
    }
    off = (await http.patch(path, json={"enabled": False})).json()
    assert (off["enabled"], off["disabledReason"]) == (False, "person")
    assert (off["events"], off["description"]) == (["video.failed"], "A shop")
    on = (await http.patch(path, json={"enabled": True, "events": None})).json()
    assert (on["enabled"], on["disabledReason"], on["events"]) == (True, None, None)


async def test_switching_off_gives_up_what_waits(
    http: httpx.AsyncClient, receiver: Receiver
) -> None:
    one = await create(http, receiver.url)
    path = f"{PATH}/{one['id']}"
    await accept(events.submitted())
    await http.patch(path, json={"enabled": False})
    (waited,) = (await http.get(f"{path}/deliveries")).json()["deliveries"]
    assert (waited["status"], waited["nextTryAt"]) == ("failed", None)
    assert waited["reason"] == "The subscription was disabled."
    replay = await http.post(f"{path}/deliveries/{waited['id']}/replay")
    assert (replay.status_code, replay.json()["code"]) == (409, "webhook_disabled")
    since = {"since": "2026-01-01T00:00:00+01:00"}
    again = await http.post(f"{path}/deliveries/replay-failed", json=since)
    assert (again.status_code, again.json()["code"]) == (409, "webhook_disabled")
    await http.patch(path, json={"enabled": True})
    again = await http.post(f"{path}/deliveries/replay-failed", json=since)
    assert (again.status_code, again.json()) == (202, {"replayed": 1, "more": False})
    health = (await http.get("/health")).json()
    assert (health["undeliveredWebhooks"], health["overdueWebhooks"]) == (1, 0)
    for since in ("yesterday", "2026-01-01T00:00:00", "0001-01-01T00:00:00+14:00", None):
        again = await http.post(f"{path}/deliveries/replay-failed", json={"since": since})
        assert again.status_code == 400
        assert "since" in again.json()["detail"]


async def test_the_log_is_paged_filtered_and_told_in_full(
    http: httpx.AsyncClient, receiver: Receiver, settings: BridgeSettings
) -> None:
    one = await create(http, receiver.url)
    path = f"{PATH}/{one['id']}/deliveries"
    for number in range(5):
        await accept(events.submitted(video=f"video-{number}"))
    receiver.answers = lambda number: Response("later", 503) if number == 1 else None
    await deliver(settings, receiver)
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        page = (await http.get(path, params={"limit": 2, **cursor})).json()
        seen += [delivery["id"] for delivery in page["deliveries"]]
        if page["nextCursor"] is None:
            break
        cursor = {"cursor": page["nextCursor"]}
    assert len(seen) == len(set(seen)) == 5
    (waiting,) = (await http.get(path, params={"status": "waiting"})).json()["deliveries"]
    details = (await http.get(f"{path}/{waiting['id']}")).json()
    assert details["reason"] == "It answered 503."
    assert details["nextTryAt"] is not None
    assert details["body"].encode() == receiver.calls[0][1]
    (attempt,) = details["tries"]
    assert (attempt["number"], attempt["statusCode"], attempt["answer"]) == (1, 503, "later")
    replayed = await http.post(f"{path}/{waiting['id']}/replay")
    assert (replayed.status_code, replayed.json()["status"]) == (202, "waiting")
    await deliver(settings, receiver)
    assert receiver.ids[-1] == receiver.ids[0]
    assert (await http.get(f"{path}/{waiting['id']}")).json()["status"] == "delivered"
    assert (await http.get(f"{path}/{uuid4()}")).json()["code"] == "webhook_delivery_not_found"


@pytest.mark.parametrize(
    "asked",
    [
        {"limit": 0},
        {"limit": 101},
        {"cursor": "garbage"},
        {"cursor": "é"},
        {"cursor": "W10"},
        {"cursor": "x" * 200},
        {"status": "lost"},
    ],
)
async def test_a_malformed_page_names_its_parameter(
    http: httpx.AsyncClient, receiver: Receiver, asked: dict[str, Any]
) -> None:
    one = await create(http, receiver.url)
    answer = await http.get(f"{PATH}/{one['id']}/deliveries", params=asked)
    assert answer.status_code == 400
    assert next(iter(asked)) in answer.json()["detail"]


async def test_one_test_call_to_an_address_at_a_time(
    http: httpx.AsyncClient, receiver: Receiver
) -> None:
    one = await create(http, receiver.url)
    receiver.released.clear()
    said: list[int] = []

    async def call() -> None:
        said.append((await http.post(f"{PATH}/{one['id']}/test")).status_code)

    async with anyio.create_task_group() as group:
        group.start_soon(call)
        await anyio.to_thread.run_sync(receiver.wait, 1)
        await call()
        receiver.released.set()
    assert said == [409, 200]
