"""Segments: the pieces a timeline is encoded in, and the digest that tells each apart.

Where two shots fade, that stretch is a segment of its own; what is left of each
shot is cut into pieces of at most five seconds. Segments lie end to end and
cover the timeline exactly, so that an edit leaves every segment it does not
touch as it was, wherever in the video it now stands.

A digest covers everything that decides a segment's bytes, and nothing else: the
pictures' contents, the camera's way over them, and how they are encoded.
"""

import hashlib
from collections.abc import Iterator, Mapping
from math import ceil
from pathlib import Path

import av
import msgspec

from render.delivery.encoder import KEYFRAME_SECONDS, Encoder
from render.rendition import Profile
from render.storyboard import Motion
from render.timeline import Shot, Timeline

RECIPE = 1
"""Counts the ways pictures have been painted; another one makes other segments."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A shot as one segment shows it."""

    shot: Shot
    first: int
    """The frame of the shot that the segment begins with."""


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A run of frames that is encoded by itself."""

    start: int
    """Its first frame on the timeline."""
    frames: int
    views: tuple[View, ...]
    """One shot, or the two that fade into each other."""
    digest: str

    @property
    def end(self) -> int:
        """The first frame after the segment."""
        return self.start + self.frames


def plan(
    timeline: Timeline,
    *,
    profile: Profile,
    encoder: Encoder,
    fingerprints: Mapping[Path, str],
) -> tuple[Segment, ...]:
    """Cut a timeline into segments; `fingerprints` digests each picture's content."""
    return tuple(
        Segment(
            start=start,
            frames=frames,
            views=views,
            digest=_digest(frames, views, profile, encoder, fingerprints),
        )
        for start, frames, views in _cuts(timeline)
    )


def _cuts(timeline: Timeline) -> Iterator[tuple[int, int, tuple[View, ...]]]:
    longest = KEYFRAME_SECONDS * timeline.fps
    for index, shot in enumerate(timeline.shots):
        body = shot.frames - shot.fade_in - shot.fade_out
        pieces = ceil(body / longest)
        for piece in range(pieces):
            begin, end = body * piece // pieces, body * (piece + 1) // pieces
            first = shot.fade_in + begin
            yield shot.start + first, end - begin, (View(shot=shot, first=first),)
        if shot.fade_out:
            following = timeline.shots[index + 1]
            fading = View(shot=shot, first=shot.frames - shot.fade_out)
            yield following.start, shot.fade_out, (fading, View(shot=following, first=0))


def _digest(
    frames: int,
    views: tuple[View, ...],
    profile: Profile,
    encoder: Encoder,
    fingerprints: Mapping[Path, str],
) -> str:
    content = {
        "recipe": RECIPE,
        "size": [profile.width, profile.height, profile.fps],
        "crf": profile.crf,
        "encoder": encoder,
        "library": av.library_versions["libavcodec"],
        "frames": frames,
        "views": [_identity(view, fingerprints) for view in views],
    }
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()


def _identity(view: View, fingerprints: Mapping[Path, str]) -> list[str | int]:
    picture = fingerprints[view.shot.picture]
    if view.shot.motion is Motion.STILL:
        # Where in the shot it stands changes nothing about how it looks.
        return [picture]
    return [picture, view.shot.motion.value, view.shot.frames, view.first]
