"""The offline voice: whose voice is chosen, what is said, and how a broken voice is told."""

import io
import wave
from pathlib import Path

import anyio
import numpy as np
import pytest

from render.errors import RetryableGeneration
from render.generation.base import Generated, SpeechRequest
from render.generation.offline import speech
from render.generation.offline.account import OfflineSpeech
from render.generation.voices import ANY_FREE
from render.languages import estimate_seconds, language_of, scripts, tags_of

pytestmark = pytest.mark.anyio

PARAGRAPHS = {
    "en": "Long before the town wakes up, a window on Mill Lane begins to glow.",
    "de": "Jeden Morgen, bevor die Stadt erwacht, heizt eine Bäckerin ihren Ofen an.",
    "fr": "Chaque matin, avant que la ville ne se réveille, une boulangère allume son four.",
    "ru": "Каждое утро, пока город ещё спит, пекарь разжигает свою печь.",
    "ar": "في المساء، يصعد الجيران حاملين الشاي، ويجلسون بين النعناع والياسمين.",
    "hi": "यह नाव ही उनकी पाठशाला है। लहरें गिनती सिखाती हैं, और पंछी कविता।",
    "zh": "一片叶子，要经过日晒、手揉和炭火，才肯说出它的香气。",
    "ko": "매일 아침, 도시가 깨어나기 전에 제빵사는 오븐에 불을 지핍니다.",
}


async def spoken(text: str, *, locale: str = "en", voice: str = "") -> Generated:
    return await OfflineSpeech().speak(SpeechRequest(text=text, locale=locale, voice=voice))


def seconds(made: Generated) -> float:
    with wave.open(io.BytesIO(made.data)) as file:
        return file.getnframes() / file.getframerate()


def samples(made: Generated) -> np.ndarray:
    with wave.open(io.BytesIO(made.data)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


async def test_the_engine_and_its_version_are_recorded() -> None:
    made = await spoken("Bread.")
    assert made.provider == "offline"
    assert made.model.startswith("espeak-ng-1.")


async def test_the_peak_is_brought_to_one_decibel_below_full_scale() -> None:
    peak = np.abs(samples(await spoken("Bread."))).max() / 32_768
    assert 20 * np.log10(peak) == pytest.approx(-1, abs=0.05)


async def test_the_same_line_sounds_the_same_at_any_time() -> None:
    first = await spoken("Bread.")
    await anyio.sleep(1.1)  # left alone, espeak-ng seeds its breath with the second of the day
    assert (await spoken("Bread.")).data == first.data


@pytest.mark.parametrize(("locale", "text"), PARAGRAPHS.items(), ids=PARAGRAPHS)
async def test_the_estimate_is_near_the_real_length(locale: str, text: str) -> None:
    made = await spoken(text, locale=locale)
    assert estimate_seconds(text, locale) == pytest.approx(seconds(made), rel=0.2)


@pytest.mark.parametrize(
    ("locale", "warned"),
    [("en-AU", False), ("pt_BR", False), ("zh-Hant-TW", False), ("gu", False), ("zu", True)],
)
async def test_a_locale_falls_back_to_its_language_and_then_to_english(
    locale: str, *, warned: bool
) -> None:
    made = await spoken("abc", locale=locale)
    assert bool(made.warnings) is warned
    assert not warned or made.warnings[0].code == "language_unknown"


async def test_any_free_voice_is_the_language_s_own() -> None:
    made = await spoken("Brot.", locale="de", voice=ANY_FREE)
    assert (made.data, made.warnings) == ((await spoken("Brot.", locale="de")).data, ())


async def test_a_voice_that_is_not_known_gives_way_to_the_language_s_own() -> None:
    made = await spoken("Bread.", voice="Orson")
    assert (made.warnings[0].code, made.warnings[0].params) == ("voice_unknown", {"voice": "Orson"})
    assert made.data == (await spoken("Bread.")).data


async def test_a_voice_can_be_chosen_by_its_name() -> None:
    made = await spoken("Bread.", voice="en-gb-x-rp+f3")
    assert made.warnings == ()
    assert made.data != (await spoken("Bread.")).data


async def test_markup_is_read_out_and_not_obeyed() -> None:
    made = await spoken('One <break time="20s"/> two')
    assert 2 < seconds(made) < 12


async def test_control_characters_are_no_commands() -> None:
    assert (await spoken("Hello \x01120S there")).data == (await spoken("Hello 120S there")).data


async def test_emoji_and_emphasis_are_not_pronounced() -> None:
    plain = seconds(await spoken("Fresh bread today"))
    assert seconds(await spoken("Fresh **bread** 👩‍🍳🥖 today 🎉")) == pytest.approx(plain, abs=0.3)


async def test_an_emoji_alone_is_named() -> None:
    made = await spoken("🎉")
    assert seconds(made) > 0.5
    assert made.warnings == ()


async def test_what_cannot_be_pronounced_is_a_second_of_silence_and_told() -> None:
    made = await spoken("…")
    assert seconds(made) == 1
    assert not samples(made).any()
    assert [warning.code for warning in made.warnings] == ["nothing_pronounceable"]


@pytest.mark.parametrize(
    ("locale", "text", "script"),
    [("en", "Каждое утро", "Cyrillic"), ("ja", "毎朝町が目覚める", "Chinese"),
     ("ar", "你好世界", "Chinese")],
)  # fmt: skip
async def test_letters_the_voice_cannot_read_are_told(locale: str, text: str, script: str) -> None:
    made = await spoken(text, locale=locale)
    (warning,) = made.warnings
    assert (warning.code, warning.params) == ("letters_unread", {"script": script})


async def test_a_voice_that_hangs_is_stopped_and_may_be_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hanging = tmp_path / "hanging.py"
    hanging.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(speech, "CHILD", hanging)
    with pytest.raises(RetryableGeneration, match=r"did not finish within 0\.2 seconds"):
        await OfflineSpeech(timeout=0.2).speak(SpeechRequest(text="Bread."))


@pytest.mark.parametrize("times", [1, 20_000], ids=["little", "more than a pipe holds"])
async def test_a_voice_that_crashes_takes_nothing_else_with_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, times: int
) -> None:
    crashing = tmp_path / "crashing.py"
    crashing.write_text("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    monkeypatch.setattr(speech, "CHILD", crashing)
    with pytest.raises(RetryableGeneration, match="stopped unexpectedly, with code -11"):
        await OfflineSpeech().speak(SpeechRequest(text="Bread. " * times))


def test_a_locale_s_tags_go_from_the_closest_to_the_widest() -> None:
    assert tags_of("pt_BR") == ("pt-br", "pt")
    assert tags_of("zh-HK") == ("yue", "zh")


def test_scripts_are_counted_by_letters_alone() -> None:
    assert scripts("Ab 1! 你好カナ") == {"LATIN": 2, "CJK": 2, "HIRAGANA": 2}


def test_an_unknown_language_is_taken_at_the_pace_of_english() -> None:
    assert language_of("xx") is None
    assert estimate_seconds("Bread and salt", "xx") == estimate_seconds("Bread and salt", "en")


def test_no_text_takes_no_time() -> None:
    assert estimate_seconds(" \n", "en") == 0
