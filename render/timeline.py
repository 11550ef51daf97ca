"""A timeline: when each scene is seen and each narration heard, in exact time.

`build` is pure: storyboard and media in, timeline out, or `LimitExceeded`.
Pictures are placed on whole frames; narrations at exact rational seconds, which
at 48 kHz and 30 fps are whole samples. Nothing here is a float.

    scene 1   ├────────────────────┤
    scene 2                    ├──────────────────┤      ├──┤ fade: both are seen
    voice     ··├───────────┤··  ··├─────────┤··         ·· lead-in and tail
"""

from collections.abc import Mapping
from fractions import Fraction
from math import ceil
from pathlib import Path

import msgspec

from render.errors import LimitExceeded, MediaError
from render.storyboard import Limits, Motion, Scene, Storyboard, Transition


class Pacing(msgspec.Struct, frozen=True, kw_only=True):
    """How much air a scene has, in seconds."""

    lead_in: Fraction = Fraction(3, 10)
    """From the first sight of a scene to its first word, at the least."""
    tail: Fraction = Fraction(6, 10)
    """From its last word to the last sight of it, at the least."""
    silent_scene: Fraction = Fraction(3)
    """How long a scene without narration lasts when nothing else is asked."""
    crossfade: Fraction = Fraction(1, 2)
    """Shorter where scenes are short or the voice would run into the next one."""


class SceneMedia(msgspec.Struct, frozen=True, kw_only=True):
    """The files one scene is made of."""

    picture: Path
    narration: Path | None = None
    narration_seconds: Fraction = Fraction(0)
    """How long the narration is; `render.sound.programme.wav_duration` measures it."""


class Shot(msgspec.Struct, frozen=True, kw_only=True):
    """One scene's picture on the timeline; all times in frames."""

    scene_id: str
    number: int
    """Counts from 1, as editors do."""
    picture: Path
    motion: Motion
    start: int
    frames: int
    """How long it is seen, both fades included."""
    fade_in: int
    """Frames shared with the shot before."""
    fade_out: int
    """Frames shared with the shot after."""

    @property
    def end(self) -> int:
        """The first frame after the shot."""
        return self.start + self.frames


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    """One narration on the timeline; times in seconds."""

    scene_id: str
    number: int
    path: Path
    start: Fraction
    duration: Fraction

    @property
    def end(self) -> Fraction:
        """When its last sample has sounded."""
        return self.start + self.duration


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """A whole video: shots that overlap only where they fade, voices that never do."""

    fps: int
    shots: tuple[Shot, ...]
    voices: tuple[Voice, ...]

    @property
    def frames(self) -> int:
        """The length in frames."""
        return self.shots[-1].end

    @property
    def duration(self) -> Fraction:
        """The length in seconds."""
        return Fraction(self.frames, self.fps)


def build(
    storyboard: Storyboard,
    media: Mapping[str, SceneMedia],
    *,
    fps: int = 30,
    limits: Limits = Limits(),  # noqa: B008  frozen
    pacing: Pacing = Pacing(),  # noqa: B008  frozen
) -> Timeline:
    """Place every scene of a storyboard; `media` is keyed by scene id.

    A scene lasts as long as was asked, but never shorter than its narration and
    the air around it. Raises `InvalidStoryboard`, `LimitExceeded` naming the
    scene by its number, or `MediaError` where a scene has no media.
    """
    storyboard.check(limits)
    lengths: list[int] = []
    for number, scene in enumerate(storyboard.scenes, start=1):
        if scene.id not in media:
            raise MediaError(f"Scene {number}: the picture is missing.", scene=str(number))
        seconds = _scene_seconds(scene, media[scene.id], pacing)
        if seconds > limits.max_scene_seconds:
            raise LimitExceeded(
                "the length",
                limit=limits.max_scene_seconds,
                value=float(seconds),
                unit="seconds",
                scene=str(number),
            )
        lengths.append(max(1, ceil(seconds * fps)))

    shots: list[Shot] = []
    voices: list[Voice] = []
    start = fade_in = 0
    for index, scene in enumerate(storyboard.scenes):
        length, own = lengths[index], media[scene.id]
        fade_out = (
            _fade(length, lengths[index + 1], fps=fps, pacing=pacing)
            if index + 1 < len(lengths) and scene.transition is Transition.CROSSFADE
            else 0
        )
        shot = Shot(
            scene_id=scene.id,
            number=index + 1,
            picture=own.picture,
            motion=scene.motion,
            start=start,
            frames=length,
            fade_in=fade_in,
            fade_out=fade_out,
        )
        shots.append(shot)
        if own.narration is not None:
            voices.append(
                Voice(
                    scene_id=scene.id,
                    number=index + 1,
                    path=own.narration,
                    start=Fraction(start, fps) + pacing.lead_in,
                    duration=own.narration_seconds,
                )
            )
        start, fade_in = shot.end - fade_out, fade_out

    timeline = Timeline(fps=fps, shots=tuple(shots), voices=tuple(voices))
    if timeline.duration > limits.max_video_seconds:
        raise LimitExceeded(
            "the video",
            limit=limits.max_video_seconds,
            value=float(timeline.duration),
            unit="seconds",
        )
    return timeline


def _scene_seconds(scene: Scene, own: SceneMedia, pacing: Pacing) -> Fraction:
    spoken = (
        pacing.lead_in + own.narration_seconds + pacing.tail
        if own.narration is not None
        else Fraction(0)
    )
    if scene.duration is not None:
        # Through its shortest decimal, so that 0.1 means a tenth.
        return max(Fraction(str(scene.duration)), spoken)
    return spoken or pacing.silent_scene


def _fade(length: int, following: int, *, fps: int, pacing: Pacing) -> int:
    # At most a little less than half of either scene, so that the two fades of
    # one scene never meet; and no longer than the air between two narrations,
    # so that no voice starts before the one before has ended.
    return max(
        0,
        min(
            int(pacing.crossfade * fps),
            int((pacing.lead_in + pacing.tail) * fps),
            (length - 1) // 2,
            (following - 1) // 2,
        ),
    )
