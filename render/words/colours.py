"""Colours that can be read: a project's palette, mended where it would not be legible.

Contrast is WCAG 2's ratio of relative luminances, from 1 (the same) to 21
(black on white). A colour that falls short keeps its hue for as long as it
can: it moves towards black or white by small steps until the ratio is met.
"""

from collections.abc import Sequence

from render.storyboard import CaptionStyle, Palette, TextStyle

TEXT_CONTRAST = 5.0
"""A little above WCAG's 4.5 for body text, for video is compressed."""
SHAPE_CONTRAST = 1.6
"""What art needs to be seen at all."""
_STEPS = 20
_FURTHEST = 8
"""Steps that a background may be darkened for a light foreground's sake."""
_LINEAR_BELOW = 0.04045
_BACKGROUND_ALPHA = 0.88
"""How much of a band is its own colour."""
_OVERLAY_CONTRAST = 4.5
"""WCAG 2's ratio for text."""

Rgb = tuple[float, float, float]
"""Red, green and blue from 0 to 1, as encoded for sRGB."""

_POLES: tuple[Rgb, Rgb] = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
_DARK = "#12151c"
_BRIGHT = "#ffd23f"
"""Lights a word where the accent is as good as white."""
_LIT_CONTRAST = 1.3
"""Of a lit word with those around it."""


def roles(palette: Palette) -> dict[str, str]:
    """Return the hex colours a card is painted with, each legible where it is used.

    Words reach `TEXT_CONTRAST` on the background, and at least WCAG's 3 for
    large text on the accent colour.
    """
    background = readable_background(
        parse(palette.background), parse(palette.foreground), parse(palette.accent)
    )
    accent, backgrounds = _accent_and_grounds(background, parse(palette.accent))
    foreground = legible(parse(palette.foreground), backgrounds, TEXT_CONTRAST)
    accents = [accent, mix(accent, background, 0.14)]
    on_accent = max(background, foreground, key=lambda ink: worst(ink, accents))
    return {
        "background": text(background),
        "foreground": text(foreground),
        "accent": text(accent),
        "ink": text(foreground),
        "onAccent": text(legible(on_accent, accents, TEXT_CONTRAST)),
        "mark": text(legible(accent, backgrounds, TEXT_CONTRAST)),
        "muted": text(legible(mix(foreground, background, 0.3), backgrounds, TEXT_CONTRAST)),
    }


def text_colours(style: TextStyle | CaptionStyle, palette: Palette) -> dict[str, str]:
    """Return the hex colours that words of a style are set in, and what surrounds them."""
    named = roles(palette)
    match style:
        case TextStyle.TITLE:
            # The scrim has the palette's hue, and is as far from the ink as a tint can be.
            ink = parse(named["ink"])
            pole = max(_POLES, key=lambda pole: contrast(pole, ink))
            scrim = text(mix(parse(named["background"]), pole, 0.5))
            return {"ink": named["ink"], "note": named["ink"], "halo": scrim}
        case TextStyle.LOWER_THIRD:
            # The band lets a little of the picture through, be it white or black.
            background = parse(named["background"])
            backgrounds = [mix(background, pole, 1 - _BACKGROUND_ALPHA) for pole in _POLES]
            ink = text(legible(parse(named["ink"]), backgrounds, _OVERLAY_CONTRAST))
            band = named["background"] + f"{round(_BACKGROUND_ALPHA * 255):02x}"
            return {"ink": ink, "note": ink, "mark": named["accent"], "background": band}
        case CaptionStyle.HIGHLIGHT:
            accent = parse(palette.accent)
            return {
                "ink": text(legible(parse(_DARK), [accent], _OVERLAY_CONTRAST)),
                "background": palette.accent,
            }
        case CaptionStyle.BOX:
            return {"ink": "#ffffff", "background": "#0b0d12c8"}
        case CaptionStyle.LIT:
            return {"ink": "#ffffff", "lit": _lit(parse(palette.accent)), "background": "#0b0d12c8"}
        case CaptionStyle.OUTLINE | CaptionStyle.NONE | TextStyle.NONE:  # none is ever set
            return {"ink": "#ffffff", "halo": "#000000"}


def _lit(accent: Rgb) -> str:
    """Return the accent as it is legible on a dark box over anything, and unlike white."""
    box = parse("#0b0d12")
    colour = legible(accent, [mix(box, pole, 1 - 0xC8 / 255) for pole in _POLES], _OVERLAY_CONTRAST)
    return text(colour) if contrast(colour, (1.0, 1.0, 1.0)) >= _LIT_CONTRAST else _BRIGHT


def readable_background(background: Rgb, foreground: Rgb, accent: Rgb) -> Rgb:
    """Return a background on which black or white is legible, art's tints included.

    Only mid-tones are moved: away from white if the foreground is the lighter
    of the two, and from black otherwise, unless that would take them too far.
    """
    black, white = _POLES
    lighter = _luminance(foreground) > _luminance(background)
    for ink, away, furthest in (
        (white, black, _FURTHEST if lighter else 0),
        (black, white, _STEPS),
    ):
        for step in range(furthest + 1):
            candidate = mix(background, away, step / _STEPS)
            if worst(ink, _accent_and_grounds(candidate, accent)[1]) >= TEXT_CONTRAST:
                return candidate
    return white


def _accent_and_grounds(background: Rgb, accent: Rgb) -> tuple[Rgb, list[Rgb]]:
    """Return the accent, made visible, and what words stand on, plain and tinted with it."""
    accent = legible(accent, [background], SHAPE_CONTRAST)
    return accent, [background, mix(background, accent, 0.2)]


def legible(ink: Rgb, backgrounds: Sequence[Rgb], ratio: float) -> Rgb:
    """Return the ink, moved no further than needed, so that it stands out from every background."""
    pole = max(_POLES, key=lambda pole: worst(pole, backgrounds))
    candidates = (mix(ink, pole, step / _STEPS) for step in range(_STEPS + 1))
    return next((colour for colour in candidates if worst(colour, backgrounds) >= ratio), pole)


def worst(ink: Rgb, backgrounds: Sequence[Rgb]) -> float:
    """Return the lowest contrast of an ink with any of the backgrounds."""
    return min(contrast(ink, candidate) for candidate in backgrounds)


def contrast(first: Rgb, second: Rgb) -> float:
    """Return WCAG's contrast ratio of two colours."""
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def mix(first: Rgb, second: Rgb, share: float) -> Rgb:
    """Return the colour a share of the way from one to the other."""
    red, green, blue = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return red, green, blue


def parse(colour: str) -> Rgb:
    """Return the colour that `#rrggbb` names."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red / 255, green / 255, blue / 255


def text(colour: Rgb) -> str:
    """Return a colour as `#rrggbb`."""
    return "#" + bytes(round(channel * 255) for channel in colour).hex()


def _luminance(colour: Rgb) -> float:
    red, green, blue = map(_linear, colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    """Undo sRGB's transfer curve (IEC 61966-2-1)."""
    if channel <= _LINEAR_BELOW:
        return channel / 12.92
    return ((channel + 0.055) / 1.055) ** 2.4
