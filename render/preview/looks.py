"""How words look: their place, size and colours, by the laws that they are painted by."""

import msgspec

from render.languages import reads_leftwards
from render.preview.document import LabelPreview, TextColours, TextLook, WordingPreview
from render.rendition import Profile
from render.storyboard import CaptionStyle, Corner, Palette, TextStyle
from render.timeline import Timeline
from render.words.colours import text_colours
from render.words.copyfitting import LABEL_SIZE, LABEL_STYLE, SECOND_SIZE, largest_size
from render.words.faces import weights
from render.words.line_breaks import pieces
from render.words.wording import wording
from render.words.zones import label_zone, zone_of


def wording_preview(paragraph: str, locale: str) -> WordingPreview:
    """Return where a paragraph's lines may end."""
    said = wording(" ".join(paragraph.split()), locale)
    return WordingPreview(
        pieces=tuple(said.whole or pieces(said.words, locale)),
        script="roomy" if said.roomy else "dense" if said.dense else "plain",
        scale=said.scale,
    )


def text_look(
    style: TextStyle | CaptionStyle, *, length: int, palette: Palette, profile: Profile
) -> TextLook:
    """Return where and how words of a style stand; `length` is theirs in characters."""
    colours = text_colours(style, palette)
    unit = min(profile.width, profile.height) / 100
    return TextLook(
        zone=zone_of(style, profile),
        align="start" if style is TextStyle.LOWER_THIRD else "center",
        vertical="middle" if style is TextStyle.TITLE else "bottom",
        size=largest_size(style, length) * unit,
        second_size=SECOND_SIZE.get(style, 1.0),
        weights=weights(style),
        colours=TextColours(
            ink=colours["ink"],
            background=colours.get("background"),
            mark=colours.get("mark"),
            halo=colours.get("halo"),
            lit=colours.get("lit"),
        ),
    )


def label_preview(timeline: Timeline, profile: Profile) -> LabelPreview | None:
    """Return the label's words, and where and how they stand; None where there is none."""
    label = timeline.label
    if label is None:
        return None
    look = text_look(LABEL_STYLE, length=len(label.text), palette=Palette(), profile=profile)
    return LabelPreview(
        text=label.text,
        wording=wording_preview(label.text, timeline.locale),
        right_to_left=reads_leftwards(label.text),
        look=msgspec.structs.replace(
            look,
            zone=label_zone(label.corner, profile),
            align="left" if label.corner is Corner.TOP_LEFT else "right",
            vertical="top",
            size=LABEL_SIZE * min(profile.width, profile.height) / 100,
        ),
    )
