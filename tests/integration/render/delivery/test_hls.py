"""HLS, judged by its playlists' rules and by playing every variant."""

import hashlib
import re
import resource
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import msgspec
import numpy as np
import pytest

from render.delivery.hls import MAIN, Variant, package
from render.delivery.joiner import join
from render.encoder import choose_encoder, encode_segment
from render.errors import CompositionCancelled, CompositionError, MediaError
from render.rendition import Codec, Profile
from tests.support.pieces import CAPTIONS, FRAMES, Pieces, pictures

SMALLER = (Variant(lines=96, rate=300), Variant(lines=72, rate=200), Variant(lines=720, rate=9000))
LOCAL = {"protocol_whitelist": "file", "allowed_extensions": "ALL"}


class Piece(msgspec.Struct, frozen=True):
    seconds: float
    path: Path


class Playlist:
    """What RFC 8216 says a media playlist holds."""

    def __init__(self, path: Path) -> None:
        self.text = path.read_text()
        lines = self.text.splitlines()
        assert lines[0] == "#EXTM3U"
        assert lines[-1] == "#EXT-X-ENDLIST"
        assert "#EXT-X-PLAYLIST-TYPE:VOD" in lines
        self.target = int(self.tag("TARGETDURATION"))
        self.version = int(self.tag("VERSION"))
        self.pieces = [
            Piece(float(line.removeprefix("#EXTINF:").rstrip(",")), path.parent / following)
            for line, following in pairwise(lines)
            if line.startswith("#EXTINF:")
        ]

    def tag(self, name: str) -> str:
        found = re.search(rf"^#EXT-X-{name}:(.*)$", self.text, re.MULTILINE)
        assert found, name
        return found[1]


def attributes(line: str) -> dict[str, str]:
    found = re.findall(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)', line.partition(":")[2])
    return {name: value.strip('"') for name, value in found}


def variants_of(main: Path) -> dict[str, dict[str, str]]:
    """Return the attributes of every variant by its folder's name."""
    lines = main.read_text().splitlines()
    return {
        following.partition("/")[0]: attributes(line)
        for line, following in pairwise(lines)
        if line.startswith("#EXT-X-STREAM-INF:")
    }


@pytest.fixture(scope="module")
def packaged(video: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package(video, tmp_path_factory.mktemp("hls") / "film", variants=SMALLER)


def test_the_main_playlist_offers_every_rung_from_the_largest_down(packaged: Path) -> None:
    assert packaged.name == MAIN
    variants = variants_of(packaged)
    assert list(variants) == ["144p", "96p", "72p"], "and none larger than the video"
    assert [variant["RESOLUTION"] for variant in variants.values()] == [
        "256x144",
        "170x96",
        "128x72",
    ]
    for name, variant in variants.items():
        assert re.fullmatch(r"avc1\.[0-9a-f]{6},mp4a\.40\.2", variant["CODECS"])
        assert variant["FRAME-RATE"] == "30.000"
        assert variant["CLOSED-CAPTIONS"] == "NONE"
        assert variant["SUBTITLES"] == "captions"
        bits = [
            8 * piece.path.stat().st_size / piece.seconds
            for piece in Playlist(packaged.parent / name / "index.m3u8").pieces
        ]
        assert int(variant["BANDWIDTH"]) >= 0.99 * max(bits)
        assert int(variant["AVERAGE-BANDWIDTH"]) <= int(variant["BANDWIDTH"])


def test_every_playlist_keeps_the_rules_and_pieces_of_all_rungs_are_cut_alike(
    packaged: Path,
) -> None:
    lengths: list[list[float]] = []
    for name in (*variants_of(packaged), "captions"):
        playlist = Playlist(packaged.parent / name / "index.m3u8")
        assert playlist.version >= 6, "EXT-X-MAP in a playlist of pictures needs it"
        assert all(round(piece.seconds) <= playlist.target for piece in playlist.pieces)
        assert all(piece.path.stat().st_size for piece in playlist.pieces)
        if name != "captions":
            assert "#EXT-X-INDEPENDENT-SEGMENTS" in playlist.text
            assert (packaged.parent / name / attributes(playlist.text)["URI"]).exists()
        lengths.append([piece.seconds for piece in playlist.pieces])
    assert all(cut == pytest.approx(lengths[0], abs=1e-3) for cut in lengths)
    assert sum(lengths[0]) == pytest.approx(FRAMES / 30, abs=0.05)


@pytest.mark.parametrize("name", ["144p", "96p", "72p"])
def test_a_rung_plays_to_its_end_and_shows_the_video(packaged: Path, name: str) -> None:
    playlist = packaged.parent / name / "index.m3u8"
    with av.open(str(playlist), format="hls", options=LOCAL) as container:
        height = container.streams.video[0].height
        shown = [
            (frame.time, float(frame.to_ndarray()[:height].mean()))
            for frame in container.decode(video=0)
        ]
    assert len(shown) == FRAMES
    levels = np.array([level for _, level in shown])
    assert np.abs(levels - np.arange(40, 40 + FRAMES)).max() < 3
    times = np.array([time for time, _ in shown])
    assert np.abs(np.diff(times) - 1 / 30).max() < 1e-3


@pytest.mark.parametrize("name", ["144p", "72p"])
def test_sound_and_pictures_keep_together(packaged: Path, name: str) -> None:
    playlist = packaged.parent / name / "index.m3u8"
    with av.open(str(playlist), format="hls", options=LOCAL) as container:
        first = container.streams.video[0].start_time * container.streams.video[0].time_base
        clicks: list[float] = []
        for frame in container.decode(audio=0):
            loud = np.flatnonzero(np.abs(frame.to_ndarray()[0]) > 0.2)
            if loud.size:
                clicks.append(frame.time + float(loud[0]) / 48_000)
    seconds = [time - float(first) for time in clicks]
    starts = [time for i, time in enumerate(seconds) if not i or time - seconds[i - 1] > 0.1]
    assert starts == pytest.approx([0.5, 1.5, 2.5, 3.5], abs=0.005)


def test_the_largest_rung_holds_the_videos_own_packets(packaged: Path, video: Path) -> None:
    playlist = packaged.parent / "144p" / "index.m3u8"
    digests: list[str] = []
    for path, options in ((str(video), {}), (str(playlist), LOCAL)):
        form = "hls" if options else "mp4"
        with av.open(path, format=form, options=options) as container:
            packets = b"".join(bytes(packet) for packet in container.demux(video=0))
        digests.append(hashlib.sha256(packets).hexdigest())
    assert digests[0] == digests[1]


def test_captions_are_cut_at_the_same_seconds_and_none_is_lost(packaged: Path) -> None:
    media = next(
        attributes(line)
        for line in packaged.read_text().splitlines()
        if line.startswith("#EXT-X-MEDIA:")
    )
    assert (media["TYPE"], media["LANGUAGE"], media["URI"]) == (
        "SUBTITLES",
        "pt",
        "captions/index.m3u8",
    )
    texts = [
        piece.path.read_text()
        for piece in Playlist(packaged.parent / "captions" / "index.m3u8").pieces
    ]
    shown = 5940  # two frames of decoding ahead, in ticks of 90 kHz
    for text in texts:
        assert text.startswith("WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:")
        assert abs(int(text.splitlines()[1].rpartition(":")[2]) - shown) < 90
    together = "\n".join(texts)
    assert "&lt;b&gt;مرحبا&lt;/b&gt; &amp; 世界" in together
    for cue in CAPTIONS:
        assert f"00:00:0{float(cue.start):.3f} --> 00:00:0{float(cue.end):.3f}" in together


def long_video(folder: Path, pieces: Pieces, lengths: tuple[int, ...], codec: Codec) -> Path:
    profile = Profile(name="small", width=256, height=144, codec=codec)
    segments: list[Path] = []
    for number, count in enumerate(lengths):
        place = folder / f"{number}.mp4"
        encode_segment(
            pictures(profile, count), place, profile=profile, encoder=choose_encoder(codec)
        )
        segments.append(place)
    place = folder / "long.mp4"
    join(segments, pieces.sound, place, fps=30, check=lambda: None)
    return place


def test_pieces_are_as_long_as_key_frames_allow_but_not_above_six_seconds(
    tmp_path: Path, pieces_in: Callable[[Codec], Pieces]
) -> None:
    # Key frames at 0, 0.5, 5, 5.5, 10 and 15 seconds.
    lengths = (15, 135, 15, 135, 150, 30)
    source = long_video(tmp_path, pieces_in(Codec.H264), lengths, Codec.H264)
    main = package(source, tmp_path / "hls", variants=SMALLER[1:2])
    for name in variants_of(main):
        pieces = Playlist(main.parent / name / "index.m3u8").pieces
        assert [piece.seconds for piece in pieces] == pytest.approx([5.5, 4.5, 6.0], abs=1e-3)
    assert "SUBTITLES" not in main.read_text()


@pytest.mark.parametrize("codec", [Codec.HEVC, Codec.AV1])
def test_a_video_of_another_codec_is_offered_in_one_that_all_players_know(
    tmp_path: Path, pieces_in: Callable[[Codec], Pieces], codec: Codec
) -> None:
    source = long_video(tmp_path, pieces_in(codec), (30, 20), codec)
    main = package(source, tmp_path / "hls", variants=SMALLER[:1])
    variants = variants_of(main)
    assert [variant["RESOLUTION"] for variant in variants.values()] == ["256x144", "170x96"]
    assert all(variant["CODECS"].startswith("avc1.") for variant in variants.values())
    with av.open(str(main.parent / "144p" / "index.m3u8"), options=LOCAL) as container:
        assert sum(1 for _ in container.decode(video=0)) == 50


def test_the_same_video_makes_the_same_files(video: Path, packaged: Path, tmp_path: Path) -> None:
    again = package(video, tmp_path / "again", variants=SMALLER).parent
    first = packaged.parent
    names = sorted(str(path.relative_to(first)) for path in first.rglob("*"))
    assert names == sorted(str(path.relative_to(again)) for path in again.rglob("*"))
    for name in names:
        if (first / name).is_file():
            assert (first / name).read_bytes() == (again / name).read_bytes(), name


def test_a_folder_from_before_gives_way_as_a_whole(video: Path, tmp_path: Path) -> None:
    folder = tmp_path / "hls"
    folder.mkdir()
    (folder / "old.m4s").write_bytes(b"old")
    package(video, folder, variants=())
    assert not (folder / "old.m4s").exists()
    assert list(variants_of(folder / MAIN)) == ["144p"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["hls"]


def test_cancelling_leaves_what_was_there_and_nothing_else(video: Path, tmp_path: Path) -> None:
    folder = tmp_path / "hls"
    folder.mkdir()
    (folder / MAIN).write_text("before")
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls > 50:
            raise CompositionCancelled("Composing was cancelled.")

    with pytest.raises(CompositionCancelled):
        package(video, folder, variants=SMALLER, check=check)
    assert (folder / MAIN).read_text() == "before"
    assert [entry.name for entry in tmp_path.iterdir()] == ["hls"]


def test_what_is_no_video_is_refused(tmp_path: Path, pieces_in: Callable[[Codec], Pieces]) -> None:
    noise = tmp_path / "noise.mp4"
    noise.write_bytes(b"#EXTM3U\nhttp://127.0.0.1/\n")
    with pytest.raises(MediaError, match="cannot be packaged"):
        package(noise, tmp_path / "hls")
    with pytest.raises(MediaError, match="cannot be packaged"):
        package(pieces_in(Codec.H264).sound, tmp_path / "hls")
    assert [entry.name for entry in tmp_path.iterdir()] == ["noise.mp4"]


def test_portrait_rungs_are_counted_by_their_shorter_side(
    tmp_path: Path, pieces_in: Callable[[Codec], Pieces]
) -> None:
    profile = Profile(name="tall", width=144, height=256)
    encode_segment(
        pictures(profile, 20), tmp_path / "s.mp4", profile=profile, encoder=choose_encoder()
    )
    join(
        [tmp_path / "s.mp4"],
        pieces_in(Codec.H264).sound,
        tmp_path / "tall.mp4",
        fps=30,
        check=lambda: None,
    )
    main = package(tmp_path / "tall.mp4", tmp_path / "hls", variants=SMALLER[1:2])
    resolutions = [variant["RESOLUTION"] for variant in variants_of(main).values()]
    assert resolutions == ["144x256", "72x128"]
    assert Fraction(72, 128) == Fraction(144, 256)


@pytest.mark.parametrize("limit", [100, 1000, 4000, 7000])
def test_a_disk_that_refuses_is_told_of_and_nothing_is_left(
    video: Path, packaged: Path, tmp_path: Path, limit: int
) -> None:
    assert max(path.stat().st_size for path in packaged.parent.rglob("*.m4s")) > 7000
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(CompositionError, match=r"incomplete|larger than files may be"):
            package(video, tmp_path / "hls", variants=SMALLER)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.iterdir())


def test_a_missing_video_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="cannot be packaged"):
        package(tmp_path / "missing.mp4", tmp_path / "hls")
    assert not list(tmp_path.iterdir())
