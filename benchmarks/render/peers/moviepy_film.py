"""The standard workload in MoviePy 2: a zoom of its own, since `resized` only knows whole pixels.

Runs in the peers' environment: `python moviepy_film.py SHOTS.json ASSETS OUT`, where
the shots are `{id, start, frames, motion}` in frames of 1/30 second.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from moviepy import AudioFileClip, CompositeAudioClip, CompositeVideoClip, VideoClip
from moviepy.video.fx import CrossFadeIn
from PIL import Image

FPS = 30
FADE = 0.5
WIDTH, HEIGHT = 1920, 1080
ZOOM = 1.12


def window(motion: str, share: float) -> tuple[float, float, float]:
    """Return left, top and size, in shares of the picture."""
    if motion.startswith("zoom"):
        size = 1 / ZOOM ** (share if motion == "zoom_in" else 1 - share)
        return (1 - size) / 2, (1 - size) / 2, size
    size = 1 / 1.08
    way = {"pan_right": (share, 0.5), "pan_left": (1 - share, 0.5), "pan_up": (0.5, 1 - share)}
    across, down = way[motion]
    return (1 - size) * across, (1 - size) * down, size


def film(shot: dict[str, Any], path: Path) -> VideoClip:
    """Return a still, moved over with sub-pixel accuracy."""
    image = Image.open(path).convert("RGB")
    high = image.width * HEIGHT / WIDTH
    box = (0, (image.height - high) / 2, image.width, (image.height + high) / 2)
    wide, tall = round(WIDTH * ZOOM), round(HEIGHT * ZOOM)
    image = image.resize((wide, tall), Image.Resampling.LANCZOS, box=box)
    seconds = shot["frames"] / FPS

    def frame(time: float) -> npt.NDArray[np.uint8]:
        left, top, size = window(shot["motion"], min(1.0, time / seconds))
        seen = (left * wide, top * tall, (left + size) * wide, (top + size) * tall)
        moved = image.transform(
            (WIDTH, HEIGHT), Image.Transform.EXTENT, seen, Image.Resampling.BICUBIC
        )
        return np.asarray(moved)

    return VideoClip(frame, duration=seconds).with_start(shot["start"] / FPS)


def main(plan: str, assets: str, out: str) -> None:
    """Compose and write."""
    shots = json.loads(Path(plan).read_bytes())
    clips = [film(shot, Path(assets) / f"{shot['id']}.jpg") for shot in shots]
    clips[1:] = [clip.with_effects([CrossFadeIn(FADE)]) for clip in clips[1:]]
    voices = [
        AudioFileClip(Path(assets) / f"{shot['id']}.wav").with_start(shot["start"] / FPS + 0.3)
        for shot in shots
    ]
    video = CompositeVideoClip(clips, size=(WIDTH, HEIGHT))
    video = video.with_audio(CompositeAudioClip(voices).with_duration(video.duration))
    video.write_videofile(
        out,
        fps=FPS,
        codec="libx264",
        preset="veryfast",
        ffmpeg_params=["-crf", "21", "-pix_fmt", "yuv420p", "-movflags", "+faststart"],
        audio_codec="aac",
        audio_bitrate="160k",
        threads=2,
        logger=None,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
