"""The HTTP server: uvicorn, with the deadlines and bounds that it has none of itself.

uvicorn's keep-alive timer stops at the first byte of a request, and nothing
takes its place; its connections and what they hold are not bounded. The
protocol here is uvicorn's own for HTTP/1.1 with a timer beside it and the gate
in front. A request past a bound gets a problem (408, 431 or 503 with
`Retry-After`) if it has not been answered yet, and is then cut off.
"""

import asyncio
import fcntl
import gc
import logging
import resource
import signal
import sys
import termios
from collections.abc import Callable
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

from cms_bridge import problems, protections
from cms_bridge.answers import together
from cms_bridge.gate import Bounds, Gate, closing, crowd_of, pacing, vouching
from cms_bridge.websockets import MAX_MESSAGE_BYTES, BoundedWebSocket

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
        self._untaken = 0
        """Bytes of the answer that the client had not taken when that was last looked at."""
        self._vouched = False
        self._asked = False
        """Whether anything of the present request has come."""
        self._end_answer: Callable[[], None] | None = None
        """Ends an answer under way that would go on and on."""
        if self.ws_protocol_class is not None:
            self.ws_protocol_class = cast(
                "Any", partial(BoundedWebSocket, bounds=gate.bounds, on_lost=self._websocket_lost)
            )
        self._pace = 0
        """Bytes a second that the present body must come at; 0 for one with a fixed deadline."""
        self._body_since = 0.0
        self._arrived = 0
        """Bytes of the present body."""

    @property
    def crowd(self) -> str:
        """Whom the gate takes the client to belong to."""
        return crowd_of(self.client[0] if self.client else "")

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        vouching(scope, self._vouch)
        closing(scope, self._set_end)
        pacing(scope, self._set_pace)
        if scope["type"] == "http" and _is_ambiguous(scope["headers"]):
            self._refuse(HTTPStatus.BAD_REQUEST, code="malformed_request")
            return
        together(self.transport, send.__self__)
        try:
            await self._bounded_app(scope, receive, send)
        finally:
            self._end_answer = None
            # uvicorn closes after an answer that broke off, and tells nobody.
            self.loop.call_soon(self._look_again)

    def _vouch(self) -> None:
        self._vouched = True
        self._gate.release(self)
        self._gate.may_give_way(self, may=False)

    def _set_end(self, end: Callable[[], None]) -> None:
        self._end_answer = end

    def _set_pace(self, bytes_per_second: int) -> None:
        self._pace = bytes_per_second if self._vouched else 0

    def _look_again(self) -> None:
        if self._phase and self.transport.is_closing():
            self._watch(idle=Phase.KEPT)

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
        last = self.cycle
        answered = last is not None and last.response_complete  # pyright: ignore[reportUnnecessaryComparison] - None before the first request
        thrown_away = answered and self.conn.their_state is h11.SEND_BODY
        if not self._vouched and not thrown_away:
            self._gate.hold(self, len(data))
            if self.transport.is_closing() or self._phase_is(Phase.CLOSING):
                return
        self._asked = True
        self._arrived += len(data)
        super().data_received(data)
        if thrown_away and (self.cycle is not last or self.conn.their_state is not h11.SEND_BODY):
            # Behind the last of that body there may be more, which is kept.
            self._gate.hold(self, len(data))
        self._watch(idle=Phase.HEADERS)

    def on_response_complete(self) -> None:
        """Begin anew: the next request is vouched for by nobody."""
        # Where no other can come, the rest of this answer is what it was.
        self._vouched = self._vouched and self.transport.is_closing()
        # What the application did not read nobody will.
        self.cycle.body = bytearray()
        self._gate.release(self)
        if waiting := len(self.conn.trailing_data[0]):
            self._gate.hold(self, waiting)
            if self._phase_is(Phase.CLOSING):
                return
        self._asked = waiting > 0
        self._pace = self._arrived = 0
        super().on_response_complete()
        self._watch(idle=Phase.HEADERS if waiting else Phase.KEPT)

    def pause_writing(self) -> None:
        """Wait for a client that takes nothing, but not for ever."""
        super().pause_writing()
        self._untaken = _untaken(self.transport)
        self._stall = self.loop.call_later(self._gate.bounds.send_seconds, self._stalled)
        self._see_who_waits()

    def resume_writing(self) -> None:
        """Go on: the client takes its answer."""
        if self._stall:
            self._stall.cancel()
            self._stall = None
            self._see_who_waits()
        super().resume_writing()

    def shutdown(self) -> None:
        """Stop: what is half sent and not vouched for is not waited for."""
        if not self._vouched and (self._phase_is(Phase.HEADERS) or self._phase_is(Phase.BODY)):
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, code="shutting_down")
        else:
            super().shutdown()
            if self._end_answer:
                self._end_answer()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the connection on to `BoundedWebSocket`; the gate goes on counting it."""
        self._turn(None)
        self._gate.release(self)
        self._gate.may_give_way(self, may=False)
        super().handle_websocket_upgrade(event)

    def _websocket_lost(self) -> None:
        self._gate.leave(self)

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, and see to it that it goes."""
        super().timeout_keep_alive_handler()
        self._watch(idle=Phase.KEPT)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's signature
        """Refuse what is no HTTP, or too much of it."""
        # uvicorn answers 400 to all that h11 cannot read; h11 knows when it was too long.
        hint = getattr(sys.exc_info()[1], "error_status_hint", HTTPStatus.BAD_REQUEST)
        too_long = hint == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        if too_long:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, code="headers_too_large")
        else:
            self._refuse(HTTPStatus.BAD_REQUEST, code="malformed_request")

    def _unsupported_upgrade_warning(self) -> None:
        """Write nothing: such a request is answered as any other, and anybody can send many."""

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
        if phase is Phase.CLOSING:
            if self._stall:
                self._stall.cancel()
                self._stall = None
            self._untaken = _untaken(self.transport)
        if phase is Phase.BODY:
            self._body_since = self.loop.time()
        if seconds is not None:
            self._deadline = self.loop.call_later(seconds, self._expire)
        self._see_who_waits()

    def _see_who_waits(self) -> None:
        """Give way if need be while the client is waited for, and nobody has vouched for it."""
        answering = self._phase is None or self._phase_is(Phase.ANSWER)
        waits = self._stall is not None or not answering
        self._gate.may_give_way(self, may=waits and not self._vouched)

    def _expire(self) -> None:
        if self._phase_is(Phase.BODY) and (more := self._seconds_earned()) > 0:
            self._deadline = self.loop.call_later(more, self._expire)
        elif not self._phase_is(Phase.CLOSING):
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, code="request_timeout")
        elif self._gets_on():
            self._deadline = self.loop.call_later(self._gate.bounds.send_seconds, self._expire)
        else:
            self.transport.abort()

    def _seconds_earned(self) -> float:
        """Return how much longer a paced body may take, by what has come of it."""
        if not self._pace:
            return 0
        allowed = self._gate.bounds.body_seconds + self._arrived / self._pace
        return self._body_since + allowed - self.loop.time()

    def _stalled(self) -> None:
        if self._gets_on():
            self._stall = self.loop.call_later(self._gate.bounds.send_seconds, self._stalled)
        else:
            self.transport.abort()

    def _gets_on(self) -> bool:
        """Tell whether the client has taken anything since this was last looked at."""
        before, self._untaken = self._untaken, _untaken(self.transport)
        return self._untaken < before

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


def _is_ambiguous(headers: list[tuple[bytes, bytes]]) -> bool:
    """Tell whether a body has two ends, by its length and by its chunks (RFC 9112, 6.3).

    A proxy in front that goes by the other one would take the rest for a request of its own.
    """
    names = {name for name, _ in headers}
    return b"content-length" in names and b"transfer-encoding" in names


def _untaken(transport: asyncio.Transport) -> int:
    """Return how many bytes were written that the client's machine has not taken yet.

    The system's own buffer counts: it holds megabytes, and says that there is
    room again only once a good part of it has gone.
    """
    waiting = transport.get_write_buffer_size()
    try:
        queued = fcntl.ioctl(transport.get_extra_info("socket"), termios.TIOCOUTQ, bytes(4))
    except (OSError, ValueError, TypeError):
        return waiting  # closed by now, or of a kind that does not tell
    return waiting + int.from_bytes(queued, sys.byteorder)


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
        *(f"{name.lower()}: {value}" for name, value in protections.HEADERS.items()),
    ]
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        head.append(f"retry-after: {_RETRY_AFTER}")
    return "\r\n".join([*head, "", ""]).encode() + body


def serve(app: Litestar, *, host: str, port: int, bounds: Bounds, ping_seconds: float) -> None:
    """Serve until SIGTERM or SIGINT; answers under way are finished.

    SIGTERM is how a supervisor ends it, in good order: with status 0. WebSockets are pinged every
    so many seconds.
    """
    # uvicorn sends itself the signal again once all is done, for whoever handled it before.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    _make_room(bounds.connections)
    logging.getLogger("uvicorn.error").addFilter(_worth_a_line)
    # Routes, schemas and tables live as long as the process: the collector need not look at them.
    app.on_startup.append(gc.freeze)
    uvicorn.run(
        cast("Any", app),
        host=host,
        port=port,
        http=cast("Any", partial(BoundedProtocol, gate=Gate(bounds))),
        # Says that there are some; each connection brings its own, `BoundedWebSocket`.
        ws="websockets-sansio",
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_ping_interval=ping_seconds,
        ws_ping_timeout=ping_seconds,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        access_log=False,
        h11_max_incomplete_event_size=bounds.header_bytes,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def _worth_a_line(line: logging.LogRecord) -> bool:
    """Leave out uvicorn's own line for each request that is none: the gate counts them.

    And its line for each WebSocket, with the address and whatever ticket is in it.
    """
    said = str(line.msg)
    return said != "Invalid HTTP request received." and '"WebSocket' not in said


def _make_room(connections: int) -> None:
    """Raise the process's own limit on open files as far as the connections need it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _SPARE_FILES
    if hard != resource.RLIM_INFINITY and hard < wanted:
        log.warning("server.file_limit_low", allowed=hard, wanted=wanted)
        wanted = hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
