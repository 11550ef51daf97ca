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
from render.pictures.still import check_picture, film, load_plate, measure_picture
from render.rendition import Profile
from render.storyboard import Focus, Motion
from tests.support.stills import chunk, deep_png, write_avif

PROFILE = Profile(name="tiny", width=160, height=96)
MIDDLE = Focus()
FULL = window(Motion.STILL, frame=0, frames=1)


def filmed(path: Path, profile: Profile = PROFILE, *, focus: Focus = MIDDLE) -> np.ndarray:
    """The picture as a player shows it: RGB, H × W × 3."""
    canvas = Canvas(profile)
    film(load_plate(path, profile, focus=focus), FULL, canvas)
    return canvas.frame().reformat(format="rgb24", src_colorspace="itu709").to_ndarray()


def png_of(width: int, height: int) -> bytes:
    """A PNG that says it is this large and holds no pixels."""
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
    ("kind", "options"),
    [
        ("PNG", {}),
        ("JPEG", {"quality": 95}),
        ("WEBP", {}),
        ("AVIF", {"speed": 10}),
        ("GIF", {}),
    ],
)
def test_every_format_is_told_by_content(
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


@pytest.mark.parametrize("behind", [False, True], ids=["before its pixels", "behind its pixels"])
@pytest.mark.parametrize("kind", ["eXIf", "tEXt"])
def test_a_png_is_turned_upright_wherever_it_says_so(
    tmp_path: Path, kind: str, behind: bool
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    told = exif.tobytes()[6:]
    if kind == "tEXt":  # as ImageMagick has it
        told = b"Raw profile type exif\0\nexif\n%d\n%s" % (len(told), told.hex().encode())
    plain = io.BytesIO()
    image = Image.new("RGB", (180, 320), (0, 0, 0))
    image.paste((255, 255, 255), (0, 0, 180, 160))
    image.save(plain, "PNG")
    before, end = plain.getvalue()[:-12], plain.getvalue()[-12:]
    note = chunk(kind.encode(), told)
    path = tmp_path / "turned.png"
    path.write_bytes(before + note + end if behind else before[:33] + note + before[33:] + end)
    assert measure_picture(path) == (320, 180)
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


@pytest.mark.parametrize(
    "colour", [(0xFFFF,) * 3, (0, 0, 0), (0x8080, 0x4040, 0xC0C0), (0x1234, 0xFEDC, 0x0F0F)]
)
@pytest.mark.parametrize("size", [(32, 18), (1, 1), (1000, 20), (700, 700)])
def test_sixteen_bit_colour_comes_out_as_it_went_in(
    tmp_path: Path, colour: tuple[int, int, int], size: tuple[int, int]
) -> None:
    path = tmp_path / "deep.png"
    path.write_bytes(deep_png(np.full((size[1], size[0], 3), colour, np.uint16)))
    assert np.abs(filmed(path) - np.array(colour) / 257).max() <= 4


def test_the_bits_below_the_eighth_are_seen_as_grain(tmp_path: Path) -> None:
    # A ramp over three levels of eight bits: bands of 53 pixels, were it rounded.
    ramp = np.linspace(100 * 257, 103 * 257, 160)
    path = tmp_path / "ramp.png"
    path.write_bytes(deep_png(np.tile(ramp[None, :, None], (96, 1, 3)).astype(np.uint16)))
    canvas = Canvas(PROFILE)
    film(load_plate(path, PROFILE), FULL, canvas)
    wanted = 16 + 219 / 255 * ramp / 257
    # Every eight columns have the mean that they should, which no rounding gives.
    means = canvas.y.reshape(96, 20, 8).mean(axis=(0, 2))
    assert np.abs(means - wanted.reshape(20, 8).mean(axis=1)).max() < 0.1
    assert np.abs(canvas.y - wanted).max() < 1.2


def test_sixteen_bit_transparency_is_shown_on_white(tmp_path: Path) -> None:
    samples = np.zeros((18, 32, 4), np.uint16)
    samples[..., 3] = 0x8080
    path = tmp_path / "half.png"
    path.write_bytes(deep_png(samples))
    assert np.abs(filmed(path).astype(int) - 127).max() <= 3


def test_a_deep_picture_is_turned_upright_and_keeps_its_focus(tmp_path: Path) -> None:
    samples = np.zeros((320, 180, 3), np.uint16)
    samples[:160] = 0xFFFF
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    path = tmp_path / "turned.png"
    path.write_bytes(deep_png(samples, eXIf=exif.tobytes()[6:]))
    shown = filmed(path)
    assert shown[:, 120:].min() > 240, "what was on top is at the right"
    assert shown[:, :40].max() < 15
    square = Profile(name="square", width=96, height=96)
    assert filmed(path, square, focus=Focus(x=1.0))[:, 24:].min() > 240


PQ, HLG, BT2020, P3, SRGB = 16, 18, 9, 12, 13
WHITE = 0.5806888  # 203 cd/m² in PQ


@pytest.mark.parametrize(
    ("transfer", "signal", "level"),
    [
        # By the formulas of BT.2390 and BT.1886 worked through by hand; 1,000 cd/m² is white.
        (PQ, 0.0, 0),
        (PQ, 0.3022, 73),  # 10 cd/m²
        (PQ, 0.5081, 189),  # 100 cd/m²
        (PQ, WHITE, 230),
        (PQ, 0.7518, 255),
        (PQ, 1.0, 255),
        (HLG, 0.75, 230),  # the same reference white
        (HLG, 1.0, 255),
    ],
)
def test_hdr_greys_land_where_the_curve_has_them(
    tmp_path: Path, transfer: int, signal: float, level: int
) -> None:
    path = tmp_path / "hdr.png"
    samples = np.full((18, 32, 3), round(signal * 65535), np.uint16)
    path.write_bytes(deep_png(samples, tags=(BT2020, transfer)))
    assert np.abs(filmed(path).astype(int) - level).max() <= 3


def test_an_hdr_avif_is_toned_down_too(tmp_path: Path) -> None:
    path = tmp_path / "hdr.avif"
    samples = np.full((96, 160, 3), round(WHITE * 65535), np.uint16)
    write_avif(path, samples, pix_fmt="yuv420p10le", tags=(BT2020, PQ))
    assert np.abs(filmed(path).astype(int) - 230).max() <= 6


def test_a_wide_gamut_without_hdr_keeps_its_greys(tmp_path: Path) -> None:
    path = tmp_path / "wide.png"
    path.write_bytes(deep_png(np.full((18, 32, 3), 0x9090, np.uint16), tags=(P3, SRGB)))
    assert np.abs(filmed(path).astype(int) - 0x90).max() <= 3


def icc_profile(kind: bytes, colours: bytes, space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """An ICC profile of version 2.4."""
    start = 132 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content
    header = struct.pack(
        ">I4xI4s4s4s12x4s28x", start + len(body), 0x02400000, kind, colours, space, b"acsp"
    )
    white = b"".join(map(fixed, (0.9642, 1.0, 0.8249)))
    return (header + white).ljust(128, b"\0") + table + body


def fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def display_p3() -> bytes:
    """Display P3's primaries, with a plain gamma of 2.2."""

    def xyz(*values: float) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(map(fixed, values))

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    tags = {
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        # Adapted to D50 by Bradford, as a profile's colorants are.
        b"rXYZ": xyz(0.51512, 0.24120, -0.00105),
        b"gXYZ": xyz(0.29198, 0.69225, 0.04189),
        b"bXYZ": xyz(0.15710, 0.06657, 0.78407),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    return icc_profile(b"mntr", b"RGB ", b"XYZ ", tags)


def grey_press() -> bytes:
    """A press whose cyan prints a mid grey, Lab 50, 0, 0, and whose other colours do nothing."""
    identity = b"".join(fixed(float(index % 4 == 0)) for index in range(9))
    straight = bytes(range(256))
    # Cyan runs slowest and black fastest.
    lattice = b"".join(
        bytes([0 if node & 1 else 128 if node & 8 else 255, 128, 128]) for node in range(16)
    )
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + identity
    table += straight * 4 + lattice + straight * 3
    return icc_profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": table})


@pytest.mark.parametrize("deep", [False, True])
def test_a_wide_gamut_profile_is_converted(tmp_path: Path, deep: bool) -> None:
    # Half-red of Display P3 is a redder red in sRGB's numbers.
    path = tmp_path / "p3.png"
    colour = (200, 100, 100)
    if deep:
        profile = b"p3\0\0" + zlib.compress(display_p3())
        path.write_bytes(deep_png(np.full((18, 32, 3), colour, np.uint16) * 257, iCCP=profile))
    else:
        Image.new("RGB", (32, 18), colour).save(path, icc_profile=display_p3())
    shown = filmed(path).mean(axis=(0, 1))
    assert 210 < shown[0] < 222
    assert 90 < shown[1] < 98


def test_cmyk_goes_by_its_profile(tmp_path: Path) -> None:
    path = tmp_path / "cmyk.jpg"
    image = Image.new("CMYK", (64, 36), (255, 255, 0, 0))
    image.save(path, quality=95, icc_profile=grey_press())
    assert np.abs(filmed(path).astype(int) - 119).max() <= 4, "Lab 50, 0, 0"


def test_cmyk_without_a_profile_is_what_its_inks_leave(tmp_path: Path) -> None:
    path = tmp_path / "cmyk.jpg"
    Image.new("CMYK", (64, 36), (0, 255, 255, 0)).save(path, quality=95)
    assert np.abs(filmed(path).mean(axis=(0, 1)) - (254, 0, 0)).max() <= 4


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_an_animated_picture_is_its_first_frame(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "moving.bin"
    frames = [Image.new("RGB", (64, 36), colour) for colour in ("#ff0000", "#00ff00", "#0000ff")]
    frames[0].save(path, kind, save_all=True, append_images=frames[1:], duration=50)
    assert np.abs(filmed(path).mean(axis=(0, 1)) - (254, 0, 0)).max() <= 5


def test_a_picture_with_one_transparent_colour_is_shown_on_white(tmp_path: Path) -> None:
    path = tmp_path / "key.gif"
    image = Image.new("P", (64, 36), 0)
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.save(path, transparency=0)
    assert filmed(path).min() >= 252


@pytest.mark.parametrize("size", [(1, 1), (8192, 1), (1, 8192), (3, 2), (8192, 6000)])
def test_a_picture_of_any_size_is_shown(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "odd.png"
    Image.new("L", size, 200).save(path, compress_level=1)
    assert np.abs(filmed(path).astype(int) - 200).max() <= 2


def test_a_picture_of_several_is_its_first(tmp_path: Path) -> None:
    # What telephones write: a JPEG with another, small or brighter, behind it.
    path = tmp_path / "phone.jpg"
    first, second = (Image.new("RGB", (64, 36), colour) for colour in ("#ff0000", "#0000ff"))
    first.save(path, "MPO", save_all=True, append_images=[second], quality=95)
    assert np.abs(filmed(path).mean(axis=(0, 1)) - (254, 0, 0)).max() <= 5


@pytest.mark.parametrize(
    ("focus", "red", "place"),
    [
        (Focus(x=0.0), True, 0.0),
        (Focus(x=1.0), False, 1.0),
        (Focus(x=0.25), True, 0.5),
        (Focus(x=0.1), True, 0.2),
    ],
)
def test_a_crop_keeps_the_focus(tmp_path: Path, focus: Focus, red: bool, place: float) -> None:
    # Twice as wide as the frame: half of it is cut off.
    path = tmp_path / "halves.png"
    image = Image.new("RGB", (640, 192), (0, 0, 255))
    image.paste((255, 0, 0), (0, 0, 320, 192))
    image.save(path)
    shown = filmed(path, focus=focus)
    assert (shown[:, 4:-4, 0].mean() > 250) == red
    assert load_plate(path, PROFILE, focus=focus).focus.x == pytest.approx(place)


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


@pytest.mark.parametrize("deep", [False, True])
def test_a_damaged_picture_is_refused_when_decoded(tmp_path: Path, deep: bool) -> None:
    path = tmp_path / "cut.png"
    noise = np.random.default_rng(1).integers(0, 65536, (90, 160, 3), dtype=np.uint16)
    data = deep_png(noise) if deep else good_png()
    path.write_bytes(data[: len(data) // 2])
    check_picture(path)
    with pytest.raises(MediaError, match="Scene 2: the picture is damaged"):
        load_plate(path, PROFILE, scene="2")
