"""`/ops`: what an operator looks at in a browser, live, with a retry for what failed.

Whoever has no session is asked for a key. A page of another's can neither read this one nor have
a form of it sent: the cookie goes with requests of this bridge's own pages alone, and each form
has a token of its session.
"""

import time
from collections.abc import AsyncGenerator
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import anyio
import structlog
from litestar import MediaType, Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from litestar.response import Stream

from cms_bridge.access.callers import Action, Caller
from cms_bridge.access.keys import public
from cms_bridge.access.rates import Rates
from cms_bridge.access.sessions import COOKIE, Sessions
from cms_bridge.api.resources import resource
from cms_bridge.errors import AllProjectsOnly, Forbidden, ListenersFull, Refusal, Unauthorised
from cms_bridge.gate import on_closing
from cms_bridge.jobs import tasks
from cms_bridge.operations import page
from cms_bridge.operations.board import BoardKeeper
from cms_bridge.operations.fleet import FleetWatch
from cms_bridge.operations.page import Shown
from cms_bridge.protections import own_policy
from cms_bridge.settings import BridgeSettings

log = structlog.get_logger()

_PATH = "/ops"
_MOST_FORM_BYTES = 4_096
_MOST_FIELDS = 8
_RETRY = b"retry: 2000\n\n"


class Desk:
    """What the page is made with."""

    def __init__(self, settings: BridgeSettings, fleet: FleetWatch, board: BoardKeeper) -> None:
        """Take the caps, and where the fleet and the board are asked for."""
        self._settings = settings
        self._fleet = fleet
        self._board = board
        self._watchers = 0

    def admit(self) -> None:
        """Raise `ListenersFull` where as many pages are kept up to date as may be."""
        if self._watchers >= self._settings.ops_watchers:
            raise ListenersFull("As many ops pages are open as this bridge keeps up to date.")

    async def follow(
        self, request: Request[Any, Any, Any], sessions: Sessions, cookie: str
    ) -> AsyncGenerator[bytes]:
        """Yield the changing part as server-sent events, each time it is another.

        Ends with the session, with the server, or when it has lasted its time: a browser asks
        again by itself, and is then told that it has to sign in.
        """
        if self._watchers >= self._settings.ops_watchers:
            return  # others have come since it was let in: it asks again, and is told so
        self._watchers += 1
        try:
            until = time.monotonic() + self._settings.following.lasts_seconds
            closing = anyio.Event()
            on_closing(request.scope, closing.set)
            yield _RETRY
            told = ""
            while time.monotonic() < until and not closing.is_set():
                try:
                    drawn = await self.draw(sessions, cookie, await sessions.holder(cookie))
                except (Unauthorised, Forbidden, AllProjectsOnly):
                    return
                except Refusal as refusal:  # the database is away for a moment
                    log.info("ops.not_drawn", code=refusal.code)
                    yield b":\n\n"
                else:
                    yield _board_event(drawn) if drawn != told else b":\n\n"
                    told = drawn
                with anyio.move_on_after(self._settings.ops_seconds):
                    await closing.wait()
        finally:
            self._watchers -= 1

    async def draw(self, sessions: Sessions, cookie: str, caller: Caller, notice: str = "") -> str:
        """Return the changing part, with forms for whoever may write."""
        caps = self._settings.caps
        shown = Shown(
            fleet=await self._fleet.look(),
            board=await self._board.look(),
            month_cap=caps.month,
            project_cap=caps.project,
        )
        token = sessions.form_token(cookie) if Action.WRITE in caller.actions else None
        return page.board(shown, form_token=token, notice=notice)

    @property
    def cookie(self) -> Cookie:
        """The session's cookie, but for its value."""
        return Cookie(
            key=COOKIE,
            path=_PATH,
            httponly=True,
            secure=self._settings.public_url.scheme == "https",
            samesite="strict",
        )


@get("/", include_in_schema=False)
async def get_ops(
    request: Request[Any, Any, Any],
    sessions: NamedDependency[SkipValidation[Sessions]],
    desk: NamedDependency[SkipValidation[Desk]],
) -> Response[str]:
    """Show the page, or ask for a key."""
    cookie = request.cookies.get(COOKIE, "")
    try:
        caller = await sessions.holder(cookie)
    except Refusal as refusal:
        return _html(page.sign_in(), refusal.status)
    return _html(page.page(await desk.draw(sessions, cookie, caller)))


@get("/live", media_type="text/event-stream", include_in_schema=False)
async def follow(
    request: Request[Any, Any, Any],
    sessions: NamedDependency[SkipValidation[Sessions]],
    desk: NamedDependency[SkipValidation[Desk]],
) -> Stream:
    """Send what changes, each time it is another."""
    cookie = request.cookies.get(COOKIE, "")
    await sessions.holder(cookie)
    desk.admit()
    return Stream(
        desk.follow(request, sessions, cookie),
        media_type="text/event-stream",
        # nginx would keep events back until it has many.
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@post("/session", include_in_schema=False, request_max_body_size=_MOST_FORM_BYTES)
async def sign_in(
    request: Request[Any, Any, Any],
    sessions: NamedDependency[SkipValidation[Sessions]],
    desk: NamedDependency[SkipValidation[Desk]],
    rates: NamedDependency[SkipValidation[Rates]],
) -> Response[str]:
    """Begin a session for whoever presents a key for all projects."""
    try:
        value = await sessions.issue(await _field(request, "key"))
    except Unauthorised as refusal:
        await rates.count_refusal(request)
        return _html(page.sign_in(str(refusal)), refusal.status)
    except Refusal as refusal:
        return _html(page.sign_in(str(refusal)), refusal.status)
    session = desk.cookie
    session.value, session.max_age = value, sessions.seconds
    answer = _elsewhere()
    answer.set_cookie(session)
    log.info("ops.signed_in", key_id=value.split(".")[1])
    return answer


@post("/jobs/{job_id:uuid}/retry", include_in_schema=False, request_max_body_size=_MOST_FORM_BYTES)
async def retry(
    request: Request[Any, Any, Any],
    job_id: FromPath[UUID],
    sessions: NamedDependency[SkipValidation[Sessions]],
    desk: NamedDependency[SkipValidation[Desk]],
) -> Response[str]:
    """Let a job that failed go on from where it stopped."""
    cookie = request.cookies.get(COOKIE, "")
    caller = await sessions.holder(cookie)
    sessions.check_form(cookie, await _field(request, "token"))
    if Action.WRITE not in caller.actions:
        raise Forbidden("This needs a key that may `write`.", action=Action.WRITE.value)
    try:
        await tasks.retry(job_id)
    except Refusal as refusal:
        drawn = await desk.draw(sessions, cookie, caller, str(refusal))
        return _html(page.page(drawn), refusal.status)
    log.info("ops.retried", job_id=str(job_id), key_id=caller.key)
    return _elsewhere()


@get("/ops.css", include_in_schema=False)
async def get_style() -> Response[str]:
    """Return the page's style sheet."""
    return Response(page.STYLE, media_type=MediaType.CSS)


@get("/ops.js", include_in_schema=False)
async def get_script() -> Response[str]:
    """Return the page's script."""
    return Response(page.SCRIPT, media_type="text/javascript")


async def _field(request: Request[Any, Any, Any], name: str) -> str:
    sent = (await request.body()).decode("ascii", errors="replace")
    try:
        (value, *_) = parse_qs(sent, max_num_fields=_MOST_FIELDS).get(name, [""])
    except ValueError:  # more fields than any form of this page has
        return ""
    return value


def _board_event(drawn: str) -> bytes:
    return b"".join(b"data: %b\n" % line.encode() for line in drawn.splitlines()) + b"\n"


def _html(text: str, status: int = HTTPStatus.OK) -> Response[str]:
    return Response(text, status_code=status, media_type=MediaType.HTML)


def _elsewhere() -> Response[str]:
    """Lead the browser back, by GET: loading the page again sends no form again."""
    return Response("", status_code=HTTPStatus.SEE_OTHER, headers={"Location": _PATH})


routers = resource(
    _PATH,
    [get_ops, follow, sign_in, retry, get_style, get_script],
    tag="ops",
    opt=public("Whoever has no session is asked for a key.") | own_policy(page.POLICY),
)
