"""What the whole system must survive: hostile input, and parts of it that go away."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import httpx
import msgspec
import pytest

from cms_bridge.events import StoryboardApproved, StoryboardChange, StoryboardEdited
from daemon.client import Sender, SenderError
from daemon.local.editor import Editor, EditorError
from render.storyboard import Brief, Scene, Storyboard
from tests.support import playback
from tests.support.installation import (
    COMPLETED,
    DRAFTED,
    PATIENCE,
    RunningInstallation,
    eventually,
    last,
    sample,
    storyboard_of,
)

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600)]

SHORT = Brief(title="A short one", script="Bread is flour, water, and time.", aspect_ratio="1:1")


@pytest.fixture(autouse=True)
def nothing_is_left_half_done(running: RunningInstallation) -> Iterator[None]:
    yield
    running.check_tidy()


@pytest.fixture
async def editor(running: RunningInstallation) -> Any:
    async with running.editor() as editor:
        yield editor


@pytest.fixture
async def sender(running: RunningInstallation) -> Any:
    async with running.sender() as sender:
        yield sender


async def a_video(editor: Editor, brief: Brief) -> Any:
    project = await editor.create_project("Survivors", brief)
    return (await editor.create_video(project["id"], brief))["id"]


async def a_drafted_video(editor: Editor, brief: Brief = SHORT) -> tuple[Any, dict[str, Any]]:
    """Return a video's id and its storyboard document."""
    video = await a_video(editor, brief)
    await editor.submit(video)
    return video, await storyboard_of(editor, video)


async def events_of(editor: Editor, video: Any) -> list[dict[str, Any]]:
    answer = await editor.http.get(
        "/api/reelwright-outbox",
        params={"where[video][equals]": f"{video}", "sort": "createdAt"},
    )
    return answer.json()["docs"]


def jobs(running: RunningInstallation) -> int:
    return running.rows("SELECT COUNT(*) AS n FROM job")[0]["n"]


class TestScriptsThatAreRefused:
    @pytest.mark.parametrize("script", ["", " \n\t ", "\x07\x00\x1b"])
    async def test_payload_does_not_submit_an_empty_script(
        self, running: RunningInstallation, editor: Editor, script: str
    ) -> None:
        before = jobs(running)
        video = await a_video(editor, Brief(title="Nothing", script=script))
        with pytest.raises(EditorError, match=r"400.*There is nothing to say\. Write a script"):
            await editor.submit(video)
        document = await editor.read("videos", video)
        assert (document["stage"], document["submission"]) == ("draft", 0)
        assert await events_of(editor, video) == []
        assert jobs(running) == before

    @pytest.mark.parametrize("script", ["", " \n\t ", "\x07\x00\x1b"])
    async def test_the_bridge_refuses_an_empty_script(
        self, running: RunningInstallation, sender: Sender, script: str
    ) -> None:
        before = jobs(running)
        with pytest.raises(SenderError, match="422: There is nothing to say"):
            await sender.submit(Brief(title="Nothing", script=script))
        assert jobs(running) == before

    async def test_payload_does_not_keep_a_script_of_200_000_characters(
        self, editor: Editor
    ) -> None:
        with pytest.raises(EditorError, match=r"400.*At most 40,000 characters; this is 200,000"):
            await a_video(editor, Brief(title="A novel", script="é" * 200_000))
        assert await editor.find("videos", title="A novel") is None

    async def test_payload_keeps_the_old_script_when_the_new_one_is_too_long(
        self, editor: Editor
    ) -> None:
        video = await a_video(editor, SHORT)
        with pytest.raises(EditorError, match=r"At most 40,000 characters"):
            await editor.update("videos", video, {"script": "x" * 200_000, "stage": "submitted"})
        document = await editor.read("videos", video)
        assert (document["script"], document["stage"]) == (SHORT.script, "draft")

    async def test_the_bridge_refuses_a_script_of_200_000_characters(
        self, running: RunningInstallation, sender: Sender
    ) -> None:
        before = jobs(running)
        with pytest.raises(
            SenderError, match="422: The script may be at most 40000 characters; this is 200000"
        ):
            await sender.submit(Brief(title="A novel", script="字" * 200_000))
        assert jobs(running) == before


class TestScriptsThatAreTaken:
    async def test_the_longest_script_becomes_a_storyboard(self, editor: Editor) -> None:
        sentence = "Flour, water and salt go in, and one long night of patience follows. "
        script = (sentence * 600)[:40_000]
        _, storyboard = await a_drafted_video(editor, Brief(title="Long", script=script))
        spoken = " ".join(scene["narration"] for scene in storyboard["scenes"])
        assert spoken.split() == script.split()
        assert 100 < len(storyboard["scenes"]) <= 200

    async def test_control_characters_are_left_out_and_the_editor_is_told(
        self, editor: Editor
    ) -> None:
        brief = Brief(title="A\x07 bell", script="Bread\x08 is \x1b[1mwarm\x07.\r\nAnd good.\x00")
        video, storyboard = await a_drafted_video(editor, brief)
        rendition = await last(editor.follow(video, until=DRAFTED, seconds=PATIENCE))
        assert storyboard["title"] == "A bell"
        assert [scene["narration"] for scene in storyboard["scenes"]] == [
            "Bread is [1mwarm. And good."
        ]
        said = [warning["message"] for warning in rendition["warnings"]]
        assert "3 characters of the script cannot be shown or spoken and were removed." in said

    async def test_no_control_character_breaks_the_bridge(
        self, running: RunningInstallation, sender: Sender
    ) -> None:
        every = "".join(map(chr, (*range(32), 127, *range(0x80, 0xA0))))
        brief = Brief(
            title=f"A{every}title", brief=every, script=f"Bread{every}butter", style=every
        )
        with pytest.raises(SenderError, match=r"answered 400: .*project\.id"):
            await sender.submit(brief, project=f"p{every}")
        job = await sender.submit(brief)
        drafted = await last(sender.follow(job, until=DRAFTED, seconds=PATIENCE))
        assert "\x00" not in msgspec.json.encode(drafted["storyboard"]).decode()
        assert running.rows("SELECT title FROM job WHERE id = ?", job)[0]["title"].startswith("A")


LANGUAGES = {
    "Arabic": sample("brief-ar"),
    "Chinese": sample("brief-zh"),
    "Hindi": sample("brief-hi"),
    "Emoji": Brief(
        title="🥖 The 👩🏽‍🍳’s bread 🇫🇷",
        script="Fresh 🥐 every morning, says the 👩‍👩‍👧 next door! ❤️\n\n"
        "Хлеб, 빵 und ψωμί: ciao 👋🏿.\n\n🎉🎉🎉",
    ),
}


@pytest.fixture(scope="module")
def finished(running: RunningInstallation) -> dict[str, dict[str, Any]]:
    """The renditions of all of them, made together."""
    return anyio.run(film_all, running)


async def film_all(running: RunningInstallation) -> dict[str, dict[str, Any]]:
    renditions: dict[str, dict[str, Any]] = {}

    async def film(editor: Editor, name: str, brief: Brief) -> None:
        # One paragraph says enough about a language; each second of film takes its time.
        paragraphs = brief.script.split("\n\n")
        script = "\n\n".join(paragraphs if name == "Emoji" else paragraphs[:1])
        short = msgspec.structs.replace(brief, script=script, aspect_ratio="1:1")
        video, storyboard = await a_drafted_video(editor, short)
        # A person may paste anything into a scene, also after the drafter cleaned the script.
        first, *others = storyboard["scenes"]
        pasted = {
            **first,
            "narration": f"{first['narration']}\x00\x1b\u200f",
            "onScreenText": "\x07🥐",
        }
        await editor.update("storyboards", storyboard["id"], {"scenes": [pasted, *others]})
        await editor.approve(storyboard["id"])
        done = await last(editor.follow(video, until=COMPLETED, seconds=2 * PATIENCE))
        film = running.directory / f"{name}.mp4"
        await editor.download(done["url"], film)
        renditions[name] = {**done, "film": film, "storyboard": storyboard}

    async with running.editor() as editor, anyio.create_task_group() as group:
        for name, brief in LANGUAGES.items():
            group.start_soon(film, editor, name, brief)
    return renditions


class TestWritingSystems:
    @pytest.mark.parametrize("name", LANGUAGES)
    async def test_is_seen_and_heard(self, finished: dict[str, dict[str, Any]], name: str) -> None:
        rendition = finished[name]
        film: Path = rendition["film"]
        assert playback.streams(film)["seconds"] == pytest.approx(
            rendition["file"]["duration"], abs=0.1
        )
        [picture] = playback.pictures(film, [1.0])
        assert picture.std() > 8
        samples, _ = playback.sound(film)
        assert playback.loudness(samples) > -35

    @pytest.mark.parametrize("name", ["Arabic", "Chinese", "Hindi"])
    async def test_is_spoken_by_a_voice_of_its_own_without_complaint(
        self, finished: dict[str, dict[str, Any]], name: str
    ) -> None:
        codes = [warning["code"] for warning in finished[name]["warnings"]]
        assert codes == ["placeholder_used"]

    async def test_letters_that_the_voice_cannot_read_are_named(
        self, finished: dict[str, dict[str, Any]]
    ) -> None:
        warnings = finished["Emoji"]["warnings"]
        assert {warning["code"] for warning in warnings} == {"placeholder_used", "letters_unread"}
        assert any("Cyrillic" in warning["message"] for warning in warnings)

    async def test_words_stay_as_they_were_written(
        self, finished: dict[str, dict[str, Any]]
    ) -> None:
        spoken = " ".join(scene["narration"] for scene in finished["Emoji"]["storyboard"]["scenes"])
        assert spoken.split() == LANGUAGES["Emoji"].script.split()


def scenes(count: int, **fields: Any) -> tuple[Scene, ...]:
    return tuple(
        Scene(id=f"s{number}", narration="Bread.", **fields) for number in range(1, count + 1)
    )


class TestStoryboardsThatCannotBeFilmed:
    """Refused by Payload when saved there, and by the bridge when sent to it."""

    async def test_in_payload(self, running: RunningInstallation, editor: Editor) -> None:
        video, storyboard = await a_drafted_video(editor)
        scene = {"narration": "Bread."}
        for changed, said in (
            ([], "A storyboard needs at least one scene."),
            ([scene] * 300, "At most 200 scenes; these are 300."),
            ([{**scene, "duration": 700}], "More than 0 and at most 600 seconds."),
            ([{**scene, "duration": 0}], "More than 0 and at most 600 seconds."),
            ([{**scene, "duration": -5}], "More than 0 and at most 600 seconds."),
            ([{**scene, "narration": "x" * 5_001}], "At most 5,000 characters; this is 5,001."),
        ):
            for decision in ("pending", "approved"):
                with pytest.raises(EditorError, match=said) as refused:
                    await editor.update(
                        "storyboards", storyboard["id"], {"scenes": changed, "decision": decision}
                    )
                assert "answered 400" in str(refused.value)
        assert await editor.read("storyboards", storyboard["id"]) == storyboard
        assert [event["type"] for event in await events_of(editor, video)] == ["video.submitted"]
        assert (await running.status(storyboard["jobId"]))["status"] == "storyboard_complete"

    async def test_at_the_bridge(self, running: RunningInstallation, sender: Sender) -> None:
        job = await sender.submit(SHORT)
        before = await last(sender.follow(job, until=DRAFTED, seconds=PATIENCE))
        for changed, said in (
            ((), "The storyboard holds no scene"),
            (scenes(300), "A storyboard may be at most 200 scenes; this is 300."),
            (scenes(1, duration=700), "Scene 1: The duration may be at most 30 seconds"),
            (scenes(1, duration=0), "Scene 1: The duration must be at least 0.04 seconds"),
            (scenes(1) * 2, "Two scenes have the id"),
        ):
            change = StoryboardChange(
                job_id=job,
                storyboard_id="1",
                revision=1,
                storyboard=Storyboard(title="A short one", scenes=changed),
            )
            for kind in (StoryboardEdited, StoryboardApproved):
                with pytest.raises(SenderError, match=f"(?i)422: {said}"):
                    await sender.send(kind(timestamp=datetime.now(UTC), data=change))
        assert await running.status(job) == before

    async def test_the_editor_reads_what_only_the_bridge_knows(self, editor: Editor) -> None:
        """A limit that is lower at the bridge than in Payload: the save stands, and is refused."""
        video, storyboard = await a_drafted_video(editor)
        scene = {**storyboard["scenes"][0], "duration": 60}
        await editor.update("storyboards", storyboard["id"], {"scenes": [scene]})

        async def refused() -> Any:
            answer = await editor.http.get(f"/api/reelwright/videos/{video}/status")
            delivery = answer.json()["delivery"]
            return delivery if delivery and delivery["state"] == "refused" else None

        delivery = await eventually(refused)
        assert delivery["type"] == "storyboard.edited"
        assert delivery["problem"]["code"] == "limit_exceeded"
        assert delivery["problem"]["message"] == (
            "Scene 1: the duration may be at most 30 seconds; this is 60."
        )

    async def test_two_hundred_scenes_are_taken(
        self, running: RunningInstallation, editor: Editor
    ) -> None:
        _, storyboard = await a_drafted_video(editor)
        await editor.update(
            "storyboards", storyboard["id"], {"scenes": [{"narration": "Bread."}] * 200}
        )

        async def total() -> bool:
            return (await running.status(storyboard["jobId"]))["scenesTotal"] == 200

        await eventually(total)


async def test_a_narration_that_turns_out_too_long_is_told_in_the_document(
    running: RunningInstallation, editor: Editor
) -> None:
    video, storyboard = await a_drafted_video(editor)
    words = "Flour, water and salt go in, and one long night of patience follows. " * 15
    await editor.update(
        "storyboards",
        storyboard["id"],
        {
            "scenes": [storyboard["scenes"][0], {"narration": words}],
            "decision": "approved",
        },
    )
    failed = await last(editor.follow(video, until=frozenset({"failed"}), seconds=PATIENCE))
    assert failed["error"]["code"] == "limit_exceeded"
    assert failed["error"]["message"].startswith(
        "Scene 2: the length may be at most 30 seconds; this is "
    )
    assert failed["file"] is None
    assert "url" not in failed


class TestPayloadAway:
    async def test_a_job_that_finishes_meanwhile_is_told_afterwards(
        self, running: RunningInstallation, editor: Editor
    ) -> None:
        video, storyboard = await a_drafted_video(editor, sample_of_two_scenes())
        await editor.approve(storyboard["id"])
        job = storyboard["jobId"]

        async def taken() -> Any:
            return (await running.status(job))["approved"]

        async def completed() -> Any:
            return (await running.status(job))["status"] == "completed"

        await eventually(taken)
        running.halt("payload")
        try:
            assert not await completed(), "it finished too early to show anything"
            await eventually(completed)
            async with httpx.AsyncClient(base_url=running.installation.bridge_url) as operator:
                health = (await operator.get("/health")).json()
            assert health["undelivered"] == 1
        finally:
            running.resume("payload")
        rendition = await last(editor.follow(video, until=COMPLETED, seconds=PATIENCE))
        assert rendition["progress"] == 100
        assert rendition["file"]["width"] == 1080
        film = running.directory / "away.mp4"
        await editor.download(rendition["url"], film)
        assert playback.streams(film)["video"] == "h264"


class TestBridgeAway:
    async def test_nothing_that_the_editor_saves_is_lost_or_overtaken(
        self, running: RunningInstallation, editor: Editor
    ) -> None:
        video = await a_video(editor, SHORT)
        running.halt("bridge")
        try:
            await editor.submit(video)
            [event] = await eventually(lambda: failed_events(editor, video))
            assert event["lastError"]
        finally:
            running.resume("bridge")
        storyboard = await storyboard_of(editor, video)

        running.halt("bridge")
        try:
            scene = {**storyboard["scenes"][0], "narration": "Bread is patience."}
            await editor.update("storyboards", storyboard["id"], {"scenes": [scene]})
            await editor.approve(storyboard["id"])
            await editor.update("videos", video, {"stage": "cancelled"})
            await eventually(lambda: failed_events(editor, video))
        finally:
            running.resume("bridge")
        cancelled = frozenset({"cancelled"})
        await last(editor.follow(video, until=cancelled, seconds=PATIENCE))

        assert [(event["type"], event["state"]) for event in await events_of(editor, video)] == [
            ("video.submitted", "delivered"),
            ("storyboard.edited", "delivered"),
            ("storyboard.approved", "delivered"),
            ("video.cancelled", "delivered"),
        ]
        job = await running.status(storyboard["jobId"])
        assert job["approved"]
        assert job["storyboard"]["scenes"][0]["narration"] == "Bread is patience."
        named = (await editor.read("videos", video))["serviceId"]
        [count] = running.rows("SELECT COUNT(*) AS n FROM job WHERE video_id = ?", named)
        assert count["n"] == 1


def sample_of_two_scenes() -> Brief:
    whole = sample()
    script = "\n\n".join(whole.script.split("\n\n")[:2])
    return msgspec.structs.replace(whole, script=script, aspect_ratio="1:1")


async def failed_events(editor: Editor, video: Any) -> list[dict[str, Any]]:
    """Return the events that wait after a delivery that did not succeed."""
    return [
        event
        for event in await events_of(editor, video)
        if event["state"] == "queued" and event["attempts"] and event["lastError"]
    ]
