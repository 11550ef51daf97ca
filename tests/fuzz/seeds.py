"""The seeds of the fuzz run: a small whole film for every kind of file that the engine reads."""

import io
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pillow_heif
from PIL import Image, PngImagePlugin

from render.priority import without_realtime
from render.signing.credentials import development
from render.storyboard import Clip, Limits, Logo, Music, Scene, Storyboard
from tests.support import media_files
from tests.support.clips import LOSSLESS, edit, fields, numbered, write_clip
from tests.support.engine import COMMAND, GROUND, board
from tests.support.sounds import speech, tone, write_track, write_wav
from tests.support.sounds import write_clip as write_sounding_clip
from tests.support.stills import deep_png, write_avif

PLANTED = "planted.json"
FILM = ("--profile", "landscape-preview", "--workers", "1", "--no-sign")
PICTURE = Scene(id="b", duration=0.3)
CLIP = Scene(id="b", duration=0.3, clip=Clip())
VOICE = Scene(id="b", background=GROUND, narration="Good morning.")
PLAIN = Scene(id="b", background=GROUND, duration=0.3)

Writing = Callable[[Path], object]


class Seed(NamedTuple):
    """A folder with everything that one command reads, and what of it is to be damaged."""

    name: str
    command: tuple[str, ...]
    """Relative to the folder; run there, with `--json` behind it."""
    damaged: str
    """A file of the folder; where it ends in a stroke, any one of that folder."""
    says: str = "Scene 2"
    """How the error begins; empty where it may begin in many ways."""

    @classmethod
    def of(cls, record: list[Any]) -> "Seed":
        """Return a seed as it was written down."""
        name, command, damaged, says = record
        return cls(name, tuple(command), damaged, says)

    @property
    def kind(self) -> str:
        """What it is counted as."""
        return "upload" if self.command[0] == "recognise" else self.name.partition("-")[0]

    def pick(self, folder: Path, chance: random.Random) -> Path:
        """Return the file to damage in a copy of the seed's folder."""
        place = folder / self.damaged
        return place if place.is_file() else chance.choice(sorted(place.glob("[!.]*")))


def plant(ground: Path) -> list[Seed]:
    """Make every seed in a folder of its own, by its name."""
    ground.mkdir(parents=True)
    planted = [
        *_scenes(ground, "picture", board(PICTURE), _pictures()),
        *_scenes(ground, "clip", board(CLIP), _clips()),
        *_scenes(ground, "narration", board(VOICE), _sounds(speech(0.5, rate=48_000))),
        *_shared(ground, "music", _sounds(0.3 * tone(0.5)), "The music"),
        *_shared(ground, "logo", _logos(), "The logo"),
        *_words(ground),
        _signed(ground),
        _stock(ground),
        _mixed(ground),
        *_finished(ground),
    ]
    return [*planted, *_uploads(planted)]


def _scenes(
    ground: Path, what: str, storyboard: Storyboard, files: dict[str, Writing]
) -> Iterator[Seed]:
    for name, write in files.items():
        kind = Path(name).stem
        folder = _folder(ground, f"{what}-{kind}", storyboard)
        file = f"assets/b{Path(name).suffix}"
        write(folder / file)
        yield Seed(f"{what}-{kind}", _composing(), file)


def _shared(ground: Path, what: str, files: dict[str, Writing], says: str) -> Iterator[Seed]:
    for name, write in files.items():
        file = f"{what}{Path(name).suffix}"
        own: dict[str, Music | Logo] = {
            what: Music(file=file) if what == "music" else Logo(file=file)
        }
        kind = Path(name).stem
        folder = _folder(ground, f"{what}-{kind}", board(PLAIN, **own))
        write(folder / "assets" / file)
        yield Seed(f"{what}-{kind}", _composing(), f"assets/{file}", says)


def _words(ground: Path) -> Iterator[Seed]:
    written = Scene(
        id="c",
        duration=0.4,
        background=GROUND,
        caption="Good morning.",
        on_screen_text="Bread 面包",
    )
    folder = _folder(ground, "storyboard", board(PLAIN, written))
    (folder / "limits.json").write_bytes(msgspec.json.encode(Limits()))
    yield Seed("storyboard", (*_composing(), "--captions", "words.vtt"), "storyboard.json", "")
    shutil.copytree(folder, ground / "limits")
    command = ("plan", "storyboard.json", "--limits", "limits.json", "--assets", "assets")
    yield Seed("limits", command, "limits.json", "")


def _signed(ground: Path) -> Seed:
    folder = _folder(ground, "credentials", board(PLAIN))
    development(folder / "own")
    command = (*_composing()[:-1], "--certificate", "own/certificate.pem", "--key", "own/key.pem")
    return Seed("credentials", command, "own/", "")


def _stock(ground: Path) -> Seed:
    scene = Scene(id="b", duration=0.3, picture_prompt="Two boats in the harbour")
    folder = _folder(ground, "stock", board(scene))
    (folder / "stock").mkdir()
    Image.fromarray(_noise()).save(folder / "stock" / "boats-harbour.jpg")
    return Seed("stock", (*_composing(), "--stock", "stock"), "stock/boats-harbour.jpg", "")


def _mixed(ground: Path) -> Seed:
    folder = _folder(ground, "sound", board(VOICE, music=Music(file="music.mp3")))
    write_wav(folder / "assets" / "b.wav", speech(0.5))
    write_track(folder / "assets" / "music.mp3", 0.3 * tone(0.5), codec="libmp3lame")
    command = ("sound", "storyboard.json", "-o", "out.mp4", "--assets", "assets")
    return Seed("sound", command, "assets/", "")


def _finished(ground: Path) -> Iterator[Seed]:
    """A film that is there: to be probed, and as the cache of another run."""
    folder = _folder(ground, "cache", board(PICTURE))
    Image.fromarray(_noise()).save(folder / "assets" / "b.png")
    command = (*_composing(), "--cache", "cache")
    # A process of its own, since it takes signals.
    subprocess.run([*COMMAND, *command], cwd=folder, check=True, capture_output=True)
    (ground / "probe").mkdir()
    shutil.move(folder / "out.mp4", ground / "probe" / "film.mp4")
    yield Seed("cache", command, "cache/", "")
    yield Seed("probe", ("probe", "film.mp4"), "film.mp4", "")


def _uploads(planted: list[Seed]) -> list[Seed]:
    return [
        seed._replace(command=("recognise", seed.damaged), says="")
        for seed in planted
        if seed.damaged.startswith("assets/b.")
    ]


def _composing() -> tuple[str, ...]:
    return ("compose", "storyboard.json", "-o", "out.mp4", "--assets", "assets", *FILM)


def _folder(ground: Path, name: str, storyboard: Storyboard) -> Path:
    folder = ground / name
    (folder / "assets").mkdir(parents=True)
    (folder / "storyboard.json").write_bytes(msgspec.json.encode(storyboard))
    return folder


def _noise(size: tuple[int, int] = (96, 64)) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)


def _pictures() -> dict[str, Writing]:
    exif = Image.Exif()
    exif[0x0112] = 6
    frames = {"save_all": True, "append_images": [Image.fromarray(_noise()).rotate(90)]}

    def saved(kind: str, **how: object) -> Writing:
        return lambda path: Image.fromarray(_noise()).save(path, kind, **how)

    deep = _noise().astype(np.uint16) * 257

    def bright_heic(path: Path) -> None:
        picture = pillow_heif.from_bytes(mode="RGB;16", size=(96, 64), data=deep.tobytes())
        picture.save(path, quality=90, color_primaries=9, transfer_characteristics=16)

    notes = PngImagePlugin.PngInfo()
    notes.add_text("Raw profile type exif", "\nexif\n 8\n49492a0008000000")
    return {
        "png.png": saved("PNG", exif=exif, pnginfo=notes),
        "deep.png": lambda path: path.write_bytes(deep_png(deep, tags=(9, 16))),
        "jpeg.jpg": saved("JPEG", exif=exif),
        "cmyk.jpg": lambda path: Image.fromarray(_noise()).convert("CMYK").save(path, "JPEG"),
        "webp.webp": saved("WEBP", exif=exif),
        "gif.gif": saved("GIF", **frames),
        "avif.avif": saved("AVIF", exif=exif, speed=10),
        "bright-avif.avif": lambda path: write_avif(
            path, deep, pix_fmt="yuv420p10le", tags=(9, 16)
        ),
        "heic.heic": saved("HEIF", exif=exif),
        "bright-heic.heic": bright_heic,
    }


def _clips() -> dict[str, Writing]:
    sound = 0.2 * tone(0.5)

    def fragmented(path: Path) -> None:
        options = {"movflags": "frag_keyframe+empty_moov"}
        path.write_bytes(media_files.clip("mp4", path.parent, options=options))
        (path.parent / "clip.mp4").unlink()

    def coded(codec: str, options: dict[str, str], pix_fmt: str = "yuv420p") -> Writing:
        return lambda path: write_clip(
            path, numbered(8), codec=codec, options=options, pix_fmt=pix_fmt
        )

    def cut(path: Path) -> None:
        write_clip(path, numbered(12), options={"crf": "1", "bf": "2", "g": "6"})
        edit(path, Fraction(1, 10), Fraction(1, 5))

    x265 = {"x265-params": "bframes=0:log-level=none"}
    return {
        "mp4.mp4": lambda path: write_sounding_clip(path, sound),
        "mov.mov": lambda path: write_sounding_clip(path, sound),
        "mkv.mkv": lambda path: write_sounding_clip(path, sound),
        "webm.webm": lambda path: write_sounding_clip(path, sound, codec="libopus"),
        "fragments.mp4": fragmented,
        "hevc.mp4": coded("libx265", x265),
        "av1.mp4": coded("libsvtav1", {"preset": "10"}),
        "mpeg4.mov": coded("mpeg4", {}),
        "prores.mov": coded("prores_ks", {}, "yuv422p10le"),
        "edited.mp4": cut,
        "fields.mkv": lambda path: write_clip(
            path, fields(8, "tff"), fps=25, options=LOSSLESS | {"x264-params": "tff=1"}
        ),
    }


def _sounds(samples: np.ndarray) -> dict[str, Writing]:
    def track(codec: str) -> Writing:
        return lambda path: write_track(path, samples, codec=codec)

    return {
        "wav.wav": lambda path: write_wav(path, samples, rate=48_000),
        "flac.flac": track("flac"),
        "mp3.mp3": track("libmp3lame"),
        "m4a.m4a": track("aac"),
        "aac.aac": track("aac"),
        "ogg.ogg": track("flac"),
        "opus.opus": track("libopus"),
        "webm.webm": track("libopus"),
    }


def _logos() -> dict[str, Writing]:
    transparent = io.BytesIO()
    Image.fromarray(_noise()).convert("RGBA").save(transparent, "PNG")
    return {
        "png.png": lambda path: path.write_bytes(transparent.getvalue()),
        "webp.webp": lambda path: Image.fromarray(_noise()).save(path, "WEBP"),
    }


if __name__ == "__main__":
    destination = Path(sys.argv[1])
    with without_realtime():  # which SVT-AV1 takes for itself
        seeds = plant(destination)
    (destination / PLANTED).write_text(json.dumps(seeds))
