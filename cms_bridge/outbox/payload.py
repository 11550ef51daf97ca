"""What the bridge writes back into Payload, and the client that writes it.

Both writes are signed `PUT`s to endpoints of the plugin
(`/reelwright/jobs/{jobId}/storyboard` and `…/rendition` below Payload's own API), which owns the
collections behind them; no Payload user or API key is involved. Each is a
whole state, safe to repeat: a storyboard is created once, a rendition is
replaced unless what is stored has a higher `sequence`.

Files of its media library are read where Payload serves them, signed over their names; the plugin
lets whoever signs so read the collections that it was told of, and nothing else.
"""

import hashlib
from contextlib import suppress
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, BinaryIO
from urllib.parse import quote
from uuid import uuid4

import anyio
import anyio.to_thread
import httpx
import msgspec
from standardwebhooks import Webhook

from cms_bridge import clock
from cms_bridge.errors import BridgeError
from cms_bridge.events import Id
from cms_bridge.states import Status
from render import tracebacks
from render.own import CmsFile
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
    language: str = ""
    """What is spoken and shown in it, as BCP 47; empty where nobody wrote it down."""
    alt: str = ""
    """It in a sentence, for those who do not see it: a draft, in its language."""
    has_stream: bool | None = None
    """Whether there is an HLS stream of it; None where nobody said."""


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
    transcript: str | None = None
    """What is said in it, as its transcript says it; empty where nothing is. None where nobody
    wrote it down, and where it is longer than `REELWRIGHT_MAX_TRANSCRIPT_CHARS`."""


class PayloadUnavailable(BridgeError):
    """Payload did not take the write this time: try again later."""


class PayloadGone(BridgeError):
    """Payload will never take this write: its document is gone, or the write is refused."""


class PayloadFileReplaced(BridgeError):
    """A file of the media library that is another by now than the one that is asked for."""


class PayloadFileTooLarge(BridgeError):
    """A file of the media library of more bytes than may be fetched."""


class Digested(msgspec.Struct, frozen=True, kw_only=True):
    """What came of reading a file."""

    bytes: int
    sha256: str


_PERMANENT = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.GONE, HTTPStatus.UNPROCESSABLE_ENTITY})
_UNTRUSTED = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.UNAUTHORIZED})
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

    async def read_file(
        self, file: CmsFile, into: BinaryIO, *, most: int, seconds: float
    ) -> Digested:
        """Write a file of the media library into another, as its collection serves it.

        No redirect is followed: it comes from Payload or not at all. Raises `PayloadGone` where
        there is no such file, `PayloadFileReplaced` where it is another by now,
        `PayloadFileTooLarge` past so many bytes, and `PayloadUnavailable`.
        """
        name = quote(file.name, safe="")
        asked = f"{self._url}/{file.collection}/file/{name}"
        # Payload serves by the name alone; the plugin says whether that is still the same file.
        known = {
            "document": file.document,
            "version": file.version,
            "mediaType": file.media_type,
            "bytes": file.bytes,
        }
        headers = self._signed(f"read {file.collection}/{file.name}")
        digest, size = hashlib.sha256(), 0
        try:
            with anyio.fail_after(seconds):
                async with self._http.stream(
                    "GET", asked, params=known, headers=headers, follow_redirects=False
                ) as answer:
                    _check_file(answer)
                    async for chunk in answer.aiter_bytes():
                        size += len(chunk)
                        if size > most:
                            raise PayloadFileTooLarge(f"It has more than {most} bytes.")
                        digest.update(chunk)
                        await anyio.to_thread.run_sync(into.write, chunk)
        except (httpx.HTTPError, TimeoutError) as error:
            raise PayloadUnavailable(tracebacks.summary(error)) from error
        return Digested(bytes=size, sha256=digest.hexdigest())

    def _signed(self, content: str) -> dict[str, str]:
        # By the clock that all share: a machine's own may be off by more than is let pass.
        now = clock.now()
        message = f"wb_{uuid4()}"
        return {
            "webhook-id": message,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(message, now, content),
        }

    async def _put(self, path: str, write: StoryboardWrite | RenditionWrite) -> None:
        body = msgspec.json.encode(write)
        headers = {"content-type": "application/json", **self._signed(body.decode())}
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


def _check_file(answer: httpx.Response) -> None:
    """Raise unless an answer is the whole of a file."""
    said = f"Payload answered {answer.status_code}"
    if answer.status_code == HTTPStatus.NOT_FOUND or answer.is_redirect:
        raise PayloadGone(said)
    if answer.status_code == HTTPStatus.CONFLICT:
        raise PayloadFileReplaced(said)
    if answer.status_code in _UNTRUSTED:
        # A clock, a secret or a list of collections that somebody puts right: the file is there.
        raise PayloadUnavailable(
            f"{said}: it does not take the signature, or was not told of the collection."
        )
    if answer.status_code != HTTPStatus.OK:
        raise PayloadUnavailable(said)
