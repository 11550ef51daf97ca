"""`python -m render`, run as whoever uses it runs it: as a process."""

import html
import json
import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import msgspec
import pytest
import webvtt
from PIL import Image

from render.inspection.probe import inspect
from render.report import ErrorLine, ProgressLine, Report, ResultLine, Stage
from render.signing.provenance import read
from render.source import Source
from render.storyboard import Role

COMMAND = [sys.executable, "-m", "render"]
Line = ProgressLine | ResultLine | ErrorLine


def run(*arguments: str | Path, **options: Any) -> tuple[int, list[Line]]:
    done = subprocess.run(
        [*COMMAND, *arguments, "--json"],
        capture_output=True,
        timeout=60,
        check=False,
        **options,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    lines = [msgspec.json.decode(line, type=Report) for line in done.stdout.splitlines()]
    return done.returncode, lines


def rendering(film, out: Path, *more: str | Path) -> list[str | Path]:
    storyboard = film.write(film.assets.parent / "storyboard.json")
    return [storyboard, "-o", out, "--assets", film.assets, *more]


def test_it_renders_tells_and_is_found_again(film, tmp_path: Path) -> None:
    out, poster, cache = tmp_path / "new" / "out.mp4", tmp_path / "poster.jpg", tmp_path / "cache"
    arguments = rendering(film, out, "--profile", "preview", "--poster", poster, "--cache", cache)
    code, lines = run(*arguments)
    assert code == 0
    *progress, result = lines
    assert isinstance(result, ResultLine)
    assert all(isinstance(line, ProgressLine) for line in progress)
    stages = [line.stage for line in progress if isinstance(line, ProgressLine)]
    assert list(dict.fromkeys(stages)) == [
        Stage.ASSETS,
        Stage.COMPOSE,
        Stage.VALIDATE,
        Stage.ACCOMPANY,
    ]
    assert progress[-1] == ProgressLine(stage=Stage.ACCOMPANY, done=1, total=1)

    info = inspect(out)
    assert result.rendition.path == str(out)
    assert (result.rendition.width, result.rendition.height) == (info.width, info.height)
    assert info.frames == result.rendition.frames
    assert [scene.id for scene in result.scenes] == ["one", "two", "three", "four"]
    assert result.scenes[0].start == 0
    assert result.poster == str(poster)
    assert poster.read_bytes().startswith(b"\xff\xd8")
    assert [entry.name for entry in out.parent.iterdir()] == ["out.mp4"]

    _, again = run(*arguments)
    assert isinstance(again[-1], ResultLine)
    assert again[-1].rendition.reused == len(result.rendition.segments)


def test_what_a_library_minds_about_a_file_is_no_line_of_the_report(
    own_film, tmp_path: Path
) -> None:
    # One entry, the orientation, that claims more bytes than there are.
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x02\0\xff\0\0\0\0\x10\0\0\0\0"
    Image.new("RGB", (640, 360), "#406080").save(own_film.assets / "one.png", exif=exif)
    (own_film.assets / "one.jpg").unlink(missing_ok=True)
    arguments = rendering(own_film, tmp_path / "out.mp4", "--profile", "preview", "--json")
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_draft_and_its_captions_as_subrip(film, tmp_path: Path) -> None:
    sizes: dict[str, int] = {}
    srt = tmp_path / "captions.srt"
    for quality in ("draft", "high"):
        arguments = rendering(film, tmp_path / f"{quality}.mp4", "--profile", "preview")
        code, lines = run(*arguments, "--quality", quality, "--srt", srt)
        assert code == 0
        assert isinstance(lines[-1], ResultLine)
        assert lines[-1].srt == str(srt)
        sizes[quality] = lines[-1].rendition.bytes
    assert sizes["draft"] < 0.7 * sizes["high"]
    with av.open(srt) as container:
        assert container.format.name == "srt"


def test_what_players_take_beside_a_film_is_made_on_request(film, tmp_path: Path) -> None:
    out, beside = tmp_path / "out.mp4", tmp_path / "beside"
    names = {
        "captions": "captions.vtt",
        "srt": "captions.srt",
        "words": "words.json",
        "word_captions": "words.vtt",
        "chapters": "chapters.vtt",
        "transcript": "transcript.txt",
        "sheet": "thumbnails.jpg",
    }
    wanted = [
        part
        for name, file in names.items()
        for part in (f"--{name.replace('_', '-')}", beside / file)
    ]
    code, lines = run(*rendering(film, out, "--profile", "preview", *wanted))
    assert code == 0
    result = lines[-1]
    assert isinstance(result, ResultLine)
    told = {name: getattr(result, name) for name in names}
    assert told == {name: str(beside / file) for name, file in names.items()}
    chapters = webvtt.read(beside / "chapters.vtt")
    # Whole seconds are all that the reader tells.
    starts = [one.start_in_seconds for one in chapters]
    assert starts == [int(scene.start + 0.001) for scene in result.scenes]
    captions, subtitles = (
        webvtt.read(beside / "captions.vtt"),
        webvtt.from_srt(beside / "captions.srt"),
    )
    assert [one.text for one in captions] == [one.text for one in subtitles]
    timed = webvtt.read(beside / "words.vtt")
    assert [re.sub("<[0-9:.]+>", "", one.raw_text) for one in timed] == [
        one.raw_text for one in captions
    ]
    said = json.loads((beside / "words.json").read_bytes())["captions"]
    assert [one["text"] for one in said] == [html.unescape(one.raw_text) for one in captions]
    with Image.open(beside / "thumbnails.jpg") as sheet:
        parts = [one.text for one in webvtt.read(beside / "thumbnails.vtt")]
        assert parts
        for part in parts:
            name, _, place = part.partition("#xywh=")
            left, top, width, height = map(int, place.split(","))
            assert name == "thumbnails.jpg"
            assert left + width <= sheet.width
            assert top + height <= sheet.height


def test_what_the_folder_lacks_is_made_offline(tmp_path: Path) -> None:
    storyboard = tmp_path / "storyboard.json"
    scenes = [{"id": "s1", "narration": "Hello."}, {"id": "s2", "duration": 1}]
    storyboard.write_text(json.dumps({"title": "Hello", "scenes": scenes}))
    code, lines = run(storyboard, "-o", tmp_path / "out.mp4", "--profile", "preview")
    assert code == 0, lines[-1]
    assert inspect(tmp_path / "out.mp4").duration > 1.4


def test_what_the_folder_lacks_is_looked_for_in_the_stock_first(
    tmp_path: Path, picture: Callable[..., Path]
) -> None:
    stock, storyboard = tmp_path / "stock", tmp_path / "storyboard.json"
    stock.mkdir()
    picture(stock / "fishing boat harbour.png", seed=3, size=(1280, 720))
    (stock / "fishing boat harbour.license").write_text("SPDX-License-Identifier: CC0-1.0")
    told_before = [{"role": "picture", "provider": "gemini", "model": "m"}, {"role": "text"}]
    scenes = [
        {
            "id": "s1",
            "duration": 0.5,
            "picturePrompt": "A fishing boat in the harbour",
            "ingredients": told_before,
        },
        {"id": "s2", "duration": 0.5, "picturePrompt": "A loaf of bread"},
    ]
    storyboard.write_text(json.dumps({"title": "Stock", "scenes": scenes}))
    out = tmp_path / "out.mp4"
    signing = ("--credentials", tmp_path / "credentials")
    code, lines = run(storyboard, "-o", out, "--profile", "preview", "--stock", stock, *signing)
    assert code == 0, lines[-1]
    assert isinstance(lines[-1], ResultLine)
    told = [(warning.code, warning.params.get("scene")) for warning in lines[-1].warnings]
    assert ("missing_picture", 1) in told
    assert ("stock_used", 1) in told
    assert ("stock_used", 2) not in told
    origins = [(one.number, one.ingredient) for one in read(out).origins]
    assert [(number, one.role, one.source) for number, one in origins] == [
        (1, Role.TEXT, None),
        (1, Role.PICTURE, Source.STOCK),
        (2, Role.PICTURE, Source.RULE),
    ]
    assert origins[1][1].credit.licence == "CC0-1.0"


def test_a_person_reads_one_line(film, tmp_path: Path) -> None:
    arguments = rendering(film, tmp_path / "out.mp4", "--profile", "preview")
    done = subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.startswith(f"{tmp_path / 'out.mp4'}: 8.6 s, ")
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        ("{", "invalid_storyboard", "The storyboard cannot be read"),
        ('{"title": "", "scenes": []}', "invalid_storyboard", "holds no scene"),
        (
            '{"title": "", "scenes": [{"id": "a", "duration": 601}]}',
            "limit_exceeded",
            "Scene 1: the duration may be at most 600 seconds",
        ),
        ('{"title": "", "scenes": [{"id": "../a"}]}', "invalid_storyboard", "cannot be read"),
        (
            '{"title": "", "scenes": [], "music": {"mood": "jolly"}}',
            "invalid_storyboard",
            "There are calm, warm, bright, driving, tense, solemn.",
        ),
        (
            '{"title": "", "scenes": [{"id": "a", "clip": {"fit": "x"}}]}',
            "invalid_storyboard",
            "There are cover, contain.",
        ),
    ],
)
def test_a_bad_storyboard_is_said_in_a_line(
    tmp_path: Path, content: str, code: str, words: str
) -> None:
    storyboard = tmp_path / "storyboard.json"
    storyboard.write_text(content)
    status, lines = run(storyboard, "-o", tmp_path / "out.mp4")
    assert status == 1
    assert isinstance(lines[-1], ErrorLine)
    assert lines[-1].code == code
    assert words in lines[-1].message
    assert list(tmp_path.iterdir()) == [storyboard]


def test_an_error_is_one_short_line_whatever_it_quotes(tmp_path: Path) -> None:
    storyboard = tmp_path / "storyboard.json"
    words = "\x1b[2J\n\u202eabc " * 9_000
    scene = {"id": "a", "transition": words}
    storyboard.write_text(json.dumps({"title": "", "scenes": [scene]}))
    done = subprocess.run(
        [*COMMAND, storyboard, "-o", tmp_path / "out.mp4"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"COLUMNS": "1000"},
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert len(line) < 400
    assert line.isprintable()
    assert "`$.scenes[0].transition`. There are crossfade, cut, " in line


def test_a_hostile_file_is_named_by_its_scene(own_film, tmp_path: Path) -> None:
    (own_film.assets / "three.png").write_bytes(b"#EXTM3U\nhttp://127.0.0.1/\n")
    status, lines = run(*rendering(own_film, tmp_path / "out.mp4"))
    assert status == 1
    assert lines[-1] == ErrorLine(
        code="unreadable_media",
        message="Scene 3: the picture is not a readable PNG, JPEG, WebP, AVIF, HEIC or GIF file.",
        params={"scene": "3"},
    )
    assert not (tmp_path / "out.mp4").exists()


def test_wrong_usage_is_told_apart(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, tmp_path / "none.json"], capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 2


def limited(size: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("size", [4_000, 300_000], ids=["a segment", "the whole"])
def test_a_disk_that_refuses_leaves_nothing_behind(film, tmp_path: Path, size: int) -> None:
    arguments = rendering(film, tmp_path / "out.mp4", "--profile", "preview")
    status, lines = run(*arguments, preexec_fn=limited(size))
    assert status == 1
    assert isinstance(lines[-1], ErrorLine)
    assert lines[-1].code == "composition_failed"
    assert lines[-1].message.endswith(
        "could not be written: it would be larger than files may be here."
    )
    assert list(tmp_path.iterdir()) == []


def started(film, out: Path) -> "subprocess.Popen[bytes]":
    """A rendering in full size that has begun to encode."""
    process = subprocess.Popen(
        [*COMMAND, *rendering(film, out), "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    for line in process.stdout:
        told = msgspec.json.decode(line, type=Report)
        if isinstance(told, ProgressLine) and told.stage is Stage.COMPOSE and told.done > 10:
            return process
    raise AssertionError(process.communicate()[1].decode())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_and_leaves_nothing(
    film, tmp_path: Path, number: signal.Signals
) -> None:
    process = started(film, tmp_path / "out.mp4")
    process.send_signal(number)
    told, _ = process.communicate(timeout=10)
    assert process.returncode == 128 + number
    last = msgspec.json.decode(told.splitlines()[-1], type=Report)
    assert isinstance(last, ErrorLine)
    assert last.code == "cancelled"
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_interrupted_is_left_where_it_stands(tmp_path: Path) -> None:
    # A sleep goes on after a signal's handler, as a long call into a library does.
    script = (
        "import time\n"
        "from pathlib import Path\n"
        "from render.terminal import working_folder\n"
        "with working_folder(Path('out.mp4')) as (work, stopped):\n"
        "    (work / 'video.mp4').write_bytes(b'half')\n"
        "    print(flush=True)\n"
        "    time.sleep(30)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(__file__).parents[3])},
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert len(list(tmp_path.iterdir())) == 1
        process.terminate()
        assert process.wait(timeout=10) == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def test_it_stops_when_nobody_reads_any_more(film, tmp_path: Path) -> None:
    process = started(film, tmp_path / "out.mp4")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.wait(timeout=10) == 1
    assert process.stderr.read() == b""
    process.stderr.close()
    assert list(tmp_path.iterdir()) == []


def test_probe_and_schema_speak_json(film, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"noise")
    status, lines = run("probe", broken)
    assert status == 1
    assert isinstance(lines[-1], ErrorLine)
    schema = subprocess.run([*COMMAND, "schema"], capture_output=True, timeout=60, check=True)
    assert "Storyboard" in json.loads(schema.stdout)["$defs"]


def test_wrong_usage_is_told_in_json_too(tmp_path: Path) -> None:
    for arguments in (
        [tmp_path / "none.json", "-o", tmp_path / "out.mp4"],
        ["probe", "--frames"],
        ["compose"],
    ):
        status, lines = run(*arguments)
        assert status == 2
        assert isinstance(lines[-1], ErrorLine)
        assert lines[-1].code == "wrong_usage"


@pytest.mark.parametrize("json", [True, False])
def test_an_exception_nobody_expected_is_one_line(tmp_path: Path, json: bool) -> None:
    storyboard = tmp_path / "storyboard.json"
    storyboard.write_text('{"title": "A", "scenes": [{"id": "a", "duration": 1}]}')
    program = (
        "import render.__main__ as command\n"
        "def plan(*_, **__): raise RuntimeError(f'a {str(None)} value')\n"
        "command.Production.plan = plan\n"
        "command.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "plan", storyboard, *(["--json"] if json else [])],
        capture_output=True,
        timeout=60,
        check=False,
        text=True,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "None value" not in done.stderr + done.stdout
    words = "The engine failed, which is its own fault: RuntimeError in "
    if json:
        line = msgspec.json.decode(done.stdout, type=Report)
        assert isinstance(line, ErrorLine)
        assert (line.code, line.params["kind"]) == ("engine_fault", "RuntimeError")
        assert "render.__main__" in done.stderr, "for a log"
    else:
        assert " ".join(done.stderr.split()).startswith(words)


COMMANDS = [["schema"], ["--help"], ["plan", "STORYBOARD"], ["probe", "VIDEO"]]


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
@pytest.mark.parametrize(
    "stdout",
    [">/dev/full", *(pytest.param(way, marks=pytest.mark.slow) for way in ("<&- >&-", "| true"))],
)
def test_a_standard_output_that_takes_nothing_is_no_traceback(
    film, video: Path, tmp_path: Path, arguments: list[str], stdout: str
) -> None:
    storyboard = film.write(tmp_path / "storyboard.json")
    names = {"STORYBOARD": storyboard, "VIDEO": video}
    command = " ".join(str(names.get(word, word)) for word in [*COMMAND, *arguments])
    for option in ("", "--json") if arguments[0] in {"plan", "probe"} else ("",):
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", f"{command} {option} {stdout}"],
            capture_output=True,
            timeout=60,
            check=False,
            text=True,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert "Error" not in done.stderr, done.stderr
        if stdout == ">/dev/full" and arguments[0] != "--help":
            assert done.returncode == 1


def test_a_film_is_written_without_standard_streams(film, tmp_path: Path) -> None:
    storyboard, out = film.write(tmp_path / "storyboard.json"), tmp_path / "out.mp4"
    words = [*COMMAND, storyboard, "-o", out, "--assets", film.assets, "--profile", "preview"]
    command = " ".join(map(str, words))
    subprocess.run(["bash", "-c", f"exec {command} <&- >&- 2>&-"], timeout=60, check=True)
    assert inspect(out).frames > 0


def test_names_that_are_no_text_are_told_as_well_as_can_be(film, tmp_path: Path) -> None:
    storyboard = film.write(tmp_path / "storyboard.json")
    out = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9 \xc3\xa9.mp4"))
    arguments = [storyboard, "-o", out, "--assets", film.assets, "--profile", "preview"]
    for option in ([], ["--json"]):
        done = subprocess.run(
            [*COMMAND, *arguments, *option],
            capture_output=True,
            timeout=60,
            check=False,
            env={**os.environ, "PYTHONIOENCODING": "ascii"},
        )
        assert done.returncode == 0, done.stderr
        assert out.is_file()
