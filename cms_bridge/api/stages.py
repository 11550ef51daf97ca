"""Stages: what is just being done to a job, or when about it will be, as every answer tells it."""

from datetime import timedelta

import msgspec

from cms_bridge import clock
from cms_bridge.fields import Moment
from cms_bridge.jobs.line import Standing
from cms_bridge.records import Stage
from cms_bridge.states import Lane, StageName


class JobStage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is just being done; of several things the last that was begun."""

    name: StageName
    scene: int | None
    """The scene's number, from 1; null for what is done to the whole video."""
    scene_id: str | None

    @classmethod
    def of(cls, stage: Stage | None) -> "JobStage | None":
        """Return a stage as it is told; None while nobody works on the job."""
        if stage is None:
            return None
        return cls(name=stage.name, scene=stage.scene or None, scene_id=stage.scene_id or None)


class AskedModel(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The model that is just being asked."""

    provider: str
    name: str

    @classmethod
    def of(cls, stage: Stage | None) -> "AskedModel | None":
        """Return the model of a stage; None while none is asked."""
        if stage is None or not stage.model:
            return None
        return cls(provider=stage.provider, name=stage.model)


class PlaceInLine(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a job stands that waits for a worker; others may come before it, so that it moves."""

    lane: Lane
    """What it waits for."""
    place: int
    """From 1: who is taken next."""
    starts_at: Moment | None
    """When about it begins, going by how fast the last jobs ended; null where too few did within
    the hour."""

    @classmethod
    def of(cls, standing: Standing | None) -> "PlaceInLine | None":
        """Return a place as it is told; None of a job that does not wait for a worker."""
        if standing is None:
            return None
        seconds = standing.starts_in_seconds
        starts = None if seconds is None else clock.now() + timedelta(seconds=round(seconds))
        return cls(lane=standing.lane, place=standing.place, starts_at=starts)
