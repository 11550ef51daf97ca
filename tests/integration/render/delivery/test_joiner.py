"""Joining, judged by what PyAV finds in files that were really encoded."""

import hashlib
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from render.delivery.joiner import join
from render.encoder import choose_encoder, encode_segment
from render.errors import CompositionCancelled, CompositionError
from render.inspection.probe import inspect
from render.rendition import Codec, Profile
from render.timeline import Cue
from tests.support.pieces import (
    CAPTIONS,
    CHAPTERS,
    FRAMES,
    Pieces,
    pictures,
)


def nothing() -> None:
    pass


@pytest.fixture(params=list(Codec))
def joined(request, tmp_path: Path, pieces_in: Callable[[Codec], Pieces]) -> Path:
    pieces = pieces_in(request.param)
    frames = join(
        pieces.segments,
        pieces.sound,
        tmp_path / "video.mp4",
        fps=30,
        check=nothing,
        captions=CAPTIONS,
        chapters=CHAPTERS,
        locale="pt-BR",
    )
    assert frames == FRAMES
    return tmp_path / "video.mp4"


def test_every_frame_is_shown_once_in_its_order_whatever_the_codec(joined: Path) -> None:
    with av.open(joined) as container:
        stream = container.streams.video[0]
        tick = 1 / (30 * stream.time_base)
        shown = [
            (frame.pts / tick, float(frame.to_ndarray()[:144].mean()))
            for frame in container.decode(stream)
        ]
    assert [place for place, _ in shown] == list(range(FRAMES))
    assert np.abs(np.array([level for _, level in shown]) - np.arange(40, 40 + FRAMES)).max() < 2


def test_pictures_and_sound_begin_and_end_together(joined: Path) -> None:
    with av.open(joined) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert video.start_time == audio.start_time == 0
        assert video.duration * video.time_base == Fraction(FRAMES, 30)
        assert audio.duration * audio.time_base == Fraction(FRAMES, 30)
        for stream in (video, audio):
            container.seek(0)
            packets = [packet for packet in container.demux(stream) if packet.pts is not None]
            assert all(before.dts < after.dts for before, after in pairwise(packets))
            assert all(packet.dts <= packet.pts for packet in packets)


def test_headers_tell_of_codec_tag_captions_and_chapters(joined: Path, request) -> None:
    info = inspect(joined)
    codec: Codec = request.node.callspec.params["joined"]
    assert info.video_codec == codec
    assert info.captions == "por"
    assert info.chapters == 2
    assert info.fast_start
    assert info.colour == "bt709"
    with av.open(joined) as container:
        tag = container.streams.video[0].codec_context.codec_tag
    assert tag == {Codec.H264: "avc1", Codec.HEVC: "hvc1", Codec.AV1: "av01"}[codec]


def texts(path: Path) -> list[tuple[float, float, str]]:
    """Return start, end and words of every text that is not empty."""
    found: list[tuple[float, float, str]] = []
    with av.open(path) as container:
        stream = container.streams.subtitles[0]
        for packet in container.demux(stream):
            sample = bytes(packet)
            length = int.from_bytes(sample[:2])
            assert len(sample) == (length + 2 if sample else 0)
            if length and packet.pts is not None:
                start = float(packet.pts * packet.time_base)
                end = float((packet.pts + packet.duration) * packet.time_base)
                found.append((start, end, sample[2:].decode()))
    return found


def test_captions_are_read_word_for_word_at_their_times(joined: Path) -> None:
    assert texts(joined) == [(float(cue.start), float(cue.end), cue.text) for cue in CAPTIONS]


def test_captions_decode_as_timed_text(joined: Path) -> None:
    with av.open(joined) as container:
        decoded = [
            rectangle.ass.decode()
            for packet in container.demux(container.streams.subtitles[0])
            if packet.size
            for rectangle in packet.decode()
        ]
    assert any("مرحبا" in line for line in decoded)


def test_chapters_carry_title_and_time(joined: Path) -> None:
    with av.open(joined) as container:
        chapters = [
            (
                chapter["start"] * chapter["time_base"],
                chapter["end"] * chapter["time_base"],
                chapter["metadata"]["title"],
            )
            for chapter in container.chapters()
        ]
    assert chapters == [
        (0, Fraction(1333, 1000), "Beginning – été"),
        (Fraction(1333, 1000), 4, "The end"),
    ]


def test_the_same_pieces_make_the_same_bytes(
    tmp_path: Path, pieces_in: Callable[[Codec], Pieces]
) -> None:
    pieces = pieces_in(Codec.H264)
    digests: set[str] = set()
    for name in ("first.mp4", "second.mp4"):
        join(
            pieces.segments,
            pieces.sound,
            tmp_path / name,
            fps=30,
            check=nothing,
            captions=CAPTIONS,
            chapters=CHAPTERS,
        )
        digests.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(digests) == 1


def test_without_captions_and_chapters_there_are_two_streams(
    tmp_path: Path, pieces_in: Callable[[Codec], Pieces]
) -> None:
    pieces = pieces_in(Codec.H264)
    join(pieces.segments, pieces.sound, tmp_path / "video.mp4", fps=30, check=nothing)
    with av.open(tmp_path / "video.mp4") as container:
        assert len(container.streams) == 2
    info = inspect(tmp_path / "video.mp4")
    assert (info.captions, info.chapters) == ("", 0)


@pytest.mark.parametrize(
    ("locale", "language"),
    [("en", "eng"), ("de-CH", "deu"), ("zh-Hans", "zho"), ("fil", "fil"), ("xx", "und")],
)
def test_a_locale_becomes_the_language_that_players_know(
    tmp_path: Path, pieces_in: Callable[[Codec], Pieces], locale: str, language: str
) -> None:
    pieces = pieces_in(Codec.H264)
    place = tmp_path / "video.mp4"
    join(
        pieces.segments[:1],
        pieces.sound,
        place,
        fps=30,
        check=nothing,
        captions=CAPTIONS[:1],
        locale=locale,
    )
    assert inspect(place).captions == language


def test_a_caption_too_long_for_its_track_is_cut_between_characters(
    tmp_path: Path, pieces_in: Callable[[Codec], Pieces]
) -> None:
    pieces = pieces_in(Codec.H264)
    place = tmp_path / "video.mp4"
    cue = Cue(start=Fraction(0), end=Fraction(1), text="é" * 40_000)
    join(pieces.segments, pieces.sound, place, fps=30, check=nothing, captions=[cue])
    ((_, _, words),) = texts(place)
    assert words == "é" * 32_767


def test_segments_with_other_settings_are_refused(
    tmp_path: Path, pieces_in: Callable[[Codec], Pieces]
) -> None:
    pieces = pieces_in(Codec.H264)
    other = Profile(name="other", width=128, height=72)
    encode_segment(
        pictures(other, 5, 0), tmp_path / "o.mp4", profile=other, encoder=choose_encoder()
    )
    with pytest.raises(CompositionError, match="different settings"):
        join(
            [pieces.segments[0], tmp_path / "o.mp4"],
            pieces.sound,
            tmp_path / "video.mp4",
            fps=30,
            check=nothing,
        )


def test_it_stops_when_told_to(tmp_path: Path, pieces_in: Callable[[Codec], Pieces]) -> None:
    pieces = pieces_in(Codec.H264)
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls > 10:
            raise CompositionCancelled("Composing was cancelled.")

    with pytest.raises(CompositionCancelled):
        join(pieces.segments, pieces.sound, tmp_path / "video.mp4", fps=30, check=check)
    assert calls == 11
