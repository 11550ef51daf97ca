"""The ops page as a person sees it: on a desk by day, on a telephone at night."""

import tempfile
from pathlib import Path

from playwright.sync_api import expect

from tests.support.browsers import open_browsing

_TELEPHONE = {"width": 390, "height": 844}
_PATIENCE_MS = 180_000
"""A job is told as stuck two minutes after it is due."""


def look(address: str, key: str, picture: Path, *, until: str) -> str:
    """Sign in by a key, wait for a headline, take both pictures; return what the page says."""
    with (
        tempfile.TemporaryDirectory() as recording,
        open_browsing(Path(recording), base_url=address) as browsing,
    ):
        page = browsing.page
        page.goto(address)
        # Whoever has no session is answered 401.
        browsing.complaints.clear()
        page.get_by_label("Key").fill(key)
        page.get_by_role("button").click()
        # The page comes anew by itself: nobody loads it.
        expect(page.locator("#board")).to_contain_text(until, timeout=_PATIENCE_MS)
        said = page.locator("#board").inner_text()
        page.screenshot(path=picture.with_suffix(".png"), full_page=True)
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size(_TELEPHONE)  # pyright: ignore[reportArgumentType]
        page.screenshot(path=picture.with_name(f"{picture.name}-phone.png"), full_page=True)
        assert browsing.complaints == []
        return said
