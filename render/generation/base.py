"""The ports of providers, for pictures, speech, clips, music and text, and what they exchange.

A provider returns finished media with a record of how it came to be. It raises
nothing but `render.errors.GenerationError` and its children. `Meter` is the
port in the other direction: who keeps account of calls that cost money.
"""

import enum
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from render.cast import CastKind, Look
from render.measures import Measures
from render.problem import Problem
from render.pronunciation import Pair, pronounced
from render.source import Credit, Source
from render.storyboard import AspectRatio, Palette


class ReferencePicture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of somebody or something that a picture is to show."""

    name: str
    """SHA-256, in hex, that names what it is of: another picture has another name."""
    data: bytes = b""
    """A JPEG (`render.generation.small_pictures`); empty where it is only to be priced or named."""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody or something of the cast that a picture is to show as it always looks."""

    name: str
    kind: CastKind
    description: str = ""
    references: tuple[ReferencePicture, ...] = ()
    """The best first."""


class ImageRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A picture to be made for one scene."""

    prompt: str
    """What a model is asked to draw."""
    text: str = ""
    """The scene's words: what a designed card shows, and what a model leaves out."""
    lettered: bool = False
    """Whether the engine lays these words over the picture: a designed card leaves them out too."""
    title: str = ""
    """The video's title."""
    scene_number: int = 1
    scene_count: int = 1
    style: str = ""
    locale: str = "en"
    aspect_ratio: AspectRatio = AspectRatio.LANDSCAPE
    palette: Palette = Palette()
    take: int = 0
    """Counts how often it was asked for anew in the same words."""
    look: Look = Look()
    """How all pictures of its project look; the style before it takes the place of its own."""
    cast: tuple[Figure, ...] = ()
    """Whom and what it shows."""

    @property
    def references(self) -> tuple[ReferencePicture, ...]:
        """The reference pictures in the order of their worth: first one of each figure."""
        longest = max((len(figure.references) for figure in self.cast), default=0)
        return tuple(
            figure.references[nth]
            for nth in range(longest)
            for figure in self.cast
            if nth < len(figure.references)
        )


class SpeechRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A line of narration to be spoken."""

    text: str
    locale: str = "en"
    voice: str = ""
    """A provider's name for a voice; empty for the locale's default."""
    take: int = 0
    """Counts how often it was asked for anew in the same words."""
    speed: float = 1.0
    """How fast it is spoken, from 0.5 to 2; 1 is the voice's own pace."""
    pronunciations: tuple[Pair, ...] = ()
    """Words of the text that are said otherwise than they are written."""
    turns: "tuple[SpeechRequest, ...]" = ()
    """What is asked of each voice where several speak one after the other; none for one."""
    passages: "tuple[SpeechRequest, ...]" = ()
    """What one voice is asked for one after the other, where its text is too long for a call
    (`render.generation.passages`); none where it is asked for whole."""

    @property
    def parts(self) -> "tuple[SpeechRequest, ...]":
        """What is asked for in its place, to be joined (`render.generation.dialogue`)."""
        return self.turns or self.passages

    @property
    def all_pronunciations(self) -> tuple[Pair, ...]:
        """Words of the text, and of every turn, that are said otherwise."""
        asked = (self, *self.turns)
        return tuple(dict.fromkeys(pair for part in asked for pair in part.pronunciations))

    @property
    def said(self) -> str:
        """The text as the voice is given it."""
        return pronounced(self.text, self.pronunciations)


class ClipRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A still to be set in motion: moving pictures that begin with it."""

    prompt: str
    """What is to happen in it."""
    still: str
    """Names the first picture by what was asked for it: `request_digest` of its `ImageRequest`."""
    seconds: float
    """How long it should last; what is longer than a model's clips holds its last picture."""
    aspect_ratio: AspectRatio = AspectRatio.LANDSCAPE
    look: Look = Look()
    """How all pictures of its film look, the film's own style included."""
    first: bytes = b""
    """The still itself; empty where it is only to be priced or named."""
    next_still: str = ""
    """Names the picture it ends with; empty for none."""
    last: bytes = b""
    sound: bool = False
    """Whether it is to have sound."""


class MusicRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of music to be composed, to lie under a voice."""

    prompt: str
    """What it should sound like."""
    seconds: float
    """How long it should last; what is longer than a model's pieces is repeated."""


class TextRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be written, in a given structure."""

    instructions: str
    """What the model is to do: written by this project alone."""
    material: str
    """What the model is to work on: an editor's words, which are data and never instructions."""
    schema: dict[str, Any]
    """The JSON schema that the answer must follow."""
    max_tokens: int = 32_768


class GenerationRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The record of who made something, and what it took."""

    provider: str
    model: str
    cost: Decimal = Decimal(0)
    """US dollars actually charged."""
    source: Source = Source.MODEL
    credit: Credit = Credit()
    warnings: tuple[Problem, ...] = ()
    """Such as a script no font has glyphs for, or that another model stepped in."""
    model_intended: str = ""
    """The model asked first; empty where there was no choice."""
    attempts: int = 1
    """Calls made for it, failed ones included."""
    latency: float = 0.0
    """Seconds that the call which made it took."""
    seconds: float = 0.0
    """All in all, from asking for it: waits and failed calls included."""

    @property
    def fallback(self) -> bool:
        """Whether another model stepped in for the one intended."""
        return bool(self.model_intended) and self.model_intended != self.model


class Generated(GenerationRecord, frozen=True, kw_only=True):
    """Finished media bytes."""

    data: bytes
    media_type: str
    """`image/png` for pictures, `audio/wav` (16-bit PCM, mono) for speech, `video/mp4`, and for
    music any kind of file that the engine reads."""
    inspected: bool = False
    """Whether it was decoded to its end (`render.generation.acceptance`)."""
    measures: Measures | None = None
    """What was measured of it then."""


class GeneratedText(GenerationRecord, frozen=True, kw_only=True):
    """A finished answer in the structure asked for; its values are not judged yet."""

    content: dict[str, Any]
    input_tokens: int = 0
    output_tokens: int = 0


async def _ignore_id(_provider_id: str) -> None:
    pass


async def _ignore() -> None:
    pass


async def _is_free(_provider_id: str) -> bool:
    return False


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """What accompanies a call that may outlive this process, so that it can be found again."""

    charge: str = ""
    """The id under which the call is accounted for: it may travel along, to find the call by."""
    resume: str | None = None
    """The provider's id of a call made earlier: it is waited for, and nothing new is begun."""
    on_started: Callable[[str], Awaitable[None]] = _ignore_id
    """Told the provider's id the moment it is known, before anything is waited for."""
    is_taken: Callable[[str], Awaitable[bool]] = _is_free
    """Asked of work that is found at the provider: whether it is known as another call's."""
    on_dropped: Callable[[], Awaitable[None]] = _ignore
    """Told that a cancelled call is known to have stopped without a charge."""


class ImageModel(Protocol):
    """Makes pictures."""

    def price(self, request: ImageRequest) -> Decimal:
        """Return what `draw` is expected to charge, in US dollars."""
        ...

    async def draw(self, request: ImageRequest) -> Generated:
        """Return a picture; raise `GenerationError`."""
        ...


class SpeechModel(Protocol):
    """Speaks narration."""

    def price(self, request: SpeechRequest) -> Decimal:
        """Return what `speak` is expected to charge, in US dollars."""
        ...

    async def speak(self, request: SpeechRequest) -> Generated:
        """Return speech; raise `GenerationError`."""
        ...


class VideoModel(Protocol):
    """Sets stills in motion."""

    def price(self, request: ClipRequest) -> Decimal:
        """Return what `animate` is expected to charge, in US dollars."""
        ...

    async def animate(self, request: ClipRequest) -> Generated:
        """Return a clip; raise `GenerationError`."""
        ...


class MusicModel(Protocol):
    """Composes music."""

    def price(self, request: MusicRequest) -> Decimal:
        """Return what `compose` is expected to charge, in US dollars."""
        ...

    async def compose(self, request: MusicRequest) -> Generated:
        """Return a piece of music; raise `GenerationError`."""
        ...


class TextModel(Protocol):
    """Writes text in a given structure."""

    def price(self, request: TextRequest) -> Decimal:
        """Return what `write` is expected to charge at most, in US dollars."""
        ...

    async def write(self, request: TextRequest) -> GeneratedText:
        """Return an answer that parses as JSON; raise `GenerationError`."""
        ...


class Kind(enum.StrEnum):
    """What a paid call makes."""

    PICTURE = "picture"
    """A still for a whole scene."""
    NARRATION = "narration"
    """A scene's words, spoken."""
    CLIP = "clip"
    """A scene's still, set in motion."""
    MUSIC = "music"
    """The bed under a whole film."""
    STORYBOARD = "storyboard"
    """A brief's scenes, written."""


USELESS_CALLS = 2
"""How often one model is paid for an answer to one request that nothing can be made of."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One paid call that is about to be made."""

    kind: Kind
    provider: str
    model: str
    request_digest: str
    """SHA-256, in hex, of what is asked (`render.generation.requests.request_digest`)."""
    price: Decimal
    """US dollars expected: what is reserved."""
    attempt: int
    """Counts the calls of one request, over all models, from 1."""


class Fate(enum.StrEnum):
    """What became of a call, as its provider tells by the id that it gave it."""

    RUNNING = "running"
    """It may yet come to anything."""
    MADE = "made"
    """What it made can be fetched."""
    GONE = "gone"
    """It made something, which is charged and can be had no more."""
    FREE = "free"
    """It came to nothing, and costs nothing."""
    LOST = "lost"
    """The provider knows no call by this id, or no more."""


class Reservation(msgspec.Struct, frozen=True, kw_only=True):
    """Money set aside for one call, until it is known what the call cost."""

    id: str
    provider: str
    model: str
    provider_id: str | None = None
    """The provider's name for the running work, by which it is found again."""


Guard = Callable[[], AbstractAsyncContextManager[object]]
"""Entered around each paid call, from before its intent is written down until it is accounted for.

It may hold a cancellation off until the call is over, and refuse entry to one
that would begin after it.
"""

Keep = Callable[[GenerationRecord, Reservation | None], Awaitable[None]]
"""Takes whatever was made into safe keeping, before the call that made it is settled.

Given the reservation of a call that was paid for, None where nothing was. A
process that dies afterwards has lost neither the thing nor the word of its cost.
"""


async def keep_nothing(_record: GenerationRecord, _reservation: Reservation | None) -> None:
    """Leave what was made to whoever asked for it: a `Keep` for use by hand."""


Announce = Callable[[str, str], Awaitable[None]]
"""Told the provider and the model that are just about to be asked, before each call.

What it raises ends the chain, with nothing set aside for the call.
"""


async def announce_nothing(_provider: str, _model: str) -> None:
    """Tell nobody: an `Announce` for use by hand."""


class Meter(Protocol):
    """Keeps account of paid calls: told before, during and after each one.

    Every reservation ends in exactly one of `settle`, `release` and `mark_unknown`,
    unless the process dies: what then stays open is for its owner to sort out,
    by how far the call had come.
    """

    async def find_unfinished(self, request_digest: str) -> Reservation | None:
        """Return the reservation, with a provider id, of a call that an interruption left running.

        It is fetched instead of paid again, whichever model the chain would
        begin with. Raise `OutcomeUnknown` where an earlier call may have been
        charged and nobody has yet said that it may be sent again.
        """
        ...

    async def reserve(self, call: Call) -> Reservation:
        """Write the intent down and set its price aside; raise where a cap forbids it.

        What it raises ends the chain, since another model would spend as well;
        but for a `RefusedGeneration`, which is of this model alone.
        """
        ...

    async def mark_started(self, reservation: Reservation, provider_id: str | None = None) -> None:
        """Note that the request is about to leave; once more, with its id, when that is known."""
        ...

    async def is_taken(self, reservation: Reservation, provider_id: str) -> bool:
        """Tell whether a provider's id is noted with any call but this one."""
        ...

    async def settle(
        self, reservation: Reservation, cost: Decimal, *, useless: bool = False
    ) -> None:
        """Note what the call really cost, in US dollars, and if its answer could not be used."""
        ...

    async def release(self, reservation: Reservation) -> None:
        """Note that nothing was charged."""
        ...

    async def mark_unknown(self, reservation: Reservation, reason: str) -> bool:
        """Note that nobody knows whether it was charged, with a sentence that says why.

        Returns whether it counts as paid, so that the same may be bought again.
        """
        ...
