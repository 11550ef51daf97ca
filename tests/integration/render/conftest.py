"""Small films, and the pieces of a video and the video itself, made where a test asks for them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from render.delivery.joiner import join
from render.rendition import Codec, Profile
from tests.support.films import SMALL, Film, draw_picture
from tests.support.pieces import CAPTIONS, CHAPTERS, Pieces, write_segments, write_sound


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    return Film(tmp_path_factory.mktemp("film"))


@pytest.fixture
def own_film(tmp_path: Path) -> Film:
    """A film whose files a test may spoil."""
    return Film(tmp_path / "film")


@pytest.fixture(scope="session")
def profile() -> Profile:
    return SMALL


@pytest.fixture(scope="session")
def picture() -> Callable[..., Path]:
    return draw_picture


@pytest.fixture(scope="session")
def pieces_in(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Codec], Pieces]:
    folder = tmp_path_factory.mktemp("pieces")
    sound = write_sound(folder / "sound.m4a")

    def pieces(codec: Codec) -> Pieces:
        profile = Profile(name="small", width=256, height=144, codec=codec)
        return Pieces(write_segments(folder, profile), sound)

    return pieces


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory, pieces_in: Callable[[Codec], Pieces]) -> Path:
    pieces = pieces_in(Codec.H264)
    place = tmp_path_factory.mktemp("video") / "video.mp4"
    join(
        pieces.segments,
        pieces.sound,
        place,
        fps=30,
        check=lambda: None,
        captions=CAPTIONS,
        chapters=CHAPTERS,
        locale="pt-BR",
    )
    return place
