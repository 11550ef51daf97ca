"""Colour as the engine writes it: BT.709, limited range, eight bits a sample.

sRGB pictures keep their code values, as all web video has it: only the matrix
and the range of ITU-R BT.709 are applied, Y 16–235 and CbCr 16–240.

What holds more than eight bits (`float32`, 0–255) is dithered on its way to a
plane, so that a slow gradient has no bands. The pattern is interleaved gradient
noise (Jorge Jimenez, "Next Generation Post Processing in Call of Duty: Advanced
Warfare", SIGGRAPH 2014): every level of it occurs in every small neighbourhood,
and it is the same in every run.
"""

from typing import TypeAlias, cast

import cv2
import numpy as np
import numpy.typing as npt

from render.storyboard import HexColour

Plane: TypeAlias = npt.NDArray[np.uint8]
Floats: TypeAlias = npt.NDArray[np.float32]
Samples: TypeAlias = Plane | Floats
"""Of either type, 0–255."""

_KR, _KG, _KB = 0.2126, 0.7152, 0.0722
_Y = np.array([_KR, _KG, _KB]) * 219 / 255
_CB = np.array([-_KR, -_KG, 1 - _KB]) / (2 * (1 - _KB)) * 224 / 255
_CR = np.array([1 - _KR, -_KG, -_KB]) / (2 * (1 - _KR)) * 224 / 255
_BT709 = np.column_stack([np.vstack([_Y, _CB, _CR]), [16.0, 128.0, 128.0]])

_WHOLE = np.float32(1 / 128)


def rgb_of(colour: HexColour) -> tuple[int, int, int]:
    """Return a colour's red, green and blue, 0–255."""
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


def ycbcr_of(colour: HexColour) -> tuple[int, int, int]:
    """Return the code values that show a colour."""
    y, u, v = np.rint(_BT709 @ (*rgb_of(colour), 1.0)).astype(int).tolist()
    return y, u, v


def ycbcr(rgb: Samples) -> tuple[Samples, Samples, Samples]:
    """Split H × W × 3 of RGB 0–255 into Y, Cb and Cr of the same size and type."""
    y, u, v = cv2.split(cv2.transform(rgb, _BT709))
    return cast("Samples", y), cast("Samples", u), cast("Samples", v)


def resize(samples: Samples, size: tuple[int, int], interpolation: int) -> Samples:
    """Scale to a size, width and height, in the same type; `interpolation` is OpenCV's."""
    return cast("Samples", cv2.resize(samples, size, interpolation=interpolation))


def as_plane(samples: Samples, *, across: int, down: int) -> Plane:
    """Return samples as bytes; `float32` is dithered, one grain being `across` × `down` samples."""
    if samples.dtype == np.uint8:
        return cast("Plane", samples)
    height, width = samples.shape
    columns = np.arange(-(-width // across), dtype=np.float32)
    rows = np.arange(-(-height // down), dtype=np.float32)[:, None]
    steps = np.float32(0.06711056) * columns + np.float32(0.00583715) * rows
    noise = np.modf(np.float32(52.9829189) * np.modf(steps)[0])[0]
    # What is a whole code value, but for rounding, stays one everywhere.
    noise = _WHOLE + (1 - 2 * _WHOLE) * noise
    grain = noise.repeat(down, axis=0)[:height].repeat(across, axis=1)[:, :width]
    grain += samples
    # Cutting off the fraction rounds down, since nothing is below zero.
    return np.clip(grain, 0, 255, out=grain).astype(np.uint8)
