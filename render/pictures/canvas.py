"""One output frame as the composer paints it: I420, in one buffer."""

import av
import cv2
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from render.pictures.colour import Plane, ycbcr_of
from render.rendition import Profile
from render.storyboard import HexColour


class Canvas:
    """A frame of BT.709 limited-range I420: 1.5·H rows of W bytes, and its planes as views."""

    def __init__(self, profile: Profile) -> None:
        """Make an unpainted canvas of the profile's size."""
        width, height = profile.width, profile.height
        self.pixels: Plane = np.empty((height * 3 // 2, width), np.uint8)
        chroma = self.pixels[height:].reshape(2, height // 2, width // 2)
        self.y: Plane = self.pixels[:height]
        self.u: Plane = chroma[0]
        self.v: Plane = chroma[1]

    @property
    def planes(self) -> tuple[Plane, Plane, Plane]:
        """Y, U and V."""
        return self.y, self.u, self.v

    def fill(self, colour: HexColour) -> None:
        """Fill the canvas with one colour."""
        for plane, value in zip(self.planes, ycbcr_of(colour), strict=True):
            plane.fill(value)

    def copy(self, other: "Canvas") -> None:
        """Fill the canvas with another's picture."""
        np.copyto(self.pixels, other.pixels)

    def blend(self, before: "Canvas", after: "Canvas", share: float) -> None:
        """Fill the canvas with a mix: `share` of `after`, the rest of `before`."""
        cv2.addWeighted(before.pixels, 1 - share, after.pixels, share, 0, dst=self.pixels)

    def frame(self) -> av.VideoFrame:
        """Return the canvas as a tagged frame; nothing is copied."""
        frame = av.VideoFrame.from_numpy_buffer(self.pixels, "yuv420p")
        frame.colorspace = Colorspace.ITU709
        frame.color_range = ColorRange.MPEG
        frame.color_primaries = ColorPrimaries.BT709
        frame.color_trc = ColorTrc.BT709
        return frame
