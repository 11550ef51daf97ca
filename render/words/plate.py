"""A plate: the box that a caption stands on, as far from its letters on every side."""

import numpy as np

from render.words.layer import Rgba


def plate(size: tuple[int, int], *, radius: float, colour: str) -> Rgba:
    """Return a box of a width and height with round corners; the colour may have an alpha."""
    red, green, blue, *opacity = bytes.fromhex(colour[1:])
    across, down = (_beyond(length, radius) for length in size)
    outside = np.hypot(across[None, :], down[:, None]) - radius
    share = np.clip(0.5 - outside, 0, 1)
    picture = np.empty((*share.shape, 4), np.uint8)
    picture[..., :3] = (red, green, blue)
    picture[..., 3] = np.rint(share * (opacity[0] if opacity else 255))
    return picture


def laid_on(letters: Rgba, below: Rgba) -> Rgba:
    """Return letters over what is below them, of the same size."""
    share = letters[..., 3:].astype(np.float32) / np.float32(255)
    under = below[..., 3:].astype(np.float32) / np.float32(255) * (1 - share)
    alpha = share + under
    whole = np.maximum(alpha, np.float32(1 / 1024))
    picture = np.empty_like(letters)
    picture[..., :3] = np.rint((letters[..., :3] * share + below[..., :3] * under) / whole)
    picture[..., 3:] = np.rint(alpha * 255)
    return picture


def _beyond(length: int, radius: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return how far each pixel's middle lies beyond the middle of the nearer corner."""
    middle = np.arange(length) + 0.5
    return np.maximum(0.0, np.maximum(radius - middle, middle - (length - radius)))
