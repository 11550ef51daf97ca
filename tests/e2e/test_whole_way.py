"""The whole way to a film: in nine clicks, in German and in Arabic, and past a bridge that stops.

The models are simulators that speak Gemini's protocol and count what they charge.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from render.generation.models import ModelsConfig
from tests.support.admin import SCRIPT, choose_project, create_project, panel, signed_in, submit_new
from tests.support.browsers import Browsing
from tests.support.desk import running_desk
from tests.support.installation import PATIENCE, RunningInstallation
from tests.support.simulators.gemini import GeminiSimulator
from tests.support.translations import english_on, words_of

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

VIDEOS = "/admin/collections/videos"
MOST_CLICKS = 9
LONG = PATIENCE * 1_000


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """A language, and a film's words in it."""

    language: str
    direction: str
    title: str
    script: str


LANGUAGES = (
    Spoken(
        language="de",
        direction="LTR",
        title="Das älteste Rezept",
        script="Lange bevor die Stadt erwacht, leuchtet in der Mühlgasse ein Fenster.",
    ),
    Spoken(
        language="ar",
        direction="RTL",
        title="أقدم وصفة",
        script="قبل أن تستيقظ المدينة بوقت طويل تضيء نافذة في زقاق الطاحونة.",
    ),
)


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, gemini_server: GeminiSimulator
) -> Iterator[RunningInstallation]:
    with running_desk(
        tmp_path_factory.mktemp("way"), gemini_server, progress_seconds="0.1"
    ) as running:
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
def bakery(browsing: Browsing) -> str:
    """The address of a project."""
    create_project(browsing.page, "The bakery")
    return browsing.page.url


@pytest.mark.usefixtures("gemini_simulator")
def test_nine_clicks_suffice_from_a_project_to_its_film_on_disk(
    browsing: Browsing, bakery: str
) -> None:
    clicks: list[str] = []

    def note(what: str) -> None:
        clicks.append(what)

    with browsing.context.new_page() as page:
        page.expose_function("noteClick", note)
        page.add_init_script(
            "addEventListener('click', event => event.isTrusted && event.detail > 0 &&"
            " noteClick(event.target.textContent || event.target.id), true)"
        )
        page.goto(bakery)
        page.get_by_role("button", name="New video").click()
        write(page, "title", "By hand")
        write(page, "script", "Bread is flour, water, salt and time.")
        panel(page).get_by_role("button", name="Save and submit").click()
        # The price is told with the button, before anything is paid.
        expect(panel(page)).to_contain_text("for 1 scene, for $", timeout=LONG)
        panel(page).get_by_role("button", name="Approve", exact=True).click()
        download = panel(page).get_by_role("link", name="Download")
        expect(download).to_be_visible(timeout=LONG)
        with page.expect_download() as started:
            download.click()
        assert started.value.suggested_filename == "By hand.mp4"
        assert started.value.path().stat().st_size > 0
        page.wait_for_function("true")
    said = ["New video", "field-title", "field-script", "Save and submit", "Approve", "Download"]
    assert clicks == said
    assert len(clicks) <= MOST_CLICKS


def write(page: Page, field: str, words: str) -> None:
    """Click into a field, and type."""
    page.locator(f"#field-{field}").click()
    page.keyboard.type(words)


def speak(browsing: Browsing, language: str) -> None:
    """Choose the admin's language, as in one's account."""
    whole = f"{browsing.page.evaluate('location.origin')}/"
    browsing.context.add_cookies([{"name": "payload-lng", "value": language, "url": whole}])


@pytest.mark.usefixtures("gemini_simulator", "bakery")
@pytest.mark.parametrize("spoken", LANGUAGES, ids=lambda spoken: spoken.language)
def test_a_film_is_made_in_another_language_and_nothing_is_said_in_english(
    browsing: Browsing, spoken: Spoken
) -> None:
    own, language = words_of(spoken.language), spoken.language
    with browsing.context.new_page() as page:
        speak(browsing, language)
        try:
            page.goto(f"{VIDEOS}/create?locale={language}")
            expect(page.locator("html")).to_have_attribute("dir", spoken.direction)
            produced = page.get_by_role("region", name=own["panel.label"])
            expect(produced).to_contain_text(own["panel.draft"])
            assert english_on(page, language) == []
            page.locator("#field-title").fill(spoken.title)
            page.locator("#field-script").fill(spoken.script)
            choose_project(page, "The bakery")
            produced.get_by_role("button", name=own["action.save_submit"]).click()
            expect(produced).to_contain_text(own["status.storyboard_complete"], timeout=LONG)
            approve = produced.get_by_role("button", name=own["action.approve"], exact=True)
            expect(produced.get_by_role("button", name=own["animatic.play"])).to_be_visible()
            assert english_on(page, language) == []
            approve.click()
            expect(page.locator("video")).to_be_visible(timeout=LONG)
            expect(produced).to_contain_text(own["status.completed"])
            page.locator("summary", has_text=own["player.transcript"]).click()
            expect(page.locator(".rw-transcript__text")).to_contain_text(spoken.script[:20])
            browsing.photograph(f"film-{language}")
            assert english_on(page, language) == []
            page.goto(VIDEOS)
            expect(
                page.get_by_role("row").filter(has_text=own["status.completed"])
            ).not_to_have_count(0)
            assert english_on(page, language) == []
        finally:
            speak(browsing, "en")
            page.goto(f"{VIDEOS}?locale=en")  # Payload remembers which was looked at last.


def send_again(browsing: Browsing) -> None:
    """Have an approval that waits sent once more, which pays for nothing twice."""
    with browsing.context.new_page() as page:
        page.goto("/admin/collections/reelwright-outbox")
        row = page.get_by_role("row").filter(has_text="A storyboard was approved")
        row.filter(has_text="Waiting").get_by_role("link").first.click()
        event = page.get_by_role("region", name="Event")
        expect(event).to_contain_text("Waiting")
        event.get_by_role("button", name="Send again").click()
        expect(page.locator(".toast-success")).to_contain_text("It is being sent.")


@pytest.mark.slow
@pytest.mark.usefixtures("bakery")
def test_a_bridge_that_stops_in_the_middle_is_told_in_words_and_gone_past(
    browsing: Browsing, running: RunningInstallation, gemini_simulator: GeminiSimulator
) -> None:
    page = browsing.page
    submit_new(page, "In spite of all", "\n\n".join(SCRIPT), "The bakery")
    expect(panel(page)).to_contain_text("for 2 scenes, for $")
    gemini_simulator.latency = 2

    running.halt("bridge")
    try:
        page.reload()
        expect(panel(page)).to_contain_text("The preview cannot be shown now")
        browsing.photograph("bridge-away-before")
        panel(page).get_by_role("button", name="Approve", exact=True).click()
        expect(panel(page)).to_contain_text("Waiting for the render service")
        expect(panel(page)).to_contain_text("Your request is kept safe")
        send_again(browsing)
    finally:
        running.resume("bridge")
    expect(panel(page)).to_contain_text("Making pictures and voice", timeout=LONG)

    with browsing.context.new_page() as listed:
        listed.goto(VIDEOS)
        cell = listed.get_by_role("row").filter(has_text="In spite of all").locator(".cell-panel")
        expect(cell).to_contain_text(re.compile("Making|Putting"))
        seen = [cell.inner_text()]
        running.halt("bridge")
        try:
            listed.reload()
            page.reload()
            expect(panel(page)).to_contain_text(re.compile("Making pictures|Putting the video"))
            expect(panel(page)).to_contain_text("The film cannot be played", timeout=LONG)
            expect(page.locator(".rw-player video")).to_have_count(0)
            browsing.photograph("bridge-away-after")
            expect(cell).to_contain_text("Finished")
        finally:
            running.resume("bridge")
        seen.append(cell.inner_text())
    # Nobody touches the page: it plays once that is possible.
    film = page.locator(".rw-player video")
    expect(film).to_be_visible(timeout=LONG)
    page.wait_for_function("() => document.querySelector('.rw-player video').readyState > 0")
    expect(panel(page)).not_to_contain_text("cannot be played")
    models = ModelsConfig()
    assert Counter(gemini_simulator.charges) == {models.gemini.primary: 2, models.gemini_speech: 2}
