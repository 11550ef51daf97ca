"""The document that a player reads: scenes, moves, transitions, words and sound, with their times.

Lengths are pixels on `canvas`, times seconds from the film's beginning. Beside every span stands
what is exact: whole frames of what is seen, samples of what is heard. `specs/preview.md` tells
how to play it.
"""

from typing import Literal, TypeAlias

import msgspec

from render.rendition import Quality
from render.source import Source
from render.storyboard import (
    AspectRatio,
    CaptionStyle,
    Corner,
    Fit,
    Focus,
    Gradient,
    HexColour,
    Mood,
    Motion,
    Palette,
    Solid,
    TextStyle,
    Transition,
)
from render.words.faces import Face
from render.words.zones import Zone


class _Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    pass


class FrameSpan(_Part, frozen=True, kw_only=True):
    """When something is seen."""

    start: float
    duration: float
    start_frame: int
    frames: int


class SampleSpan(_Part, frozen=True, kw_only=True):
    """When something is heard."""

    start: float
    duration: float
    start_sample: int
    samples: int


class Canvas(_Part, frozen=True, kw_only=True):
    """The size that one profile makes films in."""

    profile: str
    aspect_ratio: AspectRatio
    quality: Quality
    width: int
    height: int


class ExistingAsset(_Part, frozen=True, kw_only=True):
    """A medium that is there already."""

    id: str
    content_url: str
    """Where its bytes are, for whoever has the key."""
    media_type: str
    placeholder: bool
    """Whether it stands in for a model's work."""
    source: Source = Source.MODEL
    """Who or what made it; `upload` for a file of one's own."""


class CropBox(_Part, frozen=True, kw_only=True):
    """The part of a picture that has the canvas's shape; shares of its width and height."""

    left: float
    top: float
    width: float
    height: float


class Keyframe(_Part, frozen=True, kw_only=True):
    """What the camera sees at one moment; shares of the crop. Between two it goes evenly."""

    frame: int
    """Counted from the scene's first; the last may be the one after what is seen."""
    left: float
    top: float
    size: float
    """Of its width, and of its height: 1 shows all of it."""


class StillView(_Part, frozen=True, kw_only=True, tag_field="kind", tag="still"):
    """A camera over a picture."""

    asset: ExistingAsset | None
    """None for a picture that is not made yet: show the palette's background and the prompt."""
    prompt: str
    """What a model is asked to draw."""
    motion: Motion
    focus: Focus
    """The point of the picture that every crop keeps."""
    crop: CropBox
    crop_exact: bool
    """False while the picture's shape is not known: it is taken for the one that is asked for."""
    keyframes: tuple[Keyframe, ...]


class LevelPoint(_Part, frozen=True, kw_only=True):
    """A bend of a sound's level; between two it goes evenly, in decibels."""

    at: float
    sample: int
    decibels: float


class ClipView(_Part, frozen=True, kw_only=True, tag_field="kind", tag="clip"):
    """A stretch of a clip; after its end its last picture stands."""

    asset: ExistingAsset
    trim_start: float
    """Where in the clip it begins."""
    duration: float
    fit: Fit
    focus: Focus
    surround: HexColour
    """What is seen around a clip that is shown whole."""
    volume: float | None
    """Decibels by which its own sound is raised; None where it is silent."""
    sound: SampleSpan | None
    fade_in: float
    fade_out: float
    ducking: tuple[LevelPoint, ...]
    """How it steps back where somebody speaks."""


View: TypeAlias = StillView | ClipView | Solid | Gradient
"""What a scene shows, told apart by `kind`."""


class TransitionPreview(_Part, frozen=True, kw_only=True):
    """How a scene gives way to the next, while both are seen."""

    kind: Transition
    span: FrameSpan
    easing: Literal["linear", "smoothstep"]
    """Smoothstep is CSS's `cubic-bezier(1/3, 0, 2/3, 1)`. In frame `n` of `frames`, from 0,
    `(n + 1) / (frames + 1)` of the time has passed."""
    colour: HexColour | None
    """What a `fade` goes through, half-way; None for all others."""
    softness: float
    """The width of a wipe's edge, as a share of the way it goes; 0 for all others."""


class TextColours(_Part, frozen=True, kw_only=True):
    """As `#rrggbb`, or `#rrggbbaa` where something shines through; mended to be legible."""

    ink: str
    background: str | None
    """Of the band or box that words stand on."""
    lit: str | None
    """Of the word that is spoken, where captions light it."""
    mark: str | None
    """Of the bar where a lower third begins."""
    halo: str | None
    """Of the rim or scrim around letters that stand on nothing."""


class TextLook(_Part, frozen=True, kw_only=True):
    """How words are set: they get smaller until they fit into their zone."""

    zone: Zone
    align: Literal["center", "start", "left", "right"]
    """Across: in the middle, where reading starts, or at a side whatever is read."""
    vertical: Literal["middle", "bottom", "top"]
    size: float
    """Pixels at the most, of a head or a caption."""
    second_size: float
    """Of what stands below a head, as a share of the head's."""
    weights: tuple[int, ...]
    """Of head or caption, and of what stands below a head."""
    colours: TextColours


class WordingPreview(_Part, frozen=True, kw_only=True):
    """Where the lines of a paragraph may end, and how much height its script needs."""

    pieces: tuple[str, ...]
    """What no line breaks within. What a piece ends with says what may follow: a space; a soft
    hyphen, shown where the line ends; or nothing. Word joiners (U+2060) are not shown."""
    script: Literal["plain", "roomy", "dense"]
    """Roomy has marks above and below its letters, dense fills each character's whole square."""
    scale: float
    """What sizes are multiplied by, for scripts whose letters are small in their square."""


class TextPreview(_Part, frozen=True, kw_only=True):
    """A scene's words on the picture."""

    style: TextStyle
    paragraphs: tuple[str, ...]
    """A head and, where there is one, what stands below it."""
    wordings: tuple[WordingPreview, ...]
    """Of each paragraph."""
    right_to_left: bool
    span: FrameSpan
    fade_frames: int
    """In which they appear, and again in which they go; part of the span."""
    fade: float
    look: TextLook


class SpokenWordPreview(_Part, frozen=True, kw_only=True):
    """A word of a cue, or a phrase where words are not told apart."""

    text: str
    """With the space or line break that follows it: joined, words are the cue's text."""
    start: float
    end: float


class LitWordPreview(_Part, frozen=True, kw_only=True):
    """A word of a page, or a phrase where words are not told apart."""

    text: str
    """With the space that follows it: joined, words are the page's text."""
    span: FrameSpan | None
    """When it is lit; None where it is said within a frame."""


class LitPagePreview(_Part, frozen=True, kw_only=True):
    """A few words of a caption that are seen together, while one of them is lit."""

    right_to_left: bool
    words: tuple[LitWordPreview, ...]


class CuePreview(_Part, frozen=True, kw_only=True):
    """One caption; `start` and `end` are those of the WebVTT file, in whole milliseconds."""

    scene_id: str
    text: str
    """One line, or two with a line break between them."""
    wording: WordingPreview
    """For a frame that is too narrow for those lines."""
    right_to_left: bool
    start: float
    end: float
    span: FrameSpan | None
    """When it is seen where captions are burned in; else None."""
    words: tuple[SpokenWordPreview, ...]
    """When each is said: what karaoke goes by."""
    heard: bool
    """Whether they were heard when they are said; else it is guessed from their weight."""
    pages: tuple[LitPagePreview, ...]
    """What is seen instead of the whole, where captions are `lit`; else none."""


class CaptionsPreview(_Part, frozen=True, kw_only=True):
    """What is read while it is said."""

    style: CaptionStyle
    """`none` where captions are no part of the picture: a player may show them all the same."""
    look: TextLook
    cues: tuple[CuePreview, ...]


class NarrationPreview(_Part, frozen=True, kw_only=True):
    """What is said over a scene."""

    text: str
    asset: ExistingAsset | None
    """None while it is not spoken yet."""
    reading: ExistingAsset | None
    """What a free voice reads until then: for the ear, and no part of the film."""
    estimated: bool
    """Whether its length is that of a `reading`, or guessed from its words."""
    span: SampleSpan
    fade: float
    """Seconds in, and out, against clicks."""


class MusicPreview(_Part, frozen=True, kw_only=True):
    """The bed under the voice, repeated to the film's length."""

    file: str | None
    """As the storyboard names it; null where it names none."""
    asset: ExistingAsset | None = None
    """One's own music, or what a model has composed, where the project has it."""
    mood: Mood | None
    """Which of the built-in music it is; the nearest, where a model is to compose."""
    bed_url: str | None = None
    """Where the built-in music is, as a loop without a seam, for whoever has the key; null where
    the film has other music."""
    volume: float
    """Loudness against the voice, in LU."""
    span: SampleSpan
    fade_in: float
    fade_out: float
    ducking: tuple[LevelPoint, ...]
    """How it steps back where somebody speaks; empty where nobody does."""


class LogoPreview(_Part, frozen=True, kw_only=True):
    """The picture that stands in a corner throughout."""

    file: str | None
    """As the storyboard names it; null for one's own."""
    asset: ExistingAsset | None
    """One's own, where it is there."""
    corner: Corner
    box: Zone
    """It is fitted into this box whole, against the corner."""
    opacity: float


class LabelPreview(_Part, frozen=True, kw_only=True):
    """The words that stand in a corner throughout and say that a film was made with AI."""

    text: str
    wording: WordingPreview
    right_to_left: bool
    look: TextLook


class ScenePreview(_Part, frozen=True, kw_only=True):
    """One scene; times are the film's."""

    id: str
    number: int
    """Counts from 1."""
    title: str
    """What a chapter list calls it."""
    span: FrameSpan
    """Both its transitions included."""
    alone: FrameSpan
    """Between its transitions."""
    cast: tuple[str, ...]
    """Whom of the storyboard's cast it shows, by name: those whose pictures its own is drawn by."""
    view: View
    transition: TransitionPreview | None
    """To the next scene; None for a cut and at the end."""
    text: TextPreview | None
    narration: NarrationPreview | None


class TimelinePreview(_Part, frozen=True, kw_only=True):
    """A film as it will be, in one shape."""

    storyboard_digest: str
    title: str
    locale: str
    estimated: bool
    """Whether any narration's length is guessed: times move a little once it is spoken."""
    frame_rate: float
    """A whole number, or 23.976…, 29.97… or 59.94…."""
    sample_rate: int
    frames: int
    duration: float
    canvas: Canvas
    """What all lengths here are in."""
    canvases: tuple[Canvas, ...]
    """Every shape and size that films are made in; times are the same in all."""
    palette: Palette
    faces: tuple[Face, ...]
    """Fonts in the order to fall back by."""
    scenes: tuple[ScenePreview, ...]
    captions: CaptionsPreview
    music: MusicPreview | None
    logo: LogoPreview | None
    label: LabelPreview | None
    """Above everything else; None where none was asked for."""
