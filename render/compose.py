"""Composing: a timeline becomes a finished, checked video file.

Segments are painted and encoded side by side in threads (PyAV and OpenCV leave
the interpreter's lock while they work), each by an encoder of its own, and
looked at to their end as soon as they stand; the sound is one more such job. Then
all is joined without encoding again, and judged by what was seen and heard.

Nothing half-written is ever left behind: unfinished files lie in one hidden
folder beside the output, which goes whatever happens, and the output appears by
a rename. Finished pieces stay in a cache under their digests and are found
again. Memory does not grow with the length of the video.
"""

import hashlib
import threading
import time
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import cv2
import msgspec
from av.error import FFmpegError

from render.cache import Cache, Turn
from render.delivery.joiner import Chapter, join
from render.encoder import Encoder, choose_encoder, encode_segment
from render.errors import CompositionCancelled, CompositionError
from render.files import disk_error, publish, sha256_of
from render.inspection.frames import Look, PaintedPictures, look
from render.inspection.validation import Glance, judge
from render.painter import Painter
from render.pictures.canvas import Canvas
from render.rendition import Profile, Rendition, SegmentTime, Timings
from render.segments import Segment, fingerprint, plan
from render.sound.hearing import Hearing
from render.sound.programme import encode_sound, sound_digest
from render.timeline import Timeline

_TICK = 0.1
"""Seconds between two looks at progress and cancellation."""
_LAST = 8
"""How many segments are put in order of their length: those of three or four scenes."""
_PATIENCE = 0.3
"""Seconds after which it is asked again for what others are making."""
_JOINING = 1
"""Counts the ways pieces have been joined; another one makes another file."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far composing has come, in frames really encoded."""

    done: int
    total: int


class Composition:
    """One timeline at one size: its pieces, which of them there are, and their making."""

    def __init__(
        self,
        timeline: Timeline,
        profile: Profile,
        *,
        cache: Cache,
        fingerprints: Mapping[Path, str] | None = None,
    ) -> None:
        """Cut a timeline into pieces; `fingerprints` as `render.segments.fingerprint` gives them.

        Raises `MediaError` for a file that cannot be used.
        """
        self.timeline = timeline
        self.profile = profile
        self.encoder: Encoder = choose_encoder(profile.codec, profile.grade)
        self._cache = cache
        known = fingerprint(timeline) if fingerprints is None else fingerprints
        self.segments: tuple[Segment, ...] = plan(
            timeline, profile=profile, encoder=self.encoder, fingerprints=known
        )
        self.sound: str = f"{sound_digest(timeline, known)}.m4a"

    @property
    def digest(self) -> str:
        """The digest of everything that decides the finished file's bytes."""
        content = [
            _JOINING,
            [segment.digest for segment in self.segments],
            self.sound,
            # As the track tells them.
            [
                {"start": cue.start, "end": cue.end, "text": cue.text}
                for cue in self.timeline.captions
            ],
            [[shot.title, shot.start] for shot in self.timeline.shots],
            self.timeline.locale,
        ]
        encoded = msgspec.json.encode(content, enc_hook=str, order="deterministic")
        return hashlib.sha256(encoded).hexdigest()

    def missing(self) -> set[str]:
        """Return the digests of the segments that the cache seems not to hold."""
        return {
            segment.digest for segment in self.segments if self._cache.note(_name(segment)) is None
        }

    def write(
        self,
        place: Path,
        *,
        work: Path,
        workers: int,
        on_progress: Callable[[Progress], None] = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Rendition:
        """Make what is missing, join all as an MP4 and return it, judged to be right.

        `work` is a folder for unfinished files. Raises `MediaError`,
        `CompositionError`, `ValidationFailed` or `CompositionCancelled`.
        """
        # Threads are given to whole segments; OpenCV's own would only contend.
        cv2.setNumThreads(1)
        began = time.perf_counter()
        crew = _Crew(self, self._cache, work=work, cancelled=cancelled, began=began)
        reused = crew.run(workers=workers, on_progress=on_progress)
        encoded = time.perf_counter()
        try:
            frames = join(
                [crew.place(segment) for segment in self.segments],
                crew.sound,
                place,
                fps=self.profile.fps,
                check=crew.check,
                captions=self.timeline.captions,
                chapters=chapters(self.timeline),
                locale=self.timeline.locale,
            )
        except FFmpegError as error:
            raise _composition_error(error, place) from error
        if frames != self.timeline.frames:
            raise CompositionError(
                f"The video came out {frames} frames long instead of {self.timeline.frames}."
            )
        joined = time.perf_counter()
        judge(
            place,
            self.timeline,
            self.profile,
            glances=crew.glances(),
            pieces=[crew.place(segment) for segment in self.segments],
            sound=crew.sound,
            hearing=crew.hearing,
        ).check()
        ended = time.perf_counter()
        return Rendition(
            path=str(place),
            duration=float(self.timeline.duration),
            width=self.profile.width,
            height=self.profile.height,
            frames=frames,
            bytes=place.stat().st_size,
            sha256=sha256_of(place),
            encoder=self.encoder.name,
            segments=tuple(segment.digest for segment in self.segments),
            reused=reused,
            timings=Timings(
                encode=encoded - began,
                join=joined - encoded,
                validate=ended - joined,
                total=ended - began,
                segments=tuple(crew.times),
            ),
        )

    def help(
        self, wanted: Collection[str], *, work: Path, workers: int, cancelled: Callable[[], bool]
    ) -> int:
        """Encode into the cache those of the named segments that are claimed here.

        Return how many. Raises as `write` does.
        """
        cv2.setNumThreads(1)
        crew = _Crew(self, self._cache, work=work, cancelled=cancelled, began=time.perf_counter())
        return crew.help(wanted, workers=workers)


def chapters(timeline: Timeline) -> tuple[Chapter, ...]:
    """Return the scenes as chapters: each until the next one begins."""
    starts = [Fraction(shot.start, timeline.fps) for shot in timeline.shots]
    ends = [*starts[1:], timeline.duration]
    return tuple(
        Chapter(start=start, end=end, title=shot.title)
        for shot, start, end in zip(timeline.shots, starts, ends, strict=True)
    )


def compose(  # noqa: PLR0913  keyword-only past the third
    timeline: Timeline,
    out: Path,
    profile: Profile,
    *,
    workers: int = 2,
    on_progress: Callable[[Progress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
    cache: Path | None = None,
) -> Rendition:
    """Write a timeline as an MP4 and return what was made.

    `on_progress` is called in this thread, up to ten times a second; `cancelled`
    is asked in several, for every frame. Raises as `Composition.write` does.
    """
    try:
        with TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as folder:
            work = Path(folder)
            store = Cache(cache or work / "cache")
            composition = Composition(timeline, profile, cache=store)
            part = work / "video.mp4"
            rendition = composition.write(
                part, work=work, workers=workers, on_progress=on_progress, cancelled=cancelled
            )
            publish(part, out)
            store.trim()
    except OSError as error:
        raise disk_error(error, out) from error
    return msgspec.structs.replace(rendition, path=str(out))


def _name(segment: Segment) -> str:
    return f"{segment.digest}.mp4"


def _composition_error(error: FFmpegError, place: Path) -> CompositionError:
    if error.errno and error.errno > 0 and isinstance(error, OSError):
        return disk_error(error, place)
    return CompositionError(f"The video could not be encoded: {error.strerror}.")


def _encoding_order(segments: list[Segment]) -> list[Segment]:
    """Return segments in the order to encode them: the last few with the longest first.

    So all threads end at nearly the same time. Sorting all of them would have
    every still in memory at once.
    """
    last = segments[-_LAST:]
    return [*segments[:-_LAST], *sorted(last, key=lambda segment: segment.frames, reverse=True)]


_Note = TypeVar("_Note")


class _Crew:
    """The threads that make the pieces of one composition, and their progress."""

    def __init__(
        self,
        composition: Composition,
        cache: Cache,
        *,
        work: Path,
        cancelled: Callable[[], bool],
        began: float,
    ) -> None:
        self._composition = composition
        self._cache = cache
        self._work = work
        self._cancelled = cancelled
        self._stopped = threading.Event()
        self._counting = threading.Lock()
        self._done = 0
        self._looks: dict[str, Look] = {}
        self._taken: list[Segment] = []
        """What others are making."""
        self._over = False
        """Whether nothing more is to be made here."""
        self.sound = work / composition.sound
        self._hearing: Hearing | None = None
        self._began = began
        self.times: list[SegmentTime] = []

    def place(self, segment: Segment) -> Path:
        """Where a segment's packets lie, once they are encoded."""
        return self._work / _name(segment)

    @property
    def hearing(self) -> Hearing:
        """What was heard of the sound, once it is encoded."""
        if self._hearing is None:
            raise LookupError("The sound has not been encoded yet.")
        return self._hearing

    def glances(self) -> list[Glance]:
        """What was seen of each segment, in order."""
        return [
            Glance(segment=segment, look=self._looks[segment.digest])
            for segment in self._composition.segments
        ]

    def check(self) -> None:
        """Raise `CompositionCancelled` once this run is to stop."""
        if self._stopped.is_set() or self._cancelled():
            raise CompositionCancelled("Composing was cancelled.")

    def run(self, *, workers: int, on_progress: Callable[[Progress], None]) -> int:
        """Make what is missing and return how many segments were there already."""
        # A segment that occurs twice is encoded once.
        segments = {segment.digest: segment for segment in self._composition.segments}
        missing = self._missing(segments.values())
        total = sum(segment.frames for segment in segments.values())
        self._done = total - sum(segment.frames for segment in missing)
        painter = Painter(self._composition.timeline, self._composition.profile, missing)
        with self._pool(workers) as pool:
            pending: set[Future[None]] = {pool.submit(self._encode_sound)} | {
                pool.submit(self._encode, segment, painter) for segment in _encoding_order(missing)
            }
            while pending or self._taken:
                pending = self._wait(pending)
                on_progress(Progress(done=self._done, total=total))
                if not pending:
                    # What others were making is there, or theirs no more, or waited for.
                    again, self._taken = self._taken, []
                    pending = {pool.submit(self._encode, segment, painter) for segment in again}
                    time.sleep(_PATIENCE if again else 0)
        made = {segment.digest for segment in missing}
        return sum(segment.digest not in made for segment in self._composition.segments)

    def help(self, wanted: Collection[str], *, workers: int) -> int:
        """Encode what is wanted as far as it is claimed here, from the end; return how many."""
        segments = {
            segment.digest: segment
            for segment in reversed(self._composition.segments)
            if _name(segment) in wanted
        }
        painter = Painter(self._composition.timeline, self._composition.profile, segments.values())
        with self._pool(workers) as pool:
            pending: set[Future[None]] = {
                pool.submit(self._encode, segment, painter) for segment in segments.values()
            }
            while pending:
                pending = self._wait(pending)
        return len(self._looks)

    @contextmanager
    def _pool(self, workers: int) -> Generator[ThreadPoolExecutor]:
        with ThreadPoolExecutor(workers, thread_name_prefix="segment") as pool:
            try:
                yield pool
            except BaseException:
                self._stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _wait(self, pending: set[Future[None]]) -> set[Future[None]]:
        """Wait for a moment; return what is pending still, and raise what went wrong."""
        done, pending = wait(pending, _TICK, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()
        self.check()
        return pending

    def _missing(self, segments: Collection[Segment]) -> list[Segment]:
        """Return which segments neither this cache nor others have."""
        lacking = [segment for segment in segments if not self._is_cached(segment)]
        wanted = [_name(segment) for segment in lacking]
        if self._cache.note(self._composition.sound) is None:
            wanted.append(self._composition.sound)
        self._cache.ask(wanted, check=self.check)
        missing = [segment for segment in lacking if not self._is_cached(segment)]
        self._cache.tell(sorted({_name(one) for one in segments} - {_name(one) for one in missing}))
        return missing

    def _is_cached(self, segment: Segment) -> bool:
        note = self._fetch(_name(segment), self.place(segment), Look)
        if note is not None:
            self._looks[segment.digest] = note
        return note is not None

    def _fetch(self, name: str, place: Path, kind: type[_Note]) -> _Note | None:
        note = self._cache.fetch(name, place)
        try:
            return None if note is None else msgspec.json.decode(note, type=kind)
        except msgspec.DecodeError:
            # Kept by another version of the engine. The file is the cache's: it is not written to.
            place.unlink(missing_ok=True)
            return None

    def _encode(self, segment: Segment, painter: Painter) -> None:
        """Encode a segment, unless others do or have done."""
        self.check()
        if self._over:
            return
        turn = self._cache.claim(_name(segment), check=self.check)
        if turn is Turn.HERE and self._is_cached(segment):
            painter.skip(segment)
            with self._counting:
                self._done += segment.frames
            return
        if turn is Turn.STOP:
            self._over = True
        if turn is not Turn.MINE:
            with self._counting:
                self._taken.append(segment)
            return
        began = time.perf_counter()
        place, profile = self.place(segment), self._composition.profile
        try:
            pictures = PaintedPictures(profile.fps)
            encode_segment(
                self._count(painter.paint(segment), pictures),
                place,
                profile=profile,
                encoder=self._composition.encoder,
                smooth=segment.smooth,
            )
            observed = look(place, painted=pictures, check=self.check)
        except FFmpegError as error:
            raise _composition_error(error, place) from error
        self._looks[segment.digest] = observed
        self._keep(_name(segment), place, observed)
        seconds = time.perf_counter() - began
        self.times.append(
            SegmentTime(digest=segment.digest, began=began - self._began, seconds=seconds)
        )

    def _count(self, painted: Iterator[Canvas], pictures: PaintedPictures) -> Iterator[Canvas]:
        for canvas in painted:
            self.check()
            pictures.take(canvas)
            yield canvas
            with self._counting:
                self._done += 1

    def _encode_sound(self) -> None:
        timeline = self._composition.timeline
        stored = self._fetch(self._composition.sound, self.sound, Hearing)
        if stored is not None:
            self._hearing = stored
            self._cache.tell([self._composition.sound])
            return
        try:
            self._hearing = encode_sound(timeline, self.sound, check=self.check)
        except FFmpegError as error:
            raise _composition_error(error, self.sound) from error
        self._keep(self._composition.sound, self.sound, self._hearing)

    def _keep(self, name: str, place: Path, note: Look | Hearing) -> None:
        self._cache.keep(name, place, msgspec.json.encode(note))
        self._cache.tell([name])
