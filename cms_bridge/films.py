"""Films: a job's finished videos, each kept and served beside those before it.

What is shown as a job's video is the newest one that no export made: a revision
that is cancelled or fails leaves the one before it in its place.
"""

from uuid import UUID, uuid4

import msgspec

from cms_bridge import clock
from cms_bridge.errors import JobNotFound
from cms_bridge.records import Film, JobRecord, StoredVideo
from cms_bridge.states import FileKind
from cms_bridge.tables import GeneratedVideo, Job, RenditionFile


class Lengths(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a film's words Payload is told, in characters."""

    alt: int = 300
    transcript: int = 200_000


USUAL_LENGTHS = Lengths()


async def record(job: JobRecord, video: StoredVideo) -> UUID:
    """Write down what a job, or an export for its parent, has made; call in its transaction.

    Returns the rendition's id: its files are written down by `cms_bridge.jobs.renditions`.
    """
    assert job.storyboard is not None  # noqa: S101 - it was filmed
    owner = job.parent or job.id
    if job.parent:
        # Whoever else finishes something of this video counts after this one.
        await Job.update({Job.sequence: Job.sequence + 0}).where(Job.id == owner)
    newest = (
        await GeneratedVideo.select(GeneratedVideo.number)
        .where(GeneratedVideo.job == owner)
        .order_by(GeneratedVideo.number, ascending=False)
        .first()
    )
    rendition = uuid4()
    await GeneratedVideo.insert(
        GeneratedVideo(
            **{name: one for name, one in msgspec.structs.asdict(video).items() if name != "files"},
            id=rendition,
            job=owner,
            export_job=job.id if job.parent else None,
            number=(newest["number"] if newest else 0) + 1,
            storyboard_revision=job.storyboard_revision,
            storyboard_digest=job.storyboard_digest,
            storyboard_data=job.storyboard_data,
            aspect_ratio=job.storyboard.aspect_ratio.value,
            format=job.output.format.value,
            fps=job.output.rate.numerator,
            fps_divisor=job.output.rate.denominator,
            warnings=msgspec.json.encode(job.generation_warnings).decode(),
            created_at=clock.now(),
        )
    )
    return rendition


async def newest(job: UUID) -> Film | None:
    """Return what is shown as a job's video, or None while there is nothing."""
    row = (
        await GeneratedVideo.select(*GeneratedVideo.all_columns())
        .where(GeneratedVideo.job == job, GeneratedVideo.export_job.is_null())
        .order_by(GeneratedVideo.number, ascending=False)
        .first()
    )
    return Film.of(row) if row else None


async def has_stream(film: UUID) -> bool:
    """Tell whether a film can be streamed over HLS."""
    return await RenditionFile.exists().where(
        RenditionFile.rendition == film, RenditionFile.kind == FileKind.HLS
    )


async def finished(job: UUID) -> Film:
    """Return what a job shows, or an export made; raise `JobNotFound` while there is nothing."""
    if (film := await newest(job) or await of_export(job)) is None:
        raise JobNotFound("This job has no finished video.")
    return film


async def of_export(export_job: UUID) -> Film | None:
    """Return what an export has made, or None until it has."""
    row = (
        await GeneratedVideo.select(*GeneratedVideo.all_columns())
        .where(GeneratedVideo.export_job == export_job)
        .first()
    )
    return Film.of(row) if row else None


async def retired_exports(video: UUID) -> set[UUID]:
    """Return those exports of a video that made what is no longer kept."""
    rows = await GeneratedVideo.select(GeneratedVideo.export_job).where(
        GeneratedVideo.job == video,
        GeneratedVideo.export_job.is_not_null(),
        GeneratedVideo.retired_at.is_not_null(),
    )
    return {row["export_job"] for row in rows}


async def of_job(job: UUID) -> list[Film]:
    """Return everything that was made of a job's video, exports too, the newest first."""
    rows = (
        await GeneratedVideo.select(*GeneratedVideo.all_columns())
        .where(GeneratedVideo.job == job)
        .order_by(GeneratedVideo.number, ascending=False)
    )
    return [Film.of(row) for row in rows]
