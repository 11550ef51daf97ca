"""Alternative texts: what a film is, in a sentence, for those who do not see it."""

import pytest

from render.storyboard import Scene, Storyboard
from render.words.alt_text import alt_text


def film(title: str, *texts: str) -> Storyboard:
    scenes = tuple(
        Scene(id=f"s{number}", on_screen_text=text, picture_prompt="An oven, 35 mm")
        for number, text in enumerate(texts)
    )
    return Storyboard(title=title, scenes=scenes)


@pytest.mark.parametrize(
    ("board", "told"),
    [
        (film("Bread", "", ""), "Bread"),
        (film("Bread", "Flour\nand  water", "", "Baked!"), "Bread. Flour and water. Baked!"),
        (film("Bread?", "Yes", "yes", "BREAD?"), "Bread? Yes"),
        (film("خبز", "كيف يُخبز؟", "في الفرن"), "خبز. كيف يُخبز؟ في الفرن"),
        (film("パン。", "朝"), "パン。 朝"),
        (film("", "Flour", "Water"), "Flour. Water"),
    ],
)
def test_the_title_and_what_is_written_in_the_pictures(board: Storyboard, told: str) -> None:
    assert alt_text(board, longest=300) == told


def test_what_does_not_fit_whole_is_left_out() -> None:
    board = film("Bread", "Flour", "Water and salt", "Salt")
    assert alt_text(board, longest=20) == "Bread. Flour"


@pytest.mark.parametrize(
    ("title", "told"),
    [("How bread is baked", "How bread…"), ("Donaudampfschiff", "Donaudampfs…")],
)
def test_a_longer_title_is_cut_at_a_word_where_it_has_one(title: str, told: str) -> None:
    assert alt_text(film(title, "Flour"), longest=12) == told
