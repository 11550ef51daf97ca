"""A project's data: all of it exported, or erased for good.

Erased is whatever somebody wrote, said, drew or is named in; what was paid remains, without a text:
a ledger with holes would make the caps and the bills wrong. A job that nothing was paid for goes
whole; one that something was paid for stays as a husk.
"""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, cast

import anyio
import msgspec
from piccolo.table import Table

from cms_bridge import projects
from cms_bridge.database import transaction
from cms_bridge.errors import BridgeError
from cms_bridge.states import FINISHED, JobKind, Status
from cms_bridge.storage import pieces
from cms_bridge.storage.base import ObjectStore
from cms_bridge.tables import (
    Approval,
    Asset,
    Attempt,
    Charge,
    FetchedFile,
    GeneratedVideo,
    InboundEvent,
    Job,
    JobEvent,
    Lexicon,
    OutboxMessage,
    Project,
    RenditionFile,
    UploadedAsset,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEvent,
    WebhookSubscription,
)
from render.storyboard import Brief

_WHERE: dict[type[Table], Any] = {
    Project: Project.id,
    Lexicon: Lexicon.id,
    Job: Job.project,
    JobEvent: JobEvent.job.project,
    InboundEvent: InboundEvent.job.project,
    Attempt: Attempt.job.project,
    Approval: Approval.job.project,
    Charge: Charge.project,
    Asset: Asset.job.project,
    GeneratedVideo: GeneratedVideo.job.project,
    RenditionFile: cast("Any", RenditionFile.rendition).job.project,
    UploadedAsset: UploadedAsset.project,
    FetchedFile: FetchedFile.asset.project,
    OutboxMessage: OutboxMessage.job.project,
    WebhookSubscription: WebhookSubscription.project,
    WebhookEvent: WebhookEvent.project,
    WebhookDelivery: WebhookDelivery.subscription.project,
    WebhookAttempt: cast("Any", WebhookAttempt.delivery).subscription.project,
}
"""Every table that holds something of a project, and by what it is the project's."""
_PAGE = 1_000
_HUSK = msgspec.json.encode(Brief(title="", script="")).decode()


class ProjectDataError(BridgeError):
    """What stands in the way, in a sentence."""


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """What was written."""

    rows: dict[str, int]
    """By table."""
    objects: int
    bytes: int


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """What went, and what remains."""

    objects: int
    bytes: int
    jobs: int
    """Of which nothing is left."""
    husks: int
    """Jobs that only tell what was paid."""
    pieces: int
    """Of films of all projects, which daemons shared: nobody knows whose they were."""


async def export(project: str, store: ObjectStore, directory: Path) -> Exported:
    """Write all that is kept of a project into a directory that is new or empty.

    A file of JSON lines for each table, and every object under its key. Raises
    `ProjectDataError` and `StorageError`.
    """
    await _check_known(project)
    target = anyio.Path(directory)
    await target.mkdir(parents=True, exist_ok=True)
    if [one async for one in target.iterdir()]:
        raise ProjectDataError(f"{directory} is not empty.")
    rows: dict[str, int] = {}
    for table in _WHERE:
        name = _name(table)
        async with await (target / f"{name}.jsonl").open("wb") as file:
            rows[name] = 0
            async for row in _rows(table, project):
                await file.write(msgspec.json.encode(row) + b"\n")
                rows[name] += 1
    objects = size = 0
    async for one in store.list_objects(project):
        path = target / "objects" / one.key
        await path.parent.mkdir(parents=True, exist_ok=True)
        async with await path.open("wb") as file:
            async for chunk in store.read(one.key):
                await file.write(chunk)
        objects, size = objects + 1, size + one.size
    return Exported(rows=rows, objects=objects, bytes=size)


async def erase(project: str, store: ObjectStore) -> Erased:
    """Erase a project, rows first; asked again, it goes on where it was cut off.

    Keys that were made for it stay, and open nothing. Raises `ProjectDataError` while something of
    it is under way, and `StorageError`.
    """
    await _check_known(project)
    async with transaction():
        # Nobody submits anything to it meanwhile.
        await projects.hold(project)
        busy = await cast("Any", Job.count()).where(
            Job.project == project,
            Job.status.not_in(list(FINISHED)),
            # A reading that nobody has begun goes with the rest: no list shows it to be cancelled.
            (Job.kind != JobKind.READING) | (Job.status != Status.APPROVED),
        )
        if busy:
            raise ProjectDataError(f"Not finished are {busy} of its jobs: cancel them first.")
        # What hangs on these goes with them.
        for table in (WebhookSubscription, WebhookEvent, UploadedAsset, Lexicon):
            await table.delete().where(_WHERE[table] == project)
        paid = {
            row["job"] for row in await Charge.select(Charge.job).where(_WHERE[Charge] == project)
        }
        jobs = [row["id"] for row in await Job.select(Job.id).where(Job.project == project)]
        gone = [job for job in jobs if job not in paid]
        kept = [job for job in jobs if job in paid]
        for some in _pages(gone):
            await Job.delete().where(Job.id.is_in(some))
        for some in _pages(kept):
            await _empty(some)
        await Charge.update({Charge.scene_id: "", Charge.answer: None, Charge.reason: ""}).where(
            Charge.project == project
        )
        await Project.update({Project.name: Project.id}).where(Project.id == project)
    objects = size = 0
    async for one in store.list_objects(project):
        await store.delete(one.key)
        objects, size = objects + 1, size + one.size
    return Erased(
        objects=objects,
        bytes=size,
        jobs=len(gone),
        husks=len(kept),
        # Its films are among them, whole; whoever misses one of another's encodes it again.
        pieces=await pieces.clear(store),
    )


async def _empty(jobs: list[Any]) -> None:
    """Leave nothing of some jobs but that they were, and what was paid."""
    for table in (GeneratedVideo, Asset, JobEvent, InboundEvent, Attempt, OutboxMessage):
        await table.delete().where(cast("Any", table).job.is_in(jobs))
    await Approval.update({Approval.by: "", Approval.storyboard_digest: ""}).where(
        Approval.job.is_in(jobs)
    )
    await Job.update(
        {
            Job.title: "",
            Job.brief: _HUSK,
            Job.storyboard_data: None,
            # By its digest a text that somebody guesses could be told to have stood here.
            Job.storyboard_digest: "",
            Job.storyboard_past: "[]",
            Job.output: None,
            Job.stage: None,
            # Names of the CMS's and of askers are theirs to choose, and may say anything.
            Job.field: "",
            Job.version: "",
            Job.idempotency_key: None,
            Job.approval_policy: None,
            Job.approved_digest: "",
            Job.approved_by: "",
            Job.lease_owner: "",
            Job.generation_warnings: "[]",
            Job.charge_warnings: "[]",
            Job.error_message: None,
            Job.error: None,
            Job.video_url: None,
        }
    ).where(Job.id.is_in(jobs))


async def _check_known(project: str) -> None:
    if not await Project.exists().where(Project.id == project):
        raise ProjectDataError(f"There is no project {project!r}.")


async def _rows(table: type[Table], project: str) -> AsyncIterator[Mapping[str, object]]:
    identity = cast("Any", table).id
    after: Any = None
    while True:
        asked = cast("Any", table).select(*table.all_columns()).where(_WHERE[table] == project)
        if after is not None:
            asked = asked.where(identity > after)
        rows: list[dict[str, Any]] = await asked.order_by(identity).limit(_PAGE)
        for row in rows:
            yield {name: _told(value) for name, value in row.items()}
        if len(rows) < _PAGE:
            return
        after = rows[-1]["id"]


def _told(value: object) -> object:
    """Return what JSON can say of a value: bytes are those of a text."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _pages(all_of: list[Any]) -> list[list[Any]]:
    return [all_of[start : start + _PAGE] for start in range(0, len(all_of), _PAGE)]


def _name(table: type[Table]) -> str:
    return table._meta.tablename  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
