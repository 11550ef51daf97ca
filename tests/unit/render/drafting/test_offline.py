"""What the offline drafter promises of every script, and of a few in particular."""

import re
import unicodedata
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from render.drafting.offline import IDEAL_SECONDS, draft
from render.errors import EmptyScript, LimitExceeded, RenderError
from render.languages import estimate_seconds
from render.problem import Problem
from render.sentences import clauses, clusters, phrase, sentences, shorten
from render.storyboard import Brief, Limits, Mood, Motion, Music, clean_text

SAMPLES = Path(__file__).parents[4] / "samples"
LIMITS = Limits()

any_text = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\x00\x07\u200d\u200f\ud83d\udc69é\u0301🏽🇩🇪👩🚀؟۔。！？।॥.!?,;:— \n\n\t#"),
    ),
    max_size=400,
)
sentence_like = st.lists(
    st.sampled_from(
        [
            "The oven glows.",
            "Bread, salt;",
            "Dr. Ada waits 3.5 hours.",
            "等一等。",
            "نعم؟",
            "हाँ।",
            "\n\n",
        ]
    ),
    min_size=1,
    max_size=60,
).map(" ".join)


def without_space(text: str) -> str:
    return "".join(text.split())


def narrations(script: str, *, locale: str = "en", limits: Limits = LIMITS) -> list[str]:
    brief = Brief(title="A title", script=script, locale=locale)
    return [scene.narration for scene in draft(brief, limits=limits).storyboard.scenes]


def sample(name: str) -> Brief:
    return msgspec.json.decode((SAMPLES / name).read_bytes(), type=Brief)


@given(title=any_text, brief=any_text, script=any_text)
@example(title="", brief="", script="👩‍🚀" * 300)
@example(title="\ud800", brief="\udfff", script="a\ud800b")
@example(title="", brief="x", script="\u200d")
@example(title="", brief="", script="# Only\n# headings")
def test_any_text_becomes_a_sound_storyboard_or_is_refused(
    title: str, brief: str, script: str
) -> None:
    try:
        made = draft(Brief(title=title, brief=brief, script=script), limits=LIMITS)
    except RenderError:
        return
    made.storyboard.check(LIMITS)
    assert made.storyboard.digest
    for scene in made.storyboard.scenes:
        assert scene.narration.strip()
        assert scene.narration == clean_text(scene.narration)


@given(script=st.one_of(any_text, sentence_like))
def test_every_word_is_spoken_once_and_in_order(script: str) -> None:
    script = re.sub(r"[#=*_•\-]", "", script)  # headings and rules are tested apart
    cleaned = clean_text(script)
    try:
        spoken = narrations(script)
    except EmptyScript:
        assert not any(unicodedata.category(char)[0] in "LNPS" for char in cleaned)
        return
    visible = [
        part
        for part in re.split(r"\n\s*\n", cleaned)
        if any(unicodedata.category(c)[0] in "LNPS" for c in part)
    ]
    assert without_space("".join(spoken)) == without_space("".join(visible))


@given(script=sentence_like)
@settings(max_examples=30)
def test_the_same_brief_gives_the_same_storyboard(script: str) -> None:
    brief = Brief(title="Twice", script=script + " end")
    assert draft(brief, limits=LIMITS) == draft(brief, limits=LIMITS)


@given(script=sentence_like)
def test_no_word_is_cut_and_no_motion_repeats(script: str) -> None:
    made = draft(Brief(title="", script="Start. " + script), limits=LIMITS)
    spoken = [word for scene in made.storyboard.scenes for word in scene.narration.split()]
    assert spoken == ("Start. " + script).split()
    motions = [scene.motion for scene in made.storyboard.scenes]
    assert all(one != next_ for one, next_ in pairwise(motions))
    assert Motion.STILL not in motions


@given(script=sentence_like, most=st.integers(1, 5))
def test_a_script_with_too_many_scenes_gets_longer_ones(script: str, most: int) -> None:
    made = draft(Brief(title="", script="Start. " + script), limits=Limits(max_scenes=most))
    assert 1 <= len(made.storyboard.scenes) <= most


def test_the_sample_brief_is_six_scenes_of_half_a_minute() -> None:
    made = draft(sample("brief.json"), limits=LIMITS)
    assert len(made.storyboard.scenes) == 6
    assert made.seconds == pytest.approx(30, abs=2)
    assert made.warnings == ()
    assert made.storyboard.palette.background == "#1f2a44"


@pytest.mark.parametrize("disclosure", [True, False])
def test_the_label_is_asked_for_as_the_brief_does(*, disclosure: bool) -> None:
    brief = msgspec.structs.replace(sample("brief.json"), disclosure=disclosure)
    assert draft(brief, limits=LIMITS).storyboard.disclosure is disclosure


@pytest.mark.parametrize("name", ["brief-ar.json", "brief-zh.json", "brief-hi.json"])
def test_the_samples_in_other_scripts_are_three_scenes(name: str) -> None:
    made = draft(sample(name), limits=LIMITS)
    assert len(made.storyboard.scenes) == 3
    assert not any(scene.on_screen_text.endswith("…") for scene in made.storyboard.scenes)


def test_abbreviations_initials_decimals_and_ordinals_do_not_end_a_sentence() -> None:
    first = "Dr. J. R. Ada paid 3.5 crowns, e.g. for flour, and on 3. May won No. 7 at St. Ives."
    assert sentences(f"{first} I said no. Then we left.") == [
        f"{first} ",
        "I said no. ",
        "Then we left.",
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Is it bread?", "It is."),
        ("“It sings!”", "She smiled."),
        ("雾还没有散。", "水开了。"),
        ("雾还没有散！」", "水开了。"),
        ("هل تحتاج المدينة إلى هذا؟", "قليل من التراب."),
        ("یہ روٹی ہے۔", "ہاں۔"),
        ("यह नाव है।", "लहरें गिनती सिखाती हैं॥"),
    ],
    ids=["question", "quotation", "Chinese", "closing bracket", "Arabic", "Urdu", "Hindi"],
)
def test_sentences_end_as_their_script_ends_them(first: str, second: str) -> None:
    assert [part.strip() for part in sentences(f"{first} {second}")] == [first, second]


def test_chinese_sentences_need_no_space_between_them() -> None:
    assert sentences("雾还没有散。水开了。") == ["雾还没有散。", "水开了。"]


def test_thai_is_cut_at_its_spaces() -> None:
    assert clauses("แป้ง น้ำ และเกลือ") == ["แป้ง ", "น้ำ ", "และเกลือ"]


@given(text=any_text)
@example(text="e\u0301" * 40 + "👩🏽‍🚀🇩🇪🇫🇷한각")
def test_cutting_loses_nothing(text: str) -> None:
    for cut in (sentences, clauses, clusters):
        assert "".join(cut(text)) == text


@pytest.mark.parametrize("character", ["👩🏽‍🚀", "🇩🇪", "e\u0301", "한", "कि", "👨‍👩‍👧‍👦", "1️⃣"])
def test_what_a_reader_calls_one_character_stays_whole(character: str) -> None:
    assert clusters(character * 3) == [character] * 3


@given(text=any_text, at_most=st.integers(2, 80))
def test_shortened_text_fits_and_says_so(text: str, at_most: int) -> None:
    whole = " ".join(text.split())
    short = shorten(text, at_most)
    assert len(short) <= at_most
    assert short == whole or (short.endswith("…") and whole.startswith(short[:-1]))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Bread. The dough has doubled by five, and nobody sleeps.", "The dough has doubled by five"),  # noqa: E501
        ("The dough has doubled. By six the street smells of crust.", "The dough has doubled"),
        ("So come.", "So come"),
        ("And then …", "And then …"),
        ("Unbroken" * 20, "UnbrokenUnbrokenUnbrokenUnbrokenUnbroke…"),
    ],
)  # fmt: skip
def test_a_phrase_is_a_whole_sentence_or_clause_where_one_fits(text: str, shown: str) -> None:
    assert phrase(text, 40) == shown


def test_scenes_are_neither_hurried_nor_long() -> None:
    script = "The river turns here. " * 60
    for narration in narrations(script):
        assert 0.5 * IDEAL_SECONDS < estimate_seconds(narration, "en") < 2 * IDEAL_SECONDS


def test_short_paragraphs_are_merged_and_long_ones_stay_apart() -> None:
    assert len(narrations("One.\n\nTwo.\n\nThree.")) == 1
    paragraph = "A paragraph of about five seconds says one thing and then it stops."
    assert narrations(f"{paragraph}\n\n{paragraph}") == [paragraph, paragraph]


def test_an_overlong_sentence_is_cut_at_its_clauses() -> None:
    clause = "and the road went on past the mill and the bridge"
    parts = narrations("First the town, " + ", ".join([clause] * 12) + ".")
    assert len(parts) > 2
    assert all(part.endswith((",", ".")) for part in parts)


def test_a_word_without_end_is_cut_between_whole_characters() -> None:
    family = "👩‍👩‍👧‍👦"
    parts = narrations(family * 400)
    assert len(parts) > 1
    assert all(part.replace(family, "") == "" for part in parts)


def test_headings_part_scenes_lend_their_words_and_are_not_spoken() -> None:
    script = "# The oven\nIt glows.\n\nScene 2: It cools.\n---\n## The loaf\n\nIt sings."
    scenes = draft(Brief(title="", script=script), limits=LIMITS).storyboard.scenes
    assert [scene.narration for scene in scenes] == ["It glows.", "It cools.", "It sings."]
    assert [scene.on_screen_text for scene in scenes] == ["The oven", "It cools", "The loaf"]


def test_a_scene_label_with_a_name_is_a_heading_unless_it_is_all_there_is() -> None:
    script = "Scene 1: The oven\nIt glows.\nScene 2: It sings\nScene 3:\nIt cools."
    scenes = draft(Brief(title="", script=script), limits=LIMITS).storyboard.scenes
    assert [scene.narration for scene in scenes] == ["It glows.", "It sings", "It cools."]
    assert scenes[0].on_screen_text == "The oven"


def test_items_of_a_list_are_spoken_one_by_one() -> None:
    script = "We need:\n- flour\n- water\n* salt"
    assert narrations(script) == ["We need:\n\nflour\n\nwater\n\nsalt"]


def test_a_script_of_headings_alone_speaks_them_and_says_so() -> None:
    made = draft(Brief(title="", script="# The oven\n# The loaf"), limits=LIMITS)
    assert [scene.narration for scene in made.storyboard.scenes] == ["The oven", "The loaf"]
    assert [warning.code for warning in made.warnings] == ["headings_spoken"]


def test_without_a_script_the_brief_is_spoken_and_the_editor_told() -> None:
    made = draft(Brief(title="", brief="A film about bread."), limits=LIMITS)
    assert made.storyboard.scenes[0].narration == "A film about bread."
    assert [warning.code for warning in made.warnings] == ["brief_spoken"]


def test_the_mood_of_a_brief_is_the_storyboard_s_music() -> None:
    made = draft(Brief(title="Bread", script="It glows.", music=Mood.WARM), limits=LIMITS)
    assert made.storyboard.music == Music(mood=Mood.WARM)
    assert draft(Brief(title="Bread", script="It glows."), limits=LIMITS).storyboard.music is None


def test_removed_characters_are_counted_for_the_editor() -> None:
    made = draft(Brief(title="Bread", script="It\x00 gl\x07ows."), limits=LIMITS)
    assert made.storyboard.scenes[0].narration == "It glows."
    assert made.warnings == (
        Problem(
            code="control_characters_removed",
            message="2 characters of the script cannot be shown or spoken and were removed.",
            params={"count": 2, "field": "script"},
        ),
    )


@pytest.mark.parametrize("nothing", ["", " \n\t", "\x00\x01", "---", "\u200b\u200d"])
def test_nothing_to_say_is_refused(nothing: str) -> None:
    with pytest.raises(EmptyScript):
        draft(Brief(title="Silence", script=nothing), limits=LIMITS)


@pytest.mark.parametrize(
    ("script", "limits"),
    [
        ("x" * 40_001, LIMITS),
        ("a 200,000-character script " * 8_000, LIMITS),
        ("# One\na\n# Two\nb\n# Three\nc", Limits(max_scenes=2)),
        ("The river turns here. " * 100, Limits(max_video_seconds=60)),
    ],
    ids=["one too many", "far too many", "more headed scenes than allowed", "too long to watch"],
)
def test_what_is_past_a_limit_is_refused(script: str, limits: Limits) -> None:
    with pytest.raises(LimitExceeded):
        draft(Brief(title="Long", script=script), limits=limits)


def test_a_script_at_the_limit_is_drafted() -> None:
    script = ("A sentence of a few words goes here. " * 1_200)[: LIMITS.max_script_chars]
    made = draft(Brief(title="Long", script=script), limits=LIMITS)
    assert len(made.storyboard.scenes) <= LIMITS.max_scenes
    assert [warning.code for warning in made.warnings] == ["long_scenes"]
