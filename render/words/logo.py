"""The logo as a layer, in its corner inside the safe margin.

PNG, WebP, JPEG and whatever else a still may be, with alpha. SVG is not taken: a
few hundred bytes of it can ask for any amount of work, which nothing here could
bound. Raises `MediaError`.
"""

import numpy as np
from PIL import Image

from render.decoding import decoding
from render.errors import MediaError
from render.pictures.still import (
    FORMATS,
    aperture_of,
    check_picture,
    picture_error,
    resizable,
    set_upright,
    srgb,
)
from render.rendition import Profile
from render.timeline import LogoOverlay
from render.words.layer import Layer, Rgba
from render.words.zones import logo_place, logo_size


def load_logo(logo: LogoOverlay, profile: Profile) -> Layer:
    """Return the logo at its size, place and opacity on the profile's canvas."""
    width, height = profile.width, profile.height
    try:
        check_picture(logo.path)
        with (
            decoding(picture_error(None), "is damaged"),
            Image.open(logo.path, formats=FORMATS) as image,
        ):
            icc_profile = image.info.get("icc_profile")
            # A large JPEG is decoded at a fraction of its size; no-op for the others.
            image.draft("RGB", (width, height))
            image_upright = set_upright(image, aperture_of(logo.path, image))
            size = logo_size(image_upright.size, share=logo.width, profile=profile)
            fitted = resizable(image_upright).resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
            picture = _rgba(fitted, icc_profile)
    except MediaError as error:
        raise _logo_error(error.message) from error
    picture[..., 3] = np.rint(picture[..., 3] * logo.opacity)
    left, top = logo_place(size, corner=logo.corner, profile=profile)
    return Layer.of(picture, left=left, top=top, width=width, height=height)


def _rgba(image: Image.Image, icc_profile: bytes | None) -> Rgba:
    if not image.has_transparency_data:
        return np.array(srgb(image, icc_profile).convert("RGBA"))
    colours = srgb(image.convert("L" if image.mode == "LA" else "RGB"), icc_profile)
    colours.putalpha(image.getchannel("A"))
    return np.array(colours)


def _logo_error(reason: str) -> MediaError:
    return MediaError(f"The logo cannot be used: {reason[:1].lower()}{reason[1:]}")
