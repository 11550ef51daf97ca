"""Payload's admin as an editor clicks through it: signing in, writing, saving, submitting."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import APIResponse, Locator, Page, expect

from daemon.local.installation import EDITOR_EMAIL, PLUGIN
from tests.support.browsers import BROWSING, Browsing, find_chromium, open_browsing
from tests.support.installation import PATIENCE, RunningInstallation, running_installation
from tests.support.simulators import gemini
from tests.support.simulators.gemini import GeminiSimulator

TITLE = "Bread & butter"
SCRIPT = (
    "Long before the town wakes up, a window on Mill Lane begins to glow.",
    "By five the dough has doubled, and by six the street smells of warm crust.",
)


PAYING: dict[str, Any] = {
    "gemini": {"max_retries": 1, "retry_delay_ms": 100, "check_availability": False},
    "gemini_text": "",
}
"""Models that draw and speak, once each, and none that writes."""


@contextmanager
def running_admin(directory: Path, **settings: str) -> Iterator[RunningInstallation]:
    """Run everything, with the admin as it is built for production."""
    find_chromium()
    if not (PLUGIN / "dev" / ".next" / "BUILD_ID").is_file():
        pytest.fail("The admin is not built; `make admin` builds it.", pytrace=False)
    with running_installation(directory, cms=True, admin=True, **settings) as running:
        yield running


def paid_by(google: GeminiSimulator) -> dict[str, str]:
    """Return the settings of an installation whose media a simulator makes, and charges."""
    models = msgspec.json.encode(PAYING).decode()
    return {"gemini_api_key": gemini.KEY, "gemini_url": google.url, "models": models}


@contextmanager
def signed_in(
    running: RunningInstallation, directory: Path, request: pytest.FixtureRequest
) -> Iterator[Browsing]:
    """Open the window that a module's tests look through, as its editor."""
    assert running.installation.payload_url
    with open_browsing(directory, base_url=running.installation.payload_url) as browsing:
        request.node.stash[BROWSING] = browsing
        sign_in(browsing.page, running.installation.editor_password)
        yield browsing


def sign_in(page: Page, password: str, *, email: str = EDITOR_EMAIL) -> None:
    page.goto("/admin/login")
    page.locator("#field-email").fill(email)
    page.locator("#field-password").fill(password)
    page.locator("button[type=submit]").click()
    page.wait_for_url("**/admin")


def create_project(page: Page, name: str) -> None:
    page.goto("/admin/collections/projects/create")
    page.locator("#field-name").fill(name)
    save(page)


def write_brief(page: Page, *, project: str) -> None:
    page.goto("/admin/collections/videos/create")
    page.locator("#field-title").fill(TITLE)
    page.locator("#field-brief").fill("A portrait of a village baker.")
    page.locator("#field-script").fill("\n\n".join(SCRIPT))
    choose_project(page, project)
    save(page)


def submit_new(page: Page, title: str, script: str, project: str) -> None:
    """Write a video, and submit it with the save that makes it."""
    page.goto("/admin/collections/videos/create")
    page.locator("#field-title").fill(title)
    page.locator("#field-script").fill(script)
    choose_project(page, project)
    panel(page).get_by_role("button", name="Save and submit").click()
    expect_draft(page)


def choose_project(page: Page, name: str) -> None:
    page.locator("#field-project [class*=control]").first.click()
    page.get_by_role("option", name=name).click()


def save(page: Page) -> None:
    """Save the document, and wait until Payload says that it is saved."""
    saved = page.locator(".toast-success")
    expect(saved).to_have_count(0)  # That of an earlier save goes away by itself.
    page.locator("#action-save").click()
    expect(saved).to_be_visible()
    page.wait_for_url(re.compile(r"/\d+$"))


def ask(page: Page, address: str, method: str = "GET", **values: Any) -> APIResponse:
    """Ask as a script of the page would, which Payload tells from foreign sites by this header."""
    return page.request.fetch(
        address,
        method=method,
        headers={"Sec-Fetch-Site": "same-origin"},
        data=values if method != "GET" else None,
    )


def panel(page: Page) -> Locator:
    return page.get_by_role("region", name="Video production")


def said(page: Page) -> str:
    """Return what the panel says, once it has read how the video stands."""
    expect(panel(page)).not_to_contain_text("Loading the status")
    return " ".join(panel(page).inner_text().split())


def submit(page: Page) -> None:
    panel(page).get_by_role("button", name="Submit", exact=True).click()
    expect_draft(page)


def expect_draft(page: Page) -> None:
    expect(panel(page)).to_contain_text("Ready for your approval", timeout=PATIENCE * 1_000)
    expect(panel(page).get_by_role("link", name="Open the storyboard")).to_be_visible()
