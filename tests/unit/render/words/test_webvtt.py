"""WebVTT: read back by somebody else's parsers as what was written."""

import io
from fractions import Fraction
from pathlib import Path

import av
import webvtt as independent
from hypothesis import given
from hypothesis import strategies as st

from render.timeline import Cue, SpokenWord
from render.words.webvtt import webvtt, word_webvtt


def cue(start: float, end: float, text: str) -> Cue:
    return Cue(start=Fraction(start), end=Fraction(end), text=text)


CUES = (
    cue(0, 2.5, "Long before the town is awake,\nthe oven glows."),
    cue(3, 4.25, "R&D: 1 < 2 --> 3 > 2 <b>"),
    cue(3600.5, 36_000.001, "在城市醒来之前"),
)


def test_it_reads_as_it_should() -> None:
    assert webvtt(CUES[:1], locale="en") == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:02.500\nLong before the town is awake,\nthe oven glows.\n"
    )


def test_a_parser_finds_every_cue() -> None:
    found = list(independent.from_buffer(io.StringIO(webvtt(CUES, locale="en"))))
    assert [caption.start for caption in found] == ["00:00:00.000", "00:00:03.000", "01:00:00.500"]
    assert [caption.end for caption in found] == ["00:00:02.500", "00:00:04.250", "10:00:00.001"]
    assert found[0].lines == ["Long before the town is awake,", "the oven glows."]
    assert found[1].raw_text == "R&amp;D: 1 &lt; 2 --&gt; 3 &gt; 2 &lt;b&gt;"
    assert found[2].text == "在城市醒来之前"


def test_ffmpeg_finds_every_cue(tmp_path: Path) -> None:
    file = tmp_path / "captions.vtt"
    file.write_text(webvtt(CUES, locale="en"), encoding="utf-8")
    with av.open(file) as container:
        packets = [packet for packet in container.demux() if packet.size]
        assert [packet.pts for packet in packets] == [0, 3000, 3_600_500]
        assert bytes(packets[2]).decode() == "在城市醒来之前"


def test_lines_of_leftward_languages_say_so_where_they_begin_otherwise() -> None:
    text = "2026 كان عامًا جيدًا\nReelwright يصنع\nالفرن"
    lines = webvtt([cue(0, 1, text)], locale="ar-EG").splitlines()
    assert lines[3:] == ["2026 كان عامًا جيدًا", "&rlm;Reelwright يصنع", "الفرن"]
    assert "&rlm;" not in webvtt([cue(0, 1, text)], locale="en")


@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), max_size=6))
def test_no_text_breaks_the_file(texts: list[str]) -> None:
    cues = [cue(number, number + 0.5, text) for number, text in enumerate(texts)]
    written = webvtt(cues, locale="en")
    assert written.startswith("WEBVTT\n")
    blocks = written.rstrip("\n").split("\n\n")[1:]
    assert all(block.count(" --> ") == 1 and "\n" in block for block in blocks)
    assert len(blocks) == sum(1 for text in texts if shown(text))


def shown(text: str) -> bool:
    return bool("".join(webvtt([cue(0, 1, text)], locale="en").split("\n\n")[1:]).strip())


def test_an_empty_file_is_one_too() -> None:
    assert webvtt([], locale="en") == "WEBVTT\n"
    assert webvtt([cue(0, 1, " \n ")], locale="en") == "WEBVTT\n"


def test_each_word_has_its_time_within_the_cue() -> None:
    said = ("Salt & ", 1.0), ("bread\n", 1.5), ("<here>", 1.25), (" now", 2.75)
    words = tuple(SpokenWord(text, Fraction(at), Fraction(at) + 1) for text, at in said)
    text = "".join(word.text for word in words)
    timed = Cue(start=Fraction(1), end=Fraction(3), text=text, words=words)
    # The first is said as the cue appears; the third while another is.
    assert word_webvtt([timed], locale="en").splitlines()[2:] == [
        "00:00:01.000 --> 00:00:03.000",
        "Salt &amp; <00:00:01.500>bread",
        "&lt;here&gt;<00:00:02.750> now",
    ]
