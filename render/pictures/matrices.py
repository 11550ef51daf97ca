"""Matrices: how R'G'B' was made into luma and chroma, and how it is made again (ITU-T H.273).

swscale knows the matrices that are named after a standard. Two it does not know are computed
here, for stills and clips alike: the one derived from the primaries, as libavif's users and
telephones tag Display P3, and YCgCo. The others of H.273 (constant luminance, ICtCp, the
reversible YCgCo) are refused in so many words.
"""

import numpy as np
import numpy.typing as npt

from render.decoding import Unread
from render.pictures.colour import Floats
from render.pictures.hdr import luminances

IDENTITY, BT709, UNTAGGED, BT601 = 0, 1, 2, 6
_YCGCO, _DERIVED = 8, 12
_OF_SWSCALE = frozenset({IDENTITY, BT709, 4, 5, BT601, 7, 9})
_RESERVED = 3
_HD_LINES = 720

Matrix = npt.NDArray[np.float32]


def matrix_of(tag: int, *, lines: int, rgb: bool) -> int:
    """Return the matrix of a picture that is tagged so, as players have it.

    Without a tag, 720 lines and more are BT.709 and fewer BT.601; a tag that says R'G'B' of what
    is none says nothing.
    """
    if tag in {UNTAGGED, _RESERVED} or (tag == IDENTITY and not rgb):
        return BT709 if lines >= _HD_LINES else BT601
    return tag


def is_swscales(matrix: int) -> bool:
    """Whether swscale converts by this matrix itself."""
    return matrix in _OF_SWSCALE


def to_rgb(matrix: int, *, primaries: int) -> Matrix | None:
    """Return what makes R'G'B' of Y', Cb and Cr, 0–1 and ±½; None where nothing here does."""
    if matrix == _YCGCO:
        # Cb is Cg, and Cr is Co.
        return np.array([[1, -1, 1], [1, 1, 0], [1, -1, -1]], np.float32)
    if matrix != _DERIVED:
        return None
    red, green, blue = luminances(primaries)
    return np.array(
        [
            [1, 0, 2 * (1 - red)],
            [1, -2 * blue * (1 - blue) / green, -2 * red * (1 - red) / green],
            [1, 2 * (1 - blue), 0],
        ],
        np.float32,
    )


def check(matrix: int) -> None:
    """Raise `Unread` for a matrix that nothing here converts by."""
    if not is_swscales(matrix) and matrix not in {_YCGCO, _DERIVED}:
        raise Unread(f"is stored in colours that are not read here: {name(matrix)}")


def convert(
    samples: npt.NDArray[np.generic],
    matrix: int,
    *,
    primaries: int,
    bits: int,
    full_range: bool,
) -> Floats:
    """Return R'G'B', 0–1, of Y', Cb and Cr as `yuv444p16le` holds them; both H × W × 3.

    However many `bits` there were, they are the upper ones of these sixteen.
    """
    check(matrix)
    conversion = to_rgb(matrix, primaries=primaries)
    assert conversion is not None, "swscale's own"  # noqa: S101
    unit = np.float32((1 << 16) - (1 << 16 - bits) if full_range else 1 << 8)
    black, luma, chroma = (0, 1, 1) if full_range else (16, 219, 224)
    signal = samples.astype(np.float32)
    signal[..., 0] = (signal[..., 0] / unit - black) / luma
    signal[..., 1:] = (signal[..., 1:] - np.float32(1 << 15)) / unit / chroma
    return np.clip(signal @ conversion.T, 0, 1)


def name(matrix: int) -> str:
    """Return what to call a matrix that is not read."""
    return {10: "BT.2020 with constant luminance", 14: "ICtCp"}.get(matrix, f"matrix {matrix}")
