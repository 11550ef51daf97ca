"""Films of the past: told as due, then as no longer kept, then gone; what is referred to stays."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import anyio
import msgspec
import pytest
from msgspec.structs import replace

from cms_bridge import films
from cms_bridge.errors import RenditionRetired
from cms_bridge.jobs import exports, renditions
from cms_bridge.operations import reconciliation, retention
from cms_bridge.operations.retention import Retention
from cms_bridge.pricing.estimates import OFFLINE
from cms_bridge.records import Output
from cms_bridge.states import FileKind, JobKind, Status
from cms_bridge.storage.base import ObjectNotFound
from cms_bridge.storage.local import LocalStore
from cms_bridge.tables import GeneratedVideo, Job, RenditionFile
from render.rendition import Quality
from render.storyboard import AspectRatio, Limits
from tests.support import events
from tests.support.jobs import put
from tests.support.ledger import new_job
from tests.support.renditions import record

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MONTH = Retention(lifetime=30 * DAY)
NOTHING = Retention(project_bytes=0)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[LocalStore]:
    async with LocalStore(
        tmp_path / "objects", base_url="http://unused", secret="s" * 32, keep_free=0
    ) as opened:
        yield opened


@pytest.fixture
async def video() -> UUID:
    return await finished()


async def finished() -> UUID:
    job = await new_job(project="bakery")
    await put(job, Status.COMPLETED)
    return job


async def filmed(
    video: UUID, store: LocalStore, *, days: float, said: str = "", film: str = ""
) -> UUID:
    """Make one more film of a video, so many days ago; its captions may be those of another."""
    at = datetime.now(UTC) - days * DAY
    made = await record(
        video,
        store,
        film=(film or f"film {uuid4()}").encode(),
        poster=f"poster {uuid4()}".encode(),
        files={"captions.vtt": (FileKind.CAPTIONS, (said or f"WEBVTT {uuid4()}").encode())},
        at=at,
    )
    count = await GeneratedVideo.count().where(GeneratedVideo.job == video)
    await GeneratedVideo.update({GeneratedVideo.storyboard_revision: count}).where(
        GeneratedVideo.id == made
    )
    return made


async def exported(
    video: UUID, store: LocalStore, *, days: float, status: Status = Status.COMPLETED
) -> UUID | None:
    """Order an export of the film that is shown; return its rendition, if it was made."""
    job, board = await new_job(project="bakery"), events.storyboard()
    film = await films.newest(video)
    assert film
    await Job.update(
        {
            Job.kind: JobKind.EXPORT,
            Job.parent: video,
            Job.status: status,
            Job.output: msgspec.json.encode(Output()).decode(),
            Job.storyboard_revision: film.storyboard_revision,
        }
    ).where(Job.id == job)
    if status is not Status.COMPLETED:
        return None
    made = await filmed(video, store, days=days)
    await GeneratedVideo.update(
        {
            GeneratedVideo.export_job: job,
            GeneratedVideo.aspect_ratio: "9:16",
            GeneratedVideo.storyboard_revision: film.storyboard_revision,
            GeneratedVideo.storyboard_data: msgspec.json.encode(board).decode(),
        }
    ).where(GeneratedVideo.id == made)
    return made


async def retire(rules: Retention) -> set[UUID]:
    return {one.id for one in await retention.retire((await retention.report(rules)).due)}


async def keys(rendition: UUID) -> set[str]:
    own = await GeneratedVideo.select(GeneratedVideo.key, GeneratedVideo.poster_key).where(
        GeneratedVideo.id == rendition
    )
    files = await RenditionFile.select(RenditionFile.key).where(
        RenditionFile.rendition == rendition
    )
    return {key for row in (*own, *files) for key in row.values() if key}


async def there(store: LocalStore, some: set[str]) -> set[str]:
    found: set[str] = set()
    for key in some:
        try:
            await store.head(key)
        except ObjectNotFound:
            continue
        found.add(key)
    return found


async def links_ended() -> None:
    """Let the links to what was retired have ended."""
    await GeneratedVideo.update({GeneratedVideo.retired_at: datetime.now(UTC) - DAY}).where(
        GeneratedVideo.retired_at.is_not_null()
    )


async def test_a_report_changes_nothing_and_tells_all_that_goes(
    store: LocalStore, video: UUID
) -> None:
    old, middle, _ = [await filmed(video, store, days=days) for days in (90, 60, 10)]
    report = await retention.report(MONTH)
    assert [one.id for one in report.superseded] == [old, middle]
    # The second has had its successor for ten days.
    assert [(one.id, one.video, one.project, one.number) for one in report.due] == [
        (old, video, "bakery", 1)
    ]
    files = await RenditionFile.select(RenditionFile.bytes).where(RenditionFile.rendition == old)
    assert report.due[0].bytes == sum(row["bytes"] for row in files)
    assert await GeneratedVideo.exists().where(GeneratedVideo.retired_at.is_not_null()) is False
    assert (await retention.report(Retention())).due == []


async def test_what_is_retired_is_told_as_such_and_its_files_are_refused(
    store: LocalStore, video: UUID
) -> None:
    old, new = [await filmed(video, store, days=days) for days in (90, 60)]
    assert await retire(MONTH) == {old}
    _, (standing, gone) = await renditions.of_video(video)
    assert (standing.id, standing.retired_at) == (new, None)
    assert (gone.id, gone.number, gone.files) == (old, 1, ())
    assert gone.retired_at
    assert gone.bytes
    with pytest.raises(RenditionRetired):
        await renditions.find_file(video, old, "video.mp4")
    assert (await renditions.find_file(video, None, "video.mp4")).rendition == new
    # Once more there is nothing to do.
    assert await retire(MONTH) == set()


async def test_objects_go_once_links_have_ended_but_not_those_that_another_names(
    store: LocalStore, video: UUID
) -> None:
    old = await filmed(video, store, days=90, said="WEBVTT the same")
    new = await filmed(video, store, days=60, said="WEBVTT the same")
    of_old, of_new = await keys(old), await keys(new)
    assert len(of_old & of_new) == 1
    await retire(MONTH)
    assert await retention.clear(store, links_last=HOUR) == 0
    assert await there(store, of_old) == of_old
    await links_ended()
    assert await retention.clear(store, links_last=3 * DAY) == 0
    assert await retention.clear(store, links_last=HOUR) == 1
    assert await there(store, of_old | of_new) == of_new
    assert await keys(old) == set()
    # It is still told of, and counted.
    assert (await films.newest(video)).number == 2  # type: ignore[union-attr]
    with pytest.raises(RenditionRetired):
        await renditions.find_file(video, old, "poster.jpg")
    found = await reconciliation.compare(store, older_than=DAY)
    assert (found.missing, found.unreferenced) == ([], [])
    assert await retention.clear(store, links_last=HOUR) == 0


async def test_the_same_film_of_another_video_keeps_its_objects(
    store: LocalStore, video: UUID
) -> None:
    old = await filmed(video, store, days=90, film="twice")
    await filmed(video, store, days=60)
    twin = await filmed(await finished(), store, days=1, film="twice")
    await retire(NOTHING)
    await links_ended()
    assert await retention.clear(store, links_last=HOUR) == 1
    assert await there(store, await keys(twin)) == await keys(twin)
    assert await keys(old) == set()


async def test_nothing_is_deleted_while_a_film_of_the_project_is_stored(
    store: LocalStore, video: UUID
) -> None:
    """It may be of the same bytes, found there and not written down yet."""
    old = await filmed(video, store, days=90)
    await filmed(video, store, days=60)
    of_old = await keys(old)
    await retire(NOTHING)
    await links_ended()
    other = await new_job(project="bakery")
    await put(other, Status.UPLOADING)
    assert await retention.clear(store, links_last=HOUR) == 0
    await put(other, Status.COMPLETED)
    assert await there(store, of_old) == of_old
    assert await retention.clear(store, links_last=HOUR) == 1


async def test_when_a_film_was_retired_stays_as_it_was(store: LocalStore, video: UUID) -> None:
    async def told() -> list[datetime | None]:
        _, found = await renditions.of_video(video)
        return [one.retired_at for one in found]

    old = await filmed(video, store, days=90)
    await filmed(video, store, days=60)
    await retire(MONTH)
    await links_ended()
    before = await told()
    # Nobody deletes what is being deleted, or while a film is stored.
    at_work = {GeneratedVideo.clearing_at: datetime.now(UTC)}
    await GeneratedVideo.update(at_work).where(GeneratedVideo.id == old)
    assert await retention.clear(store, links_last=HOUR) == 0
    died = {GeneratedVideo.clearing_at: datetime.now(UTC) - DAY}
    await GeneratedVideo.update(died).where(GeneratedVideo.id == old)
    other = await new_job(project="bakery")
    await put(other, Status.UPLOADING)
    assert await retention.clear(store, links_last=HOUR) == 0
    assert await told() == before
    await put(other, Status.COMPLETED)
    assert await retention.clear(store, links_last=HOUR) == 1
    assert await told() == before


async def test_a_film_is_superseded_since_its_first_successor_though_that_has_gone(
    store: LocalStore, video: UUID
) -> None:
    """An export held the first; its successor went before it."""
    first = await filmed(video, store, days=90)
    tall = await exported(video, store, days=85)
    second = await filmed(video, store, days=60)
    await filmed(video, store, days=10)
    assert await retire(Retention(lifetime=5 * DAY)) == {second}
    # The newest film is exported: the first export is superseded, and what it was made of.
    again = await exported(video, store, days=1)
    assert again
    since = {one.id: one.since for one in (await retention.report(NOTHING)).superseded}
    assert since.keys() == {first, tall}
    assert abs(datetime.now(UTC) - since[first] - 60 * DAY) < HOUR


async def test_a_bound_is_a_project_s_own(store: LocalStore, video: UUID) -> None:
    old = await filmed(video, store, days=90)
    await filmed(video, store, days=60)
    size = (await retention.report(NOTHING)).due[0].bytes
    other = await new_job(project="florist")
    await put(other, Status.COMPLETED)
    for days in (80, 50):
        await filmed(other, store, days=days)
    assert (await retention.report(Retention(project_bytes=2 * size))).due == []
    assert {one.project for one in (await retention.report(NOTHING)).due} == {"bakery", "florist"}
    assert old in await retire(NOTHING)


@pytest.mark.parametrize("status", [Status.APPROVED, Status.COMPOSING, Status.UPLOADING])
async def test_nothing_goes_of_a_video_that_is_worked_on(
    status: Status, store: LocalStore, video: UUID
) -> None:
    for days in (90, 60):
        await filmed(video, store, days=days)
    await put(video, status)
    assert (await retention.report(NOTHING)).superseded == []
    # Nor if the work begins after the report.
    await put(video, Status.COMPLETED)
    due = (await retention.report(NOTHING)).due
    assert due
    await put(video, status)
    assert await retention.retire(due) == []
    # A change that waits for a person may wait for ever.
    await put(video, Status.STORYBOARD_COMPLETE)
    assert len(await retention.retire(due)) == 1


async def test_nothing_goes_of_a_video_of_which_an_export_waits(
    store: LocalStore, video: UUID
) -> None:
    for days in (90, 60):
        await filmed(video, store, days=days)
    await exported(video, store, days=50, status=Status.STORYBOARD_COMPLETE)
    assert await retire(NOTHING) == set()


async def test_a_film_stays_with_its_export_until_that_is_superseded(
    store: LocalStore, video: UUID
) -> None:
    first = await filmed(video, store, days=90)
    tall = await exported(video, store, days=80)
    second = await filmed(video, store, days=70)
    assert await retire(NOTHING) == set()
    again = await exported(video, store, days=60)
    assert await retire(NOTHING) == {first, tall}
    _, told = await renditions.of_video(video)
    assert {one.id for one in told if not one.retired_at} == {second, again}


async def test_an_export_that_is_no_longer_kept_can_be_ordered_again(
    store: LocalStore, video: UUID
) -> None:
    await filmed(video, store, days=90)
    board = msgspec.json.encode(replace(events.storyboard(), music=None)).decode()
    await GeneratedVideo.update({GeneratedVideo.storyboard_data: board}).where(
        GeneratedVideo.job == video
    )
    wanted = exports.Order(aspect_ratio=AspectRatio.PORTRAIT, quality=Quality.PREVIEW)
    first = await exports.order(video, wanted, OFFLINE, limits=Limits())
    assert (await exports.order(video, wanted, OFFLINE, limits=Limits())).job.id == first.job.id
    await put(first.job.id, Status.COMPLETED)
    made = await filmed(video, store, days=50)
    await GeneratedVideo.update(
        {GeneratedVideo.export_job: first.job.id, GeneratedVideo.retired_at: datetime.now(UTC)}
    ).where(GeneratedVideo.id == made)
    second = await exports.order(video, wanted, OFFLINE, limits=Limits())
    assert second.job.id != first.job.id
    assert second.job.status is Status.APPROVED


async def test_of_two_that_clear_at_once_each_has_its_own(store: LocalStore, video: UUID) -> None:
    for days in (90, 80, 70, 60):
        await filmed(video, store, days=days)
    await retire(NOTHING)
    await links_ended()
    cleared: list[int] = []

    async def clear() -> None:
        cleared.append(await retention.clear(store, links_last=HOUR))

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(clear)
    assert sum(cleared) == 3
