"""Stills: checked by their header, decoded once, kept as planes ready to be filmed.

A `Plate` is one picture cover-fitted to the output's shape, as BT.709
limited-range Y, U and V planes of twice the output's resolution: sampled
bilinearly, that is sub-pixel motion without a ripple. RGB ends here.

Hostile files are refused before a pixel is decoded; every refusal is a
`MediaError` that names the scene.
"""

import io
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

import cv2
import msgspec
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, ImageOps

from render.errors import MediaError
from render.pictures.canvas import Canvas, Plane
from render.pictures.motion import MAX_ZOOM, Window
from render.pictures.warp import sample
from render.rendition import Profile

MAX_PIXELS = 50_000_000
_FORMATS = ("PNG", "JPEG", "WEBP")
_UNREADABLE = (
    OSError,  # includes Pillow's UnidentifiedImageError and truncation
    SyntaxError,  # Pillow's word for a broken PNG chunk
    ValueError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
_SRGB = ImageCms.ImageCmsProfile(
    ImageCms.createProfile("sRGB")  # pyright: ignore[reportUnknownArgumentType]  untyped by Pillow
)

# ITU-R BT.709, gamma-encoded RGB 0–255 to limited-range YCbCr (Y 16–235, C 16–240).
_KR, _KG, _KB = 0.2126, 0.7152, 0.0722
_Y = np.array([_KR, _KG, _KB]) * 219 / 255
_CB = np.array([-_KR, -_KG, 1 - _KB]) / (2 * (1 - _KB)) * 224 / 255
_CR = np.array([1 - _KR, -_KG, -_KB]) / (2 * (1 - _KR)) * 224 / 255
_BT709 = np.column_stack([np.vstack([_Y, _CB, _CR]), [16.0, 128.0, 128.0]])


class PictureInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a picture's header says; pixels, before EXIF turns it."""

    width: int
    height: int
    format: str


class Plate(NamedTuple):
    """One still, ready to be filmed: planes of twice the output's resolution."""

    y: Plane
    """2W × 2H."""
    u: Plane
    """W × H, as is `v`: twice what 4:2:0 asks for."""
    v: Plane


def film(plate: Plate, view: Window, canvas: Canvas) -> None:
    """Fill a canvas with what the camera sees of a plate."""
    # 4:2:0 chroma is sited left: level with every second luma sample
    # across, half-way between two of them down.
    sample(plate.y, canvas.y, view, offset=(0.5, 0.5))
    sample(plate.u, canvas.u, view, offset=(0.25, 0.5))
    sample(plate.v, canvas.v, view, offset=(0.25, 0.5))


def check_picture(
    path: Path, *, scene: str | None = None, max_pixels: int = MAX_PIXELS
) -> PictureInfo:
    """Read a picture's header alone; raise `MediaError` unless it is fit to be decoded."""
    try:
        with Image.open(path, formats=_FORMATS) as image:
            width, height = image.size
            kind = image.format or ""
    except FileNotFoundError as error:
        raise _refused("the picture is missing", scene) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(max_pixels, scene) from error
    except _UNREADABLE as error:
        raise _refused("the picture is not a readable PNG, JPEG or WebP file", scene) from error
    if width * height > max_pixels:
        raise _too_large(max_pixels, scene)
    return PictureInfo(width=width, height=height, format=kind)


def load_plate(path: Path, profile: Profile, *, scene: str | None = None) -> Plate:
    """Decode a picture and fit it to the profile's shape, cutting off what juts out."""
    check_picture(path, scene=scene)
    width, height = profile.width, profile.height
    # No finer than the closest view shows: detail beyond that would only alias.
    size = (round(width * MAX_ZOOM), round(height * MAX_ZOOM))
    try:
        with Image.open(path, formats=_FORMATS) as image:
            # A JPEG can be decoded at a fraction of its size; no-op for the others.
            image.draft("RGB", (max(size), max(size)))
            ImageOps.exif_transpose(image, in_place=True)
            box = _cover(image.size, (width, height))
            # Colours are converted once the picture is small: a large one fills memory.
            fitted = _eight_bit(image).resize(
                size, Image.Resampling.LANCZOS, box=box, reducing_gap=3
            )
            rgb = np.asarray(_srgb(_opaque(fitted), image.info.get("icc_profile")))
    except _UNREADABLE as error:
        raise _refused("the picture is damaged", scene) from error
    y, u, v = cv2.split(cv2.transform(rgb, _BT709))
    return Plate(
        y=_as_plane(cv2.resize(y, (2 * width, 2 * height), interpolation=cv2.INTER_CUBIC)),
        u=_as_plane(cv2.resize(u, (width, height), interpolation=cv2.INTER_AREA)),
        v=_as_plane(cv2.resize(v, (width, height), interpolation=cv2.INTER_AREA)),
    )


def _as_plane(array: npt.NDArray[np.generic]) -> Plane:
    return np.ascontiguousarray(array, dtype=np.uint8)


def _cover(source: tuple[int, int], target: tuple[int, int]) -> tuple[float, float, float, float]:
    # The largest middle part of the source that has the target's shape.
    scale = max(target[0] / source[0], target[1] / source[1])
    width, height = target[0] / scale, target[1] / scale
    left, top = (source[0] - width) / 2, (source[1] - height) / 2
    return max(0.0, left), max(0.0, top), left + width, top + height


def _eight_bit(image: Image.Image) -> Image.Image:
    """Return a picture of a mode that Pillow resizes well."""
    if image.mode.startswith("I;16"):
        # Pillow clips where it should scale.
        grey = np.asarray(image, dtype=np.uint16) >> 8
        return Image.fromarray(grey.astype(np.uint8))
    if image.mode in {"L", "LA", "RGB", "RGBA"} and "transparency" not in image.info:
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _opaque(image: Image.Image) -> Image.Image:
    """Return a picture in RGB; what is transparent shows white, as in a browser."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    rgba = image.convert("RGBA")
    ground = Image.new("RGBA", rgba.size, "white")
    return Image.alpha_composite(ground, rgba).convert("RGB")


def _srgb(image: Image.Image, icc_profile: bytes | None) -> Image.Image:
    if not icc_profile:
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(icc_profile))
        converted = ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        # A broken profile, or one for CMYK or grey, which are RGB by now.
        return image
    return converted or image


def _refused(reason: str, scene: str | None) -> MediaError:
    where = f"Scene {scene}: {reason}" if scene else f"{reason[:1].upper()}{reason[1:]}"
    return MediaError(f"{where}.", **({"scene": scene} if scene else {}))


def _too_large(max_pixels: int, scene: str | None) -> MediaError:
    return _refused(f"the picture has more than {max_pixels / 1_000_000:g} million pixels", scene)
