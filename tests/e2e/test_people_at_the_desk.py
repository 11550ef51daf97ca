"""Several people at one desk: who may approve and publish, who sees what, and two tabs of one.

The models are simulators that speak Gemini's protocol and count what they charge.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Error, Locator, Page, expect

from daemon.local.installation import EDITOR_EMAIL
from tests.support.accessibility import grave_findings, overflowing
from tests.support.admin import (
    SCRIPT,
    ask,
    create_project,
    panel,
    signed_in,
    submit_new,
)
from tests.support.browsers import Browsing
from tests.support.desk import running_desk
from tests.support.installation import PATIENCE, RunningInstallation
from tests.support.people import address_of, seated
from tests.support.simulators import gemini
from tests.support.simulators.gemini import GeminiSimulator

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

VIDEOS, STORYBOARDS = "/admin/collections/videos", "/admin/collections/storyboards"
TELEPHONE = {"width": 390, "height": 844}
BUSY = gemini.Refuse(status=503)
MAY_APPROVE = re.compile(rf"May approve: .*{EDITOR_EMAIL}")
SECRET = "Before the town wakes up, the vault on Mill Lane opens"


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A video that waits for approval."""

    video: int
    storyboard: int


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, gemini_server: GeminiSimulator
) -> Iterator[RunningInstallation]:
    with running_desk(tmp_path_factory.mktemp("people"), gemini_server) as running:
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
def bakery(browsing: Browsing) -> int:
    create_project(browsing.page, "The bakery")
    return number_of(browsing.page)


@pytest.fixture(scope="module")
def waiting(browsing: Browsing, bakery: int) -> Waiting:
    assert bakery
    page = browsing.page
    submit_new(page, "The vault", f"{SECRET}.\n\n{SCRIPT[1]}", "The bakery")
    video = number_of(page)
    (board,) = found(page, f"/api/storyboards?where[video][equals]={video}")
    return Waiting(video=video, storyboard=board["id"])


def approve(page: Page) -> None:
    expect(panel(page)).to_contain_text("for 1 scene")
    panel(page).get_by_role("button", name="Approve", exact=True).click()
    expect(page.locator("video")).to_be_visible(timeout=PATIENCE * 1_000)


def number_of(page: Page) -> int:
    return int(page.url.rpartition("/")[2])


def found(page: Page, address: str) -> list[dict[str, Any]]:
    answer = ask(page, f"{address}&depth=0")
    assert answer.ok, answer.text()
    return answer.json()["docs"]


def toast(page: Page) -> Locator:
    return page.locator(".toast-error")


class TestPublishing:
    def test_a_film_with_placeholders_is_published_by_who_may_and_says_why(
        self, browsing: Browsing, bakery: int, gemini_simulator: GeminiSimulator
    ) -> None:
        page = browsing.page
        gemini_simulator.script.extend([BUSY] * 20)
        submit_new(page, "On one page", "Bread is patience.", "The bakery")
        approve(page)
        gemini_simulator.script.clear()
        assert gemini_simulator.charges == []
        video = number_of(page)

        with seated(browsing, "producer", role="producer", projects=[bakery]) as producer:
            producer.goto(f"{VIDEOS}/{video}")
            gate = producer.get_by_role("region", name="Not to be published yet")
            expect(gate).to_contain_text("The film holds placeholders")
            expect(gate.get_by_role("textbox")).to_have_count(0)
            producer.locator("#action-save").click()
            expect(toast(producer)).to_contain_text("Not published. The film holds placeholders")
            assert status_of(page, video) == "draft"

        with seated(browsing, "chief", role="chief", projects=[bakery]) as chief:
            chief.goto(f"{VIDEOS}/{video}")
            gate = chief.get_by_role("region", name="Not to be published yet")
            publish = gate.get_by_role("button", name="Publish all the same")
            expect(publish).to_be_disabled()
            assert grave_findings(chief) == []
            gate.get_by_label("Why it is to be published").fill("The cards are our own.")
            publish.click()
            expect(gate).to_contain_text("This film may be published all the same")
            # Payload draws the fields of the margin as they come near the window.
            recorded = chief.get_by_role("heading", name="Published all the same")
            recorded.scroll_into_view_if_needed()
            expect(chief.locator("#field-publishedAnyway__by")).to_have_value(address_of("chief"))
        assert status_of(page, video) == "published"
        record = ask(page, f"/api/videos/{video}?depth=0").json()["publishedAnyway"]
        assert (record["by"], record["reason"]) == (address_of("chief"), "The cards are our own.")

    @pytest.mark.slow
    def test_nor_is_one_of_which_calls_may_have_been_charged(
        self, browsing: Browsing, bakery: int, gemini_simulator: GeminiSimulator
    ) -> None:
        assert bakery
        page = browsing.page
        submit_new(page, "A lost call", "Bread is flour, water and time.", "The bakery")
        approve(page)
        scene = panel(page).get_by_role("article", name="Scene 1")
        scene.get_by_role("button", name="Edit the scene").click()
        scene.get_by_label("Narration", exact=True).fill("Bread is flour and water.")
        scene.get_by_role("button", name="Save the scene").click()
        make = panel(page).get_by_role("button", name=re.compile("^Make these changes, "))
        expect(make).to_be_enabled()
        gemini_simulator.script.extend([gemini.HangUp()] * 4)
        make.click()
        expect(panel(page)).to_contain_text(
            "The changes could not be made", timeout=PATIENCE * 1_000
        )
        gemini_simulator.script.clear()
        page.reload()
        gate = page.get_by_role("region", name="Not to be published yet")
        expect(gate).to_contain_text("whether calls whose answers were lost were paid")
        page.locator("#action-save").click()
        expect(toast(page)).to_contain_text("Nobody has said yet whether calls")
        assert status_of(page, number_of(page)) == "draft"
        browsing.leave()  # What was refused counts as changed.


def status_of(page: Page, video: int) -> str:
    return ask(page, f"/api/videos/{video}?depth=0").json()["_status"]


class TestRoles:
    def test_one_who_may_not_approve_is_told_who_may_and_is_refused(
        self,
        browsing: Browsing,
        bakery: int,
        waiting: Waiting,
        running: RunningInstallation,
        gemini_simulator: GeminiSimulator,
    ) -> None:
        with seated(browsing, "editor-too", role="editor", projects=[bakery]) as editor:
            editor.goto(f"{VIDEOS}/{waiting.video}")
            expect(panel(editor)).to_contain_text("Waiting for approval")
            expect(panel(editor)).to_contain_text(MAY_APPROVE)
            expect(panel(editor)).not_to_contain_text("editor-too")
            expect(panel(editor).get_by_role("article", name="Scene 2")).to_be_visible()
            buttons = editor.get_by_role("button", name=re.compile("Approve|approve"))
            expect(buttons).to_have_count(0)
            assert grave_findings(editor) == []
            editor.set_viewport_size(TELEPHONE)
            assert overflowing(editor) == []
            editor.goto(f"{STORYBOARDS}/{waiting.storyboard}")
            decision = editor.get_by_role("region", name="Decision")
            expect(decision).to_contain_text(MAY_APPROVE)
            expect(buttons).to_have_count(0)

            board = f"/api/storyboards/{waiting.storyboard}"
            forged = ask(editor, board, "PATCH", decision="approved")
            assert forged.status == 403
            stands = ask(editor, board).json()
            price = ask(editor, f"/api/reelwright{board[4:]}/price", "POST").json()
            scene = price["scenes"][0]
            forged = ask(
                editor,
                f"/api/reelwright{board[4:]}/scenes/{scene['sceneId']}/approve",
                "POST",
                digest=scene["digest"],
                due=scene["due"],
                toApprove=price["toApprove"],
            )
            assert forged.status == 403
            assert ask(editor, board).json() == stands
        (job,) = running.rows("SELECT approved FROM job WHERE id = ?", stands["jobId"])
        assert not job["approved"]
        assert gemini_simulator.charges == []

    def test_one_of_another_project_sees_nothing_of_it(
        self, browsing: Browsing, waiting: Waiting
    ) -> None:
        page = browsing.page
        harbour = ask(page, "/api/projects", "POST", name="The harbour").json()["doc"]["id"]
        with seated(browsing, "outsider", role="producer", projects=[harbour]) as outsider:
            for collection in ("videos", "storyboards", "renditions", "reelwright-outbox"):
                inside = found(page, f"/api/{collection}?limit=1")
                assert inside, collection
                assert found(outsider, f"/api/{collection}?limit=1") == [], collection
            for collection in ("videos", "storyboards"):
                assert found(page, f"/api/{collection}/versions?limit=1"), collection
                assert found(outsider, f"/api/{collection}/versions?limit=1") == [], collection
            outsider.goto(VIDEOS)
            expect(outsider.get_by_role("heading", name="No Results.")).to_be_visible()
            for address in (f"{VIDEOS}/{waiting.video}", f"{STORYBOARDS}/{waiting.storyboard}"):
                outsider.goto(address)
                outsider.wait_for_url(re.compile(r"notFound=\d+"))
                for shown in (address, f"{address}/versions"):
                    outsider.goto(shown)
                    assert SECRET not in outsider.content()
                    assert "The vault" not in outsider.content()


class TestTwoTabs:
    def test_what_is_approved_of_a_storyboard_is_what_was_read(
        self, browsing: Browsing, waiting: Waiting, running: RunningInstallation
    ) -> None:
        address = f"{STORYBOARDS}/{waiting.storyboard}"
        with browsing.context.new_page() as one, browsing.context.new_page() as other:
            for tab in (one, other):
                tab.goto(address)
                expect(decision(tab)).to_contain_text("Ready for your approval")
                tab.get_by_role("button", name="Show All").click()
            first = one.locator("#field-scenes__0__narration")
            first.fill("By five the dough has doubled.")
            save(one)

            # The other tab stores nothing over what it has not read, and is told so: by Payload
            # once that has looked, and before by the plugin.
            second = other.locator("#field-scenes__1__onScreenText")
            second.fill("At six")
            with suppress(Error):
                other.locator("#action-save").click(timeout=3_000)
            told = toast(other).filter(has_text="Not saved, because the storyboard")
            expect(told.or_(other.locator("#document-stale-data")).first).to_be_visible()
            assert scenes_of(one, waiting)[0]["narration"] == "By five the dough has doubled."
            assert scenes_of(one, waiting)[1]["onScreenText"] != "At six"

            browsing.leaving.set()
            other.reload()
            browsing.leaving.clear()
            expect(decision(other)).to_contain_text("Ready for your approval")
            expect(other.locator("#field-scenes__0__narration")).to_have_value(
                "By five the dough has doubled."
            )
            first.fill("By five the dough has tripled.")
            save(one)
            expect(decision(one).get_by_role("button", name="Approve")).to_be_enabled()
            approve = decision(other).get_by_role("button", name="Approve", exact=True)
            approve.click()
            expect(toast(other)).to_contain_text("This has changed since it was shown")
            expect(approve).to_be_visible()
            board = ask(one, f"/api/storyboards/{waiting.storyboard}?depth=0").json()
            (job,) = running.rows("SELECT approved FROM job WHERE id = ?", board["jobId"])
            assert not job["approved"]

            # The tab that knows it all may approve; the other one hears of it by itself.
            decision(one).get_by_role("button", name="Approve", exact=True).click()
            expect(decision(one)).to_contain_text(EDITOR_EMAIL)
            expect(approve).to_have_count(0)
            expect(decision(other)).to_contain_text(EDITOR_EMAIL)


def decision(page: Page) -> Locator:
    return page.get_by_role("region", name="Decision")


def save(page: Page) -> None:
    page.locator("#action-save").click()
    expect(page.locator(".toast-success").last).to_be_visible()


def scenes_of(page: Page, waiting: Waiting) -> list[dict[str, Any]]:
    return ask(page, f"/api/storyboards/{waiting.storyboard}?depth=0").json()["scenes"]
