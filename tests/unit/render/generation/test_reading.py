"""Word times: a narration by another voice is set against its text; what it leaves out is told."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from render.generation.pcm import wav
from render.generation.reading import WordTimes, problems_of, read_aloud, word_times
from render.words.captions import cues, pieces

ENGLISH = (
    "Long before the town is awake, the oven glows. Ada has baked here for thirty years. "
    "Nobody hurries. In the evening the lamps along the water are lit."
)
TEXTS = {
    "en": ENGLISH,
    "zh": "在城市醒来之前，烤炉已经亮了。王小明在这里烤了三十年的面包。",
    "hi": "शहर के जागने से बहुत पहले तंदूर जल उठता है। अदिति यहाँ तीस साल से रोटी बनाती है।",
    "da": "Længe før byen vågner, gløder ovnen. Ada har bagt her i tredive år. "
    "Ingen har travlt. Om aftenen bliver lamperne langs vandet tændt.",
    "mr": "शहर जागे होण्याच्या खूप आधी भट्टी पेटते. अदिती इथे तीस वर्षांपासून भाकरी भाजते.",
    "th": "ก่อนที่เมืองจะตื่นขึ้นเตาอบก็เรืองแสงแล้ว เอด้าอบขนมปังที่นี่มาสามสิบปี",
}
GERMAN = (
    "Lange bevor die Stadt erwacht, glüht der Ofen. Ada backt hier seit dreißig Jahren. "
    "Niemand hat es eilig. Am Abend werden die Lampen am Wasser angezündet."
)
VOICES = {locale: f"{locale}+m3" for locale in ("da", "de", "hi", "mr", "th")} | {
    "en": "en-us+m3",
    "zh": "cmn+m3",
}


class Narration:
    """What another voice than the reading's says."""

    def __init__(self, text: str, locale: str, place: Path, *, speed: int = 190) -> None:
        spoken = read_aloud(text, [VOICES[locale]], speed)
        assert spoken
        header, self.samples = spoken
        self.rate = header.sample_rate
        self.known = {at: when for at, _, when in reversed(header.words)}
        self.place = place / "narration.wav"

    def told(self, text: str, locale: str, *, share: float = 1.0) -> WordTimes:
        sound = self.samples[: int(len(self.samples) * share)]
        self.place.write_bytes(wav((sound * 30_000).astype(np.int16), self.rate))
        told = word_times(self.place, text, locale)
        assert told
        return told


@pytest.mark.parametrize("locale", ["en", "hi", "da", "mr"])
def test_words_are_found_where_another_voice_says_them(locale: str, tmp_path: Path) -> None:
    narration = Narration(TEXTS[locale], locale, tmp_path)
    told = narration.told(TEXTS[locale], locale)
    assert not told.missing
    assert not told.repeated
    errors = [
        abs(word.start - narration.known[word.character])
        for word in told.words
        if word.character in narration.known
    ]
    assert len(errors) > 0.8 * len(narration.known)
    assert np.median(errors) <= 40
    assert np.percentile(errors, 95) <= 120


@pytest.mark.parametrize("locale", ["th", "zh"])
def test_what_has_no_spaces_is_timed_phrase_by_phrase(locale: str, tmp_path: Path) -> None:
    text = TEXTS[locale]
    told = Narration(text, locale, tmp_path).told(text, locale)
    assert len(told.words) > 0.8 * len(pieces(text, locale))
    starts = [word.start for word in told.words]
    assert starts == sorted(starts)


def test_a_sentence_that_is_left_out_is_told(tmp_path: Path) -> None:
    said = ENGLISH.replace("Nobody hurries. ", "")
    told = Narration(said, "en", tmp_path).told(ENGLISH, "en")
    assert told.missing == ("Nobody hurries.",)
    assert not told.words
    assert [problem.code for problem in problems_of(told)] == ["sentence_unsaid"]


def test_a_voice_that_breaks_off_is_told(tmp_path: Path) -> None:
    told = Narration(ENGLISH, "en", tmp_path).told(ENGLISH, "en", share=0.8)
    assert told.missing == ("In the evening the lamps along the water are lit.",)


def test_of_what_says_its_text_nobody_says_that_it_breaks_off(tmp_path: Path) -> None:
    told = Narration(ENGLISH, "en", tmp_path).told(ENGLISH, "en")
    assert not told.unsaid
    assert not told.says_another


def test_a_voice_of_another_language_is_told(tmp_path: Path) -> None:
    told = Narration(GERMAN, "de", tmp_path).told(ENGLISH, "en")
    assert told.says_another
    assert not told.words


def test_a_short_text_is_judged_where_its_language_s_pace_was_measured(tmp_path: Path) -> None:
    text = "Ada har bagt her i tredive år, og ingen har travlt."
    assert not Narration(text, "da", tmp_path).told(text, "da", share=0.6).missing
    assert Narration(text, "de", tmp_path).told(text, "de", share=0.6).missing


def test_a_sentence_that_is_said_twice_is_told(tmp_path: Path) -> None:
    twice = ENGLISH.replace("Ada has", "Ada has baked here for thirty years. Ada has")
    told = Narration(twice, "en", tmp_path).told(ENGLISH, "en")
    assert told.repeated == ("Ada has baked here for thirty years.",)


def test_captions_follow_the_words_that_were_heard(tmp_path: Path) -> None:
    narration = Narration(ENGLISH, "en", tmp_path)
    told = narration.told(ENGLISH, "en")
    seconds = Fraction(len(narration.samples), narration.rate)
    captions = cues(ENGLISH, seconds=seconds, pauses=(), locale="en", heard=told.words)
    words = [word for cue in captions for word in cue.words]
    character, errors = 0, list[float]()
    for word in words:
        character = ENGLISH.index(word.text.strip(), character)
        if character in narration.known:
            errors.append(abs(float(word.start) - narration.known[character] / 1000))
        character += len(word.text.strip())
    assert len(errors) > 0.8 * len(narration.known)
    assert np.percentile(errors, 95) <= 0.12


def test_what_no_voice_reads_has_no_times(tmp_path: Path) -> None:
    narration = Narration(ENGLISH, "en", tmp_path)
    narration.told(ENGLISH, "en")
    assert word_times(narration.place, ENGLISH, "xx") is None
    assert word_times(narration.place, ENGLISH, "km") is None
    assert word_times(narration.place, "彼は町の窯", "ja") is None
    assert word_times(narration.place, "Пекарь разжигает печь", "da") is None
    assert word_times(narration.place, " … ", "en") is None
