"""The main job: a brief written in a real Payload becomes a finished video that Payload shows."""

import wave
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import anyio
import av
import httpx
import msgspec
import numpy as np
import pytest

from render.signing import provenance
from render.storyboard import Brief, Mood, Storyboard
from tests.support import playback
from tests.support.installation import (
    COMPLETED,
    DRAFTED,
    PATIENCE,
    RunningInstallation,
    last,
    running_installation,
    sample,
    storyboard_of,
)
from tests.support.servers.s3 import S3Server
from tests.support.work_files import left_in

pytestmark = pytest.mark.timeout(600)

SHORT = Brief(
    title="A short one",
    script="Bread is flour, water, and time.",
    aspect_ratio="1:1",
    music=Mood.DRIVING,
)

FADE = 0.5
"""Seconds in which two scenes are seen at once."""


@dataclass(frozen=True, kw_only=True)
class Production:
    """One video's way through the installation, as its editor saw it."""

    brief: Brief
    seen: list[dict[str, Any]]
    """Every state of the rendition, in order."""
    submitted: dict[str, Any]
    """The video document right after it was submitted."""
    video: dict[str, Any]
    """The video document at the end."""
    drafted: dict[str, Any]
    storyboard: dict[str, Any]
    rendition: dict[str, Any]
    film: Path
    poster: Path

    @property
    def scenes(self) -> list[dict[str, Any]]:
        return self.storyboard["scenes"]


async def produce(running: RunningInstallation, brief: Brief, directory: Path) -> Production:
    """Do what an editor does, from the first word to the finished file."""
    film, poster = directory / "film.mp4", directory / "poster.jpg"
    async with running.editor() as editor:
        project = await editor.create_project("The bakery", brief)
        video = (await editor.create_video(project["id"], brief))["id"]
        submitted = await editor.submit(video)
        seen: list[dict[str, Any]] = []
        drafted: dict[str, Any] | None = None
        async for state in editor.follow(video, until=COMPLETED, seconds=PATIENCE):
            seen.append(state)
            if state["status"] == "storyboard_complete" and not drafted:
                drafted = await storyboard_of(editor, video)
                await editor.approve(drafted["id"])
        assert drafted
        rendition = await editor.find("renditions", video=video)
        assert rendition
        await editor.download(rendition["url"], film)
        await editor.download(rendition["posterUrl"], poster)
        return Production(
            brief=brief,
            seen=seen,
            submitted=submitted,
            video=await editor.read("videos", video),
            drafted=drafted,
            storyboard=await editor.read("storyboards", drafted["id"]),
            rendition=rendition,
            film=film,
            poster=poster,
        )


@pytest.fixture(scope="module")
def production(
    running: RunningInstallation, tmp_path_factory: pytest.TempPathFactory
) -> Production:
    return anyio.run(produce, running, sample(), tmp_path_factory.mktemp("film"))


@pytest.fixture(scope="module")
def windows(running: RunningInstallation, production: Production) -> list[tuple[float, float]]:
    """When each scene is seen, from the stored narrations alone: air around it, then a fade."""
    rows = running.rows(
        "SELECT scene_id, key FROM asset WHERE job = ? AND kind = 'narration'",
        production.rendition["jobId"],
    )
    spoken = {row["scene_id"]: row["key"] for row in rows}
    times: list[tuple[float, float]] = []
    start = 0.0
    for scene in production.scenes:
        with wave.open(f"{running.directory}/objects/{spoken[scene['sceneId']]}") as narration:
            seconds = narration.getnframes() / narration.getframerate()
        length = 0.3 + seconds + 0.6
        times.append((start, start + length))
        start += length - FADE
    return times


class TestOnTheWay:
    def test_the_editor_gets_a_scene_for_each_paragraph_word_for_word(
        self, production: Production
    ) -> None:
        spoken = [scene["narration"] for scene in production.drafted["scenes"]]
        assert spoken == production.brief.script.split("\n\n")

    def test_the_storyboard_has_a_price_before_it_is_approved(self, production: Production) -> None:
        assert production.drafted["decision"] == "pending"
        assert Decimal(production.drafted["estimatedCost"]) == 0

    def test_the_approval_names_the_editor(self, production: Production) -> None:
        assert production.storyboard["decision"] == "approved"
        assert production.storyboard["approvedBy"] == "editor@example.com"

    def test_the_statuses_come_in_their_order(self, production: Production) -> None:
        order = [
            *("pending", "storyboarding", "storyboard_complete", "approved"),
            *("generating", "composing", "uploading", "completed"),
        ]
        places = [order.index(state["status"]) for state in production.seen]
        assert places == sorted(places)
        assert {"storyboard_complete", "composing", "completed"} <= {
            state["status"] for state in production.seen
        }

    def test_progress_only_grows_and_takes_many_values(self, production: Production) -> None:
        progress = [state["progress"] for state in production.seen]
        assert progress == sorted(progress)
        assert len(set(progress)) >= 8
        assert any(
            40 < state["progress"] < 92
            for state in production.seen
            if state["status"] == "composing"
        )

    def test_no_news_comes_twice(self, production: Production) -> None:
        numbers = [state["sequence"] for state in production.seen]
        assert all(before < after for before, after in pairwise(numbers))

    def test_finished_scenes_are_counted(self, production: Production) -> None:
        assert production.rendition["scenesDone"] == len(production.scenes)
        assert production.rendition["scenesTotal"] == len(production.scenes)


class TestInPayload:
    def test_the_rendition_is_completed(self, production: Production) -> None:
        assert production.rendition["status"] == "completed"
        assert production.rendition["progress"] == 100
        assert production.rendition["error"] is None

    def test_the_rendition_says_what_was_placed_in_it(self, production: Production) -> None:
        assert {warning["code"] for warning in production.rendition["warnings"]} == {
            "placeholder_used"
        }

    def test_the_rendition_describes_the_file(self, production: Production) -> None:
        assert production.rendition["file"]["bytes"] == production.film.stat().st_size

    def test_the_video_document_was_touched_by_nobody_but_its_editor(
        self, production: Production
    ) -> None:
        assert production.video == production.submitted | {
            # Joins: filled as the service writes, and stored with the other documents.
            "renditions": production.video["renditions"],
            "storyboards": production.video["storyboards"],
        }
        assert production.video["updatedAt"] == production.submitted["updatedAt"]
        assert production.video["stage"] == "submitted"

    @pytest.mark.anyio
    async def test_writing_back_sent_no_event(
        self, running: RunningInstallation, production: Production
    ) -> None:
        async with running.editor() as editor:
            answer = await editor.http.get(
                "/api/reelwright-outbox",
                params={
                    "where[stream][equals]": f"video:{production.video['serviceId']}",
                    "sort": "createdAt",
                },
            )
        assert [(event["type"], event["state"]) for event in answer.json()["docs"]] == [
            ("video.submitted", "delivered"),
            ("storyboard.approved", "delivered"),
        ]

    @pytest.mark.anyio
    async def test_a_visitor_sees_no_document_and_no_video(
        self, running: RunningInstallation, production: Production
    ) -> None:
        video, rendition = production.video["id"], production.rendition["id"]
        storyboard = production.storyboard["id"]
        async with httpx.AsyncClient(base_url=f"{running.installation.payload_url}") as visitor:
            for path in (
                "/api/projects",
                "/api/videos",
                "/api/storyboards",
                "/api/renditions",
                "/api/reelwright-outbox",
                f"/api/videos/{video}",
                f"/api/storyboards/{storyboard}",
                f"/api/renditions/{rendition}",
            ):
                assert (await visitor.get(path)).status_code == 403, path
            for path in ("url", "posterUrl", "downloadUrl"):
                answer = await visitor.get(production.rendition[path])
                assert answer.status_code in {401, 403, 404}, path
                assert "location" not in answer.headers

    @pytest.mark.anyio
    async def test_a_player_can_seek(
        self, running: RunningInstallation, production: Production
    ) -> None:
        whole = production.film.read_bytes()
        async with running.editor() as editor:
            answer = await editor.http.get(
                production.rendition["url"],
                headers={"Range": "bytes=1000-1999"},
                follow_redirects=True,
            )
        assert answer.status_code == 206
        assert answer.headers["content-range"] == f"bytes 1000-1999/{len(whole)}"
        assert answer.content == whole[1000:2000]

    @pytest.mark.anyio
    async def test_a_download_is_named_after_the_video(
        self, running: RunningInstallation, production: Production
    ) -> None:
        async with (
            running.editor() as editor,
            editor.http.stream(
                "GET", production.rendition["downloadUrl"], follow_redirects=True
            ) as answer,
        ):
            assert answer.status_code == 200
            assert answer.headers["content-type"] == "video/mp4"
            assert "The%20Oldest%20Recipe" in answer.headers["content-disposition"] or (
                "The Oldest Recipe" in answer.headers["content-disposition"]
            )


class TestTheFilm:
    def test_it_is_full_hd_in_h264_and_aac(self, production: Production) -> None:
        found = playback.streams(production.film)
        assert (found["video"], found["audio"]) == ("h264", "aac")
        assert (found["width"], found["height"]) == (1920, 1080)
        assert found["pixels"] == "yuv420p"

    def test_it_is_as_long_as_its_scenes(
        self, production: Production, windows: list[tuple[float, float]]
    ) -> None:
        found = playback.streams(production.film)
        promised = production.rendition["file"]["duration"]
        for name in ("seconds", "video seconds", "audio seconds"):
            assert found[name] == pytest.approx(promised, abs=0.1), name
            # Each scene is rounded up to a whole frame.
            assert found[name] == pytest.approx(windows[-1][1], abs=0.1 + len(windows) / 30), name

    def test_no_scene_is_black_frozen_or_like_another(
        self, production: Production, windows: list[tuple[float, float]]
    ) -> None:
        places = (0.2, 0.4, 0.6, 0.8)
        instants = [
            start + FADE + place * (end - start - 2 * FADE)
            for start, end in windows
            for place in places
        ]
        seen = playback.pictures(production.film, instants)
        scenes = [seen[at : at + len(places)] for at in range(0, len(seen), len(places))]
        for number, scene in enumerate(scenes, start=1):
            for picture in scene:
                assert picture.mean() > 20, f"scene {number} is dark"
                assert picture.std() > 8, f"scene {number} shows one colour"
            for before, after in pairwise(scene):
                assert np.abs(before - after).mean() > 0.2, f"scene {number} stands still"
        for one, other in pairwise(scenes):
            assert np.abs(one[-1] - other[0]).mean() > 4, "two scenes show the same picture"

    def test_every_scene_is_heard(
        self, production: Production, windows: list[tuple[float, float]]
    ) -> None:
        samples, rate = playback.sound(production.film)
        for number, (start, end) in enumerate(windows, start=1):
            scene = samples[int((start + FADE) * rate) : int((end - FADE) * rate)]
            assert playback.loudness(scene) > -35, f"scene {number} is silent"

    def test_it_is_silent_before_the_first_word(self, production: Production) -> None:
        samples, rate = playback.sound(production.film)
        assert playback.loudness(samples[: int(0.25 * rate)]) < -60

    def test_it_starts_before_it_is_fully_loaded(self, production: Production) -> None:
        order = list(playback.boxes(production.film))
        assert order[0] == "ftyp"
        assert order.index("moov") < order.index("mdat")

    def test_it_tells_where_everything_in_it_comes_from(self, production: Production) -> None:
        found = provenance.read(production.film)
        assert found.faults == ()
        assert {origin.scene for origin in found.origins if origin.scene} == {
            scene["sceneId"] for scene in production.scenes
        }
        pictures = [
            origin.ingredient for origin in found.origins if origin.ingredient.role == "picture"
        ]
        assert len(pictures) == len(production.scenes)
        assert all(made.document and made.version and made.request_digest for made in pictures)
        assert all(made.field.endswith("picturePrompt") for made in pictures)

    def test_its_poster_is_a_picture_of_its_size(self, production: Production) -> None:
        with av.open(production.poster) as container:
            frame = next(container.decode(video=0))
            assert container.streams.video[0].codec_context.name == "mjpeg"
        assert (frame.width, frame.height) == (1920, 1080)
        assert frame.reformat(format="gray").to_ndarray().std() > 8


@pytest.mark.anyio
async def test_the_same_path_from_a_signed_webhook_without_a_cms(
    tmp_path: Path,
) -> None:
    with running_installation(tmp_path, cms=False) as running:
        film = tmp_path / "film.mp4"
        await film_by_webhook(running, film)
        running.check_tidy()


@pytest.mark.anyio
async def test_the_same_path_with_files_in_an_s3_store(tmp_path: Path, s3_server: S3Server) -> None:
    with running_installation(
        tmp_path,
        cms=False,
        storage="r2",
        r2_endpoint_url=s3_server.endpoint_url,
        r2_bucket=s3_server.bucket,
        r2_access_key_id=s3_server.access_key_id,
        r2_secret_access_key=s3_server.secret_access_key,
    ) as running:
        links = await film_by_webhook(running, tmp_path / "film.mp4")
        assert links["video"]["url"].startswith(s3_server.endpoint_url)
        async with httpx.AsyncClient() as anyone:
            part = await anyone.get(links["video"]["url"], headers={"Range": "bytes=0-7"})
            assert part.status_code == 206
            poster = await anyone.get(links["poster"]["url"])
            assert poster.headers["content-type"] == "image/jpeg"
        assert not (tmp_path / "objects").exists()
        assert left_in(tmp_path / "work") == []


async def film_by_webhook(running: RunningInstallation, film: Path) -> dict[str, Any]:
    """Send and approve a short brief, check the film behind the link, and return the links."""
    async with running.sender() as sender:
        job = await sender.submit(SHORT)
        drafted = await last(sender.follow(job, until=DRAFTED, seconds=PATIENCE))
        assert not drafted["approved"]
        await sender.approve(drafted)
        finished = await last(sender.follow(job, until=COMPLETED, seconds=PATIENCE))
        links = await sender.links(job)
    assert finished["progress"] == 100
    assert finished["storyboardDigest"] == (
        msgspec.convert(drafted["storyboard"], Storyboard).digest
    )
    async with httpx.AsyncClient() as anyone:
        answer = await anyone.get(links["video"]["url"])
    assert answer.headers["content-type"] == "video/mp4"
    await anyio.Path(film).write_bytes(answer.content)
    found = playback.streams(film)
    assert (found["video"], found["audio"]) == ("h264", "aac")
    assert (found["width"], found["height"]) == (1080, 1080)
    samples, rate = playback.sound(film)
    assert playback.loudness(samples) > -35
    # Before the first word there is music.
    assert playback.loudness(samples[: int(0.25 * rate)]) > -60
    (music,) = (
        origin.ingredient
        for origin in provenance.read(film).origins
        if origin.ingredient.role == "music"
    )
    assert (music.source, music.model) == ("rule", "built-in music, driving")
    return links
