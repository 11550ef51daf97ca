"""The admin as an editor uses it: in a browser, from signing in to the finished video."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Error, FrameLocator, Locator, Page, expect

from daemon.local.installation import EDITOR_EMAIL, Secrets
from tests.support.admin import (
    SCRIPT,
    ask,
    choose_project,
    create_project,
    expect_draft,
    panel,
    running_admin,
    said,
    save,
    signed_in,
    submit,
    write_brief,
)
from tests.support.browsers import Browsing
from tests.support.installation import PATIENCE, RunningInstallation

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

NARRATION = "Long before anybody wakes up, one window on Mill Lane begins to glow."
LOOK = "Warm morning light, grainy film, honest close-ups, muted earth colours, and no hurry at all"

NOTHING_TO_SAY = (
    "Es gibt nichts zu sagen. Bitte einen Sprechertext oder wenigstens ein Briefing schreiben."
)
HARMLESS = {
    r"the server responded with a status of 400 .*/api/videos/\d+": (
        "Chromium logs each request that is refused, and one test has an empty script refused."
    ),
    r"the server responded with a status of 404 .*/favicon\.ico$": (
        "Chromium asks for it by itself in the moment in which a page changes its icon."
    ),
}


@dataclass(frozen=True, kw_only=True)
class Production:
    """One video's way through the admin, as its editor saw it."""

    address: str
    """The page of the video document, which shows the finished video."""
    at_first: str
    """What the panel said before the brief was submitted."""
    drafted: str
    """What it said once the storyboard was there."""
    progress: list[int]
    """Every value of the progress bar, in order."""
    dialogs: int
    """How many dialogs stood in the editor's way while the video was made."""
    status: dict[str, Any]
    """What the panel was told at the end."""
    storyboard: dict[str, Any]

    @property
    def file(self) -> dict[str, Any]:
        return self.status["rendition"]["file"]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningInstallation]:
    # One thread and much news: the progress is seen on a fast machine too.
    settings = {"render_threads": "1", "progress_seconds": "0.1"}
    with running_admin(tmp_path_factory.mktemp("installation"), **settings) as running:
        yield running


@pytest.fixture(scope="module")
def browsing(
    running: RunningInstallation,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Browsing]:
    with signed_in(running, tmp_path_factory.mktemp("browsing"), request) as browsing:
        yield browsing


@pytest.fixture(scope="module")
def production(browsing: Browsing) -> Production:
    page = browsing.page
    create_project(page, "The bakery")
    write_brief(page, project="The bakery")
    at_first = said(page)
    submit(page)
    drafted = said(page)
    change_first_narration(page)
    panel(page).get_by_role("button", name="Approve", exact=True).click()
    progress = type_while_it_is_made(page)
    dialogs = page.get_by_role("dialog").count() + len(browsing.dialogs)
    video = page.url.rpartition("/")[2]
    status = ask(page, f"/api/reelwright/videos/{video}/status").json()
    storyboard = ask(page, f"/api/storyboards/{status['storyboard']['id']}").json()
    return Production(
        address=page.url,
        at_first=at_first,
        drafted=drafted,
        progress=progress,
        dialogs=dialogs,
        status=status,
        storyboard=storyboard,
    )


@pytest.fixture
def page(browsing: Browsing, production: Production) -> Page:
    """The finished video's document, opened anew."""
    browsing.page.goto(production.address)
    return browsing.page


def change_first_narration(page: Page) -> None:
    """Open the storyboard, change what its first scene says, and come back."""
    panel(page).get_by_role("link", name="Open the storyboard").click()
    page.get_by_role("button", name="Show All").click()
    shown = animatic(page).get_by_role("slider")
    expect(shown).to_have_attribute("aria-valuetext", re.compile("^0:00 of 0:"))
    page.locator("#field-scenes__0__narration").fill(NARRATION)
    save(page)
    play_animatic(page)
    page.get_by_role("link", name="Open the video document").click()


def animatic(page: Page) -> Locator:
    return page.get_by_role("region", name="Preview")


def play_animatic(page: Page) -> None:
    """Play the film before it is paid for, by the keyboard and by its scenes."""
    animatic(page).get_by_role("button", name="Play").click()
    slider = animatic(page).get_by_role("slider")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^0:01 of"))
    slider.press("Space")
    expect(animatic(page).get_by_role("button", name="Play")).to_be_visible()
    animatic(page).get_by_role("button", name=re.compile("^Scene 2")).click()
    expect(animatic(page).get_by_role("img", name=re.compile("^Scene 2"))).to_be_visible()
    drawn = "canvas => new Set(canvas.getContext('2d').getImageData(0, 0, 1280, 720).data).size"
    assert animatic(page).locator("canvas").evaluate(drawn) > 2, "Nothing is drawn."


def type_while_it_is_made(page: Page) -> list[int]:
    """Type into the look until the video is there, and return what the bar showed meanwhile."""
    look = page.locator("#field-style")
    bar = panel(page).get_by_role("progressbar")
    seen: list[int] = []
    letters = iter(LOOK)
    deadline = time.monotonic() + PATIENCE
    while not page.locator("video").count():
        assert time.monotonic() < deadline, "The video was not finished in time."
        look.press_sequentially(next(letters, ""))
        page.wait_for_timeout(100)
        for value in bar.evaluate_all("bars => bars.map(bar => Number(bar.ariaValueNow))"):
            if value not in seen[-1:]:
                seen.append(value)
    look.press_sequentially("".join(letters))
    return seen


class TestOnTheWay:
    def test_a_new_document_says_that_it_is_not_submitted(self, production: Production) -> None:
        assert "Not submitted yet" in production.at_first

    def test_the_storyboard_comes_with_its_price(self, production: Production) -> None:
        assert "Estimated price free (offline) Scenes 2" in production.drafted

    def test_the_changed_narration_is_what_was_approved(self, production: Production) -> None:
        spoken = [scene["narration"] for scene in production.storyboard["scenes"]]
        assert spoken == [NARRATION, SCRIPT[1]]
        assert production.storyboard["approvedBy"] == EDITOR_EMAIL

    def test_the_progress_bar_only_grows_and_takes_several_values(
        self, production: Production
    ) -> None:
        assert production.progress == sorted(production.progress)
        assert len(production.progress) >= 3

    def test_what_is_typed_meanwhile_stays_and_can_be_saved(
        self, browsing: Browsing, production: Production
    ) -> None:
        page = browsing.page
        expect(page.locator("#field-style")).to_have_value(LOOK)
        save(page)
        assert production.dialogs == page.get_by_role("dialog").count() == 0
        assert browsing.dialogs == []
        page.reload()
        expect(page.locator("#field-style")).to_have_value(LOOK)


class TestTheFinishedVideo:
    def test_it_plays_in_the_document(self, page: Page, production: Production) -> None:
        video = page.locator("video")
        video.evaluate("video => video.play()")
        eventually_true(video, "video.currentTime > 0.3")
        video.evaluate("video => video.pause()")
        assert video.evaluate("video => video.error") is None
        assert video.evaluate("video => [video.videoWidth, video.videoHeight]") == [1920, 1080]
        assert video.evaluate("video => video.duration") == pytest.approx(
            production.file["duration"], abs=0.2
        )

    def test_it_seeks(self, page: Page, production: Production) -> None:
        video = page.locator("video")
        target = production.file["duration"] * 0.75
        video.evaluate("(video, target) => { video.currentTime = target }", target)
        eventually_true(video, "!video.seeking && video.readyState >= video.HAVE_CURRENT_DATA")
        assert video.evaluate("video => video.currentTime") == pytest.approx(target, abs=0.1)
        assert video.evaluate("video => video.error") is None

    def test_its_captions_can_be_switched_on(self, page: Page) -> None:
        video = page.locator("video")
        video.evaluate("video => { video.textTracks[0].mode = 'showing' }")
        eventually_true(video, "video.textTracks[0].cues && video.textTracks[0].cues.length")
        cues = video.evaluate("video => [...video.textTracks[0].cues].map(cue => cue.text)")
        assert NARRATION in " ".join(" ".join(cues).split())

    def test_a_scene_can_be_jumped_to(self, page: Page) -> None:
        scenes = panel(page).get_by_role("list", name="Scenes").get_by_role("button")
        expect(scenes).to_have_count(2)
        scenes.nth(1).click()
        eventually_true(page.locator("video"), "!video.seeking && video.currentTime > 1")
        page.locator("video").evaluate("video => video.pause()")

    def test_what_it_says_can_be_read(self, page: Page) -> None:
        page.locator("summary", has_text="Transcript").click()
        expect(page.locator(".rw-transcript__text")).to_contain_text(NARRATION)

    def test_it_downloads_under_its_own_name(self, page: Page, production: Production) -> None:
        link = page.get_by_role("link", name="Download")
        with page.expect_download() as started:
            link.click()
        assert started.value.suggested_filename == "Bread & butter.mp4"
        assert started.value.path().stat().st_size == production.file["bytes"]
        answer = ask(page, f"{link.get_attribute('href')}")
        assert answer.headers["content-type"] == "video/mp4"
        assert answer.headers["content-disposition"].startswith("attachment")

    def test_it_stays_within_reach_once_the_brief_is_submitted_anew(self, page: Page) -> None:
        panel(page).get_by_role("button", name="Submit anew").click()
        # The scenes were changed by hand, and are not in what is drafted anew.
        page.locator("#confirm-action").click()
        expect_draft(page)
        panel(page).get_by_role("link", name="All renditions").click()
        rows = page.locator("tbody tr")
        expect(rows).to_have_count(2)
        expect(rows.filter(has_text="Finished")).to_have_count(1)
        expect(rows.filter(has_text="Waiting for approval")).to_have_count(1)


class TestInPayloadsLivePreview:
    def test_it_follows_what_is_typed_into_the_storyboard(
        self, browsing: Browsing, production: Production
    ) -> None:
        address = f"/admin/collections/storyboards/{production.storyboard['id']}"
        with live_preview(browsing, address) as (page, shown):
            page.locator("#field-scenes").get_by_role("button", name="Show All").click()
            page.locator("#field-scenes__0__onScreenText").fill("Five o'clock")
            expect(shown.get_by_role("img", name="Scene 1: Five o'clock")).to_be_visible()

    def test_of_a_video_it_follows_its_board_and_its_settings(
        self, browsing: Browsing, production: Production
    ) -> None:
        with live_preview(browsing, production.address) as (page, shown):
            scene = panel(page).get_by_role("article", name="Scene 1")
            edited(scene).fill("Five o'clock")
            expect(shown.get_by_role("img", name="Scene 1: Five o'clock")).to_be_visible()
            scene.get_by_role("button", name="Leave it").click()
            expect(shown.get_by_role("img", name="Scene 1: A window on")).to_be_visible()
            expect(shown.get_by_text("Shown as it stands in the form")).to_have_count(0)
            page.locator("#field-aspectRatio [class*=control]").first.click()
            page.get_by_role("option", name="Portrait 9:16").click()
            expect(shown.locator("canvas")).to_have_attribute("height", "1280")
            expect(shown.get_by_text("Shown as it stands in the form")).to_be_visible()

    def test_in_a_window_of_its_own_it_plays_and_follows_what_is_typed(
        self, browsing: Browsing, production: Production
    ) -> None:
        with live_preview(browsing, production.address) as (page, shown):
            scene = panel(page).get_by_role("article", name="Scene 1")
            text = edited(scene)
            text.fill("Four")
            with page.expect_popup() as opened:
                page.locator(".live-preview-toolbar-controls__external").click()
            with opened.value as window:
                # What was typed before it was opened is there too.
                expect(window.get_by_role("img", name="Scene 1: Four")).to_be_visible()
                text.press_sequentially(" o'clock")
                expect(window.get_by_role("img", name="Scene 1: Four o'clock")).to_be_visible()
                window.get_by_role("button", name="Play").click()
                expect(window.get_by_role("slider")).to_have_attribute(
                    "aria-valuetext", re.compile("^0:01 of")
                )
                page.locator("#field-aspectRatio [class*=control]").first.click()
                page.get_by_role("option", name="Portrait 9:16").click()
                expect(window.locator("canvas")).to_have_attribute("height", "1280")
            # Closed, it is beside the form again.
            expect(shown.get_by_role("img", name="Scene 1: Four o'clock")).to_be_visible()

    def test_it_is_for_who_is_signed_in(self, browsing: Browsing, production: Production) -> None:
        assert browsing.context.browser
        with browsing.context.browser.new_context() as anonymous:
            page = anonymous.new_page()
            page.goto(production.address.replace("/collections/", "/reelwright/preview/"))
            page.wait_for_url("**/admin/login?**")


class TestTheOutbox:
    def test_an_event_is_titled_in_words(self, browsing: Browsing, production: Production) -> None:
        with browsing.context.new_page() as page:
            page.goto(production.address)
            outbox = "reelwright-outbox"
            events = ask(page, f"/api/{outbox}?sort=createdAt&limit=1&depth=0").json()["docs"]
            assert [event["type"] for event in events] == ["video.submitted"]
            page.goto(f"/admin/collections/{outbox}/{events[0]['id']}")
            words = "A video was submitted"
            expect(page.get_by_role("heading", level=1)).to_have_text(words)
            expect(page.locator(".step-nav")).to_contain_text(words)


@contextmanager
def live_preview(browsing: Browsing, address: str) -> Iterator[tuple[Page, FrameLocator]]:
    """Open a form that is left unsaved, and what Payload shows beside it."""
    with browsing.context.new_page() as page:
        page.goto(address)
        page.locator("#live-preview-toggler").click()
        try:
            yield page, page.frame_locator("#live-preview-iframe")
        finally:
            # Payload remembers what is open.
            with page.expect_response("**/payload-preferences/**"):
                page.locator("#live-preview-toggler").click()


@pytest.mark.usefixtures("production")
class TestInGerman:
    def test_an_empty_script_is_refused_in_plain_words(self, browsing: Browsing) -> None:
        page = browsing.page
        browsing.context.add_cookies([{"name": "payload-lng", "value": "de", "url": page.url}])
        page.goto("/admin/collections/videos/create")
        page.locator("#field-title").fill("Nichts")
        choose_project(page, "The bakery")
        save(page)
        produced = page.get_by_role("region", name="Videoproduktion")
        expect(produced).to_contain_text("Noch nicht eingereicht")
        produced.get_by_role("button", name="Einreichen", exact=True).click()
        expect(page.get_by_text(NOTHING_TO_SAY).first).to_be_visible()
        expect(produced).to_contain_text("Noch nicht eingereicht")


class TestInArabic:
    def test_the_film_s_page_runs_from_right_to_left(
        self, browsing: Browsing, production: Production
    ) -> None:
        with browsing.context.new_page() as page:
            browsing.context.clear_cookies(name="payload-lng")
            browsing.context.add_cookies(
                [{"name": "payload-lng", "value": "ar", "url": production.address}]
            )
            page.goto(production.address)
            produced = page.get_by_role("region", name="إنتاج الفيديو")
            expect(produced.get_by_role("article").first).to_contain_text("المشهد 1")
            expect(page.locator("html")).to_have_attribute("dir", "RTL")
            page.screenshot(path=browsing.directory / "arabic.png", full_page=True)
            around = produced.bounding_box()
            headline = produced.locator(".rw-panel__headline").bounding_box()
            first_step = produced.locator(".rw-steps__step").first.bounding_box()
            assert around
            assert headline
            assert first_step
            right = around["x"] + around["width"]
            assert right - (headline["x"] + headline["width"]) < 40
            assert right - (first_step["x"] + first_step["width"]) < 40
            assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
            in_english = produced.get_by_text(re.compile("Scene|Storyboard|Estimated|Approve"))
            expect(in_english).to_have_count(0)


@pytest.mark.usefixtures("production")
class TestAllTheWhile:
    """What the window heard in all of the tests above; the last one closes it."""

    def test_nothing_complained(self, browsing: Browsing) -> None:
        assert [
            complaint
            for complaint in browsing.complaints
            if not any(re.search(harmless, complaint) for harmless in HARMLESS)
        ] == []

    def test_no_key_reached_the_browser(
        self, running: RunningInstallation, browsing: Browsing
    ) -> None:
        file = running.directory / "secrets.json"
        secrets = msgspec.json.decode(file.read_bytes(), type=Secrets)
        keys = {
            "webhook_secret": secrets.webhook_secret.removeprefix("whsec_"),
            "api_key": secrets.api_key,
            "link_secret": secrets.link_secret,
            "payload_secret": secrets.payload_secret,
        }
        received = browsing.received()
        # The recording holds what the panel was told, the page itself and the addresses.
        assert any(b'"mayApprove":true' in body for body in received.values())
        assert any(NARRATION.encode() in body for body in received.values())
        assert b"/api/reelwright/renditions/" in received["archive.har"]
        assert [
            (key, name)
            for key, value in keys.items()
            for name, body in received.items()
            if value.encode() in body
        ] == []


def edited(scene: Locator) -> Locator:
    """Begin to edit a scene; what arrives meanwhile may move the button from under the pointer."""
    text = scene.get_by_label("Text in the picture")
    for _ in range(3):
        scene.get_by_role("button", name="Edit the scene").click()
        with suppress(Error):
            text.wait_for(timeout=5_000)
            break
    return text


def eventually_true(video: Locator, condition: str) -> None:
    """Wait until an expression over `video` holds."""
    video.page.wait_for_function(
        f"() => {{ const video = document.querySelector('video'); return {condition} }}"
    )
