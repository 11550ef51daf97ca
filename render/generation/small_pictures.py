"""Small pictures: what a model is shown of a picture, as a JPEG that fits a `data:` URL."""

import base64
import io

from PIL import Image, ImageOps

from render.decoding import decoding
from render.pictures.still import FORMATS, picture_error

MOST_BYTES = 180_000
"""256 KiB as text, which is what Replicate takes inline."""
REFERENCE_PIXELS = 1024
"""The longer side of a reference picture."""
_QUALITIES = (92, 85, 75, 65)
_SMALLER = 0.8


def opened(data: bytes) -> Image.Image:
    """Return a picture upright, in RGB; raise `MediaError`."""
    with (
        decoding(picture_error(None), "is damaged"),
        Image.open(io.BytesIO(data), formats=FORMATS) as picture,
    ):
        return ImageOps.exif_transpose(picture).convert("RGB")


def small_jpeg(picture: Image.Image) -> bytes:
    """Return a picture as a JPEG of `MOST_BYTES` at most: coarser, and then smaller, if needed."""
    while True:
        for quality in _QUALITIES:
            encoded = io.BytesIO()
            picture.save(encoded, "JPEG", quality=quality)
            if encoded.tell() <= MOST_BYTES:
                return encoded.getvalue()
        picture = picture.resize(
            (round(picture.width * _SMALLER), round(picture.height * _SMALLER)),
            Image.Resampling.LANCZOS,
        )


def reference_picture(data: bytes) -> bytes:
    """Return a picture of somebody or something as models are shown it; raise `MediaError`."""
    picture = opened(data)
    picture.thumbnail((REFERENCE_PIXELS, REFERENCE_PIXELS), Image.Resampling.LANCZOS)
    return small_jpeg(picture)


def data_url(jpeg: bytes) -> str:
    """Return a JPEG as a `data:` URL."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
