import io
import wave
from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image

from render.assets import gather
from render.errors import GenerationError, MediaError, RefusedGeneration
from render.generation.base import Generated, ImageRequest, SpeechRequest
from render.problem import Problem
from render.storyboard import AspectRatio, Scene, Storyboard

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
    found = await gather(STORYBOARD, folder=folder, made=tmp_path, images=painter, speech=speaker)
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
        made=tmp_path,
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
            made=tmp_path,
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
        await gather(STORYBOARD, folder=tmp_path, made=made, images=Painter(), speech=Speaker())


async def test_where_nothing_may_be_made_up_a_missing_file_is_an_error(tmp_path: Path) -> None:
    painter, speaker = Painter(), Speaker()
    with pytest.raises(MediaError, match="Scene 1: the picture is missing"):
        await gather(
            STORYBOARD, folder=None, made=tmp_path, images=painter, speech=speaker, strict=True
        )
    assert painter.asked == speaker.asked == []
