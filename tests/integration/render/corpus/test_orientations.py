"""The corpus of stills by orientation: where a marked corner ends up, by EXIF's table."""

import io
import struct
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from render.errors import MediaError
from render.pictures import items
from render.pictures.canvas import Canvas
from render.pictures.motion import window
from render.pictures.orientation import Orientation
from render.pictures.still import check_picture, film, load_plate
from render.rendition import Profile
from render.storyboard import Corner, Motion
from render.timeline import LogoOverlay
from render.words.logo import load_logo
from tests.support.stills import box, deep_png, write_avif

PQ, BT2020 = 16, 9
WIDE, HIGH = (160, 96), (96, 160)
SEEN = {
    1: "red green blue white",
    2: "green red white blue",
    3: "white blue green red",
    4: "blue white red green",
    5: "red blue green white",
    6: "blue red white green",
    7: "white green blue red",
    8: "green white red blue",
}
"""What is seen at the upper left, upper right, lower left and lower right."""
HEIF_TURNS = {1: 0, 2: 0, 3: 2, 4: 0, 5: 1, 6: 3, 7: 3, 8: 1}
"""Quarters of a turn to the left, by `irot`."""
HEIF_MIRRORS = {2: 1, 4: 0, 5: 0, 7: 0}
"""`imir`, after that: 0 turns upside down, 1 left for right."""


def quarters() -> np.ndarray:
    """Red, green; blue, white."""
    picture = np.zeros((96, 160, 3), np.uint8)
    picture[:48, :80, 0] = picture[:48, 80:, 1] = picture[48:, :80, 2] = 255
    picture[48:, 80:] = 255
    return picture


def seen(path: Path, size: tuple[int, int]) -> str:
    profile = Profile(name="own", width=size[0], height=size[1])
    canvas = Canvas(profile)
    film(load_plate(path, profile), window(Motion.STILL, frame=0, frames=1), canvas)
    rgb = canvas.frame().reformat(format="rgb24", src_colorspace="itu709").to_ndarray()
    return corners(rgb)


def corners(rgb: np.ndarray) -> str:
    names = {(1, 0, 0): "red", (0, 1, 0): "green", (0, 0, 1): "blue", (1, 1, 1): "white"}
    height, width = rgb.shape[:2]
    places = [(y, x) for y in (height // 8, -height // 8) for x in (width // 8, -width // 8)]
    return " ".join(
        names.get(tuple((rgb[place][:3] > 110).astype(int).tolist()), "?") for place in places
    )


def exif(orientation: int) -> bytes:
    held = Image.Exif()
    held[0x0112] = orientation
    return held.tobytes()


def saved(kind: str, **how: object) -> Callable[[Path, int], None]:
    def write(path: Path, orientation: int) -> None:
        said = {} if orientation == 1 else {"exif": exif(orientation)}
        Image.fromarray(quarters()).save(path, kind, **said, **how)

    return write


def deep(path: Path, orientation: int) -> None:
    samples = quarters().astype(np.uint16) * 257
    path.write_bytes(deep_png(samples, eXIf=exif(orientation)[6:]))


def avif_of_ten_bits(path: Path, orientation: int) -> None:
    samples = quarters().astype(np.uint16) * 257
    write_avif(path, samples, pix_fmt="yuv420p10le", tags=(1, 1))
    raw = path.read_bytes()
    if HEIF_TURNS[orientation]:
        raw = with_property(raw, box(b"irot", bytes([HEIF_TURNS[orientation]])))
    if orientation in HEIF_MIRRORS:
        raw = with_property(raw, box(b"imir", bytes([HEIF_MIRRORS[orientation]])))
    path.write_bytes(raw)


def heif_of_ten_bits(path: Path, orientation: int) -> None:
    # Through `save`, pillow-heif writes `irot` and `imir` for what EXIF says.
    samples = quarters().astype(np.uint16) * 257
    picture = pillow_heif.from_bytes(mode="RGB;16", size=WIDE, data=samples.tobytes())
    picture.save(path, quality=90, **({} if orientation == 1 else {"exif": exif(orientation)}))


FORMATS: dict[str, Callable[[Path, int], None]] = {
    "JPEG": saved("JPEG", quality=95),
    "PNG": saved("PNG"),
    "WebP": saved("WEBP", lossless=True),
    "AVIF": saved("AVIF", quality=95, speed=10),
    "HEIF": saved("HEIF", quality=95),
    "PNG of 16 bits": deep,
    "AVIF of 10 bits": avif_of_ten_bits,
    "HEIF of 10 bits": heif_of_ten_bits,
}


@pytest.mark.parametrize("orientation", SEEN)
@pytest.mark.parametrize("kind", FORMATS)
def test_a_still_of_every_orientation_is_set_upright(
    tmp_path: Path, kind: str, orientation: int
) -> None:
    path = tmp_path / "picture.dat"
    FORMATS[kind](path, orientation)
    size = WIDE if orientation < 5 else HIGH
    assert seen(path, size) == SEEN[orientation]


@pytest.mark.parametrize("kind", ["JPEG", "AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", [2, 5, 6])
def test_a_logo_is_set_upright_too(tmp_path: Path, kind: str, orientation: int) -> None:
    path = tmp_path / "logo.dat"
    FORMATS[kind](path, orientation)
    logo = LogoOverlay(path=path, corner=Corner.TOP_LEFT, width=0.5, opacity=1.0)
    layer = load_logo(logo, Profile(name="own", width=320, height=320))
    canvas = Canvas(Profile(name="own", width=320, height=320))
    canvas.fill("#000000")
    layer.paint(canvas, 1.0)
    rgb = canvas.frame().reformat(format="rgb24", src_colorspace="itu709").to_ndarray()
    rows, columns = np.flatnonzero(rgb.any(axis=(1, 2))), np.flatnonzero(rgb.any(axis=(0, 2)))
    assert corners(rgb[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]) == SEEN[orientation]


@pytest.mark.parametrize("orientation", [0, 9, 77])
def test_an_orientation_that_there_is_not_turns_nothing(tmp_path: Path, orientation: int) -> None:
    saved("PNG")(tmp_path / "p", orientation)
    deep(tmp_path / "d", orientation)
    assert seen(tmp_path / "p", WIDE) == seen(tmp_path / "d", WIDE) == SEEN[1]


# Clean apertures.


def clap(width: int, height: int, across: int, down: int) -> bytes:
    """An aperture whose middle lies so many half pixels from the picture's."""
    return box(b"clap", struct.pack(">IIIIiIiI", width, 1, height, 1, across, 2, down, 2))


def with_property(raw: bytes, property_box: bytes) -> bytes:
    """Give the one item of an AVIF or HEIF file another property, its last."""
    ipco = raw.index(b"ipco") - 4
    (ipco_size,) = struct.unpack_from(">I", raw, ipco)
    count, place = 0, ipco + 8
    while place < ipco + ipco_size:
        place += struct.unpack_from(">I", raw, place)[0]
        count += 1
    ipma = raw.index(b"ipma") - 4
    (ipma_size,) = struct.unpack_from(">I", raw, ipma)
    entry = ipma + 16
    changed = bytearray(raw)
    changed[entry + 2] += 1
    end = entry + 3 + raw[entry + 2]
    changed[end:end] = bytes([0x80 | (count + 1)])
    changed[ipma : ipma + 4] = struct.pack(">I", ipma_size + 1)
    changed[ipco + ipco_size : ipco + ipco_size] = property_box
    changed[ipco : ipco + 4] = struct.pack(">I", ipco_size + len(property_box))
    grown = 1 + len(property_box)
    for kind in (b"iprp", b"meta"):
        at = raw.index(kind) - 4
        changed[at : at + 4] = struct.pack(">I", struct.unpack_from(">I", raw, at)[0] + grown)
    iloc, data = raw.index(b"iloc") - 4, raw.index(b"mdat") + 4
    located = bytes(changed[iloc : iloc + struct.unpack_from(">I", raw, iloc)[0]])
    assert located.count(struct.pack(">I", data)) == 1
    moved = located.replace(struct.pack(">I", data), struct.pack(">I", data + grown))
    changed[iloc : iloc + len(located)] = moved
    return bytes(changed)


CROPPED = {
    "AVIF": saved("AVIF", quality=95, speed=10),
    "HEIF": saved("HEIF", quality=95),
    "AVIF of 10 bits": avif_of_ten_bits,
    "HEIF of 10 bits": heif_of_ten_bits,
}


@pytest.mark.parametrize("kind", CROPPED)
@pytest.mark.parametrize(
    ("aperture", "wanted"),
    [
        (clap(80, 48, -80, -48), "red red red red"),
        (clap(80, 48, 80, -48), "green green green green"),
        (clap(80, 48, -80, 48), "blue blue blue blue"),
        (clap(80, 96, 80, 0), "green green white white"),
        (clap(160, 96, 0, 0), SEEN[1]),
    ],
)
def test_only_the_clean_aperture_is_seen(
    tmp_path: Path, kind: str, aperture: bytes, wanted: str
) -> None:
    path = tmp_path / "picture.dat"
    CROPPED[kind](path, 1)
    path.write_bytes(with_property(path.read_bytes(), aperture))
    assert seen(path, WIDE) == wanted


@pytest.mark.parametrize("kind", CROPPED)
def test_an_aperture_is_cut_before_the_picture_is_turned(tmp_path: Path, kind: str) -> None:
    # Left half: red over blue; a quarter of a turn to the right: blue beside red.
    path = tmp_path / "picture.dat"
    CROPPED[kind](path, 1)
    raw = with_property(path.read_bytes(), clap(80, 96, -80, 0))
    path.write_bytes(with_property(raw, box(b"irot", b"\3")))
    assert seen(path, (96, 80)) == "blue red blue red"


@pytest.mark.parametrize(
    "aperture",
    [
        clap(200, 96, 0, 0),
        clap(80, 48, 500, 0),
        box(b"clap", struct.pack(">IIIIiIiI", 80, 0, 48, 1, 0, 1, 0, 1)),
        box(b"clap", b"\0\0"),
    ],
    ids=["too large", "outside", "by nothing", "cut off"],
)
def test_an_aperture_that_cannot_be_is_none(tmp_path: Path, aperture: bytes) -> None:
    path = tmp_path / "picture.avif"
    CROPPED["AVIF"](path, 1)
    path.write_bytes(with_property(path.read_bytes(), aperture))
    try:
        assert seen(path, WIDE) == SEEN[1]
    except MediaError as refused:
        # libavif itself refuses properties that are cut off.
        assert "not a readable" in str(refused)  # noqa: PT017


def test_what_an_encoder_padded_is_not_seen(tmp_path: Path) -> None:
    # HEVC codes 64 lines for these 50: pillow-heif writes an aperture by itself.
    path = tmp_path / "odd.heic"
    Image.new("RGB", (70, 50), "white").save(path)
    assert b"clap" in path.read_bytes()
    assert (check_picture(path).width, check_picture(path).height) == (70, 50)
    assert seen(path, (140, 100)) == "white white white white"


def test_the_primary_item_of_anything_else_is_nothing(tmp_path: Path) -> None:
    path = tmp_path / "picture.dat"
    for content in (
        b"",
        b"\0\0\0\1",
        bytes(64),
        b"\0\0\0\x10meta" + bytes(8),
        quarters().tobytes(),
    ):
        path.write_bytes(content)
        assert items.primary(path) == items.Item()


# Hostile HEIF.


def test_a_huge_heif_behind_a_small_aperture_is_refused_by_its_header(tmp_path: Path) -> None:
    path = tmp_path / "bomb.heic"
    CROPPED["HEIF"](path, 1)
    raw = with_property(path.read_bytes(), clap(80, 48, 0, 0))
    at = raw.index(b"ispe") + 8
    path.write_bytes(raw[:at] + struct.pack(">II", 16_000, 16_000) + raw[at + 8 :])
    with pytest.raises(MediaError, match="more than 50 million pixels"):
        check_picture(path, scene="1")


def test_a_heif_that_is_larger_than_it_says_is_not_decoded(tmp_path: Path) -> None:
    path = tmp_path / "bomb.heic"
    Image.new("RGB", (4_096, 4_096)).save(path, "HEIF", quality=10)
    raw = path.read_bytes()
    at = raw.index(b"ispe") + 8
    path.write_bytes(raw[:at] + struct.pack(">II", 64, 64) + raw[at + 8 :])
    check_picture(path)
    with pytest.raises(MediaError, match="Scene 2: the picture is damaged"):
        load_plate(path, Profile(name="own", width=160, height=96), scene="2")


def test_an_avif_that_is_larger_than_it_says_is_not_decoded(tmp_path: Path) -> None:
    path = tmp_path / "bomb.avif"
    Image.new("RGB", (4_096, 4_096)).save(path, "AVIF", quality=10, speed=10)
    size = struct.pack(">II", 4_096, 4_096)
    path.write_bytes(path.read_bytes().replace(size, struct.pack(">II", 64, 64)))
    check_picture(path)
    with pytest.raises(MediaError, match="Scene 2: the picture is damaged"):
        load_plate(path, Profile(name="own", width=160, height=96), scene="2")


@pytest.mark.parametrize("share", [0.02, 0.4, 0.8, 0.99])
def test_half_a_heif_is_refused(tmp_path: Path, share: float) -> None:
    buffer = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 256, (96, 160, 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, "HEIF", quality=90)
    path = tmp_path / "half.heic"
    path.write_bytes(buffer.getvalue()[: int(len(buffer.getvalue()) * share)])
    with pytest.raises(MediaError, match=r"Scene 2: the picture is (damaged|not a readable)"):
        load_plate(path, Profile(name="own", width=160, height=96), scene="2")


def test_a_heif_whose_brand_is_avifs_too_is_read(tmp_path: Path) -> None:
    # As Android's cameras write them.
    path = tmp_path / "picture.heic"
    CROPPED["HEIF"](path, 6)
    path.write_bytes(path.read_bytes().replace(b"ftypheic", b"ftypmif1", 1))
    assert seen(path, HIGH) == SEEN[6]


def test_an_hdr_heif_is_toned_down(tmp_path: Path) -> None:
    # 203 cd/m² in PQ: the reference white.
    samples = np.full((96, 160, 3), round(0.5806888 * 65535), np.uint16)
    picture = pillow_heif.from_bytes(mode="RGB;16", size=WIDE, data=samples.tobytes())
    path = tmp_path / "hdr.heic"
    picture.save(
        path,
        quality=95,
        chroma=444,
        color_primaries=BT2020,
        transfer_characteristics=PQ,
        matrix_coefficients=9,
        full_range_flag=1,
    )
    canvas = Canvas(Profile(name="own", width=160, height=96))
    film(
        load_plate(path, Profile(name="own", width=160, height=96)),
        window(Motion.STILL, frame=0, frames=1),
        canvas,
    )
    rgb = canvas.frame().reformat(format="rgb24", src_colorspace="itu709").to_ndarray()
    assert np.abs(rgb.astype(int) - 230).max() <= 6


@pytest.mark.parametrize(
    ("matrix", "wanted"),
    [
        ((1, 0, 0, 1), Orientation()),
        ((-1, 0, 0, 1), Orientation(mirrored=True, turns=0)),
        ((1, 0, 0, -1), Orientation(mirrored=True, turns=2)),
        ((-1, 0, 0, -1), Orientation(turns=2)),
        ((0, 1, -1, 0), Orientation(turns=1)),
        ((0, -1, 1, 0), Orientation(turns=3)),
        ((0, 1, 1, 0), Orientation(mirrored=True, turns=3)),
        ((0, -1, -1, 0), Orientation(mirrored=True, turns=1)),
        ((0, 0, 0, 0), Orientation()),
    ],
)
def test_a_display_matrix_is_read_whole(
    matrix: tuple[int, int, int, int], wanted: Orientation
) -> None:
    a, b, c, d = (65_536 * value for value in matrix)
    assert Orientation.of_matrix(struct.pack("=9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)) == wanted
    assert Orientation.of_matrix(b"") == Orientation()
    assert av.VideoFrame(16, 16, "yuv420p").side_data.get("DISPLAYMATRIX") is None
