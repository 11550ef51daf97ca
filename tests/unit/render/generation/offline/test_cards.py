"""The offline cards: legible, inside their margins, and the same every time."""

import cv2
import msgspec
import numpy as np
import pytest
import typst
from hypothesis import given
from hypothesis import strategies as st

from render.generation.base import ImageRequest
from render.generation.offline import cards
from render.generation.offline.cards import OfflineImages
from render.storyboard import AspectRatio, Palette
from render.words import colours, fonts

pytestmark = pytest.mark.anyio

COMPOSITIONS = 7
MARGIN = 0.095  # the camera reaches up to a tenth into the picture, at rest a hair less

hex_colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")

AWKWARD = {
    "one long word": "W" * 150,
    "many words": "The quick brown fox jumps over the lazy dog and goes home to sleep again " * 2,
    "Chinese": "清明前的山里雾还没有散采茶的人已经上了路" * 7,
    "Tamil": "ஒவ்வொருகாலையிலும் நகரம்விழிப்பதற்குமுன் " * 3,
    "two letters": "Ağ",
}


def asking(text: str, **more: object) -> ImageRequest:
    return ImageRequest(prompt="", text=text, title="The Oldest Recipe", **more)  # pyright: ignore[reportArgumentType]


def ink(text: str, composition: int, shape: AspectRatio) -> np.ndarray:
    """Set a card with its words alone in magenta; return where magenta is, at a quarter size."""
    card = cards.card(asking(text, aspect_ratio=shape, scene_number=88, scene_count=188))
    magenta = dict.fromkeys(("ink", "onAccent", "mark", "muted"), "#ff00ff")
    dark = {"background": "#000000", "foreground": "#303030", "accent": "#004000"}
    card = msgspec.structs.replace(card, turn=composition, colours=dark | magenta)
    picture = cv2.imdecode(np.frombuffer(cards.typeset(card, 36), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return (picture[..., 0] > 100) & (picture[..., 2] > 100)


@pytest.mark.parametrize("shape", AspectRatio)
@pytest.mark.parametrize("composition", range(COMPOSITIONS))
@pytest.mark.parametrize("text", AWKWARD.values(), ids=AWKWARD)
def test_words_stay_inside_the_margins(text: str, composition: int, shape: AspectRatio) -> None:
    inked = ink(text, composition, shape)
    rows, columns = np.nonzero(inked)
    height, width = inked.shape
    assert len(rows) > 50
    assert columns.min() / width > MARGIN
    assert columns.max() / width < 1 - MARGIN
    assert rows.min() / height > MARGIN
    assert rows.max() / height < 1 - MARGIN


def test_there_are_as_many_compositions_as_these_tests_try() -> None:
    template = cards.TEMPLATE.read_text(encoding="utf-8")
    line = next(line for line in template.splitlines() if line.startswith("#let compositions"))
    assert line.count(",") + 1 == COMPOSITIONS


async def test_the_same_request_gives_the_same_bytes() -> None:
    request = asking("The oven glows")
    assert (await OfflineImages().draw(request)).data == (await OfflineImages().draw(request)).data


async def test_neighbouring_scenes_look_different() -> None:
    turns = [cards.card(asking("Bread", scene_number=n)).turn % COMPOSITIONS for n in range(1, 8)]
    assert sorted(turns) == list(range(COMPOSITIONS))


@pytest.mark.parametrize(
    "text",
    ['#import "x"', "$x^2$", "*bold* _it_", "`raw` <a> @ref", '#panic("no")', "// comment", "\\ #"],
)
async def test_an_editor_s_markup_is_shown_and_never_run(text: str) -> None:
    made = await OfflineImages().draw(asking(text))
    assert made.warnings == ()
    assert cards.card(asking(text)).wording.words == text


@pytest.mark.parametrize(
    "text",
    ["Ada Ğ ß ő", "Ελλάδα", "Привіт", "مرحبا", "שלום", "नमस्ते", "বাংলা", "தமிழ்", "తెలుగు",
     "สวัสดี", "你好", "繁體字", "こんにちは漢字", "안녕하세요",
     "Հայ", "ქართული", "አማርኛ", "ខ្មែរ", "မြန်မာ", "😀👩🏽‍🚀🇩🇪❤️1️⃣", "✓→★€№"],
)  # fmt: skip
async def test_every_living_script_has_its_glyphs(text: str) -> None:
    assert (await OfflineImages().draw(asking(text))).warnings == ()


async def test_what_no_font_has_is_left_out_and_told() -> None:
    made = await OfflineImages().draw(asking("Egypt 𓀀𓀁 wrote"))
    (warning,) = made.warnings
    assert (warning.code, warning.params) == ("glyphs_missing", {"characters": "𓀀 𓀁"})
    assert "leaves out 𓀀 𓀁" in warning.message
    assert cards.card(asking("Egypt 𓀀𓀁 wrote")).wording.words == "Egypt wrote"


@pytest.mark.parametrize(
    ("text", "mirrored"),
    [("שלום", True), ("1. مرحبا", True), ("Hello שלום", False), ("你好", False)],
)
def test_leftward_scripts_mirror_the_composition(text: str, mirrored: bool) -> None:
    assert cards.card(asking(text)).wording.mirrored is mirrored


def test_a_long_text_is_represented_by_a_phrase_that_is_never_cut_inside_a_word() -> None:
    text = "Bread needs " + "flour and water and salt and time and " * 130
    shown = cards.card(asking(text)).wording.words
    assert len(shown) <= 150
    assert shown.endswith("…")
    assert set(shown.rstrip("…").split()) <= set(text.split())


@given(background=hex_colours, foreground=hex_colours, accent=hex_colours)
def test_words_are_legible_whatever_the_palette(
    background: str, foreground: str, accent: str
) -> None:
    roles = colours.roles(Palette(background=background, foreground=foreground, accent=accent))
    painted = {role: colours.parse(colour) for role, colour in roles.items()}
    for role in ("ink", "muted", "mark"):
        assert colours.contrast(painted[role], painted["background"]) >= colours.TEXT_CONTRAST - 0.1
    assert colours.contrast(painted["onAccent"], painted["accent"]) >= 3
    assert colours.contrast(painted["accent"], painted["background"]) >= 1.55


def test_a_good_palette_is_left_as_it_is() -> None:
    roles = colours.roles(Palette())
    assert roles["background"] == "#14213d"
    assert roles["ink"] == "#ffffff"
    assert roles["accent"] == roles["mark"] == "#fca311"


def test_yellow_on_white_is_mended_towards_black_and_stays_a_yellow() -> None:
    roles = colours.roles(Palette(background="#ffffff", foreground="#ffff00", accent="#fffbe0"))
    red, green, blue = colours.parse(roles["ink"])
    assert red == green > blue
    assert colours.contrast((red, green, blue), (1, 1, 1)) >= colours.TEXT_CONTRAST


def test_light_words_on_a_strong_colour_stay_light() -> None:
    roles = colours.roles(Palette(background="#e63946", foreground="#f1faee", accent="#1d3557"))
    assert roles["ink"] == "#f1faee"
    assert colours.contrast(colours.parse(roles["background"]), colours.parse("#e63946")) < 1.5


def test_only_the_fonts_of_the_project_are_used() -> None:
    families = fonts.fallbacks()
    assert "Noto Sans CJK SC" in families
    assert families[-2:] == ["Noto Color Emoji", "Noto Sans Symbols2"]
    assert isinstance(fonts.fonts(), typst.Fonts)
    assert not any("Libertinus" in family for family in families)


async def test_a_card_shows_no_words_that_the_engine_lays_over_it() -> None:
    bare = {
        (await OfflineImages().draw(asking(text, lettered=True))).data
        for text in ("The oven glows", "The loaf cools")
    }
    assert len(bare) == 1
    assert (await OfflineImages().draw(asking("The oven glows"))).data not in bare


async def test_the_label_of_a_card_without_words_is_inside_the_margins() -> None:
    request = asking("", lettered=True, scene_number=188, scene_count=188)
    card = cards.card(msgspec.structs.replace(request, title="W" * 80))
    plain = msgspec.structs.replace(card, turn=3)
    magenta = {**plain.colours, "muted": "#ff00ff", "mark": "#ff00ff"}
    picture = cv2.imdecode(
        np.frombuffer(cards.typeset(msgspec.structs.replace(plain, colours=magenta), 36), np.uint8),
        cv2.IMREAD_COLOR,
    )
    assert picture is not None
    rows, columns = np.nonzero((picture[..., 0] > 100) & (picture[..., 2] > 100))
    assert columns.min() / picture.shape[1] > MARGIN
    assert columns.max() / picture.shape[1] < 1 - MARGIN
    assert MARGIN < rows.min() / picture.shape[0] < rows.max() / picture.shape[0] < 0.25
