"""The camera's one operation: a window of a plane, sampled into another plane.

Exact to the sub-pixel: a slow move shifts every sample by its own fraction.
"""

import cv2
import numpy as np

from render.pictures.canvas import Plane
from render.pictures.motion import Window


def sample(source: Plane, target: Plane, window: Window, *, offset: tuple[float, float]) -> None:
    """Fill `target` with the window of `source`, bilinearly.

    `offset` is where in its pixel a target sample sits, in shares of a pixel;
    source samples sit in the middle of theirs.
    """
    # OpenCV takes sample indices, target to source.
    (source_height, source_width), (height, width) = source.shape, target.shape
    across = window.size * source_width / width
    down = window.size * source_height / height
    matrix = np.array(
        [
            [across, 0.0, window.left * source_width + across * offset[0] - 0.5],
            [0.0, down, window.top * source_height + down * offset[1] - 0.5],
        ]
    )
    cv2.warpAffine(
        source,
        matrix,
        (width, height),
        dst=target,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
