"""What became of a film, counted at the truth: rows, objects, files, and what others heard."""

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import msgspec

from cms_bridge.ledger.charges import ChargeState
from cms_bridge.settings import BridgeSettings
from cms_bridge.states import Status
from cms_bridge.storage.factory import store_from
from cms_bridge.tables import (
    Asset,
    Charge,
    GeneratedVideo,
    InboundEvent,
    Job,
    OutboxMessage,
    RenditionFile,
    WebhookDelivery,
)
from tests.faults.harness import requests_to
from tests.faults.hops.house import House
from tests.support.work_files import left_in

SENT = ("video.submitted", "storyboard.approved")
"""What the CMS tells the bridge of a film that goes well."""
TOLD = ("video.submitted", "storyboard.ready", "storyboard.approved", "video.completed")
"""What an integrator hears of it."""
TIDY_SECONDS = 20.0
"""How long working files may take to be cleared up."""


class Counts(msgspec.Struct, kw_only=True, frozen=True):
    """What is to be zero, but for `asked`."""

    lost: int = 0
    """Jobs that did not come to their end, and objects that are named and not there."""
    twice: int = 0
    """Jobs, films and effects of events beyond the one."""
    second: int = 0
    """Charges for what had been charged before, without anybody's word."""
    unbooked: int = 0
    """Charges that the ledger does not have."""
    events: int = 0
    """Events, write-backs and webhooks that did not arrive."""
    orphans: int = 0
    """Objects that nothing names, and working files that nobody needs."""
    died: int = 0
    """Processes that ended although nobody told them to."""
    asked: int = 0
    """Calls on which a person's word was needed, since nobody knew their outcome."""
    found: tuple[str, ...] = ()
    """Which, of all that is not zero."""

    @property
    def sound(self) -> bool:
        """Whether everything is zero that is to be."""
        found = (self.lost, self.twice, self.second, self.unbooked, self.events, self.orphans)
        return not any((*found, self.died))


class Film(msgspec.Struct, kw_only=True, frozen=True):
    """What was asked for, by the CMS's names."""

    project: str
    video: Any


class Word(msgspec.Struct, kw_only=True, frozen=True):
    """A person's word on calls of unknown outcome, and what had been charged by then."""

    calls: int
    before: Counter[str]


async def jobs_of(film: Film) -> list[dict[str, Any]]:
    """Return what there is of a film, oldest first."""
    columns = (Job.id, Job.status, Job.error_message)
    found = Job.select(*columns).where(Job.project == film.project)
    return await found.order_by(Job.created_at)


async def all_told(house: House, film: Film) -> bool:
    """Tell whether nothing of a film is on its way to anybody any more."""
    return not (
        await OutboxMessage.exists().where(
            OutboxMessage.job.project == film.project, OutboxMessage.due_at.is_not_null()
        )
        or await WebhookDelivery.exists().where(
            WebhookDelivery.event.project == film.project, WebhookDelivery.finished_at.is_null()
        )
        or any(state == "queued" for state in await _sent(house, film))
    )


async def count(house: House, film: Film, *, words: Collection[Word]) -> Counts:
    """Count what became of a film, once nothing more happens to it."""
    jobs = await jobs_of(film)
    films = await GeneratedVideo.count().where(GeneratedVideo.job.project == film.project)
    events = await InboundEvent.select(InboundEvent.type).where(
        InboundEvent.job.is_in([job["id"] for job in jobs])
    )
    inbound = Counter(row["type"] for row in events)
    settled = await Charge.count().where(
        Charge.project == film.project, Charge.state == ChargeState.SETTLED
    )
    named, stored = await _named(film), await _stored(house, film)

    lost = [f"{job}" for job in jobs if job["status"] != Status.COMPLETED] if jobs else ["no job"]
    lost += [f"{key} is gone" for key in sorted(named - stored)]
    twice = [
        *("a job" for _ in jobs[1:]),
        *("a film" for _ in range(films - 1)),
        *(f"event {kind}" for kind in SENT for _ in range(inbound[kind] - 1)),
    ]
    heard = _heard(house, film)
    untold = [
        *(f"event {kind}" for kind in SENT if kind not in inbound),
        *(f"webhook {kind}" for kind in TOLD if kind not in heard),
        *(f"{state} in Payload" for state in await _sent(house, film) if state != "delivered"),
    ]
    left = [*sorted(stored - named), *await _left_behind(house.directory / "work")]
    died = [runner.value for runner, one in house.processes.items() if one.died]
    return Counts(
        lost=len(lost),
        twice=len(twice),
        second=_second(Counter(requests_to(house.google)), words),
        unbooked=max(0, len(house.google.charges) - settled),
        events=len(untold),
        orphans=len(left),
        died=len(died),
        asked=sum(word.calls for word in words),
        found=(*lost, *twice, *untold, *left, *died),
    )


def _second(charged: Counter[str], words: Collection[Word]) -> int:
    """Return the charges too many: what a person had bought again is not among them."""
    if not words:
        return sum(times - 1 for times in charged.values())
    (first, *_), allowed = words, sum(word.calls for word in words)
    too_many = sum(times - 1 for times in first.before.values())
    again = sum(charged[one] - times for one, times in first.before.items())
    fresh = sum(times - 1 for one, times in charged.items() if one not in first.before)
    return too_many + max(0, again - allowed) + fresh


def _heard(house: House, film: Film) -> set[str]:
    """Return what the integrator was told of a film."""
    told = [json.loads(body) for _, body in house.receiver.calls]
    return {one["type"] for one in told if one["data"]["projectId"] == film.project}


async def _sent(house: House, film: Film) -> list[str]:
    """Return the states of what Payload's outbox holds of a film."""

    def read() -> list[str]:
        address = f"file:{house.directory}/payload.db?mode=ro"
        asked = "SELECT state FROM reelwright_outbox WHERE video_id = ?"
        with closing(sqlite3.connect(address, uri=True, timeout=30)) as database:
            return [state for (state,) in database.execute(asked, (film.video,))]

    return await anyio.to_thread.run_sync(read)


async def _named(film: Film) -> set[str]:
    """Return every object that the database names of a film."""
    films, files = GeneratedVideo, RenditionFile
    project = film.project
    rows: list[dict[str, Any]] = [
        *await Asset.select(Asset.key).where(Asset.job.project == project),
        *await films.select(films.key, films.poster_key).where(films.job.project == project),
        *await files.select(files.key).where(files.rendition.job.project == project),
    ]
    return {key for row in rows for key in row.values() if key}


async def _stored(house: House, film: Film) -> set[str]:
    """Return every object of a film that the store holds."""
    own = {name.removeprefix("REELWRIGHT_").lower(): one for name, one in house.settings.items()}
    known = {name: own[name] for name in BridgeSettings.model_fields if name in own}
    for encoded in ("models", "webhook_targets_from"):
        del known[encoded]
    async with store_from(BridgeSettings.model_validate(known)) as store:
        return {one.key async for one in store.list_objects(film.project)}


async def _left_behind(work: Path) -> list[str]:
    """Return the working files that are there still once there has been time to clear up."""
    deadline = time.monotonic() + TIDY_SECONDS
    while True:
        left = await anyio.to_thread.run_sync(left_in, work)
        if not left or time.monotonic() > deadline:
            return left
        await anyio.sleep(0.1)
