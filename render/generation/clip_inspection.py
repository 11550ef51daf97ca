"""Clips as models hand them over: looked at to their end before one counts as made.

A clip is of no use that cannot be decoded, lasts no second, is too small, shows
nothing but black (a refusal can look like that), or does not begin with the
still it was made of: a model that drops a field it does not know makes a clip
of something else.
"""

import io
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from render.decoding import decoding
from render.errors import MediaError
from render.generation.base import ClipRequest
from render.measures import ClipMeasures
from render.pictures.clip import ClipInfo, check_clip
from render.pictures.still import picture_error
from render.sound.mix import is_audible

_SCENE = "1"
_SHORTEST = Fraction(1)
_LEAST_PIXELS = 240
"""Of its shorter side."""
_BLACK = 20
"""Of 255: what no sample of a black picture passes."""
_LOOK = (32, 32)
_FLAT = 6.0
"""Standard deviation of a still that tells nothing of whether another is like it."""
_ALIKE = 0.5
"""Correlation of the first picture with the still, at the least."""


def clip_type(data: bytes) -> str | None:
    """Return the media type of MP4 or WebM bytes, None for anything else."""
    if data[4:8] == b"ftyp":
        return "video/mp4"
    return "video/webm" if data.startswith(b"\x1aE\xdf\xa3") else None


def delivered_seconds(data: bytes) -> float | None:
    """Return how long a clip is, as its packets tell; None for what cannot be read."""
    with TemporaryDirectory(prefix="reelwright-") as folder:
        path = Path(folder) / "clip"
        path.write_bytes(data)
        try:
            return float(check_clip(path, scene=_SCENE).seconds)
        except MediaError:
            return None


def inspect_clip(path: Path, request: ClipRequest) -> ClipMeasures:
    """Decode a clip to its end and return its measures; raise `MediaError`."""
    info = check_clip(path, scene=_SCENE)
    if info.seconds < _SHORTEST:
        raise MediaError(f"It lasts only {float(info.seconds):.1f} seconds.")
    if min(info.width, info.height) < _LEAST_PIXELS:
        raise MediaError(f"The clip has only {info.width} × {info.height} pixels.")
    with decoding(lambda reason: MediaError(f"The clip {reason}."), "is damaged"):
        _look(path, request, (info.width, info.height))
    return _measures(path, info)


def _look(path: Path, request: ClipRequest, size: tuple[int, int]) -> None:
    brightest, first = 0, None
    with av.open(f"file:{path}", options={"protocol_whitelist": "file"}) as container:
        stream = container.streams.video[0]
        stream.thread_count = 1
        for frame in container.decode(stream):
            if first is None or brightest <= _BLACK:
                small = frame.reformat(*_LOOK, "gray").to_ndarray()
                brightest = max(brightest, int(small.max()))
                first = small if first is None else first
    if first is None:
        raise MediaError("The clip holds no picture.")
    if brightest <= _BLACK:
        raise MediaError("The clip is black; a refusal can look like that.")
    if request.first and not _begins_with(first, request.first, size):
        raise MediaError("The clip does not begin with the picture it was to be made of.")


def _begins_with(first: NDArray[Any], still: bytes, size: tuple[int, int]) -> bool:
    with decoding(picture_error(None), "is damaged"), Image.open(io.BytesIO(still)) as opened:
        wanted = np.asarray(_as_seen(opened, size), float)
    if wanted.std() < _FLAT:
        return True
    seen = first.astype(float)
    if seen.std() < 1:
        return False
    return float(np.corrcoef(seen.ravel(), wanted.ravel())[0, 1]) >= _ALIKE


def _as_seen(still: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return a still as a clip of that size begins with it, small and grey."""
    upright = ImageOps.exif_transpose(still).convert("L")
    return ImageOps.fit(upright, size, Image.Resampling.BOX).resize(_LOOK, Image.Resampling.BOX)


def _measures(path: Path, info: ClipInfo) -> ClipMeasures:
    return ClipMeasures(
        width=info.width,
        height=info.height,
        milliseconds=round(info.seconds * 1000),
        sounds=info.sounds and is_audible(path, seconds=info.seconds),
    )
