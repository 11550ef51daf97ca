"""Segments, sound, captions and chapters, put into one fast-start MP4; nothing is encoded again.

Segments come from encoders with the same settings, so their packets share one
header and follow one another as they are; only their times are shifted. All
tracks are interleaved by time, so memory does not grow with length. The same
pieces make the same bytes.

Captions become a track of timed text (3GPP TS 26.245, `tx3g`) that players show
when asked to; chapters become what QuickTime and Nero each look for.
"""

import heapq
import struct
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

import av
import msgspec
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.subtitles.stream import SubtitleStream
from av.video.stream import VideoStream

from render.encoder import REORDER_DELAY
from render.errors import CompositionError
from render.inspection.probe import open_mp4
from render.rendition import Rate
from render.timeline import Cue

AnyPacket: TypeAlias = "Packet[Any]"

_MILLISECOND = Fraction(1, 1000)

_CAPTION_LOOK = b"""[Script Info]
[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, BackColour, Bold, BorderStyle, Alignment
Style: Default,sans-serif,18,&H00FFFFFF,&H80000000,0,3,2
[Events]
Format: Layer, Start, End, Style, Text
"""
"""White on translucent black, in the middle below; in the script that FFmpeg's encoder reads."""

_LONGEST_TEXT = 0xFFFF
"""Bytes of one caption, since its length is told in sixteen bits."""


class Chapter(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of the video that has a name; times in seconds."""

    start: Fraction
    end: Fraction
    title: str


def join(  # noqa: PLR0913  keyword-only past the third
    segments: Sequence[Path],
    sound: Path,
    place: Path,
    *,
    fps: Rate,
    check: Callable[[], None],
    captions: Sequence[Cue] = (),
    chapters: Sequence[Chapter] = (),
    locale: str = "en",
) -> int:
    """Write segments, in order, with all that goes along as one MP4; return its frames.

    Captions do not overlap; `locale` is their language and the narration's.
    `check` is called often, and stops the work by raising.
    """
    with (
        av.open(segments[0], format="mp4") as first,
        av.open(sound, format="mp4") as sound_file,
        # The index at the front lets a player start before it has all of the file.
        av.open(place, "w", format="mp4", options={"movflags": "+faststart"}) as output,
    ):
        language = _language(locale)
        leading = first.streams.video[0]
        picture_stream = output.add_stream_from_template(leading, opaque=True)
        picture_stream.codec_context.codec_tag = leading.codec_context.codec_tag
        sound_stream = output.add_stream_from_template(sound_file.streams.audio[0])
        sound_stream.metadata["language"] = language
        tracks = [
            _pictures(segments, picture_stream, leading.codec_context.extradata, fps),
            _sounds(sound_file, sound_stream),
        ]
        if captions:
            reading = _caption_track(output)
            reading.metadata["language"] = language
            tracks.append(_captions(captions, reading))
        output.set_chapters(
            [
                {
                    "id": number,
                    "start": round(chapter.start / _MILLISECOND),
                    "end": round(chapter.end / _MILLISECOND),
                    "time_base": _MILLISECOND,
                    "metadata": {"title": chapter.title},
                }
                for number, chapter in enumerate(chapters)
            ]
        )
        frames = 0
        for packet in heapq.merge(*tracks, key=_decode_time):
            check()
            frames += packet.stream is picture_stream
            output.mux(packet)
    return frames


def _pictures(
    segments: Sequence[Path], target: VideoStream, header: bytes | None, fps: Rate
) -> Iterator[AnyPacket]:
    tick = Fraction(1, fps)
    start = coded = 0
    for segment in segments:
        with open_mp4(segment, by_header=True) as container:
            stream = container.streams.video[0]
            if stream.codec_context.extradata != header:
                raise CompositionError("Two segments were encoded with different settings.")
            ahead = REORDER_DELAY[stream.codec_context.codec.canonical_name]
            frames = 0
            for packet in container.demux(stream):
                if packet.pts is None:  # the empty packet that ends a file
                    continue
                packet.pts = start + round(packet.pts * packet.time_base / tick)
                # Decoding times simply count packets, ahead of showing by as
                # much as frames are reordered: even across the seams.
                packet.dts = coded - ahead
                packet.duration = 1
                packet.time_base = tick
                packet.stream = target
                coded += 1
                frames += 1
                yield packet
            start += frames


def _sounds(container: InputContainer, target: AudioStream) -> Iterator[AnyPacket]:
    for packet in container.demux(container.streams.audio[0]):
        if packet.pts is not None:
            packet.stream = target
            yield packet


def _caption_track(output: OutputContainer) -> SubtitleStream:
    stream = output.add_stream("mov_text")
    stream.codec_context.subtitle_header = _CAPTION_LOOK
    stream.time_base = _MILLISECOND
    return stream


def _captions(cues: Sequence[Cue], target: SubtitleStream) -> Iterator[AnyPacket]:
    # Written as they are, not through the encoder: to it, braces and backslashes in a caption
    # are commands. The muxer fills what lies between with empty texts.
    for cue in cues:
        words = cue.text.encode()[:_LONGEST_TEXT].decode(errors="ignore").encode()
        packet = Packet(struct.pack(">H", len(words)) + words)
        packet.pts = packet.dts = round(cue.start / _MILLISECOND)
        packet.duration = round(cue.end / _MILLISECOND) - packet.pts
        packet.time_base = _MILLISECOND
        packet.stream = target
        yield packet


def _decode_time(packet: AnyPacket) -> Fraction:
    return (packet.dts or 0) * packet.time_base


def _language(locale: str) -> str:
    # Its tables take as long to load as a second of video takes to join.
    from langcodes import Language  # noqa: PLC0415
    from langcodes.tag_parser import LanguageTagError  # noqa: PLC0415

    try:
        return Language.get(locale).to_alpha3(variant="T")
    except (LookupError, LanguageTagError):
        return "und"  # ISO 639-2 for a language that nobody knows
