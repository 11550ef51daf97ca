"""The system's Chromium, and all that a page in it complains of, asks and receives.

Playwright's wheel brings the driver; a browser is never downloaded. What the
browser receives is recorded as an HTTP archive with the bodies beside it, whole
once the window is closed.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import pytest
from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Error,
    Page,
    expect,
    sync_playwright,
)

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

_PATIENCE_MS = 30_000
"""For anything to appear on a machine that is busy with other things."""

_QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium() -> str:
    """Return the Chromium to drive; skip without one, and fail where everything is to be tested."""
    for program in _PROGRAMS:
        if found := shutil.which(program):
            return found
    reason = f"The admin is tested in a browser, and none of {', '.join(_PROGRAMS)} is on PATH."
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@dataclass(frozen=True, kw_only=True)
class Browsing:
    """One browser window, and a record of what went on in it."""

    context: BrowserContext
    page: Page
    directory: Path
    """Where the recording and the screenshots lie."""
    complaints: list[str] = field(default_factory=list)
    """Errors on the console with the address they speak of, and exceptions that nobody caught."""
    dialogs: list[str] = field(default_factory=list)
    """What the browser itself asked, such as whether to leave a page that is not saved."""
    leaving: Event = field(default_factory=Event)
    """Whether such a question is answered with yes."""

    def leave(self) -> None:
        """Go away from the page, saved or not."""
        self.leaving.set()
        self.page.goto("about:blank")
        self.leaving.clear()

    def photograph(self, name: str) -> str:
        """Save what the whole page looks like now, and say where."""
        path = self.directory / f"{name}.png"
        try:
            self.page.screenshot(path=path, full_page=True)
        except Error as error:
            return f"There is no picture of the page: {error}"
        return f"The page at that moment: {path}"

    def received(self) -> dict[str, bytes]:
        """Close the window and return all it received: the archive, and each body by its name.

        The archive holds every address and every header.
        """
        self.context.close()
        return {file.name: file.read_bytes() for file in _recording(self.directory).iterdir()}


BROWSING = pytest.StashKey[Browsing]()
"""The window that a module's tests look through."""


@contextmanager
def open_browsing(directory: Path, *, base_url: str) -> Iterator[Browsing]:
    """Open a window of a fresh Chromium, and close it with the block."""
    program = find_chromium()
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=program, args=[*_QUIET, *as_root]) as chromium,
        chromium.new_context(
            base_url=base_url,
            locale="en",
            viewport={"width": 1280, "height": 900},
            record_har_path=_recording(directory) / "archive.har",
            record_har_content="attach",
        ) as context,
    ):
        browsing = Browsing(context=context, page=context.new_page(), directory=directory)
        context.set_default_timeout(_PATIENCE_MS)
        expect.set_options(timeout=_PATIENCE_MS)
        _listen(browsing)
        yield browsing


def _recording(directory: Path) -> Path:
    return directory / "recording"


def _listen(browsing: Browsing) -> None:
    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            browsing.complaints.append(f"{message.text} {message.location['url']}")

    def decide(dialog: Dialog) -> None:
        if browsing.leaving.is_set():
            dialog.accept()
            return
        browsing.dialogs.append(dialog.message)
        dialog.dismiss()

    browsing.context.on("console", note)
    browsing.context.on("weberror", lambda error: browsing.complaints.append(f"{error.error}"))
    browsing.context.on("dialog", decide)
