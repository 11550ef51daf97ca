"""Sound in real files: clips' own tracks, what a hearing tells, and pictures it stays with."""

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from render.delivery.joiner import join
from render.errors import MediaError
from render.sound.arrangement import sample
from render.sound.graph import Block
from render.sound.hearing import hear
from render.sound.loudness import decode_sound, integrated_loudness
from render.sound.mix import clip_parts, mix
from render.sound.programme import encode_sound
from render.sound.waveform import waveform
from render.timeline import Timeline
from tests.support.sounds import (
    RATE,
    clip_sound,
    encoded,
    found,
    level,
    music_bed,
    speech,
    timeline,
    tone,
    voice,
    write_clip,
    write_wav,
)


def go_on() -> None: ...


def clips_of(sound: Timeline) -> Block:
    parts, total = clip_parts(sound, speech=()), sample(sound.duration)
    return np.concatenate(list(mix(parts, total, check=go_on)), axis=1)


KINDS = [("c.mp4", "aac"), ("c.mov", "pcm_s16le"), ("c.webm", "libopus"), ("c.mp4", "libmp3lame")]


@pytest.mark.parametrize(("name", "codec"), KINDS)
@pytest.mark.parametrize("trim", [0, 0.1, 1.7])
def test_a_clip_is_heard_from_its_trimmed_start(
    tmp_path: Path, name: str, codec: str, trim: float
) -> None:
    samples = speech(4, rate=RATE)
    path = write_clip(tmp_path / name, samples, codec=codec)
    heard = clips_of(timeline(120, sounds=(clip_sound(path, 1, 2, trim=trim),)))
    assert heard.shape[1] == 4 * RATE
    assert not heard[:, :RATE].any()
    assert not heard[:, 3 * RATE :].any()
    cut = samples[round(trim * RATE) :][: 2 * RATE]
    assert abs(found(cut, heard[0]) - RATE) <= RATE // 1000, "to the millisecond"
    # Codecs leave out the highest of a noise.
    assert level(heard[0, RATE : 3 * RATE]) == pytest.approx(level(cut) - 0.7, abs=0.8)


def test_a_clip_is_raised_and_fades_with_its_picture(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "c.mov", tone(4), codec="pcm_s16le")
    own = clip_sound(path, 0, 4, fade_in=1, fade_out=2, volume=-6)
    heard = clips_of(timeline(120, sounds=(own,)))[0]
    full = level(tone(1)) - 6
    assert level(heard[RATE : 2 * RATE]) == pytest.approx(full, abs=0.1)
    for middle in (RATE // 2, 3 * RATE):
        assert level(heard[middle - 480 : middle + 480]) == pytest.approx(full - 3, abs=0.2)


def test_two_clips_that_give_way_are_together_as_loud_as_either(tmp_path: Path) -> None:
    one = write_clip(tmp_path / "1.mov", speech(3, rate=RATE, seed=1), codec="pcm_s16le")
    two = write_clip(tmp_path / "2.mov", speech(3, rate=RATE, seed=2), codec="pcm_s16le")
    sounds = (clip_sound(one, 0, 3, fade_out=1), clip_sound(two, 2, 3, fade_in=1))
    heard = clips_of(timeline(150, sounds=sounds))[0]
    assert level(heard[2 * RATE : 3 * RATE]) == pytest.approx(level(heard[:RATE]), abs=0.5)


def test_a_clip_shorter_than_its_scene_falls_silent(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "c.mp4", tone(1))
    heard = clips_of(timeline(120, sounds=(clip_sound(path, 0, 4),)))
    assert level(heard[0, : RATE // 2]) > -12
    assert not heard[:, 2 * RATE :].any()


def test_a_track_with_a_hole_keeps_its_times(tmp_path: Path) -> None:
    path = tmp_path / "c.webm"
    samples = speech(4, rate=RATE)
    with av.open(path, "w") as container:
        stream = container.add_stream("libopus", rate=RATE)
        stream.codec_context.layout = "stereo"
        frame = av.AudioFrame.from_ndarray(
            np.stack([samples, samples]).astype(np.float32), "fltp", "stereo"
        )
        frame.sample_rate, frame.pts = RATE, 0
        resampler = av.AudioResampler("flt", "stereo", RATE)
        packets = [p for b in (*resampler.resample(frame), None) for p in stream.encode(b)]
        for packet in packets:
            if not 1 <= packet.pts * packet.time_base < 2:
                container.mux(packet)
    heard = clips_of(timeline(120, sounds=(clip_sound(path, 0, 4),)))[0]
    assert level(heard[round(1.1 * RATE) : round(1.9 * RATE)]) < -60
    late = samples[round(2.5 * RATE) : 3 * RATE]
    assert abs(found(late, heard) - 2.5 * RATE) <= RATE // 100


def test_what_a_clip_cannot_give_is_said_with_its_scene(tmp_path: Path) -> None:
    good = write_clip(tmp_path / "good.mp4", speech(2, rate=RATE))
    mute = write_clip(tmp_path / "mute.mp4", None)
    data = bytearray(good.read_bytes())
    media = data.index(b"mdat")
    rng = np.random.default_rng(1)
    for at in range(media + 2000, media + 20_000, 50):
        data[at] = int(rng.integers(256))
    cases = {
        "is damaged": bytes(data),
        "holds no sound": mute.read_bytes(),
        "is not a readable MP4 or WebM file": b"#EXTM3U\n",
    }
    path = tmp_path / "c.mp4"
    for reason, content in cases.items():
        path.write_bytes(content)
        with pytest.raises(MediaError, match=f"Scene 7: the clip's sound {reason}"):
            clips_of(timeline(60, sounds=(clip_sound(path, 0, 2),)))


def test_clips_voice_and_music_together_are_as_loud_as_ever(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "c.mp4", speech(3, rate=RATE, level=0.02))
    spoken = write_wav(tmp_path / "v.wav", speech(4))
    music = write_wav(tmp_path / "m.wav", speech(3, rate=RATE, seed=5), rate=RATE)
    for sound in (
        timeline(150, sounds=(clip_sound(clip, 1, 3, volume=-6),)),
        timeline(300, voice(spoken, 5), sounds=(clip_sound(clip, 1, 3),), music=music_bed(music)),
    ):
        assert integrated_loudness([encoded(sound, tmp_path / "a.m4a")]) == pytest.approx(
            -16, abs=0.5
        )


def test_a_hearing_tells_level_place_and_clipping_of_each_voice(tmp_path: Path) -> None:
    spoken = write_wav(tmp_path / "v.wav", speech(2, rate=RATE), rate=RATE)
    mute = write_wav(tmp_path / "m.wav", np.zeros(RATE), rate=RATE)
    promised = timeline(240, voice(spoken, 1, number=1), voice(mute, 5, number=2))
    place = tmp_path / "a.m4a"
    encode_sound(promised, place, check=go_on)
    hearing = hear(place, promised)
    first, second = hearing.voices
    assert (first.number, first.offset) == (1, pytest.approx(0, abs=0.001))
    whole = np.concatenate(list(decode_sound(place)), axis=1)
    tenths = np.split(whole[:, RATE : 3 * RATE], 20, axis=1)
    assert first.level == pytest.approx(max(map(level, tenths)), abs=0.01)
    assert (second.offset, second.level < -80) == (None, True)
    assert hearing.clipped == ()
    assert hearing.samples == pytest.approx(8 * RATE, abs=1024)
    assert hearing.offset == pytest.approx(0, abs=0.001)

    late = timeline(240, voice(spoken, Fraction(21, 20), number=1))
    assert hear(place, late).offset == pytest.approx(0.05, abs=0.001)


def test_a_hearing_finds_clipped_stretches(tmp_path: Path) -> None:
    loud = np.concatenate([np.zeros(RATE), tone(0.5, level=1.5), np.zeros(RATE)])
    path = write_clip(tmp_path / "c.mov", loud, codec="pcm_f32le")
    (stretch,) = hear(path, timeline(75)).clipped
    assert (stretch.start, stretch.end) == pytest.approx((1, 1.5), abs=0.03)


def test_a_waveform_shows_what_is_heard_where(tmp_path: Path) -> None:
    samples = np.concatenate([np.zeros(RATE), tone(1), np.zeros(2 * RATE)])
    path = write_clip(tmp_path / "c.mp4", samples)
    peaks = waveform(path, samples=4 * RATE, columns=400)
    assert np.abs(peaks[:, :95]).max() < 0.05
    assert np.allclose(np.abs(peaks[:, 105:195]), 0.5, atol=0.1)
    assert np.abs(peaks[:, 205:]).max() < 0.05


def flashing(path: Path, frames: int, flashes: set[int], fps: Fraction) -> Path:
    """Black pictures, and at some frames a white one."""
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        stream.codec_context.max_b_frames = 0
        stream.codec_context.options = {"preset": "ultrafast"}
        black, white = (
            av.VideoFrame.from_ndarray(np.full((96, 64), luma, np.uint8), "yuv420p")
            for luma in (16, 235)
        )
        for number in range(frames):
            picture = white if number in flashes else black
            picture.pts, picture.time_base = number, 1 / fps
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


_FILM, _NTSC = Fraction(24000, 1001), Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("minutes", "fps"),
    [
        (5, _NTSC),
        pytest.param(20, _FILM, marks=pytest.mark.slow),
        pytest.param(20, Fraction(30), marks=pytest.mark.slow),
    ],
)
def test_sound_stays_with_the_pictures_to_the_end(
    tmp_path: Path, minutes: int, fps: Fraction
) -> None:
    samples = speech(1, rate=RATE)
    spoken = write_wav(tmp_path / "v.wav", samples, rate=RATE)
    frames = round(minutes * 60 * fps)
    starts = [30, frames // 3 + 7, frames // 2 + 13, frames - 45]
    promised = timeline(
        frames,
        *(voice(spoken, start / fps, number=n) for n, start in enumerate(starts, 1)),
        fps=fps,
    )
    sound, video, whole = (tmp_path / name for name in ("a.m4a", "v.mp4", "whole.mp4"))
    encode_sound(promised, sound, check=go_on)
    join([flashing(video, frames, set(starts), fps)], sound, whole, fps=fps, check=go_on)

    with av.open(whole) as container:
        stream = container.streams.video[0]
        seen = [
            float(frame.pts * stream.time_base)
            for frame in container.decode(stream)
            if frame.to_ndarray().mean() > 100
        ]
    position = 0
    around = {start: np.zeros(0) for start in starts}
    for block in decode_sound(whole):
        for start in starts:
            at = int(start / fps * RATE)
            first, last = (at - RATE // 2, at + 2 * RATE)
            piece = block[0, max(0, first - position) : max(0, last - position)]
            around[start] = np.concatenate([around[start], piece])
        position += block.shape[1]
    heard = [
        int(start / fps * RATE) / RATE - 0.5 + found(samples, around[start]) / RATE
        for start in starts
    ]
    assert np.allclose(seen, heard, atol=0.001), "asked were 20 ms"
    assert position == pytest.approx(float(frames / fps * RATE), abs=1024)
    assert all(abs(told.offset or 0) <= 0.001 for told in hear(whole, promised).voices)


def test_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    spoken = write_wav(tmp_path / "v.wav", speech(1.23))
    music = write_wav(tmp_path / "m.wav", speech(10, rate=RATE, seed=3), rate=RATE)
    script = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from render.sound.programme import encode_sound\n"
        "from tests.support.sounds import music_bed, timeline, voice\n"
        "folder, seconds = Path(sys.argv[1]), int(sys.argv[2])\n"
        "voices = [voice(folder / 'v.wav', at) for at in range(0, seconds, 2)]\n"
        "sound = timeline(seconds * 30, *voices, music=music_bed(folder / 'm.wav'))\n"
        "encode_sound(sound, folder / f'{seconds}.m4a', check=lambda: None)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    assert spoken.parent == music.parent == tmp_path
    peaks = [
        int(
            subprocess.run(
                [sys.executable, "-c", script, tmp_path, str(seconds)],
                cwd=Path(__file__).parents[4],
                capture_output=True,
                check=True,
            ).stdout
        )
        for seconds in (10, 100)
    ]
    assert peaks[1] - peaks[0] < 8 * 1024, "kibibytes, where 90 seconds would take 33 mebibytes"
