"""A finished film in another form, made by the daemon with all that was ordered beside it."""

from pathlib import Path
from uuid import UUID

import av
import pytest

from cms_bridge.jobs import exports, leases
from cms_bridge.jobs.exports import Order
from cms_bridge.pricing.estimates import OFFLINE
from cms_bridge.records import StoredVideo
from cms_bridge.states import FileKind, Status
from daemon.tasks import produce
from render.generation.models import ModelsConfig
from render.rendition import Quality
from render.storyboard import Limits, Scene, Solid, Storyboard
from tests.support import events
from tests.support.jobs import accept, claimed, drafted
from tests.support.services import opened_services, work_settings
from tests.support.simulators.models import simulated

pytestmark = pytest.mark.anyio

BOARD = Storyboard(
    title="Bread", scenes=(Scene(id="s1", background=Solid(colour="#204060"), duration=0.5),)
)
FILM = StoredVideo(
    key=f"{'a' * 32}/{'b' * 64}.mp4",
    poster_key=f"{'a' * 32}/{'c' * 64}.jpg",
    duration=1,
    width=16,
    height=9,
    bytes=4,
)


async def filmed() -> UUID:
    """Return a video whose film is there, though nobody has made it."""
    video = await drafted()
    await accept(events.approved(video, board=BOARD))
    lease = await claimed(video)
    for status in (Status.COMPOSING, Status.UPLOADING):
        await leases.advance(lease, to=status)
    await leases.complete(lease, FILM)
    return video


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_previews_are_made_of_an_export_that_was_ordered_with_them(
    request: pytest.FixtureRequest, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    settings = work_settings(database_url, redis_url, tmp_path, hls=False)
    async with opened_services(settings, simulated(request, "gemini", ModelsConfig())) as services:
        video = await filmed()
        wanted = Order(quality=Quality.PREVIEW, previews=True)
        export = await exports.order(video, wanted, OFFLINE, limits=Limits())
        await produce(await claimed(export.job.id), services)
        done = (await exports.find(video, export.job.id)).rendition
        assert done is not None
        for kind, codec in ((FileKind.WEBM, "vp9"), (FileKind.GIF, "gif")):
            file = done.file(kind)
            assert file is not None
            with av.open(tmp_path / "objects" / file.key) as preview:
                assert preview.streams.video[0].codec.name == codec
