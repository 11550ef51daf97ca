"""One film of all that there is to show: a model's clip, one's own clip and picture, and a still.

Whatever becomes of the model's clip, the film is finished, the ledger holds what the
provider charged, and where no clip came the camera moves over the very still.
"""

import base64
import io
from collections.abc import Iterator
from decimal import Decimal
from http import HTTPStatus
from pathlib import Path
from typing import Any

import anyio
import av
import httpx
import msgspec
import numpy as np
import psutil
import pytest
from PIL import Image

from render.storyboard import Brief
from tests.support.installation import (
    COMPLETED,
    DRAFTED,
    PATIENCE,
    RunningInstallation,
    eventually,
    last,
    running_installation,
)
from tests.support.simulators import gemini, media, replicate
from tests.support.simulators.gemini import Clip, GeminiSimulator
from tests.support.simulators.replicate import ReplicateSimulator, Run

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

PROJECT = "materials"
SECONDS = 1.5
"""Of each scene; all are cut, so that what is seen when is known."""
UNSAFE = {"raiMediaFilteredCount": 1}


def opened(folder: Path, **keys: str) -> Any:
    models: dict[str, Any] = {
        "gemini": {"max_retries": 1, "retry_delay_ms": 100, "check_availability": False},
        "gemini_text": "",
        "replicate_text": "",
        "clip_seconds": 3,
    }
    return running_installation(
        folder,
        cms=False,
        models=msgspec.json.encode(models).decode(),
        lease_seconds="3",
        sweep_seconds="1",
        retry_first_delay_seconds="0.5",
        **keys,
    )


@pytest.fixture(scope="module")
def by_gemini(
    tmp_path_factory: pytest.TempPathFactory, gemini_server: GeminiSimulator
) -> Iterator[RunningInstallation]:
    keys = {"gemini_api_key": gemini.KEY, "gemini_url": gemini_server.url}
    with opened(tmp_path_factory.mktemp("gemini"), **keys) as running:
        yield running


@pytest.fixture(scope="module")
def by_replicate(
    tmp_path_factory: pytest.TempPathFactory, replicate_server: ReplicateSimulator
) -> Iterator[RunningInstallation]:
    keys = {
        "replicate_api_token": replicate.TOKEN,
        "replicate_url": replicate_server.url,
        "provider_outputs_from": msgspec.json.encode([replicate_server.url]).decode(),
    }
    with opened(tmp_path_factory.mktemp("replicate"), **keys) as running:
        yield running


class Film:
    """A film that is on its way, with the files that were brought for it."""

    def __init__(self, running: RunningInstallation, seed: str) -> None:
        self.running = running
        self.seed = seed
        self.clip = media.clip(media.picture(640, 360), 2)
        self.picture = media.picture(1280, 720)
        self.job = ""

    async def begin(self) -> None:
        """Upload what is one's own, and submit and approve the four scenes."""
        clip, picture = [await self._upload(data) for data in (self.clip, self.picture)]
        scenes: list[dict[str, Any]] = [
            {"picturePrompt": f"A harbour {self.seed}", "motion": "generated"},
            {"clip": {"own": clip}},
            {"picture": picture, "motion": "still"},
            {"picturePrompt": f"A lighthouse {self.seed}", "motion": "still"},
        ]
        await self.approve(scenes)

    async def approve(self, scenes: list[dict[str, Any]], **whole: Any) -> None:
        """Submit a film and approve it with these scenes, and what else is asked of it."""
        async with self.running.sender() as sender:
            brief = Brief(title="Harbour", script=f"The tide is in {self.seed}.")
            self.job = await sender.submit(brief, project=PROJECT)
            drafted = await last(sender.follow(self.job, until=DRAFTED, seconds=PATIENCE))
            drafted["storyboard"]["scenes"] = [
                {"id": f"s{number}", "duration": SECONDS, "transition": "cut", **scene}
                for number, scene in enumerate(scenes, 1)
            ]
            drafted["storyboard"] |= whole
            await sender.approve(drafted)

    async def finished(self) -> dict[str, Any]:
        async with self.running.sender() as sender:
            return await last(sender.follow(self.job, until=COMPLETED, seconds=PATIENCE))

    async def _upload(self, data: bytes) -> dict[str, str]:
        house = self.running.installation
        key = {"Authorization": f"Bearer {house.api_key}"}
        async with httpx.AsyncClient(base_url=house.bridge_url, headers=key, timeout=30) as http:
            while True:
                answer = await http.post(
                    "/api/v1/upload-asset", data={"projectId": PROJECT}, files={"file": ("x", data)}
                )
                if answer.status_code != HTTPStatus.TOO_MANY_REQUESTS:
                    break
                # These tests share one bridge, and a quick machine runs many within a minute.
                await anyio.sleep(int(answer.headers["Retry-After"]))
            assert answer.status_code == HTTPStatus.CREATED, answer.text
            return {"kind": "upload", "assetId": answer.json()["id"]}

    def rows(self, query: str) -> list[dict[str, Any]]:
        return self.running.rows(
            f"{query} WHERE REPLACE(job, '-', '') = ?", self.job.replace("-", "")
        )

    def object(self, key: str) -> bytes:
        return (self.running.directory / "objects" / key).read_bytes()

    def still(self, scene: str) -> bytes:
        """Return the picture that a model drew for a scene."""
        (key,) = (
            row["key"]
            for row in self.rows("SELECT key, kind, scene_id FROM asset")
            if (row["kind"], row["scene_id"]) == ("picture", scene)
        )
        return self.object(key)

    def charges(self, kind: str | None = None) -> list[str]:
        return [
            row["state"]
            for row in self.rows("SELECT state, kind FROM charge")
            if kind in {None, row["kind"]}
        ]

    def named(self, kind: str = "clip") -> bool:
        """Tell whether the id of the call for a clip, or another kind, is written down."""
        rows = self.rows("SELECT provider_id, kind FROM charge")
        return any(row["kind"] == kind and row["provider_id"] for row in rows)

    def seen(self) -> list[np.ndarray]:
        """Return what is seen early in each scene."""
        (key,) = (row["key"] for row in self.rows("SELECT key FROM generated_video"))
        moments = [SECONDS * number + 0.2 for number in range(4)]
        found: list[np.ndarray] = []
        with av.open(io.BytesIO(self.object(key))) as container:
            for frame in container.decode(video=0):
                if len(found) < len(moments) and (frame.time or 0) >= moments[len(found)]:
                    found.append(small(frame.to_image()))
        return found


def small(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("L").resize((32, 18)), float)


def alike(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.9)


def first_of(clip: bytes) -> np.ndarray:
    with av.open(io.BytesIO(clip)) as container:
        return small(next(container.decode(video=0)).to_image())


async def check(
    film: Film,
    *,
    reason: str,
    states: list[str],
    service: GeminiSimulator | ReplicateSimulator,
) -> None:
    """Hold a finished film to what was brought, what was charged and what is told.

    `reason` is why no clip came, or empty; `states` how its calls ended.
    """
    done = await film.finished()
    told = [said for said in done["generationWarnings"] if said["code"] == "motion_not_generated"]
    assert [said["params"]["reason"] for said in told] == [reason] * bool(reason)
    assert "placeholder_used" not in {said["code"] for said in done["generationWarnings"]}
    assert film.charges("clip") == states
    known = [state for state in film.charges() if state in {"settled", "unknown"}]
    assert len(service.charges) == len(known)
    assert 0 < Decimal(done["actualCost"]) <= Decimal(done["estimatedCost"])
    model, own_clip, own_picture, still = film.seen()
    for shown, brought in (
        (model, small(Image.open(io.BytesIO(film.still("s1"))))),
        (own_clip, first_of(film.clip)),
        (own_picture, small(Image.open(io.BytesIO(film.picture)))),
        (still, small(Image.open(io.BytesIO(film.still("s4"))))),
    ):
        assert alike(shown, brought)


GEMINI = {
    "fine": (Clip(), "", ["settled"]),
    "refused": (gemini.Refuse(status=400, code="INVALID_ARGUMENT"), "generation_refused",
                ["released"]),
    "filtered": (Clip(empty=True, charged=False, usage=False, told=UNSAFE), "generation_unsafe",
                 ["released"]),
    "filtered at a price": (Clip(empty=True, told=UNSAFE), "generation_unsafe", ["settled"]),
    "done without a video": (Clip(empty=True, usage=False), "generation_outcome_unknown",
                             ["unknown"]),
    "not done in time": (Clip(looks=10_000), "generation_outcome_unknown", ["unknown"]),
}  # fmt: skip
BLACK = f"data:video/mp4;base64,{base64.b64encode(media.clip(media.BLACK, 2)).decode()}"
REPLICATE = {
    "fine": (Run(), "", ["settled"]),
    "refused": (replicate.Refuse(status=422), "generation_refused", ["released"]),
    "filtered": (Run(status="failed", error="Flagged as sensitive."), "generation_unsafe",
                 ["released"]),
    # Told by nobody: it is made as long as asked for, paid, and black.
    "filtered at a price": (Run(output=BLACK), "generation_unusable", ["settled"]),
    "done without a video": (Run(output=[]), "generation_unusable", ["settled"]),
    "not done in time": (Run(seconds=1_000), "generation_unavailable", ["released"]),
}  # fmt: skip


def variants(table: dict[str, Any], *quick: str) -> list[Any]:
    """Return the rows as parameters; all but the quick ones are slow for being many."""
    marks = {name: () if name in quick else pytest.mark.slow for name in table}
    return [pytest.param(*row, id=name, marks=marks[name]) for name, row in table.items()]


@pytest.mark.parametrize(("act", "reason", "states"), variants(GEMINI, "filtered at a price"))
async def test_a_film_of_four_materials_by_gemini(
    by_gemini: RunningInstallation,
    gemini_simulator: GeminiSimulator,
    act: gemini.Act,
    reason: str,
    states: list[str],
) -> None:
    gemini_simulator.begins.append(act)
    film = Film(by_gemini, f"{reason} {states} {id(act)}")
    await film.begin()
    await check(film, reason=reason, states=states, service=gemini_simulator)


@pytest.mark.parametrize(("act", "reason", "states"), variants(REPLICATE, "filtered at a price"))
async def test_a_film_of_four_materials_by_replicate(
    by_replicate: RunningInstallation,
    replicate_simulator: ReplicateSimulator,
    act: replicate.Act,
    reason: str,
    states: list[str],
) -> None:
    # Both stills come first, each by a prediction of its own.
    replicate_simulator.creates.extend([Run(), Run(), act])
    film = Film(by_replicate, f"{reason} {states} {id(act)}")
    await film.begin()
    await check(film, reason=reason, states=states, service=replicate_simulator)


def kill_daemon(running: RunningInstallation) -> None:
    psutil.Process(running.installation.stack.pid("daemon")).kill()


@pytest.mark.slow
async def test_a_clip_by_gemini_that_runs_on_after_a_kill_is_fetched(
    by_gemini: RunningInstallation, gemini_simulator: GeminiSimulator
) -> None:
    gemini_simulator.begins.append(Clip(looks=10_000))
    film = Film(by_gemini, "killed")
    await film.begin()
    (begun,) = await eventually(
        lambda: [one for one in gemini_simulator.interactions.values() if one["looks"]]
    )
    kill_daemon(by_gemini)
    begun["looks"] = 10_000
    await check(film, reason="", states=["settled"], service=gemini_simulator)
    assert len(gemini_simulator.interactions) == 1
    assert gemini_simulator.downloaded == 1


@pytest.mark.slow
async def test_a_clip_by_replicate_that_runs_on_after_a_kill_is_fetched(
    by_replicate: RunningInstallation, replicate_simulator: ReplicateSimulator
) -> None:
    replicate_simulator.creates.extend([Run(), Run(), Run(seconds=3)])
    film = Film(by_replicate, "killed")
    await film.begin()
    await eventually(lambda: len(replicate_simulator.predictions) == 3 and film.named())
    kill_daemon(by_replicate)
    await check(film, reason="", states=["settled"], service=replicate_simulator)
    assert len(replicate_simulator.predictions) == 3


@pytest.mark.slow
async def test_music_by_replicate_that_runs_on_after_a_kill_is_fetched(
    by_replicate: RunningInstallation, replicate_simulator: ReplicateSimulator
) -> None:
    replicate_simulator.creates.extend([Run(), Run(seconds=3)])
    film = Film(by_replicate, "sung")
    await film.approve(
        [{"picturePrompt": "A harbour, sung of", "motion": "still"}],
        music={"prompt": "slow strings over low water"},
    )
    await eventually(lambda: len(replicate_simulator.predictions) == 2 and film.named("music"))
    kill_daemon(by_replicate)
    done = await film.finished()
    assert done["generationWarnings"] == []
    assert film.charges() == ["settled", "settled"]
    assert film.charges("music") == ["settled"]
    assert len(replicate_simulator.predictions) == len(replicate_simulator.charges) == 2
