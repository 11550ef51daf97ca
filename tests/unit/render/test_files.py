import errno
import hashlib
from pathlib import Path

import pytest

from render.errors import CompositionError
from render.files import disk_error, sha256_of, written_aside


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    place = tmp_path / "out.bin"
    with written_aside(place) as part:
        part.write_bytes(b"whole")
        assert not place.exists()
        assert part.parent == tmp_path
    assert place.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [place]


def test_a_failure_leaves_what_was_there_before(tmp_path: Path) -> None:
    place = tmp_path / "out.bin"
    place.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), written_aside(place) as part:
        part.write_bytes(b"half") / 0
    assert place.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [place]


def test_a_folder_for_unfinished_files_is_used(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    with written_aside(tmp_path / "out.bin", work=work) as part:
        part.write_bytes(b"x")
        assert part.parent == work


def test_a_missing_folder_is_said_without_its_path(tmp_path: Path) -> None:
    place = tmp_path / "nowhere" / "out.bin"
    with pytest.raises(CompositionError) as caught, written_aside(place) as part:
        part.write_bytes(b"x")
    assert str(caught.value) == "out.bin could not be written: the folder does not exist."


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "there is no space left on the disk"),
        (errno.EROFS, "writing there is not permitted"),
        (errno.EFBIG, "it would be larger than files may be here"),
    ],
)
def test_a_disks_refusal_is_said_in_plain_words(number: int, words: str) -> None:
    error = disk_error(OSError(number, "…"), Path("/secret/out.mp4"))
    assert str(error) == f"out.mp4 could not be written: {words}."


def test_a_digest_is_of_the_content(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"abc" * 100_000)
    assert sha256_of(path) == hashlib.sha256(b"abc" * 100_000).hexdigest()
