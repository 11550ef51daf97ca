import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.codec.codec import UnknownCodecError

from render import encoder
from render.encoder import (
    REORDER_DELAY,
    X264,
    Encoder,
    available_encoders,
    choose_encoder,
    encode_segment,
)
from render.errors import CompositionError
from render.pictures.background import background_plate
from render.pictures.canvas import Canvas
from render.pictures.footage import StillFootage
from render.rendition import Codec, Grade, Profile, Quality, profile_for
from render.storyboard import AspectRatio, Gradient, Motion

PROFILE = Profile(name="tiny", width=128, height=64)


def profile_in(codec: Codec) -> Profile:
    return Profile(name="tiny", width=128, height=64, codec=codec)


def pictures(count: int, *, shade: int = 90) -> Iterator[Canvas]:
    canvas = Canvas(PROFILE)
    for number in range(count):
        canvas.y[:] = np.roll(np.arange(128, dtype=np.uint8) + shade // 2, 3 * number)
        canvas.u[:] = 128
        canvas.v[:] = shade
        yield canvas


def encoded(path: Path, count: int, *, shade: int = 90, codec: Codec = Codec.H264) -> Path:
    encode_segment(
        pictures(count, shade=shade),
        path,
        profile=profile_in(codec),
        encoder=choose_encoder(codec),
    )
    return path


@pytest.fixture(autouse=True)
def nothing_tried_before() -> Iterator[None]:
    yield
    encoder._working_encoders.cache_clear()


def test_software_for_every_codec_really_encodes_here() -> None:
    assert {"libx264", "libx265", "libsvtav1"} <= set(available_encoders())


def test_an_encoder_that_is_listed_but_does_not_work_is_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unknown = Encoder(name="h264_from_the_future", options={})
    misled = Encoder(name="libx264", options={"x264-params": "bframes=3", "preset": "warp"})
    monkeypatch.setitem(encoder._CANDIDATES, Codec.H264, (unknown, misled, X264))
    with pytest.raises(UnknownCodecError):
        av.CodecContext.create(unknown.name, "w")
    assert choose_encoder().options == X264.options


def test_the_first_that_works_is_chosen_and_known_by_what_it_makes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usual = choose_encoder()
    encoder._working_encoders.cache_clear()
    other = Encoder(name="libx264", options=X264.options | {"preset": "medium"})
    monkeypatch.setitem(encoder._CANDIDATES, Codec.H264, (other, X264))
    chosen = choose_encoder()
    assert chosen.options == other.options
    assert usual.trial != chosen.trial
    assert len(usual.trial) == len(chosen.trial) == 64


def test_a_machine_without_any_encoder_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(encoder._CANDIDATES, Codec.AV1, ())
    with pytest.raises(CompositionError, match="no working AV1 encoder"):
        choose_encoder(Codec.AV1)


@pytest.mark.parametrize("codec", list(Codec))
@pytest.mark.parametrize("count", [1, 2, 3, 40, 151])
def test_a_segment_holds_every_picture_once_in_order(
    tmp_path: Path, count: int, codec: Codec
) -> None:
    with av.open(encoded(tmp_path / "a.mp4", count, codec=codec)) as container:
        stream = container.streams.video[0]
        tick = 1 / (30 * stream.time_base)
        assert [frame.pts / tick for frame in container.decode(stream)] == list(range(count))


def test_a_canvas_may_be_used_again_at_once(tmp_path: Path) -> None:
    # Pictures come in one buffer; what is decoded must be what each was.
    with av.open(encoded(tmp_path / "a.mp4", 30)) as container:
        decoded = [frame.to_ndarray()[:64] for frame in container.decode(video=0)]
    for number, luma in enumerate(decoded):
        wanted = np.roll(np.arange(128) + 45, 3 * number)
        assert np.abs(luma.mean(axis=0) - wanted).mean() < 3


@pytest.mark.parametrize("codec", list(Codec))
def test_segments_share_one_header_whatever_they_show(tmp_path: Path, codec: Codec) -> None:
    headers: set[bytes | None] = set()
    for number, count in enumerate((1, 20, 160)):
        path = encoded(tmp_path / f"{number}.mp4", count, shade=60 * number, codec=codec)
        with av.open(path) as container:
            headers.add(container.streams.video[0].codec_context.extradata)
    assert len(headers) == 1


@pytest.mark.parametrize("codec", list(Codec))
def test_a_segment_begins_with_a_keyframe_and_looks_ahead_no_further_than_said(
    tmp_path: Path, codec: Codec
) -> None:
    with av.open(encoded(tmp_path / "a.mp4", 160, codec=codec)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.pts is not None]
    assert packets[0].is_keyframe
    assert packets[0].pts == 0
    shown = [round(packet.pts * packet.time_base * 30) for packet in packets]
    assert all(place - coded >= -REORDER_DELAY[codec] for coded, place in enumerate(shown))
    keys = [round(p.pts * p.time_base * 30) for p in packets if p.is_keyframe]
    assert max(np.diff([*keys, 160])) <= 150


@pytest.mark.parametrize("codec", list(Codec))
def test_a_better_grade_is_nearer_to_the_pictures_and_can_be_joined(
    tmp_path: Path, codec: Codec
) -> None:
    sizes: list[int] = []
    errors: list[float] = []
    for grade in Grade:
        profile = profile_for(AspectRatio.LANDSCAPE, Quality.PREVIEW, codec=codec, grade=grade)
        painted = [canvas.y.copy() for canvas in scenery(profile)]
        chosen = choose_encoder(codec, grade)
        first, again = tmp_path / f"{grade}.mp4", tmp_path / f"{grade}-again.mp4"
        for place in (first, again):
            encode_segment(scenery(profile), place, profile=profile, encoder=chosen)
        assert first.read_bytes() == again.read_bytes()
        with av.open(first) as container:
            packets = [packet for packet in container.demux(video=0) if packet.pts is not None]
            shown = [round(packet.pts * packet.time_base * 30) for packet in packets]
            assert all(place - coded >= -REORDER_DELAY[codec] for coded, place in enumerate(shown))
        with av.open(first) as container:
            decoded = [frame.to_ndarray()[: profile.height] for frame in container.decode(video=0)]
        sizes.append(first.stat().st_size)
        errors.append(float(np.mean((np.array(painted, float) - np.array(decoded)) ** 2)))
    assert sizes[0] < 0.85 * sizes[1]
    assert sizes[1] < 0.95 * sizes[2]
    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize("codec", list(Codec))
def test_a_slow_gradient_keeps_its_dithering_and_can_be_joined(
    tmp_path: Path, codec: Codec
) -> None:
    profile = profile_for(AspectRatio.LANDSCAPE, Quality.PREVIEW, codec=codec)
    chosen = choose_encoder(codec)
    plate = background_plate(Gradient(start="#102030", end="#304858", angle=120), profile)
    canvas = Canvas(profile)
    StillFootage(plate, Motion.STILL, frames=9).film(0, canvas)
    headers: list[bytes | None] = []
    bands: list[float] = []
    for smooth in (False, True):
        place = tmp_path / f"{smooth}.mp4"
        encode_segment([canvas] * 9, place, profile=profile, encoder=chosen, smooth=smooth)
        with av.open(place) as container:
            headers.append(container.streams.video[0].codec_context.extradata)
            *_, last = (frame.to_ndarray()[: profile.height] for frame in container.decode(video=0))
        # What is left of a band when the eye has taken together 16 pixels each way.
        error = cv2.boxFilter(last.astype(np.float32) - canvas.y, -1, (16, 16))[16:-16, 16:-16]
        bands.append(float(np.sqrt((error**2).mean())))
    assert headers[0] == headers[1]
    assert bands[1] < 0.85 * bands[0]


def scenery(profile: Profile) -> Iterator[Canvas]:
    random = np.random.default_rng(1)
    texture = cv2.GaussianBlur(
        random.integers(0, 255, (profile.height * 2, profile.width * 2), np.uint8), (0, 0), 2.5
    )
    texture = cv2.normalize(texture, None, 20, 230, cv2.NORM_MINMAX)
    canvas = Canvas(profile)
    for number in range(12):
        canvas.y[:] = texture[number : number + profile.height, number : number + profile.width]
        canvas.u[:], canvas.v[:] = 120, 140
        yield canvas


def test_the_standard_grade_is_the_encoder_as_it_is() -> None:
    assert choose_encoder(grade=Grade.STANDARD) == choose_encoder()
    assert choose_encoder(grade=Grade.HIGH) != choose_encoder()


@pytest.mark.parametrize("codec", list(Codec))
@pytest.mark.parametrize("frames", [1, 2, 3, 20])
def test_decoding_times_count_pictures(tmp_path: Path, codec: Codec, frames: int) -> None:
    # x265 left them unwritten in runs shorter than its reordering: now and then the container
    # refused the segment, which is what the repetition is for.
    for number in range(8):
        with av.open(encoded(tmp_path / f"{number}.mp4", frames, codec=codec)) as container:
            coded = [
                packet.dts * packet.time_base * 30
                for packet in container.demux(video=0)
                if packet.dts is not None
            ]
        assert [time - coded[0] for time in coded] == list(range(frames))


@pytest.mark.parametrize(
    ("codec", "tag"), [(Codec.H264, "avc1"), (Codec.HEVC, "hvc1"), (Codec.AV1, "av01")]
)
def test_segments_are_tagged_bt709_in_limited_range(tmp_path: Path, codec: Codec, tag: str) -> None:
    with av.open(encoded(tmp_path / "a.mp4", 2, codec=codec)) as container:
        context = container.streams.video[0].codec_context
        tags = (context.colorspace, context.color_primaries, context.color_trc)
        assert tags == (1, 1, 1)
        assert context.color_range == 1
        assert context.pix_fmt == "yuv420p"
        assert context.codec_tag == tag


SEGMENT_DIGEST = """
import hashlib, sys, numpy as np
from pathlib import Path
from render.encoder import choose_encoder, encode_segment
from render.pictures.background import background_plate
from render.pictures.canvas import Canvas
from render.pictures.footage import StillFootage
from render.rendition import Codec, Grade, Profile, Quality, profile_for

codec, width, height, place = Codec(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
profile = Profile(name="odd", width=width, height=height, codec=codec)
ground = np.random.default_rng(0).integers(16, 235, (height // 8 + 9, width // 8 + 9), np.uint8)
ground = ground.repeat(8, 0).repeat(8, 1)

def pictures():
    canvas = Canvas(profile)
    canvas.u[:] = canvas.v[:] = 128
    for frame in range(40):
        canvas.y[:] = ground[frame:frame + height, 2 * frame // 3:][:, :width]
        yield canvas

encode_segment(pictures(), Path(place), profile=profile, encoder=choose_encoder(codec))
print(hashlib.sha256(Path(place).read_bytes()).hexdigest())
"""


@pytest.mark.parametrize(
    ("codec", "size"),
    [
        (Codec.H264, (360, 640)),
        (Codec.H264, (360, 360)),
        (Codec.H264, (640, 360)),
        (Codec.HEVC, (360, 640)),
        (Codec.AV1, (360, 640)),
    ],
)
def test_the_same_pictures_make_the_same_bytes_whatever_lay_in_memory_before(
    tmp_path: Path, codec: Codec, size: tuple[int, int]
) -> None:
    # What an encoder reads without having written it is another byte in each of these processes.
    made = {
        subprocess.run(
            [sys.executable, "-c", SEGMENT_DIGEST, codec, *map(str, size), tmp_path / "segment"],
            env=os.environ | {"MALLOC_PERTURB_": filling},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for filling in ("0", "85", "170")
    }
    assert len(made) == 1


def test_encoding_writes_nothing_to_the_terminal(tmp_path: Path) -> None:
    for codec in Codec:
        told = subprocess.run(
            [sys.executable, "-c", SEGMENT_DIGEST, codec, "128", "64", tmp_path / "segment"],
            capture_output=True,
            text=True,
            check=True,
        ).stderr
        assert not told, codec
