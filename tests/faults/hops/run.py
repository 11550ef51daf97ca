"""One run: a film is made, a fault strikes at a hop, and what became of the film is counted."""

import random
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

import anyio
import anyio.to_thread
import httpx
import msgspec

from cms_bridge import clock
from cms_bridge.errors import DatabaseError
from cms_bridge.ledger import charges
from cms_bridge.ledger.charges import ChargeOutcome, ChargeState
from cms_bridge.states import Status
from cms_bridge.tables import Attempt
from daemon.local.editor import Editor, EditorError, signed_in
from daemon.local.installation import EDITOR_EMAIL
from render.storyboard import AspectRatio, Brief
from tests.faults.harness import requests_to
from tests.faults.hops import counting
from tests.faults.hops.counting import Counts, Film, Word
from tests.faults.hops.house import API_KEY, PASSWORD, House
from tests.faults.hops.plan import Fault, Hop, Runner
from tests.faults.hops.striking import HANG_SECONDS, strike
from tests.support.installation import eventually

_T = TypeVar("_T")
_SAVE_SECONDS = 0.15
"""A save takes as long on an idle machine: struck within, it is in the middle of it."""
_CALL_SECONDS = 1.0
_LOOK_SECONDS = 0.25
_PATIENCE = 900.0
"""Seconds until what has not happened counts as lost."""
_BY_EACH_EVENT = {Hop.SAVE, Hop.POST, Hop.RECEIVE, Hop.WAKE}
"""Hops that every event comes by: they are met with the submission and the approval in turns."""


class Ending(msgspec.Struct, kw_only=True, frozen=True):
    """What became of one run."""

    seconds: float
    """From when the fault had passed until the film lay before the editor and all were told."""
    taken: float | None
    """From a daemon's death until another had its work in hand; None where no daemon was killed, or
    none had any work in hand."""
    counts: Counts


@asynccontextmanager
async def at_work(house: House) -> AsyncGenerator[Editor]:
    """Sign an editor in, and see to it that what ends as it starts is started again."""

    async def supervise() -> None:
        while True:
            house.begin_payload_again()
            await anyio.sleep(_LOOK_SECONDS)

    async with (
        signed_in(house.payload_url, email=EDITOR_EMAIL, password=PASSWORD) as editor,
        anyio.create_task_group() as group,
    ):
        group.start_soon(supervise)
        yield editor
        group.cancel_scope.cancel()


async def run(house: House, editor: Editor, hop: Hop, fault: Fault | None, number: int) -> Ending:
    """Have a film made, with a fault on its way or, to compare, without one.

    The seconds of a run without one are those from the submission.
    """
    await eventually(lambda: not house.google.at_once)
    house.google.reset()
    house.receiver.calls.clear()
    name = f"film-{time.time_ns() // 1_000_000:x}"
    # Words of its own, so that it finds no other film's media.
    brief = Brief(title=name, script=f"Tea {name}.", aspect_ratio=AspectRatio.SQUARE)
    project = await editor.create_project(name, brief)
    video = (await editor.create_video(project["id"], brief))["id"]
    film = Film(project=project["serviceId"], video=video)
    await _subscribe(house, film)

    boards: list[dict[str, Any]] = []

    async def submit() -> None:
        await _patiently(lambda: editor.submit(video))

    async def approve() -> None:
        if hop is Hop.GENERATE:
            house.google.latency = HANG_SECONDS if fault is Fault.PROVIDER else _CALL_SECONDS
        await _patiently(lambda: editor.approve(boards[0]["id"]))

    acts = (submit, approve)
    met_by = submit if hop in _BY_EACH_EVENT and number % 2 == 0 else approve
    passed, began = time.monotonic(), clock.now()
    for act in acts:
        if act is approve:
            boards.append(await _there(lambda: editor.find("storyboards", video=video)))
        if act is met_by and fault is not None:
            passed = await _struck(house, hop, fault, number, act)
            began = clock.now() - timedelta(seconds=time.monotonic() - passed)
        else:
            await act()

    words = await _finish(house, editor, film)
    seconds = time.monotonic() - passed
    if fault in {Fault.KILL, Fault.TERM}:
        await anyio.to_thread.run_sync(house.wait_until_up, hop.runner)
    killed = fault is Fault.KILL and hop.runner is Runner.DAEMON
    return Ending(
        seconds=seconds,
        taken=await _taken(film, began) if killed else None,
        counts=await counting.count(house, film, words=words),
    )


async def _taken(film: Film, since: datetime) -> float | None:
    """Return the seconds until the first attempt after a moment; None where there was none."""
    jobs = [job["id"] for job in await counting.jobs_of(film)]
    attempts = Attempt.select(Attempt.started_at).where(Attempt.job.is_in(jobs))
    next_one = await attempts.where(Attempt.started_at > since).order_by(Attempt.started_at).first()
    return round((next_one["started_at"] - since).total_seconds(), 2) if next_one else None


async def _struck(
    house: House, hop: Hop, fault: Fault, number: int, act: Callable[[], Awaitable[None]]
) -> float:
    """Do what leads to a hop, and let the fault strike there; return when it had passed."""
    async with anyio.create_task_group() as group:
        if hop.place is None:
            group.start_soon(act)
            if hop is Hop.SAVE:
                # Where in a save, only chance can say.
                await anyio.sleep(random.uniform(0, _SAVE_SECONDS))  # noqa: S311 - a moment
            else:
                await eventually(lambda: house.google.at_once, seconds=_PATIENCE, every=0.01)
            return await strike(house, hop, fault, number)
        with house.stops.at(hop.stop(fault)) as held:
            group.start_soon(act)
            await eventually(held, seconds=_PATIENCE, every=0.01)
            return await strike(house, hop, fault, number)


async def _finish(house: House, editor: Editor, film: Film) -> list[Word]:
    """Wait until a film is there and all were told, or it is lost; return what had to be said.

    Where it waits for a person's word on calls whose outcome nobody knows, that is given at once,
    as the provider's account has it.
    """
    words: list[Word] = []

    async def shown() -> bool:
        rendition = await editor.find("renditions", video=film.video)
        return rendition is not None and rendition["status"] == Status.COMPLETED

    with anyio.move_on_after(_PATIENCE):
        while not (await _or_not(lambda: counting.all_told(house, film)) and await _or_not(shown)):
            if word := await _or_not(lambda: _resolve(house, film)):
                words.append(word)
                await _patiently(lambda: editor.update("videos", film.video, {"stage": "retry"}))
            await anyio.sleep(_LOOK_SECONDS)
    return words


async def _resolve(house: House, film: Film) -> Word | None:
    """Say of a failed job's calls what became of them, if that is what it waits for."""
    failed = [job for job in await counting.jobs_of(film) if job["status"] == Status.FAILED]
    if not failed or house.google.at_once:
        return None
    rows = await charges.charges_of(failed[0]["id"])
    unknown = [row for row in rows if row.state is ChargeState.UNKNOWN]
    charged = len(house.google.charges) - sum(row.state is ChargeState.SETTLED for row in rows)
    for number, row in enumerate(unknown):
        outcome = ChargeOutcome.CHARGED if number < charged else ChargeOutcome.NOT_CHARGED
        await charges.resolve(row.job, row.id, outcome, by="ann")
    if not unknown:
        return None
    return Word(calls=len(unknown), before=Counter(requests_to(house.google)))


async def _subscribe(house: House, film: Film) -> None:
    async with httpx.AsyncClient(base_url=house.bridge_url, timeout=30) as http:
        made = await http.post(
            f"/api/v1/projects/{film.project}/webhooks",
            json={"url": house.receiver.url},
            headers={"Authorization": f"Bearer {API_KEY}"},
        )
        assert made.status_code == httpx.codes.CREATED, made.text


async def _there(find: Callable[[], Awaitable[_T | None]]) -> _T:
    """Wait until there is something, whatever is away meanwhile."""
    return await eventually(lambda: _or_not(find), seconds=_PATIENCE, every=_LOOK_SECONDS)


async def _or_not(ask: Callable[[], Awaitable[_T]]) -> _T | None:
    """Ask, and take no answer for None: what is asked may be away."""
    try:
        return await ask()
    except (httpx.HTTPError, EditorError, DatabaseError, OSError):
        return None


async def _patiently(ask: Callable[[], Awaitable[Any]]) -> None:
    """Do something in Payload, again until it has answered, as people do."""

    async def done() -> bool:
        try:
            await ask()
        except (httpx.HTTPError, EditorError):
            return False
        return True

    await eventually(done, seconds=_PATIENCE, every=0.2)
