"""A job's row in the words that Payload is told it in."""

from typing import Any

import msgspec

from cms_bridge.outbox.payload import RenditionFile, RenditionWrite, StoryboardWrite
from render.problem import Problem
from render.storyboard import Storyboard

Row = dict[str, Any]


def storyboard_write(job: Row) -> StoryboardWrite:
    """Return a drafted job's storyboard for the editors."""
    return StoryboardWrite(
        job_id=str(job["id"]),
        project_id=job["project"],
        video_id=job["video_id"],
        submission=job["submission"],
        storyboard=msgspec.json.decode(job["storyboard_data"], type=Storyboard),
        digest=job["storyboard_digest"],
        estimated_cost=job["estimated_cost"],
    )


def rendition_write(job: Row, video: Row | None) -> RenditionWrite:
    """Return a job, and its finished video if there is one, as an editor sees it."""
    return RenditionWrite(
        job_id=str(job["id"]),
        project_id=job["project"],
        video_id=job["video_id"],
        submission=job["submission"],
        sequence=job["sequence"],
        status=job["status"],
        progress=job["progress"],
        scenes_done=job["scenes_done"],
        scenes_total=job["scenes_total"],
        storyboard_digest=job["storyboard_digest"],
        estimated_cost=job["estimated_cost"],
        actual_cost=job["actual_cost"],
        warnings=warnings_of(job),
        error=msgspec.json.decode(job["error"], type=Problem) if job["error"] else None,
        file=RenditionFile(
            duration=video["duration"],
            width=video["width"],
            height=video["height"],
            bytes=video["bytes"],
        )
        if video
        else None,
    )


def warnings_of(job: Row) -> tuple[Problem, ...]:
    """Return what a job's worker and its ledger have to say; the ledger, which asks, first."""
    return tuple(
        warning
        for column in ("charge_warnings", "generation_warnings")
        for warning in msgspec.json.decode(job[column], type=list[Problem])
    )
