"""Stills with the quirks of public collections: each is read, or refused in its own words."""

import io
import struct
from pathlib import Path

import av
import numpy as np
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

PROFILE = Profile(name="tiny", width=160, height=96)
P3, PQ, DERIVED, YCGCO, ICTCP = 12, 16, 12, 8, 14


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


def avif() -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", (160, 96), "#406080").save(kept, "AVIF", speed=10)
    return kept.getvalue()


def test_an_avif_without_a_primary_item_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.avif").write_bytes(avif().replace(b"pitm", b"free"))
    with pytest.raises(MediaError, match="Scene 2: the picture is "):
        seen(tmp_path / "p.avif")


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
