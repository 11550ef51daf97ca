"""A whole installation tells an integrator, whatever is killed while it does: nothing is lost."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from starlette.responses import Response

from render.storyboard import AspectRatio, Brief
from tests.support.installation import (
    COMPLETED,
    DRAFTED,
    RunningInstallation,
    eventually,
    last,
    running_installation,
)
from tests.support.receivers import Receiver, receiving

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600)]

SHORT = Brief(
    title="A short one", script="Bread is flour and time.", aspect_ratio=AspectRatio.SQUARE
)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture
def installation(tmp_path: Path, receiver: Receiver) -> Iterator[RunningInstallation]:
    with running_installation(
        tmp_path / "house",
        cms=False,
        sweep_seconds="1",
        lease_seconds="3",
        webhook_timeout_seconds="1",
        webhook_targets_from=msgspec.json.encode([receiver.url]).decode(),
    ) as running:
        yield running


async def test_what_was_being_told_when_the_daemon_was_killed_is_told_again(
    installation: RunningInstallation, receiver: Receiver
) -> None:
    def kill_at_the_storyboard(_number: int) -> Response | None:
        told = [body for _, body in receiver.calls if b'"storyboard.ready"' in body]
        if len(told) == 1 and b'"storyboard.ready"' in receiver.calls[-1][1]:
            # Received, and never answered: the daemon dies between sending and writing down.
            installation.signal("daemon", signal.SIGKILL)
        return None

    receiver.answers = kill_at_the_storyboard
    async with (
        installation.sender() as sender,
        httpx.AsyncClient(
            base_url=installation.installation.bridge_url,
            headers={"Authorization": f"Bearer {installation.installation.api_key}"},
        ) as http,
    ):
        # The project is not known before: it begins with the subscription.
        made = await http.post("/api/v1/projects/command-line/webhooks", json={"url": receiver.url})
        assert made.status_code == 201, made.text
        tried = await http.post(f"{made.headers['location']}/test")
        assert tried.json()["delivered"], tried.text
        job = await sender.submit(SHORT)
        drafted = await last(sender.follow(job, until=DRAFTED, seconds=120))
        await eventually(lambda: types(receiver).count("storyboard.ready") == 2)
        await sender.approve(drafted)
        await last(sender.follow(job, until=COMPLETED, seconds=240))
        await eventually(lambda: "video.completed" in types(receiver))
    messages = receiver.verified(made.json()["secret"])
    assert {message["type"] for message in messages} == {
        "webhook.test",
        "video.submitted",
        "storyboard.ready",
        "storyboard.approved",
        "video.completed",
    }
    twice = [
        headers["webhook-id"]
        for (headers, _), kind in zip(receiver.calls, types(receiver), strict=True)
        if kind == "storyboard.ready"
    ]
    assert len(twice) == 2
    assert len(set(twice)) == 1
    # The receiver has heard a message a moment before the daemon has written down that it did.
    await eventually(lambda: not undelivered(installation))


def undelivered(installation: RunningInstallation) -> list[Any]:
    return installation.rows("SELECT * FROM webhook_delivery WHERE status <> 'delivered'")


def types(receiver: Receiver) -> list[Any]:
    return [msgspec.json.decode(body)["type"] for _, body in receiver.calls]
