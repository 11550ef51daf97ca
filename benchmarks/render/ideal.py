"""The ideal camera: each frame resampled from the picture itself, in float64 by Lanczos.

It shares nothing with the engine but the definition of a `Window`: a frame is one
linear map of the picture's luma, two dense matrices and no tables, so that what
differs between the two is the engine's own doing. It is slow.
"""

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from render.pictures.motion import Window

Luma = npt.NDArray[np.float64]

_LOBES = 3


def picture_luma(image: Image.Image) -> Luma:
    """Return a picture's BT.709 luma in limited range, 16–235, unrounded."""
    rgb = np.asarray(image.convert("RGB"), np.float64)
    return 16 + rgb @ (np.array([0.2126, 0.7152, 0.0722]) * 219 / 255)


def view(luma: Luma, window: Window, *, width: int, height: int) -> Luma:
    """Return what a window of the picture, cover-fitted around its middle, shows."""
    rows, columns = luma.shape
    scale = max(width / columns, height / rows)
    seen_wide, seen_high = width / scale, height / scale
    across = _lanczos(
        columns,
        width,
        start=(columns - seen_wide) / 2 + window.left * seen_wide,
        length=window.size * seen_wide,
    )
    down = _lanczos(
        rows,
        height,
        start=(rows - seen_high) / 2 + window.top * seen_high,
        length=window.size * seen_high,
    )
    return down @ luma @ across.T


def psnr(seen: npt.NDArray[np.uint8], ideal: Luma) -> float:
    """Return the peak signal-to-noise ratio in decibels, for 8 bits."""
    return float(10 * np.log10(255**2 / np.mean((seen - ideal) ** 2)))


def ssim(seen: npt.NDArray[np.uint8], ideal: Luma) -> float:
    """Return the structural similarity, 1 for the same picture.

    The mean of Wang, Bovik, Sheikh and Simoncelli's index (2004): Gaussian
    windows of σ = 1.5, K₁ = 0.01, K₂ = 0.03.
    """

    def around(values: Luma) -> Luma:
        return cv2.GaussianBlur(values, (11, 11), 1.5)

    one, other = seen.astype(np.float64), ideal
    mean_one, mean_other = around(one), around(other)
    spread_one = around(one * one) - mean_one**2
    spread_other = around(other * other) - mean_other**2
    together = around(one * other) - mean_one * mean_other
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    likeness = ((2 * mean_one * mean_other + c1) * (2 * together + c2)) / (
        (mean_one**2 + mean_other**2 + c1) * (spread_one + spread_other + c2)
    )
    return float(likeness.mean())


def displacement(seen: npt.NDArray[np.uint8], ideal: Luma) -> float:
    """Return how far a frame is off its place, in pixels, where it is off the most.

    The shift is fitted as an affine field by least squares on the ideal's
    gradient (one step of Lucas and Kanade's method), so that a wrong zoom shows
    as well as a wrong place; the worst corner counts.
    """
    gradient_y, gradient_x = np.gradient(ideal)
    rows, columns = ideal.shape
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    field = np.stack([np.ones_like(x), x, y])
    design = np.concatenate([gradient_x * field, gradient_y * field]).reshape(6, -1)
    # A frame may be lighter by a constant without being elsewhere.
    design = np.vstack([design, np.ones(rows * columns)])
    moments = design @ design.T
    affine = np.linalg.solve(moments, design @ (seen - ideal).ravel())
    corners = np.array([[1, sx, sy] for sx in (-1, 1) for sy in (-1, 1)])
    return float(np.hypot(corners @ affine[:3], corners @ affine[3:6]).max())


def _lanczos(source: int, target: int, *, start: float, length: float) -> Luma:
    """Return the target × source matrix that samples [start, start + length)."""
    step = length / target
    width = max(step, 1.0)
    centres = start + (np.arange(target) + 0.5) * step - 0.5
    distance = (np.arange(source)[None, :] - centres[:, None]) / width
    weights = np.where(np.abs(distance) < _LOBES, np.sinc(distance) * np.sinc(distance / _LOBES), 0)
    return weights / weights.sum(axis=1, keepdims=True)
