"""The editor's desk, looked at: light and dark, on a telephone, in Arabic, by axe and by keyboard.

The six main screens are those of the README; `--pictures DIRECTORY` (`make screens`) writes them.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.support.accessibility import grave_findings, overflowing
from tests.support.admin import panel, sign_in
from tests.support.browsers import BROWSING, Browsing, open_browsing
from tests.support.desk import SCRIPT, Desk, open_desk
from tests.support.installation import PATIENCE
from tests.support.simulators.gemini import GeminiSimulator
from tests.support.translations import english_on

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(900)]

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
TELEPHONE = {"width": 390, "height": 844}
TABLE = {"width": 1280, "height": 860}
MOST_BYTES = 250_000
"""Of a picture on the README."""


@dataclass(frozen=True, kw_only=True)
class Screen:
    collection: str
    document: str
    """Which of the desk's."""
    shows: tuple[str, ...]
    """What an editor comes for, as it is called to whoever looks and to whoever listens."""
    top: str = ""
    """What stands at the upper edge; the page's own where nothing does."""


SCREENS = {
    "project": Screen(
        collection="projects",
        document="project",
        shows=("Spent on this project", "New video", "Ada", "The oven", "Logo", "Speakers"),
    ),
    "price": Screen(
        collection="videos",
        document="waiting",
        shows=("Ready for your approval", "To pay now", "Approve", "Brief", "Script"),
    ),
    "board": Screen(
        collection="videos",
        document="film",
        shows=("Scene 1", "Edit the scene", "Another picture", SCRIPT["lane"]),
        top=".rw-board",
    ),
    "animatic": Screen(
        collection="storyboards",
        document="storyboard",
        shows=("Preview", "Play", "Sound off", "the offline voice reads here"),
        top=".rw-animatic",
    ),
    "film": Screen(
        collection="videos",
        document="film",
        shows=("Finished", "Download", "Transcript", "German", "Make the film in German"),
        top=".rw-panel",
    ),
    "forms": Screen(
        collection="videos",
        document="film",
        shows=("Portrait 9:16", "Stream (HLS)", "Also as a stream (HLS)", "Costs nothing."),
        top="[aria-label='This film in other forms']",
    ),
}


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, gemini_server: GeminiSimulator
) -> Iterator[Desk]:
    with open_desk(tmp_path_factory.mktemp("desk"), gemini_server) as desk:
        yield desk


@pytest.fixture(scope="module")
def browsing(
    desk: Desk, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Browsing]:
    house = desk.running.installation
    assert house.payload_url
    with open_browsing(tmp_path_factory.mktemp("look"), base_url=house.payload_url) as browsing:
        request.node.stash[BROWSING] = browsing
        sign_in(browsing.page, house.editor_password)
        yield browsing


@pytest.fixture
def page(browsing: Browsing) -> Iterator[Page]:
    prefer(browsing.page)
    browsing.page.set_viewport_size(TABLE)
    yield browsing.page
    browsing.page.set_viewport_size(TABLE)


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> Path | None:
    """Where the README's pictures are to be written, if they are."""
    given = request.config.getoption("--pictures")
    return Path(given) if given else None


def prefer(page: Page, *, theme: Theme = "light", language: str = "en") -> None:
    """Choose as in one's account: how the admin looks, and what it speaks."""
    whole = f"{page.evaluate('location.origin')}/"
    page.context.add_cookies(
        [
            {"name": "payload-theme", "value": theme, "url": whole},
            {"name": "payload-lng", "value": language, "url": whole},
        ]
    )


def open_screen(page: Page, desk: Desk, name: str) -> Screen:
    """Open a screen and wait until all of it is there."""
    screen = SCREENS[name]
    page.goto(f"/admin/collections/{screen.collection}/{getattr(desk, screen.document)}")
    if name == "forms":
        choose_form(page)
    if name == "project":
        open_rows(page)
    for words in screen.shows:
        expect(page.get_by_text(words).first).to_be_attached()
    if name == "film":
        # On a busy machine all else is there before it.
        expect(page.locator("video").first).to_be_visible()
    settle(page)
    if screen.top:
        page.locator(screen.top).first.evaluate(
            "element => scrollTo(0, element.getBoundingClientRect().top + scrollY - 72)"
        )
    return screen


def choose_form(page: Page) -> None:
    page.locator("summary", has_text="Order other forms").click()
    page.get_by_label("Square 1:1").check()


def open_rows(page: Page) -> None:
    """Scroll to the cast, which Payload draws only then."""
    for top in range(0, 2_000, 400):
        page.evaluate("top => scrollTo(0, top)", top)
        page.wait_for_timeout(150)
    page.evaluate("scrollTo(0, 0)")


def settle(page: Page) -> None:
    """Wait until pictures are there and nothing is on its way."""
    loading = page.get_by_text(re.compile("Loading the status|Preparing the preview|Working out"))
    expect(loading.filter(visible=True)).to_have_count(0)
    page.wait_for_load_state("networkidle")
    page.evaluate(
        "() => Promise.all([...document.images].filter(image => image.checkVisibility())"
        ".map(image => { image.loading = 'eager'; return image.decode().catch(() => {}) }))"
    )


def picture(page: Page) -> bytes:
    """Return what stands in the window, small."""
    shot = Image.open(io.BytesIO(page.screenshot()))
    made = io.BytesIO()
    shot.convert("RGB").save(made, "WEBP", quality=82, method=6)
    return made.getvalue()


class TestTheMainScreens:
    @pytest.mark.parametrize("theme", THEMES)
    @pytest.mark.parametrize("name", SCREENS)
    def test_it_draws_and_nothing_on_it_is_grave(
        self, name: str, theme: Theme, desk: Desk, page: Page, pictures: Path | None
    ) -> None:
        prefer(page, theme=theme)
        open_screen(page, desk, name)
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        shown = picture(page)
        assert 10_000 < len(shown) < MOST_BYTES
        if pictures:
            (pictures / f"admin-{name}-{theme}.webp").write_bytes(shown)
        assert grave_findings(page) == []

    @pytest.mark.parametrize("name", SCREENS)
    def test_it_fits_a_telephone(self, name: str, desk: Desk, page: Page) -> None:
        page.set_viewport_size(TELEPHONE)
        open_screen(page, desk, name)
        # Payload's own header grows beyond it with the title of a document.
        assert overflowing(page) == []

    @pytest.mark.parametrize("name", ["project", "price", "board", "animatic", "film"])
    def test_it_is_read_in_arabic(
        self, name: str, desk: Desk, browsing: Browsing, page: Page
    ) -> None:
        prefer(page, language="ar")
        screen = SCREENS[name]
        page.goto(f"/admin/collections/{screen.collection}/{getattr(desk, screen.document)}")
        expect(page.locator(".rw-panel").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        expect(page.locator("html")).to_have_attribute("dir", "RTL")
        browsing.photograph(f"arabic-{name}")
        assert grave_findings(page) == []
        assert overflowing(page) == []
        # What the editor wrote is shown word by word where it is heard.
        written = set(" ".join(SCRIPT.values()).split())
        assert set(english_on(page, "ar")) <= written


class TestInItsForms:
    def test_the_arrow_of_a_choice_stands_beside_its_words(self, desk: Desk, page: Page) -> None:
        prefer(page, language="ar")
        page.goto(f"/admin/collections/videos/{desk.waiting}")
        choice = page.locator("select#field-voice")
        expect(choice).to_be_enabled()
        style = choice.evaluate(
            "({ parentElement }) => getComputedStyle(parentElement, '::after').left"
        )
        room = choice.evaluate("select => getComputedStyle(select).paddingLeft")
        assert pixels(style) + 8 < pixels(room)

    def test_rows_of_a_cast_are_called_by_their_names(self, desk: Desk, page: Page) -> None:
        page.goto(f"/admin/collections/projects/{desk.project}")
        open_rows(page)
        expect(page.locator("#cast-row-0")).to_contain_text("Ada")
        expect(page.locator("#cast-row-0")).to_contain_text("Person")
        expect(page.locator("#speakers-row-0")).to_contain_text("Ada")

    def test_no_number_of_a_program_is_read_on_a_storyboard(self, desk: Desk, page: Page) -> None:
        page.goto(f"/admin/collections/storyboards/{desk.storyboard}")
        expect(page.get_by_role("region", name="Preview")).to_be_visible()
        expect(page.locator("#field-jobId")).to_have_count(0)
        expect(page.get_by_text("Submission", exact=True)).to_have_count(0)


class TestByKeyboardAlone:
    def test_from_a_brief_to_its_approval(self, page: Page) -> None:
        page.goto("/admin/collections/videos/create")
        write(page, page.locator("#field-title"), "By hand")
        write(page, page.locator("#field-script"), "Come early.")
        tab_to(page, page.locator("#field-project input"))
        page.keyboard.type("bakery")
        expect(page.get_by_role("option", name="The bakery on Mill Lane")).to_be_visible()
        page.keyboard.press("Enter")
        press(page, page.locator("#action-save-draft"))
        page.wait_for_url(re.compile(r"/\d+$"))
        press(page, panel(page).get_by_role("button", name="Submit", exact=True))
        expect(panel(page)).to_contain_text("To pay now", timeout=PATIENCE * 1_000)
        press(page, panel(page).get_by_role("button", name="Approve", exact=True))
        expect(panel(page)).to_contain_text("Approved", timeout=PATIENCE * 1_000)

    def test_one_scene_of_a_finished_film_is_changed(self, desk: Desk, page: Page) -> None:
        page.goto(f"/admin/collections/videos/{desk.film}")
        scene = panel(page).get_by_role("article", name="Scene 1")
        edit = scene.get_by_role("button", name="Edit the scene")
        press(page, edit)
        narration = scene.get_by_label("Narration", exact=True)
        expect(narration).to_be_focused()
        write(page, narration, "Before anybody wakes, one window glows.")
        press(page, scene.get_by_role("button", name="Save the scene"))
        expect(edit).to_be_focused()
        press(page, panel(page).get_by_role("button", name=re.compile("^Make these changes, ")))
        films = panel(page).get_by_role("region", name="Films of this video")
        expect(films).to_contain_text("Scene 1: narration", timeout=4 * PATIENCE * 1_000)

    def test_a_scene_is_added_timed_and_removed_on_its_card(self, desk: Desk, page: Page) -> None:
        page.goto(f"/admin/collections/videos/{desk.film}")
        scenes = panel(page).get_by_role("article")
        expect(scenes).to_have_count(2)
        press(page, panel(page).get_by_role("button", name="Add a scene"))
        new = panel(page).get_by_role("region", name="A new scene")
        narration = new.get_by_label("Narration", exact=True)
        expect(narration).to_be_focused()
        expect(new.get_by_role("button", name="Save the scene")).to_be_disabled()
        write(page, narration, "Come early, and take a loaf home.")
        write(page, new.get_by_label("Seconds"), "4.5")
        choose(page, new.get_by_label("Camera"), "Still")
        assert grave_findings(page) == []
        page.set_viewport_size(TELEPHONE)
        assert overflowing(page) == []
        page.set_viewport_size(TABLE)
        press(page, new.get_by_role("button", name="Save the scene"))
        expect(scenes).to_have_count(3)
        expect(scenes.nth(2)).to_contain_text("Come early, and take a loaf home.")
        expect(scenes.nth(2)).to_contain_text("Still · Crossfade")
        # Of the whole its price, before anything is made.
        make = panel(page).get_by_role("button", name=re.compile("^Make these changes, "))
        expect(make).to_be_visible()

        press(page, scenes.nth(2).get_by_role("button", name="Edit the scene"))
        expect(scenes.nth(2).get_by_label("Seconds")).to_have_value("4.5")
        choose(page, scenes.nth(2).get_by_label("Into the next scene"), "Cut")
        press(page, scenes.nth(2).get_by_role("button", name="Save the scene"))
        expect(scenes.nth(2)).to_contain_text("Still · Cut")

        press(page, scenes.nth(2).get_by_role("button", name="Remove scene 3"))
        press(page, page.get_by_role("dialog").get_by_role("button", name="Remove"))
        expect(scenes).to_have_count(2)
        # As the film was made: nothing is to be paid.
        expect(make).to_have_count(0)


def choose(page: Page, field: Locator, option: str) -> None:
    """Choose by the first letters, as a keyboard does."""
    tab_to(page, field)
    page.keyboard.type(option)
    expect(field.locator("option:checked")).to_have_text(option)


def tab_to(page: Page, target: Locator) -> None:
    """Go on from key to key until something has the focus; begin anew at the page's end."""
    expect(target).to_be_enabled()
    for _ in range(250):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{target} cannot be reached by keyboard.")


def press(page: Page, target: Locator) -> None:
    tab_to(page, target)
    page.keyboard.press("Enter")


def write(page: Page, field: Locator, words: str) -> None:
    tab_to(page, field)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(words)


def pixels(length: str) -> float:
    return float(length.removesuffix("px"))
