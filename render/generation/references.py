"""References: which reference pictures a model is shown, and what there is to say of the rest."""

from collections.abc import Mapping

from render.generation.base import ImageRequest
from render.generation.picture_models import PictureModel
from render.problem import Problem


def shown_to(model: PictureModel, request: ImageRequest) -> tuple[bytes, ...]:
    """Return the reference pictures of a request that a model is shown, in their order."""
    return tuple(one.data for one in request.references if one.data)[: model.most]


def unshown(
    name: str, model: PictureModel, requests: Mapping[int, ImageRequest]
) -> tuple[Problem, ...]:
    """Return the warning that a model by this name will not be shown all reference pictures.

    `requests` are the pictures that it is to draw, by the number of their scene.
    """
    scenes = [number for number, one in requests.items() if len(one.references) > model.most]
    if not scenes:
        return ()
    listed = ", ".join(map(str, scenes))
    return (
        Problem(
            code="references_not_shown",
            message=f"“{name}” takes at most {model.most} reference pictures of the cast for a"
            f" scene; the rest is described to it in words (scenes: {listed}).",
            params={"model": name, "most": model.most, "scenes": listed},
        ),
    )


def left_out(name: str, request: ImageRequest, *, shown: int) -> tuple[Problem, ...]:
    """Return the warning that a model by this name was not shown all reference pictures."""
    given = len(request.references)
    if shown == given:
        return ()
    return (
        Problem(
            code="references_left_out",
            message=f"“{name}” was shown {shown} of {given} reference pictures of the cast;"
            " the rest is described to it in words.",
            params={"model": name, "shown": shown, "given": given},
        ),
    )
