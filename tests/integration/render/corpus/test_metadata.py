"""The corpus of what files say of themselves in words that are no UTF-8: it is no fault.

Old QuickTime files and cameras write their own alphabets.
"""

from pathlib import Path

import pytest

from render.inspection.examination import examine
from render.pictures.clip import check_clip
from render.sound.track import SoundFile, SoundFormat, blocks
from tests.support.clips import indices, numbered, write_clip
from tests.support.sounds import tone, write_track

WORDS = "x" * 40


def in_latin(path: Path) -> Path:
    """Have what was written say "Müßig" in ISO 8859-1, over and over."""
    raw = path.read_bytes()
    assert WORDS.encode() in raw
    path.write_bytes(raw.replace(WORDS.encode(), ("Müßig   " * 5).encode("latin-1")))
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_a_clip_is_read_whatever_its_title(tmp_path: Path, suffix: str) -> None:
    path = in_latin(write_clip(tmp_path / f"clip{suffix}", numbered(5), name=WORDS, title=WORDS))
    assert check_clip(path, scene="1").seconds > 0
    assert indices(path, range(5)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("suffix", "codec", "form"),
    [
        (".m4a", "aac", SoundFormat.MP4),
        (".flac", "flac", SoundFormat.FLAC),
        (".webm", "libopus", SoundFormat.WEBM),
    ],
)
def test_a_sound_is_heard_whatever_its_title(
    tmp_path: Path, suffix: str, codec: str, form: SoundFormat
) -> None:
    path = in_latin(write_track(tmp_path / f"a{suffix}", tone(0.5), codec=codec, title=WORDS))
    source = SoundFile(path=path, formats=(form,), what="the music")
    assert sum(block.shape[1] for block in blocks(source)) == pytest.approx(24_000, abs=3_000)


def test_a_film_is_probed_whatever_its_title(tmp_path: Path) -> None:
    path = in_latin(write_clip(tmp_path / "film.mp4", numbered(5), title=WORDS))
    assert examine(path).frames == 5
