import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from render.errors import MediaError
from render.sound.programme import (
    RATE,
    Block,
    encode_sound,
    loudness,
    mix,
    sound_digest,
    wav_duration,
)
from render.storyboard import Motion
from render.timeline import Shot, Timeline, Voice

Floats = npt.NDArray[np.float64]


def write_wav(path: Path, samples: Floats, *, rate: int = 22_050, width: int = 2) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(width)
        file.setframerate(rate)
        scaled = np.rint(np.clip(samples, -1, 1) * (2 ** (8 * width - 1) - 1)).astype("<i4")
        file.writeframes(scaled.astype("<i2" if width == 2 else "<i4").tobytes())
    return path


def speech(seconds: float, *, rate: int = 22_050, level: float = 0.2, seed: int = 1) -> Floats:
    """Noise that comes and goes at the pace of syllables."""
    count = round(seconds * rate)
    noise = np.random.default_rng(seed).standard_normal(count)
    syllables = 0.5 + 0.5 * np.sin(2 * np.pi * 4 * np.arange(count) / rate)
    return level * noise * syllables


def voice(path: Path, start: Fraction, *, number: int = 1) -> Voice:
    return Voice(
        scene_id=f"s{number}", number=number, path=path, start=start, duration=wav_duration(path)
    )


def timeline(frames: int, *voices: Voice) -> Timeline:
    shot = Shot(
        scene_id="s1",
        number=1,
        picture=Path("p.png"),
        motion=Motion.STILL,
        start=0,
        frames=frames,
        fade_in=0,
        fade_out=0,
    )
    return Timeline(fps=30, shots=(shot,), voices=voices)


def mixed(sound: Timeline) -> Block:
    return np.concatenate(list(mix(sound)), axis=1)


def encoded(sound: Timeline, path: Path) -> Block:
    encode_sound(sound, path, check=lambda: None)
    with av.open(path) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return np.concatenate(frames, axis=1)


def test_a_narration_begins_at_its_sample(tmp_path: Path) -> None:
    click = np.zeros(4800)
    click[1000] = 0.9
    path = write_wav(tmp_path / "click.wav", click, rate=RATE)
    heard = mixed(timeline(90, voice(path, Fraction(13, 10))))
    assert heard.shape == (2, 3 * RATE)
    assert np.flatnonzero(np.abs(heard[0]) > 0.1).tolist() == [62_400 + 1000]
    assert (heard[0] == heard[1]).all()


def test_a_narration_at_another_rate_keeps_place_and_length(tmp_path: Path) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(22_050) / 22_050)
    path = write_wav(tmp_path / "tone.wav", tone)
    heard = np.flatnonzero(np.abs(mixed(timeline(90, voice(path, Fraction(1))))[0]) > 0.01)
    assert abs(heard[0] - RATE) < 100
    assert abs(heard[-1] - 2 * RATE) < 100


def test_a_narration_starts_and_ends_without_a_click(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "loud.wav", np.full(RATE, 0.9), rate=RATE)
    heard = mixed(timeline(60, voice(path, Fraction(1, 2))))[0]
    assert np.abs(np.diff(heard)).max() < 0.01


@pytest.mark.parametrize("frames", [1, 7, 31, 91])
def test_sound_is_exactly_as_long_as_the_pictures(tmp_path: Path, frames: int) -> None:
    # Even where a narration would reach past the end.
    path = write_wav(tmp_path / "a.wav", speech(2))
    sound = timeline(frames, voice(path, Fraction(1, 100)))
    assert mixed(sound).shape[1] == frames * RATE // 30


def test_sound_is_never_held_whole() -> None:
    assert all(block.shape[1] <= RATE for block in mix(timeline(3000)))


def test_a_narration_that_is_longer_than_it_said_is_not_spoken_over(tmp_path: Path) -> None:
    first = write_wav(tmp_path / "a.wav", speech(1.0))
    second = write_wav(tmp_path / "b.wav", speech(0.5, seed=2))
    sound = timeline(60, voice(first, Fraction(0)), voice(second, Fraction(1, 2), number=2))
    alone = timeline(60, voice(second, Fraction(1, 2), number=2))
    assert (mixed(sound)[:, RATE // 2 :] == mixed(alone)[:, RATE // 2 :]).all()


def test_loudness_is_that_of_the_ebus_own_example() -> None:
    # EBU Tech 3341, case 1: a stereo 1 kHz sine at −23 dBFS is −23 LUFS.
    sine = 10 ** (-23 / 20) * np.sin(2 * np.pi * 1000 * np.arange(20 * RATE) / RATE)
    blocks = np.split(np.stack([sine, sine]).astype(np.float32), 20, axis=1)
    assert loudness(blocks) == pytest.approx(-23, abs=0.1)


@pytest.mark.parametrize("level", [0.02, 0.2])
def test_every_video_is_equally_loud(tmp_path: Path, level: float) -> None:
    path = write_wav(tmp_path / "a.wav", speech(8, level=level))
    heard = encoded(timeline(300, voice(path, Fraction(1))), tmp_path / "a.m4a")
    assert loudness([heard]) == pytest.approx(-16, abs=0.6)


def true_peak(heard: Block) -> float:
    """The largest value between the samples too, in dB: four times oversampled by its spectrum."""
    count = heard.shape[1]
    spectrum = np.fft.rfft(heard, axis=1)
    return float(20 * np.log10(np.abs(np.fft.irfft(spectrum * 4, 4 * count, axis=1)).max()))


def test_peaks_stay_under_minus_one_decibel(tmp_path: Path) -> None:
    # Rare loud cracks over quiet speech: made louder as a whole, they would clip.
    samples = speech(6, level=0.03)
    samples[:: 22_050 // 2] = 0.99
    path = write_wav(tmp_path / "a.wav", samples)
    heard = encoded(timeline(240, voice(path, Fraction(1))), tmp_path / "a.m4a")
    assert true_peak(heard) < -1


def test_the_encoded_narration_stands_where_it_should(tmp_path: Path) -> None:
    samples = speech(2, rate=RATE)
    path = write_wav(tmp_path / "a.wav", samples, rate=RATE)
    heard = encoded(timeline(180, voice(path, Fraction(5, 2))), tmp_path / "a.m4a")[0]
    spectrum = np.fft.rfft(heard, 8 * RATE) * np.conj(np.fft.rfft(samples, 8 * RATE))
    assert abs(int(np.fft.irfft(spectrum).argmax()) - 5 * RATE // 2) <= 2


def test_encoded_sound_lasts_as_long_as_the_pictures(tmp_path: Path) -> None:
    heard = encoded(timeline(90), tmp_path / "a.m4a")
    assert 0 <= heard.shape[1] - 3 * RATE < 1024
    assert np.abs(heard).max() < 1e-4, "a video without narration is silent"
    with av.open(tmp_path / "a.m4a") as container:
        stream = container.streams.audio[0]
        assert stream.start_time == 0
        assert (stream.codec_context.name, stream.codec_context.sample_rate) == ("aac", RATE)
        assert stream.codec_context.layout.name == "stereo"


def test_encoding_can_be_stopped(tmp_path: Path) -> None:
    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        encode_sound(timeline(3000), tmp_path / "a.m4a", check=stop)


@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000])
@pytest.mark.parametrize("width", [2, 4])
def test_the_length_of_a_wav_is_exact(tmp_path: Path, rate: int, width: int) -> None:
    path = write_wav(tmp_path / "a.wav", speech(1.2345, rate=rate), rate=rate, width=width)
    assert wav_duration(path) == Fraction(round(1.2345 * rate), rate)


def wav_bytes(tmp_path: Path, seconds: float) -> bytes:
    return write_wav(tmp_path / "good.wav", speech(seconds)).read_bytes()


def test_what_is_no_narration_is_refused_by_its_scene(tmp_path: Path) -> None:
    good = wav_bytes(tmp_path, 0.5)
    cases = {
        "is not a readable WAV file": [b"", b"RIFF", b"#EXTM3U\nhttp://127.0.0.1/", b"\0" * 5000],
        "holds no sound": [wav_bytes(tmp_path, 0)],
        "is cut short": [good[: len(good) // 2]],
    }
    path = tmp_path / "s1.wav"
    for reason, contents in cases.items():
        for content in contents:
            path.write_bytes(content)
            with pytest.raises(MediaError, match=f"Scene 3: the narration {reason}"):
                wav_duration(path, scene="3")
    with pytest.raises(MediaError, match="The narration is missing"):
        wav_duration(tmp_path / "none.wav")


def test_compressed_sound_in_a_wav_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with av.open(path, "w", format="wav") as container:
        stream = container.add_stream("adpcm_ima_wav", rate=22_050, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 22_050), np.int16), "s16", "mono")
        frame.sample_rate = 22_050
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(MediaError, match="is not PCM"):
        wav_duration(path)


def test_the_digest_of_sound_covers_words_places_and_length() -> None:
    spoken = Voice(
        scene_id="s1", number=1, path=Path("a.wav"), start=Fraction(1), duration=Fraction(1)
    )
    later = Voice(
        scene_id="s1", number=1, path=Path("a.wav"), start=Fraction(2), duration=Fraction(1)
    )
    prints = {Path("a.wav"): "a"}
    digests = [
        sound_digest(timeline(270, spoken), prints),
        sound_digest(timeline(270, spoken), {Path("a.wav"): "b"}),
        sound_digest(timeline(270, later), prints),
        sound_digest(timeline(240, spoken), prints),
        sound_digest(timeline(270), prints),
    ]
    assert len(set(digests)) == len(digests)
    assert sound_digest(timeline(270, spoken), prints) == digests[0]
