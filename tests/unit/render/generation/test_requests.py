"""Requests: what is asked for a scene, and by which name the answer is found again."""

import hashlib
import json
from uuid import UUID

import pytest
from msgspec.structs import replace

from render.generation.base import Kind, SpeechRequest
from render.generation.requests import (
    expected_seconds,
    heard_seconds,
    image_request,
    own_digest,
    request_digest,
    speech_request,
)
from render.own import Upload
from render.pronunciation import Pronunciation
from render.storyboard import Scene, Storyboard

SCENE = Scene(id="s1", narration="A baker lights her oven.", picture_prompt="An oven")
BOARD = Storyboard(title="Bread", scenes=(SCENE,))


def speech(board: Storyboard) -> str:
    return request_digest(speech_request(board, board.scenes[0]))


def with_scene(**changes: object) -> Storyboard:
    return replace(BOARD, scenes=(replace(SCENE, **changes),))


def test_what_is_asked_as_ever_is_found_by_the_name_it_ever_had() -> None:
    asked = {"locale": "en", "text": "A baker lights her oven.", "voice": ""}
    written = json.dumps(asked, separators=(",", ":")).encode()
    assert speech(BOARD) == hashlib.sha256(written).hexdigest()
    assert speech(replace(BOARD, speed=1.0)) == speech(BOARD)


def test_a_recording_is_heard_anew_for_words_of_its_own_alone() -> None:
    board = with_scene(narration_file=Upload(asset_id=UUID(int=1)))
    scene = board.scenes[0]
    heard = own_digest(board, scene, Kind.NARRATION)
    oven = Pronunciation(word="oven", spoken="uvven")
    assert own_digest(board, scene, Kind.NARRATION, (oven,)) != heard
    other = Pronunciation(word="bread", spoken="bred")
    assert own_digest(board, scene, Kind.NARRATION, (other,)) == heard


def test_another_speed_is_another_narration_and_the_same_picture() -> None:
    fast, slow = replace(BOARD, speed=1.5), with_scene(speed=0.8)
    assert len({speech(BOARD), speech(fast), speech(slow)}) == 3
    assert {request_digest(image_request(one, one.scenes[0])) for one in (BOARD, fast, slow)} == {
        request_digest(image_request(BOARD, SCENE))
    }


def test_a_scene_s_own_speed_goes_before_the_film_s() -> None:
    board = replace(with_scene(speed=0.8), speed=1.5)
    assert speech_request(board, board.scenes[0]) == SpeechRequest(text=SCENE.narration, speed=0.8)


def test_a_scene_is_expected_to_last_as_its_speed_and_its_pause_say() -> None:
    usual = expected_seconds(BOARD, SCENE)
    said = usual - 0.9
    assert expected_seconds(replace(BOARD, speed=2.0), SCENE) == pytest.approx(0.9 + said / 2)
    waits = replace(SCENE, pause_after=1.5)
    assert expected_seconds(BOARD, waits) == pytest.approx(usual + 1.5)
    assert heard_seconds(waits, 4.0) == pytest.approx(4.0 + 0.9 + 1.5)
    silent = replace(waits, narration="")
    assert expected_seconds(BOARD, silent) == heard_seconds(silent, None) == 3.0


def test_a_word_said_otherwise_is_another_narration_of_the_scenes_that_hold_it_alone() -> None:
    entry = Pronunciation(word="oven", spoken="uvven")
    asked = speech_request(BOARD, SCENE, [entry, Pronunciation(word="nginx", spoken="engine x")])
    assert (asked.text, asked.said) == (SCENE.narration, "A baker lights her uvven.")
    assert request_digest(asked) != speech(BOARD)
    other = Scene(id="s2", narration="Bread.")
    board = replace(BOARD, scenes=(other,))
    assert request_digest(speech_request(board, other, [entry])) == speech(board)


def test_a_pause_is_no_part_of_what_is_said() -> None:
    assert speech(with_scene(pause_after=1.5)) == speech(BOARD)
