"""Piper: who speaks, how a text is cut for it, and how its process is bounded and ended."""

import importlib.util
import io
import json
import os
import signal
import subprocess
import sys
import wave
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import anyio
import numpy as np
import psutil
import pytest

from render.errors import RefusedGeneration, RetryableGeneration
from render.generation.base import Generated, SpeechRequest
from render.generation.models import ModelsConfig
from render.generation.piper import processes
from render.generation.piper.library import Voice, choose, find_voices, installed
from render.generation.piper.processes import Bounds
from render.generation.piper.speech import PiperSpeech, _pieces
from render.generation.providers import open_providers
from render.generation.voices import ANY_FREE
from render.source import Source

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(
        importlib.util.find_spec("piper") is None, reason="Piper has no wheels for this Python"
    ),
]

SENTENCE = "Every morning, before the town wakes, a baker lights her oven."
CRASH = "import os, signal, sys; sys.stdin.readline(); os.kill(os.getpid(), signal.SIGSEGV)"
HANG = "import time; time.sleep(60)"
BABBLE = """
import struct, sys
sys.stdin.readline()
out = sys.stdout.buffer
out.write(b'{"sampleRate": 22050}\\n')
try:
    while True:
        out.write(struct.pack("<I", 1 << 30) + bytes(1 << 20))
except BrokenPipeError:
    pass
"""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def piper() -> AsyncIterator[PiperSpeech]:
    speech = PiperSpeech(find_voices(None))
    yield speech
    await speech.aclose()


def workers() -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            if child.status() != psutil.STATUS_ZOMBIE and "worker.py" in " ".join(child.cmdline()):
                found.append(child)
    return found


def sound(made: Generated) -> tuple[np.ndarray, int]:
    with wave.open(io.BytesIO(made.data)) as file:
        assert (file.getsampwidth(), file.getnchannels()) == (2, 1)
        return np.frombuffer(
            file.readframes(file.getnframes()), "<i2"
        ) / 32_768, file.getframerate()


def other(name: str) -> Voice:
    (joe,) = find_voices(None)
    return Voice(name=name, model=joe.model, locale="en-us")


async def test_a_voice_speaks_and_says_whose_it_is(piper: PiperSpeech) -> None:
    made = await piper.speak(SpeechRequest(text=SENTENCE))
    samples, rate = sound(made)
    assert 3 < len(samples) / rate < 6
    assert 20 * np.log10(np.abs(samples).max()) == pytest.approx(-1, abs=0.05)
    assert made.provider == "piper"
    assert made.model == f"piper-{installed()}/en_US-joe-medium"
    assert made.source is Source.MODEL  # a trained model spoke: no placeholder
    assert made.credit.licence == "CC0-1.0"
    assert made.warnings == ()
    # Loaded once: what is asked next takes a tenth of what it says.
    (before,) = workers()
    await piper.speak(SpeechRequest(text="Bread."))
    assert workers() == [before]


async def test_nothing_of_piper_is_in_this_process(piper: PiperSpeech) -> None:
    await piper.speak(SpeechRequest(text="Bread."))
    assert not {"piper", "onnxruntime"} & set(sys.modules)


async def test_pauses_stand_between_sentences_and_do_not_click(piper: PiperSpeech) -> None:
    one, rate = sound(await piper.speak(SpeechRequest(text="Bread is warm. Salt is cheap.")))
    two, _ = sound(await piper.speak(SpeechRequest(text="Bread is warm.\nSalt is cheap.")))
    quiet = np.convolve(np.abs(two) < 1e-4, np.ones(round(0.4 * rate)), "valid").max()
    assert quiet == pytest.approx(0.4 * rate, abs=1)  # the paragraph's half second
    assert len(one) < len(two) + 0.1 * rate
    for samples in (one, two):  # neighbours of speech differ less than a click would
        assert np.abs(np.diff(samples, n=2)).max() < 0.9


async def test_markup_brackets_and_odd_letters_are_read_out_or_told(piper: PiperSpeech) -> None:
    made = await piper.speak(
        SpeechRequest(text="[[ bad ]] <b>bread</b> 🥖 \x01 \u202e", locale="en")
    )
    assert len(sound(made)[0])
    (warning,) = (await piper.speak(SpeechRequest(text="Каждое утро"))).warnings
    assert warning.code == "letters_unread"
    silent = await piper.speak(SpeechRequest(text="…"))
    assert [one.code for one in silent.warnings] in (["nothing_pronounceable"], [])
    with pytest.raises(RefusedGeneration, match="nothing to say"):
        await piper.speak(SpeechRequest(text=" "))


def test_a_long_sentence_is_cut_where_one_breathes_and_nothing_is_lost() -> None:
    text = "word, " * 60 + "w" * 600 + " end. Next one."
    pieces = [piece.text for piece in _pieces(text)]
    assert max(map(len, pieces)) <= 250
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert _pieces("\n\n") == []


def test_the_voice_asked_for_speaks_else_the_locale_s_else_none() -> None:
    def voice(name: str, locale: str, **speakers: int) -> Voice:
        return Voice(name=name, model=Path(name), locale=locale, speakers=speakers)

    voices = [
        voice("de_DE-eva", "de-de"),
        voice("en_GB-vctk", "en-gb", p239=1),
        voice("en_US-joe", "en-us"),
    ]

    def chosen(locale: str, name: str = "") -> str | None:
        found = choose(voices, locale=locale, name=name)
        return found and f"{found.voice.name}#{found.speaker} {found.asked_for}"

    assert chosen("en-US") == "en_US-joe# False"
    assert chosen("en") == "en_GB-vctk# False"
    assert chosen("de-AT") == "de_DE-eva# False"
    assert chosen("de", "EN_US-JOE") == "en_US-joe# True"
    assert chosen("en", "en_GB-vctk#p239") == "en_GB-vctk#p239 True"
    assert chosen("en", "en_GB-vctk#p1") == "en_GB-vctk# False"
    assert chosen("fr") is None


async def test_espeak_speaks_what_piper_has_no_voice_for_and_nothing_failed() -> None:
    before = workers()
    async with open_providers(ModelsConfig(), voices=find_voices(None)) as providers:
        for request in (
            SpeechRequest(text="Guten Morgen.", locale="de"),
            SpeechRequest(text="Bread.", voice="en-gb-x-rp+f3"),  # espeak-ng's own name
        ):
            made = await providers.speech.speak(request)
            assert made.provider == "offline"
            assert (made.fallback, made.warnings) == (False, ())
        made = await providers.speech.speak(SpeechRequest(text="Bread.", voice="Kore"))
        assert made.provider == "piper"
        assert [one.code for one in made.warnings] == ["voice_unknown"]
    assert workers() == before


async def test_whoever_is_free_speaks_and_stands_in_for_nobody() -> None:
    async with open_providers(ModelsConfig(), voices=find_voices(None)) as providers:
        for locale, text, provider in (("en", "Bread.", "piper"), ("de", "Brot.", "offline")):
            asked = SpeechRequest(text=text, locale=locale, voice=ANY_FREE)
            made = await providers.speech.speak(asked)
            assert (made.provider, made.fallback, made.warnings) == (provider, False, ())


def test_a_folder_of_voices_is_read_and_what_is_none_is_passed_over(tmp_path: Path) -> None:
    (joe,) = find_voices(None)
    config = json.loads(Path(f"{joe.model}.json").read_bytes())
    for name, text in (
        ("de_DE-eva-low", json.dumps({**config, "language": {"code": "de_DE"}})),
        ("broken", "{"),
        ("bad name", json.dumps(config)),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.onnx").symlink_to(joe.model)
        (tmp_path / name / f"{name}.onnx.json").write_text(text)
    (tmp_path / "de_DE-eva-low" / "MODEL_CARD").write_text("# Eva\n* License: CC BY 4.0\n")
    (tmp_path / "lonely.onnx").write_bytes(b"no config")
    found = find_voices(tmp_path)
    assert [voice.name for voice in found] == ["de_DE-eva-low", "en_US-joe-medium"]
    assert (found[0].locale, found[0].credit.licence) == ("de-de", "CC BY 4.0")
    assert find_voices(tmp_path / "nowhere") == (joe,)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (HANG, "did not finish"),
        (CRASH, "stopped unexpectedly"),
        (BABBLE, "more than it was asked to"),
    ],
    ids=["hangs", "crashes", "does not stop"],
)
async def test_a_voice_that_misbehaves_is_killed_and_may_be_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str, told: str
) -> None:
    script = tmp_path / "worker.py"
    script.write_text(code)
    monkeypatch.setattr(processes, "WORKER", script)
    seconds = 0.5 if code == HANG else 20
    speech = PiperSpeech(find_voices(None), bounds=Bounds(seconds=seconds))
    before = workers()
    with pytest.raises(RetryableGeneration, match=told):
        await speech.speak(SpeechRequest(text="Bread."))
    assert workers() == before


async def test_too_little_memory_is_an_error_and_no_harm(tmp_path: Path) -> None:
    speech = PiperSpeech(find_voices(None), bounds=Bounds(mebibytes=200))
    with pytest.raises(RetryableGeneration, match="stopped unexpectedly"):
        await speech.speak(SpeechRequest(text="Bread."))
    model = tmp_path / "odd.onnx"
    model.write_bytes(b"no model")
    config = model.with_suffix(".onnx.json")
    config.write_bytes(find_voices(None)[0].model.with_suffix(".onnx.json").read_bytes())
    odd = PiperSpeech([Voice(name="odd", model=model, locale="en")])
    with pytest.raises(RetryableGeneration) as caught:
        await odd.speak(SpeechRequest(text="Bread."))
    assert caught.value.params["reason"]


async def test_one_that_speaks_counts_among_the_processes_that_there_may_be() -> None:
    before = set(workers())
    speech = PiperSpeech([other("a"), other("b"), other("c")], bounds=Bounds(processes=2))

    async def say(name: str, text: str) -> None:
        await speech.speak(SpeechRequest(text=text, voice=name))

    async def say_both(*said: tuple[str, str]) -> int:
        async with anyio.create_task_group() as group:
            for one in said:
                group.start_soon(say, *one)
        return len(set(workers()) - before)

    try:
        assert await say_both(("a", "Bread."), ("b", "Salt.")) == 2
        assert await say_both(("a", SENTENCE), ("c", "Oven.")) == 2
    finally:
        await speech.aclose()


async def test_processes_are_few_are_replaced_and_end_with_nobody_to_ask() -> None:
    before = set(workers())
    voices = [other("a"), other("b")]
    speech = PiperSpeech(voices, bounds=Bounds(processes=1, idle_seconds=0.5))

    async def say(name: str) -> None:
        assert (await speech.speak(SpeechRequest(text="Bread.", voice=name))).data

    try:
        async with anyio.create_task_group() as group:
            for name in ("a", "b", "a"):
                group.start_soon(say, name)
        (mine,) = set(workers()) - before
        # Killed from outside, between two requests: nobody notices.
        mine.send_signal(signal.SIGKILL)
        await say("a")
        with anyio.move_on_after(0.05):  # no longer wanted
            await speech.speak(SpeechRequest(text=SENTENCE * 9, voice="b"))
        await say("a")
        (mine,) = set(workers()) - before
        with anyio.fail_after(10):
            while set(workers()) - before:  # noqa: ASYNC110 - nobody has asked for half a second
                await anyio.sleep(0.05)
        await say("a")
    finally:
        await speech.aclose()
    assert set(workers()) == before


def test_a_voice_ends_with_whoever_started_it() -> None:
    model = find_voices(None)[0].model
    with subprocess.Popen(
        [sys.executable, "-I", str(processes.WORKER), str(model), "3072", "300"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        assert process.stdin
        process.stdin.close()  # as the kernel does, however the starter dies
        try:
            assert process.wait(30) == 0
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
