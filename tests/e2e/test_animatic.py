"""The animatic against the film: what the plugin draws in Chromium, and what the engine films.

Frames are compared in luma, since the film's colour has half the resolution of a canvas's: those of
the demo as they are in its finished file, all others as they are painted, before they are encoded.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from functools import partial
from pathlib import Path

import anyio
import av
import cv2
import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from av.video.plane import VideoPlane
from PIL import Image
from playwright.sync_api import Page

from benchmarks.render.ideal import ssim
from render.assets import gather
from render.compose import compose
from render.drafting.offline import draft
from render.generation.acceptance import Inspector
from render.generation.offline.account import OfflineImages, OfflineSpeech
from render.generation.requests import image_request, speech_request
from render.measures import PictureMeasures
from render.painter import Painter
from render.placing import build
from render.preview.beds import bed_file, bed_url
from render.preview.document import ExistingAsset, TimelinePreview
from render.preview.known import KnownClip, KnownMedium, SceneAssets
from render.preview.planning import plan_preview
from render.rendition import Profile, Quality, profile_for
from render.sound.arrangement import RATE
from render.sound.programme import encode_sound
from render.storyboard import (
    AspectRatio,
    Brief,
    CaptionStyle,
    Corner,
    Gradient,
    Limits,
    Logo,
    Mood,
    Motion,
    Music,
    Scene,
    Solid,
    Storyboard,
    TextStyle,
    Transition,
)
from render.timeline import Timeline
from samples.bakery.make import FILES, make
from tests.support.animatics import Animatic, Rgb, hear, open_page, show

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

ALIKE = 0.97
"""The least structural similarity of a frame."""
COLOUR = 4.0
"""The most that colours are apart, of 255, in the mean of a frame."""
NEAR = {"en": 2, "ar": 2, "ja": 4}
"""Pixels between the edges of words here and there, at the most: of full-width marks a browser
and Typst leave out other halves."""
STEP = RATE // 10
"""Samples in which loudness is compared."""
SAMPLE = Path(__file__).parents[2] / "samples/bakery/storyboard.json"
BRIEF = Path(__file__).parents[2] / "samples/brief.json"
"""What `make demo` is made from."""

Luma = npt.NDArray[np.float64]

BOARD = Storyboard(
    title="Sourdough",
    scenes=(
        Scene(
            id="oven",
            narration="The first loaf leaves the oven at five, and by seven the shop is full.",
            on_screen_text="Bread\nEvery morning",
            text_style=TextStyle.TITLE,
            transition=Transition.WIPE_LEFT,
            transition_seconds=0.5,
        ),
        Scene(
            id="shop",
            narration="Nobody leaves without a smile.",
            on_screen_text="The shop\nMill Lane",
            motion=Motion.PAN_LEFT,
            transition=Transition.FADE,
            transition_seconds=0.5,
        ),
        Scene(
            id="pause",
            background=Gradient(start="#335577", end="#a3562f", angle=155),
            duration=1.5,
            transition=Transition.SLIDE_UP,
            transition_seconds=0.5,
        ),
        Scene(id="end", narration="Come and taste it.", motion=Motion.ZOOM_OUT),
    ),
    captions=CaptionStyle.OUTLINE,
    logo=Logo(file="logo.png", corner=Corner.BOTTOM_LEFT, width=0.2),
    music=Music(mood=Mood.BRIGHT),
)


class Film(msgspec.Struct, frozen=True):
    """A storyboard as the bridge tells of it, and as the engine films it."""

    preview: TimelinePreview
    timeline: Timeline
    profile: Profile
    files: dict[str, Path]

    def painted(self, frame: int) -> tuple[Luma, Rgb]:
        """Return a frame's luma, from 0 to 255, and its colours."""
        canvas = Painter.picture(self.timeline, self.profile, frame)
        luma = (canvas.y.astype(np.float64) - 16) * 255 / 219
        return luma, np.asarray(canvas.frame().to_ndarray(format="rgb24"), np.uint8)


def filmed(board: Storyboard, folder: Path, *, shape: AspectRatio, quality: Quality) -> Film:
    """Measure what of a storyboard's media lies in a folder, and have its words spoken."""
    collect = partial(
        gather,
        board,
        folder=folder,
        stand_in_folder=folder,
        images=OfflineImages(),
        speech=OfflineSpeech(),
    )
    # Playwright has an event loop of its own in this thread.
    with ThreadPoolExecutor(1) as thread:
        known = thread.submit(anyio.run, measured, board, folder).result()
        gathered = thread.submit(anyio.run, collect).result()
    profile = profile_for(shape, quality)
    return Film(
        plan_preview(
            board,
            known,
            aspect_ratio=shape,
            logo=medium(board.logo.file) if board.logo and board.logo.file else None,
        ),
        build(board, gathered.media, music=gathered.music, logo=gathered.logo, fps=profile.fps),
        profile,
        {f"/{path.name}": path for path in folder.iterdir()}
        | {bed_url(mood): bed_file(mood) for mood in Mood},
    )


async def measured(board: Storyboard, folder: Path) -> Mapping[str, SceneAssets]:
    assets: dict[str, SceneAssets] = {}
    for scene in board.scenes:
        pictures = [folder / f"{scene.id}{ending}" for ending in (".jpg", ".png")]
        picture = next((one for one in pictures if one.exists()), None)
        clip = folder / f"{scene.id}.mp4"
        narration = None
        if scene.narration:
            asked = speech_request(board, scene)
            spoken = await Inspector().inspect_answer(asked, await OfflineSpeech().speak(asked))
            (folder / f"{scene.id}.wav").write_bytes(spoken.data)
            narration = KnownMedium(asset=medium(f"{scene.id}.wav"), measures=spoken.measures)
        assets[scene.id] = SceneAssets(
            picture=KnownMedium(asset=medium(picture.name), measures=size_of(picture))
            if picture
            else None,
            narration=narration,
            clip=KnownClip(asset=medium(clip.name), seconds=length_of(clip), sounds=True)
            if clip.exists()
            else None,
        )
    return assets


def medium(name: str) -> ExistingAsset:
    return ExistingAsset(id=name, content_url=f"/{name}", media_type="", placeholder=False)


def size_of(path: Path) -> PictureMeasures:
    with Image.open(path) as picture:
        return PictureMeasures(width=picture.width, height=picture.height)


def length_of(path: Path) -> Fraction:
    with av.open(str(path)) as clip:
        stream = clip.streams.video[0]
        assert stream.duration
        assert stream.time_base
        return stream.duration * stream.time_base


def photograph(path: Path, *, seed: int) -> None:
    """Write a picture with edges, textures and soft grounds, larger than the film."""
    chance = np.random.default_rng(seed)
    picture = cv2.resize(
        chance.integers(0, 255, (6, 9, 3), np.uint8), (1500, 1000), interpolation=cv2.INTER_CUBIC
    )
    for _ in range(40):
        x, y = (int(chance.integers(0, room)) for room in (1500, 1000))
        across, down = (int(chance.integers(20, 160)) for _ in range(2))
        colour = tuple(int(part) for part in chance.integers(0, 255, 3))
        cv2.ellipse(picture, (x, y), (across, down), 0, 0, 360, colour, -1, cv2.LINE_AA)
    # As little colour as photographs have.
    grey = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    picture = cv2.addWeighted(picture, 0.5, grey, 0.5, 0)
    cv2.imwrite(str(path), cv2.GaussianBlur(picture, (0, 0), 1.2))


def luma_of(rgb: Rgb) -> Luma:
    return rgb.astype(np.float64) @ np.array([0.2126, 0.7152, 0.0722])


def decoded(film: Film, folder: Path, frames: list[int]) -> dict[int, tuple[Luma, Rgb]]:
    """Make the film and return what `painted` does, as it is in the file."""
    out = folder / "film.mp4"
    compose(film.timeline, out, film.profile)
    found: dict[int, tuple[Luma, Rgb]] = {}
    with av.open(out) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number in frames:
                luma = (plane(frame.planes[0]).astype(np.float64) - 16) * 255 / 219
                found[number] = luma, frame.to_ndarray(format="rgb24").astype(np.uint8)
    return found


def plane(of: VideoPlane) -> npt.NDArray[np.uint8]:
    rows = np.frombuffer(of, np.uint8).reshape(of.height, of.line_size)
    return rows[:, : of.width]


def unlike(
    filmed: Callable[[int], tuple[Luma, Rgb]], animatic: Animatic, frames: list[int]
) -> list[str]:
    """Return the frames that are not as the film's, with how far apart they are."""
    found: list[str] = []
    for frame in frames:
        drawn = animatic.frame(frame)
        luma, colours = filmed(frame)
        likeness = ssim(luma_of(drawn).astype(np.uint8), luma)
        apart = float(np.abs(drawn.astype(np.int16) - colours).mean())
        if likeness < ALIKE or apart > COLOUR:
            found.append(f"{frame}: similarity {likeness:.4f}, colours {apart:.1f} apart")
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("animatic")
    for seed, scene in enumerate(BOARD.scenes):
        if scene.background is None:
            photograph(folder / f"{scene.id}.jpg", seed=seed)
    logo = Image.new("RGBA", (400, 160), (20, 33, 61, 255))
    logo.paste((252, 163, 17, 255), (40, 40, 360, 120))
    logo.save(folder / "logo.png")
    return folder


@pytest.fixture(scope="module")
def files() -> dict[str, Path]:
    """What the page may ask for, by its path."""
    return {}


@pytest.fixture(scope="module")
def page(files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with open_page(tmp_path_factory.mktemp("browsing"), files) as page:
        yield page


def test_it_shows_what_the_film_shows(folder: Path, page: Page, files: dict[str, Path]) -> None:
    film = filmed(BOARD, folder, shape=AspectRatio.LANDSCAPE, quality=Quality.PREVIEW)
    files.update(film.files)
    assert film.preview.frames == film.timeline.frames
    animatic = show(page, film.preview, width=film.profile.width, height=film.profile.height)
    alone = [shot.start + shot.frames // 3 for shot in film.timeline.shots]
    shared = [
        span.start_frame + round(span.frames * share)
        for scene in film.preview.scenes
        if scene.transition and (span := scene.transition.span)
        for share in (0.25, 0.7)
    ]
    assert not unlike(film.painted, animatic, [*alone, *shared])


def test_it_sounds_as_the_film_sounds(
    folder: Path, page: Page, files: dict[str, Path], tmp_path: Path
) -> None:
    film = filmed(BOARD, folder, shape=AspectRatio.LANDSCAPE, quality=Quality.PREVIEW)
    files.update(film.files)
    encode_sound(film.timeline, tmp_path / "sound.m4a", check=lambda: None)
    with av.open(tmp_path / "sound.m4a") as container:
        blocks = [one.to_ndarray() for one in container.decode(audio=0)]
    there = np.concatenate(blocks, axis=1)
    here = decibels(np.array(hear(page, film.preview, rate=RATE, step=STEP)))
    film_power = (there[:, : here.size * STEP].reshape(2, -1, STEP) ** 2).sum(axis=0).mean(axis=1)
    apart = np.abs(here - decibels(film_power))
    # Where either is heard: what is fainter nobody compares.
    loud = np.maximum(here, decibels(film_power)) > -45
    assert loud.mean() > 0.8
    assert np.median(apart[loud]) < 1, apart.tolist()
    assert np.quantile(apart[loud], 0.95) < 3, apart.tolist()


def decibels(power: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    return 10 * np.log10(np.maximum(power.astype(np.float64), 1e-12))


GROUND = Solid(colour="#7a7a7a")
SAID = {
    "en": "Flour, water and salt go in, and nothing else has ever gone into it.",
    "ar": "الخبز الأول يخرج من الفرن في الخامسة صباحا كل يوم.",
    "ja": "パンは毎朝五時に焼き上がります。七時には店がいっぱいです。",
}


@pytest.mark.parametrize(
    ("shape", "locale"),
    [
        (AspectRatio.LANDSCAPE, "en"),
        (AspectRatio.PORTRAIT, "en"),
        (AspectRatio.LANDSCAPE, "ar"),
        (AspectRatio.PORTRAIT, "ja"),
    ],
)
def test_words_stand_where_the_film_has_them(page: Page, shape: AspectRatio, locale: str) -> None:
    said = SAID[locale]
    board = Storyboard(
        title="",
        locale=locale,
        scenes=(
            Scene(id="a", on_screen_text=said, text_style=TextStyle.TITLE, background=GROUND),
            Scene(id="b", on_screen_text=f"{said[:9]}\n{said}", background=GROUND),
        ),
    )
    for style in (None, CaptionStyle.OUTLINE, CaptionStyle.BOX, CaptionStyle.LIT):
        told = board if style is None else captioned(board, said, style)
        with tempfile.TemporaryDirectory() as folder:
            film = filmed(told, Path(folder), shape=shape, quality=Quality.HD)
            width, height = film.profile.width, film.profile.height
            animatic = show(page, film.preview, width=width, height=height)
            for shot in film.timeline.shots:
                frame = shot.start + shot.frames // 2
                here = inked(luma_of(animatic.frame(frame)), style)
                there = inked(film.painted(frame)[0], style)
                assert np.abs(here - there).max() <= NEAR[locale], (
                    style,
                    shot.scene_id,
                    here,
                    there,
                )


@pytest.mark.parametrize(
    ("shape", "locale", "corner"),
    [
        (AspectRatio.LANDSCAPE, "en", Corner.TOP_RIGHT),
        (AspectRatio.PORTRAIT, "ar", Corner.BOTTOM_LEFT),
        (AspectRatio.SQUARE, "vi", Corner.TOP_LEFT),
    ],
)
def test_the_label_stands_where_the_film_has_it(
    page: Page, shape: AspectRatio, locale: str, corner: Corner, tmp_path: Path
) -> None:
    board = Storyboard(
        title="",
        locale=locale,
        scenes=(Scene(id="a", background=GROUND, duration=1),),
        logo=Logo(file="none.png", corner=corner),
        disclosure=True,
    )
    film = filmed(board, tmp_path, shape=shape, quality=Quality.HD)
    # Its logo is nowhere, and has its corner all the same.
    preview = msgspec.structs.replace(film.preview, logo=None)
    animatic = show(page, preview, width=film.profile.width, height=film.profile.height)
    here = inked(luma_of(animatic.frame(9)), CaptionStyle.BOX)
    there = inked(film.painted(9)[0], CaptionStyle.BOX)
    assert np.abs(here - there).max() <= NEAR["en"], (here, there)


def captioned(board: Storyboard, said: str, style: CaptionStyle) -> Storyboard:
    scene = Scene(id="c", narration=said, background=GROUND)
    return msgspec.structs.replace(board, scenes=(scene,), captions=style)


def inked(luma: Luma, style: CaptionStyle | None) -> npt.NDArray[np.int64]:
    """Return the left, upper, right and lower edge of letters, and of the box they stand on."""
    # A scrim or a shadow fades away and has no edge.
    apart = luma - 0x7A if style in {None, CaptionStyle.OUTLINE} else np.abs(luma - 0x7A)
    rows, columns = np.nonzero(apart > 48)
    assert rows.size
    return np.array([columns.min(), rows.min(), columns.max(), rows.max()])


@pytest.mark.timeout(900)
@pytest.mark.parametrize("shape", AspectRatio)
def test_the_sample_is_shown_as_it_is_filmed(
    bakery: Path, page: Page, files: dict[str, Path], shape: AspectRatio
) -> None:
    board = msgspec.json.decode(SAMPLE.read_bytes(), type=Storyboard)
    film = filmed(board, bakery, shape=shape, quality=Quality.HD)
    files.update(film.files)
    animatic = show(page, film.preview, width=film.profile.width, height=film.profile.height)
    assert not unlike(film.painted, animatic, moments(film))


@pytest.mark.timeout(900)
def test_the_demo_is_shown_as_it_is_filmed(
    tmp_path: Path, page: Page, files: dict[str, Path]
) -> None:
    brief = msgspec.json.decode(BRIEF.read_bytes(), type=Brief)
    board = draft(brief, limits=Limits()).storyboard

    async def drawn() -> None:
        for scene in board.scenes:
            if scene.background is None:
                made = await OfflineImages().draw(image_request(board, scene))
                (tmp_path / f"{scene.id}.png").write_bytes(made.data)

    with ThreadPoolExecutor(1) as thread:
        thread.submit(anyio.run, drawn).result()
    film = filmed(board, tmp_path, shape=board.aspect_ratio, quality=Quality.HD)
    files.update(film.files)
    animatic = show(page, film.preview, width=film.profile.width, height=film.profile.height)
    there = decoded(film, tmp_path, moments(film))
    assert not unlike(lambda frame: there[frame], animatic, moments(film))


def moments(film: Film) -> list[int]:
    """Return sixty frames, spread over a film."""
    return [round((number + 0.5) * film.timeline.frames / 60) for number in range(60)]


@pytest.fixture(scope="module")
def bakery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bakery")
    for name in FILES:
        make(folder / name)
    return folder
