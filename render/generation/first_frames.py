"""First frames: a still as a model for clips is given it, in the clip's own shape and size.

It is cut to the shape as the engine would, around the middle, and scaled to the
clip's pixels: more would be thrown away by the model, and less is sent. The
result always fits a `data:` URL, so that nothing is uploaded anywhere first.
"""

import base64
import io

from PIL import Image, ImageOps

from render.decoding import decoding
from render.errors import RefusedGeneration
from render.pictures.still import FORMATS, picture_error

MOST_BYTES = 180_000
"""Of a first frame: 256 KiB as text, which is what Replicate takes inline."""
_QUALITIES = (92, 85, 75, 65)
_SMALLER = 0.8


def first_frame(still: bytes, size: tuple[int, int]) -> bytes:
    """Return a still as a JPEG of a clip's size, or smaller; raise `RefusedGeneration`."""
    if not still:
        raise RefusedGeneration("There is no picture that could be set in motion.")
    with (
        decoding(picture_error(None), "is damaged"),
        Image.open(io.BytesIO(still), formats=FORMATS) as opened,
    ):
        picture = ImageOps.fit(
            ImageOps.exif_transpose(opened).convert("RGB"), size, Image.Resampling.LANCZOS
        )
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


def data_url(jpeg: bytes) -> str:
    """Return a first frame as a `data:` URL."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
