"""A film is edited by a scene and filmed again by a real daemon, killed on the way or not.

What did not change is neither paid for nor encoded again, and the film before stays.
"""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from multiprocessing.connection import wait
from pathlib import Path
from uuid import UUID

import anyio
import anyio.to_thread
import pytest

from cms_bridge import films
from cms_bridge.database import connected
from cms_bridge.jobs import approvals, exports, moves
from cms_bridge.jobs.renditions import HLS_MAIN
from cms_bridge.ledger import charges
from cms_bridge.pricing.estimates import OFFLINE
from cms_bridge.states import Status
from cms_bridge.tables import Job, RenditionFile
from render.rendition import Codec, Quality
from render.storyboard import AspectRatio, CaptionStyle, Limits
from tests.faults.crashes import ago, at_rest
from tests.faults.edits import FIRST, SECOND, approve, log, send
from tests.faults.harness import Harness, daemon, open_harness
from tests.support import events

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    with open_harness(tmp_path_factory.mktemp("harness")) as harness:
        yield harness


async def due(job: UUID) -> None:
    """Let nobody wait for a lease that a killed daemon holds."""
    await Job.update({Job.lease_expires_at: ago(), Job.wake_at: ago()}).where(
        Job.id == job, Job.wake_at.is_not_null()
    )


@pytest.mark.parametrize(
    "point",
    [
        *(
            pytest.param(point, marks=pytest.mark.slow)
            for point in (
                *("", "after the intent", "before the asset", "before settling"),
                *("before keeping", "after the film is recorded"),
            )
        ),
        "before the film is recorded",
    ],
)
async def test_a_scene_is_made_anew_and_nothing_else(harness: Harness, point: str) -> None:
    directory = await anyio.to_thread.run_sync(harness.reset)
    settings = harness.settings(directory, provider="gemini", drafting=False)
    async with connected(settings["REELWRIGHT_DATABASE_URL"]):
        job = await send(events.submitted(), "s1")
        await Job.update({Job.status: Status.STORYBOARD_COMPLETE}).where(Job.id == job)
        await approve(job, FIRST, revision=1)
        with daemon(settings, directory):
            assert await at_rest(job, {Status.COMPLETED}) is Status.COMPLETED
        first = await films.finished(job)
        paid = len(await charges.charges_of(job))
        spent = await approvals.spent_on(job)
        assert paid == harness.charges().total() == 6
        bytes_of_first = await stored(directory, first.key)

        await approve(job, SECOND, revision=2)
        if point:
            with daemon(settings, directory, point=point) as victim:
                await anyio.to_thread.run_sync(wait, [victim.sentinel], 90)
                assert victim.exitcode == -9, f"not killed: {directory}/daemon.log"
            assert (await films.of_job(job))[-1] == first
            assert await stored(directory, first.key) == bytes_of_first
            await due(job)
        with daemon(settings, directory):
            status = await at_rest(job, {Status.COMPLETED})
        if point == "before keeping":
            # Whether it was charged nobody knows: a person says, and the film before is shown.
            assert status is Status.FAILED
            assert await films.finished(job) == first
            return
        assert status is Status.COMPLETED
        newest, before = await films.of_job(job)
        assert before == first
        assert (newest.number, newest.storyboard_revision) == (2, 2)
        assert newest.storyboard == SECOND
        assert newest.key != first.key
        assert await stored(directory, first.key) == bytes_of_first
        settled = [one for one in await charges.charges_of(job) if one.settled is not None]
        assert len(settled) == harness.charges().total() == 7
        assert {one.scene_id for one in settled[6:]} == {"s3"}
        assert await approvals.spent_on(job) > spent
        assert (await moves.find(job)).approved_digest == SECOND.digest
        reused = [line for line in log(directory) if line.get("event") == "engine.finished"]
        # Only what shows the third scene is encoded: it, and the crossfade into it.
        segments = reused[0]["segments"]
        assert isinstance(segments, int)
        assert [one["reused"] for one in reused] == [
            0,
            *([segments - 2] if "film" in point or not point else []),
            *([segments] if "film" in point else [segments - 2] if point else []),
        ]


@pytest.mark.slow
async def test_an_export_makes_only_what_it_touches(harness: Harness) -> None:
    directory = await anyio.to_thread.run_sync(harness.reset)
    settings = harness.settings(directory, provider="gemini", drafting=False)
    upright = exports.Order(
        aspect_ratio=AspectRatio.PORTRAIT,
        quality=Quality.PREVIEW,
        captions=CaptionStyle.OUTLINE,
        hls=True,
    )
    small = exports.Order(quality=Quality.HD, format=Codec.AV1, fps=Fraction(24000, 1001))
    async with connected(settings["REELWRIGHT_DATABASE_URL"]):
        job = await send(events.submitted(), "s1")
        await Job.update({Job.status: Status.STORYBOARD_COMPLETE}).where(Job.id == job)
        await approve(job, FIRST, revision=1)
        with daemon(settings, directory):
            assert await at_rest(job, {Status.COMPLETED}) is Status.COMPLETED
            first = await films.finished(job)
            paid = await charges.charges_of(job)
            made = [await export(job, upright), await export(job, small)]
            # As it is already: no segment is encoded.
            made.append(await export(job, exports.Order()))
            # Pictures of a square were cropped, and nothing was asked for again.
            assert harness.charges().total() == len(paid) == 6
            assert await films.finished(job) == first
            await approve(job, SECOND, revision=2)
            assert await at_rest(job, {Status.COMPLETED}) is Status.COMPLETED
            assert harness.charges().total() == 7
            edited = await export(job, upright)
        # The scene that was edited had been paid for by its film.
        assert harness.charges().total() == 7
        found = {one.export_job: one for one in await films.of_job(job)}
        assert [
            (one.width, one.height, one.format, one.fps, one.storyboard_revision)
            for one in (found[key] for key in (*made, edited))
        ] == [
            (360, 640, Codec.H264, 30, 1),
            (720, 720, Codec.AV1, Fraction(24000, 1001), 1),
            (1080, 1080, Codec.H264, 30, 1),
            (360, 640, Codec.H264, 30, 2),
        ]
        assert found[made[2]].duration == first.duration
        assert sorted(one.number for one in found.values()) == [1, 2, 3, 4, 6]
        for one in (*made, edited):
            assert not await charges.charges_of(one)
            assert await stored(directory, found[one].key)
        # A stream of films, and of the exports that were ordered with one.
        streamed = await RenditionFile.select(RenditionFile.rendition).where(
            RenditionFile.name == HLS_MAIN
        )
        assert {one["rendition"] for one in streamed} == {
            one.id for one in await films.of_job(job) if one.export_job not in made[1:]
        }
        segments, reused = zip(
            *(
                (one["segments"], one["reused"])
                for one in log(directory)
                if one.get("event") == "engine.finished"
            ),
            strict=True,
        )
        whole = segments[0]
        # The film, two forms of it, itself once more, its revision, and that in the first form.
        assert reused == (0, 0, 0, whole, whole - 2, whole - 2)


async def test_an_export_whose_daemon_is_killed_twice_is_made_once(harness: Harness) -> None:
    directory = await anyio.to_thread.run_sync(harness.reset)
    settings = harness.settings(directory, provider="gemini", drafting=False)
    async with connected(settings["REELWRIGHT_DATABASE_URL"]):
        job = await send(events.submitted(), "s1")
        await Job.update({Job.status: Status.STORYBOARD_COMPLETE}).where(Job.id == job)
        await approve(job, FIRST, revision=1)
        with daemon(settings, directory):
            assert await at_rest(job, {Status.COMPLETED}) is Status.COMPLETED
        # Pictures of its own are paid for.
        anew = exports.Order(
            aspect_ratio=AspectRatio.PORTRAIT, quality=Quality.PREVIEW, new_pictures=True
        )
        one = (await exports.order(job, anew, OFFLINE, limits=Limits())).job
        await Job.update({Job.approved_cost: Decimal(10), Job.wake_at: ago()}).where(
            Job.id == one.id
        )
        # With a picture that is paid for and lies nowhere yet, and with the whole film.
        for point, nth in (("before storing", 2), ("before the film is recorded", 1)):
            with daemon(settings, directory, point=point, nth=nth) as victim:
                await anyio.to_thread.run_sync(wait, [victim.sentinel], 90)
                assert victim.exitcode == -9, f"not killed: {directory}/daemon.log"
            assert [film.export_job for film in await films.of_job(job)] == [None]
            await due(one.id)
        with daemon(settings, directory):
            assert await at_rest(one.id, {Status.COMPLETED}) is Status.COMPLETED
        assert [film.export_job for film in await films.of_job(job)] == [one.id, None]
        settled = [paid for paid in await charges.charges_of(one.id) if paid.settled is not None]
        # Its three pictures, once each; every narration was found.
        assert (len(settled), harness.charges().total()) == (3, 9)
        assert {paid.scene_id for paid in settled} == {"s1", "s2", "s3"}


async def export(video: UUID, wanted: exports.Order) -> UUID:
    """Have a film exported for nothing, by the daemon that runs; return the export."""
    job = (await exports.order(video, wanted, OFFLINE, limits=Limits())).job
    # The test sends no wake-ups.
    await Job.update({Job.wake_at: ago()}).where(Job.id == job.id, Job.status == Status.APPROVED)
    assert await at_rest(job.id, {Status.COMPLETED}) is Status.COMPLETED
    return job.id


async def stored(directory: Path, key: str) -> bytes:
    return await anyio.Path(directory / "objects" / key).read_bytes()
