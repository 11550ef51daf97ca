"""Typesetting: on-screen text and burned captions, set by Typst as layers over the picture.

Words keep clear of the frame's edges by 5 % of its width and height, the
title-safe area of EBU R 95 and SMPTE ST 2046-1, and of each other: captions
have the lowest zone, a lower third stands above it whether or not there are
captions, and a title above both. So each text is set by itself
and no segment depends on what another shows. In upright frames captions stand
higher, for there the apps that show them lay controls over the lowest part.

Words that are too long for their zone get smaller, down to what can still be
read; what is longer than that is shortened, and `problems` says so.
"""

import functools
import hashlib
import io
from importlib.metadata import version
from pathlib import Path

import cv2
import msgspec
import numpy as np
import typst
from PIL import Image

from render.errors import MediaError
from render.problem import Problem
from render.rendition import Profile
from render.storyboard import CaptionStyle, Corner, Palette, TextStyle, clean_text
from render.timeline import LabelOverlay, TextOverlay
from render.words import fonts
from render.words.colours import text_colours
from render.words.columns import columns
from render.words.copyfitting import (
    LABEL_SIZE,
    LABEL_STYLE,
    MOST,
    SECOND_SIZE,
    cut,
    largest_size,
    paragraphs,
)
from render.words.faces import BOLD
from render.words.halo import Halo, surround
from render.words.layer import Layer
from render.words.line_breaks import unbroken
from render.words.plate import laid_on, plate
from render.words.readable import readable
from render.words.wording import Wording, wording
from render.words.zones import Zone, label_zone, zone_of

TEMPLATE = Path(__file__).with_name("text_overlay.typ")

_ZERO_WIDTH_SPACE = "\u200b"
_LISTED = 8
_KEPT = 16
"""Layers kept: what two neighbouring segments show at a time, with room to spare."""

_BOX_INSET = 1.6
"""From the ink of a caption's letters to each edge of its box."""
_BARE_INSET = 0.6
_BOX_RADIUS = 0.9

_NOTHING = np.zeros((1, 1, 4), np.uint8)


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """A word of a page on which one is lit."""

    words: str
    boxed: bool
    """Whether Typst would break inside it."""
    after: str
    """The space that follows it, or where there is none a place to break the line."""


class _Sheet(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the template is given."""

    kind: str
    width: int
    height: int
    unit: float
    """A hundredth of the frame's shorter side."""
    head: Wording
    sub: Wording | None
    lines: list[str]
    largest: float
    """The size of head or caption at the most, in hundredths of the frame's shorter side."""
    below: float
    """The size of `sub` as a share of the head's, at the most."""
    inset: float
    """What a caption keeps free on every side, in hundredths of the frame's shorter side."""
    voice: str
    page: list[_Part]
    """Where a word is lit: all of them; else empty."""
    lit: int
    """Which."""
    colours: dict[str, str]


_HALOS: dict[TextStyle | CaptionStyle, tuple[Halo, ...]] = {
    # A scrim, dense where the letters are and gone before the picture's edge.
    TextStyle.TITLE: (Halo(0.5, 0.6, 0.65), Halo(2.2, 4.5, 0.62)),
    # A rim, and the shadow that lifts it off a busy picture.
    CaptionStyle.OUTLINE: (Halo(0.34, 0.08, 1.0), Halo(0.5, 0.9, 0.55)),
}


def typeset(words: TextOverlay, profile: Profile, *, palette: Palette, locale: str) -> Layer:
    """Return words in their style and place, ready to be laid on the profile's canvas.

    The same words give the same layer, to the byte. Raises `MediaError` naming
    the scene where Typst refuses.
    """
    try:
        return _typeset(
            words.style, words.text, profile, palette, locale, words=words.words, lit=words.lit
        )
    except typst.TypstError as error:
        raise MediaError(
            f"Scene {words.number}: its words could not be set.",
            scene=str(words.number),
            reason=error.message,
        ) from error


def typeset_label(label: LabelOverlay, profile: Profile, *, locale: str) -> Layer:
    """Return a label as captions on a box are set, smaller, in its corner."""
    return _typeset(LABEL_STYLE, label.text, profile, Palette(), locale, corner=label.corner)


def missing_glyphs(text: str) -> str:
    """Return the characters that no font has, a space between them; empty if there are none."""
    lacking = sorted(fonts.missing_characters(clean_text(text)))
    return " ".join(lacking[:_LISTED]) + (" …" if len(lacking) > _LISTED else "")


def problems(words: TextOverlay) -> tuple[Problem, ...]:
    """Return what a viewer will miss of the words: characters without glyphs, a cut-off end.

    The text alone decides, so nothing has to be set to know. The sentences name
    no scene; `Problem.of_scene` does.
    """
    listed_problems: list[Problem] = []
    if listed := missing_glyphs(words.text):
        listed_problems.append(
            Problem(
                code="glyphs_missing",
                message=f"The words leave out {listed}: no font here has glyphs for it.",
                params={"characters": listed},
            )
        )
    if any(columns(part) > MOST[words.style] for part in paragraphs(words.style, words.text)):
        listed_problems.append(
            Problem(
                code="words_shortened",
                message=f"The words are too long to be read on the picture and are cut off after "
                f"about {MOST[words.style]} characters.",
                params={"limit": MOST[words.style]},
            )
        )
    return tuple(listed_problems)


def _part(word: str, locale: str) -> _Part:
    said = wording(readable(word), locale)
    return _Part(
        words=said.words,
        boxed=bool(said.whole),
        after=" " if word != word.rstrip() else _ZERO_WIDTH_SPACE,
    )


@functools.cache
def stack_digest() -> str:
    """Return the digest of all that decides how letters look: fonts, typesetter, this room."""
    digest = hashlib.sha256()
    for library in ("typst", "opencv-python-headless", "numpy", "icu4py", "pyphen", "budoux"):
        digest.update(version(library).encode())
    room = Path(__file__).parent
    for part in sorted([*fonts.FOLDER.iterdir(), *room.glob("*.py"), *room.glob("*.typ")]):
        digest.update(part.read_bytes())
    return digest.hexdigest()


@functools.lru_cache(maxsize=_KEPT)
def _typeset(  # noqa: PLR0913  words lie in a cache by all that decides how they look
    style: TextStyle | CaptionStyle,
    text: str,
    profile: Profile,
    palette: Palette,
    locale: str,
    *,
    words: tuple[str, ...] = (),
    lit: int | None = None,
    corner: Corner | None = None,
) -> Layer:
    fitted = [cut(readable(part), MOST[style]) for part in paragraphs(style, text)]
    parts = [part for part in fitted if columns(part)]
    if not parts:
        return Layer.of(_NOTHING, left=0, top=0, width=profile.width, height=profile.height)
    zone = label_zone(corner, profile) if corner else zone_of(style, profile)
    colours = text_colours(style, palette)
    unit = min(profile.width, profile.height) / 100
    wordings = [wording(part, locale) for part in parts]
    lines = [readable(line) for line in clean_text(text).splitlines()]
    sheet = _Sheet(
        kind="caption" if isinstance(style, CaptionStyle) else style.value,
        width=zone.width,
        height=zone.height,
        unit=unit,
        head=wordings[0],
        sub=wordings[1] if len(wordings) > 1 else None,
        # Lines as they were cut are worth keeping only where nothing is left out of them.
        lines=lines if parts == [unbroken(lines)] else [wordings[0].words],
        largest=LABEL_SIZE if corner else largest_size(style, wordings[0].length),
        below=SECOND_SIZE.get(style, 1.0),
        inset=_BOX_INSET if "background" in colours else _BARE_INSET,
        voice="bold" if style in BOLD else "plain",
        page=[] if lit is None else [_part(word, locale) for word in words],
        lit=0 if lit is None else lit,
        colours=colours,
    )
    png = typst.compile(
        TEMPLATE,
        root=TEMPLATE.parent,
        font_paths=fonts.fonts(),
        format="png",
        ppi=72,  # a point is a pixel
        sys_inputs={
            "sheet": msgspec.json.encode(sheet).decode(),
            "fallbacks": fonts.fallbacks_told(),
        },
    )
    picture = np.asarray(Image.open(io.BytesIO(png), formats=("PNG",)).convert("RGBA"))
    left, top = zone.left, zone.top
    # Where letters are, alone: most of a title's zone is empty.
    x, y, wide, high = cv2.boundingRect(picture[..., 3])
    letters = picture[y : y + high, x : x + wide]
    if style in _HALOS:
        picture, grown = surround(letters, _HALOS[style], colour=colours["halo"], unit=unit)
        left, top = left + x - grown, top + y - grown
    elif isinstance(style, CaptionStyle):
        # By their ink: what a line has room for above and below it is another thing in each font.
        inset = round(_BOX_INSET * unit)
        letters = np.pad(letters, ((inset, inset), (inset, inset), (0, 0)))
        size = (wide + 2 * inset, high + 2 * inset)
        box = plate(size, radius=_BOX_RADIUS * unit, colour=colours["background"])
        picture = laid_on(letters, box)
        left, top = _against(zone, size, corner)
    return Layer.of(picture, left=left, top=top, width=profile.width, height=profile.height)


def _against(zone: Zone, size: tuple[int, int], corner: Corner | None) -> tuple[int, int]:
    """Return where a box stands in its zone: above, in its corner, or else below in the middle."""
    free = zone.width - size[0]
    match corner:
        case None:
            return zone.left + free // 2, zone.top + zone.height - size[1]
        case Corner.TOP_LEFT | Corner.BOTTOM_LEFT:
            return zone.left, zone.top
        case Corner.TOP_RIGHT | Corner.BOTTOM_RIGHT:
            return zone.left + free, zone.top
