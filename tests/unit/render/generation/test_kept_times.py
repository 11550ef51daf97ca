"""Word times kept: found once for the same bytes, text and language, and never for others."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from render.cache import Cache
from render.generation import kept_times
from render.generation.kept_times import KeptTimes
from render.generation.pcm import wav
from render.generation.reading import WordTimes, read_aloud
from render.measures import WordTime

TEXT = "Long before the town is awake, the oven glows."
KNOWN = WordTimes(words=(WordTime(0, 120, 480),), missing=(), repeated=())


@pytest.fixture
def narration(tmp_path: Path) -> Path:
    spoken = read_aloud(TEXT, ["en-us+m3"], 170)
    assert spoken
    header, samples = spoken
    place = tmp_path / "narration.wav"
    place.write_bytes(wav((samples * 30_000).astype(np.int16), header.sample_rate))
    return place


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Count how often a narration is listened to; it really is."""
    seen: list[Path] = []
    listen = kept_times.word_times

    def count(path: Path, text: str, locale: str, speed: float) -> WordTimes | None:
        seen.append(path)
        return listen(path, text, locale, speed)

    monkeypatch.setattr(kept_times, "word_times", count)
    return seen


def test_a_narration_is_listened_to_once(
    narration: Path, looks: list[Path], tmp_path: Path
) -> None:
    found = KeptTimes(Cache(tmp_path / "cache")).find(narration, TEXT, "en")
    assert found
    assert found.words
    assert KeptTimes(Cache(tmp_path / "cache")).find(narration, TEXT, "en") == found
    assert len(looks) == 1


def test_that_nothing_can_be_told_is_kept_too(
    narration: Path, looks: list[Path], tmp_path: Path
) -> None:
    kept = KeptTimes(Cache(tmp_path / "cache"))
    assert [kept.find(narration, TEXT, "xx") for _ in range(2)] == [None, None]
    assert len(looks) == 1


def test_another_text_language_speed_or_sound_is_another(
    narration: Path, looks: list[Path], tmp_path: Path
) -> None:
    kept = KeptTimes(Cache(tmp_path / "cache"))
    kept.find(narration, TEXT, "en")
    kept.find(narration, f"{TEXT} Ada bakes.", "en")
    kept.find(narration, TEXT, "de")
    kept.find(narration, TEXT, "en", 1.5)
    other = tmp_path / "other.wav"
    other.write_bytes(narration.read_bytes() + bytes(2))
    kept.find(other, TEXT, "en")
    assert len(looks) == 5


def test_what_was_told_beforehand_is_believed_and_the_last_of_it(
    narration: Path, looks: list[Path], tmp_path: Path
) -> None:
    kept = KeptTimes(Cache(tmp_path / "cache"))
    sha256 = kept_times.sha256_of(narration)
    kept.keep(None, sha256=sha256, text=TEXT, locale="en", speed=1.5)
    kept.keep(KNOWN, sha256=sha256, text=TEXT, locale="en", speed=1.5)
    assert kept.find(narration, TEXT, "en", 1.5) == KNOWN
    assert not looks


def test_a_cache_that_takes_nothing_costs_another_look_and_no_more(
    narration: Path, looks: list[Path], tmp_path: Path
) -> None:
    kept = KeptTimes(Cache(tmp_path / "cache"))
    shutil.rmtree(tmp_path / "cache")
    first = kept.find(narration, TEXT, "en")
    assert first == kept.find(narration, TEXT, "en")
    assert len(looks) == 2


def test_what_is_kept_may_be_forgotten(narration: Path, tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", max_bytes=1)
    KeptTimes(cache).find(narration, TEXT, "en")
    cache.trim()
    assert not list((tmp_path / "cache").glob("*.words*"))
