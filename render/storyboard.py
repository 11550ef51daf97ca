"""The one vocabulary of brief, storyboard and scene, shared by event, job and engine.

Values are frozen and travel as JSON with camelCase names. `Storyboard.digest`
is what an approval is bound to; `check` is the only judge of whether a
storyboard can be filmed.
"""

import enum
import hashlib
import unicodedata
from typing import Annotated

import msgspec

from render.errors import EmptyScript, InvalidStoryboard, LimitExceeded

SceneId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""Names a scene for as long as it lives, through edits and reordering."""

HexColour = Annotated[str, msgspec.Meta(pattern=r"^#[0-9a-fA-F]{6}$")]
"""An sRGB colour as `#rrggbb`."""

Locale = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$")]
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
    """How the camera moves over a still."""

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


class Transition(enum.StrEnum):
    """How a scene gives way to the next one."""

    CROSSFADE = "crossfade"
    """Both pictures blend, one into the other."""
    CUT = "cut"
    """The next picture stands there at once."""


class Palette(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A project's three colours."""

    background: HexColour = "#14213d"
    foreground: HexColour = "#ffffff"
    accent: HexColour = "#fca311"


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one video may ask for. Configuration overrides each by its name."""

    max_script_chars: int = 40_000
    """Characters of script and of brief, each."""
    max_scenes: int = 200
    max_scene_chars: int = 5_000
    """Characters in one scene's narration, prompt or on-screen text."""
    max_scene_seconds: float = 600
    max_video_seconds: float = 7_200


class Scene(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One picture and what is said over it."""

    id: SceneId
    narration: str = ""
    """What the voice says; empty for a silent scene."""
    picture_prompt: str = ""
    """What a model is asked to draw."""
    on_screen_text: str = ""
    """Words to show in the picture."""
    duration: float | None = None
    """Seconds asked for; None lets the scene last as long as its narration and padding."""
    motion: Motion = Motion.ZOOM_IN
    transition: Transition = Transition.CROSSFADE
    """How this scene gives way to the next; the last scene's is not used."""


class Storyboard(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """A whole video as a list of scenes, before any picture or sound exists."""

    title: str
    scenes: tuple[Scene, ...]
    locale: Locale = "en"
    aspect_ratio: AspectRatio = AspectRatio.LANDSCAPE
    style: str = ""
    """How pictures should look, in words."""
    voice: str = ""
    """Who should speak, in a provider's terms; empty for the locale's default."""
    palette: Palette = Palette()

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of the canonical JSON: what an approval is bound to."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()

    def check(self, limits: Limits) -> None:
        """Raise `InvalidStoryboard` or `LimitExceeded` unless this can be filmed."""
        if not self.scenes:
            raise InvalidStoryboard("The storyboard holds no scene; it needs at least one.")
        if len(self.scenes) > limits.max_scenes:
            raise LimitExceeded(
                "a storyboard", limit=limits.max_scenes, value=len(self.scenes), unit="scenes"
            )
        seen: set[str] = set()
        for number, scene in enumerate(self.scenes, start=1):
            if scene.id in seen:
                raise InvalidStoryboard(f"Two scenes have the id {scene.id!r}.", scene=scene.id)
            seen.add(scene.id)
            _check_scene(scene, number, limits)


def _check_scene(scene: Scene, number: int, limits: Limits) -> None:
    for what, text in (
        ("the narration", scene.narration),
        ("the picture prompt", scene.picture_prompt),
        ("the on-screen text", scene.on_screen_text),
    ):
        if len(text) > limits.max_scene_chars:
            raise LimitExceeded(
                what,
                limit=limits.max_scene_chars,
                value=len(text),
                unit="characters",
                scene=str(number),
            )
    if scene.duration is None:
        return
    if not scene.duration > 0:
        raise InvalidStoryboard(
            f"Scene {number}: the duration must be above 0 seconds; this is {scene.duration:g}.",
            scene=str(number),
        )
    if scene.duration > limits.max_scene_seconds:
        raise LimitExceeded(
            "the duration",
            limit=limits.max_scene_seconds,
            value=scene.duration,
            unit="seconds",
            scene=str(number),
        )


class Brief(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What an editor wrote, before it became a storyboard."""

    title: str
    brief: str = ""
    """What the video is about, for whom, to what end."""
    script: str = ""
    """The words to be spoken; paragraphs are a hint at scenes."""
    style: str = ""
    voice: str = ""
    locale: Locale = "en"
    aspect_ratio: AspectRatio = AspectRatio.LANDSCAPE
    palette: Palette = Palette()

    def check(self, limits: Limits) -> None:
        """Raise `EmptyScript` or `LimitExceeded` unless there is something to film."""
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
    kept = (
        char
        for char in unicodedata.normalize("NFC", text)
        if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cs"}
    )
    return "".join(kept).strip()
