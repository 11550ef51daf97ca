"""A storyboard's files: found in a folder by scene id, the missing ones made by providers.

A folder holds `<scene id>.png` (or `.jpg`, `.jpeg`, `.webp`, `.avif`), `<scene
id>.mp4` (or `.mov`, `.webm`) for a scene that shows a clip, `<scene id>.wav`,
and music and logo under the names the storyboard gives. A scene with neither
narration nor a WAV is silent.

What is missing is made, visibly: a warning says so, as it does of a silent
narration. Where nothing may be made up (`strict`), both are errors.
"""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import msgspec

from render.errors import GenerationError, MediaError
from render.generation.base import Generated, ImageModel, SpeechModel
from render.generation.requests import image_request, speech_request
from render.pictures.clip import check_clip
from render.pictures.still import check_picture
from render.problem import Problem
from render.sound.bed import check_music
from render.sound.wav import Span, heard, wav_duration
from render.storyboard import Scene, Storyboard, clean_text
from render.timeline import Cue, SceneMedia
from render.words.captions import cues

_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".avif")
_CLIPS = (".mp4", ".mov", ".webm")
_SUFFIX = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "audio/wav": ".wav"}


class Assets(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a timeline is built of."""

    media: dict[str, SceneMedia]
    """By scene id."""
    music: Path | None
    logo: Path | None
    warnings: tuple[Problem, ...]
    """What is missing, and what the providers want known."""


async def gather(  # noqa: PLR0913  keyword-only past the first
    storyboard: Storyboard,
    *,
    folder: Path | None,
    made: Path,
    images: ImageModel,
    speech: SpeechModel,
    strict: bool = False,
    on_scene: Callable[[int], None] = lambda _: None,
) -> Assets:
    """Find each scene's files in `folder`, and make into `made` what is not there.

    `on_scene` hears how many scenes are ready, and stops the work by raising.
    Raises `MediaError` for a file that cannot be used, or that is missing and
    may not be made up, and `GenerationError` for one that could not be made;
    all name the scene.
    """
    search = _Search(storyboard, folder=folder, made=made, strict=strict)
    media: dict[str, SceneMedia] = {}
    for number, scene in enumerate(storyboard.scenes, start=1):
        on_scene(number - 1)
        try:
            media[scene.id] = await search.scene(scene, number, images, speech)
        except GenerationError as error:
            raise type(error)(
                f"Scene {number}: {error.message}", **{**error.params, "scene": str(number)}
            ) from error
    on_scene(len(storyboard.scenes))
    music, logo = storyboard.music, storyboard.logo
    bed = search.shared("music", music.file) if music else None
    if bed is not None:
        check_music(bed)
    return Assets(
        media=media,
        music=bed,
        logo=search.shared("logo", logo.file) if logo else None,
        warnings=tuple(search.warnings),
    )


class _Search:
    """Looks for files, makes up for those that are missing, and remembers what it had to say."""

    def __init__(
        self, storyboard: Storyboard, *, folder: Path | None, made: Path, strict: bool
    ) -> None:
        self._storyboard = storyboard
        self._folder = folder
        self._made = made
        self._strict = strict
        self.warnings: list[Problem] = []

    async def scene(
        self, scene: Scene, number: int, images: ImageModel, speech: SpeechModel
    ) -> SceneMedia:
        media = await self._seen(scene, number, images)
        narration = self._found(scene, (".wav",))
        if narration is None and clean_text(scene.narration):
            self._missing("narration", "a machine's voice reads it", number)
            narration = self._kept(
                await speech.speak(speech_request(self._storyboard, scene)), scene, number
            )
        if narration is None:
            return media
        seconds = wav_duration(narration, scene=str(number))
        ear = heard(narration, scene=str(number))
        if ear.silent:
            self._silent(number)
        return msgspec.structs.replace(
            media,
            narration=narration,
            narration_seconds=seconds,
            cues=self._cues(scene, seconds, ear.pauses()),
        )

    def shared(self, what: str, name: str) -> Path | None:
        """Find the file of something that belongs to the whole video."""
        path = self._folder / name if self._folder else None
        if path is not None and path.is_file():
            return path
        problem = Problem(
            code=f"missing_{what}", message=f"The {what} is missing: {name}.", params={"file": name}
        )
        if self._strict:
            raise MediaError(problem.message)
        self.warnings.append(problem)
        return None

    async def _seen(self, scene: Scene, number: int, images: ImageModel) -> SceneMedia:
        if scene.background is not None:
            return SceneMedia()
        if scene.clip is not None:
            clip = self._found(scene, _CLIPS)
            if clip is not None:
                info = check_clip(clip, scene=str(number))
                return SceneMedia(clip=clip, clip_seconds=info.seconds, clip_sounds=info.sounds)
            self._missing("clip", "a picture stands in", number)
        picture = self._found(scene, _PICTURES)
        if picture is None:
            self._missing("picture", "another stands in", number)
            drawn = await images.draw(image_request(self._storyboard, scene))
            picture = self._kept(drawn, scene, number)
        check_picture(picture, scene=str(number))
        return SceneMedia(picture=picture)

    def _cues(self, scene: Scene, seconds: Fraction, pauses: tuple[Span, ...]) -> tuple[Cue, ...]:
        text = clean_text(scene.narration if scene.caption is None else scene.caption)
        if not text:
            return ()
        locale = self._storyboard.locale
        return cues(text, seconds=seconds, pauses=pauses, locale=locale)

    def _found(self, scene: Scene, suffixes: tuple[str, ...]) -> Path | None:
        if self._folder is None:
            return None
        places = (self._folder / f"{scene.id}{suffix}" for suffix in suffixes)
        return next((place for place in places if place.is_file()), None)

    def _missing(self, what: str, instead: str, number: int) -> None:
        problem = Problem(
            code=f"missing_{what}", message=f"The {what} is missing; {instead}."
        ).of_scene(number)
        if self._strict:
            raise MediaError(f"Scene {number}: the {what} is missing.", scene=str(number))
        self.warnings.append(problem)

    def _silent(self, number: int) -> None:
        if self._strict:
            raise MediaError(f"Scene {number}: the narration is silent.", scene=str(number))
        self.warnings.append(
            Problem(code="silent_narration", message="The narration is silent.").of_scene(number)
        )

    def _kept(self, asset: Generated, scene: Scene, number: int) -> Path:
        place = self._made / (scene.id + _SUFFIX[asset.media_type])
        place.write_bytes(asset.data)
        self.warnings += [warning.of_scene(number) for warning in asset.warnings]
        return place
