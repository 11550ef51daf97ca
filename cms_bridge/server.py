"""The HTTP server: uvicorn, with the deadlines and bounds that it has none of itself.

uvicorn's keep-alive timer stops at the first byte of a request, and nothing
takes its place; its connections and what they hold are not bounded. The
protocol here is uvicorn's own for HTTP/1.1 with a timer beside it and the gate
in front. A request past a bound gets a problem (408, 431 or 503 with
`Retry-After`) if it has not been answered yet, and is then cut off.
"""

import asyncio
import resource
import sys
from enum import Enum, auto
from functools import partial
from http import HTTPStatus
from typing import Any, cast

import h11
import msgspec
import structlog
import uvicorn
from litestar import Litestar
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from cms_bridge.api import problems
from cms_bridge.gate import Bounds, Gate, vouching

log = structlog.get_logger()

_GRACE_SECONDS = 10
"""For answers under way when the server is told to stop; supervisors wait longer."""
_LINGER_SECONDS = 1.0
"""For a refused client to read why, while what it still sends is thrown away."""
_RETRY_AFTER = "5"
_SPARE_FILES = 256
"""Database, Redis, files being served, logs."""


class Phase(Enum):
    """What a connection waits for."""

    HEADERS = auto()
    """The rest of a request's headers, or the first request at all."""
    BODY = auto()
    """The rest of a request's body."""
    ANSWER = auto()
    """The application."""
    KEPT = auto()
    """A further request; uvicorn's own keep-alive timer runs."""
    CLOSING = auto()
    """The client, to read the last of what was written and go."""


class BoundedProtocol(H11Protocol):
    """One connection, timed and behind the gate."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        gate: Gate,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._gate = gate
        self._bounded_app = self.app
        self.app = self._serve
        self._phase: tuple[Phase, object] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._vouched = False
        self._asked = False
        """Whether anything of the present request has come."""

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        vouching(scope, self._vouch)
        await self._bounded_app(scope, receive, send)

    def _vouch(self) -> None:
        self._vouched = True
        self._gate.release(self)
        self._gate.may_give_way(self, may=False)

    # What uvicorn and asyncio call

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - as uvicorn narrows it
        """Let the client in, or turn it away."""
        super().connection_made(transport)
        if self._gate.enter(self):
            self._turn(Phase.HEADERS)
        else:
            self.give_way(code="too_many_connections")

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        self._turn(None)
        self.resume_writing()
        self._gate.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what came, hand it on, and see what is waited for now."""
        if self._phase_is(Phase.CLOSING):
            return
        thrown_away = self.cycle is not None and self.cycle.response_complete  # pyright: ignore[reportUnnecessaryComparison] - None before the first request
        if not self._vouched and not (thrown_away and self.conn.their_state is h11.SEND_BODY):
            self._gate.hold(self, len(data))
            if self.transport.is_closing() or self._phase_is(Phase.CLOSING):
                return
        self._asked = True
        super().data_received(data)
        self._watch(idle=Phase.HEADERS)

    def on_response_complete(self) -> None:
        """Begin anew: the next request is vouched for by nobody."""
        self._vouched = False
        self._gate.release(self)
        if waiting := len(self.conn.trailing_data[0]):
            self._gate.hold(self, waiting)
        self._asked = waiting > 0
        super().on_response_complete()
        self._watch(idle=Phase.HEADERS if waiting else Phase.KEPT)

    def pause_writing(self) -> None:
        """Wait for a client that takes nothing, but not for ever."""
        super().pause_writing()
        self._stall = self.loop.call_later(self._gate.bounds.send_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on: the client takes its answer."""
        if self._stall:
            self._stall.cancel()
            self._stall = None
        super().resume_writing()

    def shutdown(self) -> None:
        """Stop: what is half sent and not vouched for is not waited for."""
        if not self._vouched and (self._phase_is(Phase.HEADERS) or self._phase_is(Phase.BODY)):
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, code="shutting_down")
        else:
            super().shutdown()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, and see to it that it goes."""
        super().timeout_keep_alive_handler()
        self._watch(idle=Phase.KEPT)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's signature
        """Refuse what is no HTTP, or too much of it."""
        # uvicorn answers 400 to all that h11 cannot read; h11 knows when it was too long.
        hint = getattr(sys.exc_info()[1], "error_status_hint", HTTPStatus.BAD_REQUEST)
        too_long = hint == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        self._refuse(
            HTTPStatus(hint), code="headers_too_large" if too_long else "malformed_request"
        )

    # Deadlines

    def _phase_is(self, phase: Phase) -> bool:
        return self._phase is not None and self._phase[0] is phase

    def _watch(self, *, idle: Phase) -> None:
        """Turn to the phase that the parser is in."""
        if self._phase_is(Phase.CLOSING):
            return
        theirs = self.conn.their_state
        if self.transport.is_closing():
            self._turn(Phase.CLOSING)
        elif theirs is h11.IDLE:
            self._turn(idle)
        elif theirs is h11.SEND_BODY:
            self._turn(Phase.BODY)
        else:
            self._turn(Phase.ANSWER)

    def _turn(self, phase: Phase | None) -> None:
        """Start a phase's deadline, unless the phase has already begun for this request."""
        turned = (phase, self.cycle) if phase else None
        if turned == self._phase:
            return
        self._phase = turned
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None
        bounds = self._gate.bounds
        seconds = {
            Phase.HEADERS: bounds.header_seconds,
            Phase.BODY: bounds.body_seconds,
            Phase.CLOSING: bounds.send_seconds,
        }.get(cast("Phase", phase))
        if seconds is not None:
            self._deadline = self.loop.call_later(seconds, self._expire)
        half_sent = phase in {Phase.HEADERS, Phase.KEPT, Phase.BODY}
        self._gate.may_give_way(self, may=half_sent and not self._vouched)

    def _expire(self) -> None:
        if self._phase_is(Phase.CLOSING):
            self.transport.abort()
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, code="request_timeout")

    # Refusals

    def give_way(self, *, code: str) -> None:
        """Make room: 503, and no time to read it in for what came before any request."""
        self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, code=code)

    def _refuse(self, status: HTTPStatus, *, code: str) -> None:
        if self._phase_is(Phase.CLOSING):
            self.transport.abort()
            return
        self._gate.refused(code)
        self._unset_keepalive_if_required()
        # Browsers open connections in advance, and expect no answer to nothing.
        silent = self._phase is not None and (not self._asked or self._answered())
        self._turn(Phase.CLOSING)
        self._gate.release(self)
        if self.cycle and not self.cycle.response_complete:
            # The application learns that nobody listens any more.
            self.cycle.disconnected = True
            self.cycle.body = bytearray()
            self.cycle.message_event.set()
        if not silent:
            self.transport.write(_answer(status, code))
        if silent or code == "too_many_connections" or not self.transport.can_write_eof():
            self.transport.close()
        else:
            # Unread bytes would have the system reset the connection, and the answer with it.
            self.transport.write_eof()
            self.flow.resume_reading()
        self._gate.may_give_way(self, may=True)
        if self._deadline:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(_LINGER_SECONDS, self.transport.abort)

    def _answered(self) -> bool:
        """Tell whether the present request has had an answer, or the start of one."""
        if not self.cycle or not self.cycle.response_started:
            return False
        return not self.cycle.response_complete or self.conn.their_state is h11.SEND_BODY


REFUSALS = {
    "malformed_request": (HTTPStatus.BAD_REQUEST, "This is no HTTP request."),
    "request_timeout": (HTTPStatus.REQUEST_TIMEOUT, "The request did not arrive in time."),
    "headers_too_large": (
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        "Request line and headers are too long.",
    ),
    "shutting_down": (HTTPStatus.SERVICE_UNAVAILABLE, "The server stops; try again soon."),
    "too_many_connections": (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Too many connections are open; try again soon.",
    ),
    "too_many_bytes": (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Too much is arriving at once; try again soon.",
    ),
}
"""What may be answered to any request before the application has seen it, by its code."""


def _answer(status: HTTPStatus, code: str) -> bytes:
    problem = problems.details(status, code, REFUSALS[code][1])
    body = msgspec.json.encode(problem)
    head = [
        f"HTTP/1.1 {status.value} {problem.title}",
        f"content-type: {problems.MEDIA_TYPE}",
        f"content-length: {len(body)}",
        "connection: close",
    ]
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        head.append(f"retry-after: {_RETRY_AFTER}")
    return "\r\n".join([*head, "", ""]).encode() + body


def serve(app: Litestar, *, host: str, port: int, bounds: Bounds) -> None:
    """Serve until SIGTERM or SIGINT; answers under way are finished."""
    _make_room(bounds.connections)
    uvicorn.run(
        cast("Any", app),
        host=host,
        port=port,
        http=cast("Any", partial(BoundedProtocol, gate=Gate(bounds))),
        # A WebSocket would leave this protocol, and its bounds with it (decision 15).
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        h11_max_incomplete_event_size=bounds.header_bytes,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def _make_room(connections: int) -> None:
    """Raise the process's own limit on open files as far as the connections need it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _SPARE_FILES
    if hard != resource.RLIM_INFINITY and hard < wanted:
        log.warning("server.few_files", allowed=hard, wanted=wanted)
        wanted = hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
