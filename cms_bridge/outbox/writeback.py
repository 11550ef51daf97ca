"""A job in the words that Payload is told it in."""

from cms_bridge.films import USUAL_LENGTHS, Lengths
from cms_bridge.outbox.payload import RenditionFile, RenditionWrite, StoryboardWrite
from cms_bridge.records import Film, JobRecord
from render.problem import Problem
from render.storyboard import Storyboard
from render.words.alt_text import alt_text
from render.words.transcript import is_silent, transcript


def storyboard_write(job: JobRecord, storyboard: Storyboard) -> StoryboardWrite:
    """Return a drafted job's storyboard for the editors."""
    return StoryboardWrite(
        job_id=str(job.id),
        project_id=job.project,
        video_id=job.video_id,
        submission=job.submission,
        storyboard=storyboard,
        digest=job.storyboard_digest,
        estimated_cost=job.estimated_cost,
    )


def rendition_write(
    job: JobRecord,
    video: Film | None,
    *,
    has_stream: bool | None = None,
    lengths: Lengths = USUAL_LENGTHS,
) -> RenditionWrite:
    """Return a job, and its finished video if there is one, as an editor sees it."""
    return RenditionWrite(
        job_id=str(job.id),
        project_id=job.project,
        video_id=job.video_id,
        submission=job.submission,
        sequence=job.sequence,
        status=job.status,
        progress=job.progress,
        scenes_done=job.scenes_done,
        scenes_total=job.scenes_total,
        storyboard_digest=job.storyboard_digest,
        storyboard_revision=job.storyboard_revision,
        estimated_cost=job.estimated_cost,
        actual_cost=job.actual_cost,
        warnings=_warnings(job, video),
        error=job.error,
        file=_file(video, has_stream=has_stream, lengths=lengths) if video else None,
        transcript=_said(video, lengths) if video else None,
    )


def _file(video: Film, *, has_stream: bool | None, lengths: Lengths) -> RenditionFile:
    filmed = video.storyboard
    return RenditionFile(
        number=video.number,
        storyboard_revision=video.storyboard_revision,
        storyboard_digest=video.storyboard_digest,
        duration=video.duration,
        width=video.width,
        height=video.height,
        bytes=video.bytes,
        language=filmed.locale if filmed else "",
        alt=alt_text(filmed, longest=lengths.alt) if filmed else "",
        has_stream=has_stream,
    )


def _said(video: Film, lengths: Lengths) -> str | None:
    # Of what was filmed, and not of the job: an edit that waits for its approval is not in it.
    if (filmed := video.storyboard) is None:
        return None
    said = "" if is_silent(filmed) else transcript(filmed)
    # Half of one would pass for all that is said: the whole is read by its link.
    return said if len(said) <= lengths.transcript else None


def _warnings(job: JobRecord, video: Film | None) -> tuple[Problem, ...]:
    # What is watched while a revision is made still holds what it was made with.
    of_film = video.warnings if video else ()
    return (*job.warnings, *(one for one in of_film if one not in job.warnings))
