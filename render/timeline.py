"""A timeline: when each scene is seen and each narration heard, in exact time.

`render.placing` builds it. Narrations stand at exact rational seconds. Pictures are borders
between whole frames, each the one nearest to its exact time, so that no error adds up: at any
rate a film has the same length, and the same places in it, to half a frame. No time here is
a float.

    scene 1   ├────────────────────┤
    scene 2                    ├──────────────────┤      ├──┤ fade: both are seen
    voice     ··├───────────┤··  ··├─────────┤··         ·· lead-in and tail
"""

from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, TypeAlias

import msgspec

from render.storyboard import (
    CaptionStyle,
    Corner,
    Fit,
    Focus,
    Gradient,
    HexColour,
    Motion,
    Palette,
    Solid,
    TextStyle,
    Transition,
)


class SpokenWord(NamedTuple):
    """A word of a cue, or a phrase where words are not told apart; times in seconds."""

    text: str
    """With the space or the line break that follows it: joined, words are the cue's text."""
    start: Fraction
    end: Fraction


class Cue(msgspec.Struct, frozen=True, kw_only=True):
    """One caption: what is read while it is said; times in seconds."""

    start: Fraction
    end: Fraction
    text: str
    """One line, or two with a line break between them."""
    words: tuple[SpokenWord, ...] = ()
    heard: bool = False
    """Whether they were heard when they are said; else it is guessed from their weight."""
    speaker: str = ""
    """Who says it by name; empty for the film's own voice."""

    def later(self, seconds: Fraction) -> "Cue":
        """Return the same, so much later."""
        return msgspec.structs.replace(
            self,
            start=self.start + seconds,
            end=self.end + seconds,
            words=tuple(
                SpokenWord(word.text, word.start + seconds, word.end + seconds)
                for word in self.words
            ),
        )


class SceneMedia(msgspec.Struct, frozen=True, kw_only=True):
    """The files one scene is made of."""

    picture: Path | None = None
    clip: Path | None = None
    clip_seconds: Fraction = Fraction(0)
    """How long the whole clip is, as counted from its frames."""
    clip_sounds: bool = False
    """Whether the clip has sound of its own."""
    narration: Path | None = None
    narration_seconds: Fraction = Fraction(0)
    """How long the narration is; `render.sound.wav.wav_duration` measures it."""
    cues: tuple[Cue, ...] = ()
    """Captions, timed from the narration's first sample."""


class Still(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A picture the camera moves over."""

    path: Path
    motion: Motion
    focus: Focus


class Moving(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A stretch of a clip; after its end the last picture stands."""

    path: Path
    start: Fraction
    """Where in the clip it begins, in seconds."""
    seconds: Fraction
    fit: Fit
    focus: Focus
    surround: HexColour
    """What is seen around a clip that is shown whole."""


ShotSource: TypeAlias = Still | Moving | Solid | Gradient
"""What a shot shows."""


class Shot(msgspec.Struct, frozen=True, kw_only=True):
    """One scene's picture on the timeline; all times in frames."""

    scene_id: str
    number: int
    """Counts from 1, as editors do."""
    title: str
    """What a chapter list calls it."""
    source: ShotSource
    start: int
    frames: int
    """How long it is seen, both transitions included."""
    span: int
    """The frames its camera's way is spread over: what it lasts, rounded up. `frames` may be one
    fewer, by where in a frame the scene falls; the way is the same, so that a scene which is
    moved by a part of a frame shows what it showed."""
    fade_in: int
    """Frames shared with the shot before."""
    fade_out: int
    """Frames shared with the shot after."""
    transition: Transition
    """How it gives way to the next, during `fade_out`."""
    colour: HexColour
    """What a `fade` goes through."""

    @property
    def end(self) -> int:
        """The first frame after the shot."""
        return self.start + self.frames


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    """One narration on the timeline; times in seconds."""

    scene_id: str
    number: int
    path: Path
    start: Fraction
    duration: Fraction

    @property
    def end(self) -> Fraction:
        """When its last sample has sounded."""
        return self.start + self.duration


class ClipSound(msgspec.Struct, frozen=True, kw_only=True):
    """A clip's own sound on the timeline; times in seconds."""

    number: int
    path: Path
    start: Fraction
    trim: Fraction
    """Where in the clip it begins."""
    duration: Fraction
    fade_in: Fraction
    fade_out: Fraction
    volume: float
    """Decibels."""
    duck: float = 0.0
    """Decibels by which it steps back while somebody speaks."""


class MusicBed(msgspec.Struct, frozen=True, kw_only=True):
    """The music under everything; fields as in `render.storyboard.Music`."""

    path: Path
    seamless: bool = False
    """Whether its last sample leads to its first, so that it is repeated as it is."""
    volume: float
    duck: float
    fade_in: Fraction
    fade_out: Fraction


class LogoOverlay(msgspec.Struct, frozen=True, kw_only=True):
    """The logo; fields as in `render.storyboard.Logo`."""

    path: Path
    corner: Corner
    width: float
    opacity: float


class LabelOverlay(msgspec.Struct, frozen=True, kw_only=True):
    """The label that stands throughout, where one was asked for."""

    text: str
    corner: Corner


class TextOverlay(msgspec.Struct, frozen=True, kw_only=True):
    """Words on the picture: on-screen text, or a caption that is burned in; times in frames."""

    number: int
    """The scene's."""
    style: TextStyle | CaptionStyle
    text: str
    start: int
    frames: int
    fade: int
    """Frames in which it appears, and again in which it goes; part of `frames`."""
    words: tuple[str, ...] = ()
    """The text word by word, each with the space that follows it, where one of them is lit."""
    lit: int | None = None
    """Which of them."""

    @property
    def end(self) -> int:
        """The first frame without it."""
        return self.start + self.frames

    def opacity(self, frame: int) -> float:
        """Return how much of it is seen in a frame between `start` and `end`: 1 for all."""
        from_start, to_end = frame - self.start + 1, self.end - frame
        return min(1.0, from_start / (self.fade + 1), to_end / (self.fade + 1))


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """A whole video: shots that overlap only where one gives way, voices that never do.

    It holds nothing of shape or size: every rendition of a storyboard has the same.
    """

    fps: Fraction
    shots: tuple[Shot, ...]
    voices: tuple[Voice, ...]
    sounds: tuple[ClipSound, ...] = ()
    music: MusicBed | None = None
    logo: LogoOverlay | None = None
    label: LabelOverlay | None = None
    texts: tuple[TextOverlay, ...] = ()
    """In order of their start; captions among them where they are burned in."""
    captions: tuple[Cue, ...] = ()
    """Every caption, whether burned in or not."""
    palette: Palette = Palette()
    locale: str = "en"

    @property
    def frames(self) -> int:
        """The length in frames."""
        return self.shots[-1].end

    @property
    def duration(self) -> Fraction:
        """The length in seconds."""
        return self.frames / self.fps
