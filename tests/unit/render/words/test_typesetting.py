"""On-screen text: legible, inside its zone, any script, the same every time."""

import time
from itertools import product

import cv2
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from render.pictures.canvas import Canvas
from render.rendition import Profile, Quality, profile_for
from render.storyboard import AspectRatio, CaptionStyle, Palette, TextStyle
from render.timeline import TextOverlay
from render.words import typesetting
from render.words.colours import contrast, mix, parse, text_colours
from render.words.layer import Layer
from render.words.wording import wording
from render.words.zones import SAFE

CAPTIONS = [style for style in CaptionStyle if style is not CaptionStyle.NONE]
STYLES = [*(style for style in TextStyle if style is not TextStyle.NONE), *CAPTIONS]
SMALL = [profile_for(shape, Quality.PREVIEW) for shape in AspectRatio]
WIDE = Profile(name="wide", width=960, height=540)

GREY = Palette(background="#202020", foreground="#f4f4f4", accent="#c0c0c0")

SCRIPTS = {
    "Latin": ("Bread\nEvery morning", "en"),
    "Arabic": ("الخبز الأول\nخبّاز من الجيل الثالث", "ar"),
    "Hebrew": ("לחם ראשון", "he"),
    "Hindi": ("पहली रोटी", "hi"),
    "Tamil": ("முதல் ரொட்டி", "ta"),
    "Thai": ("ขนมปังก้อนแรก", "th"),
    "Chinese": ("第一炉面包", "zh-CN"),
    "Japanese": ("最初のパン", "ja"),
    "Korean": ("첫 번째 빵", "ko"),
    "emoji": ("Bread 🍞 & joy 🎉", "en"),
}
AWKWARD = {
    "one endless word": "W" * 5000,
    "5,000 characters": "The quick brown fox jumps over the lazy dog " * 114,
    "many lines": "a\n" * 2500,
    "Chinese without a break": "清明前的山里雾还没有散采茶的人已经上了路" * 250,
    "Tamil": "ஒவ்வொருகாலையிலும் நகரம்விழிப்பதற்குமுன் " * 120,
    "stacked marks": "Z̷̨̡̛̫̰̗̼̞̤̦͇̮̯̖̼̬̜̱̲̐̄a " * 200,
    "two long lines": "W" * 120 + "\n" + "M" * 160,
}


def words(style: TextStyle | CaptionStyle, text: str) -> TextOverlay:
    return TextOverlay(number=3, style=style, text=text, start=0, frames=30, fade=8)


def set_in(
    style: TextStyle | CaptionStyle,
    text: str,
    profile: Profile = SMALL[0],
    *,
    locale: str = "en",
    palette: Palette = Palette(),  # noqa: B008  frozen
) -> Layer:
    return typesetting.typeset(words(style, text), profile, palette=palette, locale=locale)


def painted(layer: Layer, profile: Profile, backdrop: int) -> np.ndarray:
    """Return the RGB that a grey backdrop shows under a layer."""
    canvas = Canvas(profile)
    canvas.y[:], canvas.u[:], canvas.v[:] = backdrop, 128, 128
    layer.paint(canvas)
    frame = canvas.frame().reformat(format="rgb24", src_colorspace="itu709")
    return frame.to_ndarray()


def colourfulness(shown: np.ndarray) -> int:
    """Return how far the most colourful pixel is from grey."""
    return int((shown.max(axis=2).astype(int) - shown.min(axis=2)).max())


def box(layer: Layer) -> tuple[int, int, int, int]:
    return layer.left, layer.top, layer.left + layer.width, layer.top + layer.height


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_is_set_in_every_style(style: TextStyle | CaptionStyle, script: str) -> None:
    text, locale = SCRIPTS[script]
    profile = SMALL[0]
    shown = painted(set_in(style, text, locale=locale), profile, 126)
    assert (np.abs(shown.astype(int) - shown[0, 0].astype(int)).max(axis=2) > 60).sum() > 200
    assert typesetting.problems(words(style, text)) == ()


@pytest.mark.parametrize("profile", SMALL, ids=lambda profile: profile.name)
@pytest.mark.parametrize("text", AWKWARD.values(), ids=AWKWARD)
def test_nothing_leaves_its_zone_however_long(text: str, profile: Profile) -> None:
    boxes = {style: box(set_in(style, text, profile)) for style in STYLES}
    across, down = profile.width * SAFE, profile.height * SAFE
    rim = 0.035 * min(profile.width, profile.height) + 2  # shadows, and even edges
    for style in STYLES[1:]:
        left, top, right, bottom = boxes[style]
        assert left >= across - rim
        assert right <= profile.width - across + rim
        assert top >= down - rim
        assert bottom <= profile.height - down + rim
    left, top, right, bottom = boxes[TextStyle.TITLE]
    assert 0 <= left < right <= profile.width
    assert profile.height * 0.1 < top < bottom < profile.height * 0.9
    for caption in CAPTIONS:
        assert boxes[TextStyle.LOWER_THIRD][3] <= boxes[caption][1] + rim


@pytest.mark.parametrize("style", STYLES)
def test_emoji_are_in_colour_among_words_of_any(style: TextStyle | CaptionStyle) -> None:
    plain, with_emoji = (
        painted(set_in(style, text, palette=GREY), SMALL[0], 126) for text in ("Hot", "Hot 🔥")
    )
    assert colourfulness(plain) < 40
    assert colourfulness(with_emoji) > 120


@pytest.mark.parametrize("whole", ["🇩🇪", "👩🏽‍🍳", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣", "👍🏿", "❤️"])
def test_a_flag_or_a_joined_emoji_is_one_picture(whole: str) -> None:
    one = set_in(TextStyle.LOWER_THIRD, "🍞").width
    assert set_in(TextStyle.LOWER_THIRD, whole).width == pytest.approx(one, abs=4)
    assert set_in(TextStyle.LOWER_THIRD, "🍞🍞").width > one + 10


def test_an_emoji_is_not_left_alone_on_a_line_that_has_room_for_a_word() -> None:
    in_one_line, in_two = (
        set_in(TextStyle.TITLE, text, SMALL[1]) for text in ("Come early", "Come early 🥖")
    )
    assert in_two.height > 1.3 * in_one_line.height
    assert in_two.width < 0.9 * in_one_line.width


def test_digits_and_signs_among_words_stay_words() -> None:
    shown = painted(set_in(TextStyle.TITLE, "1 2 3 # * © ®", palette=GREY), SMALL[0], 126)
    assert colourfulness(shown) < 40


def test_the_longest_texts_are_set_in_a_blink() -> None:
    began = time.process_time()
    for style, text in product(STYLES, ("W " * 2500, "မြန်မာနိုင်ငံတွင်နံနက်" * 220)):
        set_in(style, text, SMALL[1])
    assert time.process_time() - began < 10


@pytest.mark.parametrize("style", STYLES)
def test_words_too_long_to_read_are_cut_and_told(style: TextStyle | CaptionStyle) -> None:
    (problem,) = typesetting.problems(words(style, "word " * 300))
    assert problem.code == "words_shortened"
    assert typesetting.problems(words(style, "word " * 20)) == ()
    assert "cut off after about" in problem.message


def test_what_no_font_has_is_left_out_and_told() -> None:
    (problem,) = typesetting.problems(words(TextStyle.TITLE, "Egypt 𓀀𓀁"))
    assert (problem.code, problem.params) == ("glyphs_missing", {"characters": "𓀀 𓀁"})
    assert typesetting.missing_glyphs("Egypt 𓀀𓀁") == "𓀀 𓀁"
    assert typesetting.missing_glyphs("Ada\nGrüße\t你好 👩🏽‍🍳") == ""


@pytest.mark.parametrize("text", ["", " \n ", "𓀀", "\u200f"])
@pytest.mark.parametrize("style", STYLES)
def test_without_words_there_is_nothing_to_see(style: TextStyle | CaptionStyle, text: str) -> None:
    assert (painted(set_in(style, text), SMALL[0], 126) == 128).all()


@pytest.mark.parametrize("text", ['#panic("no")', "$x^2$", "*b* _i_ `c` <d> @e", "// f", "\\ #"])
def test_markup_is_shown_and_never_run(text: str) -> None:
    for style in STYLES:
        assert set_in(style, text).width > 10


def test_the_same_words_give_the_same_bytes() -> None:
    shots: list[np.ndarray] = []
    for _ in range(2):
        typesetting._typeset.cache_clear()
        shots.append(painted(set_in(TextStyle.TITLE, "The oven glows"), SMALL[0], 90))
    assert (shots[0] == shots[1]).all()


def test_lower_thirds_stand_where_reading_starts() -> None:
    left, _, right, _ = box(set_in(TextStyle.LOWER_THIRD, "Ada"))
    assert left < 40
    assert right < 320
    left, _, right, _ = box(set_in(TextStyle.LOWER_THIRD, "أحمد", locale="ar"))
    assert right > 600
    assert left > 320


def test_a_caption_keeps_its_lines_where_they_fit_and_breaks_them_anew_where_not() -> None:
    text = "Long before the town is awake and at work,\nthe oven glows and glows and glows."
    wide = set_in(CaptionStyle.BOX, text, SMALL[0])
    narrow = set_in(CaptionStyle.BOX, text, SMALL[1])
    assert wide.height < 56
    assert narrow.height > wide.height
    assert narrow.width <= SMALL[1].width * 0.9 + 4


def test_a_title_s_second_line_is_smaller() -> None:
    both = set_in(TextStyle.TITLE, "Bread\nEvery morning", WIDE)
    alone = set_in(TextStyle.TITLE, "Bread", WIDE)
    assert alone.height < both.height < 1.8 * alone.height


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    "palette",
    [
        Palette(),
        Palette(background="#ffffff", foreground="#111111", accent="#0055ff"),
        Palette(background="#e63946", foreground="#f1faee", accent="#1d3557"),
        Palette(background="#808080", foreground="#909090", accent="#7f7f7f"),
    ],
    ids=["default", "light", "red", "grey"],
)
def test_words_are_legible_on_black_and_on_white(
    style: TextStyle | CaptionStyle, palette: Palette
) -> None:
    layer = set_in(style, "Minimum", WIDE, palette=palette)
    on_black, on_white = (painted(layer, WIDE, backdrop) / 255 for backdrop in (16, 235))
    # Letters are what lets nothing through and is not what surrounds most of them.
    solid = np.abs(on_black - on_white).max(axis=2) < 0.02
    part = np.s_[layer.top : layer.top + layer.height, layer.left : layer.left + layer.width]
    ink = np.array(
        [int(text_colours(style, palette)["ink"][i : i + 2], 16) / 255 for i in (1, 3, 5)]
    )
    letters = solid[part] & (np.abs(on_black[part] - ink).max(axis=2) < 0.1)
    assert letters.sum() > 100
    around = cv2.dilate(letters.astype(np.uint8), np.ones((7, 7))) - cv2.dilate(
        letters.astype(np.uint8), np.ones((3, 3))
    )
    for backdrop in (on_black[part], on_white[part]):
        red, green, blue = np.median(backdrop[around > 0], axis=0)
        ratio = contrast((red, green, blue), (float(ink[0]), float(ink[1]), float(ink[2])))
        assert ratio >= 4  # WCAG asks for 3 of large letters


@settings(max_examples=15, deadline=None)
@given(text=st.text(max_size=80), style=st.sampled_from(STYLES))
def test_any_text_at_all_can_be_set(text: str, style: TextStyle | CaptionStyle) -> None:
    layer = set_in(style, text, SMALL[2])
    assert layer.left + layer.width <= SMALL[2].width
    assert layer.top + layer.height <= SMALL[2].height


def test_the_digest_of_the_stack_is_one_string() -> None:
    assert len(typesetting.stack_digest()) == 64
    assert typesetting.stack_digest() == typesetting.stack_digest()


def ink_margins(text: str, locale: str) -> tuple[int, int, int, int]:
    """Pixels of a caption's box around its letters: left, right, above, below."""
    profile = profile_for(AspectRatio.LANDSCAPE)
    layer = set_in(CaptionStyle.BOX, text, profile, locale=locale)
    grey = painted(layer, profile, 200).mean(axis=2)
    rows, across = np.where(grey < 120)
    boxed = grey[rows.min() : rows.max() + 1, across.min() : across.max() + 1] > 150
    # Its round corners.
    boxed[:8, :8] = boxed[:8, -8:] = boxed[-8:, :8] = boxed[-8:, -8:] = False
    down, right = np.where(boxed)
    high, wide = boxed.shape
    return right.min(), wide - 1 - right.max(), down.min(), high - 1 - down.max()


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("Flour, water, salt and time.", "en"),
        ("Long before the town is awake,\nthe oven glows.", "en"),
        ("“Bread!”", "en"),
        ("قبل أن تستيقظ المدينة، يتوهّج الفرن.", "ar"),
        ("在城市醒来之前，烤炉已经亮了", "zh-CN"),
        ("町が目を覚ます前に", "ja"),
        ("도시가 깨어나기 전에", "ko"),
        ("शहर के जागने से बहुत पहले", "hi"),
    ],
)
def test_a_box_has_as_much_room_on_one_side_as_on_the_other(text: str, locale: str) -> None:
    left, right, above, below = ink_margins(text, locale)
    assert max(left, right, above, below) - min(left, right, above, below) <= 2
    assert min(left, right, above, below) >= 15


def test_korean_is_broken_between_words_alone() -> None:
    # Wide enough for a word and a half: where it broke inside one, two lines would be enough.
    set_words = wording("아름다운벚꽃축제 열립니다", "ko")
    assert set_words.pieces == ["", "아름다운벚꽃축제", "열립니다"]
    assert set_words.words.replace("\u2060", "") == "아름다운벚꽃축제 열립니다"
    assert "름\u2060다" in set_words.words
    endless = wording("가나다라마바사아자차카타파하" * 3, "ko")
    assert "\u2060" not in endless.words
    assert "\u200b" in endless.words, "what fits no line is broken somewhere"


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("Every loaf is shaped by hand,\nlong before the town wakes.", "en"),
        ("AN OVEN", "en"),
        ("no tails", "en"),
        ("កម្ពុជាមានប្រវត្តិសាស្ត្រ\nដ៏យូរលង់", "km"),
        ("我们才知道“为什么”，\n以及“怎么办”。", "zh"),
        ("تخبز عائدة هنا", "ar"),
    ],
)
@pytest.mark.parametrize("style", [CaptionStyle.BOX, CaptionStyle.HIGHLIGHT])
def test_a_caption_stands_in_the_middle_of_its_box(
    style: CaptionStyle, text: str, locale: str
) -> None:
    canvas = Canvas(WIDE)
    canvas.fill("#808080")
    set_in(style, text, WIDE, locale=locale).paint(canvas)
    plane = canvas.y.astype(int)
    ground, (height, width) = plane[0, 0], plane.shape
    rows, columns = np.nonzero(abs(plane - ground) > 6)
    top, bottom, left, right = rows.min(), rows.max(), columns.min(), columns.max()
    middle = plane[top + 4, left + 20]
    assert abs(middle - ground) > 6
    inner = abs(plane[top : bottom + 1, left : right + 1] - middle) > 40
    inner[:12, :12] = inner[:12, -12:] = inner[-12:, :12] = inner[-12:, -12:] = False
    ink_rows, ink_columns = np.nonzero(inner)
    free = (
        ink_rows.min(),
        bottom - top - ink_rows.max(),
        ink_columns.min(),
        right - left - ink_columns.max(),
    )
    assert max(free) - min(free) <= 2
    assert abs(min(free) - 1.6 * min(width, height) / 100) <= 2


LIT = {
    "en": ("town ", "is ", "awake,"),
    "ar": ("قبل ", "أن ", "تستيقظ"),
    "he-mixed": ("לחם ", "iPhone ", "Pro ", "חדש"),
    "th": ("ก่อน", "ที่", "เมือง"),
    "zh": ("在", "城市", "醒来"),
    "ko": ("첫 ", "번째 ", "빵"),
}


def lit_centres(parts: tuple[str, ...], locale: str) -> list[float]:
    """Return where across the frame each word is lit; all else stays where it is."""
    text = "".join(parts)
    plain = words(CaptionStyle.LIT, text)
    shown = [
        painted(
            typesetting.typeset(
                msgspec.structs.replace(plain, words=parts, lit=number),
                WIDE,
                palette=Palette(),
                locale=locale,
            ),
            WIDE,
            126,
        ).astype(int)
        for number in range(len(parts))
    ]
    brightest = np.max(shown, axis=0)
    centres: list[float] = []
    for one in shown:
        # Lit letters are not white: what is white in the other frames is not blue in this one.
        dark = brightest[..., 2] - one[..., 2] > 90
        assert dark.sum() > 20
        centres.append(float(np.flatnonzero(dark.any(axis=0)).mean()))
    return centres


@pytest.mark.parametrize("script", LIT)
def test_the_spoken_word_alone_is_lit_where_it_stands(script: str) -> None:
    centres = lit_centres(LIT[script], script.split("-", maxsplit=1)[0])
    if script == "he-mixed":
        # Two words that read rightwards stay in their own order among those that do not.
        first, phone, pro, last = centres
        assert last < phone < pro < first
    else:
        assert centres == sorted(centres, reverse=script == "ar")


@pytest.mark.parametrize("script", LIT)
def test_nothing_moves_when_the_next_word_is_lit(script: str) -> None:
    places = {
        box(
            typesetting.typeset(
                msgspec.structs.replace(
                    words(CaptionStyle.LIT, "".join(LIT[script])), words=LIT[script], lit=number
                ),
                SMALL[1],
                palette=Palette(),
                locale=script.split("-", maxsplit=1)[0],
            )
        )
        for number in range(len(LIT[script]))
    }
    assert len(places) == 1


@pytest.mark.parametrize(
    "accent", ["#000000", "#ffffff", "#fafafa", "#0000ff", "#ffb020", "#808080"]
)
def test_a_lit_word_is_legible_and_unlike_the_others(accent: str) -> None:
    colours = text_colours(CaptionStyle.LIT, Palette(accent=accent))
    lit = parse(colours["lit"])
    for behind in ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)):
        through = mix(parse("#0b0d12"), behind, 1 - 0xC8 / 255)
        assert contrast(lit, through) >= 4.45  # in whole bytes
    assert contrast(lit, parse(colours["ink"])) >= 1.3
