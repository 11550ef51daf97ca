"""The animatic speaks before anything is approved, until the film has a voice of its own."""

import io
import wave
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import anyio
import msgspec
import numpy as np
import pytest

from daemon.local.editor import Editor
from render.storyboard import AspectRatio, Brief
from tests.support.installation import (
    COMPLETED,
    DRAFTED,
    PATIENCE,
    RunningInstallation,
    eventually,
    last,
    running_installation,
    storyboard_of,
)
from tests.support.simulators import gemini
from tests.support.simulators.gemini import GeminiSimulator

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

MODELS: dict[str, Any] = {
    "gemini": {"max_retries": 1, "retry_delay_ms": 100, "check_availability": False},
    "gemini_text": "",
}
BRIEF = Brief(
    title="Bread", script="The first loaf leaves the oven at five.", aspect_ratio=AspectRatio.SQUARE
)
TYPED = "By seven, the shop is full and smells of bread."


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, gemini_server: GeminiSimulator
) -> Iterator[RunningInstallation]:
    with running_installation(
        tmp_path_factory.mktemp("readings"),
        cms=True,
        gemini_api_key=gemini.KEY,
        gemini_url=gemini_server.url,
        models=msgspec.json.encode(MODELS).decode(),
    ) as running:
        yield running


async def asked(editor: Editor, storyboard: Any, what: str, edit: dict[str, Any]) -> Any:
    answer = await editor.http.post(f"/api/reelwright/storyboards/{storyboard}/{what}", json=edit)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def narration_of(editor: Editor, storyboard: Any, edit: dict[str, Any]) -> dict[str, Any]:
    told = await asked(editor, storyboard, "timeline", edit)
    return told["timeline"]["scenes"][0]["narration"]


async def heard(editor: Editor, address: str) -> tuple[float, float]:
    """Return how loud a sound is, as the root of its mean square, and its seconds."""
    answer = await editor.http.get(f"/api{address}")
    with wave.open(io.BytesIO(answer.content)) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)
        return float(np.sqrt((pcm**2).mean())), file.getnframes() / file.getframerate()


async def played(running: RunningInstallation) -> None:
    """Hear a storyboard as it was drafted and as it is typed, then have it filmed."""
    async with running.editor() as editor:
        project = await editor.create_project("The bakery", BRIEF)
        video = (await editor.create_video(project["id"], BRIEF))["id"]
        await editor.submit(video)
        await last(editor.follow(video, until=DRAFTED, seconds=PATIENCE))
        drafted = await storyboard_of(editor, video)
        (scene,) = drafted["scenes"]
        typed = {"scenes": [{**scene, "narration": TYPED}]}
        read: list[str] = []
        for edit in ({}, typed):
            guessed = await narration_of(editor, drafted["id"], edit)
            assert (guessed["asset"], guessed["reading"]) == (None, None)

            async def is_read(edit: dict[str, Any] = edit) -> bool:
                told = await asked(editor, drafted["id"], "reading", edit)
                return told == {"state": "ready", "left": 0}

            await eventually(is_read, every=0.5)
            narration = await narration_of(editor, drafted["id"], edit)
            assert narration["asset"] is None
            loudness, seconds = await heard(editor, narration["reading"]["contentUrl"])
            assert loudness > 100
            assert narration["span"]["duration"] == pytest.approx(seconds, abs=0.001)
            read.append(narration["reading"]["id"])
        assert len(set(read)) == 2

        board = await asked_board(editor, drafted["id"])
        assert board["scenes"][0]["narration"] is None
        assert running.rows("SELECT id FROM charge") == []
        waiting = await editor.find("renditions", video=video)
        assert waiting
        assert Decimal(waiting["actualCost"]) == 0

        await editor.approve(drafted["id"])
        await last(editor.follow(video, until=COMPLETED, seconds=PATIENCE))
        narration = await narration_of(editor, drafted["id"], {})
        assert narration["reading"] is None
        assert narration["asset"]["id"] not in read
        assert not narration["estimated"]
        (spoken,) = running.rows(
            "SELECT provider, cost FROM asset WHERE job = ? AND kind = 'narration'",
            waiting["jobId"],
        )
        assert spoken["provider"] == "gemini"
        assert Decimal(str(spoken["cost"])) > 0


async def asked_board(editor: Editor, storyboard: Any) -> dict[str, Any]:
    answer = await editor.http.get(f"/api/reelwright/storyboards/{storyboard}/board")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_animatic_is_heard_before_it_is_approved_and_the_film_has_a_voice_of_its_own(
    running: RunningInstallation,
) -> None:
    anyio.run(played, running)
