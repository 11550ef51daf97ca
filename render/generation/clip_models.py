"""What each model that makes clips takes: the names of its fields, its lengths, sizes and sound.

Models of one provider agree on no field's name, and what a service does not
know it may drop without a word: a picture under a wrong name is a clip of
something else, paid in full. So everything that is sent is written down here,
model by model, and a model without a row is not asked.

Read on the models' pages in October 2026; seconds and fields are theirs.
Configuration replaces and adds rows (`render.generation.models.ModelsConfig.clips`).
"""

from collections.abc import Mapping
from itertools import pairwise

import msgspec

from render.storyboard import AspectRatio

Legal = tuple[int, ...]
"""Whole seconds that a clip may last, rising."""


class ClipModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one model is asked for a clip."""

    first: str
    """The field of the picture that the clip begins with."""
    last: str = ""
    """The field of the picture it ends with; empty where it takes none."""
    lengths: Legal
    """What may be asked for, in seconds."""
    lengths_between: Legal = ()
    """The same with both a first and a last picture; empty where that makes no difference."""
    length_field: str = "duration"
    frames_per_second: int = 0
    """Set where the length is told in frames, and one more: `num_frames`."""
    height: int = 720
    """Pixels of a clip's shorter side."""
    size_field: str = "resolution"
    size: str = "720p"
    """What the size is called; empty for a model that has but one."""
    shape_field: str = ""
    """Where the shape is told; empty where it follows from the first picture."""
    shapes: tuple[AspectRatio, ...] = tuple(AspectRatio)
    sound_field: str = ""
    """Whose `false` turns the sound off, which costs up to as much again; empty for none. It is
    turned on only where the price with sound is known (`Price.per_second_with_sound`)."""
    always_sounds: bool = False
    """Whether every clip comes with sound, at no further price."""

    def legal_seconds(self, wanted: float, *, between: bool = False) -> int:
        """Return the shortest length that covers what is wanted, or the longest there is."""
        lengths = (self.lengths_between if between else ()) or self.lengths
        return next((seconds for seconds in lengths if seconds >= wanted), lengths[-1])

    def length(self, seconds: int) -> int:
        """Return a length as the model is told it."""
        return seconds * self.frames_per_second + 1 if self.frames_per_second else seconds

    def pixels(self, shape: AspectRatio) -> tuple[int, int]:
        """Return width and height of a clip in a shape."""
        across, down = map(int, shape.value.split(":"))
        shorter, longer = self.height, round(self.height * max(across, down) / min(across, down))
        return (longer, shorter) if across > down else (shorter, longer)

    def faults(self, name: str) -> list[str]:
        """Return everything that is wrong with a row, in sentences."""
        found: list[str] = []
        for lengths in (self.lengths, self.lengths_between):
            rising = all(one < two for one, two in pairwise(lengths))
            if not rising or any(seconds < 1 for seconds in lengths):
                found.append(f"The lengths of the model “{name}” must be whole seconds, rising.")
        if not self.lengths or not self.first or not self.shapes:
            found.append(f"The model “{name}” needs a first picture's field, lengths and shapes.")
        if self.height not in _HEIGHTS:
            found.append(f"The clips of “{name}” must be from 240 to 2,160 pixels high.")
        return found


_HEIGHTS = range(240, 2161)


def _seconds(least: int, most: int, step: int = 1) -> Legal:
    return tuple(range(least, most + 1, step))


_WIDE_AND_HIGH = (AspectRatio.LANDSCAPE, AspectRatio.PORTRAIT)

CLIP_MODELS: Mapping[str, ClipModel] = {
    # Its fields are the interaction's own; the first picture is part of the input.
    "gemini-omni-1.2-flash": ClipModel(
        first="input",
        last="input",
        lengths=_seconds(3, 15),
        lengths_between=_seconds(3, 10),
        shape_field="aspect_ratio",
        shapes=_WIDE_AND_HIGH,
        always_sounds=True,
    ),
    "wan-video/wan-2.2-i2v-fast": ClipModel(
        first="image",
        last="last_image",
        # 81 to 121 frames.
        lengths=_seconds(5, 7),
        length_field="num_frames",
        frames_per_second=16,
    ),
    "alibaba/wan-3": ClipModel(first="image", lengths=_seconds(2, 30)),
    "bytedance/seedance-1.5-pro": ClipModel(
        first="image",
        last="last_frame_image",
        lengths=_seconds(2, 12),
        height=1080,
        size="1080p",
        sound_field="generate_audio",
    ),
    "bytedance/seedance-2.0-fast": ClipModel(
        first="image",
        last="last_frame_image",
        lengths=_seconds(4, 15),
        sound_field="generate_audio",
    ),
    "wan-video/wan-2.7-i2v": ClipModel(
        first="first_frame", last="last_frame", lengths=_seconds(2, 15)
    ),
    "kwaivgi/kling-v3-video": ClipModel(
        first="start_image",
        last="end_image",
        lengths=_seconds(3, 15),
        size_field="mode",
        size="standard",
        sound_field="generate_audio",
    ),
    "google/veo-3.1-lite": ClipModel(first="image", last="last_frame", lengths=(4, 6, 8)),
    "lightricks/ltx-2.3-fast": ClipModel(
        first="image",
        last="last_frame_image",
        lengths=_seconds(6, 20, 2),
        height=1080,
        size="1080p",
    ),
}
