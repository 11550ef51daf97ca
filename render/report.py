"""What `python -m render … --json` says: one JSON object a line on standard output.

Any number of `progress` lines, then exactly one `result` or one `error`; among them, where the
command was given somebody to ask, `wanted`, `claim` and `pieces`. The
field `event` tells them apart; `msgspec.json.decode(line, type=Report)` reads
each. Light: no media library is loaded, so whoever starts the command can read it.
"""

import enum

import msgspec

from render.problem import Problem
from render.rendition import Rendition


class Stage(enum.StrEnum):
    """What the command is doing."""

    ASSETS = "assets"
    """Finding pictures and narrations, and making the missing ones; counts scenes."""
    COMPOSE = "compose"
    """Encoding; counts frames."""
    VALIDATE = "validate"
    """Judging the joined file, whose pieces are decoded as they are made; counts frames."""
    ACCOMPANY = "accompany"
    """Writing what was ordered beside the video; counts files."""


class _Line(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="event"):
    pass


class ProgressLine(_Line, frozen=True, kw_only=True, tag="progress"):
    """How far a stage has come."""

    stage: Stage
    done: int
    total: int


class SceneTime(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """When a scene is seen, in seconds."""

    id: str
    start: float
    duration: float


class ResultLine(_Line, frozen=True, kw_only=True, tag="result"):
    """The finished video, valid and in its place."""

    rendition: Rendition
    others: tuple[Rendition, ...] = ()
    """The same in other shapes, where several were asked for."""
    scenes: tuple[SceneTime, ...] = ()
    poster: str | None = None
    thumbnails: str | None = None
    """The folder of a picture per scene."""
    captions: str | None = None
    """WebVTT."""
    srt: str | None = None
    words: str | None = None
    """JSON (`render.words.word_list`)."""
    word_captions: str | None = None
    """WebVTT with a time before each word."""
    chapters: str | None = None
    transcript: str | None = None
    sheet: str | None = None
    """The JPEG; its WebVTT file lies beside it."""
    hls: str | None = None
    """The main playlist."""
    webm: str | None = None
    gif: str | None = None
    warnings: tuple[Problem, ...] = ()


class SoundLine(_Line, frozen=True, kw_only=True, tag="sound"):
    """The sound of a storyboard by itself, whole and in its place."""

    path: str
    seconds: float
    bytes: int
    loudness: float
    """LUFS."""
    warnings: tuple[Problem, ...] = ()


class PlannedSegment(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A piece of a video that is encoded by itself; times in seconds."""

    profile: str
    start: float
    duration: float
    scenes: tuple[str, ...]
    """The scenes seen in it, by id: one, or two where one gives way to the other."""
    digest: str
    reused: bool
    """Whether it is in the cache, and would not be encoded."""


class PlanLine(_Line, frozen=True, kw_only=True, tag="plan"):
    """What `plan` found."""

    segments: tuple[PlannedSegment, ...]
    warnings: tuple[Problem, ...] = ()
    """What a rendering would warn of."""


class ErrorLine(_Line, frozen=True, kw_only=True, tag="error"):
    """Why there is no video; the fields of `render.errors.RenderError`."""

    code: str
    message: str
    params: dict[str, str | float] = {}


class WantedLine(_Line, frozen=True, kw_only=True, tag="wanted"):
    """Pieces that the cache lacks: the command waits for an answer (`render.asking`)."""

    names: tuple[str, ...]


class PiecesLine(_Line, frozen=True, kw_only=True, tag="pieces"):
    """Pieces that are in the cache now, and what is made is made of; told if one may ask."""

    names: tuple[str, ...]


class ClaimLine(_Line, frozen=True, kw_only=True, tag="claim"):
    """A piece that is to be made next: the command waits to be told whose turn that is."""

    name: str


class SegmentsLine(_Line, frozen=True, kw_only=True, tag="segments"):
    """What `segments` did: how many it encoded into the cache."""

    encoded: int


Report = (
    ProgressLine
    | ResultLine
    | SoundLine
    | SegmentsLine
    | ErrorLine
    | WantedLine
    | PiecesLine
    | ClaimLine
)
"""A line of a rendering."""
