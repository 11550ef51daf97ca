"""Previews and thumbnails, opened and looked at."""

import io
import resource
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from render.delivery import previews
from render.delivery.previews import gif, webm
from render.delivery.thumbnails import draw, draw_poster
from render.errors import CompositionError, MediaError
from render.pictures.canvas import Canvas
from render.rendition import Codec, Profile
from render.storyboard import Solid, Transition
from render.timeline import Shot, Timeline
from tests.support.pieces import FRAMES, Pieces


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short film is too long already."""
    monkeypatch.setattr(previews, "_WEBM_SECONDS", Fraction(2))
    monkeypatch.setattr(previews, "_GIF_MOMENT", Fraction(1, 2))


def test_a_webm_shows_and_sounds_like_the_video(video: Path, tmp_path: Path) -> None:
    place = tmp_path / "preview.webm"
    webm(video, place)
    with av.open(place) as container:
        pictures, sound = container.streams.video[0], container.streams.audio[0]
        assert (pictures.codec_context.codec.canonical_name, sound.codec_context.name) == (
            "vp9",
            "opus",
        )
        assert (pictures.width, pictures.height) == (256, 144)
        context = pictures.codec_context
        assert (context.colorspace, context.color_range) == (1, 1)
        levels = [frame.to_ndarray()[:144].mean() for frame in container.decode(pictures)]
    assert len(levels) == FRAMES
    assert np.abs(np.array(levels) - np.arange(40, 40 + FRAMES)).max() < 4
    with av.open(place) as container:
        loud = [frame.time for frame in container.decode(audio=0) if frame.to_ndarray().max() > 0.2]
    assert loud[0] == pytest.approx(0.5, abs=0.03)


def test_a_webm_ends_after_its_length(brief: None, video: Path, tmp_path: Path) -> None:
    webm(video, tmp_path / "preview.webm")
    with av.open(tmp_path / "preview.webm") as container:
        assert sum(1 for _ in container.decode(video=0)) == 60
        assert container.duration == pytest.approx(2_000_000, abs=50_000)


def test_a_gif_shows_moments_from_all_of_the_video(
    brief: None, video: Path, tmp_path: Path
) -> None:
    place = tmp_path / "preview.gif"
    gif(video, place)
    with Image.open(place) as picture:
        assert picture.n_frames == 15
        assert picture.info["loop"] == 0
        assert picture.size == (256, 144)
        shown: list[float] = []
        for number in range(picture.n_frames):
            picture.seek(number)
            shown.append(float(np.asarray(picture.convert("L")).mean()))
    # Three moments of half a second, in the middle of each third of 120 frames.
    first = np.array([12.5, 52.5, 92.5])
    wanted = (40 + (first[:, None] + 3 * np.arange(5))).ravel()
    found = np.array(shown) * 219 / 255 + 16
    assert np.abs(found - wanted).max() < 6


def test_a_short_video_is_in_the_gif_from_its_beginning(video: Path, tmp_path: Path) -> None:
    gif(video, tmp_path / "preview.gif")
    with Image.open(tmp_path / "preview.gif") as picture:
        assert picture.n_frames == 40
        assert np.asarray(picture.convert("L")).mean() * 219 / 255 + 16 == pytest.approx(40, abs=4)


@pytest.mark.parametrize("preview", [webm, gif])
def test_previews_are_the_same_twice_and_small(
    video: Path, tmp_path: Path, preview: Callable[[Path, Path], None]
) -> None:
    preview(video, tmp_path / "one")
    preview(video, tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert (tmp_path / "one").stat().st_size < 200_000


@pytest.mark.parametrize("preview", [webm, gif])
def test_a_video_that_cannot_be_read_leaves_nothing(
    tmp_path: Path, preview: Callable[[Path, Path], None]
) -> None:
    for name, content in (("noise.mp4", b"noise"), ("empty.mp4", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(MediaError):
            preview(tmp_path / name, tmp_path / "out")
    with pytest.raises(MediaError):
        preview(tmp_path / "missing.mp4", tmp_path / "out")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["empty.mp4", "noise.mp4"]


def test_a_video_without_pictures_says_so(
    tmp_path: Path, pieces_in: Callable[[Codec], Pieces]
) -> None:
    with pytest.raises(MediaError, match="cannot be read for a preview"):
        gif(pieces_in(Codec.H264).sound, tmp_path / "out.gif")
    assert not list(tmp_path.iterdir())


def shot(number: int, start: int, frames: int, *, fade_in: int, fade_out: int) -> Shot:
    return Shot(
        scene_id=("one", "poster", "three")[number - 1],
        number=number,
        title="",
        source=Solid(colour="#000000"),
        start=start,
        frames=frames,
        span=frames,
        fade_in=fade_in,
        fade_out=fade_out,
        transition=Transition.CROSSFADE,
        colour="#000000",
    )


TIMELINE = Timeline(
    fps=30,
    shots=(
        shot(1, 0, 60, fade_in=0, fade_out=20),
        shot(2, 40, 60, fade_in=20, fade_out=1),
        shot(3, 99, 2, fade_in=1, fade_out=0),
    ),
    voices=(),
)


def test_thumbnails_show_each_scene_while_it_alone_is_seen() -> None:
    profile = Profile(name="small", width=640, height=360)
    asked: list[int] = []

    def paint(frames: Sequence[int]) -> Iterator[Canvas]:
        for frame in frames:
            asked.append(frame)
            canvas = Canvas(profile)
            canvas.y[:], canvas.u[:], canvas.v[:] = 63, 102, 240  # BT.709's red
            yield canvas

    drawn = dict(draw(TIMELINE, Path("stills"), profile, paint=paint))
    assert asked == [20, 20, 79, 100]
    poster, *scenes = drawn
    assert poster == Path("stills/poster.jpg")
    assert scenes == [Path(f"stills/scene-{one}.jpg") for one in ("one", "poster", "three")]
    with Image.open(io.BytesIO(drawn.pop(poster))) as picture:
        assert (picture.format, picture.size) == ("JPEG", (640, 360))
        assert picture.getpixel((300, 200)) == pytest.approx((254, 0, 0), abs=3)
    for content in drawn.values():
        with Image.open(io.BytesIO(content)) as picture:
            assert picture.size == (480, 270)


def test_a_poster_can_be_had_alone() -> None:
    profile = Profile(name="small", width=64, height=64)

    def paint(frames: Sequence[int]) -> Iterator[Canvas]:
        for _ in frames:
            canvas = Canvas(profile)
            canvas.pixels[:] = 128
            yield canvas

    ((place, content),) = draw_poster(TIMELINE, Path("alone.jpg"), paint=paint)
    assert place == Path("alone.jpg")
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.size == (64, 64)


@pytest.mark.parametrize("preview", [webm, gif])
@pytest.mark.parametrize("limit", [50, 1000, 4000])
def test_a_disk_that_refuses_is_told_of_and_nothing_is_left(
    video: Path, tmp_path: Path, preview: Callable[[Path, Path], None], limit: int
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(CompositionError, match="larger than files may be here"):
            preview(video, tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.iterdir())
