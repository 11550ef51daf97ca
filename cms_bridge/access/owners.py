"""Owners: which project an object belongs to that a path names, for keys of single projects.

Every name that a path may use for an object stands here, or the guard refuses
the route. What belongs to another project is not found, in the words used for
what there is not.
"""

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

import msgspec

from cms_bridge.access.callers import NO_PROJECT, Caller
from cms_bridge.errors import JobNotFound, MediumNotFound, ProjectNotFound, Refusal, VideoNotFound
from cms_bridge.states import MEDIA, JobKind
from cms_bridge.tables import Asset, Job, UploadedAsset

_REMEMBERED = 10_000


async def _of_job(job: UUID) -> str | None:
    row = await Job.select(Job.project).where(Job.id == job).first()
    return row["project"] if row else None


async def _of_video(video: UUID) -> str | None:
    row = await Job.select(Job.project).where(Job.id == video, Job.kind == JobKind.VIDEO).first()
    return row["project"] if row else None


async def _of_medium(medium: UUID) -> str | None:
    ordered = await Job.select(Job.project, Job.kind).where(Job.id == medium).first()
    if ordered and ordered["kind"] in MEDIA:
        return ordered["project"]
    made = (
        await Asset.select(Asset.job.project.as_alias("project")).where(Asset.id == medium).first()
    )
    if made:
        return made["project"]
    given = (
        await UploadedAsset.select(UploadedAsset.project).where(UploadedAsset.id == medium).first()
    )
    return given["project"] if given else None


async def _itself(project: str) -> str:
    return project


class _Owned(msgspec.Struct, frozen=True):
    of: Callable[..., Awaitable[str | None]]
    unknown: type[Refusal]
    said: str


_OWNED = {
    "project_id": _Owned(_itself, ProjectNotFound, NO_PROJECT),
    "job_id": _Owned(_of_job, JobNotFound, "There is no such job."),
    "video_id": _Owned(_of_video, VideoNotFound, "There is no such video."),
    "task_id": _Owned(_of_job, JobNotFound, "There is no such job."),
    "asset_id": _Owned(_of_medium, MediumNotFound, "There is no such picture, clip or sound."),
}

_PARTS = {
    "export_id": "video_id",
    "charge_id": "job_id",
    "rendition_id": "video_id",
    "variant": "video_id",
    "file": "video_id",
    "subscription_id": "project_id",
    "delivery_id": "subscription_id",
}
"""What is only ever looked for within another object of the same path."""


def known(names: Mapping[str, object]) -> bool:
    """Tell whether a path names something of a project's, and nothing that is not known here."""
    return any(name in _OWNED for name in names) and all(
        name in _OWNED or _PARTS.get(name) in names for name in names
    )


class Owners:
    """Remembers which project each object is of: that never changes."""

    def __init__(self) -> None:
        self._remembered: dict[tuple[str, object], str] = {}

    async def check(self, caller: Caller, named: Mapping[str, object]) -> None:
        """Raise the object's own `…NotFound` unless all that a path names is the caller's."""
        if caller.projects is None:
            return
        for name, value in named.items():
            if (owned := _OWNED.get(name)) is None:
                continue
            project = self._remembered.get((name, value)) or await owned.of(value)
            if project is None or not caller.sees(project):
                raise owned.unknown(owned.said)
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            self._remembered[name, value] = project
