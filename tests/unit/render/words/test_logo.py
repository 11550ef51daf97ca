"""The logo: in its corner, at its size, as it is coloured, or refused in plain words."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from render.errors import MediaError
from render.pictures.canvas import Canvas
from render.rendition import Profile, Quality, profile_for
from render.storyboard import AspectRatio, Corner
from render.timeline import LogoOverlay
from render.words.logo import load_logo

PROFILES = [profile_for(shape, Quality.PREVIEW) for shape in AspectRatio]
WIDE = PROFILES[0]


def logo(path: Path, **more: object) -> LogoOverlay:
    given = {"corner": Corner.TOP_RIGHT, "width": 0.2, "opacity": 1.0, **more}
    return LogoOverlay(path=path, **given)  # pyright: ignore[reportArgumentType]


def saved(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)
    return path


@pytest.fixture
def badge(tmp_path: Path) -> Path:
    image = Image.new("RGBA", (400, 200), (0, 0, 0, 0))
    image.paste((255, 255, 255, 255), (0, 0, 400, 100))
    return saved(tmp_path / "badge.png", image)


def painted(shown: LogoOverlay) -> np.ndarray:
    canvas = Canvas(WIDE)
    canvas.y[:], canvas.u[:], canvas.v[:] = 16, 128, 128
    load_logo(shown, WIDE).paint(canvas)
    return canvas.y


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
@pytest.mark.parametrize("corner", Corner)
def test_it_stands_in_its_corner_at_its_share_of_the_shorter_side(
    badge: Path, corner: Corner, profile: Profile
) -> None:
    canvas = Canvas(profile)
    canvas.y[:], canvas.u[:], canvas.v[:] = 16, 128, 128
    load_logo(logo(badge, corner=corner), profile).paint(canvas)
    x, y, width, height = cv2.boundingRect((canvas.y > 100).astype(np.uint8))
    assert width == pytest.approx(0.2 * min(profile.width, profile.height), abs=1)
    assert height == pytest.approx(width / 4, abs=1), "its lower half is transparent"
    across, down = profile.width * 0.05, profile.height * 0.05
    if "left" in corner:
        assert x == pytest.approx(across, abs=1)
    else:
        assert x + width == pytest.approx(profile.width - across, abs=1)
    if "top" in corner:
        assert y == pytest.approx(down, abs=1)
    else:
        assert y + 2 * height == pytest.approx(profile.height - down, abs=2)


def test_opacity_lets_the_picture_through(badge: Path) -> None:
    assert painted(logo(badge)).max() == 235
    assert painted(logo(badge, opacity=0.5)).max() == pytest.approx(16 + 219 / 2, abs=1)
    assert painted(logo(badge, opacity=0.0)).max() == 16


def test_a_tall_logo_is_made_narrower(tmp_path: Path) -> None:
    tall = saved(tmp_path / "tall.png", Image.new("RGB", (50, 800), "white"))
    assert load_logo(logo(tall, width=0.5), WIDE).height <= 0.3 * WIDE.height + 4


@pytest.mark.parametrize(
    ("kind", "modes"),
    [("PNG", "RGB RGBA L LA P 1"), ("JPEG", "RGB L CMYK"), ("WEBP", "RGB RGBA L")],
)
def test_every_kind_of_picture_will_do(tmp_path: Path, kind: str, modes: str) -> None:
    for mode in modes.split():
        image = Image.new("RGB", (64, 64), "white").convert(mode)
        path = saved(tmp_path / mode, image, format=kind)
        assert painted(logo(path)).max() >= 230


@pytest.mark.parametrize("size", [(1, 1), (8192, 1), (1, 4000)])
def test_odd_sizes_are_no_trouble(tmp_path: Path, size: tuple[int, int]) -> None:
    path = saved(tmp_path / "odd.png", Image.new("RGB", size, "white"))
    assert painted(logo(path)).max() > 16


def test_a_turned_picture_is_shown_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = saved(tmp_path / "turned.jpg", Image.new("RGB", (200, 100), "white"), exif=exif)
    layer = load_logo(logo(path, width=0.1), WIDE)
    assert layer.height > layer.width


def svg() -> bytes:
    return b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"


def cut_short() -> bytes:
    whole = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(whole, "PNG")
    return whole.getvalue()[:2000]


@pytest.mark.parametrize("data", [b"", b"not a picture", svg(), cut_short()])
def test_what_is_no_picture_is_refused_in_plain_words(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "logo.png"
    path.write_bytes(data)
    with pytest.raises(MediaError, match="The logo cannot be used: the picture is "):
        load_logo(logo(path), WIDE)


def test_a_missing_logo_is_told(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="The logo cannot be used: the picture is missing"):
        load_logo(logo(tmp_path / "gone.png"), WIDE)
