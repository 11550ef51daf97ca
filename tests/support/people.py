"""Further people at a desk, each in a window of their own, with what they may do."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page

from tests.support.admin import ask, sign_in
from tests.support.browsers import Browsing

PASSWORD = "as-long-as-it-is-secret"


@contextmanager
def seated(browsing: Browsing, name: str, **rights: Any) -> Iterator[Page]:
    """Have the first editor add a user, and open a window in which that user is signed in.

    `rights` are those of `dev/desk.ts`: a `role`, and `projects`.
    """
    email = address_of(name)
    made = ask(browsing.page, "/api/users", "POST", email=email, password=PASSWORD, **rights)
    assert made.ok, made.text()
    assert browsing.context.browser
    origin = browsing.page.evaluate("location.origin")
    with (
        browsing.context.browser.new_context(
            base_url=origin, locale="en", viewport=browsing.page.viewport_size
        ) as context,
        context.new_page() as page,
    ):
        sign_in(page, PASSWORD, email=email)
        yield page


def address_of(name: str) -> str:
    return f"{name}@example.com"
