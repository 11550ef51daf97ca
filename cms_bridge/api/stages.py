"""Stages: what is just being done to a job, and by which model, as every answer tells it."""

import msgspec

from cms_bridge.records import Stage
from cms_bridge.states import StageName


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
