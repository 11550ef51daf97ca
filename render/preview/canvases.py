"""The frames in which a storyboard can be filmed."""

from render.preview.document import Canvas
from render.rendition import USUAL_RATE, Quality, Rate, profile_for
from render.storyboard import AspectRatio


def canvas_of(shape: AspectRatio, quality: Quality, *, fps: Rate = USUAL_RATE) -> Canvas:
    """Return the frame of a shape and size, in pixels; raise `InvalidStoryboard` for its rate."""
    profile = profile_for(shape, quality, fps=fps)
    return Canvas(
        profile=profile.name,
        aspect_ratio=shape,
        quality=quality,
        width=profile.width,
        height=profile.height,
    )
