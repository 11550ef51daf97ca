"""Exports: a finished film once more: another shape, size, compression or rate, other captions.

Each is a job of its own kind beside its video's, so that leases, attempts, the ledger
and cancelling hold for it as for any other, and makes a rendition of that video. It is of
the film that is shown when it is asked for, whatever is edited meanwhile.

    the same shape                     every medium is reused, placeholders too
    another shape, pictures cropped    costs nothing: pictures are cut around each scene's focus
    another shape, pictures made anew  costs what they cost, and waits for an approval

The same asked for twice is one export, while what it made is kept.
"""

from decimal import Decimal
from fractions import Fraction
from uuid import UUID, uuid4

import msgspec
from msgspec.structs import replace

from cms_bridge import clock, films
from cms_bridge.database import transaction
from cms_bridge.errors import ExportNotFound, VideoNotReady
from cms_bridge.jobs import approvals, moves, renditions
from cms_bridge.jobs.moves import PROGRESS_STORYBOARD, WAKE_GRACE
from cms_bridge.jobs.renditions import Rendition
from cms_bridge.pricing.estimates import Estimate, Prices, estimate_in
from cms_bridge.records import Film, JobRecord, Output
from cms_bridge.states import JobKind, Origin, Status
from cms_bridge.tables import Job
from render.rendition import USUAL_RATE, Codec, Quality, profile_for, rate_digested
from render.storyboard import AspectRatio, CaptionStyle, Limits, Storyboard


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """The form in which somebody wants a film."""

    aspect_ratio: AspectRatio | None = None
    """None for the film's own."""
    quality: Quality = Quality.FULL
    format: Codec = Codec.H264
    fps: Fraction = Fraction(USUAL_RATE)
    new_pictures: bool = False
    """Whether pictures are made anew for another shape, instead of cropped."""
    captions: CaptionStyle | None = None
    """How captions are burned into the picture; None for as they are in the film."""
    hls: bool = False
    """Whether an HLS stream is made of it too."""
    previews: bool = False
    """Whether small moving previews are made of it too."""
    by: str = ""
    """Who asks."""


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """An export, and what it has made."""

    job: JobRecord
    rendition: Rendition | None

    @property
    def storyboard(self) -> Storyboard:
        """What it films, in its shape."""
        if self.job.storyboard is None:
            raise LookupError("An export has no storyboard.")
        return self.job.storyboard


async def price(video: UUID, wanted: Order, prices: Prices, *, limits: Limits) -> Estimate:
    """Return what an export would cost; raise as `order` does."""
    parent = await renditions.find_video(video)
    storyboard, output = _form(await _film(parent), wanted, limits)
    return await _priced(parent, storyboard, output, prices)


async def order(video: UUID, wanted: Order, prices: Prices, *, limits: Limits) -> Export:
    """Write an export down, to be begun at once if it costs nothing, and else once approved.

    Raises `VideoNotFound`, `VideoNotReady` while there is no film, `InvalidStoryboard` for a rate
    that no film has, or what `Storyboard.check` raises by the limits of today.
    """
    async with transaction():
        # Whoever asks for the same at the same time finds it.
        await Job.update({Job.sequence: Job.sequence + 0}).where(Job.id == video)
        parent = await renditions.find_video(video)
        film = await _film(parent)
        storyboard, output = _form(film, wanted, limits)
        gone = await films.retired_exports(video)
        for one in await _jobs(video):
            same = (one.storyboard_digest, one.output) == (storyboard.digest, output)
            if same and one.id not in gone:
                return await find(video, one.id)
        priced = await _priced(parent, storyboard, output, prices)
        job = _job(parent, film, storyboard, output, priced)
        await moves.begin(job)
        if not priced.difference:
            digest, nothing = storyboard.digest, Decimal(0)
            approved = approvals.on_job(digest, by=wanted.by, bound=nothing)
            await Job.update(approved).where(Job.id == job.id)
            await approvals.record(
                job.id, digest=digest, estimate=nothing, bound=nothing, by=wanted.by
            )
    return await find(video, job.id)


async def of_video(video: UUID) -> list[Export]:
    """Return a video's exports, the newest first; raise `VideoNotFound`."""
    _, films_of_it = await renditions.of_video(video)
    made = {one.export: one for one in films_of_it if one.export}
    return [Export(job=job, rendition=made.get(job.id)) for job in await _jobs(video)]


async def find(video: UUID, export: UUID) -> Export:
    """Return an export of a video; raise `VideoNotFound` or `ExportNotFound`."""
    for one in await of_video(video):
        if one.job.id == export:
            return one
    raise ExportNotFound("This video has no such export.")


async def _film(parent: JobRecord) -> Film:
    film = await films.newest(parent.id)
    if film is None or film.storyboard is None:
        raise VideoNotReady("This video is not finished yet.", status=parent.status)
    return film


async def _jobs(video: UUID) -> list[JobRecord]:
    rows = (
        await Job.select(*Job.all_columns())
        .where(Job.parent == video, Job.kind == JobKind.EXPORT)
        .order_by(Job.created_at, ascending=False)
    )
    return [JobRecord.of(row) for row in rows]


def _form(film: Film, wanted: Order, limits: Limits) -> tuple[Storyboard, Output]:
    assert film.storyboard is not None  # noqa: S101 - `_film` has looked
    film.storyboard.check(limits)
    shape = wanted.aspect_ratio or film.aspect_ratio
    profile_for(shape, wanted.quality, codec=wanted.format, fps=wanted.fps)
    cropped = shape is not film.aspect_ratio and not wanted.new_pictures
    captions = wanted.captions or film.storyboard.captions
    return replace(film.storyboard, aspect_ratio=shape, captions=captions), Output(
        quality=wanted.quality,
        format=wanted.format,
        fps=rate_digested(wanted.fps),
        picture_shape=film.aspect_ratio if cropped else None,
        hls=wanted.hls,
        previews=wanted.previews,
    )


async def _priced(
    parent: JobRecord, storyboard: Storyboard, output: Output, prices: Prices
) -> Estimate:
    asked = output.asked(storyboard)
    priced = await estimate_in(parent.project, asked, prices, jobs=[parent.id])
    return replace(priced, storyboard_digest=storyboard.digest)


def _job(
    parent: JobRecord, film: Film, storyboard: Storyboard, output: Output, priced: Estimate
) -> Job:
    now, free = clock.now(), not priced.difference
    return Job(
        id=uuid4(),
        kind=JobKind.EXPORT,
        parent=parent.id,
        output=msgspec.json.encode(output).decode(),
        origin=Origin.API,
        project=parent.project,
        video_id=parent.video_id,
        submission=0,
        version=parent.version,
        priority=parent.priority and parent.priority.rank,
        title=parent.title,
        brief=parent.brief_data,
        status=Status.APPROVED if free else Status.STORYBOARD_COMPLETE,
        progress=PROGRESS_STORYBOARD,
        storyboard_data=msgspec.json.encode(storyboard).decode(),
        storyboard_digest=storyboard.digest,
        storyboard_revision=film.storyboard_revision,
        scenes_total=len(storyboard.scenes),
        sequence=1,
        estimated_cost=priced.total,
        wake_at=now + WAKE_GRACE if free else None,
        created_at=now,
        updated_at=now,
    )
