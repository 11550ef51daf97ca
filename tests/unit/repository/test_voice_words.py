"""The words for how a voice sounds: an editor reads each in their own language."""

import re

import pytest

from daemon.local.installation import PLUGIN
from render.generation.gemini import voices as gemini
from render.generation.replicate import voices as replicate
from render.generation.voices import Gender, Voice

_KEY = re.compile(r"^  'voice\.(?:sounds|person)\.([^']+)'", re.MULTILINE)
CATALOGUED = (*gemini.VOICES, *replicate.voices())


@pytest.fixture(scope="module")
def english() -> str:
    # The other languages have the same keys, or do not compile.
    return (PLUGIN / "src" / "translations" / "en.ts").read_text(encoding="utf-8")


def test_every_word_for_a_voice_can_be_told_in_every_language(english: str) -> None:
    assert {_slug(voice) for voice in CATALOGUED} == set(_KEY.findall(english))


def test_every_gender_can_be_told_in_every_language(english: str) -> None:
    for gender in Gender:
        assert f"'voice.gender.{gender.value}'" in english


def _slug(voice: Voice) -> str:
    return voice.description.replace(" ", "_")
