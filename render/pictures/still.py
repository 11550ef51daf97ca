"""Stills: checked by their header, decoded once, kept as planes ready to be filmed.

A `Plate` is one picture cover-fitted to the output's shape, as BT.709
limited-range Y, U and V planes, finer than the output: sampled bilinearly, that
is sub-pixel motion without a ripple. RGB ends here.

Every picture comes upright, cut to its clean aperture, in sRGB's primaries and curve,
on white where it is transparent, and as its first frame where it is animated. More
than eight bits, and HDR, are `render.pictures.deep`'s to read.

Hostile files are refused before a pixel is decoded; every refusal is a
`MediaError` that names the scene. The content says what a file is, never its name.
"""

import io
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import NamedTuple

import cv2
import msgspec
import numpy as np
import pillow_heif
from av.video.reformatter import ColorPrimaries, ColorTrc
from PIL import Image, ImageCms

from render.decoding import decoding
from render.errors import MediaError
from render.pictures import deep, exif, hdr, items
from render.pictures.canvas import Canvas
from render.pictures.colour import Plane, Samples, as_plane, resize, ycbcr
from render.pictures.crop import Crop, cover
from render.pictures.deep import DeepPicture
from render.pictures.motion import MAX_ZOOM, Window
from render.pictures.warp import sample, turned
from render.problem import Problem
from render.rendition import Profile
from render.storyboard import Focus

MAX_PIXELS = 50_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "GIF", "HEIF")
"""In the order in which they are tried: a file whose brand is AVIF's and HEIF's alike is read by
the decoder of AVIF, if it can."""
_NAMES = "PNG, JPEG, WebP, AVIF, HEIC or GIF"
# Of a picture itself, and not of the small, the deep and the bright ones stored beside it; threads
# are given to whole segments.
pillow_heif.register_heif_opener(
    thumbnails=False, depth_images=False, aux_images=False, decode_threads=1
)
_ITEMS = frozenset({"AVIF", "HEIF"})
"""The formats that store a picture as an item with properties."""
_SRGB = ImageCms.ImageCmsProfile(
    ImageCms.createProfile("sRGB")  # pyright: ignore[reportUnknownArgumentType]  untyped by Pillow
)
_MIDDLE = Focus()
_MEANT = 0.1, 4.0
"""The least and the greatest of a PNG's gammas that are believed."""
_ALIKE = 0.05
"""Of a gamma, the share within which it is taken for sRGB's, as browsers do."""


_ENLARGED = 1.5
"""Times the output's size that a plate has: sampled bilinearly, within 0.004 px of an ideal
camera's picture, and at 47 dB in the worst frame (`specs/benchmarks.md`)."""
_ENLARGED_FOR_GRAIN = 2


class PictureInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a picture's header says; pixels, before EXIF turns it."""

    width: int
    height: int
    format: str


class Plate(NamedTuple):
    """One still, ready to be filmed: planes finer than the output, with their columns as rows."""

    y: Plane
    """One and a half times the output's width and height, or twice."""
    u: Plane
    """As fine as `y`, at 4:2:0, as is `v`."""
    v: Plane
    focus: Focus = _MIDDLE
    """The point to keep, in shares of the plate."""


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
    with decoding(picture_error(scene), f"is not a readable {_NAMES} file"):
        try:
            with Image.open(path, formats=FORMATS) as image:
                width, height = image.size
                kind = image.format or ""
        except FileNotFoundError as error:
            raise picture_error(scene)("is missing") from error
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise _too_large(max_pixels, scene) from error
    # A small aperture may be all that is shown of something large, which is decoded whole.
    stored = items.primary(path) if kind in _ITEMS else items.Item()
    if max(width * height, stored.width * stored.height) > max_pixels:
        raise _too_large(max_pixels, scene)
    return PictureInfo(width=width, height=height, format=kind)


def measure_picture(path: Path, *, scene: str | None = None) -> tuple[int, int]:
    """Return the width and height of what is seen of a picture; its header says so."""
    with (
        decoding(picture_error(scene), "is damaged"),
        Image.open(path, formats=FORMATS) as image,
    ):
        return seen_size(path, image)


def small_picture(width: int, height: int) -> Problem:
    """Say that a picture has too few pixels for the film that it is enlarged to."""
    return Problem(
        code="picture_small",
        message=f"The picture has only {width} × {height} pixels and will look blurred.",
        params={"width": width, "height": height},
    )


def load_plate(
    path: Path, profile: Profile, *, focus: Focus = _MIDDLE, scene: str | None = None
) -> Plate:
    """Decode a picture and fit it to the profile's shape, cutting off what juts out.

    What stays is around the focus, as near the middle as the picture's borders let it be.
    """
    check_picture(path, scene=scene)
    with (
        decoding(picture_error(scene), "is damaged"),
        Image.open(path, formats=FORMATS) as image,
    ):
        aperture = aperture_of(path, image)
        picture = deep.read(path, image, enough=_finest(profile), aperture=aperture)
        if picture is None:
            rgb, crop = _shallow(image, aperture, profile, focus)
        else:
            rgb, crop = _deep(picture, profile, focus, image.info.get("icc_profile"))
        if (gamma := _gamma(image)) is not None and not (picture and picture.managed):
            rgb = _regraded(rgb, gamma)
    return plate_of(rgb, profile, focus=crop.focus)


def plate_of(rgb: Samples, profile: Profile, *, focus: Focus = _MIDDLE) -> Plate:
    """Make a plate of R'G'B', H × W × 3 and 0–255; `float32` is dithered."""
    # A grain is as large as what the camera, standing back, sees as one sample: a whole one.
    scale = _ENLARGED if rgb.dtype == np.uint8 else _ENLARGED_FOR_GRAIN
    luma = (round(scale * profile.width), round(scale * profile.height))
    chroma = (luma[0] // 2, luma[1] // 2)
    y, u, v = ycbcr(rgb)
    return Plate(
        y=turned(as_plane(resize(y, luma, cv2.INTER_CUBIC), across=2, down=2)),
        u=turned(as_plane(resize(u, chroma, cv2.INTER_AREA), across=1, down=2)),
        v=turned(as_plane(resize(v, chroma, cv2.INTER_AREA), across=1, down=2)),
        focus=focus,
    )


def _finest(profile: Profile) -> tuple[int, int]:
    # No finer than the closest view shows: detail beyond that would only alias.
    return round(profile.width * MAX_ZOOM), round(profile.height * MAX_ZOOM)


def aperture_of(path: Path, image: Image.Image) -> items.Box | None:
    """Return the part of an open picture, as it is stored, that is still to be cut out of it."""
    # libheif has done so by itself, and an animation is stored as a track.
    if image.format != "AVIF" or getattr(image, "is_animated", False):
        return None
    item = items.primary(path)
    return item.shown if (item.width, item.height) == image.size else None


def seen_size(path: Path, image: Image.Image) -> tuple[int, int]:
    """Return the width and height of what is seen of an open picture."""
    aperture = aperture_of(path, image)
    width, height = image.size
    if aperture is not None:
        left, top, right, bottom = aperture
        width, height = right - left, bottom - top
    return (height, width) if exif.is_sideways(exif.orientation(image)) else (width, height)


def set_upright(image: Image.Image, aperture: items.Box | None) -> Image.Image:
    """Return an open picture as it is to be seen: cut to its aperture, then set upright."""
    return exif.set_upright(image.crop(aperture) if aperture else image, exif.orientation(image))


def _shallow(
    image: Image.Image, aperture: items.Box | None, profile: Profile, focus: Focus
) -> tuple[Plane, Crop]:
    size = _finest(profile)
    # A JPEG can be decoded at a fraction of its size; no-op for the others.
    image.draft("RGB", (max(size), max(size)))
    icc_profile = image.info.get("icc_profile")
    upright = set_upright(image, aperture)
    crop = cover(upright.size, (profile.width, profile.height), focus)
    # Colours are converted once the picture is small: a large one fills memory.
    fitted = resizable(upright).resize(size, Image.Resampling.LANCZOS, box=crop.box, reducing_gap=3)
    return np.asarray(_opaque(fitted, icc_profile)), crop


def _deep(
    picture: DeepPicture, profile: Profile, focus: Focus, icc_profile: bytes | None
) -> tuple[Samples, Crop]:
    size = _finest(profile)
    height, width, _ = picture.rgb.shape
    crop = cover((width, height), (profile.width, profile.height), focus)
    left, top = int(crop.left), int(crop.top)
    part = picture.rgb[top : ceil(top + crop.height), left : ceil(left + crop.width)]
    shrinking = part.shape[1] > size[0]
    fitted = resize(part, size, cv2.INTER_AREA if shrinking else cv2.INTER_CUBIC)
    if picture.managed or not icc_profile:
        return fitted, crop
    # LittleCMS is given eight bits; what more there was lives on as grain.
    grained = [as_plane(fitted[..., index], across=1, down=1) for index in range(3)]
    return np.asarray(srgb(Image.fromarray(np.dstack(grained)), icc_profile)), crop


def _gamma(image: Image.Image) -> float | None:
    """Return a PNG's own gamma, the exponent of its samples; None where sRGB's is as good."""
    gamma = image.info.get("gamma")
    if not isinstance(gamma, float) or "srgb" in image.info or image.info.get("icc_profile"):
        return None
    # What is as good as sRGB, and what nobody can mean.
    return gamma if _MEANT[0] < gamma < _MEANT[1] and abs(gamma * 2.2 - 1) > _ALIKE else None


def _regraded(rgb: Samples, gamma: float) -> Samples:
    """Return samples of a gamma as sRGB has them."""
    signal = rgb.astype(np.float32) / np.float32(255)
    light = np.clip(signal, 0, 1) ** np.float32(1 / gamma)
    linear = {"transfer": ColorTrc.LINEAR, "primaries": ColorPrimaries.BT709}
    return hdr.to_bt709(light, **linear) * np.float32(255)


def resizable(image: Image.Image) -> Image.Image:
    """Return a picture of a mode that Pillow resizes well."""
    if image.mode in {"L", "LA", "RGB", "RGBA", "CMYK"} and "transparency" not in image.info:
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _opaque(image: Image.Image, icc_profile: bytes | None) -> Image.Image:
    """Return a picture in sRGB; what is transparent shows white, as in a browser."""
    if not image.has_transparency_data:
        return srgb(image, icc_profile)
    colours = srgb(image.convert("L" if image.mode == "LA" else "RGB"), icc_profile)
    backdrop = Image.new("RGB", image.size, "white")
    backdrop.paste(colours, mask=image.getchannel("A"))
    return backdrop


def srgb(image: Image.Image, icc_profile: bytes | None) -> Image.Image:
    """Return a picture without alpha in sRGB, as its profile says; without one it is taken so."""
    if not icc_profile:
        return image.convert("RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(icc_profile))
        converted = ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        # A broken profile, or one for another kind of colour than the picture's.
        return image.convert("RGB")
    return converted or image.convert("RGB")


def picture_error(scene: str | None) -> Callable[[str], MediaError]:
    """Return what makes an error of a reason: `is damaged`."""

    def error_of(reason: str) -> MediaError:
        subject = f"Scene {scene}: the picture" if scene else "The picture"
        return MediaError(f"{subject} {reason}.", **({"scene": scene} if scene else {}))

    return error_of


def _too_large(max_pixels: int, scene: str | None) -> MediaError:
    return picture_error(scene)(f"has more than {max_pixels / 1_000_000:g} million pixels")
