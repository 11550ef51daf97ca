"""Models in a whole installation: pictures and speech over real HTTP, every call in the ledger.

The services are simulators that speak the providers' protocols and count what
they charge; the SDKs that call them are the real ones.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest

from daemon.client import SenderError
from render.generation.models import ModelsConfig
from render.storyboard import Brief
from tests.support.installation import RunningInstallation, last, running_installation
from tests.support.simulators import gemini, replicate
from tests.support.simulators.gemini import GeminiSimulator
from tests.support.simulators.replicate import ReplicateSimulator

pytestmark = pytest.mark.anyio

BRIEF = Brief(title="Harbour", script="# One\nThe tide is in.\n\n# Two\nThe boats leave.")
SPENT = "SELECT state, SUM(settled) AS paid, COUNT(*) AS calls FROM charge GROUP BY state"


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory,
    gemini_server: GeminiSimulator,
    replicate_server: ReplicateSimulator,
) -> Iterator[RunningInstallation]:
    models: dict[str, Any] = {
        "gemini": {"max_retries": 1, "retry_delay_ms": 100, "check_availability": False},
        "gemini_text": "",
        "replicate_text": "",
    }
    with running_installation(
        tmp_path_factory.mktemp("providers"),
        cms=False,
        gemini_api_key=gemini.KEY,
        gemini_url=gemini_server.url,
        replicate_api_token=replicate.TOKEN,
        replicate_url=replicate_server.url,
        provider_outputs_from=msgspec.json.encode([replicate_server.url]).decode(),
        models=msgspec.json.encode(models).decode(),
        cap_video_dollars="1",
    ) as running:
        yield running


async def film(
    running: RunningInstallation, brief: Brief, *, first_scene: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Submit, approve with a change to the first scene, and wait for the end; return the job."""
    async with running.sender() as sender:
        job = await sender.submit(brief)
        drafted = await last(
            sender.follow(job, until=frozenset({"storyboard_complete"}), seconds=60)
        )
        drafted["storyboard"]["scenes"][0] |= first_scene or {}
        await sender.approve(drafted)
        done = await last(sender.follow(job, until=frozenset({"completed"}), seconds=120))
    return {"drafted": drafted, **done}


def charges(running: RunningInstallation, job: str) -> list[dict[str, Any]]:
    return running.rows(
        "SELECT * FROM charge WHERE REPLACE(job, '-', '') = ? ORDER BY created_at",
        job.replace("-", ""),
    )


async def test_a_video_of_models_is_paid_for_as_the_providers_count(
    running: RunningInstallation,
    gemini_simulator: GeminiSimulator,
    replicate_simulator: ReplicateSimulator,
) -> None:
    done = await film(running, BRIEF)
    rows = charges(running, done["id"])
    assert [row["state"] for row in rows] == ["settled"] * 4
    assert len(gemini_simulator.charges) == 4
    assert replicate_simulator.charges == []
    paid = sum(Decimal(str(row["settled"])) for row in rows)
    assert 0 < paid == Decimal(done["actualCost"]) <= Decimal(done["drafted"]["estimatedCost"])
    assert not done["modelFallbackOccurred"]
    assert "placeholder_used" not in {said["code"] for said in done["generationWarnings"]}


async def test_what_the_project_has_already_is_not_paid_again(
    running: RunningInstallation,
    gemini_simulator: GeminiSimulator,
    replicate_simulator: ReplicateSimulator,
) -> None:
    done = await film(running, BRIEF)
    assert charges(running, done["id"]) == []
    assert gemini_simulator.charges == replicate_simulator.charges == []
    assert Decimal(done["actualCost"]) == 0


@pytest.mark.slow
async def test_another_language_shows_the_same_pictures_and_pays_for_what_it_says(
    running: RunningInstallation, gemini_simulator: GeminiSimulator
) -> None:
    english = await film(running, BRIEF)
    (row,) = running.rows("SELECT video_id FROM job ORDER BY created_at DESC LIMIT 1")
    gemini_simulator.charges.clear()
    script = "# Eins\nDie Flut ist da.\n\n# Zwei\nDie Boote laufen aus."
    german = await film(
        running,
        Brief(title="Hafen", script=script, locale="de", follows=row["video_id"]),
    )
    rows = charges(running, german["id"])
    assert [row["kind"] for row in rows] == ["narration", "narration"]
    assert len(gemini_simulator.charges) == 2
    assert sum(Decimal(str(row["settled"])) for row in rows) == Decimal(german["actualCost"])
    said, shown = (
        [[scene[field] for scene in done["storyboard"]["scenes"]] for done in (english, german)]
        for field in ("narration", "picturePrompt")
    )
    assert said == [
        ["The tide is in.", "The boats leave."],
        ["Die Flut ist da.", "Die Boote laufen aus."],
    ]
    assert shown[0] == shown[1]
    assert "placeholder_used" not in {one["code"] for one in german["generationWarnings"]}


@pytest.mark.slow
async def test_a_scene_on_a_colour_has_no_picture_made(
    running: RunningInstallation, gemini_simulator: GeminiSimulator
) -> None:
    script = "# One\nGulls cry.\n\n# Two\nNets dry in the sun."
    done = await film(
        running,
        msgspec.structs.replace(BRIEF, script=script),
        first_scene={"background": {"kind": "solid", "colour": "#14213d"}},
    )
    first, second = (scene["id"] for scene in done["storyboard"]["scenes"])
    made = [(row["scene_id"], row["kind"]) for row in charges(running, done["id"])]
    assert sorted(made) == [(first, "narration"), (second, "narration"), (second, "picture")]
    assert len(gemini_simulator.charges) == 3
    assert done["scenesDone"] == done["scenesTotal"] == 2


async def test_useless_answers_stop_at_what_was_approved_and_go_on_once_more_is(
    running: RunningInstallation, gemini_simulator: GeminiSimulator
) -> None:
    useless = gemini.Made(data=b"no picture", mime="image/png", tokens=1120)
    gemini_simulator.script.extend([useless] * 40)
    script = "# One\nA heron waits.\n\n# Two\nThe ebb begins."
    with pytest.raises(SenderError, match=r"This needs \$\S+ more than was approved"):
        await film(running, msgspec.structs.replace(BRIEF, script=script))
    gemini_simulator.script.clear()
    (newest,) = running.rows("SELECT id FROM job ORDER BY created_at DESC LIMIT 1")
    path = f"/api/v1/jobs/{newest['id']}"
    key = {"Authorization": f"Bearer {running.installation.api_key}"}
    async with httpx.AsyncClient(base_url=running.installation.bridge_url, headers=key) as http:
        status = (await http.get(f"/api/v1/videos/jobs/{newest['id']}/status")).json()
        offer = (await http.get(f"{path}/estimate")).json()
        approved, spent, needs = (
            Decimal(status[name]) for name in ("approvedCost", "spent", "needs")
        )
        assert 0 < spent <= approved == Decimal(status["estimatedCost"])
        assert Decimal(offer["toApprove"]) == approved + needs
        before = charges(running, str(newest["id"]))
        word = {
            "storyboardDigest": offer["storyboardDigest"],
            "estimatedCost": offer["toApprove"],
            "by": "ann@example.com",
        }
        assert (await http.post(f"{path}/approve", json=word)).status_code == 200
        assert (await http.post(f"{path}/render")).status_code == 202
        async with running.sender() as sender:
            done = await last(
                sender.follow(str(newest["id"]), until=frozenset({"completed"}), seconds=120)
            )
    assert Decimal(done["spent"]) <= Decimal(done["approvedCost"]) == approved + needs
    rows = charges(running, str(newest["id"]))
    assert [row["id"] for row in rows][: len(before)] == [row["id"] for row in before]
    made = [(row["scene_id"], row["kind"]) for row in rows if row["answer"]]
    assert len(made) == len(set(made)) == 4
    told = [said for said in done["generationWarnings"] if said["code"] == "answers_useless"]
    assert {said["params"]["scene"] for said in told} == {1, 2}
    assert ModelsConfig().gemini.primary in {said["params"]["model"] for said in told}
    wasted = sum(Decimal(said["params"]["cost"]) for said in told)
    assert wasted == sum(Decimal(str(row["settled"])) for row in rows if row["useless"]) > 0


async def test_another_model_steps_in_and_the_editor_is_told(
    running: RunningInstallation,
    gemini_simulator: GeminiSimulator,
    replicate_simulator: ReplicateSimulator,
) -> None:
    gemini_simulator.script.extend([gemini.Refuse(status=503)] * 40)
    fog = "# One\nFog lies over the quay.\n\n# Two\nA horn is heard."
    done = await film(running, msgspec.structs.replace(BRIEF, script=fog))
    gemini_simulator.script.clear()
    assert gemini_simulator.charges == []
    assert replicate_simulator.charges
    assert done["modelFallbackOccurred"]
    assert "model_fallback" in {said["code"] for said in done["generationWarnings"]}


async def test_the_health_of_models_tells_who_stepped_in(
    running: RunningInstallation,
) -> None:
    async with httpx.AsyncClient(base_url=running.installation.bridge_url) as http:
        key = {"Authorization": f"Bearer {running.installation.api_key}"}
        told = (await http.get("/api/v1/health/models", headers=key)).json()["models"]
    primary, flux = (
        next(one for one in told if one["model"] == name)
        for name in (ModelsConfig().gemini.primary, ModelsConfig().replicate_images)
    )
    assert primary["errors"] > 0
    assert primary["fallbacks"] > 0
    assert primary["lastFailure"]["message"] == "Gemini is out of order."
    assert flux["available"]
    assert flux["p50"] <= flux["p95"]


async def test_a_cap_stops_the_job_before_the_call_that_would_pass_it(
    running: RunningInstallation,
    gemini_simulator: GeminiSimulator,
    replicate_simulator: ReplicateSimulator,
) -> None:
    script = "\n\n".join(f"# Scene {number}\nWave number {number}." for number in range(1, 21))
    with pytest.raises(SenderError, match="spend cap of this video is reached"):
        await film(running, Brief(title="Waves", script=script))
    (newest,) = running.rows("SELECT id, actual_cost FROM job ORDER BY created_at DESC LIMIT 1")
    rows = charges(running, str(newest["id"]))
    held = sum(
        Decimal(str(row["settled"] if row["state"] == "settled" else row["reserved"]))
        for row in rows
        if row["state"] != "released"
    )
    assert 0 < held <= 1
