"""Advances: what is said of a line's width without a font is what Typst makes of it."""

import pytest

from render.rendition import profile_for
from render.storyboard import AspectRatio, CaptionStyle, Palette
from render.timeline import TextOverlay
from render.words.advances import TABLE, ems
from render.words.copyfitting import largest_size
from render.words.lit_pages import LONGEST_LINE
from render.words.typesetting import typeset
from render.words.zones import zone_of
from tools.advances import table

BOX = 2 * 1.6
"""What a caption's box adds to its letters, in hundredths of the frame's shorter side."""
WIDEST = 1.12
"""Burmese marks take room of their own once they are joined: how many times what is told."""
LINES = {
    "en": "The quiet oven glows",
    "de": "WÜRDIG MÖGEN",
    "fr": "il filait, l’île, fil",
    "ru": "Пекарь Мюллер печёт",
    "el": "ο φούρνος ανάβει",
    "ar": "يتوهج الفرن هنا مبكرا",
    "he": "התנור זוהר בלילה",
    "hi": "शहर के जागने से पहले",
    "th": "ก่อนที่เมืองจะตื่น",
    "zh": "在城市醒来之前",
    "ja": "カフェはアサに始まる",
    "ko": "도시가 깨어나기 전",
    "ta": "நகரம் விழிக்கும்",
    "ml": "നഗരം ഉണരുന്നതിന്",
    "si": "නගරය අවදි වෙන්න",
    "km": "មុនពេលទីក្រុងភ្ញាក់",
    "my": "မြို့တော်မနိုးမီ",
    "am": "ከተማው ከመንቃቱ በፊት",
    "ka": "სანამ ქალაქი გაიღ",
    "emoji": "bread 👩🏽‍🍳 and 🇩🇪",
}


def test_the_table_is_that_of_the_fonts() -> None:
    assert TABLE.read_text(encoding="ascii") == table(), "run `python -m tools.advances`"


def set_width(text: str, shape: AspectRatio, locale: str) -> float:
    """Return how wide a lit page is set, in hundredths of the frame's shorter side."""
    profile = profile_for(shape)
    words = TextOverlay(
        number=1,
        style=CaptionStyle.LIT,
        text=text,
        start=0,
        frames=1,
        fade=0,
        words=(text,),
        lit=0,
    )
    layer = typeset(words, profile, palette=Palette(), locale=locale)
    return layer.width / min(profile.width, profile.height) * 100 - BOX


@pytest.mark.parametrize("name", LINES)
def test_a_line_is_about_as_wide_as_told(name: str) -> None:
    text, locale = LINES[name], "en" if name == "emoji" else name
    assert ems(text) <= LONGEST_LINE
    found = {
        shape: set_width(text, shape, locale) / largest_size(CaptionStyle.LIT, len(text))
        for shape in AspectRatio
    }
    # In one line and in full size, whatever the frame's shape.
    assert max(found.values()) - min(found.values()) < 0.1
    most = WIDEST if name == "my" else 1.01
    assert 0.88 * ems(text) <= found[AspectRatio.LANDSCAPE] <= most * ems(text)


@pytest.mark.parametrize("shape", AspectRatio)
def test_every_frame_has_room_for_the_longest_line_in_full_size(shape: AspectRatio) -> None:
    profile = profile_for(shape)
    room = zone_of(CaptionStyle.LIT, profile).width / min(profile.width, profile.height) * 100
    inside = (room - BOX) / largest_size(CaptionStyle.LIT, 1)
    assert inside >= WIDEST * LONGEST_LINE


def test_marks_and_joined_pictures_take_no_room_of_their_own() -> None:
    assert ems("e\u0301") == ems("é")
    assert ems("👩🏽‍🍳") == ems("👩") == ems("🇩🇪")
    assert ems("") == 0
    assert ems("城") == 1
