"""The standard workload: storyboards with pictures that compress like photographs, and speech.

Everything follows from fixed seeds, so that two machines measure the same work.
A picture is 2400×1600 pixels: a spectrum that falls with frequency as natural
scenes' do, under it shapes with hard edges, over it texture and sensor noise.
The music is a chord that swells and fades; the speech is the offline voice's.

A scene's length is asked for, so that the video is exactly as long as the
workload says; every narration fits its scene with room to spare.
"""

import wave
from itertools import accumulate
from pathlib import Path

import anyio
import cv2
import msgspec
import numpy as np
import numpy.typing as npt
from PIL import Image

from render.generation.base import SpeechRequest
from render.generation.offline.account import OfflineSpeech
from render.storyboard import CaptionStyle, Motion, Music, Scene, Storyboard

FPS = 30
FADE = 15
"""Frames in which one scene gives way to the next."""
_SIZE = (2400, 1600)
_RATE = 48_000
_MOTIONS = (Motion.ZOOM_IN, Motion.PAN_RIGHT, Motion.ZOOM_OUT, Motion.PAN_UP, Motion.PAN_LEFT)
_LINES = (
    "Long before the town wakes, one window begins to glow.",
    "Inside, she lights the oven that her grandmother built.",
    "Flour, water and salt go in, and one night of patience.",
    "By five the dough has doubled, and the street is warm.",
    "People ask for her secret; she says you have to wait.",
    "Come early, and take a loaf home while it still sings.",
)


class Shot(msgspec.Struct, frozen=True, kw_only=True):
    """One scene in words that every tool understands; times in frames."""

    id: str
    start: int
    frames: int
    motion: str


class Workload(msgspec.Struct, frozen=True, kw_only=True):
    """A folder with `storyboard.json` and the files it names in `assets`."""

    folder: Path
    scenes: int
    seconds: int
    dressed: bool = False
    """Whether it has burned captions and music."""

    @property
    def frames(self) -> int:
        """Its length in frames."""
        return self.seconds * FPS

    @property
    def shots(self) -> tuple[Shot, ...]:
        """The scenes in order; each begins while the one before still fades out."""
        frames = self.frames + FADE * (self.scenes - 1)
        lengths = [
            frames // self.scenes + (number < frames % self.scenes) for number in range(self.scenes)
        ]
        starts = accumulate((length - FADE for length in lengths), initial=0)
        return tuple(
            Shot(
                id=f"s{number:02}",
                start=start,
                frames=length,
                motion=_MOTIONS[number % len(_MOTIONS)].value,
            )
            for number, (start, length) in enumerate(zip(starts, lengths, strict=False))
        )

    @property
    def storyboard(self) -> Path:
        """The storyboard's file."""
        return self.folder / "storyboard.json"

    @property
    def assets(self) -> Path:
        """The folder of pictures, narrations and music."""
        return self.folder / "assets"

    def read(self) -> Storyboard:
        """Return the storyboard."""
        return msgspec.json.decode(self.storyboard.read_bytes(), type=Storyboard)

    def write(self, storyboard: Storyboard) -> None:
        """Put another storyboard in its place."""
        self.storyboard.write_bytes(msgspec.json.encode(storyboard))


def make(workload: Workload) -> None:
    """Write a workload into its folder."""
    workload.assets.mkdir(parents=True)
    storyboard = Storyboard(
        title="The oldest recipe in town",
        scenes=tuple(
            Scene(
                id=shot.id,
                narration=_LINES[number % len(_LINES)],
                # A hair less than whole frames: lengths are rounded up to the next.
                duration=round(shot.frames / FPS - 0.001, 3),
                motion=Motion(shot.motion),
            )
            for number, shot in enumerate(workload.shots)
        ),
        captions=CaptionStyle.BOX if workload.dressed else CaptionStyle.NONE,
        music=Music(file="bed.wav") if workload.dressed else None,
    )
    workload.write(storyboard)
    for number, scene in enumerate(storyboard.scenes):
        write_picture(workload.assets / f"{scene.id}.jpg", seed=number)
        speak(scene.narration, workload.assets / f"{scene.id}.wav")
    if workload.dressed:
        _write_music(workload.assets / "bed.wav")


def write_picture(place: Path, *, seed: int) -> None:
    """Write one picture as a JPEG of quality 92."""
    Image.fromarray(_picture(np.random.default_rng(seed))).save(place, "JPEG", quality=92)


def speak(text: str, place: Path) -> None:
    """Write a line as the offline voice says it."""
    place.write_bytes(anyio.run(OfflineSpeech().speak, SpeechRequest(text=text)).data)


def _picture(rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    width, height = _SIZE
    colours = rng.uniform(30, 225, (3, 3)).astype(np.float32)
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    scene = np.broadcast_to(colours[0] * (1 - down) + colours[1] * down, (height, width, 3)).copy()
    for _ in range(40):
        _shape(scene, rng)
    scene += 26 * _natural(rng)[..., None] * rng.uniform(0.6, 1.2, 3).astype(np.float32)
    scene += 9 * _natural(rng)[..., None] * rng.uniform(-1, 1, 3).astype(np.float32)
    # Texture: fine grain where another field is high, as in foliage beside sky.
    grain = rng.standard_normal((height, width)).astype(np.float32)
    grain = cv2.GaussianBlur(grain, (0, 0), 0.8) * np.clip(_natural(rng), 0, 2)
    scene += 10 * grain[..., None]
    scene += rng.normal(0, 1.2, scene.shape).astype(np.float32)
    return np.clip(scene, 0, 255).astype(np.uint8)


def _shape(scene: npt.NDArray[np.float32], rng: np.random.Generator) -> None:
    """Paint one polygon, half transparent at most, with an edge as hard as a lens gives."""
    width, height = _SIZE
    corners = int(rng.integers(3, 9))
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    radii = rng.uniform(0.3, 1.0, corners) * rng.uniform(40, 500)
    around = np.column_stack([np.cos(angles), np.sin(angles)]) * radii[:, None]
    points = around + rng.uniform(0, 1, 2) * (width, height)
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [points.astype(np.int32)], 255, lineType=cv2.LINE_AA)
    share = mask[..., None].astype(np.float32) * np.float32(rng.uniform(0.5, 1.0) / 255)
    scene += share * (rng.uniform(0, 255, 3).astype(np.float32) - scene)


def _natural(rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Return a field of unit variance whose amplitude falls as 1/f^1.2."""
    width, height = _SIZE
    across, down = np.fft.rfftfreq(width), np.fft.fftfreq(height)
    frequency = np.hypot(across[None, :], down[:, None])
    frequency[0, 0] = 1
    spectrum = np.fft.rfft2(rng.standard_normal((height, width))) / frequency**1.2
    spectrum[0, 0] = 0
    field = np.fft.irfft2(spectrum, s=(height, width))
    return (field / field.std()).astype(np.float32)


def _write_music(place: Path) -> None:
    time = np.arange(20 * _RATE) / _RATE
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * time / 5)
    chord = sum(np.sin(2 * np.pi * pitch * time) / (1 + step) for step, pitch in enumerate(_CHORD))
    samples = np.round(0.2 * 32767 * swell * chord).astype("<i2")
    with wave.open(str(place), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(samples.tobytes())


_CHORD = (110.0, 164.8, 220.0, 277.2)
