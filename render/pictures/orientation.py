"""An orientation: how a stored picture is set upright, one of the eight that flips and turns give.

Cameras store what their sensor saw and say beside it how it is to be shown. Clips say it in
a display matrix (ISO/IEC 14496-12, 8.5.3): nine numbers, the first four of which, a, b, c and
d, send a pixel at (x, y) to (a·x + c·y, b·x + d·y). Where they turn the plane over, as cameras
that film whoever holds them do, the picture is mirrored first, and then turned.
"""

import struct
from math import atan2, pi
from typing import NamedTuple

from av.video.frame import VideoFrame

_MATRIX = struct.Struct("=9i")


class Orientation(NamedTuple):
    """What sets a picture upright, in this order."""

    mirrored: bool = False
    """Left for right."""
    turns: int = 0
    """Quarters of a turn, clockwise."""

    @classmethod
    def of(cls, frame: VideoFrame) -> "Orientation":
        """Return what the display matrix of a decoded picture asks for, to the nearest quarter."""
        matrix = frame.side_data.get("DISPLAYMATRIX")
        return cls() if matrix is None else cls.of_matrix(bytes(matrix))

    @classmethod
    def of_matrix(cls, matrix: bytes) -> "Orientation":
        """Return what a display matrix in this machine's byte order asks for."""
        if len(matrix) != _MATRIX.size:
            return cls()
        a, b, _, c, d, *_ = _MATRIX.unpack(matrix)
        mirrored = a * d - b * c < 0
        if mirrored:
            a, b = -a, -b
        return cls(mirrored, round(atan2(b, a) / (pi / 2)) % 4)
