"""An editor at work through Payload's own REST API, as the demo and the tests play one."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx

from daemon.errors import DaemonError
from render.storyboard import Brief

_POLL_SECONDS = 0.25


class EditorError(DaemonError):
    """Payload refused what the editor did, or the work came to a bad end; says why."""


class Editor:
    """A signed-in user of Payload."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        """Take a client that carries the session (see `signed_in`)."""
        self.http = http

    async def create_project(self, name: str, brief: Brief) -> dict[str, Any]:
        """Create a project with the brief's palette."""
        palette = {
            "background": brief.palette.background,
            "foreground": brief.palette.foreground,
            "accent": brief.palette.accent,
        }
        return await self._create("projects", {"name": name, "palette": palette})

    async def create_video(self, project: Any, brief: Brief) -> dict[str, Any]:
        """Write the brief down as a draft."""
        return await self._create(
            "videos",
            {
                "title": brief.title,
                "project": project,
                "brief": brief.brief,
                "script": brief.script,
                "style": brief.style,
                "voice": brief.voice,
                "locale": brief.locale,
                "aspectRatio": brief.aspect_ratio,
            },
        )

    async def submit(self, video: Any) -> dict[str, Any]:
        """Hand the brief over: a storyboard will come back."""
        return await self.update("videos", video, {"stage": "submitted"})

    async def approve(self, storyboard: Any) -> dict[str, Any]:
        """Approve the storyboard as it stands."""
        return await self.update("storyboards", storyboard, {"decision": "approved"})

    async def update(self, collection: str, document: Any, values: dict[str, Any]) -> Any:
        """Save a document's changed fields."""
        response = await self.http.patch(
            f"/api/{collection}/{document}", json=values, params={"depth": 0}
        )
        return _json_of(response)["doc"]

    async def read(self, collection: str, document: Any) -> dict[str, Any]:
        """Return a document as Payload has it now."""
        response = await self.http.get(f"/api/{collection}/{document}", params={"depth": 0})
        return _json_of(response)

    async def find(self, collection: str, **where: Any) -> dict[str, Any] | None:
        """Return the newest document with these values, if there is one."""
        params = {f"where[{field}][equals]": value for field, value in where.items()}
        response = await self.http.get(
            f"/api/{collection}",
            params={**params, "sort": "-createdAt", "limit": 1, "depth": 0},
        )
        documents = _json_of(response)["docs"]
        return documents[0] if documents else None

    async def follow(
        self, video: Any, *, until: frozenset[str], seconds: float
    ) -> AsyncGenerator[dict[str, Any]]:
        """Yield the newest rendition whenever it changes, last in one of the awaited statuses.

        Raises `EditorError` when the job fails, or the time runs out.
        """
        deadline = time.monotonic() + seconds
        seen = -1
        while time.monotonic() < deadline:
            rendition = await self.find("renditions", video=video)
            if rendition and rendition["sequence"] != seen:
                seen = rendition["sequence"]
                yield rendition
                if rendition["status"] in until:
                    return
                if rendition["status"] in {"failed", "cancelled"}:
                    error: dict[str, Any] = rendition.get("error") or {}
                    reason = error.get("message", "no reason was given")
                    raise EditorError(f"The job is {rendition['status']}: {reason}")
            await anyio.sleep(_POLL_SECONDS)
        raise EditorError(f"The video was not {' or '.join(sorted(until))} in {seconds:g} seconds.")

    async def download(self, url: str, path: Path) -> None:
        """Save what a link in a document leads to."""
        async with self.http.stream("GET", url, follow_redirects=True) as response:
            if not response.is_success:
                await response.aread()
                raise EditorError(f"{url} answered {response.status_code}: {response.text[:200]}")
            async with await anyio.open_file(path, "wb") as file:
                async for chunk in response.aiter_bytes():
                    await file.write(chunk)

    async def _create(self, collection: str, values: dict[str, Any]) -> dict[str, Any]:
        response = await self.http.post(f"/api/{collection}", json=values, params={"depth": 0})
        return _json_of(response)["doc"]


@asynccontextmanager
async def signed_in(payload_url: str, *, email: str, password: str) -> AsyncGenerator[Editor]:
    """Sign in to Payload; raise `EditorError` if it will not have it."""
    async with httpx.AsyncClient(base_url=payload_url, timeout=30) as http:
        response = await http.post("/api/users/login", json={"email": email, "password": password})
        http.headers["Authorization"] = f"JWT {_json_of(response)['token']}"
        yield Editor(http)


def _json_of(response: httpx.Response) -> Any:
    if response.is_success:
        return response.json()
    raise EditorError(
        f"{response.request.method} {response.request.url.path} answered {response.status_code}:"
        f" {response.text[:500]}"
    )
