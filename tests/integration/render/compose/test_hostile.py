"""Files that are broken, disguised or merely odd, met by a whole rendering.

Whatever is refused is refused in a sentence that names the scene, and leaves
nothing; whatever is odd becomes a video that its own validation believes.
"""

import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import msgspec
import numpy as np
import pytest
from PIL import Image

from render.errors import MediaError, RenderError
from render.inspection.probe import inspect
from render.sound.loudness import decode_sound, integrated_loudness
from render.storyboard import Clip, Logo, Music, Scene, Storyboard
from tests.support.engine import GROUND, board, make
from tests.support.sounds import speech, tone, write_clip, write_track, write_wav

PLAYLIST = b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\nhttp://127.0.0.1/\n"
LIST = b"ffconcat version 1.0\nfile '/etc/passwd'\n"

PICTURE = Scene(id="b", duration=1.0)
CLIP = Scene(id="b", duration=1.0, clip=Clip(volume=0))
VOICE = Scene(id="b", background=GROUND, narration="Good morning.")
PLAIN = Scene(id="b", background=GROUND, duration=1.0)

Placing = Callable[[Path], object]


def noise(width: int, height: int, seed: int = 1) -> Image.Image:
    random = np.random.default_rng(seed)
    return Image.fromarray(random.integers(0, 256, (height, width, 3), dtype=np.uint8))


def saved(name: str, picture: Image.Image, **how: object) -> Placing:
    return lambda folder: picture.save(folder / name, **how)


def holding(name: str, content: bytes) -> Placing:
    return lambda folder: (folder / name).write_bytes(content)


def cut(name: str, writing: Placing, part: float = 0.6) -> Placing:
    """A file that ends before it should."""

    def place(folder: Path) -> None:
        writing(folder)
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[: int(len(whole) * part)])

    return place


def renamed(name: str, other: str, writing: Placing) -> Placing:
    def place(folder: Path) -> None:
        writing(folder)
        (folder / name).rename(folder / other)

    return place


def linked(name: str, target: str) -> Placing:
    return lambda folder: (folder / name).symlink_to(target)


def phone_clip(folder: Path) -> Path:
    """Held upright, so turned by its matrix, and at no steady rate, as telephones film."""
    place = folder / "b.mov"
    with av.open(place, "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 600)
        stream.set_display_matrix((0, 65_536, 0, -65_536, 0, 0, 0, 0, 1 << 30))
        for number, time in enumerate((0, 20, 41, 58, 120, 300, 310, 480, 610)):
            picture = np.full((144, 160), 40 + 20 * number, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, "yuv420p")
            frame.pts, frame.time_base = time, Fraction(1, 600)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return place


def a_voice(count: int) -> Placing:
    sound = np.stack([speech(0.8)] * count, axis=1)
    return lambda folder: write_wav(folder / "b.wav", sound)


def a_track(folder: Path) -> Path:
    return write_track(folder / "bed.mp3", tone(1), codec="libmp3lame")


def music(name: str) -> Storyboard:
    return board(PLAIN, music=Music(file=name))


LOGO = board(PLAIN, logo=Logo(file="logo.png"))
FRAMES = {"save_all": True, "append_images": [noise(64, 48, seed) for seed in (2, 3)]}

ODD: dict[str, tuple[Storyboard, Placing]] = {
    "a picture of one pixel": (board(PICTURE), saved("b.png", noise(1, 1))),
    "a picture like a thread": (board(PICTURE), saved("b.png", noise(8192, 1))),
    "a picture like a pole": (board(PICTURE), saved("b.png", noise(1, 8192))),
    "a palette": (board(PICTURE), saved("b.png", noise(99, 77).convert("P"))),
    "an animated GIF, called PNG": (
        board(PICTURE),
        saved("b.png", noise(64, 48), format="GIF", **FRAMES),
    ),
    "an animated PNG": (board(PICTURE), saved("b.png", noise(64, 48), **FRAMES)),
    "an animated WebP": (board(PICTURE), saved("b.webp", noise(64, 48), **FRAMES)),
    "a JPEG, called PNG": (board(PICTURE), saved("b.png", noise(99, 77), format="JPEG")),
    "a telephone's clip": (board(CLIP), phone_clip),
    "a WebM, called MP4": (
        board(CLIP),
        renamed("b.webm", "b.mp4", lambda at: write_clip(at / "b.webm", tone(1), codec="libopus")),
    ),
    "a narration in MP3, called WAV": (board(VOICE), renamed("bed.mp3", "b.wav", a_track)),
    "a narration in eight channels": (board(VOICE), a_voice(8)),
    "music in eight channels": (
        music("bed.wav"),
        lambda at: write_wav(at / "bed.wav", np.stack([tone(1)] * 8, axis=1), rate=48_000),
    ),
    "silent music": (
        music("bed.mp3"),
        lambda at: write_track(at / "bed.mp3", 0 * tone(1), codec="libmp3lame"),
    ),
    "music that is called something else": (
        music("bed.wav"),
        renamed("bed.mp3", "bed.wav", a_track),
    ),
    "music that breaks off": (music("bed.mp3"), cut("bed.mp3", a_track)),
    "a logo like a pole": (LOGO, saved("logo.png", noise(1, 8192))),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_merely_odd_becomes_a_video(name: str, tmp_path: Path) -> None:
    storyboard, place = ODD[name]
    assets, out = tmp_path / "assets", tmp_path / "out"
    assets.mkdir()
    out.mkdir()
    place(assets)
    result = make(storyboard, out, assets=assets)
    assert {warning.code for warning in result.warnings} <= {"picture_small", "clip_small"}
    assert inspect(out / "out.mp4").frames == result.rendition.frames > 30


REFUSED: dict[str, tuple[Storyboard, Placing, str]] = {
    f"{what} as a {kind}": (storyboard, place, f"Scene 2: the {kind} {words}")
    for kind, storyboard, words, places in (
        (
            "picture",
            board(PICTURE),
            "is not a readable PNG, JPEG, WebP, AVIF, HEIC or GIF file.",
            {
                "nothing": holding("b.png", b""),
                "a playlist": holding("b.png", PLAYLIST),
                "a drawing": holding("b.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
                "a clip": renamed("b.mp4", "b.png", lambda at: write_clip(at / "b.mp4", None)),
            },
        ),
        (
            "picture",
            board(PICTURE),
            "is damaged.",
            {
                "half a PNG": cut("b.png", saved("b.png", noise(300, 300))),
                "half a JPEG": cut("b.jpg", saved("b.jpg", noise(300, 300))),
            },
        ),
        (
            "clip",
            board(CLIP),
            "is not a readable MP4, MOV or WebM file.",
            {
                "nothing": holding("b.mp4", b""),
                "a playlist": holding("b.mp4", PLAYLIST),
                "a list": holding("b.mp4", LIST),
                "a picture": saved("b.mp4", noise(9, 9), format="PNG"),
                "half an MP4": cut("b.mp4", lambda at: write_clip(at / "b.mp4", tone(1))),
            },
        ),
        (
            "clip",
            board(CLIP),
            "holds no moving picture.",
            {"sound": lambda at: write_track(at / "b.mp4", tone(1), codec="aac")},
        ),
        (
            "narration",
            board(VOICE),
            "is not a readable WAV, MP3, MP4, AAC, FLAC, Ogg or WebM file.",
            {
                "nothing": holding("b.wav", b""),
                "a playlist": holding("b.wav", PLAYLIST),
                "a playlist, called MP3": holding("b.mp3", PLAYLIST),
                "a picture, called M4A": saved("b.m4a", noise(9, 9), format="PNG"),
            },
        ),
        (
            "narration",
            board(VOICE),
            "is damaged.",
            {
                "half a FLAC": cut(
                    "b.flac",
                    lambda at: write_track(at / "b.flac", speech(4, rate=48_000), codec="flac"),
                ),
            },
        ),
        (
            "narration",
            board(VOICE),
            "is cut short.",
            {
                "half a WAV": cut("b.wav", a_voice(1)),
            },
        ),
    )
    for what, place in places.items()
} | {
    f"{what} as music": (
        music("bed.mp3"),
        place,
        "The music is not a readable WAV, MP3, MP4, AAC, FLAC, Ogg or WebM file.",
    )
    for what, place in {
        "nothing": holding("bed.mp3", b""),
        "a playlist": holding("bed.mp3", PLAYLIST),
        "a picture": saved("bed.mp3", noise(9, 9), format="PNG"),
    }.items()
}
PICTURES = "PNG, JPEG, WebP, AVIF, HEIC or GIF"
REFUSED["a playlist as a logo"] = (
    LOGO,
    holding("logo.png", PLAYLIST),
    f"The logo cannot be used: the picture is not a readable {PICTURES} file.",
)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_used_is_refused_by_its_scene(name: str, tmp_path: Path) -> None:
    storyboard, place, words = REFUSED[name]
    assets, out = tmp_path / "assets", tmp_path / "out"
    assets.mkdir()
    out.mkdir()
    place(assets)
    with pytest.raises(MediaError) as caught:
        make(storyboard, out, assets=assets)
    assert caught.value.message == words
    assert caught.value.params.get("scene") == ("2" if words.startswith("Scene") else None)
    assert not (out / "out.mp4").exists()


MISSING: dict[str, tuple[Storyboard, list[str], str]] = {
    "picture": (
        board(PICTURE),
        ["Scene 2: The picture is missing; another stands in."],
        "Scene 2: the picture is missing.",
    ),
    "clip": (
        board(CLIP),
        [
            "Scene 2: The clip is missing; a picture stands in.",
            "Scene 2: The picture is missing; another stands in.",
        ],
        "Scene 2: the clip is missing.",
    ),
    "narration": (
        board(VOICE),
        ["Scene 2: The narration is missing; a machine's voice reads it."],
        "Scene 2: the narration is missing.",
    ),
    "music": (
        music("bed.mp3"),
        ["The music is missing: bed.mp3."],
        "The music is missing: bed.mp3.",
    ),
    "logo": (LOGO, ["The logo is missing: logo.png."], "The logo is missing: logo.png."),
}


@pytest.mark.parametrize("what", MISSING)
def test_what_is_missing_is_stood_in_for_and_told(what: str, tmp_path: Path) -> None:
    storyboard, warnings, _ = MISSING[what]
    result = make(storyboard, tmp_path, assets=tmp_path)
    assert [warning.message for warning in result.warnings] == warnings
    assert inspect(tmp_path / "out.mp4").frames == result.rendition.frames


@pytest.mark.parametrize("what", MISSING)
def test_whoever_is_strict_gets_nothing_made_up(what: str, tmp_path: Path) -> None:
    storyboard, _, words = MISSING[what]
    with pytest.raises(MediaError) as caught:
        make(storyboard, tmp_path, assets=tmp_path, strict=True)
    assert caught.value.message == words


@pytest.mark.parametrize("words", ["…", "\u200b", "Good morning."])
def test_a_silent_narration_is_told_and_leaves_its_scene_silent(words: str, tmp_path: Path) -> None:
    scene = Scene(id="b", background=GROUND, narration=words)
    if words == "Good morning.":
        write_wav(tmp_path / "b.wav", np.zeros(22_050))
    result = make(board(scene), tmp_path, assets=tmp_path)
    assert result.warnings[-1].message == "Scene 2: The narration is silent."
    assert result.rendition.frames > 30
    with pytest.raises(RenderError, match=r"Scene 2: the narration is (silent|missing)\."):
        make(board(scene), tmp_path, assets=tmp_path, strict=True)


def test_links_are_followed_since_the_folder_is_ones_own(tmp_path: Path) -> None:
    noise(64, 48).save(tmp_path / "elsewhere.png")
    assets = tmp_path / "assets"
    assets.mkdir()
    (assets / "b.png").symlink_to(tmp_path / "elsewhere.png")
    (warning,) = make(board(PICTURE), tmp_path, assets=assets).warnings
    assert warning.code == "picture_small"


@pytest.mark.parametrize(
    "place",
    [
        linked("b.png", "nowhere.png"),
        linked("b.png", "b.png"),
        linked("b.png", "/dev/zero"),
        lambda folder: os.mkfifo(folder / "b.png"),
        lambda folder: (folder / "b.png").mkdir(),
    ],
    ids=["to nothing", "to itself", "to a device", "a pipe", "a folder"],
)
def test_what_is_no_file_counts_as_missing(place: Placing, tmp_path: Path) -> None:
    assets = tmp_path / "assets"
    assets.mkdir()
    place(assets)
    result = make(board(PICTURE), tmp_path, assets=assets)
    assert [warning.code for warning in result.warnings] == ["unread_file", "missing_picture"]
    assert result.warnings[0].params == {"file": "b.png", "scene": 2}


@pytest.mark.parametrize("step", [-34, -42])
def test_a_faint_narration_is_raised_to_its_neighbours_and_told(step: int, tmp_path: Path) -> None:
    loud = Scene(id="a", background=GROUND, narration="Good morning.")
    write_wav(tmp_path / "a.wav", speech(2, level=0.3))
    write_wav(tmp_path / "b.wav", speech(2, level=0.3 * 10 ** (step / 20), seed=2), width=4)
    storyboard = msgspec.structs.replace(board(VOICE), scenes=(loud, VOICE))
    result = make(storyboard, tmp_path, assets=tmp_path)
    assert [warning.code for warning in result.warnings] == ["faint_narration"]
    assert result.warnings[0].params["scene"] == 2
    heard = np.concatenate(list(decode_sound(Path(result.rendition.path))), axis=1)
    starts = [round((scene.start + 0.3) * 48_000) for scene in result.scenes]
    levels = [integrated_loudness([heard[:, start : start + 96_000]]) for start in starts]
    assert levels == pytest.approx([-16, -16], abs=2)


def test_a_narration_of_one_word_in_a_long_silence_is_no_fault(tmp_path: Path) -> None:
    word, pause = speech(0.5, level=0.02), np.zeros(22_050 * 240)
    write_wav(tmp_path / "b.wav", np.concatenate([pause, word]))
    storyboard = msgspec.structs.replace(board(VOICE), scenes=(VOICE,))
    assert make(storyboard, tmp_path, assets=tmp_path).rendition.frames > 7_000
