"""What there is to say of a storyboard before anything of it is paid."""

from collections.abc import Mapping

from cms_bridge.pricing.made import made_for
from render.generation.base import Kind
from render.generation.picture_models import PictureModel
from render.generation.references import unshown
from render.generation.requests import digests, image_request
from render.problem import Problem
from render.storyboard import Motion, Storyboard


def unshown_references(
    storyboard: Storyboard,
    model: str,
    takes: PictureModel,
    *,
    existing: Mapping[str, frozenset[str]],
) -> tuple[Problem, ...]:
    """Return the warning that references of the cast will be words for the model that draws.

    `existing` holds, by scene, the digests of requests that were answered before.
    """
    if not storyboard.cast:
        return ()
    drawn = {
        number: request
        for number, scene in enumerate(storyboard.scenes, start=1)
        if Kind.PICTURE in made_for(scene)
        and existing[scene.id].isdisjoint(digests(request := image_request(storyboard, scene)))
    }
    return unshown(model, takes, drawn)


def silent_clips(storyboard: Storyboard) -> tuple[Problem, ...]:
    """Return a warning for each scene whose clip is to be heard, where no model makes sound."""
    return tuple(
        Problem(
            code="clip_sound_not_made",
            message="Its clip is made without sound: the model that makes clips cannot be asked"
            " for it.",
        ).of_scene(number)
        for number, scene in enumerate(storyboard.scenes, start=1)
        if scene.clip_sound and scene.motion is Motion.GENERATED
    )
