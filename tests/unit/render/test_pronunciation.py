"""Pronunciations: which words of a text are said otherwise, and what the voice is given."""

import pytest

from render.pronunciation import Pronunciation, occurring, pronounced

LEXICON = (
    Pronunciation(word="nginx", spoken="engine x"),
    Pronunciation(word="SQL", spoken="sequel"),
    Pronunciation(word="SQL Server", spoken="sequel server"),
    Pronunciation(word="Gif", spoken="jif", language="en"),
    Pronunciation(word="Gif", spoken="Giff", language="de"),
    Pronunciation(word="東京", spoken="とうきょう", language="ja"),
)


def said(text: str, locale: str = "en") -> str:
    return pronounced(text, occurring(LEXICON, text, locale))


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("Nginx and NGINX.", "engine x and engine x."),
        ("SQL, not MySQL or SQLite.", "sequel, not MySQL or SQLite."),
        ("SQL Server speaks SQL.", "sequel server speaks sequel."),
        ("Nothing of it.", "Nothing of it."),
    ],
)
def test_a_whole_word_is_said_as_the_lexicon_has_it(text: str, heard: str) -> None:
    assert said(text) == heard


def test_an_entry_is_for_its_language_and_its_dialects() -> None:
    assert said("A gif.", "en-GB") == "A jif."
    assert said("Ein Gif.", "de") == "Ein Giff."
    assert said("Un gif.", "fr") == "Un gif."


def test_the_closest_language_s_entry_counts() -> None:
    both = (*LEXICON, Pronunciation(word="gif", spoken="G I F"))
    assert occurring(both, "a gif", "en") == (("Gif", "jif"),)
    assert occurring(both, "a gif", "fr") == (("gif", "G I F"),)


def test_what_is_written_without_spaces_is_found_within_others() -> None:
    assert said("私は東京に住む", "ja") == "私はとうきょうに住む"


def test_only_what_occurs_is_told_of_so_that_nothing_else_is_made_anew() -> None:
    assert occurring(LEXICON, "Bread.", "en") == ()
    assert [word for word, _ in occurring(LEXICON, "SQL and nginx", "en")] == ["SQL", "nginx"]


def test_what_is_said_is_not_looked_up_again() -> None:
    turned = (Pronunciation(word="a", spoken="b"), Pronunciation(word="b", spoken="a"))
    assert pronounced("a b", occurring(turned, "a b", "en")) == "b a"
    assert (
        pronounced("C++ (x)", occurring([Pronunciation(word="C++", spoken="C plus")], "C++", "en"))
        == "C plus (x)"
    )
