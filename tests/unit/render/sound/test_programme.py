"""The programme: what is heard where, how loud, and how the file that holds it is made."""

from fractions import Fraction
from pathlib import Path

import av
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from render.errors import MediaError
from render.sound.arrangement import sample
from render.sound.graph import Block
from render.sound.loudness import (
    SILENCE,
    decode_sound,
    integrated,
    integrated_loudness,
    measure,
    momentary,
)
from render.sound.mix import mix, voice_parts
from render.sound.programme import TRUE_PEAK, encode_sound, sound_digest
from render.timeline import Timeline, Voice
from tests.support.sounds import (
    RATE,
    Floats,
    clip_sound,
    encoded,
    found,
    music_bed,
    speech,
    timeline,
    tone,
    voice,
    write_wav,
)


def mixed(sound: Timeline) -> Block:
    parts = voice_parts(sound, [0.0] * len(sound.voices))
    return np.concatenate(list(mix(parts, sample(sound.duration), check=lambda: None)), axis=1)


def test_a_narration_begins_at_its_sample(tmp_path: Path) -> None:
    click = np.zeros(4800)
    click[1000] = 0.9
    path = write_wav(tmp_path / "click.wav", click, rate=RATE)
    heard = mixed(timeline(90, voice(path, Fraction(13, 10))))
    assert heard.shape == (2, 3 * RATE)
    assert np.flatnonzero(np.abs(heard[0]) > 0.1).tolist() == [62_400 + 1000]
    assert (heard[0] == heard[1]).all()


@settings(max_examples=15, deadline=None)
@given(starts=st.lists(st.integers(0, 240), min_size=1, max_size=5, unique=True))
def test_every_narration_is_heard_at_its_place(
    tmp_path_factory: pytest.TempPathFactory, starts: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("voices")
    voices = [
        voice(
            write_wav(folder / f"{number}.wav", speech(0.03, rate=RATE, seed=number), rate=RATE),
            Fraction(start, 30),
            number=number,
        )
        for number, start in enumerate(sorted(starts))
    ]
    heard = mixed(timeline(270, *voices))[0]
    for number, spoken in enumerate(voices):
        assert found(speech(0.03, rate=RATE, seed=number), heard) == spoken.start * RATE


def test_a_narration_at_another_rate_keeps_place_and_length(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "tone.wav", tone(1, rate=22_050))
    heard = np.flatnonzero(np.abs(mixed(timeline(90, voice(path, 1)))[0]) > 0.01)
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
    assert all(block.shape[1] <= RATE for block in mix([], 100 * RATE, check=lambda: None))


def test_a_narration_that_is_longer_than_it_said_is_not_spoken_over(tmp_path: Path) -> None:
    first = write_wav(tmp_path / "a.wav", speech(1.0))
    second = write_wav(tmp_path / "b.wav", speech(0.5, seed=2))
    sound = timeline(60, voice(first, 0), voice(second, Fraction(1, 2), number=2))
    alone = timeline(60, voice(second, Fraction(1, 2), number=2))
    assert (mixed(sound)[:, RATE // 2 :] == mixed(alone)[:, RATE // 2 :]).all()


def test_loudness_is_that_of_the_ebus_own_example() -> None:
    # EBU Tech 3341, case 1: a stereo 1 kHz sine at −23 dBFS is −23 LUFS.
    sine = tone(20, hertz=1000, level=10 ** (-23 / 20))
    blocks = np.split(np.stack([sine, sine]).astype(np.float32), 20, axis=1)
    assert integrated_loudness(blocks) == pytest.approx(-23, abs=0.1)
    assert measure(blocks).integrated == integrated_loudness(blocks)
    assert measure(blocks).true_peak == pytest.approx(-23, abs=0.1)


@given(
    parts=st.lists(
        st.tuples(st.floats(0.05, 3), st.sampled_from([0.9, 0.3, 0.05, 0.004, 0.0])),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=30, deadline=None)
def test_gating_blocks_amount_to_what_ffmpeg_integrates(parts: list[tuple[float, float]]) -> None:
    samples = np.concatenate([tone(seconds, level=level) for seconds, level in parts])
    sound = [np.stack([samples, samples]).astype(np.float32)]
    if samples.size >= RATE // 2:
        assert integrated(momentary(sound)) == pytest.approx(integrated_loudness(sound), abs=0.15)
    assert len(momentary(sound)) == max(1, (samples.size - RATE * 3 // 10) * 10 // RATE)


def test_what_is_shorter_than_a_gating_block_has_a_loudness() -> None:
    sine = tone(0.1, hertz=1000, level=10 ** (-23 / 20))
    block = np.stack([sine, sine]).astype(np.float32)
    assert integrated(momentary([block])) == pytest.approx(-23, abs=0.5)
    assert integrated_loudness([block]) == SILENCE


@pytest.mark.parametrize("step", [-12, -20, -30, -38])
def test_narrations_are_brought_to_one_loudness(tmp_path: Path, step: int) -> None:
    loud = write_wav(tmp_path / "a.wav", speech(4, level=0.3))
    faint = write_wav(tmp_path / "b.wav", speech(4, level=0.3 * 10 ** (step / 20), seed=2), width=4)
    sound = timeline(300, voice(loud, 0), voice(faint, 5, number=2))
    heard = encoded(sound, tmp_path / "a.m4a")
    for begin in (0, 5):
        own = heard[:, begin * RATE : (begin + 4) * RATE]
        assert integrated_loudness([own]) == pytest.approx(-16, abs=1)


def true_peak(heard: Block) -> float:
    """The largest value between the samples too, in dB: four times oversampled by its spectrum."""
    count = heard.shape[1]
    spectrum = np.fft.rfft(heard, axis=1)
    return float(20 * np.log10(np.abs(np.fft.irfft(spectrum * 4, 4 * count, axis=1)).max()))


def cracks(seconds: float, *, every: float, level: float) -> Floats:
    """Rare loud cracks over a quiet voice: made louder as a whole, they would clip."""
    samples = speech(seconds, level=level)
    samples[:: round(22_050 * every)] = 0.99
    return samples


def bright(seconds: float) -> Floats:
    """A sine at a quarter of the rate, between whose samples peaks are 3 dB higher; in bursts."""
    at = np.arange(round(seconds * RATE))
    bursts = (at % RATE) < RATE // 50
    return np.where(bursts, 0.9 * np.sin(np.pi / 2 * at + np.pi / 4), 0.02 * np.sin(at))


@pytest.mark.parametrize(
    ("samples", "rate"),
    [
        (speech(8, level=0.02), 22_050),
        (speech(8, level=0.3), 22_050),
        (cracks(8, every=0.5, level=0.03), 22_050),
        (np.concatenate([np.zeros(4 * RATE), speech(4, rate=RATE)]), RATE),
    ],
    ids=["quiet", "loud", "cracks", "half of it silent"],
)
def test_every_video_is_equally_loud_and_peaks_below_minus_one(
    tmp_path: Path, samples: Floats, rate: int
) -> None:
    path = write_wav(tmp_path / "a.wav", samples, rate=rate)
    heard = encoded(timeline(300, voice(path, 1)), tmp_path / "a.m4a")
    assert integrated_loudness([heard]) == pytest.approx(-16, abs=0.5)
    assert true_peak(heard) <= -1
    assert measure([heard]).true_peak <= -1


@pytest.mark.parametrize(
    "samples", [bright(6), np.eye(1, 6 * RATE, 3 * RATE)[0] * 0.99], ids=["bright", "a click"]
)
def test_no_peak_passes_even_where_loudness_cannot_be_reached(
    tmp_path: Path, samples: Floats
) -> None:
    path = write_wav(tmp_path / "a.wav", samples, rate=RATE)
    heard = encoded(timeline(210, voice(path, Fraction(1, 2))), tmp_path / "a.m4a")
    assert true_peak(heard) <= -1
    assert measure([heard]).integrated <= -15.5


@pytest.mark.parametrize("frames", [1, 5, 11])
def test_what_is_too_short_to_measure_is_encoded_all_the_same(tmp_path: Path, frames: int) -> None:
    path = write_wav(tmp_path / "a.wav", tone(0.3), rate=RATE)
    heard = encoded(timeline(frames, voice(path, 0)), tmp_path / "a.m4a")
    assert 0 <= heard.shape[1] - frames * RATE // 30 < 1024
    assert np.abs(heard).max() > 0.1
    assert true_peak(heard) <= -1


def test_silence_stays_silent(tmp_path: Path) -> None:
    faint = write_wav(tmp_path / "a.wav", np.zeros(RATE), rate=RATE)
    room = write_wav(tmp_path / "b.wav", speech(1, level=0.0002), width=4)
    for sound in (timeline(90), timeline(90, voice(faint, 0)), timeline(90, voice(room, 0))):
        heard = encoded(sound, tmp_path / "a.m4a")
        assert np.abs(heard).max() < 0.002
        assert integrated_loudness([heard]) == SILENCE


def test_the_encoded_narration_stands_where_it_should(tmp_path: Path) -> None:
    samples = speech(2, rate=RATE)
    path = write_wav(tmp_path / "a.wav", samples, rate=RATE)
    heard = encoded(timeline(180, voice(path, Fraction(5, 2))), tmp_path / "a.m4a")[0]
    assert abs(found(samples, heard) - 5 * RATE // 2) <= 2


def test_encoded_sound_lasts_as_long_as_the_pictures(tmp_path: Path) -> None:
    heard = encoded(timeline(90), tmp_path / "a.m4a")
    assert 0 <= heard.shape[1] - 3 * RATE < 1024
    with av.open(tmp_path / "a.m4a") as container:
        stream = container.streams.audio[0]
        assert stream.start_time == 0
        assert (stream.codec_context.name, stream.codec_context.sample_rate) == ("aac", RATE)
        assert stream.codec_context.layout.name == "stereo"


def test_the_same_sound_has_the_same_bytes(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", speech(2))
    sound = timeline(90, voice(path, 0), music=music_bed(path))
    for name in ("one", "two"):
        encode_sound(sound, tmp_path / name, check=lambda: None)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_it_is_told_what_was_heard(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", speech(2))
    place = tmp_path / "a.m4a"
    hearing = encode_sound(timeline(90, voice(path, 1, number=4)), place, check=lambda: None)
    assert hearing.loudness == measure(decode_sound(place))
    assert [heard.number for heard in hearing.voices] == [4]


@pytest.mark.parametrize("looks", [1, 5, 12])
def test_encoding_can_be_stopped_at_any_time(tmp_path: Path, looks: int) -> None:
    path = write_wav(tmp_path / "a.wav", speech(3))
    left = looks

    def stop() -> None:
        nonlocal left
        left -= 1
        if not left:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        encode_sound(timeline(120, voice(path, 0)), tmp_path / "a.m4a", check=stop)


def test_a_narration_that_is_gone_is_named(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", speech(1))
    sound = timeline(60, voice(path, 0, number=5))
    path.unlink()
    with pytest.raises(MediaError, match="Scene 5: the narration is missing"):
        encode_sound(sound, tmp_path / "a.m4a", check=lambda: None)


def test_the_digest_covers_whatever_is_heard_and_no_names() -> None:
    path, other = Path("a.wav"), Path("b.wav")
    prints = {path: "a", other: "b"}
    spoken = Voice(scene_id="s1", number=1, path=path, start=Fraction(1), duration=Fraction(1))
    clip, music = clip_sound(path, 0, 2, trim=1), music_bed(path)
    whole = timeline(270, spoken, sounds=(clip,), music=music)
    digest = sound_digest(whole, prints)

    def changed(part: str, **fields: object) -> str:
        parts = {"voice": spoken, "clip": clip, "music": music}
        parts[part] = msgspec.structs.replace(parts[part], **fields)
        edited = timeline(270, parts["voice"], sounds=(parts["clip"],), music=parts["music"])
        return sound_digest(edited, prints)

    digests = [
        digest,
        sound_digest(whole, {**prints, path: "c"}),
        sound_digest(timeline(240, spoken, sounds=(clip,), music=music), prints),
        sound_digest(timeline(270, spoken, sounds=(clip,)), prints),
        sound_digest(timeline(270, spoken, music=music), prints),
        sound_digest(timeline(270, sounds=(clip,), music=music), prints),
    ]
    for part, struct in (("voice", spoken), ("clip", clip), ("music", music)):
        for name, value in msgspec.structs.asdict(struct).items():
            if name == "path":
                digests.append(changed(part, path=other))
            elif name in {"scene_id", "number"}:
                assert changed(part, **{name: 9 if name == "number" else "s9"}) == digest
            else:
                digests.append(changed(part, **{name: value + 1}))
    assert len(set(digests)) == len(digests)


@pytest.mark.parametrize(("seed", "start"), [(2, 0.3), (3, 0.31)])
def test_a_click_that_the_encoder_raises_gives_way(tmp_path: Path, seed: int, start: float) -> None:
    # 31 ms of noise, which AAC lets peak above full scale whatever the limiter holds down.
    path = write_wav(tmp_path / "click.wav", speech(0.5, rate=RATE, seed=seed)[:1500], rate=RATE)
    heard = encode_sound(timeline(36, voice(path, start)), tmp_path / "a.m4a", check=lambda: None)
    assert heard.loudness.true_peak <= TRUE_PEAK
