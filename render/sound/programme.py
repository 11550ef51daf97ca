"""The sound of a video: narrations, music and the clips' own, at one loudness, as AAC.

Everything stands at its exact sample. Two passes: one levels the narrations and measures how
loud the programme is after EBU R128; the other mixes it, brings it to the target by a single
gain, holds its peaks down, and encodes. What comes out is decoded and measured: where limiting
cost loudness, or encoding raised a peak between the samples, that is made good and encoded
once more, so that what was promised of the sound is true of the file. Speech needs that
hardly ever.

Memory does not grow with length.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from pathlib import Path

import av
import msgspec
import numpy as np

from render.rendition import rate_digested
from render.sound.arrangement import RATE, sample
from render.sound.graph import Block, filter_blocks
from render.sound.hearing import Hearing, hear
from render.sound.loudness import TARGET_LUFS, Loudness, integrated_loudness
from render.sound.mix import Part, clip_parts, factor, mix, voice_parts
from render.sound.music import music_part
from render.sound.speech import listen
from render.timeline import ClipSound, MusicBed, Timeline, Voice

TRUE_PEAK = -1.0
"""dBTP that nothing passes, once decoded."""

_SLIGHT = -12.0
"""LU against the voice: music that is fainter moves the whole by less than the tolerance."""
_TOLERANCE = 0.3
"""LU by which the finished sound may miss the target before it is corrected."""
_CEILING = -2.0
"""dB for samples at first: between them, and through AAC, peaks rise by less than a decibel."""
_MARGIN = 0.1
"""dB by which the ceiling is lowered beyond what was measured."""
_ROUNDS = 4
"""Encoding runs that look for both. Mere clicks are as loud as asked only if they pass the peak."""
_QUIETER_ROUNDS = 4
"""Those after them at the most: of a short noise AAC may raise the peak however low the ceiling is,
and then the whole gives way, since loudness may be missed and the peak may not."""
_STEP = 0.5
"""dB by which it does so beyond what was measured."""
_MAX_GAIN = 24.0
"""dB: past this it would be the room's noise that is made loud."""
_SILENCE = -60.0
"""LUFS below which there is nothing to make louder."""
_AAC = {"aac_coder": "fast", "flags": "+qscale", "global_quality": "177"}
"""Constant quality, about 140 kb/s for speech and 190 for music: at these rates FFmpeg's
simpler coder leaves less noise than its other one, and with no rate to keep to it does not
try again and again to spend bits on silence."""
_RECIPE = 4


class _Setting(msgspec.Struct, frozen=True):
    """What a run of encoding is done with, in decibels."""

    gain: float
    ceiling: float

    def after(self, measured: Loudness) -> "_Setting":
        """Return what would have come nearer to the targets; itself, where they were met."""
        gain, ceiling = self.gain, self.ceiling
        missed = TARGET_LUFS - measured.integrated
        if measured.integrated > _SILENCE and abs(missed) > _TOLERANCE:
            gain = min(gain + missed, _MAX_GAIN)
        if measured.true_peak > TRUE_PEAK:
            ceiling -= measured.true_peak - TRUE_PEAK + _MARGIN
        return _Setting(gain, ceiling)

    def below(self, measured: Loudness) -> "_Setting":
        """Return what is quieter as a whole; itself, where the peak is kept to."""
        if measured.true_peak <= TRUE_PEAK:
            return self
        less = measured.true_peak - TRUE_PEAK + _STEP
        return _Setting(self.gain - less, self.ceiling - less)


def sound_digest(timeline: Timeline, fingerprints: Mapping[Path, str]) -> str:
    """Return the digest of everything that decides the sound's bytes."""
    content = [
        _RECIPE,
        av.library_versions,
        np.__version__,
        [timeline.frames, rate_digested(timeline.fps)],
        [_identity(voice, fingerprints) for voice in timeline.voices],
        [_identity(sound, fingerprints) for sound in timeline.sounds],
        timeline.music and _identity(timeline.music, fingerprints),
    ]
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()


def encode_sound(timeline: Timeline, place: Path, *, check: Callable[[], None]) -> Hearing:
    """Write a timeline's sound as AAC in an MP4 of its own, and return what is heard of it.

    `check` is called often, and stops the work by raising. Raises `MediaError`, which
    names the scene, where something that is to be heard is missing or damaged.
    """
    total = sample(timeline.duration)
    parts, loudness = _arrange(timeline, total, check)
    gain = min(TARGET_LUFS - loudness, _MAX_GAIN) if loudness > _SILENCE else 0.0
    setting = _Setting(gain, _CEILING)
    rounds = 0
    while True:
        _encode(mix(parts, total, check=check), place, setting)
        hearing = hear(place, timeline, check=check)
        rounds += 1
        step = setting.after if rounds < _ROUNDS else setting.below
        better = step(hearing.loudness)
        if better == setting or rounds == _ROUNDS + _QUIETER_ROUNDS:
            return hearing
        setting = better


def _encode(mixed: Iterable[Block], place: Path, setting: _Setting) -> None:
    gain = factor(setting.gain)
    # `level` would turn the result up again; `latency` takes back the delay of
    # the limiter's look-ahead, which keeps the voice in its place.
    limit = f"limit={factor(setting.ceiling):.6f}:attack=5:release=80:level=0:latency=1"
    with av.open(place, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=RATE, options=_AAC)
        stream.codec_context.layout = "stereo"
        position = 0
        for frame in filter_blocks((block * gain for block in mixed), ("alimiter", limit)):
            frame.pts = position
            frame.time_base = Fraction(1, RATE)
            position += frame.samples
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _arrange(timeline: Timeline, total: int, check: Callable[[], None]) -> tuple[list[Part], float]:
    """Return everything that is heard, and how loud that is in LUFS before any gain."""
    speech = listen(timeline, check=check)
    loudness = speech.loudness
    parts = [*voice_parts(timeline, speech.gains), *clip_parts(timeline, speech.spans)]
    if timeline.sounds:
        loudness = integrated_loudness(mix(parts, total, check=check))
    bed = timeline.music
    if bed is None:
        return parts, loudness
    # The voice sets the measure; without one, the clips; without either, nothing needs to.
    reference = speech.loudness if timeline.voices else loudness
    music = music_part(bed, speech, reference=reference, total=total, check=check)
    if music is None:
        return parts, loudness
    if not parts or bed.volume > _SLIGHT:
        loudness = integrated_loudness(mix([*parts, music], total, check=check))
    return [*parts, music], loudness


def _identity(part: Voice | ClipSound | MusicBed, fingerprints: Mapping[Path, str]) -> list[str]:
    return [
        fingerprints[value] if isinstance(value, Path) else str(value)
        for name, value in msgspec.structs.asdict(part).items()
        # What a scene is called is not heard.
        if name not in {"scene_id", "number"}
    ]
