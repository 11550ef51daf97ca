"""Zones: where on the canvas words, logo and label may stand; pure, and in pixels.

Everything keeps clear of the frame's edges by 5 % of its width and height, the title-safe area
of EBU R 95 and SMPTE ST 2046-1. Captions have the lowest zone, a lower third stands above it
whether or not there are captions, and a title above both. The label has an upper corner beside
the logo's.
"""

import msgspec

from render.rendition import Profile
from render.storyboard import CaptionStyle, Corner, TextStyle

SAFE = 0.05
"""Share of the width, and of the height, that stays free at each edge."""
_CAPTION_ROOM = {True: 0.175, False: 0.25}
"""The captions' zone in shares of the shorter side: two lines in wide frames, three in others."""
_UPRIGHT_FOOT = 0.14
"""Share of the height below captions in upright frames."""
_UPRIGHT_HEAD = 0.14
"""Share of the height above the label in upright frames: apps lay their bars there."""
_TALLEST_LOGO = 0.3
"""Share of the frame's height; a taller logo is made narrower."""
_WIDEST_LOGO = 0.5
"""Share of the shorter side: the most that a storyboard can ask for."""
_LABEL_ROOM = 0.1
"""The label's height at the most, of the shorter side: two lines."""
_APART = 0.03
"""Between logo and label, of the shorter side."""


class Zone(msgspec.Struct, frozen=True, kw_only=True):
    """A box on the canvas."""

    left: int
    top: int
    width: int
    height: int


def zone_of(style: TextStyle | CaptionStyle, profile: Profile) -> Zone:
    """Return where the words of a style may stand."""
    width, height = profile.width, profile.height
    short, wide = min(width, height), width > height
    foot = round(height * (_UPRIGHT_FOOT if height > width else SAFE))
    captions = round(short * _CAPTION_ROOM[wide])
    match style:
        case TextStyle.TITLE:
            share, room = (0.8 if wide else 1 - 2 * SAFE), round(height * 0.4)
            bottom = (height + room) // 2
        case TextStyle.LOWER_THIRD:
            share, room = 1 - 2 * SAFE, round(short * (0.24 if wide else 0.3))
            bottom = height - foot - captions - round(short * 0.015)
        case _:
            # Narrower than the frame allows, so that a logo has its corner to itself.
            share, room, bottom = (0.72 if wide else 1 - 2 * SAFE), captions, height - foot
    across = round(width * share)
    left = (width - across) // 2
    return Zone(left=left, top=bottom - room, width=across, height=room)


def label_zone(corner: Corner, profile: Profile) -> Zone:
    """Return where the label may stand: in an upper corner, clear of any logo in another."""
    width, height = profile.width, profile.height
    short, across = min(width, height), round(width * SAFE)
    wide = width - 2 * across - round(short * (_WIDEST_LOGO + _APART))
    return Zone(
        left=across if _at_left(corner) else width - across - wide,
        top=round(height * (_UPRIGHT_HEAD if height > width else SAFE)),
        width=wide,
        height=round(short * _LABEL_ROOM),
    )


def logo_size(source: tuple[int, int], *, share: float, profile: Profile) -> tuple[int, int]:
    """Return a logo's width and height on the canvas; `share` is of the shorter side."""
    wide, high = source
    width = share * min(profile.width, profile.height)
    scale = min(width / wide, _TALLEST_LOGO * profile.height / high)
    return max(1, round(wide * scale)), max(1, round(high * scale))


def logo_room(*, share: float, profile: Profile) -> tuple[int, int]:
    """Return the width and height that a logo may take at most, whatever its shape."""
    width, height = profile.width, profile.height
    return max(1, round(share * min(width, height))), max(1, round(_TALLEST_LOGO * height))


def logo_place(size: tuple[int, int], *, corner: Corner, profile: Profile) -> tuple[int, int]:
    """Return where the left and the upper edge of a logo of a size are."""
    width, height = profile.width, profile.height
    across, down = round(width * SAFE), round(height * SAFE)
    at_top = corner in {Corner.TOP_LEFT, Corner.TOP_RIGHT}
    return (
        across if _at_left(corner) else width - across - size[0],
        down if at_top else height - down - size[1],
    )


def _at_left(corner: Corner) -> bool:
    return corner in {Corner.TOP_LEFT, Corner.BOTTOM_LEFT}
