"""Spoken words over music, as a file of their own: ordered as a task, and mixed by the engine."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import anyio
import httpx
import numpy as np
import pytest

from cms_bridge.jobs import leases
from cms_bridge.jobs.leases import Phase
from cms_bridge.storage.base import object_key
from cms_bridge.tables import Asset, Job
from daemon.settings import DaemonSettings
from daemon.tasks import produce
from daemon.work.services import Services
from render.errors import MediaError
from render.files import sha256_of
from render.generation.models import ModelsConfig
from render.generation.providers import open_providers
from render.sound.arrangement import RATE
from render.sound.loudness import decode_sound, measure
from tests.support.api import running_api
from tests.support.ledger import die
from tests.support.services import opened_services, work_settings
from tests.support.sounds import tone, write_wav

pytestmark = pytest.mark.anyio

API_KEY = "an-api-key-of-more-than-32-characters"
SUBMIT = "/api/v1/tasks/submit"
SPOKEN = {"kind": "audio", "projectId": "bakery", "text": "Bread, every morning. Come early."}


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> DaemonSettings:
    return work_settings(database_url, redis_url, tmp_path)


@pytest.fixture
async def http(settings: DaemonSettings) -> AsyncIterator[httpx.AsyncClient]:
    async with running_api(settings) as client:
        yield client


@pytest.fixture
async def services(settings: DaemonSettings) -> AsyncIterator[Services]:
    async with opened_services(settings, open_providers(ModelsConfig())) as services:
        yield services


async def work(services: Services, job: str) -> None:
    lease = await leases.claim(
        UUID(job),
        Phase.RENDER,
        worker=f"w-{uuid4()}",
        duration=services.lease_duration,
        policy=services.retry_policy,
    )
    assert lease is not None
    await produce(lease, services)


async def music(http: httpx.AsyncClient, services: Services, sound: Path) -> str:
    """Have something to hear in the project's store that nobody there has spoken."""
    asset = (await http.post(SUBMIT, json={**SPOKEN, "text": "La."})).json()["id"]
    await work(services, asset)
    key = object_key(project="bakery", sha256=sha256_of(sound), extension="wav")
    await services.store.put(key, sound, media_type="audio/wav")
    await Asset.update({Asset.key: key}).where(Asset.job == UUID(asset))
    return asset


async def task(http: httpx.AsyncClient, bed: str, **fields: float) -> str:
    answer = await http.post(SUBMIT, json={**SPOKEN, "music": {"assetId": bed, **fields}})
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


async def content(services: Services, job: str, place: Path) -> Path:
    (row,) = await Asset.select(Asset.key, Asset.bytes).where(
        Asset.job == UUID(job), Asset.scene_id == "mix"
    )
    read = b"".join([chunk async for chunk in services.store.read(row["key"])])
    assert len(read) == row["bytes"]
    await anyio.Path(place).write_bytes(read)
    return place


async def test_words_are_mixed_with_ducked_music_into_one_file(
    http: httpx.AsyncClient, services: Services, tmp_path: Path
) -> None:
    bed = await music(http, services, write_wav(tmp_path / "tone.wav", tone(2.0), rate=RATE))
    job = await task(http, bed, volume=-10, duck=20, fadeIn=0, fadeOut=0)
    await work(services, job)
    told = (await http.get(f"/api/v1/tasks/{job}/status")).json()
    assert (told["status"], told["resultUrl"]) == (
        "completed",
        f"/api/v1/media/assets/{job}/content",
    )
    asset = (await http.get(f"/api/v1/media/assets/{job}")).json()
    assert (asset["status"], asset["mediaType"], asset["provider"]) == (
        "ready",
        "audio/mp4",
        "offline",
    )
    assert asset["placeholder"]
    link = await http.get(told["resultUrl"])
    assert (link.status_code, ".m4a" in link.headers["location"]) == (307, True)
    mixed = await content(services, job, tmp_path / "mix.m4a")
    assert measure(decode_sound(mixed)).integrated == pytest.approx(-16, abs=0.5)
    heard = np.concatenate(list(decode_sound(mixed)), axis=1)
    # Longer than the tone, which is looped; audible before the first word and after the last.
    assert heard.shape[1] > 2.5 * RATE
    for silent_of_words in (heard[:, : RATE // 20], heard[:, -RATE // 20 :]):
        assert np.abs(silent_of_words).max() > 0.002


async def test_words_are_mixed_with_built_in_music_of_a_mood(
    http: httpx.AsyncClient, services: Services, tmp_path: Path
) -> None:
    body = {**SPOKEN, "music": {"mood": "driving", "volume": -10, "fadeIn": 0, "fadeOut": 0}}
    answer = await http.post(SUBMIT, json=body)
    assert answer.status_code == 202, answer.text
    job = answer.json()["id"]
    await work(services, job)
    mixed = await content(services, job, tmp_path / "mix.m4a")
    heard = np.concatenate(list(decode_sound(mixed)), axis=1)
    assert np.abs(heard[:, : RATE // 4]).max() > 0.002, "before the first word there is music"


async def test_words_that_were_spoken_before_are_not_spoken_again(
    http: httpx.AsyncClient, services: Services, tmp_path: Path
) -> None:
    bed = await music(http, services, write_wav(tmp_path / "tone.wav", tone(2.0), rate=RATE))
    first, louder = await task(http, bed), await task(http, bed, volume=-6)
    for job in (first, louder):
        await work(services, job)
    narrations = await Asset.select(Asset.key).where(
        Asset.job.is_in([UUID(first), UUID(louder)]), Asset.scene_id == "medium"
    )
    assert len({row["key"] for row in narrations}) == 1
    mixes = [await content(services, job, tmp_path / f"{job}.m4a") for job in (first, louder)]
    assert mixes[0].read_bytes() != mixes[1].read_bytes()


async def test_a_mix_is_taken_up_after_a_crash_and_is_one(
    http: httpx.AsyncClient,
    services: Services,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bed = await music(http, services, write_wav(tmp_path / "tone.wav", tone(2.0), rate=RATE))
    job = await task(http, bed)

    async def killed(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(leases, "complete_medium", killed)
        with pytest.raises(RuntimeError, match="killed"):
            await work(services, job)
    await die(UUID(job))
    await work(services, job)
    assert (await http.get(f"/api/v1/tasks/{job}/status")).json()["status"] == "completed"
    await content(services, job, tmp_path / "mix.m4a")


async def test_music_that_cannot_be_heard_fails_the_task_in_words(
    http: httpx.AsyncClient, services: Services, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF nothing of the kind")
    job = await task(http, await music(http, services, broken))
    with pytest.raises(Exception, match="music") as raised:
        await work(services, job)
    assert raised.value.code == MediaError.code
    assert (await Job.select(Job.status).where(Job.id == UUID(job)))[0]["status"] == "generating"
