"""Small films with textured pictures and noisy voices."""

import json
import wave
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from render.placing import build
from render.rendition import Profile
from render.sound.wav import wav_duration
from render.storyboard import Motion, Scene, Storyboard, Transition
from render.timeline import SceneMedia, Timeline

# Sixteen macroblocks across: where their number is no multiple of eight, x264's macroblock tree
# reads past its rows, and the same pictures may differ by a few bytes from run to run.
SMALL = Profile(name="small", width=256, height=144)


def draw_picture(place: Path, *, seed: int, size: tuple[int, int] = (480, 270)) -> Path:
    """Blotches of every size, so that each movement shows."""
    random = np.random.default_rng(seed)
    layers = [
        Image.fromarray(random.integers(0, 256, (side, side, 3), dtype=np.uint8)).resize(
            size, Image.Resampling.BICUBIC
        )
        for side in (4, 12, 36)
    ]
    mixed = np.mean([np.asarray(layer, np.float64) for layer in layers], axis=0)
    Image.fromarray(mixed.astype(np.uint8)).save(place)
    return place


def speak(place: Path, *, seconds: float, seed: int) -> Path:
    """Noise at the pace of syllables: no two stretches of it are alike."""
    count = round(seconds * 22_050)
    noise = np.random.default_rng(seed).standard_normal(count)
    syllables = 0.5 + 0.5 * np.sin(2 * np.pi * 4 * np.arange(count) / 22_050)
    samples = np.clip(0.15 * noise * syllables, -1, 1) * 32_767
    with wave.open(str(place), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(22_050)
        file.writeframes(samples.astype("<i2").tobytes())
    return place


class Film:
    """A storyboard of four scenes, with its files in a folder of assets.

    Spoken and moving, spoken and moving, silent and still, spoken and moving;
    faded, cut, faded.
    """

    def __init__(self, folder: Path) -> None:
        self.assets = folder / "assets"
        self.assets.mkdir(parents=True)
        self.storyboard = Storyboard(
            title="A small film",
            scenes=(
                Scene(id="one", narration="…", motion=Motion.ZOOM_IN),
                Scene(id="two", narration="…", motion=Motion.PAN_LEFT, transition=Transition.CUT),
                Scene(id="three", duration=1.5, motion=Motion.STILL),
                Scene(id="four", narration="…", motion=Motion.PAN_DOWN),
            ),
        )
        self.media: dict[str, SceneMedia] = {}
        for seed, scene in enumerate(self.storyboard.scenes):
            picture = draw_picture(self.assets / f"{scene.id}.png", seed=seed)
            if not scene.narration:
                self.media[scene.id] = SceneMedia(picture=picture)
                continue
            voice = speak(self.assets / f"{scene.id}.wav", seconds=1.4 + 0.3 * seed, seed=seed)
            self.media[scene.id] = SceneMedia(
                picture=picture, narration=voice, narration_seconds=Fraction(wav_duration(voice))
            )

    @property
    def timeline(self) -> Timeline:
        return build(self.storyboard, self.media)

    def write(self, place: Path) -> Path:
        """Write the storyboard as the JSON that the command reads."""
        scenes = [
            {
                "id": scene.id,
                "narration": scene.narration,
                "duration": scene.duration,
                "motion": scene.motion,
                "transition": scene.transition,
            }
            for scene in self.storyboard.scenes
        ]
        place.write_text(json.dumps({"title": self.storyboard.title, "scenes": scenes}))
        return place
