"""A storyboard's files: found in a folder by scene id, the missing ones made by providers.

A folder holds a picture as `<scene id>.png` (or `.jpg`, `.heic`, …), `<scene
id>.mp4` (or `.mov`, …) for a scene that shows a clip, its narration as `<scene
id>.wav` (or `.mp3`, `.m4a`, …), and music and logo under the names the storyboard
gives; `render.folder` knows all the suffixes. A scene with neither a narration to
say nor one to hear is silent.

What is missing is made, visibly: a warning says so, as it does of a silent
narration, and of every file that goes by a scene's id and is not used. Where
nothing may be made up (`strict`), what is missing or cannot be read is an error.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import msgspec

from render.errors import GenerationError, MediaError
from render.folder import Folder, SceneFiles, fold_name
from render.generation.base import Generated, ImageModel, SpeechModel
from render.generation.dialogue import speak
from render.generation.offline.beds import write_bed
from render.generation.reading import WordTimes, problems_of, word_times
from render.generation.requests import image_request, speech_request
from render.measures import WordTime
from render.moods import built_in_music, nearest_mood
from render.pictures.clip import check_clip
from render.pictures.still import check_picture
from render.problem import Problem
from render.sentences import shorten
from render.sound.mix import is_audible
from render.sound.music import check_music
from render.sound.wav import Silence, listen
from render.source import Credit, Source
from render.storyboard import (
    Ingredient,
    Logo,
    Mood,
    Motion,
    Role,
    Scene,
    Storyboard,
    clean_text,
)
from render.timeline import Cue, SceneMedia
from render.turns import beginnings
from render.words.captions import cues

_FAINT = -45.0
"""dBFS of speech: a good 20 dB below what recordings have, whose noise is at −60 at best."""

_MARKUP = re.compile(
    r"</?[A-Za-z][\w:-]*(\s[^<>]{0,200})?/?>"  # HTML and SSML
    r"|&(?:#\d{1,7}|#x[0-9A-Fa-f]{1,6}|[a-z]{2,8});"
    r"|\*\*[^*\n]{1,200}\*\*|__[^_\n]{1,200}__|`[^`\n]{1,200}`"  # Markdown
    r"|!?\[[^\]\n]{1,200}\]\([^)\n]{1,200}\)|^#{1,6}\s",
    re.MULTILINE,
)
_LONGEST_MARK = 40
"""Characters of it in a warning."""

_SUFFIX = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "audio/wav": ".wav"}


FindWords: TypeAlias = Callable[[Path, str, str, float], WordTimes | None]
"""Tells when a narration says each part of a text in a language, so many times as fast as usual."""
LayBed: TypeAlias = Callable[[Mood, Path], Path]
"""Lays the built-in music of a mood into a folder, and returns its file."""


class Assets(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a timeline is built of."""

    media: dict[str, SceneMedia]
    """By scene id."""
    music: Path | None
    logo: Path | None
    warnings: tuple[Problem, ...]
    """What is missing, and what the providers want known."""
    stand_ins: dict[str, tuple[Ingredient, ...]] = {}
    """By scene id: where that comes from which was made for want of a file."""

    def with_origins(self, storyboard: Storyboard) -> Storyboard:
        """Return the storyboard with the origins of what really stands in it, and of nothing else.

        What is signed as being in a film is in it.
        """
        whole = _absent({Role.MUSIC: self.music, Role.LOGO: self.logo})
        composed: tuple[Ingredient, ...] = ()
        if mood := _built_in(storyboard):
            whole |= {Role.MUSIC}
            composed = (_bed_origin(mood),)
        return msgspec.structs.replace(
            storyboard,
            ingredients=(
                *(one for one in storyboard.ingredients if one.role not in whole),
                *composed,
            ),
            scenes=tuple(
                msgspec.structs.replace(scene, ingredients=tuple(self._ingredients(scene)))
                for scene in storyboard.scenes
            ),
        )

    def _ingredients(self, scene: Scene) -> Iterator[Ingredient]:
        stand_ins = self.stand_ins.get(scene.id, ())
        media = self.media[scene.id]
        replaced = {ingredient.role for ingredient in stand_ins} | _absent(
            {Role.PICTURE: media.picture, Role.CLIP: media.clip, Role.NARRATION: media.narration}
        )
        yield from (
            ingredient for ingredient in scene.ingredients if ingredient.role not in replaced
        )
        yield from stand_ins


def _built_in(storyboard: Storyboard) -> Mood | None:
    """Return whose bed is played: the one named, or the nearest to what no model composed."""
    music = storyboard.music
    if music is None:
        return None
    return music.mood or (nearest_mood(music.prompt) if music.prompt else None)


def _bed_origin(mood: Mood) -> Ingredient:
    return Ingredient(
        role=Role.MUSIC,
        provider="offline",
        model=f"built-in music, {mood}",
        source=Source.RULE,
        credit=Credit(author="the Reelwright authors", licence="MIT"),
    )


def _absent(files: Mapping[Role, Path | None]) -> set[Role]:
    return {role for role, path in files.items() if path is None}


async def gather(  # noqa: PLR0913  keyword-only past the first
    storyboard: Storyboard,
    *,
    folder: Path | None,
    stand_in_folder: Path,
    images: ImageModel,
    speech: SpeechModel,
    strict: bool = False,
    on_scene: Callable[[int], None] = lambda _: None,
    find_words: FindWords = word_times,
    lay_bed: LayBed = write_bed,
) -> Assets:
    """Find each scene's files in `folder`, and make into `made` what is not there.

    `on_scene` hears how many scenes are ready, and stops the work by raising; `find_words`
    tells when the words of a narration are said, `lay_bed` gives the built-in music.
    Raises `MediaError` for a file that cannot be used, or that is missing and
    may not be made up, and `GenerationError` for one that could not be made;
    all name the scene.
    """
    search = _Search(
        storyboard,
        folder=folder,
        stand_in_folder=stand_in_folder,
        strict=strict,
        find_words=find_words,
    )
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
    music_file = None
    if mood := _built_in(storyboard):
        search.no_music_composed(mood)
        music_file = lay_bed(mood, stand_in_folder)
    elif music and music.own and not music.file:
        search.unknown_music()
    elif music and music.file:
        music_file = search.shared(Role.MUSIC, music.file)
        if music_file is not None:
            check_music(music_file)
    return Assets(
        media=media,
        music=music_file,
        logo=search.logo(logo) if logo else None,
        warnings=tuple(search.warnings),
        stand_ins=search.stand_ins,
    )


def storyboard_folder(storyboard: Storyboard, path: Path | None) -> Folder:
    """Return a folder as one of a storyboard's files; raise `MediaError` if it cannot be read."""
    return Folder(
        path,
        scenes=(scene.id for scene in storyboard.scenes),
        shared=(part.file for part in (storyboard.music, storyboard.logo) if part and part.file),
    )


class _Search:
    """Looks for files, makes up for those that are missing, and remembers what it had to say."""

    def __init__(
        self,
        storyboard: Storyboard,
        *,
        folder: Path | None,
        stand_in_folder: Path,
        strict: bool,
        find_words: FindWords,
    ) -> None:
        self._storyboard = storyboard
        self._folder = storyboard_folder(storyboard, folder)
        self._stand_in_folder = stand_in_folder
        self._strict = strict
        self._find_words = find_words
        self.warnings: list[Problem] = []
        self.stand_ins: dict[str, tuple[Ingredient, ...]] = {}

    async def scene(
        self, scene: Scene, number: int, images: ImageModel, speech: SpeechModel
    ) -> SceneMedia:
        files = self._folder.scene(scene.id)
        self._warn_unusable(files, scene, number)
        media = await self._choose_visual(scene, number, files, images)
        self._spare(files, media, scene, number)
        self._warn_markup(scene, number)
        narration = files.best(Role.NARRATION)
        said = clean_text(self._storyboard.spoken(scene))
        if narration is None and said:
            self._warn_missing("narration", "a machine's voice reads it", number)
            narration = self._save(
                await speak(speech, speech_request(self._storyboard, scene)), scene, number
            )
        if narration is None:
            return media
        seconds, detector = listen(narration, scene=str(number))
        if detector.silent:
            self._silent(number)
        elif detector.level < _FAINT:
            self._faint(number, detector.level)
        told = None
        if not detector.silent and said:
            board = self._storyboard
            told = self._find_words(narration, said, board.locale, board.speed_of(scene))
            self.warnings += [problem.of_scene(number) for problem in problems_of(told)]
        return msgspec.structs.replace(
            media,
            narration=narration,
            narration_seconds=seconds,
            cues=self._cues(scene, seconds, detector.pauses(), told.words if told else ()),
        )

    def logo(self, logo: Logo) -> Path | None:
        """Find the logo's file; one by a reference that nobody has followed is missing."""
        if logo.file:
            return self.shared(Role.LOGO, logo.file)
        problem = Problem(code="missing_logo", message="The logo is missing.", params={"file": ""})
        if self._strict:
            raise MediaError(problem.message)
        self.warnings.append(problem)
        return None

    def unknown_music(self) -> None:
        """Tell of music by a reference that nobody has followed."""
        problem = Problem(
            code="missing_music", message="The music is missing.", params={"file": ""}
        )
        if self._strict:
            raise MediaError(problem.message)
        self.warnings.append(problem)

    def shared(self, role: Role, name: str) -> Path | None:
        """Find the file of something that belongs to the whole video."""
        path, alike = self._folder.shared(role, name)
        if path is not None and fold_name(path.name) == fold_name(name):
            return path
        if path is not None and not self._strict:
            self.warnings.append(
                Problem(
                    code="other_file",
                    message=f"The {role} is missing: {name}. {path.name} is used.",
                    params={"file": name, "used": path.name},
                )
            )
            return path
        there = f" {_join_names(alike)} is there, and cannot be used for it." if alike else ""
        problem = Problem(
            code=f"missing_{role}",
            message=f"The {role} is missing: {name}.{there}",
            params={"file": name},
        )
        if self._strict:
            raise MediaError(problem.message)
        self.warnings.append(problem)
        return None

    def no_music_composed(self, mood: Mood) -> None:
        """Tell of a bed that plays in place of what was to be composed."""
        music = self._storyboard.music
        if music is None or not music.prompt:
            return
        if self._strict:
            raise MediaError("The music is missing: it is to be composed by a model.")
        self.warnings.append(built_in_music(mood))

    async def _choose_visual(
        self, scene: Scene, number: int, files: SceneFiles, images: ImageModel
    ) -> SceneMedia:
        if scene.background is not None:
            return SceneMedia()
        if scene.clip is not None:
            clip = files.best(Role.CLIP)
            if clip is not None:
                info = check_clip(clip, scene=str(number))
                sounds = info.sounds
                # As of a clip that was made: what is seen is good. Whose volume is set is meant.
                if scene.clip_sound and scene.clip.volume is None:
                    start, seconds = scene.clip.seen(info.seconds)
                    sounds = sounds and is_audible(clip, start=start, seconds=seconds)
                self._warn_silent(scene, number, sounds=sounds)
                return SceneMedia(clip=clip, clip_seconds=info.seconds, clip_sounds=sounds)
            self._warn_missing("clip", "a picture stands in", number)
        moving = files.best(Role.CLIP) if scene.motion is Motion.GENERATED else None
        if scene.motion is Motion.GENERATED and moving is None:
            self._warn_missing("clip", "the camera moves over the picture", number)
        picture = files.best(Role.PICTURE)
        if picture is None and moving is None:
            self._warn_missing("picture", "another stands in", number)
            drawn = await images.draw(image_request(self._storyboard, scene))
            picture = self._save(drawn, scene, number)
        if picture is not None:
            check_picture(picture, scene=str(number))
        if moving is None:
            return SceneMedia(picture=picture)
        # Its picture is the first frame: it belongs to the film as much as the clip.
        info = check_clip(moving, scene=str(number))
        # Sound that is silent or damaged is none: what is seen was paid for, and is good.
        sounds = scene.clip_sound and info.sounds and is_audible(moving, seconds=info.seconds)
        self._warn_silent(scene, number, sounds=sounds)
        return SceneMedia(
            picture=picture, clip=moving, clip_seconds=info.seconds, clip_sounds=sounds
        )

    def _warn_silent(self, scene: Scene, number: int, *, sounds: bool) -> None:
        if scene.clip_sound and not sounds:
            problem = Problem(code="clip_silent", message="Its clip has no sound to be heard.")
            self.warnings.append(problem.of_scene(number))

    def _warn_unusable(self, files: SceneFiles, scene: Scene, number: int) -> None:
        """Tell of what has a scene's name, or nearly, and cannot be used."""
        for names, why, refused in (
            (files.other_types, "no file of a type that is read here", True),
            (files.other_names, f"files are called {scene.id} and nothing more", True),
            # As likely another film's as a slip.
            (files.longer_words, "no scene is called so", False),
        ):
            if not names:
                continue
            listed = _join_names(names)
            if self._strict and refused:
                raise MediaError(
                    f"Scene {number}: {listed} cannot be used: {why}.", scene=str(number)
                )
            self.warnings.append(
                Problem(
                    code="unread_file",
                    message=f"{listed} is not used: {why}.",
                    params={"file": listed},
                ).of_scene(number)
            )

    def _spare(self, files: SceneFiles, media: SceneMedia, scene: Scene, number: int) -> None:
        """Tell of what could be used and is not."""
        used = {media.picture, media.clip, files.best(Role.NARRATION)}
        shows = "a background" if scene.background else "a clip" if media.clip else "a picture"
        for role, paths in files.usable.items():
            spare = [path.name for path in paths if path not in used]
            if not spare:
                continue
            best = paths[0]
            why = f"{best.name} is" if best in used else f"the scene shows {shows}"
            listed = _join_names(spare)
            self.warnings.append(
                Problem(
                    code="spare_file",
                    message=f"{listed} is not used: {why}.",
                    params={"file": listed, "role": role},
                ).of_scene(number)
            )

    def _cues(
        self,
        scene: Scene,
        seconds: Fraction,
        pauses: tuple[Silence, ...],
        words: tuple[WordTime, ...],
    ) -> tuple[Cue, ...]:
        board = self._storyboard
        # What captions say instead has other words.
        own = scene.caption is None
        text = clean_text(board.spoken(scene) if scene.caption is None else scene.caption)
        if not text:
            return ()
        return cues(
            text,
            seconds=seconds,
            pauses=pauses,
            locale=board.locale,
            heard=words if own else (),
            speakers=beginnings(board.turns_of(scene)) if own else (),
        )

    def _warn_missing(self, what: str, instead: str, number: int) -> None:
        problem = Problem(
            code=f"missing_{what}", message=f"The {what} is missing; {instead}."
        ).of_scene(number)
        if self._strict:
            raise MediaError(f"Scene {number}: the {what} is missing.", scene=str(number))
        self.warnings.append(problem)

    def _warn_markup(self, scene: Scene, number: int) -> None:
        for what, words in (
            ("narration", scene.narration),
            ("caption", scene.caption or ""),
            ("on-screen text", scene.on_screen_text),
        ):
            if found := _MARKUP.search(words):
                mark = shorten(found[0], _LONGEST_MARK)
                self.warnings.append(
                    Problem(
                        code="markup_in_words",
                        message=f"The {what} holds markup ({mark}), which is taken for words.",
                        params={"what": what, "markup": mark},
                    ).of_scene(number)
                )

    def _silent(self, number: int) -> None:
        if self._strict:
            raise MediaError(f"Scene {number}: the narration is silent.", scene=str(number))
        self.warnings.append(
            Problem(code="silent_narration", message="The narration is silent.").of_scene(number)
        )

    def _faint(self, number: int, level: float) -> None:
        self.warnings.append(
            Problem(
                code="faint_narration",
                message=f"The narration is very faint, {-level:.0f} dB below full scale: raising"
                " it raises its noise.",
                params={"level": round(level, 1)},
            ).of_scene(number)
        )

    def _save(self, asset: Generated, scene: Scene, number: int) -> Path:
        place = self._stand_in_folder / (scene.id + _SUFFIX[asset.media_type])
        place.write_bytes(asset.data)
        self.warnings += [warning.of_scene(number) for warning in asset.warnings]
        origin = Ingredient(
            role=Role.NARRATION if asset.media_type == "audio/wav" else Role.PICTURE,
            provider=asset.provider,
            model=asset.model,
            source=asset.source,
            credit=asset.credit,
        )
        self.stand_ins[scene.id] = (*self.stand_ins.get(scene.id, ()), origin)
        return place


_MOST_NAMES = 5
"""Names in one sentence at the most."""


def _join_names(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" (and {more} more)" if more > 0 else "")
