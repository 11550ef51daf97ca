"""What kind of work a job is."""

from types import SimpleNamespace
from typing import Any

import pytest

from cms_bridge.states import JobKind
from daemon import tasks
from daemon.work.media_order import fulfil_media_order
from daemon.work.rendering import render_video

pytestmark = pytest.mark.anyio


def test_every_kind_of_job_has_its_work() -> None:
    assert dict(tasks.PRODUCTION) == {
        JobKind.VIDEO: render_video,
        JobKind.EXPORT: render_video,
        JobKind.IMAGE: fulfil_media_order,
        JobKind.SPEECH: fulfil_media_order,
        JobKind.MUSIC: fulfil_media_order,
        JobKind.CLIP: fulfil_media_order,
        JobKind.READING: fulfil_media_order,
    }


@pytest.mark.parametrize("kind", JobKind)
async def test_an_approved_job_is_worked_on_by_its_kind(
    monkeypatch: pytest.MonkeyPatch, kind: JobKind
) -> None:
    worked: list[JobKind] = []

    async def work(lease: Any, _services: Any) -> None:
        worked.append(lease.kind)

    monkeypatch.setattr(tasks, "PRODUCTION", {kind: work})
    lease, services = (SimpleNamespace(kind=kind), SimpleNamespace())
    await tasks.produce(lease, services)  # pyright: ignore[reportArgumentType] - all that is read
    assert worked == [kind]
