"""Retention: which films of the past are kept, how long, and how much of them.

    kept ──► retired ──► gone
             told as no longer kept,    its objects deleted, once links that
             no link to it any more     were handed out before have ended

A rendition is superseded once its video has a newer one of the same form: the next film, or the
next export of that shape, size, compression, rate and captions. An export in preview quality is a
quick look at one film, and is superseded by the next film as well. Only what is superseded
ever goes, oldest first: what stands does not, nor a film that an export was made of which stands,
nor anything of a video that is being worked on. An object goes only if nothing else names it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import structlog

from cms_bridge import clock
from cms_bridge.database import transaction
from cms_bridge.operations.reconciliation import YOUNGEST, named_among
from cms_bridge.records import Output
from cms_bridge.states import FINISHED, JobKind, Status
from cms_bridge.storage.base import ObjectStore
from cms_bridge.tables import GeneratedVideo, Job, Project, RenditionFile
from render.rendition import Quality
from render.storyboard import CaptionStyle

log = structlog.get_logger()

_PAGE = 500
"""Rows that one query asks for."""
_AT_ONCE = 50
"""Renditions whose objects one sweep deletes at the most."""
_CLAIMED_FOR = timedelta(hours=1)
"""Longer than the deletion of one rendition's objects takes: then whoever began it has died."""
_WAITS = Status.STORYBOARD_COMPLETE
FILM = ""
"""The form of a film itself."""


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of what is superseded; by default all of it, for ever."""

    lifetime: timedelta | None = None
    """How long it is kept after a newer one stood; None for ever."""
    project_bytes: int | None = None
    """What one project may keep of it; None for any amount."""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A rendition, as far as it decides what goes."""

    id: UUID
    video: UUID
    number: int
    form: str
    """`FILM`, or what an export was ordered as."""
    preview: bool = False
    """Whether it is an export in preview quality."""
    revision: int
    """The storyboard's."""
    bytes: int
    """Of all its files."""
    made_at: datetime
    retired: bool = False
    """Whether it is no longer kept. It still tells since when others are superseded."""


class Superseded(msgspec.Struct, frozen=True, kw_only=True):
    """A rendition that may go."""

    id: UUID
    video: UUID
    project: str
    number: int
    bytes: int
    since: datetime
    """When the first was made that took its place, be that kept or not."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What is superseded, and what of it goes by the rules; the oldest first."""

    superseded: list[Superseded]
    due: list[Superseded]


def superseded(project: str, renditions: Collection[Made]) -> list[Superseded]:
    """Return those of one video's renditions that may go: of all it ever had, the retired too."""
    since: dict[UUID, datetime] = {}
    for one in renditions:
        # Of those that went too: else, once the first successor had gone, a later one would count.
        newer = [
            other.made_at
            for other in renditions
            if other.number > one.number
            and (other.form == one.form or (one.preview and other.form == FILM))
        ]
        if newer:
            since[one.id] = min(newer)
    standing = [one for one in renditions if one.id not in since and not one.retired]
    referred = {one.revision for one in standing if one.form != FILM}
    return [
        Superseded(
            id=one.id,
            video=one.video,
            project=project,
            number=one.number,
            bytes=one.bytes,
            since=since[one.id],
        )
        for one in renditions
        if one.id in since
        and not one.retired
        and not (one.form == FILM and one.revision in referred)
    ]


def due(candidates: Iterable[Superseded], rules: Retention, *, now: datetime) -> list[Superseded]:
    """Return what goes of what one project has superseded, the oldest first."""
    ordered = sorted(candidates, key=lambda one: (one.since, one.video, one.number))
    left = sum(one.bytes for one in ordered)
    going: list[Superseded] = []
    for one in ordered:
        old = rules.lifetime is not None and one.since <= now - rules.lifetime
        if old or (rules.project_bytes is not None and left > rules.project_bytes):
            going.append(one)
            left -= one.bytes
    return going


async def report(rules: Retention) -> Report:
    """Return what would be retired now; nothing is changed."""
    now = clock.now()
    everything: list[Superseded] = []
    going: list[Superseded] = []
    for row in await Project.select(Project.id).order_by(Project.id):
        candidates = await _candidates(row["id"])
        everything += candidates
        going += due(candidates, rules, now=now)
    return Report(superseded=sorted(everything, key=_age), due=sorted(going, key=_age))


async def retire(due: Sequence[Superseded]) -> list[Superseded]:
    """Keep no longer what is due and still may go; return that. Each is told before it goes."""
    retired: list[Superseded] = []
    by_video: defaultdict[UUID, list[Superseded]] = defaultdict(list)
    for one in due:
        by_video[one.video].append(one)
    for video, some in by_video.items():
        async with transaction():
            # Whoever orders or finishes something of it comes before this, or after.
            await Job.update({Job.sequence: Job.sequence + 0}).where(Job.id == video)
            still = {one.id for one in await _candidates(some[0].project, video)}
            going = [one for one in some if one.id in still]
            if going:
                await GeneratedVideo.update({GeneratedVideo.retired_at: clock.now()}).where(
                    GeneratedVideo.id.is_in([one.id for one in going])
                )
        for one in going:
            log.info(
                "rendition.retired",
                project_id=one.project,
                job_id=str(one.video),
                rendition_id=str(one.id),
                number=one.number,
                bytes=one.bytes,
                superseded_at=one.since.isoformat(),
            )
        retired += going
    return retired


async def clear(store: ObjectStore, *, links_last: timedelta) -> int:
    """Delete the objects of what was retired before any link to it has ended.

    Return how many renditions are gone. Raises `StorageError`; asked again, it goes on. Of several
    who clear at once each has its own.
    """
    now = clock.now()
    nobody = GeneratedVideo.clearing_at.is_null() | (
        GeneratedVideo.clearing_at <= now - _CLAIMED_FOR
    )
    rows = (
        await GeneratedVideo.select(GeneratedVideo.id, GeneratedVideo.job.project)
        .where(
            GeneratedVideo.retired_at <= now - max(links_last, YOUNGEST),
            GeneratedVideo.key != "",
            nobody,
        )
        .order_by(GeneratedVideo.retired_at)
        .limit(_AT_ONCE)
    )
    cleared = 0
    for row in rows:
        this = GeneratedVideo.id == row["id"]
        mine = (
            await GeneratedVideo.update({GeneratedVideo.clearing_at: clock.now()})
            .where(this, GeneratedVideo.key != "", nobody)
            .returning(GeneratedVideo.id)
        )
        if mine and await _clear(store, row["id"], row["job.project"]):
            cleared += 1
        elif mine:
            await GeneratedVideo.update({GeneratedVideo.clearing_at: None}).where(this)
    return cleared


async def _clear(store: ObjectStore, rendition: UUID, project: str) -> bool:
    """Delete a rendition's objects; not while a film is stored, which may be of the same bytes."""
    own = await GeneratedVideo.select(GeneratedVideo.key, GeneratedVideo.poster_key).where(
        GeneratedVideo.id == rendition
    )
    files = await RenditionFile.select(RenditionFile.key).where(
        RenditionFile.rendition == rendition
    )
    keys = {key for row in (*own, *files) for key in row.values() if key}
    for key in sorted(keys):
        if await _stores(project):
            return False
        if not await named_among([key], but=rendition):
            await store.delete(key)
    async with transaction():
        await RenditionFile.delete().where(RenditionFile.rendition == rendition)
        await GeneratedVideo.update({GeneratedVideo.key: "", GeneratedVideo.poster_key: ""}).where(
            GeneratedVideo.id == rendition
        )
    log.info("rendition.gone", project_id=project, rendition_id=str(rendition), objects=len(keys))
    return True


async def _stores(project: str) -> bool:
    return await Job.exists().where(Job.project == project, Job.status == Status.UPLOADING)


async def _candidates(project: str, video: UUID | None = None) -> list[Superseded]:
    """Return what may go of a project, or of one of its videos."""
    busy = await _busy(project)
    found: list[Superseded] = []
    for job, renditions in (await _renditions(project, video)).items():
        if job not in busy:
            found += superseded(project, renditions)
    return found


async def _busy(project: str) -> set[UUID]:
    """Return the videos that are worked on, or of which an export is made or waits."""
    rows = await Job.select(Job.id, Job.parent, Job.kind, Job.status).where(
        Job.project == project, Job.status.not_in(list(FINISHED))
    )
    return {
        row["parent"] or row["id"]
        for row in rows
        # A film whose change waits for a person is as finished as before.
        if row["kind"] == JobKind.EXPORT or row["status"] != _WAITS
    }


async def _renditions(project: str, video: UUID | None) -> dict[UUID, list[Made]]:
    """Return what was made of each video of which more than one rendition is kept."""
    which = GeneratedVideo.job.project == project
    rows = await GeneratedVideo.select(
        GeneratedVideo.id,
        GeneratedVideo.job,
        GeneratedVideo.export_job,
        GeneratedVideo.export_job.output.as_alias("output"),
        GeneratedVideo.number,
        GeneratedVideo.storyboard_revision,
        GeneratedVideo.aspect_ratio,
        GeneratedVideo.bytes,
        GeneratedVideo.created_at,
        GeneratedVideo.retired_at,
    ).where(which & (GeneratedVideo.job == video) if video else which)
    by_video: defaultdict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_video[row["job"]].append(row)
    several = {
        job: some
        for job, some in by_video.items()
        if sum(row["retired_at"] is None for row in some) > 1
    }
    together = [row for some in several.values() for row in some]
    sizes = await _sizes([row["id"] for row in together])
    captions = await _captions([row["id"] for row in together if row["export_job"]])
    return {
        job: [_made(row, sizes.get(row["id"]), captions.get(row["id"])) for row in some]
        for job, some in several.items()
    }


def _made(row: Mapping[str, Any], size: int | None, captions: CaptionStyle | None) -> Made:
    output = row["output"] if row["export_job"] else None
    decoded = msgspec.json.decode(output or "{}", type=Output)
    form = FILM if not row["export_job"] else f"{row['aspect_ratio']} {decoded!r} {captions}"
    return Made(
        id=row["id"],
        video=row["job"],
        number=row["number"],
        form=form,
        preview=form != FILM and decoded.quality is Quality.PREVIEW,
        revision=row["storyboard_revision"],
        bytes=row["bytes"] if size is None else size,
        made_at=row["created_at"],
        retired=row["retired_at"] is not None,
    )


async def _sizes(renditions: Sequence[UUID]) -> dict[UUID, int]:
    """Return the bytes of all files, of those renditions whose files have rows."""
    sizes: defaultdict[UUID, int] = defaultdict(int)
    for start in range(0, len(renditions), _PAGE):
        rows = await RenditionFile.select(RenditionFile.rendition, RenditionFile.bytes).where(
            RenditionFile.rendition.is_in(list(renditions[start : start + _PAGE]))
        )
        for row in rows:
            sizes[row["rendition"]] += row["bytes"]
    return sizes


class _Captioned(msgspec.Struct, frozen=True):
    captions: CaptionStyle | None = None


async def _captions(exports: Sequence[UUID]) -> dict[UUID, CaptionStyle | None]:
    """Return how captions look in what exports made."""
    found: dict[UUID, CaptionStyle | None] = {}
    for start in range(0, len(exports), _PAGE):
        rows = await GeneratedVideo.select(GeneratedVideo.id, GeneratedVideo.storyboard_data).where(
            GeneratedVideo.id.is_in(list(exports[start : start + _PAGE]))
        )
        for row in rows:
            data = row["storyboard_data"] or "{}"
            found[row["id"]] = msgspec.json.decode(data, type=_Captioned).captions
    return found


def _age(one: Superseded) -> tuple[datetime, UUID, int]:
    return one.since, one.video, one.number
