"""A storyboard's files: found in a folder by scene id, the missing ones made by providers.

A folder holds `<scene id>.png` (or `.jpg`, `.jpeg`, `.webp`) and `<scene id>.wav`.
A scene with neither narration nor a WAV is silent.
"""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import msgspec

from render.errors import GenerationError
from render.generation.base import Generated, ImageModel, SpeechModel
from render.generation.requests import image_request, speech_request
from render.pictures.still import check_picture
from render.problem import Problem
from render.sound.programme import wav_duration
from render.storyboard import Scene, Storyboard, clean_text
from render.timeline import SceneMedia

_PICTURES = (".png", ".jpg", ".jpeg", ".webp")
_SUFFIX = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "audio/wav": ".wav"}


class Assets(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a timeline is built of."""

    media: dict[str, SceneMedia]
    """By scene id."""
    warnings: tuple[Problem, ...]
    """What the providers want known."""


async def gather(  # noqa: PLR0913  keyword-only past the first
    storyboard: Storyboard,
    *,
    folder: Path | None,
    made: Path,
    images: ImageModel,
    speech: SpeechModel,
    on_scene: Callable[[int], None] = lambda _: None,
) -> Assets:
    """Find each scene's files in `folder`, and make into `made` what is not there.

    `on_scene` hears how many scenes are ready, and stops the work by raising.
    Raises `MediaError` for a file that cannot be used and `GenerationError` for
    one that could not be made; both name the scene.
    """
    media: dict[str, SceneMedia] = {}
    warnings: list[Problem] = []
    for number, scene in enumerate(storyboard.scenes, start=1):
        on_scene(number - 1)
        picture = _found(folder, scene, _PICTURES)
        narration = _found(folder, scene, (".wav",))
        try:
            if picture is None:
                drawn = await images.draw(image_request(storyboard, scene))
                picture = _kept(drawn, made / scene.id, warnings, number)
            if narration is None and clean_text(scene.narration):
                spoken = await speech.speak(speech_request(storyboard, scene))
                narration = _kept(spoken, made / scene.id, warnings, number)
        except GenerationError as error:
            raise type(error)(
                f"Scene {number}: {error.message}", **{**error.params, "scene": str(number)}
            ) from error
        check_picture(picture, scene=str(number))
        media[scene.id] = SceneMedia(
            picture=picture,
            narration=narration,
            narration_seconds=wav_duration(narration, scene=str(number))
            if narration
            else Fraction(0),
        )
    on_scene(len(storyboard.scenes))
    return Assets(media=media, warnings=tuple(warnings))


def _found(folder: Path | None, scene: Scene, suffixes: tuple[str, ...]) -> Path | None:
    if folder is None:
        return None
    places = (folder / f"{scene.id}{suffix}" for suffix in suffixes)
    return next((place for place in places if place.is_file()), None)


def _kept(asset: Generated, stem: Path, warnings: list[Problem], number: int) -> Path:
    place = stem.with_name(stem.name + _SUFFIX[asset.media_type])
    place.write_bytes(asset.data)
    warnings += [warning.of_scene(number) for warning in asset.warnings]
    return place
