"""The painter: every frame of a timeline, as one canvas after another.

A segment is painted by one thread; several segments are painted side by side and
share the stills they show. What a segment does not show costs nothing, and
memory does not grow with the length of the video.
"""

import threading
from bisect import bisect_right
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager

from render.pictures.background import background_plate
from render.pictures.canvas import Canvas
from render.pictures.clip import open_clip
from render.pictures.footage import Footage, StillFootage
from render.pictures.still import Plate, load_plate
from render.pictures.transition_timing import share_at
from render.pictures.transitions import mix
from render.rendition import Profile
from render.segments import Segment, cut
from render.storyboard import Gradient, Motion, Solid
from render.timeline import Moving, Shot, ShotSource, Still, Timeline
from render.words.layer import Layer
from render.words.logo import load_logo
from render.words.typesetting import typeset, typeset_label


class Painter:
    """Paints the segments of one timeline at one size."""

    def __init__(self, timeline: Timeline, profile: Profile, segments: Iterable[Segment]) -> None:
        """Prepare to paint `segments`, each once."""
        self._timeline = timeline
        self._profile = profile
        self._logo = load_logo(timeline.logo, profile) if timeline.logo else None
        self._label = (
            typeset_label(timeline.label, profile, locale=timeline.locale)
            if timeline.label
            else None
        )
        self._plates = _Plates(
            profile, Counter(view.shot.number for segment in segments for view in segment.views)
        )

    def paint(
        self, segment: Segment, *, first: int = 0, frames: int | None = None
    ) -> Generator[Canvas]:
        """Yield each frame; a canvas is painted anew when the next one is asked for.

        `first` and `frames` ask for a part of the segment.
        """
        numbers = range(first, segment.frames if frames is None else first + frames)
        if segment.texts or self._logo is not None or self._label is not None:
            yield from self._paint_overlays(segment, numbers)
        else:
            for canvas, _ in self._paint_pictures(segment, numbers):
                yield canvas

    def skip(self, segment: Segment) -> None:
        """Let go of what a segment shows, which is not painted here after all."""
        for view in segment.views:
            self._plates.release(view.shot.number)

    def _paint_pictures(self, segment: Segment, numbers: range) -> Iterator[tuple[Canvas, bool]]:
        """Yield each frame without words, and whether it differs from the one before."""
        leading, *following = segment.views
        canvas = Canvas(self._profile)
        with ExitStack() as stack:
            footage = stack.enter_context(self._open_footage(leading.shot))
            if not following:
                for frame in numbers:
                    yield canvas, footage.film(leading.first + frame, canvas)
                return
            coming = following[0]
            arriving = stack.enter_context(self._open_footage(coming.shot))
            after, mixed = Canvas(self._profile), Canvas(self._profile)
            for frame in numbers:
                footage.film(leading.first + frame, canvas)
                arriving.film(coming.first + frame, after)
                mix(
                    leading.shot.transition,
                    canvas,
                    after,
                    mixed,
                    share=share_at(frame, segment.frames),
                    colour=leading.shot.colour,
                )
                yield mixed, True

    def _paint_overlays(self, segment: Segment, numbers: range) -> Iterator[Canvas]:
        """Yield each frame with its words, the logo and the label on it."""
        # What is painted anew for every frame can be painted over.
        leading, *following = segment.views
        anew = following or _moves(leading.shot.source)
        top = None if anew else Canvas(self._profile)
        painted: list[tuple[Layer, float]] | None = None
        for frame, (canvas, changed) in zip(
            numbers, self._paint_pictures(segment, numbers), strict=True
        ):
            layers = self._layers(segment, frame)
            if top is None:
                target = canvas
            else:
                target = top
                if not changed and layers == painted:
                    yield target
                    continue
                top.copy(canvas)
            painted = layers
            for layer, opacity in layers:
                layer.paint(target, opacity)
            yield target

    def _layers(self, segment: Segment, frame: int) -> list[tuple[Layer, float]]:
        layers: list[tuple[Layer, float]] = []
        if self._logo is not None:
            layers.append((self._logo, 1.0))
        for words in segment.texts:
            if words.start <= frame < words.end:
                layer = typeset(
                    words,
                    self._profile,
                    palette=self._timeline.palette,
                    locale=self._timeline.locale,
                )
                layers.append((layer, words.opacity(frame)))
        if self._label is not None:
            layers.append((self._label, 1.0))
        return layers

    @staticmethod
    def pictures(timeline: Timeline, profile: Profile, frames: Sequence[int]) -> Iterator[Canvas]:
        """Yield single frames of a timeline, by their numbers.

        A still is decoded once for all that show it; in order, few are in memory at a time.
        """
        pieces = cut(timeline)
        ends = [piece.end for piece in pieces]
        shown = [pieces[bisect_right(ends, frame)] for frame in frames]
        painter = Painter(timeline, profile, shown)
        for frame, segment in zip(frames, shown, strict=True):
            with closing(painter.paint(segment, first=frame - segment.start, frames=1)) as painted:
                yield next(painted)

    @staticmethod
    def picture(timeline: Timeline, profile: Profile, frame: int) -> Canvas:
        """Paint one frame of a timeline, by its number."""
        return next(Painter.pictures(timeline, profile, [frame]))

    @contextmanager
    def _open_footage(self, shot: Shot) -> Generator[Footage]:
        source = shot.source
        if isinstance(source, Moving):
            with open_clip(
                source, self._profile, fps=self._timeline.fps, scene=str(shot.number)
            ) as footage:
                yield footage
            return
        motion = source.motion if isinstance(source, Still) else Motion.STILL
        with self._plates.borrow(shot.number, source) as plate:
            yield StillFootage(plate, motion, frames=shot.span)


def _moves(source: ShotSource) -> bool:
    return isinstance(source, Still) and source.motion is not Motion.STILL


class _Plates:
    """The stills in use: each scene's decoded once, and dropped with its last segment."""

    def __init__(self, profile: Profile, uses: Counter[int]) -> None:
        # By scene, not by picture: one that comes back an hour later is not kept till then.
        self._profile = profile
        self._uses = uses
        self._locks = {number: threading.Lock() for number in uses}
        self._plates: dict[int, Plate] = {}
        # One at a time: a picture of fifty million pixels takes hundreds of megabytes.
        self._decoding = threading.Lock()

    @contextmanager
    def borrow(self, number: int, source: Still | Solid | Gradient) -> Generator[Plate]:
        """Yield the plate of a scene, by the scene's number."""
        with self._locks[number]:
            if number not in self._plates:
                with self._decoding:
                    self._plates[number] = self._load(number, source)
            plate = self._plates[number]
        try:
            yield plate
        finally:
            self.release(number)

    def release(self, number: int) -> None:
        """Count one use of a scene's plate as over."""
        with self._locks[number]:
            self._uses[number] -= 1
            if not self._uses[number]:
                self._plates.pop(number, None)

    def _load(self, number: int, source: Still | Solid | Gradient) -> Plate:
        if isinstance(source, Still):
            return load_plate(source.path, self._profile, focus=source.focus, scene=str(number))
        return background_plate(source, self._profile)
