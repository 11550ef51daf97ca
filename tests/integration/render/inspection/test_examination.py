"""`python -m render probe`, on files that are spoilt in one way each."""

import json
import subprocess
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from render.assembly import Signer
from render.errors import MediaError
from render.inspection.examination import Examination, Passage, examine
from render.inspection.validation import Fault
from render.storyboard import CaptionStyle, Scene
from tests.support.engine import COMMAND, GROUND, board, make
from tests.support.sounds import Floats, speech, tone, write_wav

SECONDS, FPS = 4.0, 30
QUIET = 0.1 * speech(SECONDS, rate=48_000)
BT709 = {"colorspace": 1, "color_primaries": 1, "color_trc": 1, "color_range": 1}


def moving(seconds: float = SECONDS) -> list[np.ndarray]:
    """A chequered ground that travels."""
    across, down = np.meshgrid(np.arange(160), np.arange(96))
    return [
        np.where(((across + 2 * number) // 16 + down // 16) % 2, 180, 60).astype(np.uint8)
        for number in range(round(seconds * FPS))
    ]


def film(
    path: Path,
    *,
    pictures: Iterable[np.ndarray] | None = None,
    sound: Floats | None = QUIET,
    codec: str = "libx264",
    audio: str = "aac",
    pix_fmt: str = "yuv420p",
    tags: dict[str, int] = BT709,
    fast: bool = True,
    late: float = 0,
) -> Path:
    """Write an MP4 of luma planes and of one sound in both channels."""
    flags = {"movflags": "+faststart"} if fast else {}
    with av.open(path, "w", options=flags) as container:
        video: Any = container.add_stream(codec, FPS)
        video.width, video.height, video.pix_fmt = 160, 96, pix_fmt
        video.options = {"x265-params": "log-level=error"} if codec == "libx265" else {}
        for name, value in tags.items():
            setattr(video.codec_context, name, value)
        heard: Any = None
        if sound is not None:
            heard = container.add_stream(audio, rate=48_000)
            heard.codec_context.layout = "stereo"
        for number, luma in enumerate(moving() if pictures is None else pictures):
            grey = np.concatenate([luma, np.full((48, 160), 128, np.uint8)])
            frame = av.VideoFrame.from_ndarray(grey, "yuv420p").reformat(format=pix_fmt)
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if heard is None or sound is None:
            return path
        samples = np.stack([sound, sound]).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(samples, "fltp", "stereo")
        frame.sample_rate, frame.pts = 48_000, round(late * 48_000)
        resampler = av.AudioResampler(heard.codec_context.format, "stereo", 48_000)
        for given in (frame, None):
            for block in resampler.resample(given):
                container.mux(heard.encode(block))
        container.mux(heard.encode(None))
    return path


def faults(found: Examination) -> list[Fault]:
    return [finding.fault for finding in found.faults]


def passages(found: Examination) -> list[tuple[Fault, float, float]]:
    return [
        (passage.kind, round(passage.start, 1), round(passage.end, 1)) for passage in found.passages
    ]


@pytest.mark.parametrize(
    ("codec", "pix_fmt"),
    [
        ("libx264", "yuv420p"),
        ("libx265", "yuv420p"),
        ("libx265", "yuv420p10le"),
        ("libsvtav1", "yuv420p"),
        ("libsvtav1", "yuv420p10le"),
    ],
)
def test_a_good_video_has_no_fault(tmp_path: Path, codec: str, pix_fmt: str) -> None:
    seen: list[tuple[int, int]] = []
    path = film(tmp_path / "a.mp4", codec=codec, pix_fmt=pix_fmt)
    found = examine(path, on_frame=lambda done, total: seen.append((done, total)))
    assert found.faults == ()
    assert found.passages == ()
    assert found.frames == 120
    assert seen == [(done, 120) for done in range(1, 121)]
    assert found.sound_seconds == pytest.approx(SECONDS, abs=0.05)
    assert found.sound_starts_late == pytest.approx(0, abs=0.03)
    assert found.sound_ends_late == pytest.approx(0, abs=0.05)
    assert found.loudness is not None
    assert -60 < found.loudness.integrated < found.loudness.true_peak < -1
    assert found.provenance is None
    assert found.origin == "The video holds no readable manifest of its origin."


def black(first: float, last: float) -> list[np.ndarray]:
    pictures = moving()
    for number in range(round(first * FPS), round(last * FPS)):
        pictures[number] = np.full((96, 160), 16, np.uint8)
    return pictures


def still(first: float, last: float) -> list[np.ndarray]:
    pictures = moving()
    for number in range(round(first * FPS), round(last * FPS)):
        pictures[number] = pictures[round(first * FPS)]
    return pictures


def test_black_frozen_and_silent_passages_are_told_and_are_no_faults(tmp_path: Path) -> None:
    sound = QUIET.copy()
    sound[48_000 : 3 * 48_000 + 4_800] = 0
    found = examine(film(tmp_path / "a.mp4", pictures=black(1, 2), sound=sound))
    assert [kind for kind, *_ in passages(found)] == [Fault.BLACK, Fault.SILENT]
    assert passages(found)[0] == (Fault.BLACK, 1.0, 2.0)
    assert passages(found)[1][1:] == pytest.approx((1.0, 3.1), abs=0.11)
    assert found.ok

    found = examine(film(tmp_path / "a.mp4", pictures=still(1, 3.5)))
    assert [kind for kind, *_ in passages(found)] == [Fault.FROZEN]
    assert passages(found)[0][1:] == pytest.approx((1.0, 3.5), abs=0.15)
    assert found.ok


def test_what_is_shorter_than_anybody_minds_is_not_told(tmp_path: Path) -> None:
    sound = QUIET.copy()
    sound[48_000 : 2 * 48_000] = 0
    assert examine(film(tmp_path / "a.mp4", pictures=black(1, 1.4), sound=sound)).passages == ()
    assert examine(film(tmp_path / "a.mp4", pictures=still(1, 2.8))).passages == ()


SPOILT: dict[str, tuple[Callable[[Path], object], list[Fault]]] = {
    "its index at the end": (lambda at: film(at, fast=False), [Fault.SLOW_START]),
    "no colour tags": (lambda at: film(at, tags={}), [Fault.COLOUR]),
    "full range": (lambda at: film(at, tags=BT709 | {"color_range": 2}), [Fault.COLOUR]),
    "no sound": (lambda at: film(at, sound=None), [Fault.STREAMS]),
    "another codec": (lambda at: film(at, codec="mpeg4"), [Fault.STREAMS]),
    "sound of another codec": (lambda at: film(at, audio="libopus"), [Fault.STREAMS]),
    "nothing but black": (lambda at: film(at, pictures=black(0, 4)), [Fault.BLACK]),
    "one picture": (lambda at: film(at, pictures=still(0, 4)), [Fault.FROZEN]),
    "nothing to hear": (lambda at: film(at, sound=0 * QUIET), [Fault.SILENT]),
    "sound that comes late": (
        lambda at: film(at, sound=QUIET[: 3 * 48_000], late=1),
        [Fault.OFFSET],
    ),
    "sound that ends early": (lambda at: film(at, sound=QUIET[: 3 * 48_000]), [Fault.OFFSET]),
}


@pytest.mark.parametrize("name", SPOILT)
def test_each_fault_is_found_and_no_other(name: str, tmp_path: Path) -> None:
    spoil, wanted = SPOILT[name]
    spoil(tmp_path / "a.mp4")
    assert faults(examine(tmp_path / "a.mp4")) == wanted


def test_clipped_sound_is_told_with_its_second(tmp_path: Path) -> None:
    sound = QUIET.copy()
    sound[96_000:120_000] = np.sign(tone(0.5))
    found = examine(film(tmp_path / "a.mp4", sound=sound))
    clipped = found.faults[0]
    assert clipped.fault is Fault.CLIPPED
    assert clipped.at == pytest.approx(2.0, abs=0.05)
    assert set(faults(found)) == {Fault.CLIPPED, Fault.LOUDNESS}
    assert isinstance(found.passages[0], Passage)


def spoil(path: Path, part: float, size: int) -> Path:
    data = bytearray(path.read_bytes())
    first = int(data.index(b"mdat") + part * (len(data) - data.index(b"mdat")))
    data[first : first + size] = b"\xff" * size
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_damage_is_found(tmp_path: Path, codec: str) -> None:
    found = examine(spoil(film(tmp_path / "a.mp4", codec=codec), 0.4, 4_000))
    assert Fault.UNDECODABLE in faults(found)


def test_a_file_cut_short_is_decoded_as_far_as_it_goes(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 7 // 10])
    found = examine(path)
    assert faults(found) == [Fault.UNDECODABLE, Fault.UNDECODABLE], "pictures and sound"
    assert 0 < found.frames < 120
    assert 0 < found.sound_seconds < SECONDS
    assert f"past second {found.sound_seconds:.1f}" in found.faults[-1].message


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of the engine's own: signed, with captions and chapters."""
    folder = tmp_path_factory.mktemp("ours")
    write_wav(folder / "b.wav", speech(1.5))
    scene = Scene(id="b", background=GROUND, narration="Good morning, everybody.")
    make(
        board(scene, captions=CaptionStyle.BOX),
        folder,
        assets=folder,
        signer=Signer(folder=folder / "credentials"),
    )
    return folder / "out.mp4"


def test_our_own_video_is_told_in_full(ours: Path) -> None:
    found = examine(ours)
    assert found.faults == ()
    assert (found.info.captions, found.info.chapters) == ("eng", 2)
    assert found.provenance is not None
    assert found.provenance.title == "A trial"
    assert found.origin == "Signed, and unaltered since; the signer is not known here."


def test_whoever_alters_a_signed_video_is_found_out(ours: Path, tmp_path: Path) -> None:
    path = tmp_path / "altered.mp4"
    path.write_bytes(ours.read_bytes())
    found = examine(spoil(path, 0.6, 1))
    assert Fault.ALTERED in faults(found)
    assert found.origin == "The video was altered after it was signed."


@pytest.mark.parametrize("content", [b"", b"#EXTM3U\nfile:///etc/passwd\n", b"noise" * 999])
def test_what_is_no_mp4_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.mp4").write_bytes(content)
    with pytest.raises(MediaError, match="not a readable MP4"):
        examine(tmp_path / "a.mp4")


def probe(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*COMMAND, "probe", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_a_person_reads_a_table(ours: Path) -> None:
    done = probe(ours)
    assert (done.returncode, done.stderr) == (0, "")
    assert "h264, 256×144, 30 frames a second" in done.stdout
    assert "Signed, and unaltered since" in done.stdout
    assert done.stdout.endswith("No fault was found.\n")


def test_a_program_reads_one_object_and_the_exit_code(tmp_path: Path) -> None:
    done = probe(film(tmp_path / "a.mp4", fast=False), "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert told["event"] == "examination"
    assert told["info"]["videoCodec"] == "h264"
    assert told["faults"] == [
        {"fault": "slow_start", "message": "The video's index lies behind its pictures."}
    ]


def test_what_is_no_video_is_said_in_red_and_in_the_exit_code(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"noise")
    done = probe(tmp_path / "a.mp4")
    assert done.returncode == 1
    assert done.stderr == "The video is not a readable MP4 file.\n"


@pytest.mark.parametrize("mark", [b"avc1", b"mp4a"])
def test_a_codec_that_nobody_knows_is_said(tmp_path: Path, mark: bytes) -> None:
    path = film(tmp_path / "a.mp4")
    path.write_bytes(path.read_bytes().replace(mark, b"zzz1").replace(b"esds", b"free"))
    found = examine(path)
    kind = "pictures are" if mark == b"avc1" else "sound is"
    assert f"The {kind} coded as something unknown" in found.faults[0].message


def test_sound_without_a_sample_is_examined(tmp_path: Path) -> None:
    # Encoded, it is the encoder's delay alone, which players leave out.
    found = examine(film(tmp_path / "a.mp4", sound=np.zeros(1)))
    assert found.loudness is None or found.loudness.integrated < -60
