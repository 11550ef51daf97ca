import io
import wave
from fractions import Fraction
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from render.assets import Assets, gather
from render.errors import GenerationError, MediaError, RefusedGeneration
from render.generation.base import Generated, ImageRequest, SpeechRequest
from render.problem import Problem
from render.sound.music import check_music
from render.sound.track import blocks
from render.sound.wav import narration
from render.source import Source
from render.storyboard import (
    AspectRatio,
    Clip,
    Ingredient,
    Logo,
    Mood,
    Music,
    Role,
    Scene,
    Storyboard,
)
from tests.support.sounds import RATE, speech, write_track
from tests.support.sounds import found as found_at

pytestmark = pytest.mark.anyio


def picture_bytes() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (32, 18), "teal").save(buffer, "PNG")
    return buffer.getvalue()


def voice_bytes(frames: int = 22_050) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(22_050)
        file.writeframes(b"\0\x20" * frames)
    return buffer.getvalue()


class Painter:
    """A provider that remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[ImageRequest] = []

    async def draw(self, request: ImageRequest) -> Generated:
        self.asked.append(request)
        return Generated(
            data=picture_bytes(),
            media_type="image/png",
            provider="test",
            model="painter",
            warnings=(Problem(code="glyph", message="One letter has no glyph."),),
        )


class Speaker:
    def __init__(self, *, refuses: bool = False) -> None:
        self.asked: list[SpeechRequest] = []
        self._refuses = refuses

    async def speak(self, request: SpeechRequest) -> Generated:
        self.asked.append(request)
        if self._refuses:
            raise RefusedGeneration("The voice cannot read this.", locale=request.locale)
        return Generated(
            data=voice_bytes(), media_type="audio/wav", provider="test", model="speaker"
        )


STORYBOARD = Storyboard(
    title="Tides",
    locale="cy",
    voice="low",
    style="ink",
    aspect_ratio=AspectRatio.PORTRAIT,
    scenes=(
        Scene(id="one", narration="Bore da.", picture_prompt="a harbour", on_screen_text="Bore"),
        Scene(id="two", narration="Nos da."),
        Scene(id="three", narration="  \n"),
    ),
)


async def test_what_lies_in_the_folder_is_taken(tmp_path: Path) -> None:
    folder, painter, speaker = tmp_path / "assets", Painter(), Speaker()
    folder.mkdir()
    for name in ("one.webp", "two.jpeg", "three.jpg"):
        Image.new("RGB", (32, 18)).save(folder / name)
    for name in ("one.wav", "two.wav"):
        (folder / name).write_bytes(voice_bytes(11_025))
    found = await gather(
        STORYBOARD, folder=folder, stand_in_folder=tmp_path, images=painter, speech=speaker
    )
    assert painter.asked == speaker.asked == []
    assert found.media["one"].picture == folder / "one.webp"
    assert found.media["two"].narration_seconds == Fraction(1, 2)
    assert found.media["three"].narration is None, "nothing but blanks is nothing to say"
    assert found.warnings == ()


async def test_what_is_missing_is_asked_for_in_full_and_made(tmp_path: Path) -> None:
    painter, speaker, ready = Painter(), Speaker(), []
    found = await gather(
        STORYBOARD,
        folder=None,
        stand_in_folder=tmp_path,
        images=painter,
        speech=speaker,
        on_scene=ready.append,
    )
    assert painter.asked[0] == ImageRequest(
        prompt="a harbour",
        text="Bore",
        lettered=True,
        title="Tides",
        scene_number=1,
        scene_count=3,
        style="ink",
        locale="cy",
        aspect_ratio=AspectRatio.PORTRAIT,
    )
    assert painter.asked[1].text == "Nos da.", "without words of its own, a card shows what is said"
    assert speaker.asked[0] == SpeechRequest(text="Bore da.", locale="cy", voice="low")
    assert len(speaker.asked) == 2
    assert found.media["one"].narration_seconds == 1
    assert found.media["one"].picture.parent == tmp_path
    assert found.warnings[:3] == (
        Problem(
            code="missing_picture",
            message="Scene 1: The picture is missing; another stands in.",
            params={"scene": 1},
        ),
        Problem(code="glyph", message="Scene 1: One letter has no glyph.", params={"scene": 1}),
        Problem(
            code="missing_narration",
            message="Scene 1: The narration is missing; a machine's voice reads it.",
            params={"scene": 1},
        ),
    )
    assert ready == [0, 1, 2, 3]


async def test_a_refusal_names_the_scene_and_stays_what_it_was(tmp_path: Path) -> None:
    with pytest.raises(GenerationError, match="Scene 1: The voice cannot read this") as caught:
        await gather(
            STORYBOARD,
            folder=None,
            stand_in_folder=tmp_path,
            images=Painter(),
            speech=Speaker(refuses=True),
        )
    assert type(caught.value) is RefusedGeneration
    assert caught.value.params == {"locale": "cy", "scene": "1"}


async def test_a_spoilt_file_names_the_scene(tmp_path: Path) -> None:
    (tmp_path / "two.wav").write_bytes(b"")
    made = tmp_path / "made"
    made.mkdir()
    with pytest.raises(MediaError, match="Scene 2: the narration is not a readable WAV"):
        await gather(
            STORYBOARD, folder=tmp_path, stand_in_folder=made, images=Painter(), speech=Speaker()
        )


async def test_where_nothing_may_be_made_up_a_missing_file_is_an_error(tmp_path: Path) -> None:
    painter, speaker = Painter(), Speaker()
    with pytest.raises(MediaError, match="Scene 1: the picture is missing"):
        await gather(
            STORYBOARD,
            folder=None,
            stand_in_folder=tmp_path,
            images=painter,
            speech=speaker,
            strict=True,
        )
    assert painter.asked == speaker.asked == []


SPOKEN = Storyboard(title="Tides", scenes=(Scene(id="one", narration="Good morning."),))


async def gathered(folder: Path, storyboard: Storyboard = SPOKEN, **how: object) -> Assets:
    made = folder.parent / "made"
    made.mkdir(exist_ok=True)
    return await gather(
        storyboard, folder=folder, stand_in_folder=made, images=Painter(), speech=Speaker(), **how
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "assets"
    folder.mkdir()
    Image.new("RGB", (32, 18)).save(folder / "one.png")
    return folder


CODECS = {
    "one.mp3": "libmp3lame",
    "one.M4A": "aac",
    "one.ogg": "libopus",
    "one.opus": "libopus",
    "one.FLAC": "flac",
    "one.aac": "aac",
    "one.wav": "pcm_s16le",
    "one.weba": "libopus",
}


@pytest.mark.parametrize("name", CODECS)
async def test_a_narration_of_any_kind_is_heard_whole(folder: Path, name: str) -> None:
    spoken = speech(2.5, rate=RATE)
    container = {"weba": "webm", "m4a": "mp4", "aac": "adts"}.get(
        name[4:].lower(), name[4:].lower()
    )
    encoded = write_track(folder / f"coded.{container}", spoken, codec=CODECS[name])
    encoded.rename(folder / name)
    found = await gathered(folder)
    assert found.warnings == ()
    voice = found.media["one"].narration
    assert voice == folder / name
    assert found.media["one"].narration_seconds == pytest.approx(2.5, abs=0.08)
    # Where it was put is where it is heard: what an encoder adds in front is left out.
    sound = np.concatenate(list(blocks(narration(voice))), axis=1)[0]
    assert abs(found_at(spoken, sound)) < RATE * (0.05 if name.endswith("aac") else 0.003)


async def test_a_heic_is_the_scenes_picture(folder: Path) -> None:
    (folder / "one.png").unlink()
    Image.new("RGB", (32, 18)).save(folder / "one.HEIC", "HEIF")
    found = await gathered(folder, msgspec.structs.replace(SPOKEN, scenes=(Scene(id="one"),)))
    assert found.media["one"].picture == folder / "one.HEIC"
    assert found.warnings == ()


async def test_of_several_files_the_ones_left_over_are_named(folder: Path) -> None:
    Image.new("RGB", (32, 18)).save(folder / "one.jpg")
    (folder / "one.wav").write_bytes(voice_bytes())
    (folder / "one.mp3").write_bytes(b"")
    (folder / "one.mp4").write_bytes(b"")
    found = await gathered(folder)
    assert {warning.message for warning in found.warnings} == {
        "Scene 1: one.jpg is not used: one.png is.",
        "Scene 1: one.mp3 is not used: one.wav is.",
        "Scene 1: one.mp4 is not used: the scene shows a picture.",
    }
    assert {warning.code for warning in found.warnings} == {"spare_file"}
    assert found.warnings[0].params["scene"] == 1


async def test_what_cannot_be_used_is_named_before_what_is_missing(folder: Path) -> None:
    (folder / "one.txt").touch()
    (folder / "one-final.wav").touch()
    found = await gathered(folder)
    assert [warning.message for warning in found.warnings] == [
        "Scene 1: one.txt is not used: no file of a type that is read here.",
        "Scene 1: one-final.wav is not used: files are called one and nothing more.",
        "Scene 1: The narration is missing; a machine's voice reads it.",
    ]
    with pytest.raises(MediaError, match=r"Scene 1: one\.txt cannot be used") as caught:
        await gathered(folder, strict=True)
    assert caught.value.params == {"scene": "1"}


async def test_what_goes_by_a_scene_that_is_not_there_is_named_and_not_refused(
    folder: Path,
) -> None:
    (folder / "one.wav").write_bytes(voice_bytes())
    (folder / "ones.png").touch()
    for strict in (False, True):
        found = await gathered(folder, strict=strict)
        assert [warning.message for warning in found.warnings] == [
            "Scene 1: ones.png is not used: no scene is called so."
        ]


async def test_many_names_are_not_all_told(folder: Path) -> None:
    for number in range(40):
        (folder / f"one-{number:02}.txt").touch()
    found = await gathered(folder)
    assert found.warnings[0].params["file"] == (
        "one-00.txt, one-01.txt, one-02.txt, one-03.txt, one-04.txt (and 35 more)"
    )


async def test_music_of_another_type_is_used_and_told(folder: Path) -> None:
    write_track(folder / "bed.flac", speech(2, rate=RATE), codec="flac")
    (folder / "one.wav").write_bytes(voice_bytes())
    storyboard = msgspec.structs.replace(SPOKEN, music=Music(file="bed.mp3"))
    found = await gathered(folder, storyboard)
    assert found.music == folder / "bed.flac"
    assert [warning.message for warning in found.warnings] == [
        "The music is missing: bed.mp3. bed.flac is used."
    ]
    with pytest.raises(MediaError, match=r"The music is missing: bed\.mp3\."):
        await gathered(folder, storyboard, strict=True)


async def test_a_mood_needs_no_file_and_is_told_as_what_it_is(folder: Path) -> None:
    (folder / "one.wav").write_bytes(voice_bytes())
    brought = Ingredient(role=Role.MUSIC, source=Source.UPLOAD)
    storyboard = msgspec.structs.replace(
        SPOKEN, music=Music(mood=Mood.DRIVING), ingredients=(brought,)
    )
    found = await gathered(folder, storyboard, strict=True)
    assert found.music
    assert check_music(found.music) == 32
    (told,) = found.with_origins(storyboard).ingredients
    assert (told.role, told.source, told.credit.licence) == (Role.MUSIC, Source.RULE, "MIT")
    assert told.model.endswith("driving")


async def test_music_that_no_model_composed_is_the_nearest_mood_s_and_told(folder: Path) -> None:
    (folder / "one.wav").write_bytes(voice_bytes())
    storyboard = msgspec.structs.replace(SPOKEN, music=Music(prompt="A steady techno beat"))
    found = await gathered(folder, storyboard)
    assert found.music
    assert [warning.code for warning in found.warnings][-1] == "built_in_music"
    (told,) = found.with_origins(storyboard).ingredients
    assert told.model.endswith("driving")
    with pytest.raises(MediaError, match="composed by a model"):
        await gathered(folder, storyboard, strict=True)


async def test_a_logo_that_only_its_capitals_tell_apart_is_used(folder: Path) -> None:
    Image.new("RGB", (32, 18)).save(folder / "LOGO.PNG")
    (folder / "one.wav").write_bytes(voice_bytes())
    storyboard = msgspec.structs.replace(SPOKEN, logo=Logo(file="logo.png"))
    found = await gathered(folder, storyboard)
    assert found.logo == folder / "LOGO.PNG"
    assert found.warnings == ()


async def test_a_narration_without_end_is_given_up(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("render.sound.wav.MAX_SECONDS", 2)
    for name, codec in (("one.flac", "flac"), ("one.wav", "pcm_s16le")):
        path = write_track(folder / name, 0 * speech(3, rate=RATE), codec=codec)
        with pytest.raises(MediaError, match="Scene 1: the narration may last at most 2 seconds"):
            await gathered(folder)
        path.unlink()


async def test_only_what_stands_in_a_film_is_told_of_it(folder: Path) -> None:
    (folder / "one.wav").write_bytes(voice_bytes())
    said = {role: Ingredient(role=role, provider="p", model="m") for role in Role}
    scene = msgspec.structs.replace(
        SPOKEN.scenes[0],
        clip=Clip(),
        ingredients=tuple(said[role] for role in (Role.PICTURE, Role.CLIP, Role.NARRATION)),
    )
    storyboard = msgspec.structs.replace(
        SPOKEN,
        scenes=(scene,),
        music=Music(file="bed.mp3"),
        logo=Logo(file="logo.png"),
        ingredients=tuple(said[role] for role in (Role.MUSIC, Role.LOGO, Role.TEXT)),
    )
    # No clip, no music and no logo lie there; the scene's own picture does.
    told = (await gathered(folder, storyboard)).with_origins(storyboard)
    assert [one.role for one in told.scenes[0].ingredients] == [Role.PICTURE, Role.NARRATION]
    assert [one.role for one in told.ingredients] == [Role.TEXT]


@pytest.mark.parametrize(("codec", "suffix"), [("aac", "aac"), ("flac", "flac")])
async def test_a_narration_behind_an_id3_tag_is_heard(
    folder: Path, codec: str, suffix: str
) -> None:
    path = write_track(folder / f"one.{suffix}", speech(2, rate=RATE), codec=codec)
    # A tag of 300 bytes, its length in seven bits a byte.
    path.write_bytes(b"ID3\3\0\0\0\0\2\x2c" + bytes(300) + path.read_bytes())
    found = await gathered(folder)
    assert found.media["one"].narration == path
    assert float(found.media["one"].narration_seconds) == pytest.approx(2, abs=0.06)


@pytest.mark.parametrize(
    ("words", "mark"),
    [
        ("Hello <b>world</b>.", "<b>"),
        ('<speak>Wait <break time="1s"/></speak>', "<speak>"),
        ("Salt &amp; water", "&amp;"),
        ("This is **loud**.", "**loud**"),
        ("See [our page](https://example.org).", "[our page](https://example.org)"),
        ("# Chapter one", "#"),
        ("Run `make`.", "`make`"),
    ],
)
async def test_markup_in_words_is_told(words: str, mark: str, tmp_path: Path) -> None:
    assert markup_in(await spoken(tmp_path, words)) == [mark]


@pytest.mark.parametrize(
    "words", ["1 < 2 and 3 > 2", "5 * 3 ** 2", "Rock & Roll; R&B;", "[sic]", "Take #3", "a <- b"]
)
async def test_signs_are_no_markup(words: str, tmp_path: Path) -> None:
    assert markup_in(await spoken(tmp_path, words)) == []


def markup_in(assets: Assets) -> list[object]:
    return [one.params["markup"] for one in assets.warnings if one.code == "markup_in_words"]


async def spoken(folder: Path, words: str) -> Assets:
    return await gather(
        Storyboard(title="A", scenes=(Scene(id="one", narration=words),)),
        folder=None,
        stand_in_folder=folder,
        images=Painter(),
        speech=Speaker(),
    )
