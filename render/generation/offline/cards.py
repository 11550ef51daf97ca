"""Offline pictures: a designed card for each scene, set with Typst in the fonts shipped here.

A card shows the scene's words, the video's title and "2 / 6" over art that is
drawn in the project's colours; where the engine will lay words over the picture,
the art has only title and number on it. Neighbouring scenes get different compositions,
and details follow from the words, so the same request always gives the same
bytes, on every machine: only the fonts of `render/fonts` are used. PNG, twice
1280×720 points (2560×1440, 1440×2560 or 1440×1440 pixels), which leaves the
camera room to zoom at 1080p.
"""

import hashlib
from decimal import Decimal
from pathlib import Path

import anyio
import anyio.to_thread
import msgspec
import typst

from render.errors import RefusedGeneration
from render.generation.base import Generated, ImageRequest
from render.problem import Problem
from render.sentences import phrase, shorten
from render.source import Source
from render.storyboard import AspectRatio, clean_text
from render.words.colours import roles
from render.words.fonts import fallbacks_told, fonts, missing_characters
from render.words.readable import readable
from render.words.wording import Wording, wording

PROVIDER = "offline"
MODEL = "card-5"
"""Goes up whenever the same request no longer gives the same bytes."""

TEMPLATE = Path(__file__).with_name("card.typ")

SIZES = {
    AspectRatio.LANDSCAPE: (1280, 720),
    AspectRatio.PORTRAIT: (720, 1280),
    AspectRatio.SQUARE: (720, 720),
}
"""In points."""
PIXELS_PER_INCH = 144
"""Two pixels a point."""

_MOST_WORDS = 150
"""Code points of text shown; what is longer is represented by its most telling phrase."""
_MOST_TITLE = 56
_LISTED = 8


class Card(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the template is given."""

    width: int
    height: int
    colours: dict[str, str]
    wording: Wording
    """The scene's words; the title, for its direction alone, where the engine adds the words."""
    lettered: bool
    """Whether the engine lays the scene's words over the picture."""
    title: str
    number: int
    count: int
    turn: int
    seed: list[float]


class OfflineImages:
    """An `ImageModel` that needs neither network nor key."""

    def __init__(self, *, at_once: int = 2) -> None:
        """Take how many cards may be set at the same time; each takes a core and some 50 MB."""
        self._at_once = anyio.CapacityLimiter(at_once)

    def price(self, request: ImageRequest) -> Decimal:  # noqa: ARG002 - the port asks for it
        """Return nothing: a card costs only time."""
        return Decimal(0)

    async def draw(self, request: ImageRequest) -> Generated:
        """Return a request's words as a designed card."""
        return await anyio.to_thread.run_sync(_draw, request, limiter=self._at_once)


def card(request: ImageRequest) -> Card:
    """Return what the card of a request shows."""
    words = "" if request.lettered else phrase(readable(clean_text(request.text)), _MOST_WORDS)
    title = shorten(readable(clean_text(request.title)), _MOST_TITLE)
    if not words and not request.lettered:
        words, title = title, ""
    width, height = SIZES[request.aspect_ratio]
    take = f"\n{request.take}" if request.take else ""
    seed = hashlib.sha256(f"{words}\n{title}\n{request.scene_number}{take}".encode()).digest()
    return Card(
        width=width,
        height=height,
        colours=roles(request.palette),
        wording=wording(words or title, request.locale),
        lettered=request.lettered,
        title=title,
        number=request.scene_number,
        count=request.scene_count,
        turn=request.scene_number - 1 + request.take + hashlib.sha256(title.encode()).digest()[0],
        seed=[byte / 256 for byte in seed],
    )


def typeset(card: Card, pixels_per_inch: int) -> bytes:
    """Return a card as PNG; raise `RefusedGeneration`."""
    try:
        return typst.compile(
            TEMPLATE,
            root=TEMPLATE.parents[2],
            font_paths=fonts(),
            format="png",
            ppi=pixels_per_inch,
            sys_inputs={
                "card": msgspec.json.encode(card).decode(),
                "fallbacks": fallbacks_told(),
            },
        )
    except typst.TypstError as error:
        raise RefusedGeneration("The card could not be set.", reason=error.message) from error


def _draw(request: ImageRequest) -> Generated:
    shown = request.title if request.lettered else f"{request.text} {request.title}"
    return Generated(
        data=typeset(card(request), PIXELS_PER_INCH),
        media_type="image/png",
        provider=PROVIDER,
        model=MODEL,
        source=Source.RULE,
        warnings=_warnings(missing_characters(clean_text(shown))),
    )


def _warnings(lacking: frozenset[str]) -> tuple[Problem, ...]:
    if not lacking:
        return ()
    listed = " ".join(sorted(lacking)[:_LISTED]) + (" …" if len(lacking) > _LISTED else "")
    return (
        Problem(
            code="glyphs_missing",
            message=f"The picture leaves out {listed}: the offline provider has no glyphs for it.",
            params={"characters": listed},
        ),
    )
