"""Another system at work: signed webhooks in, status by polling; no CMS needed."""

import time
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import anyio
import httpx
import msgspec
from standardwebhooks import Webhook

from cms_bridge.events import (
    Event,
    Project,
    StoryboardApproved,
    StoryboardChange,
    Submission,
    VideoSubmitted,
)
from daemon.errors import DaemonError
from render.storyboard import Brief, Storyboard

_POLL_SECONDS = 0.25


class SenderError(DaemonError):
    """The bridge refused an event, or the work came to a bad end; says why."""


class Sender:
    """Sends events to a bridge and watches what becomes of them."""

    def __init__(self, http: httpx.AsyncClient, *, webhook_secret: str, api_key: str) -> None:
        """Take a client whose base URL is the bridge's."""
        self._http = http
        self._signer = Webhook(webhook_secret)
        self._key = {"Authorization": f"Bearer {api_key}"}

    async def submit(self, brief: Brief, *, project: str = "command-line") -> str:
        """Hand a brief over; return the job's id."""
        event = VideoSubmitted(
            timestamp=datetime.now(UTC),
            data=Submission(
                project=Project(id=project, name=project),
                video_id=uuid4().hex,
                submission=1,
                brief=brief,
            ),
        )
        return (await self.send(event))["jobId"]

    async def approve(self, job: dict[str, Any]) -> None:
        """Approve a job's storyboard as it stands."""
        change = StoryboardChange(
            job_id=job["id"],
            storyboard_id=job["id"],
            revision=job["storyboardRevision"] + 1,
            by="command line",
            storyboard=msgspec.convert(job["storyboard"], Storyboard),
        )
        await self.send(StoryboardApproved(timestamp=datetime.now(UTC), data=change))

    async def send(self, event: Event) -> dict[str, Any]:
        """Sign and send one event; return the bridge's receipt."""
        body = msgspec.json.encode(event)
        message, now = f"evt_{uuid4()}", datetime.now(UTC)
        response = await self._http.post(
            "/api/v1/webhooks/payload",
            content=body,
            headers={
                "content-type": "application/json",
                "webhook-id": message,
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": self._signer.sign(message, now, body.decode()),
            },
        )
        return _json_of(response)

    async def follow(
        self, job: str, *, until: frozenset[str], seconds: float
    ) -> AsyncGenerator[dict[str, Any]]:
        """Yield the job's status whenever it changes, last in one of the awaited statuses.

        Raises `SenderError` when the job fails, or the time runs out.
        """
        deadline = time.monotonic() + seconds
        seen: Any = None
        while time.monotonic() < deadline:
            response = await self._http.get(f"/api/v1/videos/jobs/{job}/status", headers=self._key)
            status = _json_of(response)
            if status["updatedAt"] != seen:
                seen = status["updatedAt"]
                yield status
                if status["status"] in until:
                    return
                if status["status"] in {"failed", "cancelled"}:
                    error: dict[str, Any] = status["error"] or {}
                    reason = error.get("message", "no reason was given")
                    raise SenderError(f"The job is {status['status']}: {reason}")
            await anyio.sleep(_POLL_SECONDS)
        raise SenderError(f"The job was not {' or '.join(sorted(until))} in {seconds:g} seconds.")

    async def links(self, job: str) -> dict[str, Any]:
        """Return fresh links to a finished video."""
        response = await self._http.get(f"/api/v1/videos/jobs/{job}/links", headers=self._key)
        return _json_of(response)


def _json_of(response: httpx.Response) -> Any:
    if response.is_success:
        return response.json()
    try:
        reason = response.json()["detail"]
    except (ValueError, KeyError):
        reason = response.text[:500]
    raise SenderError(f"The bridge answered {response.status_code}: {reason}")
