"""The built-in music: six beds, each of its own character, that repeat without a seam."""

import wave
from collections import Counter
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest

from render.cache import Cache
from render.generation.offline import beds
from render.generation.offline.beds import KeptBeds, write_bed
from render.generation.offline.music import LOUDNESS, PEAK, compose
from render.preview.beds import bed_file
from render.sound.graph import Block
from render.sound.loudness import integrated_loudness
from render.storyboard import Mood
from tests.support.sounds import RATE

SHORTEST, LONGEST = 30, 70
"""Seconds: not to be heard as a loop, and not to take long to make."""

each_mood = pytest.mark.parametrize("mood", Mood)


@cache
def composed(mood: Mood) -> Block:
    return compose(mood)


def bend(sound: Block, at: int) -> float:
    """Return how sharply a sound bends between two of its samples: a click bends it most."""
    around = np.take(sound, range(at - 2, at + 2), axis=1, mode="wrap")
    return float(np.abs(np.diff(around, n=2)).max())


@each_mood
def test_a_bed_is_stereo_as_loud_as_music_is_and_keeps_off_full_scale(mood: Mood) -> None:
    bed = composed(mood)
    assert bed.dtype == np.float32
    assert SHORTEST * RATE <= bed.shape[1] <= LONGEST * RATE
    assert integrated_loudness([bed]) == pytest.approx(LOUDNESS, abs=0.1)
    assert np.abs(bed).max() <= PEAK
    assert abs(bed.mean()) < 1e-4
    # Wide, and still there where both sides are added up.
    assert 0.1 < np.corrcoef(bed)[0, 1] < 0.9


@each_mood
def test_a_browser_is_given_the_same_bed(mood: Mood) -> None:
    # `python -m tools.beds` writes these files anew.
    bed = composed(mood)
    with av.open(bed_file(mood)) as container:
        heard = np.concatenate([one.to_ndarray() for one in container.decode(audio=0)], axis=1)
    assert heard.shape == bed.shape
    assert np.corrcoef(heard.ravel(), bed.ravel())[0, 1] > 0.98
    assert integrated_loudness([heard]) == pytest.approx(LOUDNESS, abs=0.3)


@each_mood
def test_its_end_leads_to_its_beginning(mood: Mood) -> None:
    bed = composed(mood)
    usual = [bend(bed, at) for at in range(1000, bed.shape[1], 4801)]
    assert bend(bed, 0) <= max(usual)
    # What the seam would be like if the last notes did not ring on: the test hears it.
    faded = bed[:, : -RATE // 3]
    assert bend(faded, 0) > 4 * bend(bed, 0)


@each_mood
def test_nothing_fades_out_before_it_begins_again(mood: Mood) -> None:
    bed = composed(mood)
    second = np.sqrt(np.square(bed).reshape(2, -1, bed.shape[1] // 16).mean(axis=(0, 2)))
    assert 20 * np.log10(second.max() / second.min()) < 9
    turn = np.concatenate([bed[:, -RATE:], bed[:, :RATE]], axis=1)
    assert integrated_loudness([turn]) == pytest.approx(LOUDNESS, abs=6)


def test_no_two_moods_are_alike() -> None:
    loops = {mood: composed(mood)[:, : 30 * RATE].ravel() for mood in Mood}
    for one in Mood:
        for other in Mood:
            if one < other:
                assert abs(np.corrcoef(loops[one], loops[other])[0, 1]) < 0.2


def test_it_is_the_same_every_time() -> None:
    assert (compose(Mood.DRIVING) == composed(Mood.DRIVING)).all()


def test_a_bed_is_a_wav_file_of_its_exact_length(tmp_path: Path) -> None:
    with wave.open(str(write_bed(Mood.DRIVING, tmp_path))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, RATE)
        assert file.getnframes() == composed(Mood.DRIVING).shape[1]
        samples = np.frombuffer(file.readframes(RATE), "<i2").reshape(-1, 2).T
    assert np.abs(samples / 32_767 - composed(Mood.DRIVING)[:, :RATE]).max() < 2 / 32_767


def test_a_bed_is_composed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: Counter[Mood] = Counter()

    def counted(mood: Mood) -> Block:
        asked[mood] += 1
        return composed(mood)

    monkeypatch.setattr(beds, "compose", counted)
    kept: list[bytes] = []
    for turn in ("first", "second"):
        folder = tmp_path / turn
        folder.mkdir()
        store = KeptBeds(Cache(tmp_path / "cache"))
        kept += [store.lay(mood, folder).read_bytes() for mood in (Mood.BRIGHT, Mood.DRIVING)]
    assert asked == {Mood.BRIGHT: 1, Mood.DRIVING: 1}
    assert kept[:2] == kept[2:]
    # It is forgotten as segments are.
    Cache(tmp_path / "cache", max_bytes=1).trim()
    assert not list((tmp_path / "cache").glob("*.wav*"))
