"""Turns: who says what, told by the names that lines begin with."""

import msgspec
import pytest

from render.drafting.offline import draft
from render.errors import InvalidStoryboard, LimitExceeded
from render.generation.requests import image_request, request_digest, speech_request
from render.storyboard import Brief, Limits, Scene, Storyboard
from render.turns import Speaker, Turn, beginnings, spoken, turns

ADA, BEN = Speaker(name="Ada", voice="gemini:Kore"), Speaker(name="Dr. Ben", voice="gemini:Puck")


def told(text: str) -> list[tuple[str, str]]:
    return [
        (turn.speaker.name if turn.speaker else "", turn.text) for turn in turns(text, (ADA, BEN))
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ada: Hello.", [("Ada", "Hello.")]),
        ("ADA : Bonjour.", [("Ada", "Bonjour.")]),
        ("Ada：你好。", [("Ada", "你好。")]),
        ("Ada: مرحبا", [("Ada", "مرحبا")]),
        ("Ada: Yes.\nDr.  Ben: No.", [("Ada", "Yes."), ("Dr. Ben", "No.")]),
        ("Before.\nAda: Yes.", [("", "Before."), ("Ada", "Yes.")]),
    ],
)
def test_a_line_that_begins_with_a_speaker_s_name_is_theirs(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert told(text) == expected


def test_a_turn_lasts_to_the_end_of_its_paragraph() -> None:
    assert told("Ada: One.\nTwo.\n\nThree.") == [("Ada", "One.\nTwo."), ("", "Three.")]
    assert told("Ada: One.\n\nAda: Two.") == [("Ada", "One.\n\nTwo.")]


@pytest.mark.parametrize(
    "text",
    ["Note: this is text.", "I met Ada: she waved.", "Adam: hello", "Ada:", " \n", "", "Ada hello"],
)
def test_what_names_no_speaker_is_text_as_it_came(text: str) -> None:
    assert turns(text, (ADA, BEN)) == (Turn(text),)
    assert beginnings(turns(text, (ADA,))) == ()


def test_what_is_captioned_holds_no_name_and_knows_where_each_begins() -> None:
    said = turns("Ada: How  long?\nDr. Ben: A night.\n\nThen it is baked.", (ADA, BEN))
    words = " ".join(spoken(said).split())
    assert words == "How long? A night. Then it is baked."
    assert [(words[at:].split()[0], who) for at, who in beginnings(said)] == [
        ("How", "Ada"),
        ("A", "Dr. Ben"),
        ("Then", ""),
    ]


class TestAStoryboard:
    def board(self, narration: str, **fields: object) -> Storyboard:
        scene = Scene(id="s1", narration=narration, picture_prompt="An oven")
        fields = {"speakers": (ADA, BEN), "voice": "gemini:Zephyr"} | fields
        return msgspec.convert({"title": "Bread", "scenes": (scene,), **fields}, Storyboard)

    def test_each_turn_is_asked_of_its_own_voice(self) -> None:
        board = self.board("Ada: How long?\nDr. Ben: A night.\n\nThen.")
        asked = speech_request(board, board.scenes[0])
        assert [(one.voice, one.text) for one in asked.turns] == [
            ("gemini:Kore", "How long?"),
            ("gemini:Puck", "A night."),
            ("gemini:Zephyr", "Then."),
        ]
        assert len({request_digest(one) for one in (asked, *asked.turns)}) == 4

    def test_who_speaks_alone_is_asked_for_as_a_film_s_own_voice_would_be(self) -> None:
        by_name, own = self.board("Ada: Hello."), self.board("Hello.", voice="gemini:Kore")
        first, second = (speech_request(one, one.scenes[0]) for one in (by_name, own))
        assert request_digest(first) == request_digest(second)

    def test_another_voice_for_one_makes_their_turns_anew_and_no_other(self) -> None:
        board = self.board("Ada: How long?\nDr. Ben: A night.")
        other = self.board(
            "Ada: How long?\nDr. Ben: A night.",
            speakers=(ADA, Speaker(name="Dr. Ben", voice="gemini:Charon")),
        )
        one, two = (speech_request(each, each.scenes[0]).turns for each in (board, other))
        assert [request_digest(a) == request_digest(b) for a, b in zip(one, two, strict=True)] == [
            True,
            False,
        ]
        pictures = {request_digest(image_request(each, each.scenes[0])) for each in (board, other)}
        assert len(pictures) == 1

    def test_a_storyboard_without_speakers_is_approved_as_before_there_were_any(self) -> None:
        assert self.board("A.", speakers=()).digest != self.board("A.").digest
        assert b"speakers" in msgspec.json.encode(self.board("A."))

    @pytest.mark.parametrize(
        ("speakers", "error"),
        [
            ((ADA, Speaker(name="ADA")), InvalidStoryboard),
            (tuple(Speaker(name=f"S{n}") for n in range(21)), LimitExceeded),
            ((Speaker(name="A", voice="v" * 10_001),), LimitExceeded),
        ],
    )
    def test_what_cannot_be_told_apart_or_is_too_much_is_refused(
        self, speakers: tuple[Speaker, ...], error: type[Exception]
    ) -> None:
        with pytest.raises(error):
            self.board("A.", speakers=speakers).check(Limits())
        with pytest.raises(error):
            Brief(title="t", script="A.", speakers=speakers).check(Limits())

    @pytest.mark.parametrize("name", ["", " Ada", "A:b", "Ada：", "two\nlines", "n" * 64])
    def test_a_name_is_what_can_stand_before_a_colon(self, name: str) -> None:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"name": name}, Speaker)


class TestADraft:
    def test_every_scene_says_who_speaks_in_it(self) -> None:
        sentence = "The dough rests through the night in the cold cellar. "
        script = f"Ada: {sentence * 9}\nDr. Ben: {sentence}\n\n{sentence}"
        board = draft(
            Brief(title="Bread", script=script, speakers=(ADA, BEN)), limits=Limits()
        ).storyboard
        said = [
            (turn.speaker, turn.text) for scene in board.scenes for turn in board.turns_of(scene)
        ]
        letters = {
            who: "".join(text for speaker, text in said if speaker == who).count("cellar")
            for who in (ADA, BEN, None)
        }
        assert len(board.scenes) > 2
        assert letters == {ADA: 9, BEN: 1, None: 1}
        assert not any("Ada" in scene.on_screen_text for scene in board.scenes)
        assert not any("Ada:" in scene.picture_prompt for scene in board.scenes)

    def test_a_script_without_names_is_drafted_as_if_there_were_no_speakers(self) -> None:
        script = "The dough rests. Note: in the cold.\n\nThen it is baked."
        plain = draft(Brief(title="Bread", script=script), limits=Limits()).storyboard
        named = draft(Brief(title="Bread", script=script, speakers=(ADA,)), limits=Limits())
        assert named.storyboard.scenes == plain.scenes
