"""Narrations in WAV files of every kind: how long they are, and where they pause."""

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from render.errors import MediaError
from render.sound.track import blocks
from render.sound.wav import listen, narration, pauses, wav_duration
from tests.support.sounds import RATE, Floats, found, level, speech, tone, write_track, write_wav


def heard(path: Path) -> Floats:
    return np.concatenate(list(blocks(narration(path))), axis=1).astype(np.float64)


@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000, 96_000])
@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_every_rate_and_width_keeps_length_place_and_level(
    tmp_path: Path, rate: int, width: int
) -> None:
    samples = np.concatenate([np.zeros(rate // 2), tone(1.2345, rate=rate)])
    path = write_wav(tmp_path / "a.wav", samples, rate=rate, width=width)
    assert wav_duration(path) == Fraction(len(samples), rate)
    sound = heard(path)
    assert abs(sound.shape[1] - len(samples) * RATE / rate) <= 2
    assert level(sound[:, RATE:]) == pytest.approx(level(samples[rate:]) - 3, abs=0.2)
    first = np.flatnonzero(np.abs(sound[0]) > 0.1)[0]
    assert first == pytest.approx(RATE / 2, abs=RATE / 500)


def chunks(form: bytes, data: bytes, *, claimed: int | None = None) -> bytes:
    size = len(data) if claimed is None else claimed
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", size)
    return b"RIFF" + struct.pack("<I", min(len(body) + size, 0xFFFFFFFF)) + body + data


def test_floating_point_is_pcm_too(tmp_path: Path) -> None:
    data = tone(1).astype("<f4").tobytes()
    path = tmp_path / "a.wav"
    path.write_bytes(chunks(struct.pack("<HHIIHH", 3, 1, RATE, 4 * RATE, 4, 32), data))
    assert wav_duration(path) == 1
    assert level(heard(path)) == pytest.approx(level(tone(1)) - 3, abs=0.1)


def test_a_length_that_was_not_known_when_it_was_written_is_counted(tmp_path: Path) -> None:
    data = (tone(1) * 32_767).astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)
    path = tmp_path / "a.wav"
    path.write_bytes(chunks(form, data, claimed=0xFFFFFFFF))
    assert wav_duration(path) == 1


@pytest.mark.parametrize("channels", [1, 2, 3, 6, 8, 9, 24])
def test_a_voice_is_heard_in_whichever_channel_it_is(tmp_path: Path, channels: int) -> None:
    for spoken in range(channels):
        samples = np.zeros((4800, channels))
        samples[:, spoken] = tone(0.1)
        sound = heard(write_wav(tmp_path / "a.wav", samples, rate=RATE))
        quietest = -3 if channels <= 2 else -10 * np.log10(channels)
        assert level(sound) > level(tone(0.1)) + quietest - 4
        if channels > 2:
            assert (sound[0] == sound[1]).all(), "in the middle"


def test_stereo_stays_stereo(tmp_path: Path) -> None:
    left = np.stack([tone(0.1), np.zeros(4800)], axis=1)
    sound = heard(write_wav(tmp_path / "a.wav", left, rate=RATE))
    assert level(sound[0]) > -10
    assert level(sound[1]) < -100


def test_what_is_no_narration_is_refused_by_its_scene(tmp_path: Path) -> None:
    good = write_wav(tmp_path / "good.wav", speech(0.5)).read_bytes()
    cases = {
        "is not a readable WAV, MP3, MP4, AAC, FLAC, Ogg or WebM file": [
            b"",
            b"RIFF",
            b"#EXTM3U\nhttp://127.0.0.1/",
            b"\0" * 5000,
        ],
        "holds no sound": [write_wav(tmp_path / "none.wav", np.zeros(0)).read_bytes()],
        "is cut short": [good[: len(good) // 2]],
        "has 1 samples a second": [chunks(struct.pack("<HHIIHH", 1, 1, 1, 2, 2, 16), b"\0" * 99)],
    }
    path = tmp_path / "s1.wav"
    for reason, contents in cases.items():
        for content in contents:
            path.write_bytes(content)
            with pytest.raises(MediaError, match=f"Scene 3: the narration {reason}") as caught:
                wav_duration(path, scene="3")
            assert caught.value.params == {"scene": "3"}
    with pytest.raises(MediaError, match="The narration is missing"):
        wav_duration(tmp_path / "no.wav")


def test_a_compressed_narration_that_breaks_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.m4a"
    with av.open(path, "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("aac", rate=RATE, layout="mono")
        sound = speech(6, rate=RATE).astype(np.float32)[np.newaxis]
        frame = av.AudioFrame.from_ndarray(sound, "fltp", "mono")
        frame.sample_rate = RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    seconds, ear = listen(path, scene="3")
    assert seconds == pytest.approx(6, abs=0.05)
    assert not ear.silent
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(MediaError, match=r"Scene 3: the narration is (cut short|damaged)"):
        listen(path, scene="3")


def test_a_compressed_narration_without_its_last_packets_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.m4a"
    write_track(tmp_path / "b.m4a", speech(6, rate=RATE), codec="aac")
    # Fragments are whole each: nothing but the length in the header tells of those that are gone.
    with (
        av.open(tmp_path / "b.m4a") as source,
        av.open(
            path,
            "w",
            format="mp4",
            options={"movflags": "empty_moov+default_base_moof+frag_every_frame"},
        ) as target,
    ):
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.size:
                packet.stream = stream
                target.mux(packet)
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b"moof", 0, len(whole) // 2) - 4])
    seconds, _ = listen(path, scene="3")
    assert seconds < 4, "as a recorder that was interrupted leaves it"
    header = bytearray(path.read_bytes())
    at = header.index(b"mdhd") + 16
    header[at + 4 : at + 8] = (6 * RATE).to_bytes(4, "big")
    path.write_bytes(header)
    with pytest.raises(MediaError, match="Scene 3: the narration is cut short"):
        listen(path, scene="3")


@pytest.mark.parametrize("rate", [RATE, 44_100])
def test_what_fills_the_last_packet_of_an_m4a_is_no_narration(tmp_path: Path, rate: int) -> None:
    samples = speech(2.5, rate=rate)
    path = write_track(tmp_path / "a.m4a", samples, codec="aac", rate=rate)
    seconds, _ = listen(path)
    assert float(seconds) == pytest.approx(len(samples) / rate, abs=0.002)


def test_compressed_sound_in_a_wav_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with av.open(path, "w", format="wav") as container:
        stream = container.add_stream("adpcm_ima_wav", rate=22_050, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 22_050), np.int16), "s16", "mono")
        frame.sample_rate = 22_050
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(MediaError, match="holds no sound that can be decoded"):
        wav_duration(path)


def test_a_track_is_heard_from_any_second_on(tmp_path: Path) -> None:
    samples = speech(5, rate=RATE)
    path = write_wav(tmp_path / "a.wav", samples, rate=RATE)
    late = np.concatenate(list(blocks(narration(path), start=Fraction(3))), axis=1)
    assert late.shape[1] == 2 * RATE
    assert found(samples, late[0]) == late.shape[1] + len(samples) - 3 * RATE


@settings(max_examples=20, deadline=None)
@given(
    lengths=st.lists(st.floats(0.3, 1.5), min_size=1, max_size=4),
    gaps=st.lists(st.floats(0.25, 1.5), min_size=4, max_size=4),
    loud=st.floats(0.01, 0.3),
)
def test_pauses_are_where_nobody_speaks(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[float], gaps: list[float], loud: float
) -> None:
    # A voice 40 dB above the room it is in, whatever the level of both.
    parts: list[Floats] = []
    wanted: list[tuple[float, float]] = []
    at = 0.0
    for length, gap in zip(lengths, gaps, strict=False):
        parts += [np.random.default_rng(1).standard_normal(round(length * 8000)) * loud]
        parts += [np.zeros(round(gap * 8000))]
        wanted.append((at + length, at + length + gap))
        at += length + gap
    samples = np.concatenate(parts)
    samples += np.random.default_rng(2).standard_normal(len(samples)) * loud / 100
    path = write_wav(tmp_path_factory.mktemp("pauses") / "a.wav", samples, rate=8000, width=4)
    told = pauses(path)
    assert np.allclose(np.array(told, float), wanted, atol=0.03)
    assert all(0 <= begin < end <= wav_duration(path) for begin, end in told)


def test_who_never_pauses_and_who_never_speaks(tmp_path: Path) -> None:
    assert pauses(write_wav(tmp_path / "a.wav", tone(2), rate=RATE)) == ()
    assert pauses(write_wav(tmp_path / "b.wav", np.zeros(2 * RATE), rate=RATE)) == ((0, 2),)
    assert pauses(write_wav(tmp_path / "c.wav", tone(0.005), rate=RATE)) == ()
