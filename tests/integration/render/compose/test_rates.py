"""Television's rates of North America and Japan: a thousandth slower, exact in every file."""

from fractions import Fraction
from pathlib import Path

import av
import msgspec
import pytest

from render.delivery.hls import MAIN
from render.placing import build
from render.rendition import Profile, frame_rate
from render.report import ErrorLine
from render.storyboard import Scene, Solid
from render.timeline import SceneMedia
from tests.support.engine import board, make, run


@pytest.mark.parametrize("name", ["23.976", "29.97", "59.94"])
def test_every_file_of_a_film_has_its_exact_rate(tmp_path: Path, name: str) -> None:
    rate = frame_rate(name)
    scene = Scene(id="one", background=Solid(colour="#304050"), duration=6.7)
    tiny = Profile(name="tiny", width=256, height=144, fps=rate)
    asked = board(scene)
    seconds = {shown.id: SceneMedia() for shown in asked.scenes}
    promised = build(asked, seconds, fps=rate)
    wanted = {"hls": tmp_path / "hls", "gif": tmp_path / "a.gif", "webm": tmp_path / "a.webm"}
    made = make(asked, tmp_path, profiles=(tiny,), **wanted)
    assert made.rendition.frames == promised.frames
    with av.open(tmp_path / "out.mp4") as container:
        video, sound = container.streams.video[0], container.streams.audio[0]
        assert video.average_rate == video.base_rate == rate
        assert video.duration * video.time_base == promised.duration
        shown = [frame.pts * video.time_base * rate for frame in container.decode(video)]
        assert shown == list(range(promised.frames)), "no frame twice, none left out, none between"
        assert abs(sound.duration * sound.time_base - promised.duration) < 1 / rate
    with av.open(tmp_path / "hls" / "144p" / "index.m3u8") as container:
        decoded = [frame.time for frame in container.decode(video=0)]
    assert len(decoded) == promised.frames
    assert decoded[-1] - decoded[0] == pytest.approx(float((promised.frames - 1) / rate), abs=1e-4)
    assert f"FRAME-RATE={float(rate):.3f}" in (tmp_path / "hls" / MAIN).read_text()


def test_a_rate_is_asked_for_by_its_name(tmp_path: Path) -> None:
    place, script = tmp_path / "a.mp4", tmp_path / "board.json"
    script.write_bytes(msgspec.json.encode(board()))
    small = ("-o", place, "--profile", "preview", "--no-sign")
    code, _ = run(script, *small, "--fps", "23.976")
    assert code == 0
    with av.open(place) as container:
        assert container.streams.video[0].average_rate == Fraction(24000, 1001)
    code, lines = run(script, *small, "--fps", "23.97")
    assert code != 0
    assert isinstance(lines[-1], ErrorLine)
    assert "23.976, 24, 25, 29.97, 30, 50, 59.94 or 60" in lines[-1].message
