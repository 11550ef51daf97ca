"""The painter: every frame of a timeline, as one canvas after another.

A segment is painted by one thread; several segments are painted side by side and
share the stills they show. What a segment does not show costs nothing, and
memory does not grow with the length of the video.
"""

import threading
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager

from render.errors import MediaError
from render.pictures.canvas import Canvas
from render.pictures.footage import Footage, StillFootage
from render.pictures.still import Plate, load_plate
from render.rendition import Profile
from render.segments import Segment, cut
from render.timeline import Shot, Still, Timeline


class Painter:
    """Paints the segments of one timeline at one size."""

    def __init__(self, timeline: Timeline, profile: Profile, segments: Iterable[Segment]) -> None:
        """Prepare to paint `segments`, each once."""
        self._timeline = timeline
        self._profile = profile
        self._plates = _Plates(
            profile, Counter(view.shot.number for segment in segments for view in segment.views)
        )

    def paint(
        self, segment: Segment, *, first: int = 0, frames: int | None = None
    ) -> Iterator[Canvas]:
        """Yield each frame; a canvas is painted anew when the next one is asked for.

        `first` and `frames` ask for a part of the segment.
        """
        leading, *following = segment.views
        asked = range(first, segment.frames if frames is None else first + frames)
        canvas = Canvas(self._profile)
        with ExitStack() as stack:
            footage = stack.enter_context(self._opened(leading.shot))
            if not following:
                for frame in asked:
                    footage.film(leading.first + frame, canvas)
                    yield canvas
                return
            coming = following[0]
            arriving = stack.enter_context(self._opened(coming.shot))
            after, mixed = Canvas(self._profile), Canvas(self._profile)
            for frame in asked:
                footage.film(leading.first + frame, canvas)
                arriving.film(coming.first + frame, after)
                mixed.blend(canvas, after, (frame + 1) / (segment.frames + 1))
                yield mixed

    @staticmethod
    def picture(timeline: Timeline, profile: Profile, frame: int) -> Canvas:
        """Paint one frame of a timeline, by its number."""
        segment = next(piece for piece in cut(timeline) if piece.start <= frame < piece.end)
        painter = Painter(timeline, profile, [segment])
        return next(painter.paint(segment, first=frame - segment.start, frames=1))

    @contextmanager
    def _opened(self, shot: Shot) -> Generator[Footage]:
        source = shot.source
        if not isinstance(source, Still):
            raise MediaError(f"Scene {shot.number}: only pictures can be shown yet.")
        motion = source.motion
        with self._plates.borrowed(shot.number, source) as plate:
            yield StillFootage(plate, motion, frames=shot.frames)


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
    def borrowed(self, number: int, source: Still) -> Generator[Plate]:
        """Yield the plate of a scene, by the scene's number."""
        with self._locks[number]:
            if number not in self._plates:
                with self._decoding:
                    self._plates[number] = self._loaded(number, source)
            plate = self._plates[number]
        try:
            yield plate
        finally:
            with self._locks[number]:
                self._uses[number] -= 1
                if not self._uses[number]:
                    self._plates.pop(number, None)

    def _loaded(self, number: int, source: Still) -> Plate:
        return load_plate(source.path, self._profile, scene=str(number))
