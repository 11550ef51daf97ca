"""Money as an editor sees it: prices before saving, approvals at a price, and calls that were lost.

The models are simulators that speak Gemini's protocol and count what they charge.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Locator, Page, expect

from daemon.house import PLUGIN
from tests.e2e.browsers import BROWSING, Browsing, find_chromium, open_browsing
from tests.e2e.test_admin import (
    create_project,
    expect_draft,
    panel,
    save,
    sign_in,
    write_brief,
)
from tests.houses import PATIENCE, RunningHouse, running_house
from tests.simulators import gemini
from tests.simulators.gemini import GeminiSimulator

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

MODELS: dict[str, Any] = {
    "gemini": {"max_retries": 1, "retry_delay_ms": 100, "check_availability": False},
    "gemini_text": "",
}


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory, gemini_server: GeminiSimulator
) -> Iterator[RunningHouse]:
    find_chromium()
    if not (PLUGIN / "dev" / ".next" / "BUILD_ID").is_file():
        pytest.fail("The admin is not built; `make admin` builds it.", pytrace=False)
    with running_house(
        tmp_path_factory.mktemp("money"),
        cms=True,
        admin=True,
        gemini_api_key=gemini.KEY,
        gemini_url=gemini_server.url,
        models=msgspec.json.encode(MODELS).decode(),
    ) as running:
        yield running


@pytest.fixture(scope="module")
def browsing(
    house: RunningHouse, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Browsing]:
    assert house.house.payload_url
    directory = tmp_path_factory.mktemp("browsing")
    with open_browsing(directory, base_url=house.house.payload_url) as browsing:
        request.node.stash[BROWSING] = browsing
        sign_in(browsing.page, house.house.editor_password)
        yield browsing


@dataclass(frozen=True, kw_only=True)
class Drafted:
    video: str
    storyboard: str


@pytest.fixture(scope="module")
def drafted(browsing: Browsing) -> Drafted:
    """The addresses of a video that waits for approval, and of its storyboard."""
    page = browsing.page
    create_project(page, "The bakery")
    write_brief(page, project="The bakery")
    video = page.url
    panel(page).get_by_role("button", name="Submit", exact=True).click()
    expect_draft(page)
    panel(page).get_by_role("link", name="Open the storyboard").click()
    page.wait_for_url("**/storyboards/*")
    return Drafted(video=video, storyboard=page.url)


def decision(page: Page) -> Locator:
    return page.get_by_role("region", name="Decision")


def fact(region: Locator, name: str) -> str:
    """Return what stands beside a fact's name, once it is of this moment."""
    expect(region.locator(".rw-price")).to_have_attribute("aria-busy", "false")
    return region.locator(".rw-facts__fact").filter(has_text=name).locator("dd").inner_text()


def test_an_edit_has_its_price_before_it_is_saved(
    browsing: Browsing, drafted: Drafted, house: RunningHouse
) -> None:
    page = browsing.page
    page.goto(drafted.storyboard)
    region = decision(page)
    expect(region).to_contain_text("usually")
    before = fact(region, "To pay now")
    assert before.startswith("usually $")
    page.get_by_role("button", name="Show All").click()
    page.locator("#field-scenes__0__narration").fill("Long before anybody wakes. " * 40)
    expect(region).to_contain_text("To pay with your changes")
    after = fact(region, "To pay with your changes")
    browsing.photograph("price-before-saving")
    assert amount(after) > amount(before)
    (job,) = house.rows("SELECT estimated_cost, storyboard_revision FROM job")
    assert job["storyboard_revision"] == 0
    page.locator("#field-scenes__0__narration").fill("Long before anybody wakes.")
    save(page)
    expect(region).to_contain_text("To pay now")


def test_a_lost_call_waits_for_a_persons_word(
    browsing: Browsing, drafted: Drafted, gemini_simulator: GeminiSimulator
) -> None:
    page = browsing.page
    gemini_simulator.script.extend([gemini.HangUp()] * 4)
    page.goto(drafted.video)
    expect(panel(page)).to_contain_text("usually")
    panel(page).get_by_role("button", name="Approve", exact=True).click()
    lost = page.get_by_role("region", name="Calls that may have been charged")
    expect(lost).to_be_visible(timeout=PATIENCE * 1_000)
    expect(panel(page)).to_contain_text("Failed")
    browsing.photograph("lost-calls")
    charges = lost.get_by_role("listitem")
    count = charges.count()
    assert count == len(gemini_simulator.charges)
    for left in range(count, 0, -1):
        expect(charges).to_have_count(left)
        name = "It was paid" if left == count else "It was not paid"
        charges.first.get_by_role("button", name=name, exact=True).click()
    expect(lost).to_have_count(0)
    panel(page).get_by_role("button", name="Try again").click()
    expect(page.locator("video")).to_be_visible(timeout=PATIENCE * 1_000)


def test_what_exists_costs_nothing_again(browsing: Browsing, drafted: Drafted) -> None:
    page = browsing.page
    whole_site = f"{page.evaluate('location.origin')}/"
    browsing.context.add_cookies([{"name": "payload-lng", "value": "de", "url": whole_site}])
    page.goto(drafted.storyboard)
    region = page.get_by_role("region", name="Freigabe")
    expect(region).to_contain_text("nichts: alles ist schon da")
    browsing.photograph("nothing-to-pay")


def amount(said: str) -> float:
    """Return the bound, which stands last."""
    return float(said.rpartition("$")[2])
