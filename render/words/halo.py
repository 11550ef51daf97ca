"""What surrounds letters on a picture, so that they are legible on any: rims, shadows, scrims."""

from math import ceil
from typing import NamedTuple, cast

import cv2
import numpy as np

from render.pictures.colour import Floats
from render.storyboard import HexColour
from render.words.colours import parse
from render.words.layer import Rgba


class Halo(NamedTuple):
    """The letters once more, thicker and softer; lengths in hundredths of the shorter side."""

    spread: float
    blur: float
    """The standard deviation of a Gaussian."""
    strength: float
    """The alpha where it is densest."""


def surround(
    letters: Rgba, halos: tuple[Halo, ...], *, colour: HexColour, unit: float
) -> tuple[Rgba, int]:
    """Return letters on their halos, and the pixels by which the picture grew on each side.

    `unit` is a hundredth of the frame's shorter side, in pixels.
    """
    grown = ceil(max(halo.spread + 3 * halo.blur for halo in halos) * unit)
    letters = np.pad(letters, ((grown, grown), (grown, grown), (0, 0)))
    share = letters[..., 3].astype(np.float32) / np.float32(255)
    around = np.zeros_like(share)
    for halo in halos:
        thick = _thicken(share, halo.spread * unit, halo.blur * unit)
        around += thick * np.float32(halo.strength) * (1 - around)
    alpha = share + around * (1 - share)
    inked = (share / np.maximum(alpha, np.float32(1 / 1024)))[..., None]
    rim = np.array(parse(colour), np.float32) * np.float32(255)
    picture = np.empty_like(letters)
    picture[..., :3] = np.rint(letters[..., :3] * inked + rim * (1 - inked))
    picture[..., 3] = np.rint(alpha * 255)
    return picture, grown


def _thicken(share: Floats, spread: float, blur: float) -> Floats:
    """Return letters made thicker by `spread` pixels and soft by `blur`."""
    # What is blurred far is blurred small: nobody sees the difference.
    scale = max(1, int(blur / 3))
    height, width = share.shape
    size = (ceil(width / scale), ceil(height / scale))
    small = cv2.resize(share, size, interpolation=cv2.INTER_AREA)
    reach = max(1, round(spread / scale))
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    small = cv2.GaussianBlur(cv2.dilate(small, brush), (0, 0), max(0.4, blur / scale))
    return cast("Floats", cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))
