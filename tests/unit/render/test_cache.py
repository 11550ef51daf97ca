import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from render.cache import Cache

ROOT = Path(__file__).parents[3]


def piece(folder: Path, content: bytes = b"a piece") -> Path:
    place = folder / "piece.mp4"
    place.write_bytes(content)
    return place


def digest(content: str) -> str:
    return f"{hashlib.sha256(content.encode()).hexdigest()}.mp4"


def note_changed(kept: Path) -> None:
    record = kept.with_name("one.mp4.json")
    changed = record.read_bytes().replace(b'"note":{}', b'"note":[]')
    assert changed != record.read_bytes()
    record.write_bytes(changed)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def test_what_was_kept_is_fetched_with_its_note(cache: Cache, tmp_path: Path) -> None:
    cache.keep("one.mp4", piece(tmp_path), b'{"frames":3}')
    place = tmp_path / "fetched.mp4"
    assert cache.fetch("one.mp4", place) == b'{"frames":3}'
    assert place.read_bytes() == b"a piece"
    assert cache.note("one.mp4") == b'{"frames":3}'


def test_what_was_never_kept_is_not_there(cache: Cache, tmp_path: Path) -> None:
    assert cache.fetch("one.mp4", tmp_path / "fetched.mp4") is None
    assert cache.note("one.mp4") is None
    assert not (tmp_path / "fetched.mp4").exists()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda kept: kept.write_bytes(b"another"),
        lambda kept: kept.write_bytes(b""),
        lambda kept: kept.unlink(),
        lambda kept: kept.with_name("one.mp4.json").write_bytes(b"{"),
        lambda kept: kept.with_name("one.mp4.json").write_bytes(b"\xff\0"),
        lambda kept: kept.with_name("one.mp4.json").unlink(),
        note_changed,
    ],
    ids=["changed", "emptied", "lost", "record cut", "record noise", "record lost", "note changed"],
)
def test_damage_is_found_and_forgotten(cache: Cache, tmp_path: Path, spoil) -> None:
    cache.keep("one.mp4", piece(tmp_path), b"{}")
    spoil(tmp_path / "cache" / "one.mp4")
    place = tmp_path / "fetched.mp4"
    assert cache.fetch("one.mp4", place) is None
    assert not place.exists()
    cache.keep("one.mp4", piece(tmp_path, b"made again"), b"{}")
    assert cache.fetch("one.mp4", place) == b"{}"
    assert place.read_bytes() == b"made again"


def test_beyond_its_bound_it_forgets_what_was_longest_unused(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", max_bytes=3500)
    names = [digest(letter) for letter in "abcd"]
    for age, name in enumerate(names):
        cache.keep(name, piece(tmp_path, name[:1].encode() * 1000), b"{}")
        (tmp_path / "piece.mp4").unlink()
        long_ago = time.time() - 1000 + age
        os.utime(tmp_path / "cache" / name, (long_ago, long_ago))
    assert cache.fetch(names[0], tmp_path / "used") is not None, "use makes it young again"
    cache.trim()
    left = [name for name in names if cache.note(name) is not None]
    assert left == [names[0], *names[2:]]


def test_what_nobody_used_for_long_is_forgotten_however_much_room_there_is(
    cache: Cache, tmp_path: Path
) -> None:
    old, new = digest("old"), digest("new")
    for name in (old, new):
        cache.keep(name, piece(tmp_path, name.encode()), b"{}")
        (tmp_path / "piece.mp4").unlink()
    hour_ago = time.time() - 3600
    os.utime(tmp_path / "cache" / old, (hour_ago, hour_ago))
    cache.trim(unused_seconds=7200)
    assert cache.note(old) is not None
    cache.trim(unused_seconds=1800)
    assert cache.note(old) is None
    assert cache.note(new) is not None


def test_what_is_in_use_outlives_being_forgotten(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", max_bytes=1)
    cache.keep(digest("one"), piece(tmp_path), b"{}")
    cache.fetch(digest("one"), tmp_path / "used")
    cache.trim()
    assert cache.note(digest("one")) is None
    assert (tmp_path / "used").read_bytes() == b"a piece"


def test_what_a_killed_process_left_goes_after_an_hour(cache: Cache, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    piece = digest("one")
    old = [
        folder / name
        for name in (
            f".{piece}.0a1b2c3d.part",
            f".{piece}.json.0a1b2c3d.part",
            f"..{piece}.0a1b2c3d.part.4e5f6071.part",
        )
    ]
    fresh = folder / f".{digest('two')}.0a1b2c3d.part"
    for part in (*old, fresh):
        part.write_bytes(b"half")
    for part in old:
        os.utime(part, (time.time() - 3700,) * 2)
    cache.trim()
    assert not any(part.exists() for part in old)
    assert fresh.exists(), "its process may still be writing"


KEEPER = """
import hashlib, sys
from pathlib import Path
from render.cache import Cache

folder, seed = Path(sys.argv[1]), sys.argv[2]
cache = Cache(folder / "cache", max_bytes=200_000)
own = folder / f"own-{seed}"
own.mkdir()
print(flush=True)
for turn in range(1_000_000):
    name = hashlib.sha256(b"%d" % (turn % 17)).hexdigest() + ".mp4"
    place = own / f"fetched-{turn}"
    note = cache.fetch(name, place)
    if note is not None:
        assert place.read_bytes() == name[:7].encode() * 3000, "never half a piece"
        place.unlink()
    made = own / f"made-{turn}"
    made.write_bytes(name[:7].encode() * 3000)
    cache.keep(name, made, b"{}")
    made.unlink()
    cache.trim()
"""


def test_processes_share_it_and_may_be_killed_at_any_instant(tmp_path: Path) -> None:
    for seed in range(6):
        keepers = [
            subprocess.Popen(
                [sys.executable, "-c", KEEPER, tmp_path, f"{seed}-{number}"],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            for number in range(2)
        ]
        for keeper in keepers:
            assert keeper.stdout is not None
            keeper.stdout.readline()
        time.sleep(0.05 + 0.037 * seed)
        for keeper in keepers:
            assert keeper.poll() is None, keeper.communicate()[1].decode()
            keeper.send_signal(signal.SIGKILL)
            keeper.communicate()
    cache = Cache(tmp_path / "cache", max_bytes=200_000)
    for number in range(17):
        name, place = digest(str(number)), tmp_path / "fetched"
        if cache.fetch(name, place) is not None:
            assert place.read_bytes() == name[:7].encode() * 3000
    cache.trim()
    whole = [entry for entry in (tmp_path / "cache").iterdir() if not entry.name.startswith(".")]
    assert sum(entry.stat().st_size for entry in whole) < 210_000
