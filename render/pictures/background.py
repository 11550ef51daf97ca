"""Backgrounds: a colour, or two that run into each other, where a scene has no picture."""

from math import cos, radians, sin

import numpy as np

from render.pictures.colour import rgb_of
from render.pictures.still import Plate, plate_of
from render.rendition import Profile
from render.storyboard import Gradient, Solid


def background_plate(background: Solid | Gradient, profile: Profile) -> Plate:
    """Paint a background in the profile's size.

    A gradient runs as in CSS (css-images-3, section 3.1): `angle` is clockwise
    from upwards, the line through the middle ends level with two corners, and
    colours are mixed as sRGB has them.
    """
    width, height = profile.width, profile.height
    if isinstance(background, Solid):
        return plate_of(np.full((height, width, 3), rgb_of(background.colour), np.uint8), profile)
    right, down = sin(radians(background.angle)), -cos(radians(background.angle))
    line = width * abs(right) + height * abs(down)
    columns = (np.arange(width) + 0.5 - width / 2) * right / line
    rows = (np.arange(height) + 0.5 - height / 2) * down / line
    shares = (columns + rows[:, None] + 0.5)[..., None]
    start, end = np.array(rgb_of(background.start)), np.array(rgb_of(background.end))
    return plate_of((start + (end - start) * shares).astype(np.float32), profile)
