"""Dialogue: the turns of several voices as one narration, as loud, and each word where it is."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from render.generation.acceptance import Inspector
from render.generation.base import Generated, SpeechRequest
from render.generation.dialogue import REST, joined, speak
from render.generation.offline.speech import OfflineSpeech
from render.generation.pcm import read_wav, wav
from render.generation.reading import word_times
from render.generation.requests import speech_request
from render.measures import SpeechMeasures
from render.problem import Problem
from render.sound.loudness import integrated, momentary
from render.sound.track import blocks
from render.sound.wav import narration, wav_duration
from render.source import Source
from render.storyboard import Scene, Storyboard
from render.turns import Speaker, beginnings
from render.words.captions import cues
from render.words.webvtt import webvtt, word_webvtt

pytestmark = pytest.mark.anyio

SCENE = Scene(
    id="s1",
    narration="Ada: How long does the dough rest before it is baked?\n"
    "Ben: A whole night, in the cold of the cellar.\n\nThen the oven is lit.",
)
BOARD = Storyboard(
    title="Bread",
    scenes=(SCENE,),
    speakers=(Speaker(name="Ada", voice="en-us+f3"), Speaker(name="Ben", voice="en-gb+m7")),
)


@pytest.fixture(scope="module")
async def answers() -> list[Generated]:
    """Each turn, inspected as whatever is made is; Ben speaks from far away."""
    inspector, speech = Inspector(), OfflineSpeech()
    made = [
        await inspector.inspect_answer(turn, await speech.speak(turn)) for turn in asked().turns
    ]
    pcm, rate = read_wav(made[1].data)
    faint = np.rint(np.frombuffer(pcm, "<i2") / 10).astype(np.int16)
    made[1] = replace(made[1], data=wav(faint, rate))
    return made


@pytest.fixture(scope="module")
async def whole(answers: list[Generated]) -> Generated:
    return await joined(asked(), answers)


def asked() -> SpeechRequest:
    return speech_request(BOARD, SCENE)


def measures(of: Generated) -> SpeechMeasures:
    assert isinstance(of.measures, SpeechMeasures)
    return of.measures


async def test_the_turns_follow_one_another_with_a_rest(
    whole: Generated, answers: list[Generated], tmp_path: Path
) -> None:
    path = tmp_path / "whole.wav"
    path.write_bytes(whole.data)
    said = sum(float(measures(one).seconds) for one in answers)
    assert float(wav_duration(path)) == pytest.approx(said + 2 * float(REST), abs=0.001)
    assert measures(whole).seconds == wav_duration(path)
    assert whole.cost == 0


async def test_they_are_as_loud_as_one_another_and_none_is_clipped(
    whole: Generated, answers: list[Generated], tmp_path: Path
) -> None:
    path = tmp_path / "whole.wav"
    path.write_bytes(whole.data)
    sound = np.concatenate(list(blocks(narration(path))), axis=1)
    assert np.abs(sound).max() < 0.9
    levels, begun = [], 0
    for one in answers:
        seconds = float(measures(one).seconds)
        first, last = (round(at * 48_000) for at in (begun, begun + seconds))
        levels.append(integrated(momentary([sound[:, first:last]])))
        begun += seconds + float(REST)
    assert max(levels) - min(levels) < 1, levels


async def test_each_word_is_known_where_it_is_said_in_the_whole(
    whole: Generated, answers: list[Generated]
) -> None:
    text = " ".join(asked().text.split())
    known = {text[word.character :].split()[0]: word for word in measures(whole).words}
    begun = Fraction(0)
    for one, first in zip(answers, ("How", "A", "Then"), strict=True):
        ends = begun + measures(one).seconds
        assert begun * 1000 - 1 <= known[first].start <= begun * 1000 + 300, first
        begun = ends + REST
    assert [word.start for word in measures(whole).words] == sorted(
        word.start for word in measures(whole).words
    )


async def test_the_whole_is_aligned_across_its_voices_too(whole: Generated, tmp_path: Path) -> None:
    path = tmp_path / "whole.wav"
    path.write_bytes(whole.data)
    found = word_times(path, asked().text, "en")
    assert found is not None
    assert (found.missing, found.repeated) == ((), ())
    put = {word.character: word.start for word in measures(whole).words}
    off = [abs(word.start - put[word.character]) for word in found.words if word.character in put]
    assert len(off) > 15
    assert np.median(off) <= 40


async def test_no_caption_holds_the_words_of_two_and_each_says_whose_it_is(
    whole: Generated,
) -> None:
    told = measures(whole)
    captions = cues(
        asked().text,
        seconds=told.seconds,
        pauses=told.silences,
        locale="en",
        heard=told.words,
        speakers=beginnings(BOARD.turns_of(SCENE)),
    )
    said = {who: " ".join(one.text for one in captions if one.speaker == who) for who in
            ("Ada", "Ben", "")}  # fmt: skip
    assert {who: " ".join(text.split()) for who, text in said.items()} == {
        turn.speaker.name if turn.speaker else "": turn.text for turn in BOARD.turns_of(SCENE)
    }
    assert "\n<v Ada>How long" in webvtt(captions, locale="en")
    assert "<v Ben>" in word_webvtt(captions, locale="en")
    assert "Ada:" not in webvtt(captions, locale="en")


async def test_it_is_told_of_as_the_least_of_its_turns(answers: list[Generated]) -> None:
    warned = Problem(code="voice_unknown", message="Somebody else speaks.")
    model = [replace(one, source=Source.MODEL, model="voice", provider="p") for one in answers]
    stands_in = replace(model[1], model="other", model_intended="voice", warnings=(warned, warned))
    whole = await joined(asked(), [model[0], stands_in, model[2]])
    assert (whole.fallback, whole.model, whole.warnings) == (True, "other", (warned,))
    rule = replace(model[2], source=Source.RULE)
    assert (await joined(asked(), [model[0], stands_in, rule])).source is Source.RULE
    assert not (await joined(asked(), model)).fallback


async def test_a_single_voice_is_asked_as_ever() -> None:
    request = SpeechRequest(text="Hello.")
    speech = OfflineSpeech()
    assert (await speak(speech, request)).data == (await speech.speak(request)).data
