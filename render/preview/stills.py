"""How a still is seen: the part of a picture that a camera moves over, and its way there."""

from collections.abc import Iterator

from render.measures import PictureMeasures
from render.pictures.crop import Crop, cover
from render.pictures.motion import window
from render.preview.document import CropBox, Keyframe, StillView
from render.preview.known import KnownMedium
from render.rendition import Profile
from render.storyboard import Motion, Scene
from render.timeline import Shot, Still

_KEYFRAMES = 13
"""Of a move: in 1080p, straight lines between them stay within a pixel of the camera's way."""


def still_view(  # noqa: PLR0913  keyword-only past the fourth
    shot: Shot,
    source: Still,
    scene: Scene,
    picture: KnownMedium | None,
    *,
    made_for: Profile,
    profile: Profile,
) -> StillView:
    """Return a still as a camera moves over it in a profile.

    Its size is that of the profile it is `made_for` where nobody has measured it.
    """
    measures = picture.measures if picture else None
    known = isinstance(measures, PictureMeasures)
    size = (
        (measures.width, measures.height)
        if isinstance(measures, PictureMeasures)
        else (made_for.width, made_for.height)
    )
    crop = cover(size, (profile.width, profile.height), source.focus)
    return StillView(
        asset=picture.asset if picture else None,
        prompt=scene.picture_prompt,
        motion=source.motion,
        focus=source.focus,
        crop=_shares(crop, size),
        crop_exact=known,
        keyframes=tuple(_keyframes(source.motion, shot.span, crop)),
    )


def _keyframes(motion: Motion, frames: int, crop: Crop) -> Iterator[Keyframe]:
    last = frames - 1
    count = 1 if motion is Motion.STILL or not last else _KEYFRAMES
    for frame in sorted({round(last * step / max(1, count - 1)) for step in range(count)}):
        seen = window(motion, frame=frame, frames=frames, focus=crop.focus)
        yield Keyframe(frame=frame, left=seen.left, top=seen.top, size=seen.size)


def _shares(crop: Crop, size: tuple[float, float]) -> CropBox:
    return CropBox(
        left=crop.left / size[0],
        top=crop.top / size[1],
        width=crop.width / size[0],
        height=crop.height / size[1],
    )
