import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from render.errors import MediaError
from render.pictures.canvas import Canvas
from render.pictures.motion import window
from render.pictures.still import check_picture, film, load_plate
from render.rendition import Profile
from render.storyboard import Motion

PROFILE = Profile(name="tiny", width=160, height=96)
FULL = window(Motion.STILL, frame=0, frames=1)


def filmed(path: Path, profile: Profile = PROFILE) -> np.ndarray:
    """The picture as a player shows it: RGB, H × W × 3."""
    canvas = Canvas(profile)
    film(load_plate(path, profile), FULL, canvas)
    return canvas.frame().reformat(format="rgb24", src_colorspace="itu709").to_ndarray()


def png_of(width: int, height: int) -> bytes:
    """A PNG that says it is this large and holds no pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "colour",
    [(255, 255, 255), (0, 0, 0), (128, 128, 128), (200, 30, 40), (20, 33, 61), (252, 163, 17)],
)
def test_a_colour_comes_out_as_it_went_in(tmp_path: Path, colour: tuple[int, int, int]) -> None:
    path = tmp_path / "flat.png"
    Image.new("RGB", (320, 180), colour).save(path)
    shown = filmed(path).reshape(-1, 3).astype(int)
    assert np.abs(shown - colour).max() <= 3


@pytest.mark.parametrize(
    ("kind", "options"), [("PNG", {}), ("JPEG", {"quality": 95}), ("WEBP", {})]
)
def test_the_three_formats_are_told_by_content(
    tmp_path: Path, kind: str, options: dict[str, int]
) -> None:
    path = tmp_path / "picture.dat"
    Image.new("RGB", (64, 48), (10, 120, 220)).save(path, kind, **options)
    info = check_picture(path)
    assert (info.width, info.height, info.format) == (64, 48, kind)
    assert np.abs(filmed(path).mean(axis=(0, 1)) - (10, 120, 220)).max() <= 4


@pytest.mark.parametrize("size", [(400, 100), (100, 400), (160, 96), (7, 5)])
def test_a_picture_of_any_shape_fills_the_frame_from_its_middle(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    path = tmp_path / "halves.png"
    image = Image.new("RGB", size, (0, 0, 255))
    image.paste((255, 0, 0), (0, 0, size[0] // 2, size[1]))
    image.save(path)
    shown = filmed(path)
    assert shown[:, 5, 0].min() > 200, "red to the left edge"
    assert shown[:, -6, 2].min() > 200, "blue to the right edge"


def test_a_photograph_is_turned_upright(tmp_path: Path) -> None:
    path = tmp_path / "turned.jpg"
    image = Image.new("RGB", (180, 320), (0, 0, 0))
    image.paste((255, 255, 255), (0, 0, 180, 160))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    image.save(path, exif=exif, quality=95)
    shown = filmed(path)
    assert shown[:, 120:].min() > 240, "what was on top is at the right"
    assert shown[:, :40].max() < 15


def test_transparency_is_shown_on_white(tmp_path: Path) -> None:
    path = tmp_path / "clear.png"
    Image.new("RGBA", (32, 18), (0, 0, 0, 0)).save(path)
    assert filmed(path).min() >= 253


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "RGBA"])
def test_every_kind_of_colour_is_understood(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("picture.jpg" if mode == "CMYK" else "picture.png")
    Image.new("RGB", (64, 36), "white").convert(mode).save(path)
    assert filmed(path).min() >= 252


def test_sixteen_bit_grey_is_scaled_not_clipped(tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    Image.fromarray(np.full((18, 32), 0x8080, np.uint16)).save(path)
    assert np.abs(filmed(path).astype(int) - 0x80).max() <= 3


def test_a_broken_colour_profile_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "profile.png"
    Image.new("RGB", (32, 18), (90, 90, 90)).save(path, icc_profile=b"nonsense")
    assert np.abs(filmed(path).astype(int) - 90).max() <= 3


def test_a_colour_profile_is_honoured(tmp_path: Path) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = tmp_path / "srgb.png"
    Image.new("RGB", (32, 18), (90, 140, 200)).save(path, icc_profile=lab)
    assert np.abs(filmed(path).mean(axis=(0, 1)) - (90, 140, 200)).max() <= 3


def good_png() -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 256, (90, 160, 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"#EXTM3U\nhttp://127.0.0.1/secret\n", id="playlist"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", id="svg"),
        pytest.param(b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", id="gif"),
        pytest.param(good_png()[:20], id="cut in its header"),
        pytest.param(os.urandom(4096), id="noise"),
    ],
)
def test_what_is_no_picture_is_refused_by_its_scene(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    with pytest.raises(MediaError, match="Scene 4: the picture is not a readable") as caught:
        check_picture(path, scene="4")
    assert caught.value.params == {"scene": "4"}


def test_a_missing_picture_is_said(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="The picture is missing"):
        check_picture(tmp_path / "none.png")


@pytest.mark.parametrize("side", [8_000, 12_000, 40_000])
def test_a_huge_picture_is_refused_by_its_header(tmp_path: Path, side: int) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png_of(side, side))
    with pytest.raises(MediaError, match="Scene 1: the picture has more than 50 million pixels"):
        check_picture(path, scene="1")
    with pytest.raises(MediaError, match="more than 50 million"):
        load_plate(path, PROFILE, scene="1")


def test_a_damaged_picture_is_refused_when_decoded(tmp_path: Path) -> None:
    path = tmp_path / "cut.png"
    data = good_png()
    path.write_bytes(data[: len(data) // 2])
    check_picture(path)
    with pytest.raises(MediaError, match="Scene 2: the picture is damaged"):
        load_plate(path, PROFILE, scene="2")
