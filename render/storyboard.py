"""The one vocabulary of brief, storyboard and scene, shared by event, job and engine.

Values are frozen and travel as JSON with camelCase names. `Storyboard.digest`
is what an approval is bound to; `check` is the only judge of whether a
storyboard can be filmed.
"""

import enum
import hashlib
import unicodedata
from fractions import Fraction
from typing import Annotated, Any

import msgspec

from render.cast import CastMember, CastName, Look
from render.errors import EmptyScript, InvalidStoryboard, LimitExceeded
from render.own import OwnFile
from render.schema import END
from render.source import Credit, Source
from render.turns import Speaker, Turn, spoken, turns

SceneId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}" + END)]
"""Names a scene for as long as it lives, through edits and reordering."""

HexColour = Annotated[str, msgspec.Meta(pattern=r"^#[0-9a-fA-F]{6}" + END)]
"""An sRGB colour as `#rrggbb`."""

AssetName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}" + END)]
"""A file's name inside the assets folder; never a path."""

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
"""A part of a whole, 0 to 1."""

Locale = Annotated[
    str,
    msgspec.Meta(max_length=35, pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*" + END),
]
"""A BCP 47 language tag such as `en`, `pt-BR` or `zh-Hans`."""


class AspectRatio(enum.StrEnum):
    """The shape of the picture, width to height."""

    LANDSCAPE = "16:9"
    """1920×1080: screens and players."""
    PORTRAIT = "9:16"
    """1080×1920: telephones held upright."""
    SQUARE = "1:1"
    """1080×1080: feeds."""


class Motion(enum.StrEnum):
    """How a still moves: the camera over it, or what it shows."""

    STILL = "still"
    """No movement."""
    ZOOM_IN = "zoom_in"
    """Slowly closer."""
    ZOOM_OUT = "zoom_out"
    """Slowly away."""
    PAN_LEFT = "pan_left"
    """The view travels to the left."""
    PAN_RIGHT = "pan_right"
    """The view travels to the right."""
    PAN_UP = "pan_up"
    """The view travels upwards."""
    PAN_DOWN = "pan_down"
    """The view travels downwards."""
    GENERATED = "generated"
    """What the picture shows comes to life: a model makes a clip that begins with it. Where none
    is made, the camera comes slowly closer."""


class Transition(enum.StrEnum):
    """How a scene gives way to the next one."""

    CROSSFADE = "crossfade"
    """Both pictures blend, one into the other."""
    CUT = "cut"
    """The next picture stands there at once."""
    FADE = "fade"
    """One picture goes into a colour, and out of it comes the next."""
    WIPE_LEFT = "wipe_left"
    """An edge travels to the left and uncovers the next picture."""
    WIPE_RIGHT = "wipe_right"
    WIPE_UP = "wipe_up"
    WIPE_DOWN = "wipe_down"
    SLIDE_LEFT = "slide_left"
    """The next picture pushes this one out to the left."""
    SLIDE_RIGHT = "slide_right"
    SLIDE_UP = "slide_up"
    SLIDE_DOWN = "slide_down"


class Fit(enum.StrEnum):
    """How a clip of another shape fills the frame."""

    COVER = "cover"
    """It fills the frame; what juts out is cut off, around the focus."""
    CONTAIN = "contain"
    """All of it is seen, on the palette's background."""


class TextStyle(enum.StrEnum):
    """Where a scene's on-screen text stands, and how large."""

    TITLE = "title"
    """Large, in the middle."""
    LOWER_THIRD = "lower_third"
    """On a band in the lower third, towards where reading starts."""
    NONE = "none"
    """Not shown by the engine."""


class CaptionStyle(enum.StrEnum):
    """How captions are burned into the picture."""

    NONE = "none"
    """They are not; captions still come as a file and as a track."""
    OUTLINE = "outline"
    """White letters with a dark outline."""
    BOX = "box"
    """White letters on a dark, translucent box."""
    HIGHLIGHT = "highlight"
    """Dark letters on the palette's accent."""
    LIT = "lit"
    """A few words at a time on a dark box, the spoken one in the palette's accent."""


class Corner(enum.StrEnum):
    """A corner of the frame, inside the safe margin."""

    TOP_LEFT = "top_left"
    TOP_RIGHT = "top_right"
    BOTTOM_LEFT = "bottom_left"
    BOTTOM_RIGHT = "bottom_right"


class Mood(enum.StrEnum):
    """What a piece of the built-in music feels like."""

    CALM = "calm"
    """Slow chords and a small bell: nature, health, something explained in peace."""
    WARM = "warm"
    """A plucked guitar over soft drums: people, crafts, stories."""
    BRIGHT = "bright"
    """Light and hopeful, in major: a new product, an invitation."""
    DRIVING = "driving"
    """A steady beat that moves on: technology, sport, something that is under way."""
    TENSE = "tense"
    """A low pulse and deep drums: a problem, an investigation."""
    SOLEMN = "solemn"
    """Strings and horns, slowly, in minor: history, remembrance."""


class Role(enum.StrEnum):
    """What an ingredient is to the video."""

    PICTURE = "picture"
    CLIP = "clip"
    NARRATION = "narration"
    MUSIC = "music"
    LOGO = "logo"
    REFERENCE = "reference"
    """A picture of somebody or something of the cast, which a model is shown."""
    TEXT = "text"


class Palette(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """A project's three colours."""

    background: HexColour = "#14213d"
    foreground: HexColour = "#ffffff"
    accent: HexColour = "#fca311"


class Focus(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The point of a picture that every crop keeps; shares of its width and height."""

    x: Share = 0.5
    y: Share = 0.5


LONGEST_CLIP = 86_400
"""Seconds into a clip: no file that is read here lasts longer than a day."""


class Clip(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """How a scene shows moving pictures: the assets folder's `<scene id>.mp4` (or .mov, .webm)."""

    own: OwnFile | None = None
    """Whose pictures they are; None where they lie in the assets folder already."""
    trim_start: Annotated[float, msgspec.Meta(ge=0, le=LONGEST_CLIP)] = 0.0
    """Seconds of the clip left out at its beginning."""
    trim_end: Annotated[float, msgspec.Meta(gt=0, le=LONGEST_CLIP)] | None = None
    """Where in the clip to stop, in its own seconds; None for its end. A scene that lasts
    longer holds the last picture."""
    fit: Fit = Fit.COVER
    volume: Annotated[float, msgspec.Meta(ge=-60, le=12)] | None = None
    """Decibels by which the clip's own sound is raised; None for a silent clip."""

    def seen(self, seconds: Fraction) -> tuple[Fraction, Fraction]:
        """Return where a clip so long begins to be seen, and for how many of its seconds."""
        start = Fraction(str(self.trim_start))
        end = seconds if self.trim_end is None else min(Fraction(str(self.trim_end)), seconds)
        return start, max(Fraction(0), end - start)


class Solid(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="kind",
    tag="solid",
    forbid_unknown_fields=True,
):
    """One colour instead of a picture."""

    colour: HexColour


class Gradient(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="camel",
    tag_field="kind",
    tag="gradient",
    forbid_unknown_fields=True,
):
    """Two colours that run into each other, instead of a picture."""

    start: HexColour
    end: HexColour
    angle: Annotated[float, msgspec.Meta(ge=0, lt=360)] = 90.0
    """Degrees clockwise from upwards, as in CSS: 90 runs to the right, 180 downwards."""


class Logo(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A picture that stands in a corner throughout."""

    file: AssetName | None = None
    """One's own picture in the assets folder, or None where it comes from elsewhere."""
    own: OwnFile | None = None
    """One's own picture by reference, instead of a file in the folder."""
    corner: Corner = Corner.TOP_RIGHT
    width: Annotated[float, msgspec.Meta(ge=0.02, le=0.5)] = 0.12
    """Share of the frame's shorter side."""
    opacity: Share = 0.9


class Music(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A bed under the voice: looped to the video's length, faded, and ducked while one speaks."""

    file: AssetName | None = None
    """One's own music in the assets folder, or None where it comes from elsewhere."""
    own: OwnFile | None = None
    """One's own music by reference, instead of a file in the folder."""
    mood: Mood | None = None
    """Built-in music of a mood, instead of a file; it repeats without a seam."""
    prompt: str = ""
    """What a model is to compose, in words, instead of either; where none does, the built-in
    music of the nearest mood plays."""
    volume: Annotated[float, msgspec.Meta(ge=-60, le=0)] = -14.0
    """Loudness against the voice, in LU."""
    duck: Annotated[float, msgspec.Meta(ge=0, le=40)] = 8.0
    """Decibels by which it steps back while somebody speaks."""
    fade_in: Annotated[float, msgspec.Meta(ge=0, le=30)] = 1.0
    fade_out: Annotated[float, msgspec.Meta(ge=0, le=30)] = 2.5


class Ingredient(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where one asset or text comes from; travels into the video's manifest, changes no pixel."""

    # Fields that are not known are left out, not refused: videos signed earlier carry some.

    role: Role
    provider: str = ""
    model: str = ""
    request_digest: str = msgspec.field(name="promptHash", default="")
    """SHA-256, in hex, of what the model was asked; signed videos carry it as `promptHash`."""
    document: str = ""
    field: str = ""
    version: str = ""
    source: Source | None = None
    """None in what was written down before sources were; `origin` tells."""
    credit: Credit = Credit()

    @property
    def origin(self) -> Source:
        """Who or what made it."""
        return self.source or Source.of_provider(self.provider or self.model)


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one video may ask for. Configuration overrides each by its name."""

    max_script_chars: int = 40_000
    """Characters of script and of brief, each."""
    max_title_chars: int = 500
    max_style_chars: int = 10_000
    """Characters of style, voice and each part of a look, and of every text on where something
    comes from."""
    max_speakers: int = 20
    """Who speak by name in one script."""
    max_ingredients: int = 100
    """Of the whole, and of each scene."""
    max_cast: int = 50
    """Members of a cast."""
    max_references: int = 6
    """Pictures of one member of a cast."""
    max_scenes: int = 200
    max_scene_chars: int = 5_000
    """Characters in one scene's narration, prompt or on-screen text, and of what describes a
    member of the cast."""
    min_scene_seconds: float = 0.04
    """A frame, at the slowest rate or nearly; also of a transition."""
    max_scene_seconds: float = 600
    max_video_seconds: float = 7_200
    max_transition_seconds: float = 5


Take = Annotated[int, msgspec.Meta(ge=0, le=1_000)]
"""Counts how often something was asked for anew in the same words; 0 for the first time."""


Speed = Annotated[float, msgspec.Meta(ge=0.5, le=2)]
"""How fast somebody speaks: 1 is a voice's own pace, 2 twice as fast."""

LONGEST_PAUSE = 10
"""Seconds of silence after a scene's last word, besides the usual."""


class Scene(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One picture and what is said over it."""

    id: SceneId
    narration: str = ""
    """What the voice says; empty for a silent scene."""
    narration_file: OwnFile | None = None
    """One's own recording, heard instead of a voice; `narration` is then what is said in it."""
    picture_prompt: str = ""
    """What a model is asked to draw."""
    picture: OwnFile | None = None
    """One's own picture, shown instead of one that a model draws."""
    on_screen_text: str = ""
    """Words to show in the picture."""
    duration: float | None = None
    """Seconds asked for; None lets the scene last as long as its narration and padding."""
    motion: Motion = Motion.ZOOM_IN
    motion_prompt: str = ""
    """What is to happen in the picture, in words, where its motion is generated."""
    clip_sound: bool = False
    """Whether its clip, made or of one's own, is heard too: softly, and stepping back for the
    voice. A made one is then asked for with sound, which some models charge for."""
    transition: Transition = Transition.CROSSFADE
    """How this scene gives way to the next; the last scene's is not used."""
    transition_seconds: float | None = None
    """None for half a second; shorter where scenes are short or voices would meet."""
    transition_colour: HexColour = "#000000"
    """What a `fade` goes through."""
    text_style: TextStyle = TextStyle.LOWER_THIRD
    focus: Focus = Focus()
    clip: Clip | None = None
    """Set for a scene of moving pictures."""
    background: Solid | Gradient | None = None
    """Set for a scene without picture or clip."""
    caption: str | None = None
    """What captions say instead of the narration; empty for none."""
    picture_take: Take = 0
    """Which of several pictures for the same prompt it shows."""
    narration_take: Take = 0
    """Which of several readings of the same words it has."""
    speed: Speed | None = None
    """How fast it is spoken; None for as fast as the whole."""
    pause_after: Annotated[float, msgspec.Meta(ge=0, le=LONGEST_PAUSE)] = 0.0
    """Seconds that it stays once all is said, besides the usual; nothing where none is."""
    cast: tuple[CastName, ...] = ()
    """Names of the cast that it shows, besides those that stand in narration and prompt."""
    ingredients: tuple[Ingredient, ...] = ()


_LATER_FIELDS = (
    "pictureTake", "narrationTake", "motionPrompt", "mood", "prompt", "picture", "narrationFile",
    "own", "speed", "pauseAfter", "cast", "look", "speakers", "disclosure", "clipSound",
)  # fmt: skip
"""Of the whole, a scene, a clip, music or the logo: fields that storyboards were approved without,
whose default is nothing."""


class Storyboard(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """A whole video as a list of scenes, before any picture or sound exists."""

    title: str
    scenes: tuple[Scene, ...]
    locale: Locale = "en"
    aspect_ratio: AspectRatio = AspectRatio.LANDSCAPE
    style: str = ""
    """How pictures should look, in words; empty for the look's."""
    look: Look | None = None
    """How all films of its project look."""
    cast: tuple[CastMember, ...] = ()
    """Who and what comes back in its pictures, as it was when this was written."""
    voice: str = ""
    """Who should speak, by a catalogue's id or in a provider's terms; empty for the locale's
    default."""
    speakers: tuple[Speaker, ...] = ()
    """Who speak by name: a line of a narration that begins with one, and a colon, is theirs."""
    speed: Speed | None = None
    """How fast it is spoken; None for the voice's own pace."""
    palette: Palette = Palette()
    captions: CaptionStyle = CaptionStyle.NONE
    logo: Logo | None = None
    disclosure: bool = False
    """Whether a label throughout says that it was made with AI (`render.disclosure`)."""
    music: Music | None = None
    ingredients: tuple[Ingredient, ...] = ()
    """Of what belongs to the whole: the music, the logo, the texts."""

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of the canonical JSON: what an approval is bound to."""
        told = msgspec.to_builtins(self)
        clips: list[dict[str, Any]] = [scene["clip"] or {} for scene in told["scenes"]]
        parts: list[dict[str, Any]] = [told, *told["scenes"], *clips]
        parts += [told["music"] or {}, told["logo"] or {}]
        for part in parts:
            # What was added later is told by nothing as long as it is not set, as before it was.
            for later in _LATER_FIELDS:
                if later in part and not part[later]:
                    del part[later]
        return hashlib.sha256(msgspec.json.encode(told, order="sorted")).hexdigest()

    def speed_of(self, scene: Scene) -> float:
        """Return how fast a scene is spoken; 1 is the voice's own pace."""
        return scene.speed or self.speed or 1.0

    def turns_of(self, scene: Scene) -> tuple[Turn, ...]:
        """Return who says what of a scene's narration; one turn where nobody is named."""
        if not self.speakers:
            return (Turn(scene.narration),)
        return turns(clean_text(scene.narration), self.speakers)

    def spoken(self, scene: Scene) -> str:
        """Return what is heard and captioned of a scene's narration: no speaker's name."""
        return spoken(self.turns_of(scene))

    def check(self, limits: Limits) -> None:
        """Raise `InvalidStoryboard` or `LimitExceeded` unless this can be filmed."""
        _check_words(self, limits)
        _check_ingredients(self.ingredients, limits)
        if self.music:
            _check_music(self.music, limits)
        if not self.scenes:
            raise InvalidStoryboard("The storyboard holds no scene; it needs at least one.")
        if len(self.scenes) > limits.max_scenes:
            raise LimitExceeded(
                "a storyboard", limit=limits.max_scenes, value=len(self.scenes), unit="scenes"
            )
        numbers: dict[str, int] = {}
        for number, scene in enumerate(self.scenes, start=1):
            if scene.id in numbers:
                raise InvalidStoryboard(
                    f"Two scenes have the id {scene.id!r}: {numbers[scene.id]} and {number}.",
                    scene=str(number),
                )
            numbers[scene.id] = number
            _check_scene(scene, number, limits)


def _check_words(of: "Brief | Storyboard", limits: Limits) -> None:
    look = of.look or Look()
    if of.logo and (of.logo.file is None) == (of.logo.own is None):
        raise InvalidStoryboard(
            "A logo is one picture: a file of the assets folder or one of one's own.", field="logo"
        )
    _check_cast(of.cast, limits)
    for what, text, limit in (
        ("the title", of.title, limits.max_title_chars),
        ("the style", of.style, limits.max_style_chars),
        ("the look's style", look.style, limits.max_style_chars),
        ("the look's palette", look.palette, limits.max_style_chars),
        ("the look's lens", look.lens, limits.max_style_chars),
        ("the voice", of.voice, limits.max_style_chars),
    ):
        if len(text) > limit:
            raise LimitExceeded(what, limit=limit, value=len(text), unit="characters")
    _check_speakers(of.speakers, limits)


def _check_speakers(speakers: tuple[Speaker, ...], limits: Limits) -> None:
    if len(speakers) > limits.max_speakers:
        raise LimitExceeded(
            "the list of speakers", limit=limits.max_speakers, value=len(speakers), unit="entries"
        )
    names: set[str] = set()
    for speaker in speakers:
        if len(speaker.voice) > limits.max_style_chars:
            raise LimitExceeded(
                "a speaker's voice",
                limit=limits.max_style_chars,
                value=len(speaker.voice),
                unit="characters",
            )
        name = " ".join(clean_text(speaker.name).casefold().split())
        if name in names:
            raise InvalidStoryboard(
                f"Two speakers are called “{speaker.name}”; each needs a name of their own.",
                field="speakers",
            )
        names.add(name)


def _check_cast(cast: tuple[CastMember, ...], limits: Limits) -> None:
    if len(cast) > limits.max_cast:
        raise LimitExceeded("the cast", limit=limits.max_cast, value=len(cast), unit="members")
    names: set[str] = set()
    for member in cast:
        if member.name.casefold() in names:
            raise InvalidStoryboard(
                f"Two of the cast are called “{member.name}”.", field="cast", name=member.name
            )
        names.add(member.name.casefold())
        for what, value, limit, unit in (
            ("the description", len(member.description), limits.max_scene_chars, "characters"),
            ("the references", len(member.references), limits.max_references, "pictures"),
        ):
            if value > limit:
                raise LimitExceeded(
                    f"{what} of “{member.name}”", limit=limit, value=value, unit=unit
                )


def _check_ingredients(
    ingredients: tuple[Ingredient, ...], limits: Limits, *, scene: str | None = None
) -> None:
    if len(ingredients) > limits.max_ingredients:
        raise LimitExceeded(
            "the list of ingredients",
            limit=limits.max_ingredients,
            value=len(ingredients),
            unit="entries",
            scene=scene,
        )
    for one in ingredients:
        for of in (one, one.credit):
            for field in msgspec.structs.fields(of):
                text = getattr(of, field.name)
                if isinstance(text, str) and len(text) > limits.max_style_chars:
                    raise LimitExceeded(
                        f"an ingredient's {field.encode_name}",
                        limit=limits.max_style_chars,
                        value=len(text),
                        unit="characters",
                        scene=scene,
                    )


def _check_music(music: Music, limits: Limits) -> None:
    named = sum(
        (
            *(one is not None for one in (music.file, music.own, music.mood)),
            bool(clean_text(music.prompt)),
        )
    )
    if named != 1:
        which = "none of them" if not named else "more than one"
        raise InvalidStoryboard(
            f"Music is a file, a mood ({', '.join(Mood)}) or a prompt; this names {which}.",
            field="music",
        )
    if len(music.prompt) > limits.max_scene_chars:
        raise LimitExceeded(
            "the music prompt",
            limit=limits.max_scene_chars,
            value=len(music.prompt),
            unit="characters",
        )


def _check_scene(scene: Scene, number: int, limits: Limits) -> None:
    if len(scene.cast) > limits.max_cast:
        raise LimitExceeded(
            "the cast",
            limit=limits.max_cast,
            value=len(scene.cast),
            unit="members",
            scene=str(number),
        )
    _check_ingredients(scene.ingredients, limits, scene=str(number))
    for what, text in (
        ("the narration", scene.narration),
        ("the picture prompt", scene.picture_prompt),
        ("the motion prompt", scene.motion_prompt),
        ("the on-screen text", scene.on_screen_text),
        ("the caption", scene.caption or ""),
    ):
        if len(text) > limits.max_scene_chars:
            raise LimitExceeded(
                what,
                limit=limits.max_scene_chars,
                value=len(text),
                unit="characters",
                scene=str(number),
            )
    _check_shown(scene, number)
    if scene.clip and scene.clip.trim_end is not None:
        _check_trim(scene.clip.trim_start, scene.clip.trim_end, number)
    for what, seconds, limit in (
        ("the duration", scene.duration, limits.max_scene_seconds),
        ("the transition", scene.transition_seconds, limits.max_transition_seconds),
    ):
        if seconds is None:
            continue
        if not seconds >= limits.min_scene_seconds:
            raise InvalidStoryboard(
                f"Scene {number}: {what} must be at least {limits.min_scene_seconds:g} seconds;"
                f" this is {seconds:g}.",
                scene=str(number),
            )
        if seconds > limit:
            raise LimitExceeded(what, limit=limit, value=seconds, unit="seconds", scene=str(number))


def _check_shown(scene: Scene, number: int) -> None:
    """Raise `InvalidStoryboard` for a scene that is to show two things at once."""
    if scene.clip and scene.background:
        raise InvalidStoryboard(
            f"Scene {number}: it can show a clip or a background, not both.", scene=str(number)
        )
    if scene.picture and (scene.background or (scene.clip and scene.clip.own)):
        what = "a background" if scene.background else "a clip of one's own"
        raise InvalidStoryboard(
            f"Scene {number}: it can show a picture of one's own or {what}, not both.",
            scene=str(number),
            field="picture",
        )
    if scene.motion is Motion.GENERATED and (scene.clip or scene.background):
        what = "a clip" if scene.clip else "a background"
        raise InvalidStoryboard(
            f"Scene {number}: its motion can only be generated from a picture; it shows {what}.",
            scene=str(number),
            field="motion",
        )


def _check_trim(start: float, end: float, number: int) -> None:
    if not end > start:
        raise InvalidStoryboard(
            f"Scene {number}: the clip must end after it starts; it starts at {start:g} "
            f"and ends at {end:g} seconds.",
            scene=str(number),
        )


VideoName = Annotated[str, msgspec.Meta(max_length=128, pattern=r"^[^\u0000-\u001f\u007f]*" + END)]
"""What the CMS calls one of its videos; empty for none."""


class Brief(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What an editor wrote, before it became a storyboard."""

    title: str
    brief: str = ""
    """What the video is about, for whom, to what end."""
    script: str = ""
    """The words to be spoken; paragraphs are a hint at scenes."""
    style: str = ""
    look: Look | None = None
    cast: tuple[CastMember, ...] = ()
    voice: str = ""
    speakers: tuple[Speaker, ...] = ()
    """Who speak by name: a line of the script that begins with one, and a colon, is theirs."""
    speed: Speed | None = None
    locale: Locale = "en"
    aspect_ratio: AspectRatio = AspectRatio.LANDSCAPE
    palette: Palette = Palette()
    logo: Logo | None = None
    disclosure: bool = False
    """Whether the film is to say of itself, throughout, that it was made with AI."""
    music: Mood | None = None
    """The built-in music to lay under the voice; None for none."""
    follows: VideoName = ""
    """The video of the same project whose scenes this one keeps in words of its own, by its name
    in the CMS: the same film in another language. Empty for none; one that has no storyboard is
    not followed."""

    def check(self, limits: Limits) -> None:
        """Raise `EmptyScript`, `InvalidStoryboard` or `LimitExceeded` unless it can be filmed."""
        _check_words(self, limits)
        for what, text in (("the script", self.script), ("the brief", self.brief)):
            if len(text) > limits.max_script_chars:
                raise LimitExceeded(
                    what, limit=limits.max_script_chars, value=len(text), unit="characters"
                )
        if not (clean_text(self.script) or clean_text(self.brief)):
            raise EmptyScript("There is nothing to say: write a script or at least a brief.")


def clean_text(text: str) -> str:
    """Return text in NFC without control characters, surrogates or outer white space.

    Line breaks and tabs stay, as do the joiners and direction marks (category
    Cf) that Arabic, Indic scripts and emoji need. NUL in particular goes: no
    database stores it.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    characters = (
        char
        for char in unicodedata.normalize("NFC", text)
        if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cs"}
    )
    return "".join(characters).strip()
