"""Refinements: changes to single scenes, so that nothing else of a film is made again.

    regenerate   the same words once more: another take of a picture, or of a narration
    replace      one scene by another under its id
    reorder      the same scenes, one after the other in another order

A take that the project has had made before is not "another": the next one that is
nobody's is taken, since whoever asks for it has seen those.
"""

from typing import Annotated

import msgspec
from msgspec.structs import replace

from cms_bridge import assets, lexicons, references
from cms_bridge.pricing.made import made_for
from cms_bridge.records import JobRecord
from render.errors import InvalidStoryboard
from render.generation.base import Kind
from render.generation.requests import image_request, request_digest, speech_request
from render.storyboard import Scene, SceneId, Storyboard

_MOST_TAKES = 1_000
MOST_CHANGES = 200


class _Change(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="camel",
    tag_field="kind",
    forbid_unknown_fields=True,
):
    """A change of a storyboard."""


class Regenerate(_Change, frozen=True, kw_only=True, tag="regenerate"):
    """A scene's picture, its narration or both are made once more in the same words."""

    scene_id: SceneId
    picture: bool = False
    narration: bool = False


class Replace(_Change, frozen=True, kw_only=True, tag="replace"):
    """A scene becomes another one, in the place of the scene with its id."""

    scene: Scene


class Reorder(_Change, frozen=True, kw_only=True, tag="reorder"):
    """All scenes follow each other in another order."""

    scene_ids: Annotated[tuple[SceneId, ...], msgspec.Meta(max_length=10_000)]
    """Every scene's, each once."""


Change = Regenerate | Replace | Reorder
Changes = Annotated[tuple[Change, ...], msgspec.Meta(min_length=1, max_length=MOST_CHANGES)]
"""Made one after the other, all or none."""


async def refined(job: JobRecord, storyboard: Storyboard, changes: Changes) -> Storyboard:
    """Return a job's storyboard with changes; raise `InvalidStoryboard` for one that it cannot."""
    for change in changes:
        match change:
            case Regenerate():
                storyboard = await _regenerated(job, storyboard, change)
            case Replace():
                storyboard = _replaced(storyboard, change.scene)
            case Reorder():
                storyboard = _reordered(storyboard, change.scene_ids)
    return storyboard


async def _regenerated(job: JobRecord, storyboard: Storyboard, change: Regenerate) -> Storyboard:
    scene = _scene(storyboard, change.scene_id)
    kinds = [
        kind
        for kind, wanted in (
            (Kind.PICTURE, change.picture),
            (Kind.NARRATION, change.narration),
        )
        if wanted
    ]
    if not kinds:
        raise InvalidStoryboard(
            f"Scene {scene.id!r}: say whether its picture, its narration or both are to be made"
            " anew.",
            scene=scene.id,
        )
    for kind in kinds:
        if kind not in made_for(scene):
            raise InvalidStoryboard(
                f"Scene {scene.id!r}: it has no {kind} that could be made anew.", scene=scene.id
            )
        scene = await _next_take(job, storyboard, scene, kind)
        storyboard = _replaced(storyboard, scene)
    return storyboard


async def _next_take(job: JobRecord, storyboard: Storyboard, scene: Scene, kind: Kind) -> Scene:
    lexicon = await lexicons.of_project(job.project)
    storyboard = await references.settled(job.project, storyboard)
    number = scene.picture_take if kind is Kind.PICTURE else scene.narration_take
    while number < _MOST_TAKES:
        number += 1
        if kind is Kind.PICTURE:
            taken = replace(scene, picture_take=number)
            request = image_request(_replaced(storyboard, taken), taken)
        else:
            taken = replace(scene, narration_take=number)
            request = speech_request(_replaced(storyboard, taken), taken, lexicon)
        if not await assets.existing(job.project, [request_digest(request)]):
            return taken
    raise InvalidStoryboard(
        f"Scene {scene.id!r}: this was made anew {_MOST_TAKES} times; change its words instead.",
        scene=scene.id,
    )


def _replaced(storyboard: Storyboard, scene: Scene) -> Storyboard:
    _scene(storyboard, scene.id)
    scenes = tuple(scene if one.id == scene.id else one for one in storyboard.scenes)
    return replace(storyboard, scenes=scenes)


def _reordered(storyboard: Storyboard, scene_ids: tuple[SceneId, ...]) -> Storyboard:
    by_id = {scene.id: scene for scene in storyboard.scenes}
    if sorted(scene_ids) != sorted(by_id):
        raise InvalidStoryboard(
            "A new order names every scene of the storyboard once, and no other."
        )
    return replace(storyboard, scenes=tuple(by_id[name] for name in scene_ids))


def _scene(storyboard: Storyboard, scene_id: str) -> Scene:
    for scene in storyboard.scenes:
        if scene.id == scene_id:
            return scene
    raise InvalidStoryboard(f"The storyboard has no scene {scene_id!r}.", scene=scene_id)
