"""References: which reference pictures a model is shown, and what there is to say of the rest."""

from render.generation.base import ImageRequest
from render.generation.picture_models import PictureModel
from render.problem import Problem


def shown_to(model: PictureModel, request: ImageRequest) -> tuple[bytes, ...]:
    """Return the reference pictures of a request that a model is shown, in their order."""
    return tuple(one.data for one in request.references if one.data)[: model.most]


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
