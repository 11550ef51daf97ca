"""Captions: every word once, readable, in time with the voice."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from render.storyboard import clean_text
from render.timeline import Cue
from render.words.captions import GAP, LONGEST, SHORTEST, cues
from render.words.columns import LINE, columns
from render.words.spoken import Break, TextPart, spoken_times

ENGLISH = (
    "Long before the town is awake, the oven glows. Ada Kessler has baked here for thirty years, "
    "and her grandmother before her; the recipe has never changed. Flour, water, salt. And time! "
    "Who would have thought that so little could become so much?"
)
TEXTS = {
    "en": ENGLISH,
    "de": "Lange bevor die Stadt erwacht, glüht der Ofen. Sie backt hier seit dreißig Jahren.",
    "ar": "قبل أن تستيقظ المدينة، يتوهّج الفرن. تخبز عائدة هنا منذ ثلاثين عامًا، وجدّتها من قبلها.",
    "hi": "शहर के जागने से बहुत पहले तंदूर जल उठता है। अदिति यहाँ तीस साल से रोटी बनाती है।",
    "zh": "在城市醒来之前，烤炉已经亮了。王小明在这里烤了三十年的面包，他的祖母也是如此。",
    "ja": "町が目を覚ます前に、窯は赤く光る。エイダは三十年ここでパンを焼いてきた。",
    "th": "ก่อนที่เมืองจะตื่นขึ้นเตาอบก็เรืองแสงแล้ว เอด้าอบขนมปังที่นี่มาสามสิบปี",
}

texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=400),
    st.lists(st.sampled_from(ENGLISH.split() + list(TEXTS["zh"])), max_size=150).map(" ".join),
    st.lists(st.sampled_from(list(TEXTS["ja"] + TEXTS["th"])), max_size=150).map("".join),
)
moments = st.fractions(0, 60, max_denominator=100)
silences = st.lists(st.tuples(moments, moments), max_size=12)


def bare(text: str) -> str:
    """What is said: without spaces, and without the hyphens that show where a word was cut."""
    return "".join(text.split()).replace("\u2010", "").replace("\u00ad", "")


def made(
    text: str,
    seconds: Fraction | float,
    pauses: Sequence[tuple[Fraction, Fraction]] = (),
    locale: str = "en",
) -> tuple[Cue, ...]:
    return cues(text, seconds=Fraction(seconds), pauses=pauses, locale=locale)


@settings(max_examples=150, deadline=None)
@example("0\u00ad", Fraction(1), [], "en")
@example("a" * 60, Fraction(10), [], "en")
@given(
    text=texts,
    seconds=st.fractions(Fraction(1, 100), 60, max_denominator=1000),
    pauses=silences,
    locale=st.sampled_from(["en", "zh-Hant", "ja", "th"]),
)
def test_the_laws_of_cues(
    text: str, seconds: Fraction, pauses: list[tuple[Fraction, Fraction]], locale: str
) -> None:
    found = made(text, seconds, pauses, locale)
    said = bare("".join(cue.text for cue in found))
    assert said == (bare(clean_text(text)) if columns(clean_text(text).strip()) else "")
    for cue in found:
        lines = cue.text.split("\n")
        assert len(lines) <= 2
        assert all(columns(line) <= LINE and line == line.strip() for line in lines)
        assert 0 <= cue.start < cue.end <= seconds
        assert cue.end - cue.start <= LONGEST
    for before, after in pairwise(found):
        assert before.end < after.start
    if len(found) * (SHORTEST + GAP) <= seconds:
        assert all(cue.end - cue.start >= SHORTEST for cue in found)
        assert all(after.start - before.end >= GAP for before, after in pairwise(found))


@pytest.mark.parametrize("locale", TEXTS)
def test_no_word_is_lost(locale: str) -> None:
    found = made(TEXTS[locale], 20, locale=locale)
    assert bare("".join(cue.text for cue in found)) == bare(TEXTS[locale])
    assert len(found) >= 2


def test_cues_end_where_sentences_and_clauses_do() -> None:
    ends = [cue.text[-1] for cue in made(ENGLISH, 20)]
    assert len(ends) >= 5
    assert all(end in ",;.!?" for end in ends)


def test_short_sentences_share_a_cue() -> None:
    assert "Flour, water, salt. And time!" in [cue.text for cue in made(ENGLISH, 20)]


def test_lines_are_alike_in_length() -> None:
    for cue in made(ENGLISH, 20):
        widths = [columns(line) for line in cue.text.split("\n")]
        assert len(widths) == 1 or min(widths) > 0.6 * max(widths)


@pytest.mark.parametrize(("locale", "phrase"), [("ja", "焼いてきた"), ("th", "เตาอบ")])
def test_words_without_spaces_stay_whole(locale: str, phrase: str) -> None:
    for seconds in (6, 12, 24):
        assert any(phrase in cue.text for cue in made(TEXTS[locale], seconds, locale=locale))


def test_sixteen_full_width_characters_fill_a_line() -> None:
    assert columns("烤" * 16) == LINE == columns("a" * 42)
    lines = [line for cue in made(TEXTS["zh"] * 4, 60, locale="zh") for line in cue.text.split()]
    assert max(map(len, lines)) <= 16


def test_an_endless_word_is_cut() -> None:
    found = made("https://" + "a" * 500, 30)
    assert bare("".join(cue.text for cue in found)) == "https://" + "a" * 500


CLOSING = "，。！？：；、”’）」』》】…"
CHINESE = (
    "他说：“你好，世界！”（真的吗？）然后他走了，再也没有回来过——直到今天，我们才知道“为什么”，以及“怎么办”。",
    "《红楼梦》、《西游记》、《水浒传》、《三国演义》，都是“四大名著”（明清小说）；读过的人，无不称赞！",
)


@pytest.mark.parametrize("text", CHINESE)
@pytest.mark.parametrize("locale", ["zh", "zh-Hant", "ja"])
def test_no_line_begins_with_a_closing_mark(text: str, locale: str) -> None:
    for seconds in (4, 9, 14, 30):
        for cue in made(text, seconds, locale=locale):
            for line in cue.text.split("\n"):
                assert line[0] not in CLOSING
                assert line[-1] not in "“‘（「『《【"


def test_no_line_begins_with_a_guillemet_behind_a_space() -> None:
    text = "Elle a dit : « Bonjour tout le monde, comment allez-vous ce matin ? » et puis partit !"
    lines = [line for cue in made(text * 2, 14, locale="fr") for line in cue.text.split("\n")]
    assert not any(line.startswith(("»", "?", "!", ":")) or line.endswith("«") for line in lines)


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("km", "កម្ពុជា|មាន|ប្រវត្តិសាស្ត្រ|ដ៏|យូរលង់|និង|វប្បធម៌|សម្បូរ|បែប"),
        ("lo", "ປະເທດ|ລາວ|ເປັນ|ປະເທດ|ທີ່|ສວຍງາມ"),
        ("my", "မြန်မာနိုင်ငံ|သည်|အလွန်|လှပ|သော|နိုင်ငံ|ဖြစ်သည်"),
    ],
)
def test_words_of_scripts_without_spaces_are_found_in_a_dictionary(locale: str, words: str) -> None:
    known = words.split("|") * 4
    ends = {sum(map(len, known[: count + 1])) for count in range(len(known))}
    reached = 0
    for cue in made("".join(known), 30, locale=locale):
        for line in cue.text.split("\n"):
            reached += len(line)
            assert reached in ends


@pytest.mark.parametrize(
    ("locale", "word", "lines"),
    [
        ("de", "Rindfleischetikettierungsüberwachungsaufgabengesetz", True),
        ("ru", "Рентгеноэлектрокардиографического" * 2, True),
        ("fi", "lentokonesuihkuturbiinimoottoriapumekaanikkoaliupseerioppilas", True),
        ("en", "https://example.com/" + "a" * 60, False),
        ("ko", "가나다라마바사" * 5, False),
    ],
)
def test_a_word_too_long_for_a_line_shows_a_hyphen_where_its_script_has_one(
    locale: str, word: str, lines: bool
) -> None:
    found = [line for cue in made(word, 14, locale=locale) for line in cue.text.split("\n")]
    assert len(found) >= 2
    assert [line.endswith("\u2010") for line in found] == [lines] * (len(found) - 1) + [False]


def test_a_german_word_is_cut_between_syllables() -> None:
    word = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen"
    lines = [line for cue in made(word, 14, locale="de") for line in cue.text.split("\n")]
    assert "\u00ad" not in "".join(lines)
    syllables = "Do-nau-dampf-schiff-fahrts-ge-sell-schafts-ka-pi-täns-müt-zen-ab-zei-chen"
    starts = {"".join(syllables.split("-")[:count]) for count in range(17)}
    said = ""
    for line in lines:
        said += bare(line)
        assert said in starts


@pytest.mark.parametrize("text", ["", " \n", "\u200f"])
def test_no_words_no_cues(text: str) -> None:
    assert made(text, 5) == ()


def test_no_time_no_cues() -> None:
    assert made("Bread.", 0) == ()


def test_a_cue_begins_after_the_pause_and_not_in_it() -> None:
    text = "The oven glows in the dark of the morning. Nobody in town is awake to see it."
    early = made(text, 8, [(Fraction(3), Fraction(4))])
    late = made(text, 8, [(Fraction(9, 2), Fraction(11, 2))])
    assert [cue.start for cue in early] == [0, 4]
    assert [cue.start for cue in late] == [0, Fraction(11, 2)]
    assert early[0].end == Fraction(7, 2), "it lingers half a second, no longer"


def test_silence_at_either_end_is_nobody_s_speech() -> None:
    (cue,) = made("The oven glows.", 6, [(Fraction(0), Fraction(1)), (Fraction(4), Fraction(6))])
    assert cue.start == 1
    assert cue.end == Fraction(9, 2)


def test_a_rest_inside_a_sentence_misleads_nobody() -> None:
    # The voice breathes at 1.2 s, inside the first sentence, and ends it at 4 s.
    text = "The oven that my grandmother built glows all night. Nobody is awake in town to see it."
    breath, end = (Fraction(6, 5), Fraction(7, 5)), (Fraction(4), Fraction(9, 2))
    assert [cue.start for cue in made(text, 8, [breath, end])] == [0, end[1]]


def test_five_thousand_characters_take_no_time() -> None:
    rests = [(Fraction(n), Fraction(n) + Fraction(1, 5)) for n in range(1, 300)]
    found = made((ENGLISH + " ") * 20, 320, rests)
    assert len(found) > 60


parts = st.lists(
    st.builds(
        TextPart,
        text=st.just("word "),
        weight=st.fractions(0, 3, max_denominator=100),
        ends=st.sampled_from(Break),
    ),
    max_size=30,
)


@example(
    parts=[TextPart(text="", weight=Fraction(weight), ends=Break.WORD) for weight in (1, 0)],
    seconds=Fraction(1, 10),
    pauses=[(Fraction(1, 11), Fraction(1))],
)
@given(
    parts=parts, seconds=st.fractions(Fraction(1, 10), 60, max_denominator=1000), pauses=silences
)
def test_parts_are_heard_in_order_and_never_at_once(
    parts: list[TextPart], seconds: Fraction, pauses: list[tuple[Fraction, Fraction]]
) -> None:
    spans = spoken_times(parts, seconds=seconds, pauses=pauses)
    assert len(spans) == len(parts)
    for span in spans:
        assert 0 <= span.start <= span.end <= seconds
    for before, after in pairwise(spans):
        assert before.end <= after.start


@given(count=st.integers(1, 12), rest=st.fractions(Fraction(1, 5), 1), data=st.data())
def test_sentences_are_found_between_the_pauses_that_divide_them(
    count: int, rest: Fraction, data: st.DataObject
) -> None:
    # Said up to a tenth faster or slower than their weight, as voices do.
    weights = [data.draw(st.integers(30, 60)) for _ in range(count)]
    paces = [data.draw(st.integers(95, 105)) for _ in range(count)]
    assume(sum(weights))
    pauses: list[tuple[Fraction, Fraction]] = []
    now, begins = Fraction(0), [Fraction(0)]
    for weight, pace in zip(weights, paces, strict=True):
        now += Fraction(weight * pace, 1000)
        pauses.append((now, now + rest))
        now += rest
        begins.append(now)
    parts = [TextPart(text="", weight=Fraction(weight), ends=Break.SENTENCE) for weight in weights]
    spans = spoken_times(parts, seconds=pauses[-1][0], pauses=pauses[:-1])
    assert [span.start for span in spans] == begins[:-1]


CHINESE = st.text("长城故宫天坛我们明天去看", min_size=1, max_size=12)
MARKS = st.sampled_from(["，", "。", "！？", "》", "”", "）", "％", "……", "」，"])
OPENINGS = st.sampled_from(["《", "“", "（", "「", ""])


@given(st.lists(st.tuples(OPENINGS, CHINESE, MARKS), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_no_line_begins_with_a_closing_mark_or_ends_with_an_opening_one(
    parts: list[tuple[str, str, str]],
) -> None:
    text = "".join("".join(part) for part in parts)
    for locale in ("zh-CN", "zh-Hant", "ja"):
        found = made(text, len(text) / 4 + 1, locale=locale)
        lines = [line for cue in found for line in cue.text.split("\n")]
        assert bare("".join(lines)) == bare(text)
        assert not [line for line in lines if line[0] in "，。！？》”）％…」"]
        assert not [line for line in lines if line[-1] in "《“（「"]
        assert max(columns(line) for line in lines) <= 42


def test_a_word_that_is_cut_has_a_hyphen_where_a_line_ends() -> None:
    word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    lines = [line for cue in made(f"Die {word}.", 9, locale="de") for line in cue.text.split("\n")]
    assert len(lines) > 1
    assert "".join(line.removesuffix("\u2010") for line in lines).replace("Die", "Die ") in {
        f"Die {word}.",
        f"Die  {word}.",
    }
    assert max(map(len, lines)) <= 42


def test_an_address_that_is_cut_gets_no_hyphen() -> None:
    address = "https://example.org/" + "abcdefgh" * 9
    text = "".join(cue.text for cue in made(address, 9))
    assert "".join(text.split()) == address
