"""The corpus of stills: one of every depth, curve and quirk that people have.

Each is read, and then as the standard it is written by has it, or refused in its own words.
"""

import io
import struct
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pillow_heif
import pytest
from PIL import Image, PngImagePlugin

from render.decoding import Unread, decoding
from render.errors import CompositionError, MediaError
from render.pictures import hdr, matrices
from render.pictures.canvas import Canvas
from render.pictures.motion import window
from render.pictures.still import film, load_plate, picture_error
from render.rendition import Profile
from render.storyboard import Motion
from tests.support.clips import BT709, BT2020, DERIVED, HLG, ICTCP, LINEAR, P3, PQ, SRGB, YCGCO
from tests.support.stills import chunk, deep_png, gain_mapped_avif, write_avif

PROFILE = Profile(name="tiny", width=160, height=96)


def seen(path: Path) -> np.ndarray:
    canvas = Canvas(PROFILE)
    film(load_plate(path, PROFILE, scene="2"), window(Motion.STILL, frame=0, frames=1), canvas)
    return canvas.frame().reformat(format="rgb24", src_colorspace="itu709").to_ndarray()


def matrix_avif(path: Path, colour: tuple[float, float, float], matrix: int, *, full: bool) -> None:
    """One colour of P3's primaries in PQ, coded by a matrix that no library here writes."""
    to_rgb = matrices.to_rgb(DERIVED if matrix == ICTCP else matrix, primaries=P3)
    assert to_rgb is not None
    y, *chroma = (np.linalg.inv(to_rgb.astype(np.float64)) @ colour).tolist()
    black, luma, span = (0, 1023, 1023) if full else (64, 876, 896)
    codes = [round(black + luma * y), *(round(512 + span * value) for value in chroma)]
    planes = [
        np.full((96 >> bool(index), 160 >> bool(index)), code, np.uint16)
        for index, code in enumerate(codes)
    ]
    samples = np.concatenate([plane.ravel() for plane in planes]).reshape(-1, 160)
    frame = av.VideoFrame.from_ndarray(samples, "yuv420p10le")
    with av.open(path, "w", format="avif") as out:
        stream = out.add_stream("libsvtav1", 1, options={"preset": "10", "crf": "1"})
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p10le"
        context = stream.codec_context
        context.color_primaries, context.color_trc = P3, PQ
        context.colorspace, context.color_range = 1, 2 if full else 1
        frame.pts = 0
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    # The tags of the container, and of the sequence itself, which decoders go by.
    raw = bytearray(path.read_bytes())
    at = raw.index(b"nclx") + 4
    assert raw[at : at + 6] == struct.pack(">HHH", P3, PQ, 1)
    raw[at : at + 6] = struct.pack(">HHH", P3, PQ, matrix)
    tagged = _bits(bytes([P3, PQ, 1]))
    bits = _bits(bytes(raw))
    assert (count := bits.count(tagged)) >= 1, count
    changed = bits.replace(tagged, _bits(bytes([P3, PQ, matrix])))
    path.write_bytes(int(changed, 2).to_bytes(len(raw)))


def _bits(content: bytes) -> str:
    return "".join(f"{byte:08b}" for byte in content)


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("matrix", [DERIVED, YCGCO])
def test_an_avif_of_a_matrix_that_swscale_does_not_know_is_read(
    tmp_path: Path, matrix: int, full: bool
) -> None:
    path, colour = tmp_path / "p3.avif", (0.55, 0.4, 0.45)
    matrix_avif(path, colour, matrix, full=full)
    signal = np.array([[colour]], np.float32)
    wanted = hdr.to_bt709(signal, transfer=PQ, primaries=P3)[0, 0] * 255
    assert np.abs(seen(path).mean(axis=(0, 1)) - wanted).max() <= 4


def test_an_avif_in_other_colours_still_says_which(tmp_path: Path) -> None:
    matrix_avif(tmp_path / "p.avif", (0.5, 0.5, 0.5), ICTCP, full=True)
    with pytest.raises(MediaError, match=r"Scene 2: the picture is stored in colours .*: ICtCp"):
        seen(tmp_path / "p.avif")


@pytest.mark.parametrize(
    "content", ["nonsense", "\nexif\n 8\nzzzz", "\nexif\n 4\n49492a00", "\n\n\n\n" + "ff" * 99]
)
def test_a_png_with_malformed_raw_exif_is_no_worse_for_it(tmp_path: Path, content: str) -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Raw profile type exif", content)
    Image.new("RGB", (160, 96), "#406080").save(tmp_path / "p.png", pnginfo=notes)
    assert np.abs(seen(tmp_path / "p.png").mean(axis=(0, 1)) - (0x40, 0x60, 0x80)).max() <= 3


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_exif_that_is_malformed_turns_nothing(tmp_path: Path, kind: str) -> None:
    exif = b"Exif\0\0MM\0*\xff\xff\xff\xff"
    Image.new("RGB", (160, 96), "#406080").save(tmp_path / "p", kind, exif=exif)
    assert np.abs(seen(tmp_path / "p").mean(axis=(0, 1)) - (0x40, 0x60, 0x80)).max() <= 4


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF"])
def test_an_orientation_in_xmp_turns_nothing(tmp_path: Path, kind: str) -> None:
    picture = np.zeros((96, 160, 3), np.uint8)
    picture[:48] = 255
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a tiff:Orientation="3"/></x:xmpmeta>'
    how: dict[str, object] = {"xmp": xmp}
    if kind == "PNG":
        notes = PngImagePlugin.PngInfo()
        notes.add_itxt("XML:com.adobe.xmp", xmp.decode())
        how = {"pnginfo": notes}
    Image.fromarray(picture).save(tmp_path / "p", kind, **how)
    shown = seen(tmp_path / "p")
    assert shown[8].min() > 240
    assert shown[-8].max() < 16


def test_a_gain_map_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "p.avif").write_bytes(gain_mapped_avif())
    assert np.abs(seen(tmp_path / "p.avif").mean(axis=(0, 1)) - (0x40, 0x60, 0x80)).max() <= 4


@pytest.mark.parametrize(
    "content",
    [
        gain_mapped_avif(gamma=(0, 1)),
        gain_mapped_avif(gamma=(1, 0)),
        gain_mapped_avif(primary=False),
    ],
    ids=["a gamma of nothing", "a gamma by nothing", "no primary item"],
)
def test_an_avif_that_its_decoder_does_not_take_is_refused_by_its_scene(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "p.avif").write_bytes(content)
    with pytest.raises(MediaError, match=r"Scene 2: the picture is not a readable ") as caught:
        seen(tmp_path / "p.avif")
    assert caught.value.params == {"scene": "2"}


COLOUR = (0.5, 0.43, 0.46)
CURVES: dict[str, tuple[int, int]] = {
    # Primaries and transfer.
    "sRGB": (BT709, SRGB),
    "Display P3": (P3, SRGB),
    "PQ": (BT2020, PQ),
    "HLG": (BT2020, HLG),
    "linear": (BT709, LINEAR),
    "linear in P3": (P3, LINEAR),
}


def png(path: Path, samples: np.ndarray, tags: tuple[int, int]) -> None:
    path.write_bytes(deep_png(samples, tags=tags))


def heic(path: Path, samples: np.ndarray, tags: tuple[int, int]) -> None:
    picture = pillow_heif.from_bytes(mode="RGB;16", size=(160, 96), data=samples.tobytes())
    nclx = {"color_primaries": tags[0], "transfer_characteristics": tags[1]}
    more = {"matrix_coefficients": 1, "full_range_flag": 1}
    picture.save(path, format="HEIF", quality=100, chroma=444, **nclx, **more)


DEPTHS: dict[str, Callable[[Path, np.ndarray, tuple[int, int]], None]] = {
    "PNG of 16 bits": png,
    "AVIF of 10 bits": lambda path, samples, tags: write_avif(
        path, samples, pix_fmt="yuv420p10le", tags=tags
    ),
    "HEIC of 10 bits": heic,
}


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("depth", DEPTHS)
def test_a_deep_still_of_every_curve_is_seen_as_it_was_coded(
    tmp_path: Path, depth: str, curve: str
) -> None:
    primaries, transfer = CURVES[curve]
    path = tmp_path / "p"
    samples = np.broadcast_to(np.rint(np.array(COLOUR) * 65_535), (96, 160, 3)).astype(np.uint16)
    DEPTHS[depth](path, np.ascontiguousarray(samples), (primaries, transfer))
    wanted = np.array(COLOUR)
    if hdr.is_beyond_bt709(transfer=transfer, primaries=primaries):
        signal = np.array([[COLOUR]], np.float32)
        wanted = hdr.to_bt709(signal, transfer=transfer, primaries=primaries)[0, 0]
    assert np.abs(seen(path).mean(axis=(0, 1)) - wanted * 255).max() <= 3


def test_linear_light_is_what_srgb_has_for_it() -> None:
    # IEC 61966-2-1: worked through by hand.
    light = np.array([[[0, 0.002, 0.01], [0.05, 0.2140, 0.5], [0.8, 1, 1.5]]], np.float32)
    wanted = [[0, 6.59, 25.46], [63.2, 127.5, 187.5], [231.1, 255, 255]]
    made = hdr.to_bt709(light, transfer=LINEAR, primaries=BT709)[0] * 255
    assert np.abs(made - wanted).max() < 0.2


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize(
    ("gamma", "level"), [(45_455, 128), (100_000, 188), (55_556, 145), (1, 128), (0, 128)]
)
def test_a_png_has_the_gamma_that_it_names(
    tmp_path: Path, gamma: int, level: int, deep: bool
) -> None:
    path = tmp_path / "p.png"
    named = chunk(b"gAMA", struct.pack(">I", gamma))
    if deep:
        path.write_bytes(deep_png(np.full((96, 160, 3), 128 * 257, np.uint16)))
    else:
        Image.new("RGB", (160, 96), (128, 128, 128)).save(path)
    raw = path.read_bytes()
    path.write_bytes(raw[:33] + named + raw[33:])
    assert np.abs(seen(path).mean(axis=(0, 1)) - level).max() <= 2


@pytest.mark.parametrize(
    "error",
    [RuntimeError, ValueError, OverflowError, AttributeError, StopIteration, RecursionError],
)
def test_whatever_a_decoder_raises_is_the_error_with_its_scene(error: type[Exception]) -> None:
    with (
        pytest.raises(MediaError, match=r"Scene 3: the picture is damaged\.") as caught,
        decoding(picture_error("3"), "is damaged"),
    ):
        raise error
    assert caught.value.params == {"scene": "3"}


def test_a_machine_without_memory_says_nothing_of_the_file() -> None:
    with (
        pytest.raises(CompositionError, match="Scene 3: the picture takes more memory") as caught,
        decoding(picture_error("3"), "is damaged"),
    ):
        raise MemoryError
    assert caught.value.params == {"scene": "3"}


def test_what_is_not_read_here_says_why() -> None:
    with (
        pytest.raises(MediaError, match=r"The picture is of wax\."),
        decoding(picture_error(None), "is damaged"),
    ):
        raise Unread("is of wax")


def test_half_of_every_kind_of_still_is_refused_by_its_scene(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    picture = Image.fromarray(random.integers(0, 256, (96, 160, 3), dtype=np.uint8))
    path = tmp_path / "p"
    for kind in ("PNG", "JPEG", "WEBP", "AVIF", "HEIF", "GIF"):
        kept = io.BytesIO()
        picture.save(kept, kind)
        whole = kept.getvalue()
        for place in random.integers(0, len(whole), 12).tolist():
            for raw in (whole[:place], whole[:place] + b"\xff" + whole[place + 1 :]):
                path.write_bytes(raw)
                try:
                    seen(path)
                except MediaError as error:
                    assert error.params == {"scene": "2"}  # noqa: PT017
