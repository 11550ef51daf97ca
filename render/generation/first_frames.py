"""First frames: a still as a model for clips is given it, in the clip's own shape and size.

It is cut to the shape as the engine would, around the middle, and scaled to the
clip's pixels: more would be thrown away by the model, and less is sent. The
result always fits a `data:` URL, so that nothing is uploaded anywhere first.
"""

from PIL import Image, ImageOps

from render.errors import RefusedGeneration
from render.generation.small_pictures import opened, small_jpeg


def first_frame(still: bytes, size: tuple[int, int]) -> bytes:
    """Return a still as a JPEG of a clip's size, or smaller; raise `RefusedGeneration`."""
    if not still:
        raise RefusedGeneration("There is no picture that could be set in motion.")
    return small_jpeg(ImageOps.fit(opened(still), size, Image.Resampling.LANCZOS))
