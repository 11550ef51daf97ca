"""Music: as loud as asked, out of the voice's way, and as long as the programme."""

import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from render.errors import MediaError
from render.sound.arrangement import HOLD, sample
from render.sound.graph import Block
from render.sound.loudness import integrated_loudness
from render.sound.mix import ducking, mix
from render.sound.music import check_music, music_part
from render.sound.speech import listen
from render.timeline import Timeline
from tests.support.sounds import (
    RATE,
    Floats,
    encoded,
    level,
    music_bed,
    speech,
    timeline,
    tone,
    voice,
    write_track,
    write_wav,
)


def go_on() -> None: ...


def played(sound: Timeline, *, reference: float = -20) -> Block:
    """The music alone, against a voice of that loudness."""
    assert sound.music is not None
    total = sample(sound.duration)
    part = music_part(
        sound.music,
        listen(sound, check=go_on),
        reference=reference,
        total=total,
        check=go_on,
    )
    return np.concatenate(list(mix([part] if part else [], total, check=go_on)), axis=1)


def even_noise(seconds: float) -> Floats:
    """Even noise: wherever it is cut, it is as loud."""
    return np.random.default_rng(3).standard_normal(round(seconds * RATE)) * 0.1


@pytest.mark.parametrize("volume", [-3, -14, -30])
def test_it_is_as_loud_against_the_voice_as_asked(tmp_path: Path, volume: float) -> None:
    path = write_wav(tmp_path / "m.wav", even_noise(4), rate=RATE)
    heard = played(timeline(150, music=music_bed(path, volume=volume)), reference=-20)
    assert integrated_loudness([heard]) == pytest.approx(-20 + volume, abs=0.1)


def test_it_steps_back_before_the_first_word_and_returns_after_the_last(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "m.wav", even_noise(15), rate=RATE)
    spoken = write_wav(tmp_path / "v.wav", speech(4))
    heard = played(timeline(450, voice(spoken, 5), music=music_bed(path, duck=12)))[0]
    free = level(heard[: 4 * RATE])
    assert level(heard[5 * RATE : 9 * RATE]) == pytest.approx(free - 12, abs=0.5)
    assert level(heard[round(9.95 * RATE) :]) == pytest.approx(free, abs=0.5)
    steps = [level(heard[at : at + RATE // 10]) for at in range(4 * RATE, 6 * RATE, RATE // 10)]
    assert max(np.abs(np.diff(steps))) < 12 * 0.1 / 0.3 + 1, "over 0.3 s, not at once"


def test_it_stays_away_in_short_pauses_and_comes_back_in_long_ones(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "m.wav", even_noise(16), rate=RATE)
    said = [speech(2), np.zeros(22_050), speech(2), np.zeros(4 * 22_050), speech(2)]
    spoken = write_wav(tmp_path / "v.wav", np.concatenate(said))
    heard = played(timeline(480, voice(spoken, 2), music=music_bed(path, duck=10)))[0]
    free = level(heard[:RATE])
    assert level(heard[4 * RATE : 5 * RATE]) == pytest.approx(free - 10, abs=0.5), "one second"
    assert level(heard[8 * RATE : 10 * RATE]) == pytest.approx(free, abs=0.5), "of four seconds"
    assert level(heard[11 * RATE : 13 * RATE]) == pytest.approx(free - 10, abs=0.5)


def test_two_narrations_close_by_are_one_speech(tmp_path: Path) -> None:
    spoken = write_wav(tmp_path / "v.wav", speech(1))
    near = timeline(300, voice(spoken, 1), voice(spoken, 3, number=2))
    far = timeline(300, voice(spoken, 1), voice(spoken, 4, number=2))
    assert len(listen(near, check=go_on).spans) == 1
    assert len(listen(far, check=go_on).spans) == 2


@given(
    gaps=st.lists(st.integers(HOLD, 3 * HOLD), min_size=1, max_size=4),
    depth=st.floats(0, 40),
    cut=st.integers(1, 30_000),
)
def test_ducking_is_the_same_curve_however_it_is_cut(
    gaps: list[int], depth: float, cut: int
) -> None:
    spans, at = [], 0
    for gap in gaps:
        spans.append((at + gap, at + gap + RATE))
        at += gap + RATE
    gain = ducking(spans, depth=depth)
    whole = np.broadcast_to(gain(0, at), at)
    first = np.broadcast_to(gain(0, cut), cut)
    rest = np.broadcast_to(gain(cut, at - cut), at - cut)
    assert np.allclose(whole, np.concatenate([first, rest]), rtol=1e-5)
    assert whole.max() <= 1
    for begin, end in spans:
        assert np.allclose(whole[begin:end], 10 ** (-depth / 20), rtol=1e-4)


def test_it_goes_round_without_a_gap_or_a_click(tmp_path: Path) -> None:
    # Silence at both ends, as files have it, is no part of the music.
    samples = np.concatenate([np.zeros(RATE // 2), even_noise(3), np.zeros(RATE)])
    path = write_wav(tmp_path / "m.wav", samples, rate=RATE)
    heard = played(timeline(450, music=music_bed(path)))[0]
    assert heard.size == 15 * RATE
    levels = [level(heard[at : at + RATE // 20]) for at in range(RATE, 14 * RATE, RATE // 20)]
    assert max(levels) - min(levels) < 2
    even = write_wav(tmp_path / "t.wav", tone(2.3456, hertz=200), rate=RATE)
    turned = played(timeline(450, music=music_bed(even)))[0][RATE:]
    slope = 2 * np.pi * 200 / RATE * np.abs(turned).max()
    assert np.abs(np.diff(turned)).max() < 1.2 * slope


def test_a_long_piece_is_cut_and_faded(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "m.wav", even_noise(9), rate=RATE)
    heard = played(timeline(150, music=music_bed(path, fade_in=1, fade_out=2)))[0]
    assert heard.size == 5 * RATE
    full = level(heard[RATE : 3 * RATE])
    assert level(heard[: RATE // 10]) < full - 15
    assert level(heard[RATE // 2 - 2400 : RATE // 2 + 2400]) == pytest.approx(full - 3, abs=0.7)
    assert level(heard[4 * RATE - 2400 : 4 * RATE + 2400]) == pytest.approx(full - 3, abs=0.7)
    assert level(heard[-RATE // 10 :]) < full - 15


def test_the_whole_is_as_loud_as_ever_whatever_the_bed_does(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "m.wav", even_noise(4), rate=RATE)
    spoken = write_wav(tmp_path / "v.wav", speech(5))
    for sound in (
        timeline(300, music=music_bed(path)),
        timeline(300, voice(spoken, 1), music=music_bed(path)),
        timeline(300, voice(spoken, 1), music=music_bed(path, volume=0, duck=0)),
    ):
        assert integrated_loudness([encoded(sound, tmp_path / "a.m4a")]) == pytest.approx(
            -16, abs=0.5
        )


def test_silent_music_is_no_music(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "m.wav", np.zeros(2 * RATE), rate=RATE)
    assert not played(timeline(90, music=music_bed(path))).any()


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("m.wav", "pcm_s24le"),
        ("m.mp3", "libmp3lame"),
        ("m.m4a", "aac"),
        ("m.flac", "flac"),
        ("m.ogg", "libopus"),
    ],
)
def test_music_comes_in_many_kinds_told_by_content(tmp_path: Path, name: str, codec: str) -> None:
    path = write_track(tmp_path / name, even_noise(2), codec=codec)
    assert float(check_music(path)) == pytest.approx(2, abs=0.1)
    renamed = path.rename(tmp_path / "music.bin")
    heard = played(timeline(150, music=music_bed(renamed)), reference=-20)[0]
    levels = [level(heard[at : at + RATE // 4]) for at in range(0, 4 * RATE, RATE // 4)]
    assert max(levels) - min(levels) < 2, "and goes round"


def test_music_of_more_than_two_hours_is_refused_by_its_length(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 1, 4_000, 0, "NONE", ""))
        file.writeframes(bytes(4_000 * 7_201))
    with pytest.raises(MediaError, match=r"at most 7200 seconds; this lasts 7201"):
        check_music(path)


def test_what_is_no_music_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.mp3"
    good = write_track(tmp_path / "good.flac", even_noise(2), codec="flac").read_bytes()
    for content, reason in {
        b"": "is not a readable WAV, MP3, MP4, AAC, FLAC, Ogg or WebM file",
        b"#EXTM3U\nhttp://127.0.0.1/\n": "is not a readable",
        b"ffconcat version 1.0\nfile /etc/passwd\n": "is not a readable",
        good[:30]: "is not a readable",
    }.items():
        path.write_bytes(content)
        with pytest.raises(MediaError, match=f"The music {reason}"):
            check_music(path)
    path.write_bytes(good[:8000] + bytes(5000) + good[13_000:])
    with pytest.raises(MediaError, match="The music is damaged"):
        played(timeline(90, music=music_bed(path)))
    with pytest.raises(MediaError, match="The music must last at least 1 second"):
        check_music(write_wav(tmp_path / "s.wav", even_noise(0.5), rate=RATE))
    with pytest.raises(MediaError, match="The music is missing"):
        check_music(tmp_path / "none.mp3")


def test_what_is_made_to_be_repeated_is_repeated_sample_by_sample(tmp_path: Path) -> None:
    # It begins and ends in silence, which belongs to it.
    loop = np.concatenate([np.zeros(RATE // 2), even_noise(2), np.zeros(RATE // 4)])
    path = write_wav(tmp_path / "m.wav", loop, rate=RATE)
    heard = played(timeline(300, music=music_bed(path, seamless=True)))[0]
    first = heard[: loop.size]
    for turn in range(1, 3):
        again = heard[turn * loop.size :][: loop.size]
        assert (again[: 10 * RATE - turn * loop.size] == first[: again.size]).all()
