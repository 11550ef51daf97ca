"""Passages: what is too long for a call is cut where one pauses, and is the same narration."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from render.generation.acceptance import Inspector
from render.generation.base import Generated, SpeechRequest
from render.generation.dialogue import speak
from render.generation.models import ModelsConfig
from render.generation.narration_models import NARRATION_MODELS, NarrationModel, strictest
from render.generation.offline.speech import OfflineSpeech
from render.generation.passages import in_passages
from render.generation.reading import word_times
from render.generation.requests import digests, speech_request
from render.languages import estimate_seconds
from render.measures import SpeechMeasures
from render.sentences import sentences
from render.storyboard import Scene, Storyboard, clean_text
from render.turns import Speaker

SHORT = NarrationModel(longest=5)
ENGLISH = (
    "The dough rests in the cold cellar through the night. Before dawn the oven is lit with beech. "
    "At six the first loaves are on the shelf. Nobody in the street is awake yet. "
    "By eight there is nothing left of them."
)
JAPANESE = (
    "生地は一晩、冷たい地下室で休みます。夜明け前にかまどに火が入ります。"
    "六時には最初のパンが棚に並びます。八時にはもう何も残っていません。"
)
CHINESE = "面团在冷窖里醒一夜。黎明前点燃烤炉。六点第一批面包上架。八点就什么都没有了。" * 2
ARABIC = "يرتاح العجين طوال الليل في القبو البارد. هل يستيقظ أحد؟ لا أحد في الشارع بعد. " * 2
THAI = "แป้งพักอยู่ในห้องใต้ดินเย็นตลอดคืน ก่อนรุ่งสางเตาอบถูกจุดไฟ หกโมงเช้าขนมปังก้อนแรกอยู่บนชั้น " * 2
TEXTS = {"en": ENGLISH, "ja": JAPANESE, "zh": CHINESE, "ar": ARABIC, "th": THAI}


def texts(request: SpeechRequest) -> list[str]:
    return [one.text for one in request.passages]


def bare(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("locale", TEXTS)
def test_every_passage_fits_a_call_and_together_they_are_the_text(locale: str) -> None:
    asked = in_passages(SpeechRequest(text=TEXTS[locale], locale=locale), SHORT)
    assert len(asked.passages) > 1
    assert bare("".join(texts(asked))) == bare(TEXTS[locale])
    assert all(estimate_seconds(one, locale) <= 5 for one in texts(asked))


@pytest.mark.parametrize("locale", ["en", "ja", "zh", "ar"])
def test_it_is_cut_between_sentences_where_they_are_short_enough(locale: str) -> None:
    asked = in_passages(SpeechRequest(text=TEXTS[locale], locale=locale), NarrationModel(longest=8))
    ends = {bare(one) for one in sentences(TEXTS[locale])}
    assert len(asked.passages) > 1
    for passage in texts(asked):
        assert {bare(one) for one in sentences(passage)} <= ends


def test_no_passage_is_a_word_left_alone() -> None:
    text = "The dough rests through the night. " * 13 + "Done."
    asked = in_passages(SpeechRequest(text=text), NarrationModel(longest=10))
    assert min(estimate_seconds(one, "en") for one in texts(asked)) > 4


def test_a_sentence_that_is_too_long_is_cut_where_one_pauses_in_it() -> None:
    clause = "and the dough is folded once more in the cold of the cellar"
    asked = in_passages(
        SpeechRequest(text=", ".join([clause] * 6) + "."), NarrationModel(longest=10)
    )
    assert len(asked.passages) > 1
    assert all(one.startswith("and") and one[-1] in ",." for one in texts(asked))


@given(st.text(max_size=80), st.integers(1, 4), st.integers(0, 30))
def test_whatever_the_text_nothing_of_it_is_lost(text: str, longest: int, most: int) -> None:
    asked = in_passages(
        SpeechRequest(text=text), NarrationModel(longest=longest, most_characters=most)
    )
    if asked.passages:
        assert bare("".join(texts(asked))) == bare(clean_text(text))
        assert digests(asked) == digests(SpeechRequest(text=text))
    assert all(one.strip() for one in texts(asked))


def test_characters_count_as_the_model_is_given_them() -> None:
    said = ("loaf", "very long loaf of bread")
    request = SpeechRequest(text="A loaf. A loaf. A bun.", pronunciations=(said,))
    model = NarrationModel(longest=100, most_characters=30)
    asked = in_passages(request, model)
    assert [len(one.said) <= 30 for one in asked.passages] == [True] * len(asked.passages)
    # Only what stands in a passage is part of what is asked for it.
    assert {one.text: one.pronunciations for one in asked.passages}["A bun."] == ()


def test_slow_speech_fills_a_call_sooner() -> None:
    asked = [
        len(
            in_passages(
                SpeechRequest(text=ENGLISH, speed=speed), NarrationModel(longest=10)
            ).passages
        )
        for speed in (0.5, 1, 2)
    ]
    assert asked[0] > asked[1] == asked[2]


def test_however_it_is_cut_it_is_the_same_narration() -> None:
    request = SpeechRequest(text=ENGLISH)
    assert digests(in_passages(request, SHORT)) == digests(request)
    ours, theirs = (in_passages(request, model) for model in (SHORT, NarrationModel(longest=9)))
    assert ours.passages != theirs.passages
    assert digests(ours) == digests(theirs)


def test_what_fits_and_what_costs_nothing_is_asked_for_whole() -> None:
    for request, model in (
        (SpeechRequest(text=ENGLISH), NarrationModel()),
        (SpeechRequest(text=ENGLISH), None),
        (SpeechRequest(text=ENGLISH, voice="piper:joe"), SHORT),
    ):
        assert in_passages(request, model) is request


def test_a_turn_is_cut_within_itself() -> None:
    scene = Scene(id="s1", narration=f"Ada: {ENGLISH}\nBen: Thank you.")
    voices = (Speaker(name="Ada", voice="gemini:Kore"), Speaker(name="Ben", voice="gemini:Puck"))
    board = Storyboard(title="Bread", scenes=(scene,), speakers=voices)
    asked = speech_request(board, scene)
    ada, ben = in_passages(asked, SHORT).turns
    assert {one.voice for one in ada.passages} == {"gemini:Kore"}
    assert bare("".join(texts(ada))) == bare(ENGLISH)
    assert (ben.voice, ben.text, ben.passages) == ("gemini:Puck", "Thank you.", ())
    assert digests(in_passages(asked, SHORT)) == digests(asked)


class TestModels:
    def test_every_speech_model_that_there_is_a_price_for_has_a_row(self) -> None:
        config = ModelsConfig()
        assert {config.gemini_speech, config.replicate_speech} <= NARRATION_MODELS.keys()

    def test_a_passage_suits_whichever_model_is_asked(self) -> None:
        config = ModelsConfig(
            narrations={"minimax/speech-2.6-turbo": NarrationModel(longest=90, most_characters=500)}
        )
        assert config.most_said(gemini=True, replicate=True) == NarrationModel(
            longest=60, most_characters=500
        )
        assert config.most_said(gemini=False, replicate=True) == NarrationModel(
            longest=90, most_characters=500
        )
        assert config.most_said(gemini=False, replicate=False) is None
        assert strictest([]) is None

    def test_a_model_without_a_row_is_held_to_a_minute(self) -> None:
        config = ModelsConfig(replicate_speech="someone/a-voice")
        assert config.most_said(gemini=False, replicate=True) == NarrationModel(longest=60)

    @pytest.mark.parametrize(
        "row",
        [
            NarrationModel(longest=0),
            NarrationModel(longest=201),
            NarrationModel(most_characters=-1),
        ],
    )
    def test_a_row_that_cannot_be_is_told(self, row: NarrationModel) -> None:
        (fault,) = ModelsConfig(narrations={"a-voice": row}).faults()
        assert "“a-voice”" in fault


class TestTheWhole:
    """Joined, it is judged as one narration of its text."""

    pytestmark = pytest.mark.anyio

    @pytest.mark.parametrize(("locale", "least"), [("en", 20), ("zh", 8)])
    async def test_it_says_all_of_its_text_and_each_word_is_where_it_is_said(
        self, locale: str, least: int
    ) -> None:
        request = SpeechRequest(text=TEXTS[locale], locale=locale)
        asked = in_passages(request, NarrationModel(longest=9))
        assert len(asked.passages) > 1
        whole = await speak(_Inspected(), asked)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "whole.wav"
            path.write_bytes(whole.data)
            told = word_times(path, request.text, locale)
        assert told
        assert (told.missing, told.repeated, told.unsaid) == ((), (), "")
        assert isinstance(whole.measures, SpeechMeasures)
        put = {word.character: word.start for word in whole.measures.words}
        off = sorted(
            abs(word.start - put[word.character]) for word in told.words if word.character in put
        )
        assert len(off) >= least
        assert off[len(off) // 2] <= 40

    async def test_a_passage_that_is_not_said_is_told(self) -> None:
        asked = in_passages(SpeechRequest(text=ENGLISH), NarrationModel(longest=9))
        whole = await speak(OfflineSpeech(), replace(asked, passages=asked.passages[:-1]))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "whole.wav"
            path.write_bytes(whole.data)
            told = word_times(path, ENGLISH, "en")
        assert told
        assert " ".join(told.missing).endswith("By eight there is nothing left of them.")


class _Inspected(OfflineSpeech):
    """As a chain hands it over."""

    async def speak(self, request: SpeechRequest) -> Generated:
        return await Inspector().inspect_answer(request, await super().speak(request))
