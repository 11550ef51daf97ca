"""Segments: the pieces a timeline is encoded in, and the digest that tells each apart.

Where two shots fade, that stretch is a segment of its own; what is left of each
shot is cut into pieces of at most five seconds. Segments lie end to end and
cover the timeline exactly, so that an edit leaves every segment it does not
touch as it was, wherever in the video it now stands. One that makes a scene
longer by a part of a frame may move a later border by one: what ends there has
a frame more or fewer and is made anew, and nothing else.

A digest covers everything that decides a segment's bytes, and nothing else: the
sources' contents, the camera's way over them, how one gives way to the next, the
words, logo and label on top with the fonts they are set in, and how it is encoded.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import ceil
from pathlib import Path

import av
import msgspec

from render.encoder import KEYFRAME_SECONDS, Encoder
from render.errors import MediaError
from render.files import sha256_of
from render.rendition import Profile, rate_digested
from render.storyboard import Fit, Gradient, Motion, Solid, Transition
from render.timeline import LogoOverlay, Moving, Shot, Still, TextOverlay, Timeline
from render.words.typesetting import stack_digest

RECIPE = 6
"""Counts the ways pictures have been painted; another one makes other segments."""
_FINER = 1
"""The same of how gradients are encoded (`render.encoder.finer`)."""


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
    """One shot, or two of which the first gives way to the second."""
    texts: tuple[TextOverlay, ...]
    """The words on it; their times count from the segment's first frame, and may lie outside."""
    digest: str

    @property
    def smooth(self) -> bool:
        """Whether it shows a slow gradient, which takes finer coding to be seen without bands."""
        return _is_smooth(self.views)

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
    """Cut a timeline into segments; `fingerprints` digests each file's content."""
    shared: dict[str, object] = {
        "recipe": RECIPE,
        "profile": profile,
        "fps": timeline.fps,
        "encoder": encoder,
        "library": av.library_versions["libavcodec"],
        # Under the name it has in every cache that there is.
        "emblem": _logo(timeline.logo, fingerprints),
    }
    if timeline.label is not None:
        # Without one, a segment is called as it was before there were labels.
        shared["label"] = [timeline.label, stack_digest(), timeline.locale]
    return tuple(
        _segment(timeline, start, frames, views, shared=shared, fingerprints=fingerprints)
        for start, frames, views in _cuts(timeline)
    )


def cut(timeline: Timeline) -> tuple[Segment, ...]:
    """Cut a timeline into segments to look at, which takes no digests."""
    return tuple(
        Segment(
            start=start,
            frames=frames,
            views=views,
            texts=_words(timeline, start, frames),
            digest="",
        )
        for start, frames, views in _cuts(timeline)
    )


def _words(timeline: Timeline, start: int, frames: int) -> tuple[TextOverlay, ...]:
    return tuple(
        msgspec.structs.replace(words, start=words.start - start)
        for words in timeline.texts
        if words.start < start + frames and words.end > start
    )


def fingerprint(timeline: Timeline) -> dict[Path, str]:
    """Return the SHA-256 of every file a timeline is made of.

    Raises `MediaError`, naming the scene, for one that cannot be read.
    """
    numbers: dict[Path, int] = {}
    for shot in timeline.shots:
        if isinstance(shot.source, Still | Moving):
            numbers.setdefault(shot.source.path, shot.number)
    for sound in (*timeline.voices, *timeline.sounds):
        numbers.setdefault(sound.path, sound.number)
    whole = [part.path for part in (timeline.music, timeline.logo) if part is not None]
    fingerprints: dict[Path, str] = {}
    for path in (*numbers, *whole):
        try:
            fingerprints[path] = sha256_of(path)
        except OSError as error:
            what = "is missing" if isinstance(error, FileNotFoundError) else "could not be read"
            number = numbers.get(path)
            if number is None:
                raise MediaError(f"{path.name} {what}.") from error
            raise MediaError(f"Scene {number}: {path.name} {what}.", scene=str(number)) from error
    return fingerprints


def _segment(  # noqa: PLR0913  keyword-only past the fourth
    timeline: Timeline,
    start: int,
    frames: int,
    views: tuple[View, ...],
    *,
    shared: Mapping[str, object],
    fingerprints: Mapping[Path, str],
) -> Segment:
    texts = _words(timeline, start, frames)
    content: dict[str, object] = {
        **shared,
        "frames": frames,
        "views": [_identity(view, frames, timeline.fps, fingerprints) for view in views],
    }
    if len(views) > 1:
        shot = views[0].shot
        content["transition"] = shot.transition
        if shot.transition is Transition.FADE:
            content["through"] = shot.colour
    if _is_smooth(views):
        content["finer"] = _FINER
    if texts:
        content["lettering"] = [
            # Where they begin and end matters as far as it is seen here.
            [
                words.style,
                words.text,
                max(words.start, -words.fade),
                min(words.end, frames + words.fade),
                words.fade,
                *([] if words.lit is None else [words.words, words.lit]),
            ]
            for words in texts
        ]
        content["set in"] = [stack_digest(), timeline.palette, timeline.locale]
    encoded = msgspec.json.encode(content, order="deterministic", enc_hook=rate_digested)
    digest = hashlib.sha256(encoded).hexdigest()
    return Segment(start=start, frames=frames, views=views, texts=texts, digest=digest)


def _is_smooth(views: Sequence[View]) -> bool:
    # Where one gives way to another, bands do not stand still long enough to be seen.
    return len(views) == 1 and isinstance(views[0].shot.source, Gradient)


def _cuts(timeline: Timeline) -> Iterator[tuple[int, int, tuple[View, ...]]]:
    longest = ceil(KEYFRAME_SECONDS * timeline.fps)
    for index, shot in enumerate(timeline.shots):
        body = shot.frames - shot.fade_in - shot.fade_out
        # By what the scene lasts, not by how many frames of it happen to be seen: then only the
        # last piece differs where that is one fewer.
        whole = shot.span - shot.fade_in - shot.fade_out
        pieces = ceil(whole / longest)
        for piece in range(pieces):
            begin, end = whole * piece // pieces, min(body, whole * (piece + 1) // pieces)
            first = shot.fade_in + begin
            yield shot.start + first, end - begin, (View(shot=shot, first=first),)
        if shot.fade_out:
            following = timeline.shots[index + 1]
            fading = View(shot=shot, first=shot.frames - shot.fade_out)
            yield following.start, shot.fade_out, (fading, View(shot=following, first=0))


def _identity(
    view: View, frames: int, fps: Fraction, fingerprints: Mapping[Path, str]
) -> list[object]:
    source = view.shot.source
    match source:
        case Still(motion=Motion.STILL):
            # Where in the shot it stands changes nothing about how it looks.
            return [fingerprints[source.path], source.focus]
        case Still():
            return [
                fingerprints[source.path],
                source.focus,
                source.motion,
                view.shot.span,
                view.first,
            ]
        case Moving():
            return [
                fingerprints[source.path],
                str(source.start),
                # Where it ends is seen only by who gets there.
                str(source.seconds) if view.first + frames > source.seconds * fps else None,
                view.first,
                source.fit,
                source.focus,
                source.surround if source.fit is Fit.CONTAIN else None,
            ]
        case Solid() | Gradient():
            return [source]


def _logo(logo: LogoOverlay | None, fingerprints: Mapping[Path, str]) -> list[object] | None:
    if logo is None:
        return None
    return [fingerprints[logo.path], logo.corner, logo.width, logo.opacity]
