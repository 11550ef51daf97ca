"""A film in another language: the first one's scenes, in words of its own."""

import msgspec
import pytest

from render.drafting.following import follow
from render.drafting.offline import draft
from render.generation.requests import image_request, request_digest, speech_request
from render.storyboard import Brief, Limits, Scene, Storyboard, TextStyle

SHOWN = Storyboard(
    title="The bakery",
    locale="en",
    style="Warm morning light",
    voice="Kore",
    speed=1.5,
    scenes=(
        Scene(
            id="card",
            picture_prompt="A shop sign.",
            on_screen_text="The bakery",
            text_style=TextStyle.TITLE,
            duration=3,
        ),
        Scene(
            id="window",
            narration="Long before the town wakes up, a window on Mill Lane begins to glow.",
            picture_prompt="A lit window in a dark street.",
            on_screen_text="Mill Lane",
            duration=9,
            pause_after=1,
            narration_take=2,
            picture_take=1,
            caption="Early",
        ),
        Scene(
            id="crust",
            narration="By six the street smells of warm crust.",
            picture_prompt="Loaves on a shelf.",
            caption="",
            speed=0.8,
        ),
    ),
)
GERMAN = Brief(
    title="Die Bäckerei",
    locale="de",
    voice="Puck",
    script="Lange bevor die Stadt erwacht, leuchtet ein Fenster in der Mühlgasse.\n\n"
    "Um sechs riecht die Straße nach warmer Kruste.",
)


def told(script: str = GERMAN.script) -> Storyboard:
    brief = msgspec.structs.replace(GERMAN, script=script)
    return follow(SHOWN, draft(brief, limits=Limits()).storyboard)


def test_the_pictures_are_those_that_were_paid_for() -> None:
    asked = [
        [request_digest(image_request(board, scene)) for scene in board.scenes]
        for board in (SHOWN, told())
    ]
    assert asked[0] == asked[1]


def test_language_voice_title_and_words_are_its_own() -> None:
    board = told()
    assert (board.title, board.locale, board.voice, board.speed) == (
        "Die Bäckerei",
        "de",
        "Puck",
        None,
    )
    assert [scene.narration for scene in board.scenes] == ["", *GERMAN.script.split("\n\n")]
    card, window, crust = board.scenes
    assert card.on_screen_text == "Die Bäckerei"
    assert window.on_screen_text == "Leuchtet ein Fenster in der Mühlgasse"
    assert crust.on_screen_text == "", "There was no text in this picture."
    assert request_digest(speech_request(board, window)) != request_digest(
        speech_request(SHOWN, SHOWN.scenes[1])
    )


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("here", [True, False])
def test_it_is_labelled_where_either_is(*, there: bool, here: bool) -> None:
    led = msgspec.structs.replace(SHOWN, disclosure=there)
    brief = msgspec.structs.replace(GERMAN, disclosure=here)
    board = follow(led, draft(brief, limits=Limits()).storyboard)
    assert board.disclosure is (there or here)


def test_scenes_last_as_long_as_their_own_words() -> None:
    card, window, crust = told().scenes
    assert (card.duration, window.duration) == (3, None)
    assert (window.pause_after, crust.speed, window.narration_take) == (1, None, 0)


def test_captions_of_its_own_are_not_kept_and_none_stay_none() -> None:
    assert [scene.caption for scene in told().scenes] == [None, None, ""]


@pytest.mark.parametrize(
    "script",
    [
        "Lange schläft die Stadt. Ein Fenster leuchtet. Der Teig geht auf. Um sechs riecht es gut.",
        "Eins.\n\nZwei.\n\nDrei.\n\nVier.\n\nFünf.",
        "Nur dieser eine Satz.",
    ],
)
def test_words_cut_otherwise_are_dealt_out_whole_and_in_order(script: str) -> None:
    said = [scene.narration for scene in told(script).scenes]
    assert said[0] == "", "The card says nothing in any language."
    assert " ".join(" ".join(said).split()) == " ".join(script.split())
    assert all(not text or text.endswith(".") for text in said)


def test_a_longer_scene_is_given_more_of_the_words() -> None:
    _, window, crust = told("Eins zwei drei. Vier fünf sechs. Sieben acht neun.").scenes
    assert window.narration == "Eins zwei drei. Vier fünf sechs."
    assert crust.narration == "Sieben acht neun."
