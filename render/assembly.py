"""A production: from a storyboard and a folder of files to everything that was ordered.

One call makes a storyboard in several shapes: its files are found or made once,
its sound is encoded once, and whatever the cache holds is not made again. Every
file appears under its name only when it is whole.
"""

import errno
import hashlib
import threading
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from decimal import Decimal
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import msgspec

from render.assets import Assets, gather, storyboard_folder
from render.cache import DEFAULT_MAX_BYTES, Cache, Elsewhere
from render.compose import Composition, Progress, chapters
from render.delivery import hls, previews, thumbnails
from render.errors import CompositionCancelled, RefusedGeneration
from render.files import disk_error, publish, sha256_of, written_aside
from render.generation.base import Generated, ImageRequest
from render.generation.kept_times import KeptTimes
from render.generation.offline.account import OfflineImages, OfflineSpeech
from render.generation.offline.beds import KeptBeds
from render.outputs import check_outputs
from render.painter import Painter
from render.pictures.canvas import Canvas
from render.pictures.enlargement import enlarged
from render.placing import build
from render.problem import Problem
from render.rendition import Profile, Rendition, Timings
from render.report import (
    PlanLine,
    PlannedSegment,
    ResultLine,
    SceneTime,
    SegmentsLine,
    SoundLine,
    Stage,
)
from render.segments import fingerprint
from render.sound.programme import encode_sound
from render.storyboard import Limits, Storyboard
from render.timeline import Cue, Timeline
from render.words.subrip import subrip
from render.words.transcript import transcript
from render.words.typesetting import problems
from render.words.webvtt import webvtt, word_webvtt
from render.words.word_list import word_list

if TYPE_CHECKING:
    from render.signing.credentials import Credentials


class Signer(msgspec.Struct, frozen=True, kw_only=True):
    """Where the credentials lie that videos are signed with."""

    certificate: Path | None = None
    """PEM; None, with `key`, for credentials made for development."""
    key: Path | None = None
    folder: Path
    """Where those made for development are kept."""

    def credentials(self) -> "Credentials":
        """Return the credentials, made if need be; raise `CompositionError` where they cannot be.

        Loading what signing takes costs half a second, which is spent only by who signs.
        """
        from render.signing.credentials import Credentials, development  # noqa: PLC0415

        if self.certificate is None or self.key is None:
            return development(self.folder)
        return Credentials(certificate=self.certificate, key=self.key)


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be made of a storyboard, and from what."""

    storyboard: Storyboard
    inputs: tuple[Path, ...] = ()
    """Files that are read besides those of the folders, and must not be written to."""
    out: Path
    """The MP4; with several profiles, their names are put before its suffix."""
    profiles: tuple[Profile, ...]
    assets: Path | None = None
    stock: Path | None = None
    """A folder of pictures that may stand in for missing ones; cards are drawn where none fits."""
    cache: Path | None = None
    cache_bytes: int = DEFAULT_MAX_BYTES
    elsewhere: Elsewhere | None = None
    """Who else keeps what the cache does."""
    poster: Path | None = None
    thumbnails: Path | None = None
    """A folder for the poster and a picture of each scene."""
    captions: Path | None = None
    """The WebVTT file to write."""
    srt: Path | None = None
    """The same as SubRip."""
    words: Path | None = None
    """When each word is said, as JSON."""
    word_captions: Path | None = None
    """The captions as WebVTT with a time before each word."""
    chapters: Path | None = None
    """The scenes' titles and times, as a WebVTT file."""
    transcript: Path | None = None
    """What is said, as a text file."""
    sheet: Path | None = None
    """A JPEG of small pictures of the whole film, and a WebVTT file beside it that tells them."""
    hls: Path | None = None
    """A folder for the first profile's video as HLS."""
    webm: Path | None = None
    gif: Path | None = None
    signer: Signer | None = None
    """Who signs the videos; None leaves them unsigned."""
    strict: bool = False
    """Whether a missing file is an error, not a warning."""
    workers: int = 2
    limits: Limits = Limits()

    def place(self, profile: Profile) -> Path:
        """Where the video of a profile goes."""
        if len(self.profiles) == 1:
            return self.out
        return self.out.with_suffix(f".{profile.name}{self.out.suffix}")


OnProgress = Callable[[Stage, int, int], None]
"""Hears a stage, how much of it is done, and how much there is."""


class Production:
    """One order being made in a folder for unfinished work."""

    def __init__(
        self, order: Order, *, work: Path, on_progress: OnProgress, stopped: Callable[[], bool]
    ) -> None:
        """Take an order; `stopped` is asked, often and by several threads, whether to give up."""
        self._order = order
        self._work = work
        self._on_progress = on_progress
        self._stopped = stopped
        self._given_up = threading.Event()
        self._cache = Cache(
            order.cache or work / "cache", max_bytes=order.cache_bytes, elsewhere=order.elsewhere
        )
        self._assets: Assets | None = None

    def plan(self) -> PlanLine:
        """Return every segment that the order needs, and which of them there are."""
        compositions = self._compositions()
        segments = tuple(
            PlannedSegment(
                profile=composition.profile.name,
                start=float(segment.start / composition.timeline.fps),
                duration=float(segment.frames / composition.timeline.fps),
                scenes=tuple(view.shot.scene_id for view in segment.views),
                digest=segment.digest,
                reused=segment.digest not in missing,
            )
            for composition in compositions
            for missing in (composition.missing(),)
            for segment in composition.segments
        )
        return PlanLine(segments=segments, warnings=self._warnings(compositions[0].timeline))

    def help(self, wanted: Collection[str]) -> SegmentsLine:
        """Encode those of the named segments that are claimed here, into the cache."""
        encoded = sum(
            composition.help(
                wanted, work=self._work, workers=self._order.workers, cancelled=self._stopped
            )
            for composition in self._compositions()
        )
        self._cache.trim()
        return SegmentsLine(encoded=encoded)

    def make_sound(self) -> SoundLine:
        """Write what would be heard, and nothing to be seen, as AAC in an MP4 (`order.out`)."""
        check_outputs([self._order.out], folders=(), inputs=self._inputs())
        assets, order = self._gather_assets(), self._order
        timeline = build(order.storyboard, assets.media, music=assets.music, limits=order.limits)
        part = self._work / "sound.m4a"
        hearing = encode_sound(timeline, part, check=self._check)
        size = part.stat().st_size
        publish(part, order.out)
        return SoundLine(
            path=str(order.out),
            seconds=float(timeline.duration),
            bytes=size,
            loudness=round(hearing.loudness.integrated, 1),
            warnings=assets.warnings,
        )

    def _warnings(self, timeline: Timeline) -> tuple[Problem, ...]:
        return (
            *self._gather_assets().warnings,
            *enlarged(timeline.shots, self._order.profiles),
            *_text_problems(timeline),
        )

    def make(self) -> ResultLine:
        """Make everything that was ordered; raise a `RenderError` saying why it cannot be."""
        self._make_room()
        compositions = self._compositions()
        timeline = compositions[0].timeline
        warnings = [*self._warnings(timeline)]
        total = sum(composition.timeline.frames for composition in compositions)
        renditions: list[Rendition] = []
        done = 0
        with self._drawing(timeline, compositions[0].profile) as pictures:
            for composition in compositions:
                renditions.append(self._video(composition, before=done, total=total))
                done += composition.timeline.frames
        self._on_progress(Stage.VALIDATE, total, total)
        self._accompany(timeline, Path(renditions[0].path), pictures.result())
        self._cache.trim()
        order = self._order
        if self._cache.refusal:
            warnings.append(_cache_problem(self._cache.refusal))
        return ResultLine(
            rendition=renditions[0],
            others=tuple(renditions[1:]),
            scenes=_scene_times(timeline),
            poster=_path_text(order.poster),
            thumbnails=_path_text(order.thumbnails),
            captions=_path_text(order.captions),
            srt=_path_text(order.srt),
            words=_path_text(order.words),
            word_captions=_path_text(order.word_captions),
            chapters=_path_text(order.chapters),
            transcript=_path_text(order.transcript),
            sheet=_path_text(order.sheet),
            hls=_path_text(order.hls and order.hls / hls.MAIN),
            webm=_path_text(order.webm),
            gif=_path_text(order.gif),
            warnings=tuple(warnings),
        )

    def _make_room(self) -> None:
        """Make the folders that are missing; raise what would else be found out at the end."""
        order = self._order
        files = [order.place(profile) for profile in order.profiles]
        files += filter(None, (order.poster, order.captions, order.srt, order.chapters))
        files += filter(None, (order.words, order.word_captions))
        files += filter(None, (order.transcript, order.webm, order.gif))
        files += [order.sheet, order.sheet.with_suffix(".vtt")] if order.sheet else []
        folders = [folder for folder in (order.thumbnails, order.hls) if folder]
        packages = [order.hls] if order.hls else []
        pictures = list(thumbnails.places(order.storyboard, order.thumbnails))
        check_outputs([*files, *pictures], folders=packages, inputs=self._inputs())
        for package in packages:
            hls.check_folder(package)
        for place in (*files, *folders):
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                if place.is_dir() and place not in folders:
                    raise IsADirectoryError(errno.EISDIR, "")
            except OSError as error:
                raise disk_error(error, place) from error

    def _inputs(self) -> Iterator[Path]:
        order = self._order
        yield from order.inputs
        yield from storyboard_folder(order.storyboard, order.assets).claimed()
        if order.stock is not None:
            with suppress(OSError):
                yield from order.stock.iterdir()

    @contextmanager
    def _drawing(
        self, timeline: Timeline, profile: Profile
    ) -> Generator[Future[dict[Path, bytes]]]:
        """Draw the still pictures that were ordered in a thread, which ends with the block.

        They need nothing of the videos: where others help to encode, nobody waits for them.
        """
        with ThreadPoolExecutor(1, thread_name_prefix="pictures") as thread:
            try:
                yield thread.submit(self._draw, timeline, profile)
            except BaseException:
                self._given_up.set()
                raise

    def _draw(self, timeline: Timeline, profile: Profile) -> dict[Path, bytes]:
        """Return poster, thumbnails and sheet, by their places."""
        order = self._order

        def paint(frames: Sequence[int]) -> Iterator[Canvas]:
            for canvas in Painter.pictures(timeline, profile, frames):
                self._check()
                yield canvas

        drawn: list[thumbnails.Drawn] = []
        if order.poster is not None:
            drawn.append(thumbnails.draw_poster(timeline, order.poster, paint=paint))
        if order.thumbnails is not None:
            drawn.append(thumbnails.draw(timeline, order.thumbnails, profile, paint=paint))
        if order.sheet is not None:
            drawn.append(thumbnails.draw_sheet(timeline, order.sheet, profile, paint=paint))
        return dict(chain.from_iterable(drawn))

    def _accompany(self, timeline: Timeline, video: Path, pictures: Mapping[Path, bytes]) -> None:
        """Write what was ordered beside the videos."""
        order = self._order
        companions: list[tuple[Path | None, Callable[[Path], object]]] = [
            *((place, partial(_write, content=content)) for place, content in pictures.items()),
            (
                order.captions,
                lambda place: _write(place, webvtt(timeline.captions, locale=timeline.locale)),
            ),
            (
                order.srt,
                lambda place: _write(place, subrip(timeline.captions, locale=timeline.locale)),
            ),
            (order.words, lambda place: _write(place, word_list(timeline))),
            (
                order.word_captions,
                lambda place: _write(place, word_webvtt(timeline.captions, locale=timeline.locale)),
            ),
            (order.chapters, lambda place: _write(place, _chapter_list(timeline))),
            (order.transcript, lambda place: _write(place, transcript(order.storyboard))),
            (
                order.hls,
                lambda place: hls.package(video, place, threads=order.workers, check=self._check),
            ),
            (order.webm, lambda place: previews.webm(video, place, check=self._check)),
            (order.gif, lambda place: previews.gif(video, place, check=self._check)),
        ]
        ordered = [(place, make) for place, make in companions if place is not None]
        for index, (place, make) in enumerate(ordered):
            self._count(Stage.ACCOMPANY, index, len(ordered))
            try:
                make(place)
            except OSError as error:
                raise disk_error(error, place) from error
        if ordered:
            self._count(Stage.ACCOMPANY, len(ordered), len(ordered))

    def _check(self) -> None:
        if self._stopped() or self._given_up.is_set():
            raise CompositionCancelled("Composing was cancelled.")

    def _compositions(self) -> list[Composition]:
        storyboard, assets = self._order.storyboard, self._gather_assets()
        rates = {profile.fps for profile in self._order.profiles}
        timelines = {
            fps: build(
                storyboard,
                assets.media,
                music=assets.music,
                logo=assets.logo,
                fps=fps,
                limits=self._order.limits,
            )
            for fps in rates
        }
        fingerprints = fingerprint(next(iter(timelines.values())))
        return [
            Composition(
                timelines[profile.fps], profile, cache=self._cache, fingerprints=fingerprints
            )
            for profile in self._order.profiles
        ]

    def _gather_assets(self) -> Assets:
        if self._assets is None:
            order = self._order
            order.storyboard.check(order.limits)
            scenes = len(order.storyboard.scenes)
            self._assets = anyio.run(
                partial(
                    gather,
                    order.storyboard,
                    folder=order.assets,
                    stand_in_folder=self._work,
                    images=_StandIns(order.stock),
                    speech=OfflineSpeech(),
                    strict=order.strict,
                    find_words=KeptTimes(self._cache).find,
                    lay_bed=KeptBeds(self._cache).lay,
                    on_scene=lambda ready: self._count(Stage.ASSETS, ready, scenes),
                )
            )
        return self._assets

    def _video(self, composition: Composition, *, before: int, total: int) -> Rendition:
        def report_encoded(progress: Progress) -> None:
            share = progress.done / max(progress.total, 1)
            done = before + round(share * composition.timeline.frames)
            self._count(Stage.COMPOSE, done, total)

        out = self._order.place(composition.profile)
        part = self._work / f"{composition.profile.name}.mp4"
        name = f"{self._digest(composition)}.result.mp4"
        rendition = self._kept(name, part)
        if rendition is not None:
            report_encoded(Progress(done=1, total=1))
        else:
            rendition = composition.write(
                part,
                work=self._work,
                workers=self._order.workers,
                on_progress=report_encoded,
                cancelled=self._stopped,
            )
            part, rendition = self._sign(part, rendition)
            # Where it lies is no part of what it is.
            note = msgspec.structs.replace(rendition, path="")
            self._cache.keep(name, part, msgspec.json.encode(note))
        self._cache.tell([name])
        publish(part, out)
        return msgspec.structs.replace(rendition, path=str(out))

    def _kept(self, name: str, place: Path) -> Rendition | None:
        """Lay a finished video at a place and return what it is, if anybody has it."""
        note = self._cache.fetch(name, place)
        if note is None:
            self._cache.ask([name], check=self._check)
            note = self._cache.fetch(name, place)
        if note is None:
            return None
        try:
            rendition = msgspec.json.decode(note, type=Rendition)
        except msgspec.DecodeError:
            # Kept by another version of the engine. The file is the cache's: it is not written to.
            place.unlink(missing_ok=True)
            return None
        # What it took the first time is no figure of this run.
        return msgspec.structs.replace(rendition, reused=len(rendition.segments), timings=Timings())

    def _sign(self, video: Path, rendition: Rendition) -> tuple[Path, Rendition]:
        signer = self._order.signer
        if signer is None:
            return video, rendition
        from render.signing import provenance  # noqa: PLC0415

        signed = video.with_stem(f"{video.stem}-signed")
        provenance.sign(
            video, signed, storyboard=self._manifest_storyboard(), certificate=signer.credentials()
        )
        video.unlink()
        return signed, msgspec.structs.replace(
            rendition, bytes=signed.stat().st_size, sha256=sha256_of(signed), signed=True
        )

    def _digest(self, composition: Composition) -> str:
        content: list[object] = [composition.digest]
        if self._order.signer is not None:
            # The manifest tells of the storyboard; a signature is never the same twice.
            content += [
                self._manifest_storyboard().digest,
                self._order.signer.credentials().load()[1],
            ]
        return hashlib.sha256(msgspec.json.encode(content)).hexdigest()

    def _manifest_storyboard(self) -> Storyboard:
        """Return the storyboard as the manifest tells of it: what stands in says so itself."""
        return self._gather_assets().with_origins(self._order.storyboard)

    def _count(self, stage: Stage, done: int, total: int) -> None:
        self._check()
        self._on_progress(stage, done, total)


class _StandIns:
    """What is shown where a picture is missing: one of the stock that fits, else a card."""

    def __init__(self, stock: Path | None) -> None:
        self._cards = OfflineImages()
        self._stock = None
        if stock is not None:
            from render.generation.stock import StockImages  # noqa: PLC0415  its stems take time

            self._stock = StockImages(stock)

    def price(self, request: ImageRequest) -> Decimal:
        return self._cards.price(request)

    async def draw(self, request: ImageRequest) -> Generated:
        if self._stock is not None:
            with suppress(RefusedGeneration):
                return await self._stock.draw(request)
        return await self._cards.draw(request)


def _text_problems(timeline: Timeline) -> tuple[Problem, ...]:
    # Captions of one scene repeat the same character; it is told once.
    found = [
        problem.of_scene(words.number) for words in timeline.texts for problem in problems(words)
    ]
    return tuple({problem.message: problem for problem in found}.values())


def _cache_problem(reason: str) -> Problem:
    return Problem(
        code="cache_refused",
        message=f"Not everything could be kept for the next time: {reason}.",
        params={"reason": reason},
    )


def _scene_times(timeline: Timeline) -> tuple[SceneTime, ...]:
    return tuple(
        SceneTime(
            id=shot.scene_id,
            start=float(shot.start / timeline.fps),
            duration=float(shot.frames / timeline.fps),
        )
        for shot in timeline.shots
    )


def _chapter_list(timeline: Timeline) -> str:
    titled = (
        Cue(start=one.start, end=one.end, text=one.title or str(number))
        for number, one in enumerate(chapters(timeline), start=1)
    )
    return webvtt(titled, locale=timeline.locale)


def _write(place: Path, content: str | bytes) -> None:
    # The folder of thumbnails comes into being with the first of them.
    place.parent.mkdir(exist_ok=True)
    with written_aside(place) as part:
        part.write_bytes(content.encode() if isinstance(content, str) else content)


def _path_text(place: Path | None) -> str | None:
    return None if place is None else str(place)
