"""What the bridge writes back into Payload, and the client that writes it.

Both writes are signed `PUT`s to endpoints of the plugin
(`/reelwright/jobs/{jobId}/storyboard` and `…/rendition` below Payload's own API), which owns the
collections behind them; no Payload user or API key is involved. Each is a
whole state, safe to repeat: a storyboard is created once, a rendition is
replaced unless what is stored has a higher `sequence`.
"""

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated
from uuid import uuid4

import httpx
import msgspec
from standardwebhooks import Webhook

from cms_bridge.errors import BridgeError
from cms_bridge.events import Id
from cms_bridge.states import Status
from render import tracebacks
from render.problem import Problem
from render.storyboard import Storyboard


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    """Named in camelCase on the wire."""


class StoryboardWrite(_Wire, frozen=True, kw_only=True):
    """A drafted storyboard, handed to the editors."""

    job_id: Id
    project_id: Id
    video_id: Id
    submission: int
    storyboard: Storyboard
    digest: str
    estimated_cost: Decimal
    """US dollars for generating every scene."""


class RenditionFile(_Wire, frozen=True, kw_only=True):
    """The newest finished video as stored: while a revision is made, the one before it."""

    number: int = 1
    """Counts the video's films."""
    storyboard_revision: int = 0
    """Which revision of the storyboard was filmed."""
    storyboard_digest: str = ""

    duration: float
    """Seconds."""
    width: int
    height: int
    bytes: int


class RenditionWrite(_Wire, frozen=True, kw_only=True):
    """A job as an editor sees it."""

    job_id: Id
    project_id: Id
    video_id: Id
    submission: int
    sequence: Annotated[int, msgspec.Meta(ge=1)]
    """Counts the job's changes; a write with a lower one than stored is passed over."""
    status: Status
    progress: Annotated[int, msgspec.Meta(ge=0, le=100)]
    scenes_done: int = 0
    scenes_total: int = 0
    storyboard_digest: str = ""
    storyboard_revision: int = 0
    """Which revision of the storyboard this is about; the file says of which it is."""
    estimated_cost: Decimal = Decimal(0)
    actual_cost: Decimal = Decimal(0)
    warnings: tuple[Problem, ...] = ()
    error: Problem | None = None
    file: RenditionFile | None = None
    """Present once the video is finished; links are asked for when someone watches."""


class PayloadUnavailable(BridgeError):
    """Payload did not take the write this time: try again later."""


class PayloadGone(BridgeError):
    """Payload will never take this write: its document is gone, or the write is refused."""


_PERMANENT = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.GONE, HTTPStatus.UNPROCESSABLE_ENTITY})
_NO_SUCH_ADDRESS = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED})


class PayloadClient:
    """Writes into Payload over HTTP, signed as Standard Webhooks are."""

    def __init__(
        self, http: httpx.AsyncClient, *, url: str, secret: str, api_path: str = "/api"
    ) -> None:
        """Take a client with its time-outs set, where Payload and its API are, and the secret."""
        self._http = http
        self._api_path = api_path
        self._url = url.rstrip("/") + api_path
        self._signer = Webhook(secret)

    async def write_storyboard(self, write: StoryboardWrite) -> None:
        """Hand a drafted storyboard to the editors."""
        await self._put(f"/reelwright/jobs/{write.job_id}/storyboard", write)

    async def write_rendition(self, write: RenditionWrite) -> None:
        """Show a job's newest state."""
        await self._put(f"/reelwright/jobs/{write.job_id}/rendition", write)

    async def wake(self) -> None:
        """Have a Payload run that nobody visited since its start: it then sends what waits.

        What comes of it is of no interest: a write tells what is wrong with Payload.
        """
        with suppress(httpx.HTTPError):
            await self._http.get(f"{self._url}/reelwright/awake")

    async def _put(self, path: str, write: StoryboardWrite | RenditionWrite) -> None:
        body = msgspec.json.encode(write)
        now = datetime.now(UTC)
        message = f"wb_{uuid4()}"
        headers = {
            "content-type": "application/json",
            "webhook-id": message,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(message, now, body.decode()),
        }
        try:
            answer = await self._http.put(self._url + path, content=body, headers=headers)
        except httpx.HTTPError as error:
            # Its text may name the address, which may hold a password.
            raise PayloadUnavailable(tracebacks.summary(error)) from error
        if answer.is_success:
            return
        said = f"Payload answered {answer.status_code}"
        if answer.status_code in _PERMANENT:
            raise PayloadGone(said)
        if answer.status_code in _NO_SUCH_ADDRESS:
            said += (
                f": no Reelwright plugin answers below {self._api_path!r} there. Payload's"
                " routes.api belongs into REELWRIGHT_PAYLOAD_API_PATH, its address into"
                " REELWRIGHT_PAYLOAD_URL."
            )
        raise PayloadUnavailable(said)
