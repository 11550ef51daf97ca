"""Origins: where the media of each scene come from, as the film's manifest tells of it."""

from collections.abc import Sequence

from cms_bridge import own_files
from cms_bridge.assets import AssetRecord
from cms_bridge.jobs.leases import Lease
from render.generation.base import Kind
from render.source import Source
from render.storyboard import Ingredient, Role, Storyboard

_ASKED_BY = {
    Kind.PICTURE: "picturePrompt",
    Kind.NARRATION: "narration",
    Kind.CLIP: "motionPrompt",
    Kind.MUSIC: "prompt",
}
"""The fields, of a scene or of the music, that ask for what is made."""


def of_scenes(
    storyboard: Storyboard, records: Sequence[AssetRecord], lease: Lease
) -> dict[str, tuple[Ingredient, ...]]:
    """Return, by scene id, where its picture, its narration and its clip come from."""
    ranked = sorted(records, key=lambda record: record.kind, reverse=True)
    return {
        scene.id: tuple(_origin(record, lease) for record in ranked if record.scene_id == scene.id)
        for scene in storyboard.scenes
    }


def of_music(records: Sequence[AssetRecord], lease: Lease) -> tuple[Ingredient, ...]:
    """Return where music comes from that was composed for the film."""
    return tuple(_origin(record, lease) for record in records)


def _origin(record: AssetRecord, lease: Lease) -> Ingredient:
    medium = record.medium
    brought = medium.source is Source.UPLOAD
    role = Role(record.kind.value)
    field = own_files.FIELDS[role] if brought else _ASKED_BY[record.kind]
    of = f"scenes.{record.scene_id}" if record.scene_id else "music"
    return Ingredient(
        role=role,
        provider=medium.provider,
        model=medium.model_used,
        # Nobody was asked for what people bring.
        request_digest="" if brought else record.request_digest,
        document=lease.video_id,
        field=f"{of}.{field}",
        version=lease.version,
        # People may bring what a model has made here.
        source=Source.MODEL if brought and medium.provider else medium.source,
        credit=medium.metadata.credit,
    )
