"""Segments and sound, put into one fast-start MP4 without encoding anything again.

Segments come from encoders with the same settings, so their packets share one
header and follow one another as they are; only their times are shifted. Sound
and pictures are interleaved by time, so memory does not grow with length.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from render.delivery.encoder import REORDER_DELAY
from render.errors import CompositionError

AnyPacket: TypeAlias = "Packet[Any]"


def join(
    segments: Sequence[Path], sound: Path, place: Path, *, fps: int, check: Callable[[], None]
) -> int:
    """Write segments, in order, and their sound as one MP4; return its frames.

    `check` is called often, and stops the work by raising.
    """
    with (
        av.open(segments[0], format="mp4") as first,
        av.open(sound, format="mp4") as heard,
        # The index at the front lets a player start before it has all of the file.
        av.open(place, "w", format="mp4", options={"movflags": "+faststart"}) as output,
    ):
        seen = output.add_stream_from_template(first.streams.video[0])
        sounding = output.add_stream_from_template(heard.streams.audio[0])
        frames = 0
        for packet in heapq.merge(
            _pictures(segments, seen, first.streams.video[0].codec_context.extradata, fps),
            _sounds(heard, sounding),
            key=_decode_time,
        ):
            check()
            frames += packet.stream is seen
            output.mux(packet)
    return frames


def _pictures(
    segments: Sequence[Path], target: VideoStream, header: bytes | None, fps: int
) -> Iterator[AnyPacket]:
    tick = Fraction(1, fps)
    start = coded = 0
    for segment in segments:
        with av.open(segment, format="mp4") as container:
            stream = container.streams.video[0]
            if stream.codec_context.extradata != header:
                raise CompositionError("Two segments were encoded with different settings.")
            held = 0
            for packet in container.demux(stream):
                if packet.pts is None:  # the empty packet that ends a file
                    continue
                packet.pts = start + round(packet.pts * packet.time_base / tick)
                # Decoding times simply count packets, ahead of showing by as
                # much as frames are reordered: even across the seams.
                packet.dts = coded - REORDER_DELAY
                packet.duration = 1
                packet.time_base = tick
                packet.stream = target
                coded += 1
                held += 1
                yield packet
            start += held


def _sounds(container: InputContainer, target: AudioStream) -> Iterator[AnyPacket]:
    for packet in container.demux(container.streams.audio[0]):
        if packet.pts is not None:
            packet.stream = target
            yield packet


def _decode_time(packet: AnyPacket) -> Fraction:
    return (packet.dts or 0) * packet.time_base
