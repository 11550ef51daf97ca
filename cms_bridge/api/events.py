"""`/api/v1/jobs/{id}/events`: a job followed as it happens, by server-sent events or a WebSocket.

Both tell the same events, each with how the job stands after a change, and can be gone on
with after any of them. What they are made of is in `cms_bridge.jobs.history`, how they
come about in `cms_bridge.jobs.listeners`.
"""

from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

import anyio
import msgspec
from litestar import Request, Response, WebSocket, get, post, websocket
from litestar.di import NamedDependency
from litestar.exceptions import WebSocketDisconnect
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import FromPath, HeaderParameter, QueryParameter, SkipValidation
from litestar.response import Stream

from cms_bridge.access.callers import Action, Caller
from cms_bridge.access.keys import TICKET, needs, ticketed
from cms_bridge.access.tickets import Tickets
from cms_bridge.api.contract import terms
from cms_bridge.api.resources import resource
from cms_bridge.api.stages import AskedModel, JobStage, PlaceInLine
from cms_bridge.errors import (
    JobNotFound,
    ListenersFull,
    TooManyListeners,
    UpgradeRequired,
)
from cms_bridge.fields import GREATEST, Moment
from cms_bridge.gate import on_closing
from cms_bridge.jobs import history
from cms_bridge.jobs.history import JobEventRecord
from cms_bridge.jobs.line import Line, Standing
from cms_bridge.jobs.listeners import Listener, Listeners
from cms_bridge.settings import BridgeSettings
from cms_bridge.states import StageName, Status
from render.problem import Problem

_RETRY = b"retry: 2000\n\n"
"""Milliseconds after which a browser asks again."""
_HEARTBEAT = b":\n\n"

_AFTER = QueryParameter(
    name="after",
    ge=0,
    le=GREATEST,
    description="The `sequence` of the last event that is known: what came after it is told first."
    " 0 for all that is kept. Without it, how the job stands now comes first.",
)


class ProgressEvent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a job stood after a change."""

    sequence: int
    """Counts a job's changes; also the event's `id` in a stream of server-sent events."""
    job_id: UUID
    at: Moment
    status: Status
    progress: int
    """Percent."""
    scenes_done: int
    scenes_total: int
    line: PlaceInLine | None
    """Null unless it waits for a worker: its place as this is told."""
    stage: JobStage | None
    """Null while nobody works on it."""
    model: AskedModel | None
    """Null while no model is asked."""
    model_fallback_occurred: bool
    """Whether another model than the one intended has made any of it."""
    warnings: tuple[Problem, ...]
    error: Problem | None
    final: bool
    """Whether the job has ended: the stream ends with such an event, unless more has happened."""

    @classmethod
    def of(cls, event: JobEventRecord, standing: Standing | None) -> "ProgressEvent":
        """Return an event as it is told, with the job's place if it waits."""
        return cls(
            sequence=event.sequence,
            job_id=event.job,
            at=event.at,
            status=event.status,
            progress=event.progress,
            scenes_done=event.scenes_done,
            scenes_total=event.scenes_total,
            line=PlaceInLine.of(standing),
            stage=JobStage.of(event.stage),
            model=AskedModel.of(event.stage),
            model_fallback_occurred=event.fallback,
            warnings=event.warnings,
            error=event.error,
            final=event.final,
        )


class ProgressTicket(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What opens the streams of one job to a browser."""

    ticket: str
    expires_in: int
    """Seconds. A stream that is open stays so."""
    events_url: str
    """For `EventSource`, the ticket included."""
    web_socket_url: str
    """For `WebSocket`, the ticket included."""


def _frame(event: ProgressEvent) -> bytes:
    return b"id: %d\ndata: %b\n\n" % (event.sequence, msgspec.json.encode(event))


_EXAMPLE = (
    _RETRY
    + _frame(
        ProgressEvent(
            sequence=12,
            job_id=UUID("6f1c7a52-3f0b-4a62-9d0e-0c6f3f1d2b7e"),
            at=datetime(2026, 11, 28, 9, 30, tzinfo=UTC),
            status=Status.GENERATING,
            progress=17,
            scenes_done=2,
            scenes_total=6,
            line=None,
            stage=JobStage(name=StageName.PICTURE, scene=3, scene_id="s3"),
            model=AskedModel(provider="gemini", name="gemini-2.5-flash-image"),
            model_fallback_occurred=False,
            warnings=(),
            error=None,
            final=False,
        )
    )
    + _HEARTBEAT
).decode()


@get(
    "/{job_id:uuid}/events",
    media_type="text/event-stream",
    opt=terms(JobNotFound, TooManyListeners, ListenersFull, event=ProgressEvent)
    | needs(Action.READ)
    | ticketed(),
    summary="A job as it happens, by server-sent events",
    responses={
        HTTPStatus.OK: ResponseSpec(
            str,
            generate_examples=False,
            media_type="text/event-stream",
            description="Events whose `id` is a sequence and whose `data` is JSON, and comments"
            " while nothing happens",
            examples=[Example(summary="A picture is being drawn", value=_EXAMPLE)],
        ),
        HTTPStatus.NO_CONTENT: ResponseSpec(
            None,
            generate_examples=False,
            description="The job has ended and everything is known: browsers ask no more",
        ),
    },
)
async def follow_job(  # noqa: PLR0913 - what a stream is made of
    *,
    request: Request[Any, Any, Any],
    job_id: FromPath[UUID],
    caller: NamedDependency[SkipValidation[Caller]],
    listeners: NamedDependency[SkipValidation[Listeners]],
    line: NamedDependency[SkipValidation[Line]],
    after: Annotated[int | None, _AFTER] = None,
    last_event_id: Annotated[
        int | None,
        HeaderParameter(
            name="Last-Event-ID",
            ge=0,
            le=GREATEST,
            description="The same as `after`, as browsers send it by themselves; it goes first.",
        ),
    ] = None,
) -> Response[Any]:
    """Tell what happens to a job until it ends, or the stream has lasted its time.

    Go on with `Last-Event-ID` or `after`; nothing is lost in between, as long as events are kept.
    A stream that ends without a `final` event has only lasted long enough: ask again.
    """
    known = after if last_event_id is None else last_event_id
    now = await _standing(job_id)
    headers = {"Cache-Control": "no-store"}
    if TICKET in request.query_params:
        # A ticket is its own permission, whatever page it is used on.
        headers["Access-Control-Allow-Origin"] = "*"
    if now.final and known is not None and known >= now.sequence:
        return Response(None, status_code=HTTPStatus.NO_CONTENT, headers=headers)
    listeners.check(caller.key)
    return Stream(
        _server_sent(request, listeners, line, caller, now, known),
        media_type="text/event-stream",
        # nginx would keep events back until it has many.
        headers={**headers, "X-Accel-Buffering": "no"},
    )


async def _server_sent(  # noqa: PLR0913, PLR0917 - what a stream is made of
    request: Request[Any, Any, Any],
    listeners: Listeners,
    line: Line,
    caller: Caller,
    now: JobEventRecord,
    known: int | None,
) -> AsyncGenerator[bytes]:
    # Others may have come since this was let in: then it ends here, and is asked for again.
    with (
        suppress(TooManyListeners, ListenersFull),
        listeners.listening(now.job, key=caller.key) as listener,
    ):
        on_closing(request.scope, listener.end)
        yield _RETRY
        async for event in _told(listener, line, now, known):
            if event is None:
                yield _HEARTBEAT
            else:
                yield _frame(event)


async def _told(
    listener: Listener, line: Line, now: JobEventRecord, known: int | None
) -> AsyncGenerator[ProgressEvent | None]:
    """Yield what is to be told; None where a sign of life is due."""
    if known is None:
        yield await _event(now, line)
        if now.final:
            return
    async for event in listener.events(after=now.sequence if known is None else known):
        yield await _event(event, line) if event else None


async def _event(event: JobEventRecord, line: Line) -> ProgressEvent:
    return ProgressEvent.of(event, await line.standing(event.job, event.status))


async def _standing(job: UUID) -> JobEventRecord:
    now = await history.standing(job)
    if now is None:
        raise JobNotFound("There is no such job.")
    return now


@get(
    "/{job_id:uuid}/ws",
    status_code=HTTPStatus.SWITCHING_PROTOCOLS,
    opt=terms(JobNotFound, TooManyListeners, ListenersFull, UpgradeRequired)
    | needs(Action.READ)
    | ticketed(),
    summary="A job as it happens, by WebSocket",
)
async def follow_job_by_web_socket(
    job_id: FromPath[UUID],  # noqa: ARG001 - what is followed
    after: Annotated[int | None, _AFTER] = None,  # noqa: ARG001 - the same
) -> None:
    """Tell the same events as `…/events`, one JSON text a message, over a WebSocket (RFC 6455).

    It is closed with 1000 and the reason `final` after the last event, or `again` when it has
    lasted its time. What is sent to it is thrown away, and may have 1,024 bytes.
    """
    raise UpgradeRequired("This is the address of a WebSocket.")


@websocket("/{job_id:uuid}/ws", opt=needs(Action.READ) | ticketed())
async def tell_web_socket(
    socket: WebSocket[Any, Any, Any],
    job_id: FromPath[UUID],
    listeners: NamedDependency[SkipValidation[Listeners]],
    line: NamedDependency[SkipValidation[Line]],
    after: Annotated[int | None, _AFTER] = None,
) -> None:
    """Tell a WebSocket what happens to a job."""
    now = await _standing(job_id)
    caller: Caller = socket.auth
    with listeners.listening(job_id, key=caller.key) as listener:
        await socket.accept()
        ended = now.final and after is not None and after >= now.sequence
        async with anyio.create_task_group() as group:
            group.start_soon(_notice_leaving, socket, group.cancel_scope)
            with suppress(OSError):  # it has left in the middle of a message
                if not ended:
                    async for event in _told(listener, line, now, after):
                        if event is not None:  # the server itself pings
                            await socket.send_text(msgspec.json.encode(event).decode())
                            ended = event.final
                await socket.close(reason="final" if ended else "again")
            group.cancel_scope.cancel()


async def _notice_leaving(socket: WebSocket[Any, Any, Any], scope: anyio.CancelScope) -> None:
    with suppress(WebSocketDisconnect):
        while True:
            await socket.receive_data(mode="text")
    scope.cancel()


@post(
    "/{job_id:uuid}/tickets",
    opt=terms(JobNotFound) | needs(Action.READ),
    summary="Let a browser follow a job",
)
async def issue_ticket(
    job_id: FromPath[UUID],
    caller: NamedDependency[SkipValidation[Caller]],
    tickets: NamedDependency[SkipValidation[Tickets]],
    settings: NamedDependency[BridgeSettings],
) -> Response[ProgressTicket]:
    """Return a ticket for the streams of one job: browsers can send no key with them.

    It is good for any number of connections while it lasts, and for as long as its key is.
    """
    await _standing(job_id)
    ticket = tickets.issue(job_id, key=caller.key)
    base = f"{str(settings.public_url).rstrip('/')}/api/v1/jobs/{job_id}"
    return Response(
        ProgressTicket(
            ticket=ticket,
            expires_in=tickets.seconds,
            events_url=f"{base}/events?{TICKET}={ticket}",
            web_socket_url=f"ws{base.removeprefix('http')}/ws?{TICKET}={ticket}",
        ),
        status_code=HTTPStatus.CREATED,
        headers={"Cache-Control": "no-store"},
    )


routers = resource(
    "/api/v1/jobs",
    [follow_job, follow_job_by_web_socket, tell_web_socket, issue_ticket],
    tag="jobs",
)
