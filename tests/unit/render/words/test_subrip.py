"""SubRip: read back by FFmpeg as what was written."""

from fractions import Fraction
from pathlib import Path

import av
from hypothesis import given
from hypothesis import strategies as st

from render.timeline import Cue
from render.words.subrip import subrip


def cue(start: float, end: float, text: str) -> Cue:
    return Cue(start=Fraction(start), end=Fraction(end), text=text)


def read(file: Path) -> list[tuple[int, str]]:
    with av.open(file) as container:
        return [
            (packet.pts or 0, bytes(packet).decode()) for packet in container.demux() if packet.size
        ]


def test_it_reads_as_it_should() -> None:
    cues = [cue(0, 2.5, "Long before the town is awake,\nthe oven glows."), cue(3, 4.25, " ")]
    assert subrip([*cues, cue(3600.5, 36_000.001, "在城市醒来之前")], locale="en") == (
        "1\n00:00:00,000 --> 00:00:02,500\nLong before the town is awake,\nthe oven glows.\n\n"
        "2\n01:00:00,500 --> 10:00:00,001\n在城市醒来之前\n"
    )


def test_what_looks_like_a_tag_or_a_time_is_shown(tmp_path: Path) -> None:
    file = tmp_path / "captions.srt"
    texts = ["R&D: 1 < 2 <b>bold</b>", "{\\an8}up --> down", "plain"]
    cues = [cue(number, number + 0.5, text) for number, text in enumerate(texts)]
    file.write_text(subrip(cues, locale="en"), encoding="utf-8")
    found = read(file)
    assert [pts for pts, _ in found] == [0, 1000, 2000]
    assert [text.replace("\u2060", "") for _, text in found] == texts
    assert "<b>" not in file.read_text(encoding="utf-8")
    assert "{\\" not in file.read_text(encoding="utf-8")


def test_lines_of_leftward_languages_say_so_where_they_begin_otherwise() -> None:
    text = "2026 كان عامًا جيدًا\nReelwright يصنع\nالفرن"
    lines = subrip([cue(0, 1, text)], locale="ar-EG").splitlines()
    assert lines[2:] == ["2026 كان عامًا جيدًا", "\u200fReelwright يصنع", "الفرن"]
    assert "\u200f" not in subrip([cue(0, 1, text)], locale="en")


@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), max_size=6))
def test_no_text_breaks_the_file(texts: list[str]) -> None:
    cues = [cue(number, number + 0.5, text) for number, text in enumerate(texts)]
    blocks = [block for block in subrip(cues, locale="en").split("\n\n") if block]
    for number, block in enumerate(blocks, start=1):
        head, span, *rows = block.rstrip("\n").split("\n")
        assert head == str(number)
        assert span.count(" --> ") == 1
        assert rows
        assert "-->" not in "".join(rows)


def test_without_captions_it_is_empty() -> None:
    assert subrip([], locale="en") == ""
