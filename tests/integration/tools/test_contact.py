"""Contact sheets, of a small film that the engine makes: what they show is what is in the file."""

import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
import webvtt

from render.report import ResultLine, SceneTime
from render.storyboard import (
    AspectRatio,
    Music,
    Palette,
    Scene,
    Solid,
    Storyboard,
    Transition,
)
from tests.support.sounds import speech, tone, write_wav
from tools.contact import (
    contact_sheet,
    photographs,
    read_result,
    spoken,
    strip,
    transcript,
)
from tools.levels import Span, listen

RED, BLUE = "#c02020", "#2030c0"


class Made(msgspec.Struct, frozen=True):
    video: Path
    result: ResultLine
    lines: Path
    storyboard: Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Red, spoken over; then blue, silent but for a hum: landscape and square."""
    folder = tmp_path_factory.mktemp("contact")
    write_wav(folder / "red.wav", speech(1.6))
    write_wav(folder / "hum.wav", tone(4, hertz=220), rate=48_000)
    storyboard = Storyboard(
        title="A small film",
        aspect_ratio=AspectRatio.LANDSCAPE,
        palette=Palette(),
        music=Music(file="hum.wav", volume=-12, duck=6, fade_in=0, fade_out=0),
        scenes=(
            Scene(
                id="red",
                narration="Somebody speaks.",
                background=Solid(colour=RED),
                transition=Transition.WIPE_RIGHT,
            ),
            Scene(id="blue", duration=3, background=Solid(colour=BLUE), transition=Transition.CUT),
            Scene(id="end", duration=1, background=Solid(colour=RED)),
        ),
    )
    told = folder / "storyboard.json"
    told.write_bytes(msgspec.json.encode(storyboard))
    lines = folder / "result.json"
    command = [sys.executable, "-m", "render", told, "-o", folder / "film.mp4"]
    options = ["--profile", "preview", "--profile", "square-preview", "--assets", folder]
    extras = ["--captions", folder / "film.vtt", "--no-sign", "--json"]
    extras += ["--words", folder / "words.json"]
    with lines.open("wb") as output:
        subprocess.run([*command, *options, *extras], stdout=output, check=True)
    result = read_result(lines)
    return Made(Path(result.rendition.path), result, lines, told)


def average(picture: object) -> list[int]:
    return np.asarray(picture, float).mean(axis=(0, 1)).round().astype(int).tolist()


def test_photographs_show_what_is_seen_at_a_moment(made: Made) -> None:
    blue = made.result.scenes[1]
    found = photographs(made.video, [0.0, blue.start + 1.5, blue.start + 1.5], (64, 36))
    assert average(found[0.0]) == pytest.approx([0xC0, 0x20, 0x20], abs=4)
    assert average(found[blue.start + 1.5]) == pytest.approx([0x20, 0x30, 0xC0], abs=4)
    assert all(picture.size == (64, 36) for picture in found.values())


def test_the_last_moment_has_a_picture(made: Made) -> None:
    end = made.result.rendition.duration
    assert set(photographs(made.video, [end - 0.01], (64, 36))) == {end - 0.01}


def test_narrations_are_told_apart_where_one_follows_another_at_once() -> None:
    scenes = [SceneTime(id="a", start=0, duration=4), SceneTime(id="b", start=3, duration=4)]
    stamps = [(0.3, 1.5), (1.6, 3.4), (3.5, 5.0), (6.0, 6.5)]
    captions = [
        webvtt.Caption(f"00:00:0{start:.3f}", f"00:00:0{end:.3f}", "…") for start, end in stamps
    ]
    assert spoken(captions, scenes) == ((0.3, 3.4), (3.5, 5.0), (6.0, 6.5))


def test_what_is_under_a_voice_is_heard_in_its_stops(made: Made) -> None:
    levels = listen(made.video, seconds=made.result.rendition.duration)
    spoken, alone = Span(0.6, 1.6), Span(3.2, 4.2)
    music = levels.outside(alone, ())
    assert levels.beneath([alone]) == pytest.approx(music, abs=1)
    assert levels.loud([spoken]) > levels.beneath([spoken]) + 6


def test_levels_of_no_stretch_are_no_number(made: Made) -> None:
    levels = listen(made.video, seconds=made.result.rendition.duration)
    assert np.isnan([levels.loud([]), levels.beneath([]), levels.outside(Span(1, 1), ())]).all()


def test_the_transcript_says_about_when_words_come_that_are_not_found_in_the_sound(
    made: Made,
) -> None:
    (line,) = transcript(made.result, ())
    assert line["text"] == "Somebody speaks."
    said = msgspec.convert(line["words"], list[dict[str, str]])
    assert [word["text"] for word in said] == ["Somebody", "speaks."]
    signs, starts = zip(*(word["start"].split() for word in said), strict=True)
    assert set(signs) == {"≈"}
    assert 0 < float(starts[0]) < float(starts[1]) < made.result.scenes[1].start


def test_a_sheet_has_a_cell_for_every_scene(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = contact_sheet(made.video, made.result, title="A film", names={"red": "wipe_right"})
    assert sheet.width == 2000
    pixels = np.asarray(sheet, int)
    for colour in (RED, BLUE):
        near = np.abs(pixels - list(bytes.fromhex(colour[1:]))).max(axis=2) < 6
        assert near.sum() > 100_000
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "scene",
        "red",
        "blue",
        "end",
    ]


def test_a_strip_shows_the_first_scene_in_the_other_shapes_too(made: Made) -> None:
    picture = strip(made.result, ["blue", "red"], height=200)
    square = picture.crop((picture.width - 200, 0, picture.width, 200))
    assert average(square) == pytest.approx([0x20, 0x30, 0xC0], abs=4)


def test_the_command_writes_both(made: Made, tmp_path: Path) -> None:
    sheet, row = tmp_path / "sheet.jpg", tmp_path / "strip.jpg"
    command = [sys.executable, "-m", "tools.contact", made.video, made.lines, "-o", sheet]
    options = ["--storyboard", made.storyboard, "--strip", row, "--of", "red,blue"]
    subprocess.run([*command, *options], check=True, capture_output=True)
    assert sheet.read_bytes()[:3] == row.read_bytes()[:3] == b"\xff\xd8\xff"
