"""What a model answered, looked at before it is kept: pictures and speech of every bad kind."""

import io
import wave
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from render.errors import MediaError, UnusableAnswer
from render.generation.acceptance import Inspector, inspect_picture
from render.generation.base import Generated, ImageRequest, SpeechRequest
from render.generation.offline.account import OfflineImages, OfflineSpeech
from render.generation.sniffing import picture_type
from render.generation.standards import Standards
from render.problem import Problem
from render.source import Source
from render.storyboard import AspectRatio
from tests.support.simulators.media import bomb, wav
from tests.support.simulators.media import speech as spoken

pytestmark = pytest.mark.anyio

DRAWN = ImageRequest(prompt="A boat")
SPOKEN = SpeechRequest(text="The boat leaves the harbour at dawn, as it has for forty years.")
PAID = Decimal("0.039")
STORY = SpeechRequest(
    text="Long before the town is awake, the oven glows. Ada has baked here for thirty years. "
    "Nobody hurries here. In the evening the lamps along the water are lit."
)


def picture(width: int = 1344, height: int = 768, kind: str = "PNG", **options: object) -> bytes:
    """Return a picture with something in it."""
    coarse = np.random.default_rng(7).integers(0, 255, (9, 16, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(coarse).resize((width, height)).save(file, kind, **options)
    return file.getvalue()


def plain(colour: object, mode: str = "RGB", kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new(mode, (1344, 768), colour).save(file, kind)  # pyright: ignore[reportArgumentType]
    return file.getvalue()


def speech(
    seconds: float = 5.0, *, rate: int = 24_000, level: float = 0.5, channels: int = 1
) -> bytes:
    time = np.arange(round(seconds * rate)) / rate
    tone = (level * 32_767 * np.sin(2 * np.pi * 180 * time)).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(np.repeat(tone, channels).tobytes())
    return file.getvalue()


def answer(data: bytes, *, source: Source = Source.MODEL, **more: object) -> Generated:
    kind = "audio/wav" if data[:4] == b"RIFF" and data[8:12] == b"WAVE" else picture_type(data)
    made = Generated(
        data=data, media_type=kind or "image/png", provider="p", model="m", cost=PAID, source=source
    )
    return made if not more else Generated(**{**_fields(made), **more})


def _fields(made: Generated) -> dict[str, object]:
    return {name: getattr(made, name) for name in made.__struct_fields__}


async def codes(data: bytes, request: ImageRequest | SpeechRequest = DRAWN, **more: object) -> str:
    made = await Inspector().inspect_answer(request, answer(data, **more))
    assert made.inspected
    return " ".join(warning.code for warning in made.warnings)


async def refusal(data: bytes, request: ImageRequest | SpeechRequest = DRAWN) -> UnusableAnswer:
    with pytest.raises(UnusableAnswer) as refused:
        await Inspector().inspect_answer(request, answer(data))
    assert refused.value.cost == PAID, "its charge stays"
    assert refused.value.params["model"] == "m"
    return refused.value


class TestPictures:
    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
    async def test_a_whole_one_passes_without_a_word(self, kind: str) -> None:
        assert await codes(picture(kind=kind)) == ""

    @pytest.mark.parametrize(
        "options",
        [{"progressive": True}, {"subsampling": 0}, {"restart_marker_rows": 1}, {"quality": 20}],
    )
    async def test_a_jpeg_of_any_make_passes(self, options: dict[str, object]) -> None:
        assert await codes(picture(kind="JPEG", **options)) == ""
        assert await codes(picture(kind="JPEG", **options) + b"\0and more") == ""

    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
    @pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
    async def test_a_truncated_one_is_unusable(self, kind: str, share: float) -> None:
        whole = picture(kind=kind)
        refused = await refusal(whole[: int(share * len(whole))])
        assert refused.message.startswith("“m” sent a picture that cannot be used. The picture ")

    async def test_a_jpeg_that_claims_to_be_at_its_end_half_way_is_unusable(self) -> None:
        whole = picture(kind="JPEG")
        assert "damaged" in (await refusal(whole[: len(whole) // 2] + b"\xff\xd9")).message

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"\x89PNG\r\n\x1a\n",
            b"\x89PNG\r\n\x1a\n" + bytes(100),
            b"\xff\xd8\xff",
            b"\xff\xd8\xff\xe0" + bytes(100),
            b"RIFF\x24\x00\x00\x00WEBP",
            b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(30),
        ],
    )
    async def test_magic_bytes_with_nothing_behind_are_unusable(self, data: bytes) -> None:
        assert "not a readable" in (await refusal(data)).message

    @pytest.mark.parametrize("size", [(8_000, 8_000), (13_000, 13_000), (60_000, 60_000)])
    async def test_a_bomb_is_refused_by_its_header(self, size: tuple[int, int]) -> None:
        assert "more than 50 million pixels" in (await refusal(bomb(*size))).message

    async def test_the_bound_on_pixels_can_be_set(self) -> None:
        inspector = Inspector(Standards(picture_pixels=1_000_000))
        with pytest.raises(UnusableAnswer, match="more than 1 million pixels"):
            await inspector.inspect_answer(DRAWN, answer(picture()))

    @pytest.mark.parametrize(
        ("size", "shape", "told"),
        [
            ((1, 1), AspectRatio.LANDSCAPE, None),
            ((239, 135), AspectRatio.LANDSCAPE, None),
            ((240, 135), AspectRatio.LANDSCAPE, "picture_small"),
            ((960, 540), AspectRatio.LANDSCAPE, ""),
            ((959, 540), AspectRatio.LANDSCAPE, "picture_small"),
            ((540, 960), AspectRatio.PORTRAIT, ""),
            ((960, 540), AspectRatio.PORTRAIT, "picture_small"),
            ((134, 134), AspectRatio.SQUARE, None),
            ((1024, 1024), AspectRatio.PORTRAIT, ""),
            ((20_000, 2), AspectRatio.LANDSCAPE, None),
        ],
    )
    async def test_a_small_one_is_told_and_a_tiny_one_unusable(
        self, size: tuple[int, int], shape: AspectRatio, told: str | None
    ) -> None:
        request, data = ImageRequest(prompt="A boat", aspect_ratio=shape), picture(*size)
        if told is None:
            assert f"only {size[0]} × {size[1]} pixels" in (await refusal(data, request)).message
        else:
            assert await codes(data, request) == told

    async def test_one_that_lies_on_its_side_is_measured_upright(self) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        lying = picture(1920, 1080, "JPEG", exif=exif)
        assert await codes(lying, ImageRequest(prompt="", aspect_ratio=AspectRatio.PORTRAIT)) == ""
        assert await codes(lying) == ""

    @pytest.mark.parametrize(
        ("data", "told"),
        [
            (plain("black"), "picture_flat"),
            (plain((12, 200, 7), kind="JPEG"), "picture_flat"),
            (plain(255, "L"), "picture_flat"),
            (plain((9, 9, 9, 0), "RGBA"), "picture_flat"),
            (plain((0, 0, 0, 128), "CMYK", kind="JPEG"), "picture_flat"),
            (plain(40_000, "I;16"), "picture_flat"),
            (picture(), ""),
        ],
    )
    async def test_one_of_a_single_colour_is_told(self, data: bytes, told: str) -> None:
        assert await codes(data) == told

    async def test_a_card_may_be_of_one_colour_and_is_looked_at_like_any_other(self) -> None:
        assert await codes(plain("navy"), source=Source.RULE) == ""
        card = await OfflineImages().draw(DRAWN)
        assert (await Inspector().inspect_answer(DRAWN, card)).warnings == ()

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def test_whatever_is_wrong_is_said_in_words(self, tmp_path: Path, data: st.DataObject) -> None:
        kind = data.draw(st.sampled_from(["PNG", "JPEG", "WEBP", "GIF"]))
        broken = bytearray(picture(320, 180, kind))
        for _ in range(data.draw(st.integers(1, 6))):
            broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
        del broken[data.draw(st.integers(1, len(broken))) :]
        path = tmp_path / "picture"
        path.write_bytes(broken)
        with suppress(MediaError):
            inspect_picture(path, DRAWN, source=Source.MODEL, standards=Standards())


class TestSpeech:
    @pytest.mark.parametrize("dialogue", [False, True])
    async def test_a_recording_is_set_against_its_words_as_they_are_said(
        self, dialogue: bool, tmp_path: Path
    ) -> None:
        first, rest = STORY.text.split(".", maxsplit=1)
        request = msgspec.structs.replace(STORY, text=f"Zrk.{rest}")
        pairs = (("Zrk", first),)
        place = tmp_path / "recording.wav"
        place.write_bytes(wav(spoken(STORY.text, 24_000), 24_000))

        async def found(request: SpeechRequest) -> list[str]:
            seen = await Inspector().inspect_own(request, place, scene="1")
            return [problem.code for problem in seen.warnings]

        assert await found(request) != []
        with_words = msgspec.structs.replace(request, pronunciations=pairs)
        if dialogue:
            with_words = msgspec.structs.replace(request, turns=(with_words,))
        assert await found(with_words) == []

    @pytest.mark.parametrize("rate", [24_000, 44_100])
    async def test_a_spoken_line_passes_without_a_word(self, rate: int) -> None:
        assert await codes(wav(spoken(SPOKEN.text, rate), rate), SPOKEN) == ""

    async def test_what_is_no_speech_is_told(self) -> None:
        assert "sentence_unsaid" in await codes(speech(channels=2), SPOKEN)

    async def test_a_voice_that_breaks_off_after_half_its_text_is_unusable(self) -> None:
        pcm = spoken(STORY.text, 24_000)
        refused = await refusal(wav(pcm[: len(pcm) // 4 * 2], 24_000), STORY)
        assert "The voice breaks off" in refused.message
        assert "It does not say: “Ada has baked" in refused.message

    async def test_a_voice_of_another_language_is_unusable_and_a_recording_is_taken(
        self, tmp_path: Path
    ) -> None:
        said = (
            "Lange bevor die Stadt erwacht, glüht der Ofen. Ada backt hier seit dreißig Jahren. "
            "Niemand hat es eilig. Am Abend werden die Lampen am Wasser angezündet."
        )
        sound = wav(spoken(said, 24_000), 24_000)
        assert "another text or language" in (await refusal(sound, STORY)).message
        place = tmp_path / "recording.wav"
        place.write_bytes(sound)
        seen = await Inspector().inspect_own(STORY, place, scene="1")
        assert {problem.code for problem in seen.warnings} == {"sentence_unsaid"}

    async def test_a_sentence_left_out_in_the_middle_is_told(self) -> None:
        pcm = spoken(STORY.text.replace("Nobody hurries here. ", ""), 24_000)
        assert await codes(wav(pcm, 24_000), STORY) == "sentence_unsaid"

    @pytest.mark.parametrize("rate", [999_999, 7_999, 192_001, 1])
    async def test_a_rate_that_no_speech_has_is_unusable(self, rate: int) -> None:
        assert "samples a second" in (await refusal(speech(0.5, rate=rate), SPOKEN)).message

    async def test_more_channels_than_two_are_unusable(self) -> None:
        assert "6 channels" in (await refusal(speech(channels=6), SPOKEN)).message

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b"", "not a readable"),
            (b"RIFF\x24\x00\x00\x00WAVE", "not a readable"),
            (b"RIFF\x24\x00\x00\x00WAVEfmt ", "sent speech that cannot be used"),
            (speech(0.0), "holds no sound"),
            (speech()[:-1_000], "cut short"),
            (speech()[:44], "holds no sound"),
        ],
    )
    async def test_a_file_with_nothing_or_too_little_in_it_is_unusable(
        self, data: bytes, said: str
    ) -> None:
        with pytest.raises(UnusableAnswer, match=said):
            await Inspector().inspect_answer(
                SPOKEN, answer(data, media_type="audio/wav") if data else answer(b"")
            )

    async def test_eleven_minutes_for_a_line_are_unusable(self) -> None:
        refused = await refusal(speech(660, rate=8_000), SPOKEN)
        assert "It lasts 660.0 seconds for a text of about" in refused.message

    async def test_a_slow_voice_is_none_the_less_one(self) -> None:
        assert "unusable" not in await codes(speech(20), SPOKEN)

    async def test_a_line_that_breaks_off_at_once_is_unusable(self) -> None:
        long = SpeechRequest(text=SPOKEN.text * 10)
        assert "It lasts 1.0 seconds" in (await refusal(speech(1), long)).message

    @pytest.mark.parametrize("level", [0.0, 0.0005])
    async def test_silence_is_unusable(self, level: float) -> None:
        assert "silent" in (await refusal(speech(level=level), SPOKEN)).message

    async def test_silence_for_what_nobody_can_say_is_told(self) -> None:
        assert await codes(speech(1, level=0), SpeechRequest(text="… — !")) == "silent_narration"

    async def test_silence_by_rule_is_told_and_not_twice(self) -> None:
        silence = speech(1, level=0)
        assert await codes(silence, SPOKEN, source=Source.RULE) == "silent_narration"
        told = (Problem(code="nothing_pronounceable", message="Nothing."),)
        said = await codes(silence, SPOKEN, source=Source.RULE, warnings=told)
        assert said == "nothing_pronounceable"

    @pytest.mark.parametrize("text", [SPOKEN.text, "…", "Hi."])
    async def test_the_offline_voice_passes(self, text: str) -> None:
        request = SpeechRequest(text=text)
        made = await Inspector().inspect_answer(request, await OfflineSpeech().speak(request))
        assert {warning.code for warning in made.warnings} <= {"nothing_pronounceable"}


@pytest.mark.parametrize("request_", [DRAWN, SPOKEN])
async def test_what_a_decoder_stumbles_over_is_unusable_at_its_price(
    monkeypatch: pytest.MonkeyPatch, request_: ImageRequest | SpeechRequest
) -> None:
    def stumble(*_: object, **__: object) -> None:
        raise IndexError("list index out of range")

    monkeypatch.setattr("render.generation.acceptance.check_picture", stumble)
    monkeypatch.setattr("render.generation.acceptance.open_sound", stumble)
    assert "IndexError" in (await refusal(b"RIFF", request_)).message


@pytest.mark.parametrize("request_", [DRAWN, SPOKEN])
async def test_a_machine_without_memory_to_look_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, request_: ImageRequest | SpeechRequest
) -> None:
    def choke(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("render.generation.acceptance.check_picture", choke)
    monkeypatch.setattr("render.generation.acceptance.open_sound", choke)
    made = answer(b"RIFF")
    assert await Inspector().inspect_answer(request_, made) == made


async def test_a_machine_without_room_to_look_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    made = answer(picture())
    assert await Inspector().inspect_answer(DRAWN, made) == made
    assert not made.inspected
