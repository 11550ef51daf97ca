"""HLS: a finished video in pieces of a few seconds, at several sizes, for players on any line.

The largest variant holds the video's own packets, unchanged, if they are H.264,
which everything that plays HLS plays. The others are encoded from it in one go,
with key frames in the same places, so that a player may change variants at every
piece. Pieces are fragmented MP4 (RFC 8216, version 7) of pictures and sound;
captions come from the video's own track, as WebVTT cut at the same seconds.

    main.m3u8
    1080p/index.m3u8, init_0.mp4, 0000.m4s …
    720p/…    360p/…
    captions/index.m3u8, 0000.vtt …
"""

import os
import re
import secrets
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import av
import msgspec
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream

from render.encoder import X264, set_up
from render.errors import CompositionError, MediaError, OutputRefused
from render.files import disk_error, publish
from render.inspection.probe import open_mp4
from render.rendition import USUAL_RATE, Profile
from render.timeline import Cue
from render.words.webvtt import webvtt

AnyPacket: TypeAlias = "Packet[Any]"

MAIN = "main.m3u8"
_OURS = re.compile(r"main\.m3u8|\d+p|captions")
"""The playlist that a player is given."""

_LONGEST = 6
"""Seconds a piece lasts at most, where the video's key frames allow it."""


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """One size of the ladder."""

    lines: int
    """Pixels of the shorter side."""
    rate: int
    """Kilobits a second that its pictures take at most, averaged over two seconds."""


VARIANTS = (Variant(lines=720, rate=3000), Variant(lines=360, rate=800))
"""What is made beside the video's own size."""

_OWN_RATE = 6000
"""The rate of a variant of the video's own size, where one has to be encoded."""


def package(
    video: Path,
    folder: Path,
    *,
    variants: Sequence[Variant] = VARIANTS,
    threads: int = 2,
    check: Callable[[], None] = lambda: None,
) -> Path:
    """Write a video as HLS into `folder`, which appears whole, and return the main playlist.

    Variants no smaller than the video are left out. `check` is called for every
    packet, and stops the work by raising. Raises `MediaError` or `CompositionError`.
    """
    part = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.part")
    try:
        with open_mp4(video) as source:
            try:
                part.mkdir(parents=True)
                _Packaging(source, part, variants=variants, threads=threads).run(check)
                _publish(part, folder)
            except OSError as error:
                raise disk_error(error, folder) from error
            finally:
                shutil.rmtree(part, ignore_errors=True)
    except (FFmpegError, IndexError) as error:
        raise MediaError("The video cannot be packaged for streaming.") from error
    return folder / MAIN


def check_folder(folder: Path) -> None:
    """Raise `OutputRefused` where a folder holds anything but an earlier package.

    It is replaced as a whole.
    """
    try:
        names = {entry.name for entry in os.scandir(folder)}
    except OSError:
        return
    if names and not (MAIN in names and all(_OURS.fullmatch(name) for name in names)):
        raise OutputRefused(
            f"{folder.name} is not replaced: it holds other files.",
            file=folder.name,
            reason="it holds other files",
        )


class _Packaging:
    """One video on its way into one folder."""

    def __init__(
        self, source: InputContainer, folder: Path, *, variants: Sequence[Variant], threads: int
    ) -> None:
        self._source = source
        self._folder = folder
        self._threads = threads
        self._pictures = source.streams.video[0]
        self._sound = source.streams.audio[0]
        self._lines = min(self._pictures.width, self._pictures.height)
        self._variants = [variant for variant in variants if variant.lines < self._lines]
        self._as_it_is = self._pictures.codec_context.codec.canonical_name == "h264"
        if not self._as_it_is:
            self._variants.insert(0, Variant(lines=self._lines, rate=_OWN_RATE))
        self._fps = self._pictures.average_rate or Fraction(30)

    def run(self, check: Callable[[], None]) -> None:
        cuts = self._cuts()
        counted = self._write(cuts, check)
        for playlist in self._folder.glob("*/index.m3u8"):
            check()
            _verify(playlist, counted)
        # FFmpeg's list of the variants knows neither their frame rate nor our captions.
        added = f"FRAME-RATE={float(self._fps):.3f},CLOSED-CAPTIONS=NONE"
        media = ""
        if self._source.streams.subtitles:
            media = self._write_captions(cuts)
            added += ',SUBTITLES="captions"'
        main = self._folder / MAIN
        first, *variants = main.read_text().split("#EXT-X-STREAM-INF:")
        offered = [variant.replace("\n", f",{added}\n", 1) for variant in variants]
        main.write_text("#EXT-X-STREAM-INF:".join([first + media, *offered]))

    def _cuts(self) -> list[int]:
        """Return the frames with which pieces begin: key frames, as far apart as may be."""
        keys = sorted(
            self._number(packet.pts)
            for packet in self._source.demux(self._pictures)
            if packet.is_keyframe and packet.pts is not None
        )
        cuts = keys[:1]
        for key, following in pairwise([*keys, self._pictures.frames]):
            if following - cuts[-1] > _LONGEST * self._fps and key != cuts[-1]:
                cuts.append(key)
        return cuts

    def _number(self, pts: int | None) -> int:
        return round((pts or 0) * (self._pictures.time_base or 0) * self._fps)

    def _write(self, cuts: list[int], check: Callable[[], None]) -> Counter[str]:
        """Write every variant and return how many packets of either type each has to hold."""
        own = [self._lines] if self._as_it_is else []
        names = [f"{lines}p" for lines in (*own, *(variant.lines for variant in self._variants))]
        variants = [f"v:{place},a:{place},name:{name}" for place, name in enumerate(names)]
        options = {
            "master_pl_name": MAIN,
            "var_stream_map": " ".join(variants),
            "hls_playlist_type": "vod",
            "hls_segment_type": "fmp4",
            "hls_fmp4_init_filename": "init.mp4",
            "hls_segment_filename": str(self._folder / "%v" / "%04d.m4s"),
            "hls_flags": "independent_segments",
            # A piece begins with every packet that is marked as a key frame; those in between are
            # not marked.
            "hls_time": "1",
        }
        for name in names:
            (self._folder / name).mkdir()
        starts = set(cuts)
        target = str(self._folder / "%v" / "index.m3u8")
        with av.open(target, "w", format="hls", options=options) as output:
            copied = (
                output.add_stream_from_template(self._pictures, opaque=True)
                if self._as_it_is
                else None
            )
            scalers = [
                _Scaler(output, variant, self._pictures, self._threads)
                for variant in self._variants
            ]
            sounds = [output.add_stream_from_template(self._sound) for _ in names]
            self._pictures.codec_context.thread_count = self._threads
            self._source.seek(0)
            counted = Counter[str]()
            for packet in self._source.demux(self._pictures, self._sound):
                check()
                counted[packet.stream.type] += packet.pts is not None
                if packet.stream is self._sound:
                    output.mux([_copy(packet, sound) for sound in sounds if packet.pts is not None])
                else:
                    self._show(packet, scalers, starts)
                    if copied and packet.pts is not None:
                        packet.is_keyframe = self._number(packet.pts) in starts
                        packet.stream = copied
                        output.mux(packet)
            for scaler in scalers:
                scaler.finish()
        return counted

    def _show(self, packet: AnyPacket, scalers: list["_Scaler"], starts: set[int]) -> None:
        for frame in self._pictures.decode(packet) if scalers else ():
            number = self._number(frame.pts)
            for scaler in scalers:
                scaler.show(frame, number, key=number in starts)

    def _write_captions(self, cuts: list[int]) -> str:
        """Write the captions and return the line by which a player finds them."""
        # Its tables take long to load, and films without HLS never need them.
        from langcodes import Language  # noqa: PLC0415

        track = self._source.streams.subtitles[0]
        language = Language.get(track.metadata.get("language", "und"))
        self._source.seek(0)
        cues = tuple(_cues(self._source))
        length = Fraction(self._pictures.duration or 0) * (self._pictures.time_base or 0)
        edges = [*(Fraction(cut) / self._fps for cut in cuts), length]
        folder = self._folder / "captions"
        folder.mkdir()
        lines = [
            "#EXTM3U",
            "#EXT-X-VERSION:7",
            f"#EXT-X-TARGETDURATION:{max(round(end - start) for start, end in pairwise(edges))}",
            "#EXT-X-MEDIA-SEQUENCE:0",
            "#EXT-X-PLAYLIST-TYPE:VOD",
        ]
        offset = round(self._offset() * 90_000)
        for number, (start, end) in enumerate(pairwise(edges)):
            visible = [cue for cue in cues if cue.start < end and cue.end > start]
            head, _, body = webvtt(visible, locale=language.to_tag()).partition("\n")
            clock = f"X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:{offset}"
            (folder / f"{number:04d}.vtt").write_text(f"{head}\n{clock}\n{body}")
            lines += [f"#EXTINF:{float(end - start):.6f},", f"{number:04d}.vtt"]
        (folder / "index.m3u8").write_text("\n".join([*lines, "#EXT-X-ENDLIST", ""]))
        tag = language.to_tag()
        return (
            f'#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="captions",NAME="{tag}",LANGUAGE="{tag}",'
            'DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,URI="captions/index.m3u8"\n'
        )

    def _offset(self) -> Fraction:
        """Return when the first picture is shown by the pieces' own clock, in seconds."""
        # It is not 0: the clock starts where decoding does.
        playlist = self._folder / f"{self._lines}p" / "index.m3u8"
        with _open_playlist(playlist) as container:
            stream = container.streams.video[0]
            return Fraction(stream.start_time or 0) * (stream.time_base or 0)


class _Scaler:
    """A smaller variant: scales frames and encodes them."""

    def __init__(
        self, output: OutputContainer, variant: Variant, source: VideoStream, threads: int
    ) -> None:
        share = Fraction(variant.lines, min(source.width, source.height))
        self._output = output
        profile = Profile(
            name=f"{variant.lines}p",
            width=2 * round(source.width * share / 2),
            height=2 * round(source.height * share / 2),
            fps=Fraction(source.average_rate or USUAL_RATE),
            crf=23,
        )
        limits = {"maxrate": f"{variant.rate}k", "bufsize": f"{2 * variant.rate}k"}
        steady = {"x264-params": X264.options["x264-params"] + ":keyint=infinite:scenecut=0"}
        encoder = msgspec.structs.replace(X264, options=X264.options | limits | steady)
        stream = output.add_stream(encoder.name, profile.fps)
        if not isinstance(stream, VideoStream):
            raise CompositionError(f"{encoder.name} is no video encoder.")
        set_up(stream.codec_context, profile, encoder, threads=threads)
        self._profile = profile
        self._stream = stream

    def show(self, frame: VideoFrame, number: int, *, key: bool) -> None:
        small = frame.reformat(
            self._profile.width, self._profile.height, interpolation=Interpolation.AREA
        )
        small.pts = number
        small.time_base = Fraction(1, self._profile.fps)
        small.pict_type = PictureType.I if key else PictureType.NONE
        self._output.mux(self._stream.encode(small))

    def finish(self) -> None:
        self._output.mux(self._stream.encode(None))


def _verify(playlist: Path, counted: Counter[str]) -> None:
    # FFmpeg's writer of pieces goes on when the disk refuses, and tells nobody.
    counts = Counter[str]()
    try:
        with _open_playlist(playlist) as container:
            for packet in container.demux():
                counts[packet.stream.type] += packet.pts is not None and not packet.is_corrupt
    except FFmpegError:
        counts.clear()
    if counts != counted:
        raise CompositionError("The pieces for streaming came out incomplete; is the disk full?")


def _open_playlist(playlist: Path) -> InputContainer:
    return av.open(str(playlist), format="hls", options={"protocol_whitelist": "file"})


def _copy(packet: AnyPacket, target: Any) -> AnyPacket:
    copy = Packet(bytes(packet))
    copy.pts, copy.dts, copy.duration = packet.pts, packet.dts, packet.duration
    copy.time_base = packet.time_base
    copy.is_keyframe = True
    copy.stream = target
    return copy


def _cues(source: InputContainer) -> Iterator[Cue]:
    track = source.streams.subtitles[0]
    for packet in source.demux(track):
        # A text's length in two bytes, then the text; nothing is said between captions.
        words = bytes(packet)[2:]
        if words and packet.pts is not None:
            start = packet.pts * packet.time_base
            end = start + (packet.duration or 0) * packet.time_base
            yield Cue(start=start, end=end, text=words.decode(errors="replace"))


def _publish(part: Path, folder: Path) -> None:
    for file in part.rglob("*"):
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    old = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.old")
    try:
        if folder.exists():
            folder.rename(old)
        publish(part, folder)
    finally:
        shutil.rmtree(old, ignore_errors=True)
