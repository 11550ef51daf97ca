"""Scenes approved one by one, with the keyboard, where a project asks for that.

The models are simulators that speak Gemini's protocol and count what they charge.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from daemon.local.installation import EDITOR_EMAIL
from tests.support.accessibility import grave_findings
from tests.support.admin import (
    create_project,
    paid_by,
    panel,
    running_admin,
    save,
    signed_in,
    submit,
    write_brief,
)
from tests.support.browsers import Browsing
from tests.support.installation import PATIENCE, RunningInstallation
from tests.support.simulators.gemini import GeminiSimulator

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, gemini_server: GeminiSimulator
) -> Iterator[RunningInstallation]:
    with running_admin(tmp_path_factory.mktemp("scenes"), **paid_by(gemini_server)) as running:
        yield running


@pytest.fixture(scope="module")
def browsing(
    running: RunningInstallation,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Browsing]:
    with signed_in(running, tmp_path_factory.mktemp("browsing"), request) as browsing:
        yield browsing


def draft(page: Page) -> None:
    """Have a storyboard drafted in a project that approves scene by scene."""
    create_project(page, "The bakery")
    page.get_by_label("Approve scene by scene").check()
    save(page)
    write_brief(page, project="The bakery")
    submit(page)


@pytest.mark.slow
def test_scenes_are_approved_one_by_one_and_the_film_begins_with_the_last(
    browsing: Browsing,
) -> None:
    page = browsing.page
    draft(page)
    video = page.url
    expect(panel(page)).to_contain_text("0 of 2 scenes approved.")
    expect(panel(page)).to_contain_text("approve each on its card")
    expect(panel(page).get_by_role("button", name="Approve", exact=True)).to_have_count(0)
    board = panel(page).get_by_role("region", name="Scenes")
    cards = board.get_by_role("article")
    first = cards.nth(0).get_by_role(
        "button", name=re.compile(r"^Scene 1: Approve this scene, \$0\.")
    )
    expect(first).to_have_accessible_description(re.compile("Buys, at most at this price"))
    assert not grave_findings(page)
    first.focus()
    page.keyboard.press("Enter")
    word = cards.nth(0).get_by_text(f"Approved by {EDITOR_EMAIL}")
    expect(word).to_be_focused()
    expect(first).to_have_count(0)
    expect(panel(page)).to_contain_text("1 of 2 scenes approved.")
    browsing.photograph("one-scene-approved")

    # In the storyboard's form the same is said, and nothing is approved that is not saved.
    panel(page).get_by_role("link", name="Open the storyboard").click()
    page.wait_for_url("**/storyboards/*")
    rows = page.locator(".rw-card")
    expect(rows.nth(0)).to_contain_text(f"Approved by {EDITOR_EMAIL}")
    second = rows.nth(1).get_by_role("button", name=re.compile("^Scene 2: Approve this scene"))
    expect(second).to_be_enabled()
    assert not grave_findings(page)
    page.locator("#field-scenes__0__narration").fill("Long before dawn.")
    expect(rows.nth(0)).to_contain_text(f"Changed since {EDITOR_EMAIL} approved it")
    expect(second).to_be_disabled()
    expect(rows.nth(1)).to_contain_text("Save first what was changed.")
    save(page)
    expect(page.get_by_role("region", name="Decision")).to_contain_text("0 of 2 scenes approved.")
    again = rows.nth(0).get_by_role("button", name=re.compile("^Scene 1: Approve this scene"))
    # The toast is there a moment before the form knows that nothing is left to be saved.
    expect(again).to_be_enabled()
    again.press("Enter")
    expect(rows.nth(0)).to_contain_text(f"Approved by {EDITOR_EMAIL}")

    page.goto(video)
    last = cards.nth(1).get_by_role("button", name=re.compile("^Scene 2: Approve this scene"))
    expect(last).to_have_accessible_description(
        re.compile(r"with it the whole storyboard is approved \(\$0\.")
    )
    last.press("Enter")
    expect(panel(page)).to_contain_text("Finished", timeout=PATIENCE * 1_000)
    expect(panel(page)).to_contain_text(EDITOR_EMAIL)
    expect(cards.nth(0)).to_contain_text(f"Approved by {EDITOR_EMAIL}")
