"""Composing: a timeline becomes a finished video file.

Segments are encoded side by side in threads (PyAV and OpenCV leave the
interpreter's lock while they work), each by an encoder of its own; the sound is
one more such job. Then all is joined without encoding again.

Nothing half-written is ever left behind: unfinished files lie in one hidden
folder beside the output, which goes whatever happens, and the output appears by
a rename. With a `cache`, finished segments stay there under their digests and
are found again. Memory does not grow with the length of the video.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import cv2
import msgspec
from av.error import FFmpegError
from PIL import Image

from render.delivery.encoder import Encoder, choose_encoder, encode_segment
from render.delivery.joiner import join
from render.errors import CompositionCancelled, CompositionError, MediaError
from render.files import disk_error, sha256_of, written_aside
from render.pictures.canvas import Canvas
from render.pictures.motion import window
from render.pictures.still import Plate, check_picture, film, load_plate
from render.rendition import Profile, Rendition, Timings
from render.segments import Segment, plan
from render.sound.programme import encode_sound, sound_digest
from render.timeline import Shot, Timeline

_TICK = 0.1
"""Seconds between two looks at progress and cancellation."""

_SLACK = Fraction(1, 40)
"""Seconds by which a piece may differ: sound comes in frames of 1024 samples."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far composing has come, in frames really encoded."""

    done: int
    total: int


def compose(  # noqa: PLR0913  keyword-only past the third
    timeline: Timeline,
    out: Path,
    profile: Profile,
    *,
    workers: int = 2,
    on_progress: Callable[[Progress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
    cache: Path | None = None,
    work: Path | None = None,
) -> Rendition:
    """Write a timeline as an MP4 and return what was made.

    `on_progress` is called in this thread, up to ten times a second; `cancelled`
    is asked in several, for every frame. `work` is an existing folder for
    unfinished files on the output's file system, for a caller that must be able
    to clear it itself; by default one is made beside the output.

    Raises `MediaError`, `CompositionError` or `CompositionCancelled`.
    """
    # Threads are given to whole segments; OpenCV's own would only contend.
    cv2.setNumThreads(1)
    began = time.perf_counter()
    try:
        with _working_folder(out, work) as folder:
            kept = cache or folder
            kept.mkdir(parents=True, exist_ok=True)
            studio = _Studio(timeline, profile, kept=kept, cancelled=cancelled)
            reused = studio.run(workers=workers, on_progress=on_progress)
            encoded = time.perf_counter()
            with written_aside(out, work=folder) as part:
                frames = join(
                    [studio.place(segment) for segment in studio.segments],
                    studio.sound,
                    part,
                    fps=profile.fps,
                    check=studio.check,
                )
                if frames != timeline.frames:
                    raise CompositionError(
                        f"The video came out {frames} frames long instead of {timeline.frames}."
                    )
                size, sha256 = part.stat().st_size, sha256_of(part)
                studio.check()
    except FFmpegError as error:
        if error.errno and error.errno > 0 and isinstance(error, OSError):
            raise disk_error(error, out) from error
        raise CompositionError(f"The video could not be encoded: {error.strerror}.") from error
    except OSError as error:
        raise disk_error(error, out) from error
    ended = time.perf_counter()
    return Rendition(
        path=str(out),
        duration=float(timeline.duration),
        width=profile.width,
        height=profile.height,
        frames=frames,
        bytes=size,
        sha256=sha256,
        encoder=studio.encoder.name,
        segments=tuple(segment.digest for segment in studio.segments),
        reused=reused,
        timings=Timings(encode=encoded - began, join=ended - encoded, total=ended - began),
    )


def write_poster(timeline: Timeline, place: Path, profile: Profile) -> None:
    """Write the picture that stands for the video, the middle of its first scene, as JPEG."""
    shot = timeline.shots[0]
    canvas = Canvas(profile)
    film(
        load_plate(shot.picture, profile, scene=str(shot.number)),
        window(shot.motion, frame=shot.frames // 2, frames=shot.frames),
        canvas,
    )
    rgb = canvas.frame().reformat(format="rgb24", src_colorspace="itu709")
    with written_aside(place) as part:
        Image.fromarray(rgb.to_ndarray()).save(part, "JPEG", quality=88, progressive=True)


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
    def borrowed(self, shot: Shot) -> Generator[Plate]:
        number = shot.number
        with self._locks[number]:
            if number not in self._plates:
                with self._decoding:
                    loaded = load_plate(shot.picture, self._profile, scene=str(number))
                self._plates[number] = loaded
            plate = self._plates[number]
        try:
            yield plate
        finally:
            with self._locks[number]:
                self._uses[number] -= 1
                if not self._uses[number]:
                    self._plates.pop(number, None)


class _Studio:
    """One run of composing: its segments, the threads that encode them, and their progress."""

    def __init__(
        self, timeline: Timeline, profile: Profile, *, kept: Path, cancelled: Callable[[], bool]
    ) -> None:
        self.encoder: Encoder = choose_encoder()
        self._timeline = timeline
        self._profile = profile
        self._kept = kept
        self._cancelled = cancelled
        self._stopped = threading.Event()
        self._counting = threading.Lock()
        self._done = 0
        fingerprints = _fingerprints(timeline)
        self.segments: tuple[Segment, ...] = plan(
            timeline, profile=profile, encoder=self.encoder, fingerprints=fingerprints
        )
        self.sound: Path = kept / f"{sound_digest(timeline, fingerprints)}.m4a"
        # A segment that occurs twice is encoded once.
        self._wanted = {segment.digest: segment for segment in self.segments}
        self._missing = {
            digest
            for digest, segment in self._wanted.items()
            if not _lasts(self.place(segment), Fraction(segment.frames, profile.fps))
        }
        self._plates = _Plates(
            profile,
            Counter(
                view.shot.number for digest in self._missing for view in self._wanted[digest].views
            ),
        )

    def place(self, segment: Segment) -> Path:
        """Where a segment's packets lie, once they are encoded."""
        return self._kept / f"{segment.digest}.mp4"

    def check(self) -> None:
        """Raise `CompositionCancelled` once this run is to stop."""
        if self._stopped.is_set() or self._cancelled():
            raise CompositionCancelled("Composing was cancelled.")

    def run(self, *, workers: int, on_progress: Callable[[Progress], None]) -> int:
        """Encode what is missing and return how many segments were there already."""
        total = sum(segment.frames for segment in self._wanted.values())
        self._done = total - sum(self._wanted[digest].frames for digest in self._missing)
        with ThreadPoolExecutor(workers, thread_name_prefix="segment") as pool:
            pending: set[Future[None]] = {pool.submit(self._encode_sound)} | {
                pool.submit(self._encode, segment)
                for digest, segment in self._wanted.items()
                if digest in self._missing
            }
            try:
                while pending:
                    done, pending = wait(pending, _TICK, return_when=FIRST_EXCEPTION)
                    for future in done:
                        future.result()
                    on_progress(Progress(done=self._done, total=total))
                    self.check()
            except BaseException:
                self._stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return sum(segment.digest not in self._missing for segment in self.segments)

    def _encode(self, segment: Segment) -> None:
        self.check()
        with written_aside(self.place(segment), lasting=False) as part:
            encode_segment(
                self._counted(segment), part, profile=self._profile, encoder=self.encoder
            )

    def _encode_sound(self) -> None:
        if not _lasts(self.sound, self._timeline.duration):
            with written_aside(self.sound, lasting=False) as part:
                encode_sound(self._timeline, part, check=self.check)

    def _counted(self, segment: Segment) -> Iterator[Canvas]:
        for canvas in self._filmed(segment):
            self.check()
            yield canvas
            with self._counting:
                self._done += 1

    def _filmed(self, segment: Segment) -> Iterator[Canvas]:
        leading, *following = segment.views
        canvas = Canvas(self._profile)
        with self._plates.borrowed(leading.shot) as plate:
            pictures = _camera(leading.shot, leading.first, segment.frames, plate, canvas)
            if not following:
                yield from pictures
                return
            coming = following[0]
            before, after = canvas, Canvas(self._profile)
            mixed = Canvas(self._profile)
            with self._plates.borrowed(coming.shot) as next_plate:
                arriving = _camera(coming.shot, coming.first, segment.frames, next_plate, after)
                for index, _ in enumerate(zip(pictures, arriving, strict=True), start=1):
                    mixed.blend(before, after, index / (segment.frames + 1))
                    yield mixed


def _camera(shot: Shot, first: int, frames: int, plate: Plate, canvas: Canvas) -> Iterator[Canvas]:
    seen = None
    for frame in range(first, first + frames):
        view = window(shot.motion, frame=frame, frames=shot.frames)
        if view != seen:
            film(plate, view, canvas)
            seen = view
        yield canvas


def _fingerprints(timeline: Timeline) -> dict[Path, str]:
    for shot in timeline.shots:
        check_picture(shot.picture, scene=str(shot.number))
    numbers = {shot.picture: shot.number for shot in timeline.shots}
    numbers |= {voice.path: voice.number for voice in timeline.voices}
    fingerprints: dict[Path, str] = {}
    for path, number in numbers.items():
        try:
            fingerprints[path] = sha256_of(path)
        except OSError as error:
            raise MediaError(
                f"Scene {number}: a file could not be read.", scene=str(number)
            ) from error
    return fingerprints


def _lasts(place: Path, seconds: Fraction) -> bool:
    """Whether a piece is there, whole: its index is written last."""
    try:
        with av.open(place, format="mp4") as container:
            stream = container.streams[0]
            held = (stream.duration or 0) * (stream.time_base or Fraction(0))
    except (FFmpegError, IndexError):
        return False
    return abs(held - seconds) < _SLACK


@contextmanager
def _working_folder(out: Path, given: Path | None) -> Generator[Path]:
    if given is not None:
        yield given
        return
    with TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as folder:
        yield Path(folder)
